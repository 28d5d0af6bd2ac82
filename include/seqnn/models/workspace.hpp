#pragma once

#include "seqnn/core/arena.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/models/network.hpp"
#include "seqnn/models/states.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// How long a layer took.
struct LayerSeconds {
  double forward = 0;   ///< with its preparation
  double backward = 0;  ///< with its end of the step
};

/// Everything that one thread writes while tiles of samples pass through a network: outputs of the layers, what they
/// keep for the backward pass, scratch, and weights in the kernels' forms. Planned once for a shape, a largest tile and
/// a purpose; passes allocate nothing.
template <class Real>
class Workspace {
 public:
  /// @param input_shape  of one sample; all axes known
  /// @param tile         most samples in a pass
  /// @param training     whether there will be backward passes
  /// @param states       that passes continue; null: every pass begins at zero
  SEQNN_COLD Workspace(const Network<Real>& network, const Shape& input_shape, std::size_t tile, bool training,
                       States<Real>* states = nullptr)
      : network_(&network),
        states_(states),
        shapes_(network.shapes(input_shape, states != nullptr && states->parts())),
        tile_(tile),
        training_(training),
        stages_(network.layers().size()) {
    for (std::size_t l = 0; l < stages_.size(); ++l) {
      auto& pass = stages_[l].pass;
      pass.input_shape = &shapes_[l];
      pass.output_shape = &shapes_[l + 1];
      network.layers()[l]->inner_shapes(shapes_[l], stages_[l].inner_shapes);
      pass.inner_shapes = stages_[l].inner_shapes.data();
      pass.tile = tile;
      pass.training = training;
      pass.input_gradient = training && network.needs_input_gradient(l);
      pass.layout = &network.layout();
      pass.layer_index = static_cast<std::uint32_t>(l);
      stages_[l].pool = network.pool_taken_by(l, shapes_);
      if (stages_[l].pool) pass.pool = &*stages_[l].pool;
    }
    Arena measure;
    lay_out(measure);
    memory_.resize(measure.used());
    Arena arena(memory_.data());
    lay_out(arena);
  }

  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  std::size_t tile() const { return tile_; }
  std::size_t bytes() const { return memory_.size(); }

  /// Of layer `l` alone: its output, what it keeps for the backward pass, and weights in the kernels' forms.
  std::size_t bytes_of(std::size_t l) const { return stages_[l].bytes; }

  /// Adds the time of every call of a layer to `seconds`, one element a layer, until told otherwise with nulls.
  void time_layers(LayerSeconds* seconds, double (*clock)()) {
    seconds_ = seconds;
    clock_ = clock;
  }
  const Shape& output_shape() const { return shapes_.back(); }

  /// Room for the input of a tile, for callers whose samples do not lie together.
  Real* input_values() { return input_values_; }
  std::int32_t* input_ids() { return input_ids_; }

  /// Begins a step: the layers derive from the parameters what they need. `gradients`, laid out as the parameters, may
  /// be null when not training.
  void begin(const Real* parameters, Real* gradients, std::uint64_t seed, std::uint32_t step) {
    direction_ = &LayerSeconds::forward;
    for (std::size_t l = 0; l < stages_.size(); ++l) {
      auto& pass = stages_[l].pass;
      pass.parameters = parameters;
      pass.gradients = gradients;
      pass.seed = seed;
      pass.step = step;
      pass.batch = tile_;
      call(l, &Layer<Real>::prepare);
    }
  }

  /// Lets layers replace their parameters that are not trained, in `finish`.
  void let_move(Real* parameters) {
    for (auto& stage : stages_) stage.pass.moving = parameters;
  }

  /// Passes `batch` samples forward; returns the outputs, valid until the next pass.
  /// @param first_sample  position of the first of them in the batch
  const Real* forward(std::size_t batch, const Real* values, const std::int32_t* ids, std::size_t first_sample) {
    direction_ = &LayerSeconds::forward;
    const Real* x = values;
    const std::uint8_t* mask = nullptr;
    for (std::size_t l = 0; l < stages_.size(); ++l) {
      auto& pass = stages_[l].pass;
      pass.batch = batch;
      pass.mask = mask;
      pass.state = states_ == nullptr ? nullptr : states_->of(l, first_sample);
      pass.x = x;
      pass.ids = l == 0 ? ids : nullptr;
      pass.y = stages_[l].output;
      pass.first_sample = first_sample;
      if (stages_[l].output == nullptr) continue;  // passes through
      call(l, &Layer<Real>::forward);
      x = pass.y;
      if (pass.output_mask != nullptr) mask = pass.output_mask;
      if (!network_->has_mask(l)) mask = nullptr;
    }
    output_mask_ = mask;
    return x;
  }

