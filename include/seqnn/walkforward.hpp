#pragma once

// Walk-forward runs: plans, networks that learn anew at each point, runs on threads, cross-validation, evaluation and
// the report. Results in a database want further libraries: walkforward/open_result_store.hpp, target
// seqnn::walkforward.

#include "seqnn/walkforward/evaluation.hpp"
#include "seqnn/walkforward/memory_store.hpp"
#include "seqnn/walkforward/network_forecaster.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/price_features.hpp"
#include "seqnn/walkforward/purged_k_fold.hpp"
#include "seqnn/walkforward/report.hpp"
#include "seqnn/walkforward/run.hpp"
#include "seqnn/walkforward/time_series_split.hpp"
