#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/parameters.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <memory>
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
    for (const auto& recipe : recipes) {
      layers_.push_back(recipe.make());
      auto& layer = *layers_.back();
      if (layer.name().empty()) layer.set_name(free_name(layer.type()));
      if (layers_.size() > 1 && layer.input_kind() == InputKind::ids) {
        throw ShapeError(text(layer.title(), ": reads token ids, so it must be the first layer, got ",
                              layers_[layers_.size() - 2]->title(), " before it"));
      }
      first_parameter_.push_back(layout_.infos().size());
      layer.build(shape, layout_);
      shape = layer.output_shape(shape);
    }
    first_parameter_.push_back(layout_.infos().size());
    layout_.template place<Real>();
    parameters_.resize(layout_.extent());
    layout_.template initialize<Real>(seed, parameters_);
  }

  bool built() const { return !layers_.empty(); }
  const std::vector<std::unique_ptr<Layer<Real>>>& layers() const { return layers_; }
  const ParameterLayout& layout() const { return layout_; }
  const Shape& input_shape() const { return input_shape_; }
  InputKind input_kind() const { return layers_.front()->input_kind(); }

  std::span<Real> parameters() { return parameters_; }
  std::span<const Real> parameters() const { return parameters_; }

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
  /// @throws ShapeError if it does not fit the shape the network was built for
  SEQNN_COLD std::vector<Shape> shapes(const Shape& input) const {
    bool fits = input.size() == input_shape_.size();
    for (std::size_t i = 0; fits && i < input.size(); ++i) {
      fits = input[i] == input_shape_[i] || input_shape_[i] == kAnyLength;
    }
    if (!fits) {
      throw ShapeError(text("Sequential: input must be ", with_batch(input_shape_), ", got ", with_batch(input),
                            "; layer ", layers_.front()->title(),
                            " was built for it (kAnyLength in build leaves an axis open)"));
    }
    std::vector<Shape> result;
    result.push_back(input);
    for (const auto& layer : layers_) result.push_back(layer->output_shape(result.back()));
    return result;
  }

 private:
  /// "conv1d", then "conv1d_1", …: Keras' names for layers without one.
  SEQNN_COLD std::string free_name(const std::string& type) const {
    std::string base;
    for (std::size_t i = 0; i < type.size(); ++i) {
      const bool upper = std::isupper(static_cast<unsigned char>(type[i])) != 0;
      const bool after_lower = i > 0 && std::islower(static_cast<unsigned char>(type[i - 1])) != 0;
      if (upper && after_lower) base += '_';
      base += static_cast<char>(std::tolower(static_cast<unsigned char>(type[i])));
    }
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

  std::vector<std::unique_ptr<Layer<Real>>> layers_;
  std::vector<std::size_t> first_parameter_;
  ParameterLayout layout_;
  Buffer<Real> parameters_;
  Shape input_shape_;
};

}  // namespace seqnn::inline SEQNN_ABI
