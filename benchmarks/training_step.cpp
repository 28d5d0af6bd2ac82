// Times whole training steps: forward, loss, backward, update; data in memory, four batches in turn.
//
//   training_step --case a_imdb_conv|b_jena_conv|f_walk_forward|f_walk_forward_fresh|all [--threads N] [--seconds S]
//                 [--json FILE]
//
// f_walk_forward is ten steps of 200 rows and one prediction; with _fresh each time a new model through fit. GFLOP/s
// count the multiplications and additions of the dense products, three for each forward one (two in the first layer
// that learns); where gradients are sparse the program does less. The share of the peak is of that many cores'
// multiply-adds in registers, measured before and after.

#include "seqnn/seqnn.hpp"
#include "support/fma_peak.hpp"
#include "support/networks.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
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

/// Runs `step` for about so many seconds after a warm-up.
Times time(double seconds, const std::function<void()>& step) {
  for (const double start = now(); now() - start < 0.2 * seconds;) step();
  std::vector<double> times;
  for (const double start = now(); now() - start < seconds || times.size() < 5;) {
    const double before = now();
    step();
    times.push_back(1e3 * (now() - before));
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

Case imdb(std::size_t threads) {
  constexpr std::size_t kBatch = 128;
  auto x = Tensor<std::int32_t, 2>::from_shape({kBatches * kBatch, 500});
  RandomStream random({.seed = 1, .purpose = Purpose::data});
  for (auto& id : x) id = static_cast<std::int32_t>(random.below(10'000));
  const auto experiment = networks::imdb_conv();
  // The samples refer to x, y: they live with the step.
  auto data = std::make_shared<std::pair<decltype(x), Tensor<float, 1>>>(std::move(x),
                                                                         zeros_and_ones<float>(kBatches * kBatch));
  auto steps = std::make_shared<Steps>(experiment, data->first, data->second, kBatch, threads);
  return {[data, steps] { steps->next(); }, operations(experiment, kBatch)};
}

Case jena(std::size_t threads) {
  constexpr std::size_t kBatch = 128;
  auto data = std::make_shared<std::pair<Tensor<float, 3>, Tensor<float, 1>>>(
      normal_numbers(kBatches * kBatch, 240, 14), zeros_and_ones<float>(kBatches * kBatch));
  const auto experiment = networks::jena_conv();
  auto steps = std::make_shared<Steps>(experiment, data->first, data->second, kBatch, threads);
  return {[data, steps] { steps->next(); }, operations(experiment, kBatch)};
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

Case make_case(const std::string& name, std::size_t threads) {
  if (name == "a_imdb_conv") return imdb(threads);
  if (name == "b_jena_conv") return jena(threads);
  if (name == "f_walk_forward") return walk_forward(threads, false);
  return walk_forward(threads, true);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> names = {"a_imdb_conv", "b_jena_conv", "f_walk_forward", "f_walk_forward_fresh"};
  std::string chosen = "all";
  std::string json_path;
  std::size_t threads = 1;
  double seconds = 3;
  CLI::App app("Times training steps.");
  auto known = names;
  known.push_back("all");
  app.add_option("--case", chosen)->check(CLI::IsMember(known))->capture_default_str();
  app.add_option("--threads", threads)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seconds", seconds, "for each case")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--json", json_path, "where to write the numbers: an object, or for all cases a list");
  CLI11_PARSE(app, argc, argv);

  nlohmann::json rows = nlohmann::json::array();
  for (const auto& name : names) {
    if (chosen != "all" && chosen != name) continue;
    const Case timed = make_case(name, threads);
    const double peak_before = fma_peak();
    const Times times = time(seconds, timed.step);
    const double peak = static_cast<double>(threads) * std::max(peak_before, fma_peak());
    const double gflops = 1e-6 * timed.operations / times.median_ms;
    std::printf("%-22s threads %zu  min %8.3f ms  median %8.3f ms  %7.1f GFLOP/s  %5.1f %% of %.0f\n", name.c_str(),
                threads, times.min_ms, times.median_ms, gflops, 100 * gflops / peak, peak);
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
