// Will the price rise tomorrow? Asked of a fresh network on each of thousands of days, as one would have had to.
//
// Data      A CSV file of dates and prices, with --data FILE; the published series has 8,885 days, 1980 to 2015. The
//           program makes prices of its own without it, in whose directions there is nothing to be found.
// Run       walk_forward --max-points 20
//           walk_forward --data series.csv --db sqlite:///results.db --threads 2 --report report.html
//           Started again after an end at any moment it goes on with the points that are missing.
//           mpirun -n 8 --hostfile machines --bind-to none walk_forward --db …    on many machines, built with MPI
// Expect    7,127 points; a hit rate of about one half (.48 to .53 is noise and a small drift of the market): the
//           published program reports none, and nothing better is to be hoped for from the past of one price alone.
//           Exit code 1 if a point has failed
// Takes     1.3 to 1.5 seconds a point and thread for the longest history on a core with AVX-512, and 250 MB (270 MB
//           with two threads)
// Source    github.com/ivannp/wfl_cntk, and the post about it. The network that was meant is the default; the one that
//           ran there is --model literal (models.hpp)

#include "models.hpp"
#include "protocol.hpp"
#include "ranks.hpp"
#include "seqnn/seqnn.hpp"
#include "seqnn/walkforward.hpp"
#include "seqnn/walkforward/open_result_store.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

using namespace seqnn;
using walk_forward::Options;

namespace {

std::string line(const std::string& name, const HitRate& hits) {
  char text[128];
  std::snprintf(text, sizeof text, "%-28s %.4f ± %.4f\n", name.c_str(), hits.rate(), hits.standard_error());
  return text;
}

nlohmann::json numbers(const HitRate& hits) {
  const ConfidenceInterval interval = hits.interval();
  return {{"rate", hits.rate()},
          {"standard_error", hits.standard_error()},
          {"hits", hits.hits},
          {"count", hits.count},
          {"interval_95", {interval.low, interval.high}}};
}

nlohmann::json numbers(const Options& options, const WalkForwardPlan& plan, const WalkForwardRun& run,
                       const walk_forward::Judgement& judgement, std::size_t parameters, std::size_t processes) {
  nlohmann::json json{{"model", options.model},
                      {"parameters", parameters},
                      {"history", options.history},
                      {"epochs", options.epochs},
                      {"seed", options.seed},
                      {"threads", options.threads},
                      {"processes", processes},
                      {"rows", plan.rows()},
                      {"points", plan.size()},
                      {"computed", run.computed},
                      {"already_stored", run.already_stored}};
  json["instruction_set"] = instruction_set();
  json["failures"] = nlohmann::json::array();
  for (const FailedForecast& failure : run.failures) {
    json["failures"].push_back({{"date", date_text(failure.time)}, {"error", failure.error}});
  }
  json["hit_rate"] = numbers(judgement.network);
  for (const auto& [name, hits] : judgement.naive) json["naive"][name] = numbers(hits);
  json["seconds"] = run.seconds;
  json["wall_seconds"] = run.wall_seconds;
  return json;
}

/// Returns the exit code.
int run(const Options& options, walk_forward::Ranks& ranks) {
  const PriceFeatures rows = walk_forward::price_rows(options.data);
  const WalkForwardPlan plan = walk_forward::plan(rows, options);
  Sequential<float> model = walk_forward::compiled(options.model);
  model.build({walk_forward::kHistory});
  if (ranks.leads()) {
    std::cout << plan.rows() << " rows; " << plan.describe() << '\n'
              << "a network of " << model.parameter_count() << " parameters at each\n";
  }

  if (ranks.leads()) {  // now, not after hours
    for (const std::string& path : {options.json, options.report}) {
      if (!path.empty()) check_writable(path);
    }
  }
  const bool stores = ranks.leads() && !options.db.empty();
  const std::unique_ptr<ResultStore> store = stores ? open_result_store(options.db) : nullptr;
  const WalkForwardRun run = ranks.run(
      plan, walk_forward::forecasters(rows, options),
      {.model = stored_name(options, rows), .store = store.get(), .log = options.log, .threads = options.threads});
  if (!ranks.leads()) return 0;

  if (!run.seconds.empty()) {
    std::vector<double> seconds = run.seconds;
    const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
    std::nth_element(seconds.begin(), middle, seconds.end());
    char text[128];
    std::snprintf(text, sizeof text, "%zu points in %.1f s, median of a point %.3f s\n", run.computed, run.wall_seconds,
                  *middle);
    std::cout << text;
  }
  const walk_forward::Judgement judgement = walk_forward::judge(plan, run.forecasts, rows.sign);
  std::cout << "\nhit rate\n" << line("the network", judgement.network);
  for (const auto& [name, hits] : judgement.naive) std::cout << line(name, hits);
  if (!options.json.empty()) {
    write_file(options.json,
               numbers(options, plan, run, judgement, model.parameter_count(), ranks.count()).dump(2) + '\n');
  }
  if (!options.report.empty()) write_walk_forward_report(options.report, plan, run, rows.returns);
  if (run.failures.empty()) return 0;
  std::cerr << "walk_forward: " << run.failures.size() << " of " << plan.size() << " points failed, the first, of "
            << date_text(run.failures[0].time) << ": " << run.failures[0].error
            << "; they are tried again by the next run\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  walk_forward::Ranks ranks(argc, argv);
  Options options;
  CLI::App app("Forecasts the direction of a price each day, with a fresh network each day.");
  app.add_option("--data", options.data, "CSV file of dates and prices; default: made prices");
  app.add_option("--db", options.db, "sqlite:///file.db or postgresql://…; default: results are not kept");
  app.add_option("--start", options.start, "first day to forecast, a date or a row; default: the 1001st row");
  app.add_option("--end", options.end, "last day to forecast; default: the last row");
  app.add_option("--max-points", options.max_points, "default: all")->check(CLI::PositiveNumber);
  app.add_option("--every", options.every, "only every so many-th point")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--threads", options.threads, "points at once")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--history", options.history, "expanding: all days before; rolling:N: the newest N of them")
      ->capture_default_str();
  app.add_option("--epochs", options.epochs, "passes over the days before")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--model", options.model)->check(CLI::IsMember(walk_forward::model_names()))->capture_default_str();
  app.add_option("--seed", options.seed, "of the first weights")->capture_default_str();
  app.add_option("--json", options.json, "where to write the numbers");
  app.add_option("--report", options.report, "where to write a page with numbers and charts");
  app.add_option("--log", options.log, "file that a record of each point is appended to");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options, ranks);
  } catch (const std::exception& error) {
    ranks.fail(error.what());
    std::cerr << "walk_forward: " << error.what() << '\n';
    return 1;
  }
}
