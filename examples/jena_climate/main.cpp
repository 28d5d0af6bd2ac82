// How warm will it be tomorrow at this time? Forecasts from the last days of 14 measurements of a weather station.
//
// Data      Weather station of the Max Planck Institute for Biogeochemistry in Jena, every ten minutes:
//           jena_climate_2009_2016.csv, or the station's later files (https://www.bgc-jena.mpg.de/wetter/), with --data
//           FILE. Without it the program makes a year of weather of its own.
// Run       jena_climate [--data FILE] [--protocol book|later] [--model gru] [--json FILE] [--svg FILE]
// Expect    on the file of 2020 with protocol book a validation error, best of 20 epochs, seeds 1 to 3, of 0.32 to 0.33
//           (gru_dropout), 0.31 to 0.34 (gru), 0.42 (conv_gru), 0.49 to 0.54 (conv). The naive forecast, tomorrow is
//           like today, has 0.351 (conv_gru's windows: 0.340): one year is too short for the convolutions
// Takes     2.5 s (conv) to 5.5 s (gru_dropout) an epoch of these four on two cores with AVX-512, and 55 MB
// Source    Chollet, "Deep learning with Python": protocol book is chapters 6.3 and 6.4 of the first edition (2017),
//           later is chapter "timeseries" of the second and third. One thing differs: where a sensor failed and wrote
//           -9999, its values are interpolated here.

#include "charts.hpp"
#include "climate.hpp"
#include "models.hpp"
#include "protocol.hpp"
#include "seqnn/seqnn.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

struct Options {
  std::string data;
  std::string protocol = "book";
  std::string model = "gru";
  std::string json;
  std::string svg;
  std::size_t epochs = 0;  ///< 0: as many as the source
  std::size_t steps = 0;   ///< 0: likewise
  std::size_t threads = 2;
  std::uint64_t seed = 1;
  bool reset_after = false;
  bool quiet = false;

  bool later() const { return protocol == "later"; }

  /// The sources train longer with dropout, and the book what it compares with that.
  std::size_t epoch_count() const {
    if (epochs > 0) return epochs;
    const bool longer = model == "gru_dropout" || model == "gru_stacked" || model == "lstm_dropout";
    if (later()) return longer ? 50 : 10;
    return longer || model == "bigru" ? 40 : 20;
  }
};

std::string line(const char* name, const jena::Experiment& experiment, double error) {
  char text[128];
  std::snprintf(text, sizeof text, "%-28s %.6f = %.5f °C\n", name, error / experiment.deviation(), error);
  return text;
}

nlohmann::json errors(const jena::Experiment& experiment, double validation, double test) {
  return {{"validation", validation / experiment.deviation()},
          {"validation_celsius", validation},
          {"test", test / experiment.deviation()},
          {"test_celsius", test}};
}

Sequential<float> compiled(const Options& options, const jena::Experiment& experiment) {
  Sequential<float> model(jena::layers(options.protocol, options.model, options.reset_after));
  const RMSprop optimizer({.epsilon = 1e-14});  // beside the root, as Keras had it then, it was 1e-7
  if (options.later()) {
    model.compile(optimizer, MeanSquaredError(), {experiment.error()});
  } else {
    model.compile(optimizer, MeanAbsoluteError(), {experiment.error()});
  }
  return model;
}

