#pragma once

#include "seqnn/metrics/metric.hpp"
#include "seqnn/metrics/position_mean.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class SMAPEMetric final : public Metric<Real> {
 public:
  std::string name() const override { return "smape"; }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    add_position_means(c, sums, [&](std::size_t row) {
      double total = 0;
      for (std::size_t i = row * c.width; i < (row + 1) * c.width; ++i) {
        const double p = static_cast<double>(c.predicted[i]);
        const double t = static_cast<double>(c.values[i]);
        const double size = std::abs(p) + std::abs(t);
        total += size == 0 ? 0 : 200 * std::abs(p - t) / size;
      }
      return total / static_cast<double>(c.width);
    });
  }
};

/// Symmetric mean absolute percentage error: the mean of 200·|prediction - target| / (|prediction| + |target|), in
/// percent from 0 to 200; 0 where both are 0. History calls it "smape". Keras does not have it.
///
/// Source  Makridakis and Hibon, The M3-Competition, International Journal of Forecasting 16 (2000)
class SMAPE {
 public:
  bool operator==(const SMAPE&) const = default;
  SEQNN_COLD std::string to_string() const { return "SMAPE()"; }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<SMAPEMetric<Real>>();
  }
};

}  // namespace seqnn::inline SEQNN_ABI
