#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/data/series/row_range.hpp"
#include "seqnn/data/series/scaler_file.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/training/fit_options.hpp"
#include "seqnn/walkforward/forecast.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/plan_rows.hpp"
#include "seqnn/walkforward/point.hpp"
#include "seqnn/walkforward/point_forecaster.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// How the numbers of a row are brought to one scale at a point, by the rows learned from there and by no others.
enum class PointScale {
  none,
  standard,  ///< mean 0 and standard deviation 1, as StandardScaler, each number of a row by itself
};

/// A value of y that stands for a class: {-1, "short"} has the probability "short_prob".
struct ForecastClass {
  double value = 0;
  std::string name = {};
};

/// Options of `network_forecasters`. x and y refer to the caller's arrays, which must outlive the run.
template <class Real>
struct NetworkForecasterOptions {
  AnyArray x = {};                          ///< (rows, …) floats or doubles, a row for each of the plan
  AnyArray y = {};                          ///< (rows,) targets; of a classifier values of its classes
  std::function<Sequential<Real>()> model;  ///< a new compiled model for each point; called by many threads at once
  /// Its seed is the run's: that of a point is made from it. A batch is one shard unless `shards` says otherwise.
  FitOptions fit = {};
  PointScale scale = PointScale::none;              ///< of x
  ConstantColumn constant = ConstantColumn::error;  ///< what becomes of a column without a scale: the point fails
  bool scale_y = false;                             ///< standardises y likewise; forecasts are in the unit of y again
  std::vector<ForecastClass> classes = {};          ///< of a classifier, in the order of its outputs
  bool from_logits = false;                         ///< outputs become probabilities by softmax (one output: sigmoid)
};

/// The seed of a point: of the first weights, the order of samples and dropout. Depends on nothing but these two.
inline std::uint64_t point_seed(std::uint64_t seed, std::size_t row) {
  return RandomStream({.seed = seed, .purpose = Purpose::user, .step = static_cast<std::uint32_t>(row)}).bits64();
}

/// Forecasts points with a network of their own, which learns from the rows of the point and sees no others.
///
///     run_walk_forward(plan, network_forecasters<float>({.x = rows.x, .y = sign, .model = convnet, …}), {…});
///
/// Rows are scaled as they are gathered into the network's memory: there is no copy of them. A regression has one
/// output, its value. A classifier has an output a class, or one for two classes, the probability of the second; its
/// loss reads class indices (SparseCategoricalCrossentropy) or numbers 0 and 1; the value of a forecast is that of the
/// most probable class, its details are the probabilities and "class", the index.
template <class Real>
class NetworkForecaster final : public PointForecaster {
 public:
  /// What forecasters share: the rows.
  class Shared {
   public:
    /// Makes one model, to see whether it fits.
    /// @throws OptionError, ShapeError, DataError, and what making and building the model throws
    SEQNN_COLD explicit Shared(NetworkForecasterOptions<Real> options)
        : options_(std::move(options)), rows_(options_.x, options_.y, values(options_.classes)) {
      if (!options_.model) throw OptionError("NetworkForecaster: model must make a model, got an empty function");
      check_fit(options_.fit);
      for (const ForecastClass& c : options_.classes) {
        names_ += text(names_.empty() ? "" : ", ", c.value);
      }
      if (options_.classes.size() == 1) {
        throw OptionError("NetworkForecaster: classes must be two or more, got 1; leave them out for a regression");
      }
      if (options_.scale_y && rows_.has_classes()) {
        throw OptionError("NetworkForecaster: scale_y must be false for classes, got true; leave it out");
      }
      Sequential<Real> model = options_.model();
      model.build(rows_.x_shape());
      const std::size_t outputs = element_count(model.output_shape()), classes = options_.classes.size();
      if (classes == 0 && outputs != 1) {
        throw ShapeError(text("NetworkForecaster: the model must have one output, got ",
                              with_batch(model.output_shape()), "; set .classes for a classifier"));
      }
      if (classes > 0 && outputs != classes && !(outputs == 1 && classes == 2)) {
        throw ShapeError(text("NetworkForecaster: the model must have an output for each of the ", classes,
                              " classes, or one for two of them, got ", with_batch(model.output_shape())));
      }
    }

    const NetworkForecasterOptions<Real>& options() const { return options_; }
    const PlanRows& rows() const { return rows_; }
    /// "-1, 1"
    const std::string& class_names() const { return names_; }

   private:
    static std::vector<double> values(const std::vector<ForecastClass>& classes) {
      std::vector<double> result(classes.size());
      std::transform(classes.begin(), classes.end(), result.begin(), [](const ForecastClass& c) { return c.value; });
      return result;
    }

    SEQNN_COLD static void check_fit(const FitOptions& fit) {
      if (fit.processes != nullptr) {
        throw OptionError(
            "NetworkForecaster: fit.processes must be null, got a group; it is the points of a run that processes "
            "share");
      }
      if (fit.threads != 1) {
        throw OptionError(text("NetworkForecaster: fit.threads must be 1, got ", fit.threads,
                               "; it is points that run at once: set threads of the run"));
      }
      if (!fit.validation_data.empty()) {
        throw OptionError(
            "NetworkForecaster: fit.validation_data must be empty, since the same rows would be the future of some "
            "points; set fit.validation_split");
      }
      if (!fit.sample_weight.empty()) {
        throw OptionError("NetworkForecaster: fit.sample_weight must be empty, got some; use fit.class_weight");
      }
      if (!(fit.validation_split >= 0 && fit.validation_split < 1)) {
        throw OptionError(
            text("NetworkForecaster: fit.validation_split must be in [0, 1), got ", fit.validation_split));
      }
    }

