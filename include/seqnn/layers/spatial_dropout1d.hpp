#pragma once

#include "seqnn/kernels/dropout.hpp"
#include "seqnn/kernels/sweep.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct SpatialDropout1DOptions {
  std::uint64_t seed = 0;  ///< mixed into the seed of the model
  std::string name = {};

  bool operator==(const SpatialDropout1DOptions&) const = default;
};

/// Dropout of whole features: in training, a feature is 0 at every step of a sample, or enlarged so that the mean
/// stays; does nothing in prediction. For features whose neighbours in time say the same, which Dropout would leave
/// readable.
///
///   y_t = m ⊙ x_t / (1 - rate),  m [C] 0 with probability rate, else 1, the same for all t
///
/// Random numbers as those of Dropout.
///
/// Shapes  x [B,T,C] -> y, the same
/// Keeps   when training: the factors [B,C]
/// Throws  OptionError if rate is not in [0, 1); ShapeError if x is not (batch, time, features)
/// Source  Tompson et al. 2015
class SpatialDropout1D {
 public:
  explicit SpatialDropout1D(double rate, SpatialDropout1DOptions options = {})
      : rate_(rate), options_(std::move(options)) {
    check_rate(option_title("SpatialDropout1D", options_.name), "rate", rate_);
  }

  double rate() const { return rate_; }
  const SpatialDropout1DOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const SpatialDropout1DOptions standard;
    return Describe("SpatialDropout1D")
        .argument(rate_)
        .option("seed", options_.seed, standard.seed)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const SpatialDropout1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  double rate_;
  SpatialDropout1DOptions options_;
};

/// Computes SpatialDropout1D.
template <class Real>
class SpatialDropout1DLayer final : public Layer<Real> {
 public:
  explicit SpatialDropout1DLayer(const SpatialDropout1D& recipe) : rate_(recipe.rate()), seed_(recipe.options().seed) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "SpatialDropout1D"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_rank(this->title(), input, 2, "(batch, time, features)");
    return input;
  }

  bool passes_through(bool training) const override { return !training || rate_ == 0; }

  void plan(Pass<Real>& pass) const override { (void)take_factors(pass); }

  void forward(Pass<Real>& pass) const override {
    const std::size_t C = pass.input_shape->back();
    Real* factors = take_factors(pass);
    std::fill_n(factors, pass.batch * C, Real{1});
    for (std::size_t b = 0; b < pass.batch; ++b) {
      dropout_forward<Real>(C, pass.random(b, Purpose::dropout, seed_), dropout_threshold(rate_),
                            dropout_scale<Real>(rate_), factors + b * C, factors + b * C, nullptr);
    }
    multiply(pass, factors, pass.x, pass.y);
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx != nullptr) multiply(pass, take_factors(pass), pass.dy, pass.dx);
  }

 private:
  Real* take_factors(Pass<Real>& pass) const {
    return passes_through(pass.training) ? nullptr
                                         : pass.kept.template take<Real>(pass.batch * pass.input_shape->back());
  }

  /// Every step times the factors of its sample.
  static void multiply(const Pass<Real>& pass, const Real* factors, const Real* from, Real* to) {
    const std::size_t T = pass.input_shape->front();
    const std::size_t C = pass.input_shape->back();
    for (std::size_t i = 0; i < pass.batch * T; ++i) {
      const Real* factor = factors + i / T * C;
      simd::sweep<Real>(C, [&](auto at) { at.store(to + i * C, at.load(from + i * C) * at.load(factor)); });
    }
  }

  double rate_;
  std::uint64_t seed_;
};

template <class Real>
std::unique_ptr<Layer<Real>> SpatialDropout1D::make(For<Layer<Real>>) const {
  return std::make_unique<SpatialDropout1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
