#pragma once

#include "seqnn/kernels/dropout.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct DropoutOptions {
  std::uint64_t seed = 0;  ///< mixed into the seed of the model
  std::string name = {};

  bool operator==(const DropoutOptions&) const = default;
};

/// Sets a random share of the values to zero in training and enlarges the others, so that the mean stays; does nothing
/// in prediction (inverted dropout).
///
///   y = m ⊙ x / (1 - rate),  m 0 with probability rate, else 1
///
/// The mask of a sample depends on the seed, the layer, the training step and the sample's place in the batch, and on
/// nothing else: not on threads, shards or tiles.
///
/// Shapes  x [B,…] -> y, the same
/// Keeps   when training: the mask, a byte a value
/// Throws  OptionError if rate is not in [0, 1)
/// Source  Hinton et al. 2012; Srivastava et al. 2014
class Dropout {
 public:
  /// @param rate  share of the values set to zero, in [0, 1)
  explicit Dropout(double rate, DropoutOptions options = {}) : rate_(rate), options_(std::move(options)) {
    check_rate(option_title("Dropout", options_.name), "rate", rate_);
  }

  double rate() const { return rate_; }
  const DropoutOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const DropoutOptions standard;
    return Describe("Dropout")
        .argument(rate_)
        .option("seed", options_.seed, standard.seed)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const Dropout&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  double rate_;
  DropoutOptions options_;
};

template <class Real>
class DropoutLayer final : public Layer<Real> {
 public:
  explicit DropoutLayer(const Dropout& recipe) : rate_(recipe.rate()), seed_(recipe.options().seed) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "Dropout"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }
  bool steps_alone() const override { return true; }

  Shape output_shape(const Shape& input) const override { return input; }

  bool passes_through(bool training) const override { return !training || rate_ == 0; }

  void plan(Pass<Real>& pass) const override { (void)take_mask(pass); }

  void forward(Pass<Real>& pass) const override {
    const std::size_t n = element_count(*pass.input_shape);
    std::uint8_t* keep = take_mask(pass);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      dropout_forward(n, pass.random(b, Purpose::dropout, seed_), dropout_threshold(rate_), dropout_scale<Real>(rate_),
                      pass.x + b * n, pass.y + b * n, keep + b * n);
    }
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx == nullptr) return;
    const std::size_t n = pass.batch * element_count(*pass.input_shape);
    dropout_backward(n, dropout_scale<Real>(rate_), take_mask(pass), pass.dy, pass.dx);
  }

 private:
  std::uint8_t* take_mask(Pass<Real>& pass) const {
    return passes_through(pass.training)
               ? nullptr
               : pass.kept.template take<std::uint8_t>(pass.batch * element_count(*pass.input_shape));
  }

  double rate_;
  std::uint64_t seed_;
};

template <class Real>
std::unique_ptr<Layer<Real>> Dropout::make(For<Layer<Real>>) const {
  return std::make_unique<DropoutLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
