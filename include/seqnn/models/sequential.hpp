#pragma once

#include "seqnn/core/any_rank.hpp"
#include "seqnn/core/seed.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/data/dataset.hpp"
#include "seqnn/data/sample_source.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/metric.hpp"
#include "seqnn/models/network.hpp"
#include "seqnn/models/summary.hpp"
#include "seqnn/optimizers/optimizer.hpp"
#include "seqnn/training/fit.hpp"
#include "seqnn/training/fit_options.hpp"
#include "seqnn/training/history.hpp"
#include "seqnn/training/process_group.hpp"
#include "seqnn/training/samples.hpp"
#include "seqnn/training/trainer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// One parameter of a model: `values` is where it lies, row-major.
template <class Real>
struct Weight {
  std::string name;  ///< "conv1d/kernel"
  Shape shape;
  bool trainable;
  std::span<const Real> values;
};

/// A model of layers in a row.
///
///     Sequential<float> model({Embedding(10'000, 128), Conv1D(32, 7), GlobalMaxPool1D(), Dense(1)});
///     model.compile(RMSprop(), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
///     History history = model.fit(x, y, {.epochs = 10, .batch_size = 128, .validation_split = 0.2});
///
/// Samples come from arrays or from a data set (data/dataset.hpp). The first axis of every array is the batch. x and y
/// are any xtensor expressions; token ids are of an integer type. A model owns its parameters; a copy is a deep copy,
/// with the optimizer at its beginning. `evaluate` and `predict` are const and may be called by any number of threads
/// at once, unless a layer is stateful: then calls continue each other, and only one may run at a time.
template <class Real>
class Sequential {
 public:
  Sequential() = default;
  Sequential(std::initializer_list<LayerRecipe<Real>> layers) : recipes_(layers) {}
  explicit Sequential(std::vector<LayerRecipe<Real>> layers) : recipes_(std::move(layers)) {}

  SEQNN_COLD Sequential(const Sequential& other) : recipes_(other.recipes_) {
    if (other.built()) {
      build(other.input_shape());
      std::copy(other.network_.parameters().begin(), other.network_.parameters().end(), network_.parameters().begin());
    }
    if (other.compiled_) compile(other.compiled_->optimizer, other.compiled_->loss, other.compiled_->metrics);
  }
  Sequential& operator=(const Sequential& other) {
    Sequential copy(other);
    *this = std::move(copy);
    return *this;
  }
  Sequential(Sequential&&) noexcept = default;
  Sequential& operator=(Sequential&&) noexcept = default;

  /// Appends a layer. @throws StateError once the model is built
  void add(LayerRecipe<Real> layer) {
    if (built()) throw StateError("Sequential: layers must be added before the model is built");
    recipes_.push_back(std::move(layer));
  }

  const std::vector<LayerRecipe<Real>>& layers() const { return recipes_; }

  /// Makes the layers and draws their first weights from `seed`, set_seed's unless given. Building again starts anew.
  /// @param input_shape  of one sample, without the batch axis: `{500}`, or `{kAnyLength, 14}` for any length
  /// @throws ShapeError, OptionError naming the layer; the model is then unchanged
  SEQNN_COLD void build(Shape input_shape, std::uint64_t seed = default_seed()) {
    network_ = Network<Real>(recipes_, std::move(input_shape), seed);
    states_.reset();
    if (compiled_) compiled_->running_optimizer->build(network_.layout());
  }

  bool built() const { return network_.built(); }
  const Shape& input_shape() const { return network().input_shape(); }
  Shape output_shape() const { return network().shapes(input_shape()).back(); }
  std::size_t parameter_count() const { return network().layout().count(true) + network().layout().count(false); }

  /// Keras' table: name (type), output shape and parameters by layer, and the totals; then what the build can do.
  std::string summary() const { return summarize(network()); }

  /// Chooses how the model learns and what it is judged by. Weights stay; the optimizer begins anew.
  SEQNN_COLD void compile(OptimizerRecipe<Real> optimizer, LossRecipe<Real> loss,
                          std::vector<MetricRecipe<Real>> metrics = {}) {
    auto compiled = std::make_unique<Compiled>(std::move(optimizer), std::move(loss), std::move(metrics));
    if (built()) compiled->running_optimizer->build(network_.layout());
    compiled_ = std::move(compiled);
  }

  /// What it was compiled with. @throws StateError before compile
  const Loss<Real>& loss() const { return *objective("loss").loss; }

