#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/training/layer_run.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

struct CheckGradientsOptions {
  std::size_t batch = 3;
  std::uint64_t seed = 1;               ///< of parameters, inputs and the gradient from above
  double epsilon = 1e-6;                ///< half the distance of the central differences
  double tolerance = 1e-5;              ///< largest relative error that passes
  std::vector<std::uint8_t> mask = {};  ///< batch × time: 0 at the steps that do not count; empty for none
  std::int32_t ids_below = 0;           ///< token ids are drawn from 0 … ids_below-1; needed by layers that read ids
};

/// What `check_gradients` found.
struct GradientReport {
  /// One argument of the layer: its input ("x") or a parameter ("layer/kernel").
  struct Argument {
    std::string name;
    double error = 0;       ///< largest relative error of its gradient
    Shape worst = {};       ///< where
    double backward = 0;    ///< gradient there, from the layer
    double difference = 0;  ///< and by central differences
  };

  std::string layer;
  double tolerance = 0;
  std::vector<Argument> arguments;
  std::vector<std::string> faults;  ///< breaches of what `Layer` asks for, a sentence each

  bool passed() const {
    return faults.empty() &&
           std::all_of(arguments.begin(), arguments.end(), [&](const Argument& a) { return a.error <= tolerance; });
  }

  /// A line for every argument and fault.
  std::string to_string() const {
    std::string result = text(layer, passed() ? ": passed" : ": FAILED", ", tolerance ", tolerance);
    for (const Argument& a : arguments) {
      result += text('\n', a.error <= tolerance ? "  ok    " : "  WRONG ", a.name, ": error ", rounded(a.error));
      if (a.error > 0) {
        result +=
            text(" at ", a.worst, ", backward ", rounded(a.backward), ", central difference ", rounded(a.difference));
      }
    }
    for (const std::string& fault : faults) result += "\n  FAULT " + fault;
    return result;
  }

 private:
  static double rounded(double value) {
    if (value == 0 || !std::isfinite(value)) return value;
    const double unit = std::pow(10.0, 5.0 - std::floor(std::log10(std::fabs(value))));
    return std::round(value * unit) / unit;
  }
};

namespace detail {

/// Indices of element i of a tensor.
inline Shape position(std::size_t i, const Shape& shape) {
  Shape result(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    result[axis] = i % shape[axis];
    i /= shape[axis];
  }
  return result;
}

/// Where the gradient by an argument of this shape differs most from central differences.
inline GradientReport::Argument worst_gradient(const std::string& name, const Shape& shape,
                                               std::span<const double> gradient, std::span<const double> differences) {
  double largest = 0;
  for (const double difference : differences) largest = std::max(largest, std::fabs(difference));
  // Rounding leaves about 1e-10 in a difference, so errors are relative to at least a thousandth of the largest
  // gradient, and of 1.
  const double floor = 1e-3 * std::max(largest, 1.0);
  GradientReport::Argument worst{.name = name};
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double scale = std::max({std::fabs(gradient[i]), std::fabs(differences[i]), floor});
    const double error = std::fabs(gradient[i] - differences[i]) / scale;
    if (error > worst.error || (std::isnan(error) && !std::isinf(worst.error))) {
      worst = {name, std::isnan(error) ? HUGE_VAL : error, position(i, shape), gradient[i], differences[i]};
    }
  }
  return worst;
}

