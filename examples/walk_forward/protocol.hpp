#pragma once

#include "models.hpp"
#include "seqnn/seqnn.hpp"
#include "seqnn/walkforward.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

/// What is learned from, where, how, and how it is judged.
namespace walk_forward {

constexpr std::size_t kLeastHistory = 1000;  ///< days before the first that is forecast

struct Options {
  std::string data;
  std::string db;
  std::string start;
  std::string end;
  std::size_t max_points = 0;  ///< 0: all
  std::size_t every = 1;
  std::size_t threads = 1;
  std::string history = "expanding";
  std::size_t epochs = 2;
  std::string model = "intended";
  std::uint64_t seed = 1;
  std::string json;
  std::string report;
  std::string log;
};

/// Days that a model learns from: 0, all, for "expanding"; N for "rolling:N".
/// @throws OptionError for anything else
inline std::size_t max_history(const std::string& history) {
  using namespace seqnn;
  if (history == "expanding") return 0;
  const std::string rolling = "rolling:";
  std::size_t days = 0;
  const char* const end = history.data() + history.size();
  if (history.starts_with(rolling)) {
    const auto [rest, failure] = std::from_chars(history.data() + rolling.size(), end, days);
    if (failure == std::errc() && rest == end && days > 0) return days;
  }
  throw OptionError(text("--history must be expanding or rolling:N, N the number of days, got \"", history, '"'));
}

/// Daily prices of a file of dates and prices, or made by the library.
inline seqnn::PriceFeatures price_rows(const std::string& path) {
  using namespace seqnn;
  const Table prices = path.empty() ? simulated_prices() : read_csv(path);
  if (prices.columns() != 1 || !prices.has_times()) {
    throw DataError(text(path, ": there must be a date and a price in each line, got ", prices.columns(),
                         prices.has_times() ? " columns beside the date" : " columns and no date"));
  }
  return price_features(prices.times(), prices.column_values(prices.names()[0]), {.history = kHistory});
}

inline seqnn::WalkForwardPlan plan(const seqnn::PriceFeatures& rows, const Options& options) {
  using seqnn::PlanBound;
  return seqnn::WalkForwardPlan(rows.times, {.min_history = kLeastHistory,
                                             .max_history = max_history(options.history),
                                             .start = options.start.empty() ? PlanBound() : PlanBound(options.start),
                                             .end = options.end.empty() ? PlanBound() : PlanBound(options.end),
                                             .stride = options.every,
                                             .max_points = options.max_points});
}

/// The name in the database: all that forecasts depend on, so that none is taken for another's. Of the data it has a
/// fingerprint of the returns before the first day that can be forecast; later rows may be added.
inline std::string stored_name(const Options& options, const seqnn::PriceFeatures& rows) {
  const std::span<const double> begin = std::span(rows.returns).first(std::min(kLeastHistory, rows.returns.size()));
  char data[32];
  std::snprintf(data, sizeof data, "%016llx",
                static_cast<unsigned long long>(seqnn::fingerprint(std::as_bytes(begin))));
  return seqnn::text(options.model, ' ', options.history, " epochs=", options.epochs, " seed=", options.seed,
                     " data=", data);
}

/// A fresh network each day: scaled by the rows before, batches of about 200 in the order of time, two passes, plain
/// SGD.
inline seqnn::PointForecasterFactory forecasters(const seqnn::PriceFeatures& rows, const Options& options) {
  using namespace seqnn;
  return network_forecasters<float>(
      {.x = rows.x,
       .y = rows.sign,
       .model = [name = options.model] { return compiled(name); },
       .fit =
           {.epochs = options.epochs, .batch_size = 200, .even_batches = true, .shuffle = false, .seed = options.seed},
       .scale = PointScale::standard,
       .classes = {{-1, "short"}, {1, "long"}},
       .from_logits = true});
}

/// Hit rates of the network and of what needs none, all on the days that were forecast.
struct Judgement {
  seqnn::HitRate network;
  std::vector<std::pair<std::string, seqnn::HitRate>> naive;
};

inline Judgement judge(const seqnn::WalkForwardPlan& plan, const std::vector<seqnn::Forecast>& forecasts,
                       const std::vector<double>& signs) {
  using namespace seqnn;
  const std::vector<double> said = forecasts_by_row(plan, forecasts);
  std::vector<double> outcomes = signs;
  for (std::size_t row = 0; row < outcomes.size(); ++row) {
    if (said[row] != said[row]) outcomes[row] = std::numeric_limits<double>::quiet_NaN();
  }
  const auto naive = [&](Baseline baseline) { return hit_rate(baseline_forecasts(plan, signs, baseline), outcomes); };
  return {hit_rate(said, outcomes),
          {{"always up", naive(Baseline::always_up)},
           {"majority of the days before", naive(Baseline::majority)},
           {"as the day before", naive(Baseline::last_sign)}}};
}

}  // namespace walk_forward