  /// Learns from samples x with targets y; builds the model if that has not been done.
  /// @return every number of every epoch
  /// @throws StateError before compile; ShapeError, DataError, OptionError, all before anything is changed: a model
  /// that
  ///         was not built is not; what callbacks throw comes later
  SEQNN_COLD History fit(const AnyArray& x, const AnyArray& y, FitOptions options = {}) {
    return fit_source({x, y, options.sample_weight}, options);
  }

  /// The same with samples that a data set gathers, any type with `size`, `x_shape`, `y_shape` and `gather`. Their
  /// values are checked as they come, so that a DataError can come after steps, which then have been taken.
  SEQNN_COLD History fit(const AnyDataset& dataset, FitOptions options = {}) {
    check_weights("fit", options.sample_weight);
    if (options.validation_split != 0) {
      throw OptionError(text("fit: validation_split must be 0 with a data set, got ", options.validation_split,
                             "; give .validation_data = &another"));
    }
    return fit_source(dataset, options);
  }

  /// Loss and metrics on these samples: `scores["loss"]`, `scores["binary_accuracy"]`.
  SEQNN_COLD Logs evaluate(const AnyArray& x, const AnyArray& y, const EvaluateOptions& options = {}) const {
    return evaluate_source({x, y, options.sample_weight}, options);
  }
  SEQNN_COLD Logs evaluate(const AnyDataset& dataset, const EvaluateOptions& options = {}) const {
    check_weights("evaluate", options.sample_weight);
    return evaluate_source(dataset, options);
  }

  /// Outputs for these samples, in their order: `xt::xtensor<float, 2> p = model.predict(x)`.
  SEQNN_COLD AnyRank<Real> predict(const AnyArray& x, const PredictOptions& options = {}) const {
    return predict_source({x, {}}, options);
  }
  SEQNN_COLD AnyRank<Real> predict(const AnyDataset& dataset, const PredictOptions& options = {}) const {
    return predict_source(dataset, options);
  }

  /// Lets stateful layers begin at zero again, with batches of any size.
  void reset_states() { states_.reset(); }

  /// All parameters, in the order of the layers. The spans are valid until the model is built again or destroyed.
  std::vector<Weight<Real>> weights() const {
    std::vector<Weight<Real>> result;
    for (const auto& info : network().layout().infos()) {
      result.push_back(
          {info.name, info.shape, info.trainable, network().parameters().subspan(info.offset, info.size())});
    }
    return result;
  }

  /// One parameter by name. @throws Error that lists the names there are
  AnyRank<Real> weight(std::string_view name) const {
    const auto& info = find(name);
    Array<Real> result = Array<Real>::from_shape(info.shape);
    std::copy_n(network().parameters().data() + info.offset, info.size(), result.data());
    return AnyRank<Real>(std::move(result));
  }

  /// Sets one parameter. @throws ShapeError naming the parameter and both shapes; Error if there is none of this name
  void set_weight(std::string_view name, const AnyArray& values) {
    const auto& info = find(name);
    if (values.shape() != info.shape) {
      throw ShapeError(text("weight \"", info.name, "\": must be ", info.shape, ", got ", values.shape()));
    }
    values.copy_to(network_.parameters().data() + info.offset);
  }

  /// The layers and parameters, for workspaces of the caller's own. @throws StateError before build
  const Network<Real>& network() const {
    if (!built()) {
      throw StateError("Sequential: must be built first; call build with the shape of one sample, or fit");
    }
    return network_;
  }

 private:
  struct Compiled {
    SEQNN_COLD Compiled(OptimizerRecipe<Real> o, LossRecipe<Real> l, std::vector<MetricRecipe<Real>> m)
        : optimizer(std::move(o)), loss(std::move(l)), metrics(std::move(m)) {
      running_optimizer = optimizer.make();
      running_loss = loss.make();
      for (const auto& metric : metrics) {
        auto running = metric.make();
        running->bind(*running_loss);
        const std::string name = running->name();
        if (running->target_kind() != running_loss->target_kind()) {
          throw OptionError(text("compile: metric ", name, " and loss ", running_loss->name(),
                                 " must read the same kind of targets; one wants class indices, "
                                 "the other numbers of the shape of the outputs"));
        }
        const auto taken = [&](const auto& other) { return other->name() == name; };
        if (std::any_of(running_metrics.begin(), running_metrics.end(), taken)) {
          throw OptionError(
              text("compile: metrics must differ in name, since history and logs go by it, got ", name, " twice"));
        }
        running_metrics.push_back(std::move(running));
      }
    }

