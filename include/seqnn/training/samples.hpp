#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/data/check_finite.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/losses/class_targets.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/models/network.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Inputs, targets and weights of samples, checked and in the types that a network and its loss read. Refers to the
/// caller's arrays where they have these types already, so it must not outlive them.
template <class Real>
class Samples {
 public:
  /// Inputs only.
  /// @param of  what the arrays belong to, for messages: nothing, or "validation_data."
  /// @throws ShapeError, DataError
  SEQNN_COLD Samples(const Network<Real>& network, const AnyArray& x, const std::string& of = {}) {
    if (x.shape().empty()) throw ShapeError(text(of, "x: must be (batch, …), got a scalar or nothing"));
    if (x.size() == 0) throw DataError(text(of, "x: must have at least one sample, got shape ", x.shape()));
    count_ = x.shape()[0];
    x_shape_.assign(x.shape().begin() + 1, x.shape().end());
    x_size_ = element_count(x_shape_);
    output_shape_ = network.shapes(x_shape_).back();
    const auto& first = *network.layers().front();
    if (network.input_kind() == InputKind::ids) {
      if (!x.integers()) {
        throw DataError(text(first.title(),
                             ": input must be token ids of an integer type, got floating-point numbers of "
                             "shape ",
                             x.shape(), "; convert with xt::cast<int>"));
      }
      ids_ = Values<std::int32_t>(x, of + "x");
      first.check_ids(ids_.data(), x.size(), x_size_);
    } else {
      values_ = Values<Real>(x);
      check_finite(of + "x", values_.data(), x.shape());
    }
  }

  /// Inputs and targets; `sample_weight` may be empty.
  SEQNN_COLD Samples(const Network<Real>& network, const Loss<Real>& loss, const AnyArray& x, const AnyArray& y,
                     const AnyArray& sample_weight, const std::string& of = {})
      : Samples(network, x, of) {
    if (y.shape().empty() || y.shape()[0] != count_) {
      throw ShapeError(text(of, "y: must have as many samples as x, ", count_, ", got shape ", y.shape()));
    }
    const std::size_t outputs = element_count(output_shape_);
    const bool classes = loss.target_kind() == TargetKind::classes;
    y_size_ = classes ? outputs / width() : outputs;
    Shape wanted = output_shape_;
    if (classes && !wanted.empty()) wanted.pop_back();
    Shape given(y.shape().begin() + 1, y.shape().end());
    for (Shape* shape : {&wanted, &given}) {  // (batch, 1) and (batch,) are the same
      while (!shape->empty() && shape->back() == 1) shape->pop_back();
    }
    if (given != wanted) {
      wanted.insert(wanted.begin(), count_);
      throw ShapeError(text(of, "y: must be ", wanted, " for loss ", loss.name(), " on outputs of ",
                            with_batch(output_shape_), ", got ", y.shape(),
                            classes ? "; give one class index per output row" : ""));
    }
    if (classes) {
      y_classes_ = Values<std::int32_t>(y, of + "y");
      check_classes(of + "y", y_classes_.data(), count_, y_size_, width());
    } else {
      y_values_ = Values<Real>(y);
      check_finite(of + "y", y_values_.data(), y.shape());
    }
    if (sample_weight.empty()) return;
    if (sample_weight.size() != count_) {
      throw ShapeError(text(of, "sample_weight: must be (", count_, ",), one a sample, got ", sample_weight.shape()));
    }
    weights_.resize(count_);
    sample_weight.copy_to(weights_.data());
    check_finite(of + "sample_weight", weights_.data(), sample_weight.shape());
  }

  /// Multiplies the weights of the first `count` samples by those of their classes; 1 for a class that is not given.
  /// @throws OptionError if a weight is not finite, or a sample has several targets
  SEQNN_COLD void weigh_classes(const std::map<int, double>& class_weight, std::size_t count) {
    if (class_weight.empty()) return;
    if (y_size_ != (y_classes_.data() != nullptr ? 1 : width())) {
      throw OptionError(
          text("class_weight: must be used with one target a sample, got ", y_size_, "; use sample_weight"));
    }
    for (const auto& [label, weight] : class_weight) {
      if (!std::isfinite(weight)) {
        throw OptionError(text("class_weight: weights must be finite, got ", weight, " for class ", label));
      }
    }
    if (weights_.empty()) weights_.assign(count_, Real{1});
    for (std::size_t i = 0; i < count; ++i) {
      const auto found = class_weight.find(class_of(i));
      if (found != class_weight.end()) weights_[i] *= static_cast<Real>(found->second);
    }
  }

  /// The samples from `first` on, referring to these.
  SEQNN_COLD Samples from(std::size_t first) const {
    Samples rest = *this;
    rest.first_ = first_ + first;
    rest.count_ = count_ - first;
    return rest;
  }

  std::size_t count() const { return count_; }
  const Shape& x_shape() const { return x_shape_; }
  std::size_t x_size() const { return x_size_; }
  std::size_t y_size() const { return y_size_; }

  const Real* x_values(std::size_t i) const { return offset(values_.data(), (first_ + i) * x_size_); }
  const std::int32_t* x_ids(std::size_t i) const { return offset(ids_.data(), (first_ + i) * x_size_); }
  const Real* y_values(std::size_t i) const { return offset(y_values_.data(), (first_ + i) * y_size_); }
  const std::int32_t* y_classes(std::size_t i) const { return offset(y_classes_.data(), (first_ + i) * y_size_); }
  const Real* weights(std::size_t i) const { return weights_.empty() ? nullptr : weights_.data() + first_ + i; }

 private:
  template <class T>
  static const T* offset(const T* p, std::size_t n) {
    return p == nullptr ? nullptr : p + n;
  }

  /// Numbers in a row of outputs: the classes, where there are classes.
  std::size_t width() const { return output_shape_.empty() ? 1 : output_shape_.back(); }

  /// Class of a sample: its index, the place of the largest target, or the rounded value of a single output.
  int class_of(std::size_t i) const {
    if (y_classes_.data() != nullptr) return y_classes(i)[0];
    const Real* row = y_values(i);
    if (y_size_ == 1) return static_cast<int>(std::lround(row[0]));
    return static_cast<int>(std::max_element(row, row + y_size_) - row);
  }

  std::size_t first_ = 0;
  std::size_t count_ = 0;
  Shape x_shape_;
  Shape output_shape_;
  std::size_t x_size_ = 0;
  std::size_t y_size_ = 0;
  Values<Real> values_;
  Values<std::int32_t> ids_;
  Values<Real> y_values_;
  Values<std::int32_t> y_classes_;
  Buffer<Real> weights_;
};

}  // namespace seqnn::inline SEQNN_ABI
