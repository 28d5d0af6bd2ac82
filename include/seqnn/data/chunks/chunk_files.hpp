#pragma once

#include "seqnn/core/error.hpp"

#include <cstddef>
#include <span>

namespace seqnn::inline SEQNN_ABI {

/// Samples in files, one chunk a file: what a ChunkedDataset reads. Derive from it to read another format.
///
/// X is the type of the inputs, a floating-point type or std::int32_t for token ids; Y that of the targets, a
/// floating-point type or std::int32_t for classes.
template <class X, class Y>
class ChunkFiles {
 public:
  virtual ~ChunkFiles() = default;

  virtual std::size_t chunks() const = 0;
  virtual std::size_t samples(std::size_t chunk) const = 0;
  virtual Shape x_shape() const = 0;  ///< of one sample, the same in all chunks
  virtual Shape y_shape() const = 0;

  /// Writes all samples of a chunk, one behind the other. Called on one thread at a time, not the caller's.
  /// @throws FileError that names the file; it reaches the caller of `fit`
  virtual void read(std::size_t chunk, std::span<X> x, std::span<Y> y) const = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