  /// [batch, mask_steps] of the last tile's outputs: 0 at the steps that do not count. Null if all do.
  const std::uint8_t* output_mask() const { return output_mask_; }
  /// Steps of a sample in it, which divide its rows: see Network::shapes.
  std::size_t mask_steps() const { return mask_steps_; }

  /// Passes one sample of one time step, with what the layers remember; for models without masks.
  const Real* step(const Real* values, const std::int32_t* ids) noexcept {
    const Real* x = values;
    for (std::size_t l = 0; l < stages_.size(); ++l) {
      if (stages_[l].output == nullptr) continue;
      auto& pass = stages_[l].pass;
      pass.batch = 1;
      pass.x = x;
      pass.ids = l == 0 ? ids : nullptr;
      pass.y = stages_[l].output;
      pass.state = states_->of(l, 0);
      call(l, &Layer<Real>::step);
      x = pass.y;
    }
    return x;
  }

  /// What layer `l` made of the last tile, if it is training: each layer then has memory of its own. Null where it
  /// passes its input through, or has its maxima taken by the layer before.
  const Real* output_of(std::size_t l) const { return stages_[l].output; }
  const Shape& output_shape_of(std::size_t l) const { return shapes_[stages_[l].pool ? l + 2 : l + 1]; }

  /// Where to write the gradient of the loss by the outputs before `backward`.
  Real* output_gradient() { return gradients_[0]; }

  /// Passes the last tile back, adding to the gradients.
  void backward() {
    direction_ = &LayerSeconds::backward;
    std::size_t current = 0;
    for (std::size_t l = stages_.size(); l-- > 0;) {
      auto& pass = stages_[l].pass;
      if (stages_[l].output != nullptr) {
        pass.dy = gradients_[current];
        pass.dx = pass.input_gradient ? gradients_[1 - current] : nullptr;
        call(l, &Layer<Real>::backward);
        current = 1 - current;
      }
      if (!pass.input_gradient) break;  // nothing below learns
    }
  }

  /// Ends a step: the layers bring in gradients they gathered over its tiles.
  void finish() {
    direction_ = &LayerSeconds::backward;
    for (std::size_t l = 0; l < stages_.size(); ++l) {
      stages_[l].pass.batch = tile_;
      call(l, &Layer<Real>::finish);
    }
  }

 private:
  /// Takes all memory in one order; called once to measure and once to place.
  SEQNN_COLD void lay_out(Arena& arena) {
    const auto& layers = network_->layers();
    const std::size_t count = layers.size();
    input_values_ = nullptr;
    input_ids_ = nullptr;
    if (network_->input_kind() == InputKind::ids) {
      input_ids_ = arena.take<std::int32_t>(tile_ * element_count(shapes_[0]));
    } else {
      input_values_ = arena.take<Real>(tile_ * element_count(shapes_[0]));
    }
    std::size_t largest = element_count(shapes_.front());
    for (std::size_t l = 0; l < count; ++l) largest = std::max(largest, output_size(l));
    Real* turns[2] = {nullptr, nullptr};  // without a backward pass outputs take turns in two blocks
    if (!training_) {
      for (auto& turn : turns) turn = arena.take<Real>(tile_ * largest);
    }
    std::size_t turn = 0, scratch_bytes = 0;
    mask_steps_ = 0;
    for (std::size_t l = 0; l < count; ++l) {
      auto& pass = stages_[l].pass;
      pass.batch = tile_;
      pass.mask_steps = mask_steps_;
      const std::size_t before = arena.used();
      const bool pooled = l > 0 && stages_[l - 1].pool;  // by the layer before
      const bool through = pooled || layers[l]->passes_through(training_);
      if (!through && training_) stages_[l].output = arena.take<Real>(tile_ * output_size(l));
      if (!through && !training_) stages_[l].output = turns[turn++ % 2];
      pass.prepared = pass.kept = pass.scratch = Arena();
      if (!through) layers[l]->plan(pass);
      const MaskUse use = layers[l]->mask_use();
      if (network_->has_mask(l) && (use == MaskUse::makes || use == MaskUse::changes)) {
        mask_steps_ = element_count(shapes_[l + 1]) / shapes_[l + 1].back();
        pass.output_mask = arena.take<std::uint8_t>(tile_ * mask_steps_);
      }
      stages_[l].prepared = arena.take<std::byte>(pass.prepared.used());
      stages_[l].kept = arena.take<std::byte>(pass.kept.used());
      stages_[l].bytes = arena.used() - before;
      scratch_bytes = std::max(scratch_bytes, pass.scratch.used());
    }
    gradients_[0] = gradients_[1] = nullptr;
    if (training_) {
      for (auto& gradient : gradients_) gradient = arena.take<Real>(tile_ * largest);
    }
    scratch_ = arena.take<std::byte>(scratch_bytes);
  }

