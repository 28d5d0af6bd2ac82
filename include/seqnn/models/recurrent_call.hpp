#pragma once

#include "seqnn/core/denormals.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/seed.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/data/check_finite.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/layers/recurrent.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What a call of a recurrent layer may be given beside its input.
struct RecurrentCallOptions {
  std::vector<AnyArray> initial_state = {};  ///< h, or h and c, each (batch, units); empty for zeros
  AnyArray mask = {};                        ///< (batch, time), 0 at the steps that do not count; empty for none
};

/// What it gives: `auto [y, h, c] = layer(x)`.
template <class Real>
struct RecurrentOutput {
  Array<Real> y;      ///< (batch, units), or (batch, time, units) with return_sequences
  Tensor<Real, 2> h;  ///< (batch, units) state after the last step
  Tensor<Real, 2> c;  ///< likewise the cell state of an LSTM; (0, 0) for other layers
};

/// A recurrent layer called alone, with weights of its own: for states that go in and out, as between an encoder and a
/// decoder.
///
///     const RecurrentCall<float> layer(LSTM(32, {.return_sequences = true, .return_state = true}), {kAnyLength, 14});
///     auto [y, h, c] = layer(x, {.initial_state = {h0, c0}, .mask = mask});
///
/// Calls are const, so that any number of threads may share one; each allocates what it needs.
template <class Real>
class RecurrentCall {
 public:
  /// @param input  (time, features); time may be kAnyLength  @param seed  of the first weights
  /// @throws ShapeError, OptionError from the layer; OptionError if it has no state
  SEQNN_COLD explicit RecurrentCall(const LayerRecipe<Real>& recipe, Shape input, std::uint64_t seed = default_seed())
      : layer_(recipe.make()), input_(std::move(input)) {
    if (layer_->name().empty()) layer_->set_name("layer");
    layer_->build(input_, layout_);
    if (dynamic_cast<const RecurrentLayer<Real>*>(layer_.get()) == nullptr) {
      throw OptionError(text("RecurrentCall: the layer must be an LSTM, GRU or SimpleRNN, got ", layer_->title()));
    }
    units_ = layer_->output_shape(input_).back();
    states_ = layer_->state_size(input_) / units_;
    layout_.template place<Real>();
    parameters_.resize(layout_.extent());
    layout_.template initialize<Real>(seed, parameters_);
  }

  /// @throws ShapeError for x, a state or a mask of another shape; DataError for NaN
  SEQNN_COLD RecurrentOutput<Real> operator()(const AnyArray& x, const RecurrentCallOptions& options = {}) const {
    const Shape& given = x.shape();
    if (given.size() != 3 || given[2] != input_[1] || (input_[0] != kAnyLength && given[1] != input_[0])) {
      throw ShapeError(text(layer_->title(), ": x must be ", with_batch(input_), ", got ", given));
    }
    const std::size_t batch = given[0];
    const Shape input = {given[1], given[2]};
    const Shape output = layer_->output_shape(input);
    const Values<Real> values(x);
    check_finite("x", values.data(), given);

    Buffer<Real> state(batch * states_ * units_);
    if (!options.initial_state.empty()) set_states(options.initial_state, batch, state);
    const std::vector<std::uint8_t> mask = mask_of(options.mask, given);

    RecurrentOutput<Real> result;
    Shape shape = output;
    shape.insert(shape.begin(), batch);
    result.y = Array<Real>::from_shape(shape);
    run(values.data(), batch, input, output, mask, state, result.y.data());
    result.h = part(state, batch, 0);
    result.c = states_ == 2 ? part(state, batch, 1) : Tensor<Real, 2>::from_shape({0, 0});
    return result;
  }

  /// Numbers of a state: 1 for h, 2 for h and c.
  std::size_t states() const { return states_; }

  const ParameterLayout& layout() const { return layout_; }

