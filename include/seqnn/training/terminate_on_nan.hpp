#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/training/callback.hpp"

#include <cmath>
#include <cstddef>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Stops a training at the first batch whose loss is NaN or infinite, and says which, and what was first:
///
///     TerminateOnNaN: loss was NaN in batch 12 of epoch 3; first not finite: output of Conv1D "conv1d", infinite for
///     sample 170; take a lower learning rate, …
///
/// It is a parameter before the first step, the gradient of one in an earlier step, the output of a layer for a sample
/// (the first layer that has one; for those inside a Residual the block is named), or the loss alone. To find it the
/// batch passes forward once more; nothing is spent on it before. The weights are then those after that batch; with an
/// `EarlyStopping` beside it they go back to the best epoch's.
///
/// Keras' names nothing, and its `raise_error` is not there: the history has the reason (`stop_reason`).
///
/// Source  Keras 3, keras/src/callbacks/terminate_on_nan.py
class TerminateOnNaN : public Callback {
 public:
  void on_epoch_begin(Training&, std::size_t epoch) override { epoch_ = epoch; }

  void on_batch_end(Training& training, std::size_t batch, const Logs& logs) override {
    // The mean of the epoch so far: all batches before this one had a loss.
    const double* const loss = logs.find("loss");
    if (loss != nullptr && !std::isfinite(*loss)) stop(training, batch, *loss);
  }

 private:
  SEQNN_COLD void stop(Training& training, std::size_t batch, double loss) const {
    const std::string first = training.first_non_finite();
    training.stop(text("TerminateOnNaN: loss was ", std::isnan(loss) ? "NaN" : "infinite", " in batch ", batch + 1,
                       " of epoch ", epoch_ + 1, first.empty() ? "" : "; first not finite: ", first,
                       "; take a lower learning rate, limit gradients with clipnorm, or look for values in the data "
                       "that are not finite"));
  }

  std::size_t epoch_ = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
