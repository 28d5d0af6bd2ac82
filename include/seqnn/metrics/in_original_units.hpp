#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/series/scaler.hpp"
#include "seqnn/metrics/metric.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// y · scale + center, the way back from a scaler, for each output.
struct OriginalUnit {
  double center = 0, scale = 1;

  bool operator==(const OriginalUnit&) const = default;
};

}  // namespace detail

/// Computes InOriginalUnits.
template <class Real>
class OriginalUnitsMetric final : public Metric<Real> {
 public:
  OriginalUnitsMetric(std::unique_ptr<Metric<Real>> metric, std::vector<detail::OriginalUnit> units, std::string name)
      : metric_(std::move(metric)), units_(std::move(units)), name_(std::move(name)) {}

  std::string name() const override { return name_; }
  TargetKind target_kind() const override { return metric_->target_kind(); }
  std::size_t sum_count() const override { return metric_->sum_count(); }
  double result(std::span<const double> sums) const override { return metric_->result(sums); }

  void bind(const Loss<Real>& loss) override {
    if (loss.from_logits()) {
      throw OptionError(text(name_, ": the loss must compare numbers that a scaler made, got ", loss.name(),
                             ", which takes logits; give the metric without InOriginalUnits"));
    }
    metric_->bind(loss);
  }

  /// @throws ShapeError if a row has not one output for every column
  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    if (units_.size() != 1 && units_.size() != c.width) {
      throw ShapeError(text(name_, ": columns must be one for all outputs, or one for each of the ", c.width,
                            " outputs of a row, got ", units_.size()));
    }
    // Samples that fit the buffers at a time: sums of parts add up. The buffers grow once a thread.
    const std::size_t size = c.positions * c.width;
    const std::size_t step = std::max<std::size_t>(1, kNumbers / size);
    thread_local Buffer<Real> predicted, targets;
    if (predicted.size() < step * size) {
      predicted.resize(step * size);
      targets.resize(step * size);
    }
    for (std::size_t first = 0; first < c.samples; first += step) {
      Comparison<Real> part = c;
      part.samples = std::min(step, c.samples - first);
      part.predicted = restored(c.predicted + first * size, part.samples * size, c.width, predicted.data());
      part.values = restored(c.values + first * size, part.samples * size, c.width, targets.data());
      if (c.sample_weights != nullptr) part.sample_weights = c.sample_weights + first;
      metric_->update(part, sums);
    }
  }

 private:
  static constexpr std::size_t kNumbers = 1024;

  const Real* restored(const Real* from, std::size_t n, std::size_t width, Real* to) const {
    for (std::size_t i = 0; i < n; ++i) {
      const auto& unit = units_[units_.size() == 1 ? 0 : i % width];
      to[i] = static_cast<Real>(static_cast<double>(from[i]) * unit.scale + unit.center);
    }
    return to;
  }

  std::unique_ptr<Metric<Real>> metric_;
  std::vector<detail::OriginalUnit> units_;
  std::string name_;
};

struct InOriginalUnitsOptions {
  std::string name = {};  ///< the key in History; empty: "original_" and the metric's own name
};

/// A metric of numbers in the unit that targets had before a scaler: predictions and targets are taken back before they
/// are compared.
///
///     model.compile(RMSprop(), MeanSquaredError(), {InOriginalUnits(MeanAbsoluteError(), scaler, "T (degC)")});
///
/// Any metric that compares numbers will do: MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError, the percentage
/// errors, which mean little otherwise, or a LambdaMetric. History calls it "original_mean_absolute_error" unless told.
/// What the scaler has found is copied. Not in Keras.
///
/// Throws  OptionError if the metric takes classes; when compiled, if the loss takes logits; StateError if the scaler
/// is
///         not fitted; DataError or ShapeError if it has no such column; ShapeError, when updated, if there are several
///         columns but not one for each output
template <class Value>
class InOriginalUnits {
 public:
  /// @param column  the targets' in the scaler, by name
  InOriginalUnits(Value metric, const Scaler& scaler, const std::string& column, InOriginalUnitsOptions options = {})
      : InOriginalUnits(std::move(metric), scaler, std::vector<std::string>{column}, std::move(options)) {}
  /// @param columns  one for each output
  InOriginalUnits(Value metric, const Scaler& scaler, const std::vector<std::string>& columns,
                  InOriginalUnitsOptions options = {})
      : metric_(std::move(metric)), options_(std::move(options)) {
    for (const auto& column : columns) add(scaler, index_of(scaler, column));
    check();
  }
  /// @param column  by its place, for scalers without names
  InOriginalUnits(Value metric, const Scaler& scaler, std::size_t column, InOriginalUnitsOptions options = {})
      : metric_(std::move(metric)), options_(std::move(options)) {
    add(scaler, column);
    check();
  }

  bool operator==(const InOriginalUnits& other) const requires(requires(const Value& a) { a == a; }) {
    return metric_ == other.metric_ && units_ == other.units_ && options_.name == other.options_.name;
  }
  SEQNN_COLD std::string to_string() const { return text("InOriginalUnits(", metric_.to_string(), ')'); }

  template <class Real>
  requires RecipeFor<Value, Metric<Real>> std::unique_ptr<Metric<Real>> make(For<Metric<Real>>)
  const {
    auto metric = metric_.make(For<Metric<Real>>{});
    std::string name = options_.name.empty() ? "original_" + metric->name() : options_.name;
    if (metric->target_kind() == TargetKind::classes) {
      throw OptionError(text("InOriginalUnits: the metric must compare numbers, got ", metric->name(),
                             ", which compares classes; give it alone"));
    }
    return std::make_unique<OriginalUnitsMetric<Real>>(std::move(metric), units_, std::move(name));
  }

 private:
  SEQNN_COLD static std::size_t index_of(const Scaler& scaler, const std::string& column) {
    const auto& names = scaler.names();
    const auto found = std::find(names.begin(), names.end(), column);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    if (scaler.columns() == 0) (void)scaler.scale(0);  // throws: fit must come first
    if (names.empty()) {
      throw DataError(text("InOriginalUnits: column \"", column,
                           "\" must be one of the scaler's, got a scaler that was fitted without names; give the "
                           "column's index"));
    }
    throw DataError(text("InOriginalUnits: column must be one of ", detail::listed(names), ", got \"", column, '"'));
  }

  void add(const Scaler& scaler, std::size_t column) {
    units_.push_back({.center = scaler.center(column), .scale = scaler.scale(column)});
  }

  SEQNN_COLD void check() const {
    if (units_.empty()) throw OptionError("InOriginalUnits: columns must be at least one, got none");
  }

  Value metric_;
  std::vector<detail::OriginalUnit> units_;
  InOriginalUnitsOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
