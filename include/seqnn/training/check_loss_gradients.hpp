#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/losses/class_targets.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/training/check_gradients.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

struct CheckLossGradientsOptions {
  double epsilon = 1e-6;    ///< half the distance of the central differences
  double tolerance = 1e-5;  ///< largest relative error that passes
};

/// Proves a loss: its gradient by every prediction is compared with central differences of its value.
///
///   const GradientReport report = check_loss_gradients(MyLoss(), y_true, y_pred);
///   if (!report.passed()) std::cerr << report.to_string();
///
/// Predictions should not lie within `epsilon` of a kink, where there is no gradient to compare with.
/// @param y_true  like y_pred; or, if the loss takes classes, one index for each row of y_pred
/// @param y_pred  (samples, …, width)
/// @throws ShapeError, DataError for targets that do not fit; a wrong gradient is no exception but a report that has
/// not
///         passed
inline GradientReport check_loss_gradients(const LossRecipe<double>& recipe, const AnyArray& y_true,
                                           const AnyArray& y_pred, const CheckLossGradientsOptions& options = {}) {
  const auto loss = recipe.make();
  const bool classes = loss->target_kind() == TargetKind::classes;
  const Shape& shape = y_pred.shape();
  if (shape.size() < 2 || y_pred.size() == 0) {
    throw ShapeError(text("check_loss_gradients: y_pred must be (samples, …, width), got ", shape));
  }
  const std::size_t width = shape.back();
  const std::size_t wanted = classes ? y_pred.size() / width : y_pred.size();
  if (y_true.size() != wanted) {
    throw ShapeError(text("check_loss_gradients: y_true must have ", wanted, classes ? " class indices" : " numbers",
                          " for loss ", loss->name(), " on predictions of ", shape, ", got ", y_true.shape()));
  }
  const Values<double> values = classes ? Values<double>() : Values<double>(y_true);
  const Values<std::int32_t> indices = classes ? Values<std::int32_t>(y_true, "y_true") : Values<std::int32_t>();
  std::vector<double> predicted(y_pred.size());
  y_pred.copy_to(predicted.data());
  const Comparison<double> c = {.samples = shape[0],
                                .positions = y_pred.size() / width / shape[0],
                                .width = width,
                                .predicted = predicted.data(),
                                .values = values.data(),
                                .classes = indices.data()};
  if (classes) check_classes("y_true", c.classes, c.samples, c.positions, c.width);

  GradientReport report;
  report.layer = loss->name();
  report.tolerance = options.tolerance;
  std::vector<double> gradient(predicted.size(), std::nan(""));
  const double value = (*loss)(c, 1, gradient.data());
  if (!((*loss)(c, 1, nullptr) == value)) {
    report.faults.emplace_back("the value is another when no gradient is wanted (null), or is not a number");
  }
  std::vector<double> differences(predicted.size());
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const double middle = predicted[i];
    const double high = middle + options.epsilon;
    const double low = middle - options.epsilon;
    predicted[i] = high;
    const double above = (*loss)(c, 1, nullptr);
    predicted[i] = low;
    differences[i] = (above - (*loss)(c, 1, nullptr)) / (high - low);
    predicted[i] = middle;
  }
  report.arguments.push_back(detail::worst_gradient("y_pred", shape, gradient, differences));
  return report;
}

}  // namespace seqnn::inline SEQNN_ABI
