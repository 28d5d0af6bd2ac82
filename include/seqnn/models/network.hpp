#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/parameters.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/kernels/constrain.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/layers/masked_steps.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Layers in a row with their parameters: what computes. Passing through it is const, so that any number of threads can
/// share one, each with a Workspace of its own.
template <class Real>
class Network {
 public:
  Network() = default;

  /// Builds the layers for samples of this shape, which may contain kAnyLength, and draws their first values.
  /// @throws ShapeError, OptionError from the layers
  SEQNN_COLD Network(const std::vector<LayerRecipe<Real>>& recipes, Shape input_shape, std::uint64_t seed)
      : input_shape_(std::move(input_shape)) {
    if (recipes.empty())
      throw StateError("Sequential: must have at least one layer, got none; list some or add() them");
    Shape shape = input_shape_;
    MaskedSteps mask;
    for (const auto& recipe : recipes) {
      layers_.push_back(recipe.make());
      auto& layer = *layers_.back();
      if (layer.name().empty()) layer.set_name(free_name(layer.type()));
      if (layers_.size() > 1 && layer.input_kind() == InputKind::ids) {
        throw ShapeError(text(layer.title(), ": reads token ids, so it must be the first layer, got ",
                              layers_[layers_.size() - 2]->title(), " before it"));
      }
      if (layer.returns_state()) {
        throw OptionError(
            text(layer.title(),
                 ": must give one output, as a Sequential has no place for more, got "
                 "several outputs (return_state, or MergeMode::none); leave that out, or call the layer alone"));
      }
      if (!mask.none() && layer.mask_use() == MaskUse::refuses) {
        throw ShapeError(text(layer.title(), ": must not get a mask, which it would ignore, got one from ", mask.maker,
                              "; put a layer that uses masks before it, or make none"));
      }
      first_parameter_.push_back(layout_.infos().size());
      layer.build(shape, layout_);
      Shape output = layer.output_shape(shape);
      pass_mask(layer, shape, output, mask);
      has_mask_.push_back(!mask.none());
      shape = std::move(output);
    }
    first_parameter_.push_back(layout_.infos().size());
    layout_.template place<Real>();
    parameters_.resize(layout_.extent());
    layout_.template initialize<Real>(seed, parameters_);
    for (std::size_t p = 0; p < layout_.infos().size(); ++p) {
      const ParameterInfo& info = layout_.infos()[p];
      if (info.constraint.none()) continue;
      constrained_.push_back({p, Buffer<Real>(constrain_scratch(info.constraint, info.shape))});
    }
  }

  bool built() const { return !layers_.empty(); }
  const std::vector<std::unique_ptr<Layer<Real>>>& layers() const { return layers_; }
  const ParameterLayout& layout() const { return layout_; }
  const Shape& input_shape() const { return input_shape_; }
  InputKind input_kind() const { return layers_.front()->input_kind(); }

  /// Whether a layer's state stays from one batch to the next.
  bool stateful() const {
    for (const auto& layer : layers_) {
      if (layer->stateful()) return true;
    }
    return false;
  }

  /// The first layer that must see a batch as a whole, null if there is none.
  const Layer<Real>* whole_batch() const {
    for (const auto& layer : layers_) {
      if (layer->whole_batch()) return layer.get();
    }
    return nullptr;
  }

  /// What the regularizers add to the loss: Σ l1·|w| + l2·w².
  SEQNN_COLD double penalty() const {
    double sum = 0;
    for (const auto& info : layout_.infos()) {
      if (info.regularizer.none()) continue;
      double absolute = 0;
      double squares = 0;
      for (const Real w : std::span(parameters_).subspan(info.offset, info.size())) {
        absolute += std::fabs(static_cast<double>(w));
        squares += static_cast<double>(w) * static_cast<double>(w);
      }
      sum += info.regularizer.l1 * absolute + info.regularizer.l2 * squares;
    }
    return sum;
  }

  /// Adds the gradient of `penalty` to gradients [begin, begin + count) of the flat buffer.
  void add_penalty_gradient(std::size_t begin, std::size_t count, Real* gradients) const {
    for (const auto& info : layout_.infos()) {
      if (info.regularizer.none() || !info.trainable) continue;
      const std::size_t first = std::max(begin, info.offset);
      const std::size_t last = std::min(begin + count, info.offset + info.size());
      const auto l1 = static_cast<Real>(info.regularizer.l1);
      const auto l2 = static_cast<Real>(2 * info.regularizer.l2);
      for (std::size_t i = first; i < last; ++i) {
        const Real w = parameters_[i];
        gradients[i] += l2 * w + (w > 0 ? l1 : w < 0 ? -l1 : Real{0});
      }
    }
  }

