#pragma once

#include "seqnn/kernels/normal_quantiles.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct GaussianNoiseOptions {
  std::uint64_t seed = 0;  ///< mixed into the seed of the model
  std::string name = {};

  bool operator==(const GaussianNoiseOptions&) const = default;
};

/// Adds normally distributed noise in training, a different number to every value; does nothing in prediction.
///
///   y = x + e,  e ~ N(0, stddev²)
///
/// Random numbers as those of Dropout.
///
/// Shapes  x [B,…] -> y, the same
/// Throws  OptionError if stddev is not in [0, 1], the bounds that Keras sets
class GaussianNoise {
 public:
  explicit GaussianNoise(double stddev, GaussianNoiseOptions options = {})
      : stddev_(stddev), options_(std::move(options)) {
    if (!(stddev_ >= 0 && stddev_ <= 1)) {
      throw OptionError(text(option_title("GaussianNoise", options_.name), ": stddev must be in [0, 1], got ", stddev_,
                             "; scale the data instead"));
    }
  }

  double stddev() const { return stddev_; }
  const GaussianNoiseOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const GaussianNoiseOptions standard;
    return Describe("GaussianNoise")
        .argument(stddev_)
        .option("seed", options_.seed, standard.seed)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const GaussianNoise&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  double stddev_;
  GaussianNoiseOptions options_;
};

/// Computes GaussianNoise.
template <class Real>
class GaussianNoiseLayer final : public Layer<Real> {
 public:
  explicit GaussianNoiseLayer(const GaussianNoise& recipe) : stddev_(recipe.stddev()), seed_(recipe.options().seed) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "GaussianNoise"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }
  bool steps_alone() const override { return true; }

  Shape output_shape(const Shape& input) const override { return input; }

  bool passes_through(bool training) const override { return !training || stddev_ == 0; }

  void forward(Pass<Real>& pass) const override {
    const std::size_t n = element_count(*pass.input_shape);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      RandomStream random = pass.random(b, Purpose::dropout, seed_);
      add_noise(n, random, pass.x + b * n, pass.y + b * n);
    }
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx != nullptr) std::copy_n(pass.dy, pass.batch * element_count(*pass.input_shape), pass.dx);
  }

 private:
  /// One word of 32 bits a value, where RandomStream::normal takes two, and many at once.
  void add_noise(std::size_t n, RandomStream& random, const Real* x, Real* y) const {
    std::uint32_t words[kQuantileBlock];
    double numbers[kQuantileBlock];
    for (std::size_t i = 0; i < n; i += kQuantileBlock) {
      const std::size_t count = std::min(kQuantileBlock, n - i);
      random.fill(words, count);
      for (std::size_t k = 0; k < count; ++k) numbers[k] = (words[k] + 0.5) * 0x1p-32;
      normal_quantiles(count, numbers, numbers);
      for (std::size_t k = 0; k < count; ++k) y[i + k] = x[i + k] + static_cast<Real>(stddev_ * numbers[k]);
    }
  }

  double stddev_;
  std::uint64_t seed_;
};

template <class Real>
std::unique_ptr<Layer<Real>> GaussianNoise::make(For<Layer<Real>>) const {
  return std::make_unique<GaussianNoiseLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
