#pragma once

#include "seqnn/training/callback.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

/// A training whose model is one number, for tests of callbacks.
class FakeTraining : public seqnn::Training {
 public:
  FakeTraining(std::size_t epochs, std::size_t steps, seqnn::Logs names)
      : epochs_(epochs), steps_(steps), logs_(std::move(names)) {}

  std::size_t epochs() const override { return epochs_; }
  std::size_t steps_per_epoch() const override { return steps_; }
  const seqnn::Logs& logs() const override { return logs_; }
  void stop(std::string reason) override {
    if (stop_reason_.empty()) stop_reason_ = std::move(reason);
  }
  const std::string& stop_reason() const override { return stop_reason_; }
  void note(std::string sentence) override { notes.push_back(std::move(sentence)); }
  double batch_loss() const override { return loss; }
  std::vector<seqnn::WeightView> weights() const override { return views; }
  std::string summary() const override { return "a model of one number\n"; }
  void reset_optimizer() override { ++resets; }
  std::string first_non_finite() const override { return non_finite; }
  double learning_rate() const override { return learning_rate_; }
  void set_learning_rate(double rate) override { learning_rate_ = rate; }
  void keep_weights(seqnn::KeptWeights& kept) const override { kept.assign(1, std::byte{weight}); }
  void restore_weights(const seqnn::KeptWeights& kept) override { weight = std::to_integer<unsigned char>(kept.at(0)); }

  unsigned char weight = 0;
  double loss = 0.5;       // of the last batch
  std::size_t resets = 0;  // of the optimizer
  std::vector<std::string> notes;
  std::vector<seqnn::WeightView> views;
  std::string non_finite;  // what first_non_finite says

 private:
  std::size_t epochs_;
  std::size_t steps_;
  seqnn::Logs logs_;
  std::string stop_reason_;
  double learning_rate_ = 0.001;
};

/// Runs a callback through epochs that report these values under one name. The weight of epoch e is e + 1.
/// Returns the number of epochs that ran.
inline std::size_t run_epochs(FakeTraining& training, seqnn::Callback& callback, const std::string& name,
                              const std::vector<double>& values) {
  callback.on_train_begin(training);
  std::size_t epoch = 0;
  while (epoch < values.size() && training.stop_reason().empty()) {
    callback.on_epoch_begin(training, epoch);
    training.weight = static_cast<unsigned char>(epoch + 1);
    callback.on_epoch_end(training, epoch, {{"loss", 9.0}, {name, values[epoch]}});
    ++epoch;
  }
  callback.on_train_end(training);
  return epoch;
}
