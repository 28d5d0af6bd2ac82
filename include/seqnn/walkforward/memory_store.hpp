#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/walkforward/forecast.hpp"
#include "seqnn/walkforward/result_store.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// A result store that ends with the program: for tests, and for runs short enough to be made again.
class MemoryStore final : public ResultStore {
 public:
  void write(const std::string& model, std::span<const Forecast> forecasts) override {
    Model& kept = models_[model];
    std::map<Key, Forecast> written;  // made whole first: what follows only moves it, and cannot fail
    for (const Forecast& forecast : forecasts) {
      written.insert_or_assign(Key(forecast.time, forecast.symbol), forecast);
    }
    while (!written.empty()) {
      auto node = written.extract(written.begin());
      kept.failures.erase(node.key().first);
      kept.forecasts.erase(node.key());
      kept.forecasts.insert(std::move(node));
    }
  }

  void write_failure(const std::string& model, const FailedForecast& failure) override {
    models_[model].failures.insert_or_assign(failure.time, failure.error);
  }

  std::vector<Forecast> forecasts(const std::string& model) override {
    std::vector<Forecast> result;
    for (const auto& [key, forecast] : models_[model].forecasts) result.push_back(forecast);
    return result;
  }

  std::vector<FailedForecast> failures(const std::string& model) override {
    std::vector<FailedForecast> result;
    for (const auto& [time, error] : models_[model].failures) result.push_back({time, error});
    return result;
  }

 private:
  using Key = std::pair<std::int64_t, std::string>;  // time, symbol

  struct Model {
    std::map<Key, Forecast> forecasts;
    std::map<std::int64_t, std::string> failures;
  };

  std::map<std::string, Model> models_;
};

}  // namespace seqnn::inline SEQNN_ABI
