#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/training/logs.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Whether a low or a high value is the better one. `automatic` goes by the name, see `higher_is_better`.
enum class MonitorMode { automatic, min, max };

inline const char* to_string(MonitorMode mode) {
  switch (mode) {
    case MonitorMode::min:
      return "min";
    case MonitorMode::max:
      return "max";
    default:
      return "automatic";
  }
}

/// Whether this is the name of a metric that grows as a model improves: accuracies, AUC, precision, recall, F1, R².
/// False for every other name, such as losses and errors.
SEQNN_COLD inline bool higher_is_better(std::string_view name) {
  for (const char* const part : {"acc", "auc", "precision", "recall", "f1", "r2"}) {
    if (name.find(part) != std::string_view::npos) return true;
  }
  return false;
}

/// Tells better from worse values of one name in the logs. NaN is never better.
class Monitor {
 public:
  Monitor() = default;
  Monitor(std::string name, MonitorMode mode, double min_delta = 0)
      : name_(std::move(name)),
        higher_(mode == MonitorMode::max || (mode == MonitorMode::automatic && higher_is_better(name_))),
        min_delta_(min_delta) {}

  const std::string& name() const { return name_; }

  /// Whether `value` beats `reference` by more than `min_delta`.
  bool better(double value, double reference) const {
    return higher_ ? value - min_delta_ > reference : value + min_delta_ < reference;
  }

  /// The monitored value. `who` names the asking callback.
  /// @throws OptionError that lists the names there are, if this one is missing
  SEQNN_COLD double value(const Logs& logs, const char* who) const {
    const double* const value = logs.find(name_);
    if (value == nullptr) {
      const bool validation = name_.starts_with("val_");
      throw OptionError(text(who, ": monitor must be one of ", logs.names(), ", got \"", name_, '"',
                             validation ? "; give fit validation data, or monitor another name" : ""));
    }
    return *value;
  }

 private:
  std::string name_;
  bool higher_ = false;
  double min_delta_ = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
