#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/training/callback.hpp"

#include <cmath>
#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// Stops a training at the first batch whose loss is NaN or infinite, and says which. The weights are then those after
/// that batch; with an `EarlyStopping` beside it they go back to the best epoch's.
///
/// As Keras', whose `raise_error` is not there: the history has the reason (`stop_reason`).
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
    training.stop(text("TerminateOnNaN: loss was ", std::isnan(loss) ? "NaN" : "infinite", " in batch ", batch + 1,
                       " of epoch ", epoch_ + 1,
                       "; take a lower learning rate, limit gradients with clipnorm, or look for values in the data "
                       "that are not finite"));
  }

  std::size_t epoch_ = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
