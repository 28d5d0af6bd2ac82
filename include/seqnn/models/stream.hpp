#pragma once

#include "seqnn/core/denormals.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/models/network.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/models/states.hpp"
#include "seqnn/models/workspace.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace seqnn::inline SEQNN_ABI {

/// The outputs of a step; where there is one, also that number.
template <class Real>
class StepOutput : public std::span<const Real> {
 public:
  using std::span<const Real>::span;

  operator Real() const noexcept {  // NOLINT: implicit, so that `float y = stream.step(x)`
    assert(this->size() == 1);
    return this->front();
  }
};

/// A model that gets its sequence one time step at a time, as sensors and sound arrive: keeps what its layers remember.
///
///     Stream<float> stream(model);
///     float y = stream.step(x);     // x: the features of one step
///     stream.reset();               // a new sequence
///
/// After n steps the output is that of `predict` on those n steps (its last one, if the model returns sequences), to
/// rounding. A step is noexcept, allocates nothing and takes no lock, so it can run in a real-time thread. Refers to
/// the model, which must outlive it and be neither built again nor assigned to; any number of Streams may share a const
/// model, each used by one thread at a time.
///
/// Throws  StateError before build; ShapeError naming the layer that looks ahead or over the whole sequence
template <class Real>
class Stream {
 public:
  explicit Stream(const Sequential<Real>& model) : network_(&model.network()) {
    for (const auto& layer : network_->layers()) {
      if (layer->mask_use() == MaskUse::makes) {
        throw ShapeError(text("Stream: ", layer->title(),
                              " makes a mask, which a step cannot have; leave such steps out "
                              "instead"));
      }
      if (layer->steps_alone()) continue;
      throw ShapeError(text("Stream: ", layer->title(),
                            " cannot run step by step; every layer must be recurrent (forwards), a causal Conv1D with "
                            "strides 1, or treat time steps alone"));
    }
    Shape step = network_->input_shape();
    if (step.empty()) throw ShapeError("Stream: the model's input must have a time axis, got (batch,)");
    step[0] = 1;
    states_ = std::make_unique<States<Real>>(*network_, step, 1, Continues::all);
    workspace_ = std::make_unique<Workspace<Real>>(*network_, step, 1, false, states_.get());
    input_size_ = element_count(step);
    output_size_ = element_count(workspace_->output_shape());
    refresh();
  }
  Stream(Sequential<Real>&&) = delete;  // the model would be gone

  /// Numbers a step.
  std::size_t input_size() const noexcept { return input_size_; }
  std::size_t output_size() const noexcept { return output_size_; }

  /// One time step.  @param x  input_size() numbers  @return output_size() numbers, valid until the next call
  StepOutput<Real> step(const Real* x) noexcept {
    const FlushDenormals flush;
    return {workspace_->step(x, nullptr), output_size_};
  }
  StepOutput<Real> step(std::span<const Real> x) noexcept {
    assert(x.size() == input_size_);
    return step(x.data());
  }

  /// One time step of a model that reads token ids.  @throws DataError if the id is outside the vocabulary
  StepOutput<Real> step(std::int32_t id) {
    network_->layers().front()->check_ids(&id, 1, 1);
    const FlushDenormals flush;
    return {workspace_->step(nullptr, &id), output_size_};
  }

  /// Forgets all steps.
  void reset() noexcept { states_->reset(); }

  /// Takes the weights as they are now; to be called after they have changed.
  void refresh() { workspace_->begin(network_->parameters().data(), nullptr, 0, 0); }

 private:
  const Network<Real>* network_;
  std::size_t input_size_ = 0;
  std::size_t output_size_ = 0;
  std::unique_ptr<States<Real>> states_;
  std::unique_ptr<Workspace<Real>> workspace_;
};

}  // namespace seqnn::inline SEQNN_ABI
