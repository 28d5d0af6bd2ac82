#pragma once

#include "seqnn/walkforward/forecast.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/point.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// One worker of a walk-forward run: it forecasts the points given to it, one after another on one thread, and may keep
/// memory from one to the next. Its forecasts must depend on the plan and the point alone, not on the points it had
/// before or on the thread, so that a run has the same results however it is spread.
class PointForecaster {
 public:
  virtual ~PointForecaster() = default;

  /// A forecast for each row of `point.forecast`, in their order.
  /// @param fresh  whether to begin with a new model; false only for the point that follows the one just given, when
  ///               the run was told to warm-start
  /// @throws anything: the point has then failed, and the run goes on with others
  virtual std::vector<Forecast> forecast(const WalkForwardPlan& plan, const WalkForwardPoint& point, bool fresh) = 0;
};

/// Makes a worker; called once a thread, before points are given out.
using PointForecasterFactory = std::function<std::unique_ptr<PointForecaster>()>;

}  // namespace seqnn::inline SEQNN_ABI