void run(const Options& options) {
  const Table table = jena::read_climate(options.data);
  const bool finer = options.model == "conv_gru" && !options.later();  // twice as fine, half as far back
  const jena::Experiment experiment =
      options.later() ? jena::later_experiment(table) : jena::book_experiment(table, finer ? 720 : 1440, finer ? 3 : 6);
  std::cout << table.rows() << " rows; " << experiment.train.size() << " windows to learn from, "
            << experiment.validation.size() << " to validate on, " << experiment.test.size() << " to test\n"
            << experiment.train.describe() << '\n';

  const double naive = jena::naive_error(experiment, experiment.validation);
  const double naive_test = jena::naive_error(experiment, experiment.test);
  nlohmann::json json{{"protocol", options.protocol},
                      {"model", options.model},
                      {"rows", table.rows()},
                      {"threads", options.threads},
                      {"seed", options.seed},
                      {"instruction_set", instruction_set()},
                      {"deviation_celsius", experiment.deviation()}};
  json["naive"] = errors(experiment, naive, naive_test);
  std::vector<LineChart> charts;
  std::vector<float> forecasts;

  if (options.model != "naive") {
    Sequential<float> model = compiled(options, experiment);
    model.build(experiment.train.x_shape(), options.seed);
    std::cout << model.summary() << '\n';
    EarlyStopping best(
        {.monitor = "val_mean_absolute_error", .patience = options.epoch_count()});  // never stops, keeps the best
    const bool draws = !options.later();
    const History history =
        model.fit(experiment.train, {.epochs = options.epoch_count(),
                                     .batch_size = experiment.batch_size,
                                     .steps_per_epoch = options.steps > 0 ? options.steps
                                                        : draws           ? 500U
                                                                          : 0U,
                                     .replacement = draws,
                                     .validation_data = &experiment.validation,
                                     .callbacks = {std::ref(best)},
                                     .verbose = options.quiet ? Verbose::silent : Verbose::automatic,
                                     .seed = options.seed,
                                     .threads = options.threads});
    const double validation = best.best_value();
    const double test = model.evaluate(experiment.test, {.threads = options.threads})["mean_absolute_error"];
    std::cout << '\n'
              << line("validation", experiment, validation) << line("test", experiment, test) << "best epoch "
              << best.best_epoch() + 1 << "\n\n";

    json["parameters"] = model.parameter_count();
    for (const auto& name : history.names()) json["history"][name] = history[name];
    json["seconds_per_epoch"] = history.seconds();
    json["best_epoch"] = best.best_epoch() + 1;
    json["mae"] = errors(experiment, validation, test);
    charts.push_back(jena::learning_chart(history, naive));
    const xt::xtensor<float, 2> predicted = model.predict(experiment.forecast, {.threads = options.threads});
    forecasts.assign(predicted.begin(), predicted.end());
  }

  std::cout << line("naive validation", experiment, naive) << line("naive test", experiment, naive_test);
  charts.push_back(jena::forecast_chart(experiment, table, forecasts));
  if (!options.json.empty()) write_file(options.json, json.dump(2) + '\n');
  if (!options.svg.empty()) write_file(options.svg, svg_of(charts));
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Forecasts the temperature of the next day from 14 measurements of a weather station.");
  app.add_option("--data", options.data, "CSV file of the weather station in Jena; default: made weather");
  app.add_option("--protocol", options.protocol, "book: first edition; later: second and third")
      ->check(CLI::IsMember({"book", "later"}))
      ->capture_default_str();
  app.add_option("--model", options.model)->check(CLI::IsMember(jena::model_names()))->capture_default_str();
  app.add_flag("--reset-after", options.reset_after, "the book's GRU with the equations that Keras has had since");
  app.add_option("--epochs", options.epochs, "default: the source's, 20 or 40 (book), 10 or 50 (later)")
      ->check(CLI::PositiveNumber);
  app.add_option("--steps", options.steps, "of an epoch; default: 500 (book), all windows once (later)")
      ->check(CLI::PositiveNumber);
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seed", options.seed, "of weights, order and dropout")->capture_default_str();
  app.add_flag("--quiet", options.quiet, "no progress");
  app.add_option("--json", options.json, "where to write the numbers");
  app.add_option("--svg", options.svg, "where to write the learning curve and two weeks of forecasts");
  CLI11_PARSE(app, argc, argv);
  try {
    run(options);
  } catch (const std::exception& error) {
    std::cerr << "jena_climate: " << error.what() << '\n';
    return 1;
  }
}
