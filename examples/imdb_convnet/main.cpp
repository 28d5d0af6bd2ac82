// Is a film review positive? A one-dimensional convolutional network that reads the first 500 words of reviews.
//
// Data      Large Movie Review Dataset (Maas et al. 2011), free for research: tools/fetch_data aclImdb, then --data
// DIR.
//           Without --data the program makes 6,000 reviews of its own, whose meaning depends on the order of words.
// Run       imdb_convnet [--data DIR] [--epochs 10] [--threads 2] [--json FILE] [--svg FILE]
// Expect    on 20,000 + 5,000 real reviews a best validation accuracy of 0.870 to 0.878 within 10 epochs (three seeds;
//           bag of words 0.83); on the made ones 0.96 (bag of words 0.53)
// Takes     5 to 10 s an epoch on two cores with AVX-512, and 300 MB
// Source    Chollet 2017, "Deep learning with Python", listing 6.46. Its network has no sigmoid at the end, yet its
//           output is taken for a probability: --variant literal does the same, --variant corrected takes it for a
//           logit, and learns at twice the book's rate, at which it still rises in the tenth epoch (0.861 to 0.870).

#include "seqnn/seqnn.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <sys/resource.h>
#include <vector>

using namespace seqnn;

namespace {

constexpr std::size_t kWords = 10'000;
constexpr std::size_t kLength = 500;
constexpr double kValidationShare = 0.2;

struct Options {
  std::string data;
  std::string variant = "corrected";
  std::string json;
  std::string svg;
  std::size_t epochs = 10;
  std::size_t batch_size = 128;
  std::size_t threads = 2;
  std::uint64_t seed = 1;

  double learning_rate = 0;  ///< 0: the variant's own

  /// Of the made reviews there are few, so that the network must learn faster from each.
  double rate() const {
    if (learning_rate > 0) return learning_rate;
    return data.empty() ? 1e-3 : variant == "literal" ? 1e-4 : 2e-4;
  }
};

/// Reviews as rows of word ids with their labels, the last fifth of them for validation.
struct Data {
  Tensor<std::int32_t, 2> x;
  Tensor<std::int32_t, 1> y;
  double baseline;  ///< accuracy of naive Bayes on the validation reviews
};

Data prepare(LabelledTexts reviews, const Vocabulary& vocabulary, std::size_t train_count) {
  const auto ids = vocabulary.encode_all(reviews.texts);
  const std::span labels(reviews.labels);
  return {.x = pad_sequences(ids, {.maxlen = kLength}),
          .y = reviews.label_tensor(),
          .baseline = bag_of_words_baseline(std::span(ids).first(train_count), labels.first(train_count),
                                            std::span(ids).subspan(train_count), labels.subspan(train_count))};
}

Sequential<float> convnet(bool literal, double learning_rate) {
  Sequential<float> model({
      Embedding(kWords, 128),
      Conv1D(32, 7, {.activation = Activation::relu}),
      MaxPool1D(5),
      Conv1D(32, 7, {.activation = Activation::relu}),
      GlobalMaxPool1D(),
      Dense(1),
  });
  std::vector<MetricRecipe<float>> metrics = {BinaryAccuracy()};
  if (literal) metrics.push_back(RoundedAccuracy());
  // The book's Keras added epsilon = 1e-7 to the root. Inside it, where it stands today, the same epsilon would hold
  // back the embedding, whose gradients are far smaller than its root.
  const RMSprop optimizer({.learning_rate = learning_rate, .epsilon = 1e-14});
  model.compile(optimizer, BinaryCrossentropy({.from_logits = !literal}), metrics);
  return model;
}

/// Largest resident memory of the process so far.
double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

nlohmann::json report(const Options& options, const Sequential<float>& model, const History& history,
                      const Data& data) {
  nlohmann::json json;
  json["variant"] = options.variant;
  json["parameters"] = model.parameter_count();
  for (const auto& name : history.names()) json["history"][name] = history[name];
  json["seconds_per_epoch"] = history.seconds();
  json["baseline_accuracy"] = data.baseline;
  json["peak_rss_mb"] = peak_rss_mb();
  json["learning_rate"] = options.rate();
  json["threads"] = options.threads;
  json["seed"] = options.seed;
  json["instruction_set"] = instruction_set();
  return json;
}

void run(const Options& options) {
  LabelledTexts reviews = options.data.empty() ? simulated_reviews(6'000, 1) : read_reviews(options.data);
  reviews.shuffle(options.seed);
  const std::size_t validation_count = static_cast<std::size_t>(kValidationShare * static_cast<double>(reviews.size()));
  const std::size_t train_count = reviews.size() - validation_count;
  const Vocabulary vocabulary(std::span(reviews.texts).first(train_count), {.num_words = kWords});
  const Data data = prepare(std::move(reviews), vocabulary, train_count);
  std::cout << train_count << " reviews to learn from, " << validation_count << " to validate on\n\n";

  Sequential<float> model = convnet(options.variant == "literal", options.rate());
  model.build({kLength}, options.seed);
  std::cout << model.summary() << '\n';

  EarlyStopping best({.patience = options.epochs});  // trains to the end, then takes the best epoch's weights
  const History history = model.fit(data.x, data.y,
                                    {.epochs = options.epochs,
                                     .batch_size = options.batch_size,
                                     .validation_split = kValidationShare,
                                     .callbacks = {std::ref(best)},
                                     .seed = options.seed,
                                     .threads = options.threads});

  const std::size_t epoch = history.best_epoch("val_binary_accuracy");
  std::cout << "\nbest validation accuracy  " << history["val_binary_accuracy"][epoch] << " (epoch " << epoch + 1
            << ")\n"
            << "bag of words (baseline)   " << data.baseline << '\n'
            << "best validation loss      " << history["val_loss"][history.best_epoch("val_loss")] << '\n';

  nlohmann::json json = report(options, model, history, data);
  if (!options.data.empty() && std::filesystem::exists(options.data + "/test")) {
    const LabelledTexts test = read_reviews(options.data, "test");
    const auto x = pad_sequences(vocabulary.encode_all(test.texts), {.maxlen = kLength});
    const Logs scores = model.evaluate(x, test.label_tensor(), {.threads = options.threads});
    std::cout << "test accuracy             " << scores["binary_accuracy"] << '\n';
    json["test"] = {{"loss", scores["loss"]}, {"binary_accuracy", scores["binary_accuracy"]}};
  }
  if (!options.json.empty()) write_file(options.json, json.dump(2) + '\n');
  if (!options.svg.empty()) history.save_svg(options.svg);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Trains a convolutional network on film reviews.");
  app.add_option("--data", options.data, "folder with train/pos, train/neg and perhaps test/…; default: made reviews");
  app.add_option("--epochs", options.epochs)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--batch-size", options.batch_size)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seed", options.seed, "of split, weights and order")->capture_default_str();
  app.add_option("--learning-rate", options.learning_rate, "default: 1e-4 (literal), 2e-4 (corrected), 1e-3 (made)")
      ->check(CLI::PositiveNumber);
  app.add_option("--variant", options.variant)->check(CLI::IsMember({"corrected", "literal"}))->capture_default_str();
  app.add_option("--json", options.json, "where to write the numbers");
  app.add_option("--svg", options.svg, "where to write the learning curve");
  CLI11_PARSE(app, argc, argv);
  try {
    run(options);
  } catch (const std::exception& error) {
    std::cerr << "imdb_convnet: " << error.what() << '\n';
    return 1;
  }
}
