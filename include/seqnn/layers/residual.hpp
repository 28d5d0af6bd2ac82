#pragma once

#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/layers/layer_row.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Options of Residual.
template <class Real>
struct ResidualOptions {
  std::vector<LayerRecipe<Real>> shortcut = {};  ///< layers the input takes to the sum; none: as it is
  std::string name = {};

  bool operator==(const ResidualOptions&) const = default;
};

/// Layers in a row with a skip: what they compute is added to their input.
///
///   y = x + f(x)        with a shortcut s: y = s(x) + f(x)
///
///     Residual({LayerNormalization(), Dense(64, {.activation = Activation::relu}), Dense(32)})
///     Residual({Conv1D(64, 3, {.padding = Padding::causal})}, {.shortcut = {Conv1D(64, 1)}})   // another width
///
/// The number type is float unless given: `Residual<double>({…})` stands in a `Sequential<double>`.
///
/// Shapes  x [B,…] -> y: what the layers make of it, which must be what the shortcut makes of it, or x's own
///         parameters "<name>/<layer>/…", the shortcut's "<name>/shortcut/<layer>/…"
/// State   of the layers inside, then of the shortcut's
/// Masks   kept where all layers keep them, ended where both ways end them, else refused
/// Throws  OptionError if there is no layer, or if one reads token ids, makes a mask, is stateful or returns its state;
///         ShapeError if the shapes differ
/// Source  He et al. 2016
template <class Real>
class Residual {
 public:
  Residual(std::initializer_list<LayerRecipe<Real>> layers, ResidualOptions<Real> options = {})
      : Residual(std::vector<LayerRecipe<Real>>(layers), std::move(options)) {}
  /// Of blocks only: without this, some compilers take a block in braces for a value to copy.
  Residual(std::initializer_list<Residual> blocks, ResidualOptions<Real> options = {})
      : Residual(std::vector<LayerRecipe<Real>>(blocks.begin(), blocks.end()), std::move(options)) {}
  explicit Residual(std::vector<LayerRecipe<Real>> layers, ResidualOptions<Real> options = {})
      : layers_(std::move(layers)), options_(std::move(options)) {
    if (layers_.empty()) {
      throw OptionError(text(option_title("Residual", options_.name), ": must have at least one layer, got none"));
    }
  }

  const std::vector<LayerRecipe<Real>>& layers() const { return layers_; }
  const ResidualOptions<Real>& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    return Describe(std::same_as<Real, float> ? "Residual" : "Residual<double>")
        .argument(Listed{layers_})
        .option("shortcut", Listed{options_.shortcut}, Listed{})
        .option("name", options_.name, std::string())
        .str();
  }

  bool operator==(const Residual&) const = default;

  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  /// Layers as they are written: "{Dense(3), Dense(4)}".
  struct Listed {
    std::vector<LayerRecipe<Real>> layers = {};

    SEQNN_COLD std::string to_string() const {
      std::string result = "{";
      for (const auto& layer : layers) result += (result.size() > 1 ? ", " : "") + layer.to_string();
      return result + '}';
    }
    bool operator==(const Listed&) const = default;
  };

  std::vector<LayerRecipe<Real>> layers_;
  ResidualOptions<Real> options_;
};

/// Without a number type it is float.
Residual(std::initializer_list<LayerRecipe<float>>, ResidualOptions<float> = {})->Residual<float>;
Residual(std::initializer_list<Residual<float>>, ResidualOptions<float> = {})->Residual<float>;

/// Computes Residual.
template <class Real>
class ResidualLayer final : public Layer<Real> {
 public:
  SEQNN_COLD explicit ResidualLayer(const Residual<Real>& recipe)
      : body_(recipe.layers()), shortcut_(recipe.options().shortcut) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "Residual"; }
  bool steps_alone() const override { return body_.steps_alone() && shortcut_.steps_alone(); }
  bool whole_batch() const override { return body_.whole_batch() || shortcut_.whole_batch(); }
  std::size_t state_size(const Shape&) const override { return shortcut_.states_end(); }

  MaskUse mask_use() const override {
    const MaskUse use = body_.mask_use();
    return use == shortcut_.mask_use() ? use : MaskUse::refuses;
  }

  SEQNN_COLD void check_mask(const Shape& input, const MaskedSteps& mask) const override {
    body_.check_mask(input, mask);
    shortcut_.check_mask(input, mask);
  }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    const Shape output = body_.output_shape(input);
    const Shape skip = shortcut_.output_shape(input);
    if (output != skip) {
      throw ShapeError(text(this->title(), ": the layers must give what they are added to, ", with_batch(skip),
                            ", got ", with_batch(output), "; give a .shortcut that makes the one of the other"));
    }
    return output;
  }

  void inner_shapes(const Shape& input, std::vector<Shape>& shapes) const override {
    body_.inner_shapes(input, shapes);
    shortcut_.inner_shapes(input, shapes);
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    body_.build(this->title(), this->name(), input, parameters);
    shortcut_.build(this->title(), this->name() + "/shortcut", input, parameters, &body_);
    body_.set_state_size(shortcut_.states_end());
    shortcut_.set_state_size(shortcut_.states_end());
    output_shape(input);
  }

  std::size_t preferred_tile(const Shape& input) const override {
    return std::max(body_.preferred_tile(input), shortcut_.preferred_tile(input));
  }

  void plan(Pass<Real>& pass) const override {
    body_.plan(pass);
    shortcut_.plan(pass);
  }

  void prepare(Pass<Real>& pass) const override { each(&Layer<Real>::prepare, pass); }
  void forward(Pass<Real>& pass) const override { run(&Layer<Real>::forward, pass); }
  void step(Pass<Real>& pass) const override { run(&Layer<Real>::step, pass); }

  void backward(Pass<Real>& pass) const override {
    const Real* through = body_.backward(pass);
    const Real* beside = shortcut_.backward(pass);
    if (pass.dx != nullptr) add(pass.batch * element_count(*pass.input_shape), through, beside, pass.dx);
  }

  void finish(Pass<Real>& pass) const override { each(&Layer<Real>::finish, pass); }

 private:
  void each(void (Layer<Real>::*what)(Pass<Real>&) const, Pass<Real>& pass) const {
    body_.each(what, pass);
    shortcut_.each(what, pass);
  }

  void run(void (Layer<Real>::*what)(Pass<Real>&) const, Pass<Real>& pass) const {
    const Real* through = body_.forward(what, pass);
    const Real* beside = shortcut_.forward(what, pass);
    add(pass.batch * element_count(*pass.output_shape), through, beside, pass.y);
  }

  LayerRow<Real> body_;
  LayerRow<Real> shortcut_;
};

template <class Real>
std::unique_ptr<Layer<Real>> Residual<Real>::make(For<Layer<Real>>) const {
  return std::make_unique<ResidualLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