    OptimizerRecipe<Real> optimizer;
    LossRecipe<Real> loss;
    std::vector<MetricRecipe<Real>> metrics;
    std::unique_ptr<Optimizer<Real>> running_optimizer;
    std::unique_ptr<Loss<Real>> running_loss;
    std::vector<std::unique_ptr<Metric<Real>>> running_metrics;
  };

  Objective<Real> objective(const char* caller) const {
    if (!compiled_) {
      throw StateError(
          text("Sequential: ", caller, " must come after compile; compile(optimizer, loss, metrics) first"));
    }
    return {compiled_->running_loss.get(), compiled_->running_metrics};
  }

  /// `fit_here`, alone or as one of a group of processes, which must not wait for one that has failed.
  SEQNN_COLD History fit_source(const SampleSource& source, FitOptions& options) {
    if (options.processes != nullptr && options.processes->size() == 1) options.processes = nullptr;
    if (options.processes == nullptr) return fit_here(source, options);
    try {
      return fit_here(source, options);
    } catch (const ProcessGroupError&) {
      throw;  // in all processes
    } catch (const std::exception& failure) {
      options.processes->abort(failure.what());
      throw;
    }
  }

  SEQNN_COLD History fit_here(const SampleSource& source, FitOptions& options) {
    const Objective<Real> objective = this->objective("fit");
    check(options);
    const bool built_before = built();
    Network<Real> fresh;
    if (!built_before) fresh = Network<Real>(recipes_, sample_shape(source), options.seed);
    Network<Real>& network = built_before ? network_ : fresh;
    auto samples = Samples<Real>::of(network, objective.loss, source);
    std::size_t count = samples.count();
    std::optional<Samples<Real>> validation;
    if (!options.validation_data.empty()) {
      validation = Samples<Real>::of(network, objective.loss, options.validation_data, "validation_data.");
    } else if (options.validation_split > 0) {
      count = static_cast<std::size_t>(static_cast<double>(count) * (1.0 - options.validation_split));
      if (count == 0 || count == samples.count()) {
        throw OptionError(text("fit: validation_split must leave samples on both sides, got ", options.validation_split,
                               " of ", samples.count()));
      }
      validation = samples.from(count);
    }
    if (validation) shorten(*validation, options);
    if (network.stateful()) check_stateful(options, count, validation ? validation->count() : 0);
    samples.weigh_classes(options.class_weight, count);  // after the split: as in Keras, validation is not weighted so
    if (!built_before) {
      network_ = std::move(fresh);
      compiled_->running_optimizer->build(network_.layout());
    }
    const bool states_before = states_ != nullptr;
    std::optional<Fit<Real>> fit;
    try {
      fit.emplace(network_, objective, *compiled_->running_optimizer, samples, count,
                  validation ? &*validation : nullptr, options,
                  states("fit", samples.x_shape(), count, options.batch_size));
    } catch (...) {  // options that only it can judge, as shards and processes
      if (!built_before) network_ = Network<Real>();
      if (!states_before) states_.reset();
      throw;
    }
    return fit->run();
  }

  SEQNN_COLD Logs evaluate_source(const SampleSource& source, const EvaluateOptions& options) const {
    const Objective<Real> objective = this->objective("evaluate");
    check_sizes("evaluate", options.batch_size, options.threads);
    const auto samples = Samples<Real>::of(network(), objective.loss, source);
    ThreadTeam team(options.threads);
    Evaluator<Real> evaluator(network(), objective, team, samples, options.batch_size,
                              states("evaluate", samples.x_shape(), samples.count(), options.batch_size));
    Logs logs;
    set_logs(logs, log_names(objective), objective, evaluator.evaluate());
    return logs;
  }

  SEQNN_COLD AnyRank<Real> predict_source(const SampleSource& source, const PredictOptions& options) const {
    check_sizes("predict", options.batch_size, options.threads);
    const auto samples = Samples<Real>::of(network(), nullptr, source);
    ThreadTeam team(options.threads);
    Evaluator<Real> evaluator(network(), {}, team, samples, options.batch_size,
                              states("predict", samples.x_shape(), samples.count(), options.batch_size));
    Shape shape = network().shapes(samples.x_shape()).back();
    const std::size_t width = element_count(shape);
    shape.insert(shape.begin(), samples.count());
    Array<Real> outputs = Array<Real>::from_shape(shape);
    evaluator.predict(outputs.data(), width);
    return AnyRank<Real>(std::move(outputs));
  }