/// The work of check_gradients on one layer.
class GradientCheck {
 public:
  GradientCheck(const LayerRecipe<double>& recipe, const Shape& input, const CheckGradientsOptions& options)
      : options_(options),
        recipe_(recipe),
        run_(recipe, input, {.batch = options.batch, .seed = options.seed, .poison = true}),
        reads_ids_(run_.layer().input_kind() == InputKind::ids) {
    if (options.batch == 0) throw OptionError("check_gradients: batch must be at least 1, got 0");
    if (reads_ids_ && options.ids_below <= 0) {
      throw OptionError(
          text("check_gradients: ", run_.layer().title(), " reads token ids; set .ids_below, got ", options.ids_below));
    }
    const std::size_t n = options.batch * element_count(input);
    if (reads_ids_) {
      RandomStream random({.seed = options.seed, .index = 1});
      const auto below = static_cast<std::uint64_t>(options.ids_below);
      for (std::size_t i = 0; i < n; ++i) ids_.push_back(static_cast<std::int32_t>(random.below(below)));
    } else {
      x_ = normal_values(n, 1);
    }
    dy_ = normal_values(options.batch * element_count(run_.output_shape()), 2);
    run_.set_mask(options.mask);
    state_ = normal_values(run_.state().size(), 3);
    dstate_ = normal_values(run_.state().size(), 4);
    // Biases that start at zero would hide mistakes, so every parameter moves a little.
    std::uint32_t stream = 5;
    for (const ParameterInfo& info : run_.layout().infos()) {
      const std::vector<double> noise = normal_values(info.size(), stream++);
      const std::span<double> values = run_.parameter(info.name);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] += 0.1 * noise[i];
    }
  }

  GradientReport report() {
    report_.layer = run_.layer().title();
    report_.tolerance = options_.tolerance;
    const std::vector<double> y = copy_of(forward());
    check_all_written("y", y, run_.output_shape());
    run_.zero_gradients();
    const std::vector<double> dx = copy_of(backward(run_));
    const std::vector<double> dstate = copy_of(run_.state_gradient());
    const std::vector<std::vector<double>> gradients = trained_gradients();
    check_all_written("dx", dx, run_.input_shape());
    check_accumulation(gradients);
    check_division_into_tiles(y, dx);
    if (!reads_ids_) compare("x", with_batch_axis(run_.input_shape()), x_, dx);
    if (!state_.empty()) compare("initial state", {options_.batch, state_.size() / options_.batch}, state_, dstate);
    std::size_t k = 0;
    for (const ParameterInfo& info : run_.layout().infos()) {
      if (info.trainable) compare(info.name, info.shape, run_.parameter(info.name), gradients[k++]);
    }
    return std::move(report_);
  }

 private:
  std::vector<double> normal_values(std::size_t n, std::uint32_t index) const {
    RandomStream random({.seed = options_.seed, .index = index});
    std::vector<double> values(n);
    for (double& v : values) v = random.normal();
    return values;
  }

  static std::vector<double> copy_of(std::span<const double> values) { return {values.begin(), values.end()}; }

  std::span<const double> forward() {
    std::copy(state_.begin(), state_.end(), run_.state().begin());
    return reads_ids_ ? run_.forward(std::span<const std::int32_t>(ids_)) : run_.forward(std::span<const double>(x_));
  }

  /// Passes back the gradients from above, by the output and by the last state.
  std::span<const double> backward(LayerRun<double>& run, std::size_t first = 0, bool wanted = true) {
    const std::size_t n = run.state_gradient().size();
    const std::size_t ny = element_count(run.output_shape()) * run.batch();
    std::copy_n(dstate_.begin() + static_cast<std::ptrdiff_t>(first * n), n, run.state_gradient().begin());
    return run.backward(std::span<const double>(dy_).subspan(first * ny, ny), wanted);
  }

  std::vector<std::vector<double>> trained_gradients() {
    std::vector<std::vector<double>> result;
    for (const ParameterInfo& info : run_.layout().infos()) {
      if (info.trainable) result.push_back(copy_of(run_.gradient(info.name)));
    }
    return result;
  }

  Shape with_batch_axis(Shape shape) const {
    shape.insert(shape.begin(), options_.batch);
    return shape;
  }

  /// The buffer was full of NaN before: what still is NaN was not written, or was added to.
  void check_all_written(const char* name, const std::vector<double>& values, const Shape& sample) {
    const auto bad = std::find_if(values.begin(), values.end(), [](double v) { return std::isnan(v); });
    if (bad == values.end()) return;
    report_.faults.push_back(text(name, " is NaN at ",
                                  position(static_cast<std::size_t>(bad - values.begin()), with_batch_axis(sample)),
                                  ": every element must be written, not added to, and scratch holds nothing before"));
  }

  /// A second backward must double the gradients of parameters, and a third without dx triple them.
  void check_accumulation(const std::vector<std::vector<double>>& once) {
    forward();
    backward(run_);
    const std::vector<std::vector<double>> twice = trained_gradients();
    forward();
    backward(run_, 0, false);
    const std::vector<std::vector<double>> thrice = trained_gradients();
    std::size_t k = 0;
    for (const ParameterInfo& info : run_.layout().infos()) {
      if (!info.trainable) continue;
      if (!close(twice[k], once[k], 2.0)) {
        report_.faults.push_back(
            text("gradient of ", info.name, " is not doubled by a second backward: it must be added to"));
      } else if (!close(thrice[k], once[k], 3.0)) {
        report_.faults.push_back(text("gradient of ", info.name, " is another when dx is not wanted (null)"));
      }
      ++k;
    }
  }

  static bool close(std::span<const double> a, std::span<const double> b, double factor) {
    double largest = 0;
    for (const double v : b) largest = std::max(largest, std::fabs(v));
    for (std::size_t i = 0; i < a.size(); ++i) {
      // Of a gradient that is 0 by its nature, as a softmax's by what all its inputs have in common, rounding is left.
      if (!(std::fabs(a[i] - factor * b[i]) <= 1e-9 * largest + 1e-14)) return false;
    }
    return true;
  }

  /// A model cuts batches into tiles of any size: every sample alone must give what it gave in the batch.
  void check_division_into_tiles(const std::vector<double>& y, const std::vector<double>& dx) {
    if (run_.layer().whole_batch()) return;
    const std::size_t nx = element_count(run_.input_shape());
    const std::size_t ny = element_count(run_.output_shape());
    for (std::size_t b = 0; b < options_.batch; ++b) {
      LayerRun<double> alone(recipe_, run_.input_shape(),
                             {.batch = 1, .seed = options_.seed, .first_sample = b, .poison = true});
      for (const ParameterInfo& info : run_.layout().infos()) {
        const std::span<const double> values = run_.parameter(info.name);
        std::copy(values.begin(), values.end(), alone.parameter(info.name).begin());
      }
      if (!options_.mask.empty()) {
        const std::size_t T = run_.input_shape().front();
        alone.set_mask(std::span<const std::uint8_t>(options_.mask).subspan(b * T, T));
      }
      const std::size_t state = alone.state().size();
      std::copy_n(state_.begin() + static_cast<std::ptrdiff_t>(b * state), state, alone.state().begin());
      const std::span<const double> one_y = reads_ids_
                                                ? alone.forward(std::span<const std::int32_t>(ids_).subspan(b * nx, nx))
                                                : alone.forward(std::span<const double>(x_).subspan(b * nx, nx));
      bool same = close(one_y, std::span<const double>(y).subspan(b * ny, ny), 1.0);
      const std::span<const double> one_dx = backward(alone, b);
      if (!reads_ids_) same = same && close(one_dx, std::span<const double>(dx).subspan(b * nx, nx), 1.0);
      if (!same) {
        report_.faults.push_back(text("sample ", b, " alone gives another y or dx than in the batch of ",
                                      options_.batch, ": samples must not depend on the tile they are in"));
        return;
      }
    }
  }

  /// Central differences of Σ dy·y by every element of one argument.
  void compare(const std::string& name, const Shape& shape, std::span<double> values,
               const std::vector<double>& gradient) {
    std::vector<double> differences(values.size());
    std::vector<double> above;
    std::vector<double> state_above;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = values[i];
      const double high = value + options_.epsilon;
      const double low = value - options_.epsilon;
      values[i] = high;
      above = copy_of(forward());
      state_above = copy_of(run_.state());
      values[i] = low;
      const std::span<const double> below = forward();
      values[i] = value;
      double sum = 0;
      for (std::size_t k = 0; k < dy_.size(); ++k) sum += dy_[k] * (above[k] - below[k]);
      for (std::size_t k = 0; k < dstate_.size(); ++k) sum += dstate_[k] * (state_above[k] - run_.state()[k]);
      differences[i] = sum / (high - low);
    }
    report_.arguments.push_back(worst_gradient(name, shape, gradient, differences));
  }

  CheckGradientsOptions options_;
  LayerRecipe<double> recipe_;
  LayerRun<double> run_;
  bool reads_ids_;
  std::vector<double> x_;
  std::vector<std::int32_t> ids_;
  std::vector<double> dy_;
  std::vector<double> state_;   // before the first step
  std::vector<double> dstate_;  // gradient by the last
  GradientReport report_;
};

}  // namespace detail

/// Proves a layer: its gradients by the input and by every trainable parameter are compared with central differences of
/// Σ dy·y, for a random input x and a random gradient dy from above; a layer with a state begins with a random one,
/// gets a gradient by the last one too, and must give that by the first. Also checked is what `Layer` asks for: y and
/// dx are written in full, gradients of parameters are added to, scratch is not read before it is written, and a
/// sample's results do not depend on the other samples of its tile, unless the layer needs the whole batch.
///
///   const GradientReport report = check_gradients(MyLayer(4), {7, 3});
///   if (!report.passed()) std::cerr << report.to_string();
///
/// @param input  shape of one sample; keep it small, every element costs two forward passes
/// @throws what the layer throws when it is built; OptionError for token ids without .ids_below. A wrong gradient is no
///         exception but a report that has not passed.
inline GradientReport check_gradients(const LayerRecipe<double>& recipe, const Shape& input,
                                      const CheckGradientsOptions& options = {}) {
  return detail::GradientCheck(recipe, input, options).report();
}

}  // namespace seqnn::inline SEQNN_ABI
