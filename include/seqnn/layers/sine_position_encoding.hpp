#pragma once

#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of SinePositionEncoding, as in keras_hub.
struct SinePositionEncodingOptions {
  double max_wavelength = 10000;  ///< time steps; the longest wave has 2π times as many
  std::string name = {};

  bool operator==(const SinePositionEncodingOptions&) const = default;
};

/// Adds to every time step sines and cosines of its place in the sequence, of wavelengths from 2π up. Nothing is
/// learnt, and sequences may have any length.
///
///   y_t,i = x_t,i + sin(t·w_i) for even i, + cos(t·w_i) for odd i    w_i = max_wavelength^(-2⌊i/2⌋ / D)
///
/// Shapes  x [B,T,D] -> y, the same
/// Throws  OptionError if max_wavelength is not a positive number; ShapeError if x is not (batch, time, features)
/// Source  Vaswani et al. 2017
class SinePositionEncoding {
 public:
  explicit SinePositionEncoding(SinePositionEncodingOptions options = {}) : options_(std::move(options)) {
    if (!(options_.max_wavelength > 0 && std::isfinite(options_.max_wavelength))) {
      throw OptionError(text(option_title("SinePositionEncoding", options_.name),
                             ": max_wavelength must be a positive number, got ", options_.max_wavelength));
    }
  }

  const SinePositionEncodingOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const SinePositionEncodingOptions standard;
    return Describe("SinePositionEncoding")
        .option("max_wavelength", options_.max_wavelength, standard.max_wavelength)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const SinePositionEncoding&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  SinePositionEncodingOptions options_;
};

/// Computes SinePositionEncoding.
template <class Real>
class SinePositionEncodingLayer final : public Layer<Real> {
 public:
  explicit SinePositionEncodingLayer(const SinePositionEncoding& recipe)
      : max_wavelength_(recipe.options().max_wavelength) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "SinePositionEncoding"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_sequence(this->title(), input, 0);
    return input;
  }

  void plan(Pass<Real>& pass) const override { (void)take_encoding(pass); }

  /// The encoding of all steps. Each wave turns by its angle from one step to the next, which in double loses no more
  /// than some 1e-16 a step and takes a sine and a cosine a wave, not a step.
  void prepare(Pass<Real>& pass) const override {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t D = (*pass.input_shape)[1];
    Real* encoding = take_encoding(pass);
    for (std::size_t i = 0; i < D; i += 2) {
      const double w = std::pow(max_wavelength_, -static_cast<double>(i) / static_cast<double>(D));
      const double turn_sine = std::sin(w);
      const double turn_cosine = std::cos(w);
      double sine = 0;
      double cosine = 1;
      for (std::size_t t = 0; t < T; ++t) {
        encoding[t * D + i] = static_cast<Real>(sine);
        if (i + 1 < D) encoding[t * D + i + 1] = static_cast<Real>(cosine);
        const double next = sine * turn_cosine + cosine * turn_sine;
        cosine = cosine * turn_cosine - sine * turn_sine;
        sine = next;
      }
    }
  }

  void forward(Pass<Real>& pass) const override {
    const std::size_t n = element_count(*pass.input_shape);
    const Real* encoding = take_encoding(pass);
    for (std::size_t b = 0; b < pass.batch; ++b) add(n, pass.x + b * n, encoding, pass.y + b * n);
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx != nullptr) std::copy_n(pass.dy, pass.batch * element_count(*pass.input_shape), pass.dx);
  }

 private:
  Real* take_encoding(Pass<Real>& pass) const {
    return pass.prepared.template take<Real>(element_count(*pass.input_shape));
  }

  double max_wavelength_;
};

template <class Real>
std::unique_ptr<Layer<Real>> SinePositionEncoding::make(For<Layer<Real>>) const {
  return std::make_unique<SinePositionEncodingLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
