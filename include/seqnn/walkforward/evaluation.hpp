#pragma once

// How good the forecasts of a walk-forward run were. Scores and outcomes are by row of the plan, NaN where there is
// none:
//
//     const std::vector<double> said = forecasts_by_row(plan, run.forecasts);
//     const HitRate hits = hit_rate(said, rows.sign);
//     const HitRate naive = hit_rate(baseline_forecasts(plan, rows.sign, Baseline::majority), rows.sign);

#include "seqnn/walkforward/baseline.hpp"
#include "seqnn/walkforward/by_row.hpp"
#include "seqnn/walkforward/calibration.hpp"
#include "seqnn/walkforward/correlation.hpp"
#include "seqnn/walkforward/hit_rate.hpp"
#include "seqnn/walkforward/information_coefficient.hpp"
#include "seqnn/walkforward/quantile_spread.hpp"
#include "seqnn/walkforward/signal_returns.hpp"