  /// Numbers a sample that layer `l` writes.
  std::size_t output_size(std::size_t l) const { return element_count(output_shape_of(l)); }

  void call(std::size_t l, void (Layer<Real>::*what)(Pass<Real>&) const) {
    if (stages_[l].output == nullptr) return;
    auto& pass = stages_[l].pass;
    pass.prepared = Arena(stages_[l].prepared);
    pass.kept = Arena(stages_[l].kept);
    pass.scratch = Arena(scratch_);
    if (seconds_ == nullptr) return (*network_->layers()[l].*what)(pass);
    const double start = clock_();
    (*network_->layers()[l].*what)(pass);
    seconds_[l].*direction_ += clock_() - start;
  }

  /// A layer and its memory.
  struct Stage {
    Pass<Real> pass;
    std::vector<Shape> inner_shapes;
    Real* output = nullptr;          // null where the layer passes its input through
    std::optional<PoolWindow> pool;  // of the layer behind, which then passes its input through
    std::byte* prepared = nullptr;
    std::byte* kept = nullptr;
    std::size_t bytes = 0;
  };

  const Network<Real>* network_;
  States<Real>* states_;
  std::vector<Shape> shapes_;
  std::size_t tile_;
  bool training_;
  std::vector<Stage> stages_;
  Real* input_values_ = nullptr;
  std::int32_t* input_ids_ = nullptr;
  const std::uint8_t* output_mask_ = nullptr;
  std::size_t mask_steps_ = 0;
  Real* gradients_[2] = {nullptr, nullptr};
  std::byte* scratch_ = nullptr;
  LayerSeconds* seconds_ = nullptr;  // null unless layers are timed
  double (*clock_)() = nullptr;
  double LayerSeconds::*direction_ = &LayerSeconds::forward;
  Buffer<std::byte> memory_;
};

/// Bytes of a tile that should stay in a core's L2 cache while it passes through the network.
inline constexpr std::size_t kTileBytes = std::size_t{1} << 20;

/// How many of `samples` pass through the network together: as many as stay in the cache, but so many that every layer
/// runs at full speed; when training all, if a layer must see the whole batch. A function of shapes alone, since sums
/// of gradients depend on it.
template <class Real>
std::size_t tile_size(const Network<Real>& network, const Shape& input_shape, std::size_t samples, bool training) {
  if (training && network.whole_batch() != nullptr) return samples;
  const auto shapes = network.shapes(input_shape);
  std::size_t preferred = 1;
  std::size_t values = 0;
  std::vector<Shape> inner_shapes;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    preferred = std::max(preferred, network.layers()[l]->preferred_tile(shapes[l]));
    // Maxima taken by the layer before are kept with their places, and its own output is never written.
    const bool takes = network.pool_taken_by(l, shapes).has_value();
    const bool taken = l > 0 && network.pool_taken_by(l - 1, shapes);
    values += (takes ? 0 : taken ? 2 : 1) * element_count(shapes[l + 1]);
    network.layers()[l]->inner_shapes(shapes[l], inner_shapes);
  }
  for (const Shape& shape : inner_shapes) values += element_count(shape);
  const std::size_t per_sample = values * sizeof(Real) * (training ? 2 : 1);
  return std::min(samples, std::max(preferred, std::max<std::size_t>(1, kTileBytes / per_sample)));
}

}  // namespace seqnn::inline SEQNN_ABI
