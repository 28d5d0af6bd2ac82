#include "support/instantiated.hpp"

namespace seqnn::inline SEQNN_ABI {
SEQNN_INSTANTIATE(, float)
}  // namespace seqnn::inline SEQNN_ABI
