#pragma once

#include "seqnn/core/arena.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/parameters.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// How a single layer is run.
struct LayerRunOptions {
  std::size_t batch = 1;
  bool training = true;
  bool input_gradient = true;    ///< when training: whether backward may be asked for dx
  std::uint64_t seed = 0;        ///< of first values and of dropout
  std::size_t first_sample = 0;  ///< position of the tile's first sample in its batch
  bool poison = false;  ///< fill outputs and scratch with NaN before every call, to expose a layer that reads them
};

/// One layer on its own, on one tile: for tests, for measuring, and for looking at what a layer does. Owns parameters,
/// gradients and the workspace; the spans it returns are valid until the next call. After construction nothing is
/// allocated.
///
///   LayerRun<float> run(Dense(3), {4}, {.batch = 2});
///   std::span<const float> y = run.forward(x);    // x [2,4] -> y [2,3]
///   std::span<const float> dx = run.backward(dy);
///   run.gradient("kernel")
template <class Real>
class LayerRun {
 public:
  /// @param input  shape of one sample  @throws what the layer throws when it is built
  LayerRun(const LayerRecipe<Real>& recipe, Shape input, const LayerRunOptions& options = {})
      : options_(options), layer_(recipe.make()), input_shape_(std::move(input)) {
    if (layer_->name().empty()) layer_->set_name("layer");
    for (const std::size_t extent : input_shape_) {
      if (extent == kAnyLength) {
        throw ShapeError(text(layer_->title(), ": a run needs a fixed input shape, got ", input_shape_));
      }
    }
    layer_->build(input_shape_, layout_);
    output_shape_ = layer_->output_shape(input_shape_);
    layer_->inner_shapes(input_shape_, inner_shapes_);
    layout_.template place<Real>();
    parameters_.resize(layout_.extent());
    gradients_.resize(layout_.trainable_extent());
    layout_.template initialize<Real>(options_.seed, parameters_);

    const std::size_t n = options_.batch * element_count(input_shape_);
    if (layer_->input_kind() == InputKind::ids) {
      ids_.resize(n);
    } else {
      x_.resize(n);
      dx_.resize(n);
    }
    y_.resize(options_.batch * element_count(output_shape_));
    dy_.resize(y_.size());

    state_.resize(options_.batch * layer_->state_size(input_shape_));
    state_gradient_.resize(state_.size());

    Pass<Real> pass = new_pass();
    layer_->plan(pass);
    prepared_.resize(pass.prepared.used());
    kept_.resize(pass.kept.used());
    scratch_.resize(pass.scratch.used());
  }

  /// Runs `prepare` and `forward`.  @param x  batch × input  @return y, batch × output
  std::span<const Real> forward(std::span<const Real> x) {
    check_kind(InputKind::values);
    copy("x", x, x_);
    return run_forward();
  }

  /// The same for a layer that reads token ids.
  std::span<const Real> forward(std::span<const std::int32_t> ids) {
    check_kind(InputKind::ids);
    copy("ids", ids, ids_);
    layer_->check_ids(ids_.data(), ids_.size(), input_shape_.empty() ? 1 : input_shape_.back());
    return run_forward();
  }

  /// Runs `backward` and `finish` after a `forward`; adds to the gradients.
  /// @param dy  batch × output  @param wanted  whether dx is computed  @return dx, batch × input; empty for token ids
  /// @throws StateError without a forward pass before it, or if not training
  std::span<const Real> backward(std::span<const Real> dy, bool wanted = true) {
    if (!options_.training) throw StateError(text(layer_->title(), ": backward needs a run with .training = true"));
    if (!std::exchange(forward_done_, false)) {
      throw StateError(text(layer_->title(), ": every backward needs a forward before it"));
    }
    copy("dy", dy, dy_);
    if (layer_->passes_through(options_.training)) return dy_;
    poison(dx_);
    wanted = wanted && options_.input_gradient;
    Pass<Real> pass = new_pass();
    point(pass);
    pass.dy = dy_.data();
    pass.dx = wanted && !dx_.empty() ? dx_.data() : nullptr;
    layer_->backward(pass);
    check_use(pass, "backward");
    pass.dy = nullptr;
    pass.dx = nullptr;
    point(pass);
    layer_->finish(pass);
    check_use(pass, "finish");
    return wanted ? std::span<const Real>(dx_) : std::span<const Real>();
  }

  void zero_gradients() { std::fill(gradients_.begin(), gradients_.end(), Real{0}); }

  /// Values of one parameter, by its own name ("kernel") or with the layer's ("layer/kernel").  @throws StateError
  std::span<Real> parameter(std::string_view name) {
    const ParameterInfo& info = find(name);
    return {parameters_.data() + info.offset, info.size()};
  }

  /// Gradient of one trainable parameter, gathered since `zero_gradients`.  @throws StateError
  std::span<Real> gradient(std::string_view name) {
    const ParameterInfo& info = find(name);
    if (!info.trainable) throw StateError(text(layer_->title(), ": parameter \"", name, "\" is not trained"));
    return {gradients_.data() + info.offset, info.size()};
  }

  /// The mask of the input from the next `forward` on, batch × time: 0 at the steps that do not count; empty for none.
  /// @throws ShapeError if it has another size
  void set_mask(std::span<const std::uint8_t> mask) {
    const std::size_t steps = input_shape_.empty() ? 0 : options_.batch * input_shape_.front();
    if (!mask.empty() && mask.size() != steps) {
      throw ShapeError(text(layer_->title(), ": mask must have a value for each of the ", options_.batch, " × ",
                            input_shape_.empty() ? 0 : input_shape_.front(), " steps, got ", mask.size()));
    }
    mask_.assign(mask.begin(), mask.end());
    output_mask_.resize(mask_.size());
  }