    NetworkForecasterOptions<Real> options_;
    PlanRows rows_;
    std::string names_;
  };

  explicit NetworkForecaster(std::shared_ptr<const Shared> shared) : shared_(std::move(shared)) {}

  std::vector<Forecast> forecast(const WalkForwardPlan& plan, const WalkForwardPoint& point, bool fresh) override {
    const auto& options = shared_->options();
    const PlanRows& rows = shared_->rows();
    if (rows.count() != plan.rows()) {
      throw ShapeError(
          text("NetworkForecaster: x must have a row for each of the plan's ", plan.rows(), ", got ", rows.count()));
    }
    rows.check_classes(point.train, shared_->class_names());
    const std::uint64_t seed = point_seed(options.fit.seed, point.forecast.begin);
    RowRange learned = point.train;
    if (options.fit.validation_split > 0) learned.end -= validation_rows(point.train.size(), options.fit);

    const RowScaling none;
    const RowScaling x = options.scale == PointScale::none ? none : rows.standard_x(learned, options.constant);
    const RowScaling y = options.scale_y ? rows.standard_y(learned, options.constant) : none;
    const ScaledRows<Real> samples(rows, learned, x, y);
    const ScaledRows<Real> validation(rows, {learned.end, point.train.end}, x, y);
    const ScaledRows<Real> asked(rows, point.forecast, x, y);

    if (fresh || !model_) {
      model_.emplace(options.model());
      model_->build(rows.x_shape(), seed);
    }
    FitOptions fit = options.fit;
    fit.seed = seed;
    fit.verbose = Verbose::silent;
    fit.validation_split = 0;
    if (fit.shards == 0) fit.shards = 1;  // one thread computes: parts would only read the weights once more each
    if (validation.size() > 0) fit.validation_data = &validation;
    model_->fit(samples, std::move(fit));
    const AnyRank<Real> outputs = model_->predict(asked);

    std::vector<Forecast> forecasts;
    const std::size_t width = outputs.size() / asked.size();
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const std::size_t row = point.forecast.begin + i;
      Forecast forecast{plan.time(row), plan.symbol(row), 0, {}};
      const std::vector<double> output(outputs.data() + i * width, outputs.data() + (i + 1) * width);
      if (options.classes.empty()) {
        forecast.value = options.scale_y ? output[0] * y.scale[0] + y.center[0] : output[0];
      } else {
        decide(probabilities(output), forecast);
      }
      forecasts.push_back(std::move(forecast));
    }
    return forecasts;
  }

 private:
  /// As `fit` counts them for arrays: the last ones.
  static std::size_t validation_rows(std::size_t rows, const FitOptions& fit) {
    const auto learned = static_cast<std::size_t>(static_cast<double>(rows) * (1.0 - fit.validation_split));
    if (learned > 0 && learned < rows) return rows - learned;
    throw OptionError(text("NetworkForecaster: fit.validation_split must leave rows on both sides, got ",
                           fit.validation_split, " of ", rows));
  }

  /// Of all classes, from what the network gives for a row.
  std::vector<double> probabilities(std::vector<double> output) const {
    if (shared_->options().from_logits) {
      if (output.size() == 1) output.insert(output.begin(), 0.0);  // sigmoid(z) is softmax over 0 and z
      const double largest = *std::max_element(output.begin(), output.end());
      double sum = 0;
      for (double& p : output) sum += p = std::exp(p - largest);
      for (double& p : output) p /= sum;
    } else if (output.size() == 1) {
      output.insert(output.begin(), 1 - output[0]);
    }
    for (const double p : output) {
      if (!(p >= -1e-3 && p <= 1 + 1e-3)) {
        throw DataError(text("NetworkForecaster: probabilities must be in [0, 1], got ", p,
                             "; set .from_logits = true, or end the model with a sigmoid or softmax"));
      }
    }
    return output;
  }

  void decide(const std::vector<double>& probabilities, Forecast& forecast) const {
    const auto& classes = shared_->options().classes;
    const auto best = std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
    forecast.value = classes[static_cast<std::size_t>(best)].value;
    for (std::size_t c = 0; c < classes.size(); ++c) {
      forecast.details.push_back({classes[c].name + "_prob", probabilities[c]});
    }
    forecast.details.push_back({"class", static_cast<double>(best)});
  }

  std::shared_ptr<const Shared> shared_;
  std::optional<Sequential<Real>> model_;  // of the last point
};

/// Makes NetworkForecasters, which share the rows; everything is checked here, before a run begins.
template <class Real>
SEQNN_COLD PointForecasterFactory network_forecasters(NetworkForecasterOptions<Real> options) {
  using Shared = typename NetworkForecaster<Real>::Shared;
  auto shared = std::make_shared<const Shared>(std::move(options));
  return [shared] { return std::make_unique<NetworkForecaster<Real>>(shared); };
}

}  // namespace seqnn::inline SEQNN_ABI
