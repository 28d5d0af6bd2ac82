#pragma once

#include "seqnn/core/denormals.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/data/check_finite.hpp"
#include "seqnn/kernels/reductions.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/models/network.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/models/workspace.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct PredictorOptions {
  std::size_t max_batch = 32;  ///< most samples in a call
  Shape input_shape = {};      ///< of one sample; must be given where the model was built with kAnyLength
};

/// Predictions one after another, for programs that serve: prepares weights and memory once, and then allocates
/// nothing.
///
///     Predictor<float> predict(model, {.max_batch = 8});
///     predict(x, out);
///
/// Gives the bits of `Sequential::predict`. Refers to the model, which must outlive it and be neither built again nor
/// assigned to. One thread at a time may use a Predictor; any number of Predictors may share a const model.
///
/// Throws  StateError before build; OptionError if max_batch is 0; ShapeError if the input shape is open or does not
/// fit
///         the model
template <class Real>
class Predictor {
 public:
  explicit Predictor(const Sequential<Real>& model, const PredictorOptions& options = {})
      : network_(&model.network()), max_batch_(options.max_batch) {
    if (max_batch_ == 0) throw OptionError("Predictor: max_batch must be at least 1, got 0");
    input_shape_ = options.input_shape.empty() ? network_->input_shape() : options.input_shape;
    for (const std::size_t extent : input_shape_) {
      if (extent != kAnyLength) continue;
      throw ShapeError(text("Predictor: every axis of the input must be known, got ", with_batch(input_shape_),
                            "; set .input_shape"));
    }
    const std::size_t tile = tile_size(*network_, input_shape_, max_batch_, false);
    workspace_ = std::make_unique<Workspace<Real>>(*network_, input_shape_, tile, false);
    x_size_ = element_count(input_shape_);
    y_size_ = element_count(workspace_->output_shape());
    refresh();
  }
  Predictor(Sequential<Real>&&, const PredictorOptions& = {}) = delete;  // the model would be gone

  std::size_t max_batch() const { return max_batch_; }

  /// Shapes of one sample.
  const Shape& input_shape() const { return input_shape_; }
  const Shape& output_shape() const { return workspace_->output_shape(); }

  /// Takes the weights as they are now. To be called after they have changed: until then some layers use the old ones.
  void refresh() { workspace_->begin(network_->parameters().data(), nullptr, 0, 0); }

  /// Predicts `batch` samples that lie behind each other, and writes their outputs behind each other.
  /// @throws ShapeError if batch is 0 or above max_batch; DataError for NaN, ids outside the vocabulary, or numbers
  /// where
  ///         the model reads ids. `out` is then unchanged.
  void operator()(const Real* x, std::size_t batch, Real* out) {
    check_batch(batch);
    const auto& first = *network_->layers().front();
    if (first.input_kind() == InputKind::ids) {
      throw DataError(
          text(first.title(), ": input must be token ids of type std::int32_t, got floating-point numbers"));
    }
    if (!all_finite(batch * x_size_, x)) {
      Shape shape = input_shape_;
      shape.insert(shape.begin(), batch);
      check_finite("x", x, shape);
    }
    run(x, nullptr, batch, out);
  }
  void operator()(const std::int32_t* ids, std::size_t batch, Real* out) {
    check_batch(batch);
    const auto& first = *network_->layers().front();
    if (first.input_kind() == InputKind::values) {
      throw DataError(text(first.title(), ": input must be floating-point numbers of the model's type, got integers"));
    }
    first.check_ids(ids, batch * x_size_, x_size_);
    run(nullptr, ids, batch, out);
  }

  /// The same with containers: xtensor's, their views of whole rows, std::span, std::vector. The number of samples
  /// follows from the size of x, of which a tensor is (batch, …), or one sample alone.
  /// @throws ShapeError also if x is not made of whole samples, or out has not the size of their outputs
  template <class X, class Out>
  void operator()(const X& x, Out&& out) {
    using Value = std::remove_cvref_t<decltype(*x.data())>;
    static_assert(std::is_same_v<Value, Real> || std::is_same_v<Value, std::int32_t>,
                  "x must have the model's type, or be std::int32_t for token ids: a Predictor converts nothing");
    static_assert(std::is_same_v<std::remove_reference_t<decltype(*out.data())>, Real>,
                  "out must be writable and have the model's type");
    const std::size_t size = x.size();
    if (size % x_size_ != 0 || !fits(x)) {
      throw ShapeError(text("Predictor: x must be ", with_batch(input_shape_), ", got ", shape(x)));
    }
    if (out.size() != size / x_size_ * y_size_) {
      throw ShapeError(text("Predictor: out must have room for ", size / x_size_, " samples of ",
                            with_batch(output_shape()), ", got ", shape(out)));
    }
    (*this)(begin("x", x), size / x_size_, begin("out", out));
  }

 private:
  void check_batch(std::size_t batch) const {
    if (batch >= 1 && batch <= max_batch_) return;
    throw ShapeError(text("Predictor: batch must be in [1, ", max_batch_, "], got ", batch,
                          batch == 0 ? "" : "; raise max_batch, or predict in parts"));
  }

  void run(const Real* x, const std::int32_t* ids, std::size_t batch, Real* out) {
    const FlushDenormals flush;
    for (std::size_t at = 0; at < batch; at += workspace_->tile()) {
      const std::size_t count = std::min(workspace_->tile(), batch - at);
      const Real* y = workspace_->forward(count, x == nullptr ? nullptr : x + at * x_size_,
                                          ids == nullptr ? nullptr : ids + at * x_size_, at);
      std::copy_n(y, count * y_size_, out + at * y_size_);
    }
  }

  /// Whether the axes of a tensor are those of samples, or of one sample; anything without axes fits.
  template <class X>
  bool fits(const X& x) const {
    if constexpr (requires { x.dimension(); }) {
      const std::size_t extra = x.dimension() - std::min(x.dimension(), input_shape_.size());
      if (extra > 1 || x.dimension() < input_shape_.size()) return false;
      return std::equal(input_shape_.begin(), input_shape_.end(),
                        x.shape().begin() + static_cast<std::ptrdiff_t>(extra));
    }
    return true;
  }

  template <class X>
  static Shape shape(const X& x) {
    if constexpr (requires { x.dimension(); }) {
      return shape_of(x);
    } else {
      return {x.size()};
    }
  }

  template <class X>
  static auto begin(const char* what, X& x) {
    if constexpr (requires { x.strides(); }) {
      if (!row_major(x)) {
        throw ShapeError(text("Predictor: ", what,
                              " must lie in memory row by row, got a view or layout that does not; "
                              "copy it into a tensor"));
      }
      return x.data() + x.data_offset();
    } else {
      return x.data();
    }
  }

  const Network<Real>* network_;
  std::size_t max_batch_;
  Shape input_shape_;
  std::size_t x_size_ = 0;
  std::size_t y_size_ = 0;
  std::unique_ptr<Workspace<Real>> workspace_;
};

}  // namespace seqnn::inline SEQNN_ABI
