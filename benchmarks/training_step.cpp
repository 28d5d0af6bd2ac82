// Times whole training steps: forward, loss, backward, update; data in memory, four batches in turn.
//
//   training_step --case NAME|all [--threads N] [--seconds S] [--processor-time] [--json FILE]
//
// --help lists the cases. --processor-time leaves out the time in which other programs had the processor.
// f_walk_forward is ten steps of 200 rows and one prediction; with _fresh each time a new model through fit; with
// _points two points of the whole experiment, 8,120 rows of 756 values each. h_… are a
// tenth of an epoch of the Jena experiments: 50 steps of fit, whose windows are gathered from one series. GFLOP/s
// count the multiplications and additions of the dense products, three for each forward one (two in the first layer
// that learns); where gradients are sparse the program does less. The share of the peak is of that many cores'
// multiply-adds in registers, measured before and after.

#include "seqnn/seqnn.hpp"
#include "seqnn/walkforward.hpp"
#include "support/fma_peak.hpp"
#include "support/networks.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <ctime>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

struct Times {
  double min_ms;
  double median_ms;
};

/// Seconds of processor time that the program's threads have taken.
double processor_time() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Runs `step` for about so many seconds after a warm-up, but at least three times.
Times time(double seconds, double (*clock)(), const std::function<void()>& step) {
  for (const double start = now(); now() - start < 0.2 * seconds;) step();
  std::vector<double> times;
  for (const double start = now(); now() - start < seconds || times.size() < 3;) {
    const double before = clock();
    step();
    times.push_back(1e3 * (clock() - before));
  }
  return {*std::min_element(times.begin(), times.end()), median(times)};
}

Tensor<float, 3> normal_numbers(std::size_t batch, std::size_t steps, std::size_t features) {
  auto x = Tensor<float, 3>::from_shape({batch, steps, features});
  RandomStream random({.seed = 1, .purpose = Purpose::data});
  for (auto& value : x) value = static_cast<float>(random.normal());
  return x;
}

template <class T>
Tensor<T, 1> zeros_and_ones(std::size_t n) {
  auto y = Tensor<T, 1>::from_shape({n});
  RandomStream random({.seed = 2, .purpose = Purpose::data});
  for (auto& value : y) value = static_cast<T>(random.below(2));
  return y;
}

