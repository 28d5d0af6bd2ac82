#include "support/instantiated.hpp"

namespace seqnn::inline SEQNN_ABI {
SEQNN_INSTANTIATE(, double)
}  // namespace seqnn::inline SEQNN_ABI