  /// Values of one parameter, by its own name: "kernel".  @throws Error that lists the names there are
  std::span<Real> weight(std::string_view name) {
    std::string names;
    for (const auto& info : layout_.infos()) {
      const std::string own = info.name.substr(info.name.rfind('/') + 1);
      if (own == name || info.name == name) return std::span(parameters_).subspan(info.offset, info.size());
      names += (names.empty() ? "" : ", ") + own;
    }
    throw Error(text(layer_->title(), ": weight \"", name, "\": must be one of ", names));
  }

 private:
  void set_states(const std::vector<AnyArray>& given, std::size_t batch, Buffer<Real>& state) const {
    if (given.size() != states_) {
      throw ShapeError(text(layer_->title(), ": initial_state must be ", states_ == 1 ? "h" : "h and c", ", got ",
                            given.size(), given.size() == 1 ? " tensor" : " tensors"));
    }
    Buffer<Real> one(batch * units_);
    for (std::size_t i = 0; i < states_; ++i) {
      if (given[i].shape() != Shape{batch, units_}) {
        throw ShapeError(
            text(layer_->title(), ": initial_state must be ", Shape{batch, units_}, ", got ", given[i].shape()));
      }
      given[i].copy_to(one.data());
      for (std::size_t b = 0; b < batch; ++b) {
        std::copy_n(one.data() + b * units_, units_, state.data() + (b * states_ + i) * units_);
      }
    }
  }

  std::vector<std::uint8_t> mask_of(const AnyArray& given, const Shape& x) const {
    if (given.shape().empty()) return {};
    if (given.shape() != Shape{x[0], x[1]}) {
      throw ShapeError(text(layer_->title(), ": mask must be ", Shape{x[0], x[1]}, ", got ", given.shape()));
    }
    std::vector<Real> numbers(given.size());
    given.copy_to(numbers.data());
    std::vector<std::uint8_t> mask;
    for (const Real v : numbers) mask.push_back(v != Real{0});
    return mask;
  }

  void run(const Real* x, std::size_t batch, const Shape& input, const Shape& output,
           const std::vector<std::uint8_t>& mask, Buffer<Real>& state, Real* y) const {
    const FlushDenormals flush;
    Pass<Real> pass;
    pass.batch = pass.tile = batch;
    pass.input_shape = &input;
    pass.output_shape = &output;
    pass.layout = &layout_;
    layer_->plan(pass);
    Buffer<std::byte> memory(pass.prepared.used() + pass.kept.used() + pass.scratch.used());
    std::byte* const kept = memory.data() + pass.prepared.used();
    std::byte* const scratch = kept + pass.kept.used();
    const auto rewind = [&] {
      pass.prepared = Arena(memory.data());
      pass.kept = Arena(kept);
      pass.scratch = Arena(scratch);
    };
    pass.parameters = parameters_.data();
    pass.x = x;
    pass.y = y;
    pass.mask = mask.empty() ? nullptr : mask.data();
    pass.mask_steps = input.front();
    std::vector<std::uint8_t> turned(layer_->mask_use() == MaskUse::changes ? mask.size() : 0);
    pass.output_mask = turned.empty() ? nullptr : turned.data();
    pass.state = state.data();
    rewind();
    layer_->prepare(pass);
    rewind();
    layer_->forward(pass);
  }

  Tensor<Real, 2> part(const Buffer<Real>& state, std::size_t batch, std::size_t i) const {
    Tensor<Real, 2> result = Tensor<Real, 2>::from_shape({batch, units_});
    for (std::size_t b = 0; b < batch; ++b) {
      std::copy_n(state.data() + (b * states_ + i) * units_, units_, result.data() + b * units_);
    }
    return result;
  }

  std::unique_ptr<Layer<Real>> layer_;
  Shape input_;
  std::size_t units_ = 0;
  std::size_t states_ = 0;
  ParameterLayout layout_;
  Buffer<Real> parameters_;
};

}  // namespace seqnn::inline SEQNN_ABI