  /// The state, batch × Layer::state_size: before `forward` the one it begins with, zero unless set, after it the last.
  std::span<Real> state() { return state_; }

  /// The gradient by the state: before `backward` by the last one, zero unless set, after it by the first.
  std::span<Real> state_gradient() { return state_gradient_; }

  /// The training step, on which dropout depends.
  void set_step(std::uint32_t step) { step_ = step; }

  const Layer<Real>& layer() const { return *layer_; }
  const ParameterLayout& layout() const { return layout_; }
  const Shape& input_shape() const { return input_shape_; }
  const Shape& output_shape() const { return output_shape_; }
  std::size_t batch() const { return options_.batch; }

  /// Bytes that the layer keeps from forward to backward.
  std::size_t kept_bytes() const { return kept_.size(); }

 private:
  std::span<const Real> run_forward() {
    forward_done_ = true;
    if (layer_->passes_through(options_.training)) {
      std::copy(x_.begin(), x_.end(), y_.begin());
      return y_;
    }
    poison(y_);
    Pass<Real> pass = new_pass();
    point(pass);
    layer_->prepare(pass);
    check_use(pass, "prepare");
    point(pass);
    layer_->forward(pass);
    check_use(pass, "forward");
    return y_;
  }

  Pass<Real> new_pass() {
    Pass<Real> pass;
    pass.batch = options_.batch;
    pass.tile = options_.batch;
    pass.input_shape = &input_shape_;
    pass.output_shape = &output_shape_;
    pass.inner_shapes = inner_shapes_.data();
    pass.training = options_.training;
    pass.input_gradient = options_.training && options_.input_gradient && layer_->input_kind() == InputKind::values;
    pass.layout = &layout_;
    return pass;
  }

  /// Points at all memory, with the arenas at their beginning.
  void point(Pass<Real>& pass) {
    if (options_.poison) std::fill(scratch_.begin(), scratch_.end(), std::byte{0xFF});  // NaN in every type
    pass.x = x_.empty() ? nullptr : x_.data();
    pass.ids = ids_.empty() ? nullptr : ids_.data();
    pass.y = y_.data();
    pass.mask = mask_.empty() ? nullptr : mask_.data();
    pass.mask_steps = mask_.empty() ? 0 : input_shape_.front();
    const MaskUse use = layer_->mask_use();
    const bool makes = use == MaskUse::makes || (use == MaskUse::changes && !mask_.empty());
    if (makes && !output_mask_.empty()) pass.output_mask = output_mask_.data();
    pass.state = state_.empty() ? nullptr : state_.data();
    pass.state_gradient = state_gradient_.empty() ? nullptr : state_gradient_.data();
    pass.parameters = parameters_.data();
    pass.gradients = gradients_.data();
    pass.moving = parameters_.data();
    pass.prepared = arena(prepared_);
    pass.kept = arena(kept_);
    pass.scratch = arena(scratch_);
    pass.seed = options_.seed;
    pass.step = step_;
    pass.first_sample = options_.first_sample;
  }

  static Arena arena(Buffer<std::byte>& memory) { return memory.empty() ? Arena() : Arena(memory.data()); }

  void check_use(const Pass<Real>& pass, const char* call) const {
    const auto check = [&](const char* name, const Arena& used, const Buffer<std::byte>& planned) {
      if (used.used() <= planned.size()) return;
      throw StateError(text(layer_->title(), ": ", call, " must take at most the ", planned.size(), " bytes of `", name,
                            "` that plan took, got ", used.used()));
    };
    check("prepared", pass.prepared, prepared_);
    check("kept", pass.kept, kept_);
    check("scratch", pass.scratch, scratch_);
  }

  void check_kind(InputKind kind) const {
    if (layer_->input_kind() == kind) return;
    throw StateError(text(layer_->title(), kind == InputKind::ids ? ": input must be numbers, got token ids"
                                                                  : ": input must be token ids, got numbers"));
  }

  template <class T>
  void copy(const char* name, std::span<const T> from, Buffer<T>& to) const {
    if (from.size() != to.size()) {
      throw ShapeError(text(layer_->title(), ": ", name, " must have ", to.size(), " values, got ", from.size()));
    }
    std::copy(from.begin(), from.end(), to.begin());
  }

  void poison(Buffer<Real>& values) {
    if (options_.poison) std::fill(values.begin(), values.end(), std::numeric_limits<Real>::quiet_NaN());
  }

  const ParameterInfo& find(std::string_view name) const {
    for (const ParameterInfo& info : layout_.infos()) {
      const std::string_view full = info.name;
      if (full == name || full.substr(full.rfind('/') + 1) == name) return info;
    }
    throw StateError(text(layer_->title(), ": no parameter is called \"", name, '"'));
  }

  LayerRunOptions options_;
  std::unique_ptr<Layer<Real>> layer_;
  Shape input_shape_;
  Shape output_shape_;
  std::vector<Shape> inner_shapes_;
  ParameterLayout layout_;
  std::uint32_t step_ = 0;
  bool forward_done_ = false;
  Buffer<Real> parameters_;
  Buffer<Real> gradients_;
  Buffer<Real> x_;
  Buffer<std::int32_t> ids_;
  Buffer<Real> y_;
  Buffer<Real> dy_;
  Buffer<Real> dx_;
  Buffer<std::uint8_t> mask_;
  Buffer<std::uint8_t> output_mask_;
  Buffer<Real> state_;
  Buffer<Real> state_gradient_;
  Buffer<std::byte> prepared_;  // three buffers rather than one, so that a memory checker sees one run into another
  Buffer<std::byte> kept_;
  Buffer<std::byte> scratch_;
};

}  // namespace seqnn::inline SEQNN_ABI
