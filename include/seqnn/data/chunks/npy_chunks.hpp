#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/data/chunks/chunk_files.hpp"
#include "seqnn/data/chunks/chunked_dataset.hpp"
#include "seqnn/data/chunks/npy_file.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// A chunk in two files of NumPy: inputs (samples, …) and targets (samples, …) or (samples,).
struct NpyPair {
  std::string x;
  std::string y;
};

/// Reads pairs of .npy files.
template <class X, class Y>
class NpyFiles final : public ChunkFiles<X, Y> {
 public:
  /// Reads the headers. @throws FileError, ShapeError naming a file
  SEQNN_COLD explicit NpyFiles(std::vector<NpyPair> files) : files_(std::move(files)) {
    for (const NpyPair& pair : files_) {
      const NpyFile x(pair.x);
      const NpyFile y(pair.y);
      for (const NpyFile* file : {&x, &y}) {
        if (file->shape().empty() || file->size() == 0) {
          throw ShapeError(text(file->path(), ": must have at least one sample, got shape ", file->shape()));
        }
      }
      if (x.shape()[0] != y.shape()[0]) {
        throw ShapeError(
            text(pair.y, ": must have as many samples as ", pair.x, ", ", x.shape()[0], ", got shape ", y.shape()));
      }
      if (samples_.empty()) {
        x_shape_ = sample(x);
        y_shape_ = sample(y);
      }
      check_same(x, x_shape_, files_.front().x);
      check_same(y, y_shape_, files_.front().y);
      samples_.push_back(x.shape()[0]);
    }
  }

  std::size_t chunks() const override { return files_.size(); }
  std::size_t samples(std::size_t chunk) const override { return samples_[chunk]; }
  Shape x_shape() const override { return x_shape_; }
  Shape y_shape() const override { return y_shape_; }

  SEQNN_COLD void read(std::size_t chunk, std::span<X> x, std::span<Y> y) const override {
    read(files_[chunk].x, x);
    read(files_[chunk].y, y);
  }

 private:
  static Shape sample(const NpyFile& file) { return {file.shape().begin() + 1, file.shape().end()}; }

  SEQNN_COLD static void check_same(const NpyFile& file, const Shape& wanted, const std::string& first) {
    if (sample(file) == wanted) return;
    throw ShapeError(text(file.path(), ": samples must be ", wanted, " as in ", first, ", got shape ", file.shape()));
  }

  template <class T>
  static void read(const std::string& path, std::span<T> to) {
    NpyFile file(path);
    if (file.size() != to.size()) {
      throw FileError(text(path, ": must have ", to.size(), " values as when the data set was made, got ", file.size(),
                           "; do not write files that are being read"));
    }
    file.read(to);
  }

  std::vector<NpyPair> files_;
  std::vector<std::size_t> samples_;
  Shape x_shape_;
  Shape y_shape_;
};

/// A data set in pairs of .npy files, read ahead of the training.
///
///     NpyChunks<float> data({{"x_0.npy", "y_0.npy"}, {"x_1.npy", "y_1.npy"}});
///     model.fit(data, {.epochs = 10});
///
/// `NpyChunks<std::int32_t, float>` has token ids, `NpyChunks<float, std::int32_t>` classes. Files may hold f4, f8, i4,
/// i8, u1 or b1; all but the type asked for are converted. This header is not part of seqnn.hpp, since xtensor's reader
/// brings <regex>, more than half a second of compile time.
///
/// Throws  FileError, ShapeError that name the file
template <class X, class Y = X>
class NpyChunks : public ChunkedDataset<X, Y> {
 public:
  explicit NpyChunks(std::vector<NpyPair> files, const ChunkOptions& options = {})
      : ChunkedDataset<X, Y>(std::make_unique<NpyFiles<X, Y>>(std::move(files)), options) {}
};

}  // namespace seqnn::inline SEQNN_ABI
