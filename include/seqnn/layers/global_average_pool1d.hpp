#pragma once

#include "seqnn/kernels/pooling.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct GlobalAveragePool1DOptions {
  bool keepdims = false;  ///< whether the time axis stays, with one step
  std::string name = {};

  bool operator==(const GlobalAveragePool1DOptions&) const = default;
};

/// The mean of the whole sequence, feature by feature; of the steps that count, if a mask leaves some out. A sequence
/// without any that counts gives 0, where Keras has NaN.
///
/// Shapes  x [B,T,C] -> y [B,C], or [B,1,C] if keepdims
/// Throws  ShapeError if x is not (batch, time, features)
class GlobalAveragePool1D {
 public:
  explicit GlobalAveragePool1D(GlobalAveragePool1DOptions options = {}) : options_(std::move(options)) {}

  const GlobalAveragePool1DOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const GlobalAveragePool1DOptions standard;
    return Describe("GlobalAveragePool1D")
        .option("keepdims", options_.keepdims, standard.keepdims)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const GlobalAveragePool1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  GlobalAveragePool1DOptions options_;
};

template <class Real>
class GlobalAveragePool1DLayer final : public Layer<Real> {
 public:
  explicit GlobalAveragePool1DLayer(GlobalAveragePool1D recipe) : recipe_(std::move(recipe)) {
    this->set_name(recipe_.options().name);
  }

  std::string type() const override { return "GlobalAveragePool1D"; }
  MaskUse mask_use() const override { return MaskUse::ends; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_rank(this->title(), input, 2, "(batch, time, features)", "put it where the input still is a sequence");
    return recipe_.options().keepdims ? Shape{1, input[1]} : Shape{input[1]};
  }

  void forward(Pass<Real>& pass) const override {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t C = (*pass.input_shape)[1];
    for (std::size_t b = 0; b < pass.batch; ++b) {
      const Real* x = pass.x + b * T * C;
      Real* y = pass.y + b * C;
      if (pass.mask == nullptr) {
        global_average_pool1d_forward(T, C, x, y);
        continue;
      }
      const std::uint8_t* mask = pass.mask + b * T;
      std::fill_n(y, C, Real{0});
      for (std::size_t t = 0; t < T; ++t) {
        if (mask[t] != 0) add(C, x + t * C, y);
      }
      scale(C, share(T, mask), y);
    }
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx == nullptr) return;
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t C = (*pass.input_shape)[1];
    for (std::size_t b = 0; b < pass.batch; ++b) {
      Real* dy = pass.dy + b * C;
      Real* dx = pass.dx + b * T * C;
      if (pass.mask == nullptr) {
        global_average_pool1d_backward(T, C, dy, dx);
        continue;
      }
      const std::uint8_t* mask = pass.mask + b * T;
      scale(C, share(T, mask), dy);
      for (std::size_t t = 0; t < T; ++t, dx += C) {
        if (mask[t] != 0) {
          std::copy_n(dy, C, dx);
        } else {
          std::fill_n(dx, C, Real{0});
        }
      }
    }
  }

 private:
  /// 1 / the number of steps that count.
  static Real share(std::size_t T, const std::uint8_t* mask) {
    const auto masked = std::count(mask, mask + T, std::uint8_t{0});
    return Real(1) / static_cast<Real>(std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(T) - masked));
  }

  GlobalAveragePool1D recipe_;
};

template <class Real>
std::unique_ptr<Layer<Real>> GlobalAveragePool1D::make(For<Layer<Real>>) const {
  return std::make_unique<GlobalAveragePool1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
