#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// One number with its name: "val_loss", 0.31.
struct Log {
  std::string name;
  double value = 0;

  bool operator==(const Log&) const = default;
};

namespace detail {

/// Appends a number as Keras prints metrics: four decimals, or four decimals and an exponent if very small or large.
SEQNN_COLD inline void append_metric(std::string& to, double value) {
  char buffer[40];
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size > 1e-3 && size < 1e7);
  std::snprintf(buffer, sizeof buffer, plain ? "%.4f" : "%.4e", value);
  to += std::isnan(value) ? "nan" : buffer;  // some libraries print "-nan"
}

}  // namespace detail

/// Numbers by name, in the order in which they were set: what a batch, an epoch or an evaluation came to.
class Logs {
 public:
  Logs() = default;
  Logs(std::initializer_list<Log> logs) {
    for (const auto& [name, value] : logs) set(name, value);
  }

  /// Overwrites the value of this name, or adds the name at the end; allocates only when it adds.
  void set(std::string_view name, double value) {
    for (auto& log : logs_) {
      if (log.name == name) {
        log.value = value;
        return;
      }
    }
    Log& log = logs_.emplace_back();
    log.name = name;
    log.value = value;
  }

  /// The value, or null if there is none of this name.
  const double* find(std::string_view name) const {
    for (const auto& log : logs_) {
      if (log.name == name) return &log.value;
    }
    return nullptr;
  }

  /// @throws Error that lists the names there are, if there is none of this name
  SEQNN_COLD double at(std::string_view name) const {
    const double* const value = find(name);
    if (value == nullptr) throw Error(text("Logs: name must be one of ", names(), ", got \"", name, '"'));
    return *value;
  }

  /// As `at`: reading a wrong name never adds one.
  double operator[](std::string_view name) const { return at(name); }

  std::size_t size() const { return logs_.size(); }
  bool empty() const { return logs_.empty(); }
  void clear() { logs_.clear(); }
  auto begin() const { return logs_.begin(); }
  auto end() const { return logs_.end(); }

  /// The names for messages: `"loss", "val_loss"`, or `(none)`.
  SEQNN_COLD std::string names() const {
    std::string list;
    for (const auto& log : logs_) list += (list.empty() ? "\"" : ", \"") + log.name + '"';
    return list.empty() ? "(none)" : list;
  }

  bool operator==(const Logs&) const = default;

 private:
  std::vector<Log> logs_;
};

}  // namespace seqnn::inline SEQNN_ABI
