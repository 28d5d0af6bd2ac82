#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/io/event_file.hpp"
#include "seqnn/io/event_summary.hpp"
#include "seqnn/training/callback.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Names and defaults as in Keras, but the last two.
struct TensorBoardOptions {
  std::size_t histogram_freq = 0;       ///< epochs from one histogram of each parameter to the next; 0: none
  std::size_t update_freq = 0;          ///< batches from one point of the batches' curves to the next; 0: only epochs
  bool write_steps_per_second = false;  ///< how many, by epoch, and by batch where those are written
  bool write_summary = true;            ///< the model's table as text, in place of Keras' write_graph
  double (*clock)() = &detail::wall_seconds;  ///< seconds since 1970

  bool operator==(const TensorBoardOptions&) const = default;
};

/// Writes what TensorBoard shows: losses and metrics by epoch and batch, histograms of the parameters, the model's
/// table.
///
///     model.fit(x, y, {.validation_split = 0.2, .callbacks = {TensorBoard("logs/monday")}});
///     tensorboard --logdir logs
///
/// Folders and tags are those of Keras: runs `train` and `validation` below the folder; `epoch_loss`,
/// `epoch_learning_rate`, `batch_loss` (the mean of the epoch so far), `evaluation_loss_vs_iterations`,
/// `dense/kernel/histogram`. Epochs count from 0, batches from 1 and on over the epochs, from where `initial_epoch`
/// begins. Each training writes files of its own. No TensorFlow is needed.
///
/// What Keras has and this has not: write_graph, write_images, profile_batch, embeddings_freq.
///
/// Throws  FileError before the first step if the folder cannot be made or written
/// Source  Keras 3, keras/src/callbacks/tensorboard.py
class TensorBoard : public Callback {
 public:
  explicit TensorBoard(std::string log_dir = "logs", TensorBoardOptions options = {})
      : log_dir_(std::move(log_dir)), options_(options) {}

  const std::string& log_dir() const { return log_dir_; }
  const TensorBoardOptions& options() const { return options_; }

  SEQNN_COLD void on_train_begin(Training& training) override {
    train_.emplace(log_dir_ + "/train", options_.clock);
    validation_.reset();
    for (const auto& log : training.logs()) {
      if (log.name.starts_with("val_") && !validation_) validation_.emplace(log_dir_ + "/validation", options_.clock);
    }
    step_.reset();
    if (options_.write_summary) train_->write(0, EventSummary().markdown("model_summary", code(training.summary())));
  }

  void on_epoch_begin(Training& training, std::size_t epoch) override {
    if (!step_) step_ = epoch * training.steps_per_epoch();
    first_step_ = *step_;
    epoch_start_ = options_.clock();
  }

  void on_batch_begin(Training&, std::size_t) override {
    ++*step_;
    if (writes_batch()) batch_start_ = options_.clock();
  }

  void on_batch_end(Training&, std::size_t, const Logs& logs) override {
    if (writes_batch()) write_batch(logs);
  }

  SEQNN_COLD void on_epoch_end(Training& training, std::size_t epoch, const Logs& logs) override {
    EventSummary train, validation, evaluation;
    for (const auto& [name, value] : logs) {
      if (!name.starts_with("val_")) {
        train.scalar("epoch_" + name, value);
      } else {
        validation.scalar("epoch_" + name.substr(4), value);
        evaluation.scalar("evaluation_" + name.substr(4) + "_vs_iterations", value);
      }
    }
    train.scalar("epoch_learning_rate", training.learning_rate());
    if (options_.write_steps_per_second) {
      train.scalar("epoch_steps_per_second", rate(*step_ - first_step_, epoch_start_));
    }
    train_->write(epoch, train);
    if (validation_) {
      validation_->write(*step_, evaluation);
      validation_->write(epoch, validation);
    }
    if (options_.histogram_freq > 0 && epoch % options_.histogram_freq == 0) {
      train_->write(epoch, histograms(training));
    }
  }

 private:
  bool writes_batch() const { return options_.update_freq > 0 && *step_ % options_.update_freq == 0; }

  SEQNN_COLD void write_batch(const Logs& logs) {
    EventSummary summary;
    if (options_.write_steps_per_second) summary.scalar("batch_steps_per_second", rate(1, batch_start_));
    for (const auto& [name, value] : logs) summary.scalar("batch_" + name, value);
    train_->write(*step_, summary);
  }

  double rate(std::size_t steps, double since) const { return static_cast<double>(steps) / (options_.clock() - since); }

  SEQNN_COLD static EventSummary histograms(const Training& training) {
    EventSummary summary;
    std::vector<double> values;
    for (const auto& weight : training.weights()) {
      values.clear();
      for (std::size_t i = 0; i < weight.size(); ++i) values.push_back(weight[i]);
      summary.histogram(std::string(weight.name) + "/histogram", values);
    }
    return summary;
  }

  /// As Markdown that is shown as it is: four blanks before every line.
  SEQNN_COLD static std::string code(std::string_view table) {
    std::string result = "    ";
    for (const char c : table) {
      result += c;
      if (c == '\n') result += "    ";
    }
    return result;
  }

  std::string log_dir_;
  TensorBoardOptions options_;
  std::optional<EventFile> train_;
  std::optional<EventFile> validation_;
  std::optional<std::size_t> step_;  // batches so far
  std::size_t first_step_ = 0;       // of the epoch
  double epoch_start_ = 0;
  double batch_start_ = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