  /// Leaves as many validation samples as `validation_steps` asks for.
  SEQNN_COLD static void shorten(Samples<Real>& validation, const FitOptions& options) {
    if (options.validation_steps == 0) return;
    const std::size_t batches = (validation.count() + options.batch_size - 1) / options.batch_size;
    if (options.validation_steps > batches) {
      throw OptionError(text("fit: validation_steps must be at most ", batches, ", the batches of ", options.batch_size,
                             " in ", validation.count(), " validation samples, got ", options.validation_steps,
                             "; 0 validates on all"));
    }
    validation.keep_first(std::min(validation.count(), options.validation_steps * options.batch_size));
  }

  static void check_weights(const char* caller, const AnyArray& sample_weight) {
    if (sample_weight.empty()) return;
    throw OptionError(text(caller, ": sample_weight must come from the data set, got an array of ",
                           sample_weight.shape(), "; give it a gather(indices, x, y, weights)"));
  }

  static void check(const FitOptions& options) {
    check_sizes("fit", options.batch_size, options.threads);
    if (!(options.validation_split >= 0 && options.validation_split < 1)) {
      throw OptionError(text("fit: validation_split must be in [0, 1), got ", options.validation_split));
    }
    if (options.initial_epoch > options.epochs) {
      throw OptionError(text("fit: initial_epoch must not be beyond epochs, got ", options.initial_epoch, " and ",
                             options.epochs, "; epochs is the number of the last epoch, not how many to add"));
    }
    if (options.replacement && !options.shuffle) {
      throw OptionError("fit: replacement draws samples at random, so shuffle must be true, got false; leave one out");
    }
    if (options.replacement && options.even_batches) {
      throw OptionError(
          "fit: even_batches divides a pass over all samples, so replacement must be false, got true; leave one out");
    }
    if (options.validation_steps > 0 && options.validation_data.empty() && options.validation_split == 0) {
      throw OptionError(text("fit: validation_steps must come with validation data, got ", options.validation_steps,
                             " and none; set .validation_data or .validation_split"));
    }
  }

  static void check_sizes(const char* caller, std::size_t batch_size, std::size_t threads) {
    if (batch_size == 0) throw OptionError(text(caller, ": batch_size must be at least 1, got 0"));
    if (threads == 0) throw OptionError(text(caller, ": threads must be at least 1, got 0"));
  }

  static void check_stateful(const FitOptions& options, std::size_t count, std::size_t validation) {
    if (options.processes != nullptr) {
      throw OptionError(
          text("fit: a stateful model must be trained by one process, since each sample's state lies in "
               "the process that passed it, got processes of ",
               options.processes->size(), "; leave .processes out"));
    }
    if (options.shuffle) {
      throw OptionError(
          "fit: a stateful model needs .shuffle = false, so that each sample continues the one in its "
          "place of the batch before, got shuffle = true");
    }
    check_whole_batches("fit", count, options.batch_size);
    check_whole_batches("fit: validation", validation, options.batch_size);
  }

  static void check_whole_batches(const char* caller, std::size_t count, std::size_t batch_size) {
    if (count % batch_size == 0) return;
    throw ShapeError(text(caller, ": a stateful model needs whole batches, got ", count, " samples in batches of ",
                          batch_size, "; leave out ", count % batch_size, " or choose another batch_size"));
  }

  /// The states that stateful layers continue; null if there are none.
  SEQNN_COLD States<Real>* states(const char* caller, const Shape& input_shape, std::size_t count,
                                  std::size_t batch_size) const {
    if (!network().stateful()) return nullptr;
    batch_size = std::min(batch_size, count);
    check_whole_batches(caller, count, batch_size);
    if (!states_) {
      states_ = std::make_unique<States<Real>>(network(), input_shape, batch_size, Continues::stateful);
    }
    if (states_->batch() != batch_size) {
      throw ShapeError(text(caller, ": the states are of batches of ", states_->batch(), " samples, got batches of ",
                            batch_size, "; set .batch_size = ", states_->batch(), ", or call reset_states() first"));
    }
    return states_.get();
  }

  const ParameterInfo& find(std::string_view name) const {
    std::string names;
    for (const auto& info : network().layout().infos()) {
      if (info.name == name) return info;
      names += (names.empty() ? "" : ", ") + info.name;
    }
    throw Error(text("weight \"", name, "\": must be one of ", names));
  }

  std::vector<LayerRecipe<Real>> recipes_;
  Network<Real> network_;
  std::unique_ptr<Compiled> compiled_;
  mutable std::unique_ptr<States<Real>> states_;  // of stateful layers, which even predict continues
};

}  // namespace seqnn::inline SEQNN_ABI