  /// Parameters with a constraint.
  std::size_t constrained_count() const { return constrained_.size(); }

  /// Brings the i-th of them to its constraint; different ones may be on different threads.
  void constrain(std::size_t i) {
    const ParameterInfo& info = layout_.infos()[constrained_[i].parameter];
    seqnn::constrain(info.constraint, info.shape, parameters_.data() + info.offset, constrained_[i].norms.data());
  }

  /// Whether the output of layer `l` has a mask.
  bool has_mask(std::size_t l) const { return has_mask_[l]; }

  std::span<Real> parameters() { return parameters_; }
  std::span<const Real> parameters() const { return parameters_; }

  /// The windows of the max pool behind layer `l` if the two compute as one, so that the output of `l` itself is never
  /// written. @param shapes  between the layers, see `shapes`
  SEQNN_COLD std::optional<PoolWindow> pool_taken_by(std::size_t l, const std::vector<Shape>& shapes) const {
    if (l + 1 == layers_.size()) return std::nullopt;
    const auto windows = layers_[l + 1]->max_windows(shapes[l + 1]);
    return windows && layers_[l]->pools(*windows) ? windows : std::nullopt;
  }

  /// The parameters that layer `l` declared.
  std::span<const ParameterInfo> parameters_of(std::size_t l) const {
    return std::span(layout_.infos()).subspan(first_parameter_[l], first_parameter_[l + 1] - first_parameter_[l]);
  }

  /// Whether training needs the gradient by the input of layer `l`: some layer below learns.
  bool needs_input_gradient(std::size_t l) const {
    for (std::size_t p = 0; p < first_parameter_[l]; ++p) {
      if (layout_.infos()[p].trainable) return true;
    }
    return false;
  }

  /// Shapes between the layers for samples of this shape: the input's, then each layer's output.
  /// @param any_length  whether the first axis may be another than the network was built for
  /// @throws ShapeError if it does not fit the shape the network was built for, or a layer with these lengths loses the
  ///         steps of its mask
  SEQNN_COLD std::vector<Shape> shapes(const Shape& input, bool any_length = false) const {
    bool fits = input.size() == input_shape_.size();
    for (std::size_t i = 0; fits && i < input.size(); ++i) {
      fits = input[i] == input_shape_[i] || input_shape_[i] == kAnyLength || (any_length && i == 0);
    }
    if (!fits) {
      throw ShapeError(text("Sequential: input must be ", with_batch(input_shape_), ", got ", with_batch(input),
                            "; layer ", layers_.front()->title(),
                            " was built for it (kAnyLength in build leaves an axis open)"));
    }
    std::vector<Shape> result;
    result.push_back(input);
    MaskedSteps mask;
    for (const auto& layer : layers_) {
      Shape output = layer->output_shape(result.back());
      pass_mask(*layer, result.back(), output, mask);
      result.push_back(std::move(output));
    }
    return result;
  }

 private:
  /// Makes of the mask of a layer's input that of its output.  @throws ShapeError if that has not the mask's steps
  SEQNN_COLD static void pass_mask(const Layer<Real>& layer, const Shape& input, const Shape& output,
                                   MaskedSteps& mask) {
    const MaskUse use = layer.mask_use();
    if (!mask.none()) layer.check_mask(input, mask);
    if (use == MaskUse::makes) mask.maker = layer.title();
    if (use == MaskUse::makes || use == MaskUse::changes) {
      mask.axes = output;
      if (!output.empty()) mask.axes.pop_back();  // features
    }
    if (use == MaskUse::ends) mask = {};
  }

  /// "conv1d", then "conv1d_1", …: Keras' names for layers without one.
  SEQNN_COLD std::string free_name(const std::string& type) const {
    const std::string base = default_name(type);
    std::string name = base;
    for (std::size_t n = 1; taken(name); ++n) name = base + '_' + std::to_string(n);
    return name;
  }

  bool taken(const std::string& name) const {
    for (const auto& layer : layers_) {
      if (layer->name() == name) return true;
    }
    return false;
  }

  /// A parameter with a constraint, and room for its norms.
  struct Constrained {
    std::size_t parameter;
    Buffer<Real> norms;
  };

  std::vector<std::unique_ptr<Layer<Real>>> layers_;
  std::vector<std::size_t> first_parameter_;
  std::vector<bool> has_mask_;
  ParameterLayout layout_;
  Buffer<Real> parameters_;
  std::vector<Constrained> constrained_;
  Shape input_shape_;
};

}  // namespace seqnn::inline SEQNN_ABI