/// Steps of one batch size on batches in turn, without the loop of `fit` around them.
class Steps {
 public:
  Steps(const networks::Experiment& experiment, const AnyArray& x, const AnyArray& y, std::size_t batch,
        std::size_t threads)
      : network_(experiment.layers, experiment.input_shape, 0),
        loss_(experiment.loss.make()),
        optimizer_(experiment.optimizer.make()),
        team_(threads),
        samples_(network_, *loss_, x, y, {}),
        trainer_(network_, {loss_.get(), {}}, *optimizer_, team_, samples_, batch, 0, 1),
        order_(samples_.count()),
        batch_(batch) {
    optimizer_->build(network_.layout());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  void next() {
    trainer_.step(std::span<const std::size_t>(order_).subspan(step_ * batch_ % order_.size(), batch_),
                  static_cast<std::uint32_t>(step_));
    ++step_;
  }

 private:
  Network<float> network_;
  std::unique_ptr<Loss<float>> loss_;
  std::unique_ptr<Optimizer<float>> optimizer_;
  ThreadTeam team_;
  Samples<float> samples_;
  Trainer<float> trainer_;
  std::vector<std::size_t> order_;
  std::size_t batch_;
  std::size_t step_ = 0;
};

/// A case: what to time, and how many operations it takes.
struct Case {
  std::function<void()> step;
  double operations;
};

double operations(const networks::Experiment& e, double samples) { return 2 * samples * (3 * e.products - e.first); }

constexpr std::size_t kBatches = 4;

/// Steps on these samples, of which there are kBatches batches.
template <class X, class Y>
Case steps_on(X x, Y y, const networks::Experiment& experiment, std::size_t batch, std::size_t threads) {
  // The samples refer to x, y: they live with the step.
  auto data = std::make_shared<std::pair<X, Y>>(std::move(x), std::move(y));
  auto steps = std::make_shared<Steps>(experiment, data->first, data->second, batch, threads);
  return {[data, steps] { steps->next(); }, operations(experiment, static_cast<double>(batch))};
}

/// From sequences of normal numbers to a number.
Case numbers(const networks::Experiment& experiment, std::size_t batch, std::size_t threads) {
  return steps_on(normal_numbers(kBatches * batch, experiment.input_shape[0], experiment.input_shape[1]),
                  zeros_and_ones<float>(kBatches * batch), experiment, batch, threads);
}

/// From sequences of token ids to a class, as a number of type T.
template <class T>
Case tokens(const networks::Experiment& experiment, std::uint32_t vocabulary, std::size_t batch, std::size_t threads) {
  auto x = Tensor<std::int32_t, 2>::from_shape({kBatches * batch, experiment.input_shape[0]});
  RandomStream random({.seed = 1, .purpose = Purpose::data});
  for (auto& id : x) id = static_cast<std::int32_t>(random.below(vocabulary));
  return steps_on(std::move(x), zeros_and_ones<T>(kBatches * batch), experiment, batch, threads);
}

Case walk_forward(std::size_t threads, bool fresh) {
  constexpr std::size_t kRows = 1000;
  constexpr std::size_t kBatch = 200;
  struct Data {
    Tensor<float, 3> x = normal_numbers(kRows, 20, 1);
    Tensor<float, 3> query = normal_numbers(1, 20, 1);
    Tensor<std::int32_t, 1> y = zeros_and_ones<std::int32_t>(kRows);
    Tensor<float, 2> out = Tensor<float, 2>::from_shape({1, 2});
  };
  auto data = std::make_shared<Data>();
  const auto experiment = networks::walk_forward();
  const double count = operations(experiment, 2 * kRows);
  if (fresh) {
    return {
        [=] {
          Sequential<float> model(experiment.layers);
          model.compile(experiment.optimizer, experiment.loss);
          model.fit(
              data->x, data->y,
              {.epochs = 2, .batch_size = kBatch, .shuffle = false, .verbose = Verbose::silent, .threads = threads});
          data->out = model.predict(data->query);
        },
        count};
  }
  auto steps = std::make_shared<Steps>(experiment, data->x, data->y, kBatch, threads);
  auto model = std::make_shared<Sequential<float>>(experiment.layers);
  model->build({20, 1});
  auto predictor = std::make_shared<Predictor<float>>(*model);
  return {[=, kept = model] {  // the predictor refers to the model
            for (int i = 0; i < 10; ++i) steps->next();
            (*predictor)(data->query, data->out);
          },
          count};
}

/// Two points of the walk-forward experiment at full history, each a fresh network that learns from 8,120 scaled rows
/// of 756 values in two passes and forecasts a day; as many at once as there are threads.
Case walk_forward_points(std::size_t threads) {
  constexpr std::size_t kRows = 8'120;
  struct Data {
    Tensor<float, 3> x = normal_numbers(kRows + 2, 756, 1);
    Tensor<float, 1> y = zeros_and_ones<float>(kRows + 2);
    std::vector<std::int64_t> days = std::vector<std::int64_t>(kRows + 2);
  };
  auto data = std::make_shared<Data>();
  for (std::size_t i = 0; i < data->days.size(); ++i) data->days[i] = static_cast<std::int64_t>(i) * kSecondsPerDay;
  const auto experiment = networks::walk_forward_days();
  auto plan = std::make_shared<WalkForwardPlan>(data->days, WalkForwardPlanOptions{.min_history = kRows});
  const PointForecasterFactory factory =
      network_forecasters<float>({.x = data->x,
                                  .y = data->y,
                                  .model =
                                      [experiment] {
                                        Sequential<float> model(experiment.layers);
                                        model.compile(experiment.optimizer, experiment.loss);
                                        return model;
                                      },
                                  .fit = {.epochs = 2, .batch_size = 200, .even_batches = true, .shuffle = false},
                                  .scale = PointScale::standard,
                                  .classes = {{0, "down"}, {1, "up"}},
                                  .from_logits = true});
  return {[=, kept = data] { run_walk_forward(*plan, factory, {.threads = threads, .verbose = Verbose::silent}); },
          2 * operations(experiment, 2 * kRows)};
}

/// A tenth of an epoch: 50 batches of windows over one series, drawn with replacement.
Case epoch(const networks::Experiment& experiment, std::size_t threads) {
  constexpr std::size_t kSteps = 50;
  constexpr std::size_t kBatch = 128;
  const Tensor<float, 3> values = normal_numbers(1, 31'617, experiment.input_shape[1]);
  Tensor<float, 2> series = Tensor<float, 2>::from_shape({values.shape(1), values.shape(2)});
  std::copy(values.begin(), values.end(), series.begin());
  auto windows = std::make_shared<Windows<float>>(
      shared_series(std::move(series)), WindowsOptions{.lookback = 1440, .step = 6, .delay = 150, .targets = {1}});
  auto model = std::make_shared<Sequential<float>>(experiment.layers);
  model->compile(experiment.optimizer, experiment.loss);
  return {[=] {
            model->fit(*windows, {.epochs = 1,
                                  .batch_size = kBatch,
                                  .steps_per_epoch = kSteps,
                                  .replacement = true,
                                  .verbose = Verbose::silent,
                                  .threads = threads});
          },
          operations(experiment, kSteps * kBatch)};
}

struct Named {
  const char* name;
  Case (*make)(std::size_t threads);
};

constexpr Named kCases[] = {
    {"a_imdb_conv", [](std::size_t threads) { return tokens<float>(networks::imdb_conv(), 10'000, 128, threads); }},
    {"b_jena_conv", [](std::size_t threads) { return numbers(networks::jena_conv(), 128, threads); }},
    {"c_jena_conv_gru", [](std::size_t threads) { return numbers(networks::jena_conv_gru(), 128, threads); }},
    {"d_jena_gru", [](std::size_t threads) { return numbers(networks::jena_gru(), 128, threads); }},
    {"d_jena_lstm", [](std::size_t threads) { return numbers(networks::jena_lstm(), 128, threads); }},
    {"e_word_lstm_T12",
     [](std::size_t threads) { return tokens<std::int32_t>(networks::word_lstm(12), 400, 128, threads); }},
    {"e_word_lstm_T50",
     [](std::size_t threads) { return tokens<std::int32_t>(networks::word_lstm(50), 400, 128, threads); }},
    {"f_walk_forward", [](std::size_t threads) { return walk_forward(threads, false); }},
    {"f_walk_forward_fresh", [](std::size_t threads) { return walk_forward(threads, true); }},
    {"f_walk_forward_points", walk_forward_points},
    {"g_aungiers_lstm", [](std::size_t threads) { return numbers(networks::aungiers_lstm(), 32, threads); }},
    {"h_jena_epoch_conv", [](std::size_t threads) { return epoch(networks::jena_conv(), threads); }},
    {"h_jena_epoch_conv_gru", [](std::size_t threads) { return epoch(networks::jena_conv_gru(), threads); }},
    {"h_jena_epoch_gru", [](std::size_t threads) { return epoch(networks::jena_gru(), threads); }},
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> known = {"all"};
  for (const Named& named : kCases) known.emplace_back(named.name);
  std::string chosen = "all";
  std::string json_path;
  std::size_t threads = 1;
  double seconds = 3;
  bool processor = false;
  CLI::App app("Times training steps.");
  app.add_option("--case", chosen)->check(CLI::IsMember(known))->capture_default_str();
  app.add_option("--threads", threads)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seconds", seconds, "for each case")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_flag("--processor-time", processor, "of all threads, instead of the time that passes");
  app.add_option("--json", json_path, "where to write the numbers: an object, or for all cases a list");
  CLI11_PARSE(app, argc, argv);

  nlohmann::json rows = nlohmann::json::array();
  for (const auto& [name, make] : kCases) {
    if (chosen != "all" && chosen != name) continue;
    const Case timed = make(threads);
    const double peak_before = fma_peak();
    const Times times = time(seconds, processor ? processor_time : now, timed.step);
    const double peak = static_cast<double>(threads) * std::max(peak_before, fma_peak());
    const double gflops = 1e-6 * timed.operations / times.median_ms;
    std::printf("%-22s threads %zu  min %8.3f ms  median %8.3f ms  %7.1f GFLOP/s  %5.1f %% of %.0f\n", name, threads,
                times.min_ms, times.median_ms, gflops, 100 * gflops / peak, peak);
    rows.push_back({{"case", name},
                    {"threads", threads},
                    {"min_ms", times.min_ms},
                    {"med_ms", times.median_ms},
                    {"gflops", gflops},
                    {"share_of_peak", gflops / peak},
                    {"instruction_set", instruction_set()}});
  }
  if (!json_path.empty()) write_file(json_path, (rows.size() == 1 ? rows[0] : rows).dump(2) + '\n');
}
