#include "seqnn/io/atomic_file.hpp"
#include "seqnn/training/callback.hpp"
#include "seqnn/training/early_stopping.hpp"
#include "seqnn/training/lambda_callback.hpp"
#include "seqnn/training/monitor.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"
#include "support/temporary_folder.hpp"

#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

/// A checkpoint as a user would write one: the parameters of the best epoch, one behind the other.
class SaveBest : public Callback {
 public:
  SaveBest(std::string path, std::string monitor) : path_(std::move(path)), monitor_(monitor, MonitorMode::automatic) {}

  void on_train_begin(Training& training) override { monitor_.value(training.logs(), "SaveBest"); }

  void on_epoch_end(Training& training, std::size_t epoch, const Logs& logs) override {
    const double value = monitor_.value(logs, "SaveBest");
    if (best && !monitor_.better(value, *best)) return;
    best = value;
    best_epoch = epoch;
    ++saves;
    std::string content;
    for (const auto& weight : training.weights()) {
      content.append(reinterpret_cast<const char*>(weight.bytes.data()), weight.bytes.size());
    }
    write_file(path_, content);
  }

  std::optional<double> best;
  std::size_t best_epoch = 0;
  std::size_t saves = 0;

 private:
  std::string path_;
  Monitor monitor_;
};

/// The content of such a file.
std::vector<float> read_weights(const std::string& path) {
  const std::string content = read_file(path);
  std::vector<float> result(content.size() / sizeof(float));
  std::memcpy(result.data(), content.data(), result.size() * sizeof(float));
  return result;
}

}  // namespace

TEST_CASE("a callback sees the weights by name, as the model does", "[training][callback]") {
  auto model = small_convnet();
  model.compile(SGD(), BinaryCrossentropy({.from_logits = true}));
  model.build({kTime}, 3);
  const std::vector<float> before = all_weights(model);
  const Reviews reviews(32);
  std::vector<float> seen_before, seen_after;
  const auto read = [](const Training& training) {
    std::vector<float> values;
    for (const auto& weight : training.weights()) {
      for (std::size_t i = 0; i < weight.size(); ++i) values.push_back(static_cast<float>(weight[i]));
    }
    return values;
  };
  std::string names, table;
  const LambdaCallback look({.on_train_begin =
                                 [&](Training& training) {
                                   seen_before = read(training);
                                   table = training.summary();
                                   for (const auto& weight : training.weights()) {
                                     CHECK(weight.value_bytes == sizeof(float));
                                     CHECK(weight.trainable);
                                     CHECK(element_count(weight.shape) == weight.size());
                                     names += text(weight.name, weight.shape, ' ');
                                   }
                                 },
                             .on_train_end = [&](Training& training) { seen_after = read(training); }});
  model.fit(reviews.x, reviews.y, {.callbacks = {look}, .verbose = Verbose::silent});
  CHECK(names ==
        "embedding/embeddings(12, 4) conv1d/kernel(3, 4, 5) conv1d/bias(5,) conv1d_1/kernel(3, 5, 6) "
        "conv1d_1/bias(6,) dense/kernel(6, 1) dense/bias(1,) ");
  CHECK(table == model.summary());
  CHECK(seen_before == before);
  CHECK(seen_after == all_weights(model));
  CHECK(seen_after != before);
}

TEST_CASE("a callback sees weights of double", "[training][callback]") {
  Sequential<double> model({Dense(1, {.kernel_initializer = constant(1.0 / 3)})});
  model.compile(SGD({.learning_rate = 0}), MeanSquaredError());
  const Tensor<double, 2> x = xt::ones<double>({2, 1});
  double kernel = 0;
  const LambdaCallback look({.on_train_begin = [&](Training& training) { kernel = training.weights()[0][0]; }});
  model.fit(x, x, {.callbacks = {look}, .verbose = Verbose::silent});
  CHECK(kernel == 1.0 / 3);
}

TEST_CASE("a checkpoint of the user's own holds the best epoch's weights", "[training][callback]") {
  const TemporaryFolder folder;
  const Reviews reviews(96), unseen(32, 2);
  auto model = small_convnet();
  model.compile(Adam({.learning_rate = 0.02}), BinaryCrossentropy({.from_logits = true}));
  SaveBest save(folder / "best", "val_loss");
  EarlyStopping early({.patience = 4});
  const History history = model.fit(reviews.x, reviews.y,
                                    {.epochs = 12,
                                     .validation_data = {unseen.x, unseen.y},
                                     .callbacks = {std::ref(save), std::ref(early)},
                                     .verbose = Verbose::silent});
  CHECK(save.saves > 1);
  CHECK(save.saves < history.epochs());
  CHECK(save.best_epoch == history.best_epoch());
  CHECK(save.best == history["val_loss"][save.best_epoch]);
  CHECK(read_weights(folder / "best") == all_weights(model));  // to which EarlyStopping went back
}

TEST_CASE("a step has a callback before and one after it", "[training][callback]") {
  auto model = line();
  const Tensor<float, 2> x = xt::ones<float>({4, 1});
  std::string order;
  const auto weight = [](const Training& training) { return training.weights()[0][0]; };
  double before = 0;
  const LambdaCallback look({.on_epoch_begin = [&](Training&, std::size_t epoch) { order += text("epoch ", epoch); },
                             .on_batch_begin =
                                 [&](Training& training, std::size_t batch) {
                                   order += text(" begin ", batch);
                                   before = weight(training);
                                 },
                             .on_batch_end =
                                 [&](Training& training, std::size_t batch, const Logs& logs) {
                                   order += text(" end ", batch);
                                   CHECK(weight(training) != before);
                                   if (batch == 0) CHECK(training.batch_loss() == logs["loss"]);
                                   if (batch == 1) CHECK(training.batch_loss() < logs["loss"]);  // the mean of both
                                 },
                             .on_epoch_end = [&](Training&, std::size_t, const Logs&) { order += " done"; }});
  model.fit(x, x, {.batch_size = 2, .callbacks = {look}, .verbose = Verbose::silent});
  CHECK(order == "epoch 0 begin 0 end 0 begin 1 end 1 done");
}
