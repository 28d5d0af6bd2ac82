#pragma once

#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

struct TimeDistributedOptions {
  std::string name = {};

  bool operator==(const TimeDistributedOptions&) const = default;
};

/// A number type for which this value is a layer or describes one.
template <class Real, class Value>
concept RealOfLayer = std::constructible_from<LayerRecipe<Real>, Value>;

/// Applies one layer, with the same weights, to every time step.
///
///   y_t = inner(x_t)
///
/// To the inner layer the steps are samples: B·T of them. So its dropout differs from step to step, and a recurrent one
/// begins each step with a state of zero and goes along the axis behind it. Which steps are masked it is not told; the
/// mask passes on to the layers above.
///
/// Shapes  x [B,T,…] -> y [B,T,…]: what the inner layer makes of the axes behind T. T may be open, the others not
/// Throws  OptionError if the inner layer is stateful, returns its state, or makes a mask, none of which would be those
///         of one step; ShapeError if x is not (batch, time, …), or does not suit the inner layer
template <class Inner>
class TimeDistributed {
 public:
  /// @param layer  any layer of the library, or one of the user's own
  explicit TimeDistributed(Inner layer, TimeDistributedOptions options = {})
      : layer_(std::move(layer)), options_(std::move(options)) {}

  const Inner& layer() const { return layer_; }
  const TimeDistributedOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    return Describe("TimeDistributed")
        .argument(Written{layer_})
        .option("name", options_.name, TimeDistributedOptions().name)
        .str();
  }

  bool operator==(const TimeDistributed&) const = default;

  template <RealOfLayer<Inner> Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  /// The inner layer as it is written; one of the user's own by its type.
  struct Written {
    const Inner& layer;
    std::string to_string() const {
      if constexpr (requires { layer.to_string(); }) {
        return layer.to_string();
      } else {
        return layer.type();
      }
    }
  };

  Inner layer_;
  TimeDistributedOptions options_;
};

template <class Inner>
TimeDistributed(Inner, TimeDistributedOptions = {}) -> TimeDistributed<Inner>;
/// Of two time axes: without this, the inner one would be taken for a value to copy.
template <class Inner>
TimeDistributed(TimeDistributed<Inner>, TimeDistributedOptions = {}) -> TimeDistributed<TimeDistributed<Inner>>;

/// Computes TimeDistributed.
template <class Real>
class TimeDistributedLayer final : public Layer<Real> {
 public:
  TimeDistributedLayer(std::unique_ptr<Layer<Real>> inner, const std::string& name)
      : inner_(std::move(inner)), inner_name_(inner_->name().empty() ? default_name(inner_->type()) : inner_->name()) {
    this->set_name(name);
    inner_->set_name(inner_name_);
  }

  std::string type() const override { return "TimeDistributed"; }
  InputKind input_kind() const override { return inner_->input_kind(); }
  MaskUse mask_use() const override { return MaskUse::keeps; }
  bool steps_alone() const override { return true; }
  bool whole_batch() const override { return inner_->whole_batch(); }
  bool passes_through(bool training) const override { return inner_->passes_through(training); }
  std::string remark() const override { return inner_->remark(); }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    Shape output = inner_->output_shape(step_shape(input));
    output.insert(output.begin(), input.front());
    return output;
  }

  void inner_shapes(const Shape& input, std::vector<Shape>& shapes) const override {
    inner_->inner_shapes(step_shape(input), shapes);
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    inner_->set_name(this->name() + '/' + inner_name_);
    const auto refuse = [this](const char* what) {
      throw OptionError(text(this->title(), ": the layer inside ", what, ", got ", inner_->title()));
    };
    if (inner_->stateful()) refuse("must not be stateful: it would have to keep a state for every time step");
    if (inner_->returns_state()) refuse("must return one tensor: there is no place for the states of every time step");
    if (inner_->mask_use() == MaskUse::makes) refuse("must not make a mask, which would be one of every time step");
    step_input_ = step_shape(input);
    inner_->build(step_input_, parameters);
    step_output_ = inner_->output_shape(step_input_);
  }

  /// The inner layer has a sample at every step.
  std::size_t preferred_tile(const Shape& input) const override {
    return (inner_->preferred_tile(step_input_) + input.front() - 1) / input.front();
  }

  void plan(Pass<Real>& pass) const override { call(&Layer<Real>::plan, pass); }
  void prepare(Pass<Real>& pass) const override { call(&Layer<Real>::prepare, pass); }
  void forward(Pass<Real>& pass) const override { call(&Layer<Real>::forward, pass); }
  void backward(Pass<Real>& pass) const override { call(&Layer<Real>::backward, pass); }
  void finish(Pass<Real>& pass) const override { call(&Layer<Real>::finish, pass); }

  void check_ids(const std::int32_t* ids, std::size_t count, std::size_t row_length) const override {
    inner_->check_ids(ids, count, row_length);
  }

 private:
  /// The shape of one step.
  SEQNN_COLD Shape step_shape(const Shape& input) const {
    const bool open = !input.empty() && std::find(input.begin() + 1, input.end(), kAnyLength) != input.end();
    if (input.size() < 2 || open) {
      throw ShapeError(text(this->title(), ": input must be (batch, time, …), got ", with_batch(input),
                            open ? "; only the time axis may be open" : ""));
    }
    check_not_empty(this->title(), input);
    return Shape(input.begin() + 1, input.end());
  }

  void call(void (Layer<Real>::*what)(Pass<Real>&) const, Pass<Real>& pass) const {
    const std::size_t T = pass.input_shape->front();
    Pass<Real> inner = pass;
    inner.batch = pass.batch * T;
    inner.tile = pass.tile * T;
    inner.input_shape = &step_input_;
    inner.output_shape = &step_output_;
    inner.mask = nullptr;
    inner.first_sample = pass.first_sample * T;
    (*inner_.*what)(inner);
    pass.prepared = inner.prepared;
    pass.kept = inner.kept;
    pass.scratch = inner.scratch;
  }

  std::unique_ptr<Layer<Real>> inner_;
  std::string inner_name_;
  Shape step_input_;
  Shape step_output_;
};

template <class Inner>
template <RealOfLayer<Inner> Real>
std::unique_ptr<Layer<Real>> TimeDistributed<Inner>::make(For<Layer<Real>>) const {
  return std::make_unique<TimeDistributedLayer<Real>>(LayerRecipe<Real>(layer_).make(), options_.name);
}

}  // namespace seqnn::inline SEQNN_ABI
