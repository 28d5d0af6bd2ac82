#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/io/progress_text.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/models/states.hpp"
#include "seqnn/models/summary.hpp"
#include "seqnn/models/workspace.hpp"
#include "seqnn/training/samples.hpp"
#include "seqnn/training/shard.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <numeric>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

struct ProfileOptions {
  std::size_t batch_size = 32;                  ///< samples a step, the first ones; at most those there are
  std::size_t steps = 10;                       ///< whose mean is taken, after one that warms up
  double (*clock)() = &detail::steady_seconds;  ///< seconds since any fixed moment
};

/// What a layer costs in a step.
struct LayerProfile {
  std::string name;  ///< "conv1d (Conv1D)"
  Shape output_shape;
  std::size_t parameters = 0;
  double forward = 0;     ///< seconds
  double backward = 0;    ///< seconds
  std::size_t bytes = 0;  ///< of the output, of what is kept for the backward pass and of prepared weights, for a tile
};

/// A step of training, layer by layer; printed as a table.
struct Profile {
  std::vector<LayerProfile> layers;
  double rest = 0;             ///< seconds: gathering the samples, the loss and its gradient
  std::size_t batch_size = 0;  ///< samples a step
  std::size_t tile = 0;        ///< samples that pass through the layers at once
  std::size_t steps = 0;       ///< that the seconds are the mean of

  double forward() const { return sum(&LayerProfile::forward); }
  double backward() const { return sum(&LayerProfile::backward); }

  /// Seconds a step takes on one thread, without the optimizer's update.
  double seconds() const { return forward() + backward() + rest; }

  SEQNN_COLD std::string table() const {
    std::vector<std::string> cells;
    const auto add = [&](std::initializer_list<std::string> row) { cells.insert(cells.end(), row); };
    add({"Layer (type)", "Output Shape", "Param #", "Forward", "Backward", "Time", "Share", "Memory"});
    std::size_t parameters = 0, bytes = 0;
    for (const LayerProfile& layer : layers) {
      const double both = layer.forward + layer.backward;
      add({layer.name, with_batch(layer.output_shape), detail::with_thousands(layer.parameters), time(layer.forward),
           time(layer.backward), time(both), share(both), detail::bytes_text(layer.bytes)});
      parameters += layer.parameters;
      bytes += layer.bytes;
    }
    add({"samples and loss", "", "", "", "", time(rest), share(rest), ""});
    add({"total", "", detail::with_thousands(parameters), time(forward()), time(backward()), time(seconds()),
         share(seconds()), detail::bytes_text(bytes)});
    return text("A step of ", batch_size, batch_size == 1 ? " sample" : " samples", " on one thread, in tiles of ",
                tile, ": ", time(seconds()), ", mean of ", steps, '\n', detail::text_table(cells, 8, 2));
  }

  friend std::ostream& operator<<(std::ostream& out, const Profile& profile) { return out << profile.table(); }

 private:
  double sum(double LayerProfile::*what) const {
    double result = 0;
    for (const LayerProfile& layer : layers) result += layer.*what;
    return result;
  }

  SEQNN_COLD static std::string time(double seconds) {
    char buffer[48];
    std::snprintf(buffer, sizeof buffer, "%.3f ms", seconds * 1e3);
    return buffer;
  }

  SEQNN_COLD std::string share(double part) const {
    char buffer[48];
    std::snprintf(buffer, sizeof buffer, "%.1f %%", seconds() > 0 ? 100 * part / seconds() : 0.0);
    return buffer;
  }
};

/// Time and memory of each layer in a step of training: forward, loss and backward of one batch on one thread, and no
/// update, so that the model stays as it is.
///
///     std::cout << profile(model, x, y);
///
/// A layer that passes its input through (Flatten) takes no time, and one that is computed together with the layer
/// before it has its time there. A Residual is one layer, timed and listed as a whole. The model must be built and
/// compiled. Stateful layers begin at zero and leave the model's states alone. For a moment in which the machine does
/// something else, take more steps.
///
/// @throws OptionError if batch_size or steps is 0; StateError before build and compile; what `fit` throws for x and y
template <class Real>
SEQNN_COLD Profile profile(const Sequential<Real>& model, const AnyArray& x, const AnyArray& y,
                           const ProfileOptions& options = {}) {
  if (options.batch_size == 0) throw OptionError("profile: batch_size must be at least 1, got 0");
  if (options.steps == 0) throw OptionError("profile: steps must be at least 1, got 0");
  const Network<Real>& network = model.network();
  const Samples<Real> samples(network, model.loss(), x, y, {});
  Profile result;
  result.batch_size = std::min(options.batch_size, samples.count());
  result.tile = tile_size(network, samples.x_shape(), result.batch_size, true);
  result.steps = options.steps;

  std::optional<States<Real>> states;
  if (network.stateful()) states.emplace(network, samples.x_shape(), result.batch_size, Continues::stateful);
  Shard<Real> shard(network, {&model.loss(), {}}, samples, result.tile, true, states ? &*states : nullptr);
  std::vector<std::size_t> batch(result.batch_size);
  std::iota(batch.begin(), batch.end(), std::size_t{0});
  const auto step = [&](std::size_t n) {
    shard.train(samples, batch, 0, Real(1) / static_cast<Real>(batch.size()), 0, static_cast<std::uint32_t>(n));
  };
  step(0);
  std::vector<LayerSeconds> seconds(network.layers().size());
  shard.workspace().time_layers(seconds.data(), options.clock);
  const double start = options.clock();
  for (std::size_t n = 1; n <= options.steps; ++n) step(n);
  const double all = (options.clock() - start) / static_cast<double>(options.steps);

  Shape shape = samples.x_shape();
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const auto& layer = *network.layers()[l];
    shape = layer.output_shape(shape);
    std::size_t parameters = 0;
    for (const auto& info : network.parameters_of(l)) parameters += info.size();
    result.layers.push_back({.name = text(layer.name(), " (", layer.type(), ')'),
                             .output_shape = shape,
                             .parameters = parameters,
                             .forward = seconds[l].forward / static_cast<double>(options.steps),
                             .backward = seconds[l].backward / static_cast<double>(options.steps),
                             .bytes = shard.workspace().bytes_of(l)});
  }
  result.rest = std::max(0.0, all - result.forward() - result.backward());
  return result;
}

}  // namespace seqnn::inline SEQNN_ABI
