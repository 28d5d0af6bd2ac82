#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/data/check_finite.hpp"
#include "seqnn/data/dataset.hpp"
#include "seqnn/data/sample_source.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/losses/class_targets.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/models/network.hpp"
#include "seqnn/training/sample_parts.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Inputs, targets and weights of samples, checked and in the types that a network and its loss read. They lie in
/// arrays, or are gathered by a data set. Refers to the caller's arrays where they have these types already, and to the
/// data set, so it must not outlive them.
template <class Real>
class Samples {
 public:
  /// Inputs only.
  /// @param of  what the arrays belong to, for messages: nothing, or "validation_data."
  /// @throws ShapeError, DataError
  SEQNN_COLD Samples(const Network<Real>& network, const AnyArray& x, const std::string& of = {}) {
    x_shape_ = sample_shape({x, {}}, of);
    if (x.size() == 0) throw DataError(text(of, "x: must have at least one sample, got shape ", x.shape()));
    count_ = x.shape()[0];
    x_size_ = element_count(x_shape_);
    output_shape_ = network.shapes(x_shape_).back();
    const auto& first = *network.layers().front();
    ids_read_ = network.input_kind() == InputKind::ids;
    if (ids_read_) {
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
    classes_read_ = loss.target_kind() == TargetKind::classes;
    Shape wanted = target_shape();
    y_size_ = element_count(wanted);
    if (without_ones({y.shape().begin() + 1, y.shape().end()}) != wanted) {
      wanted.insert(wanted.begin(), count_);
      throw_y_shape(text(of, "y: must be ", wanted), loss, y.shape());
    }
    if (classes_read_) {
      y_classes_ = Values<std::int32_t>(y, of + "y");
      check_classes(of + "y", y_classes_.data(), count_, y_size_, width());
    } else {
      y_values_ = Values<Real>(y);
      check_finite(of + "y", y_values_.data(), y.shape());
    }
    if (sample_weight.empty()) return;
    const std::size_t rows = element_count(output_shape_) / width();
    if (sample_weight.size() != count_) weight_size_ = rows;
    const Shape& weights = sample_weight.shape();
    if (weights.empty() || weights[0] != count_ || sample_weight.size() != count_ * weight_size_) {
      throw ShapeError(text(of, "sample_weight: must be (", count_, ",), one a sample,",
                            rows > 1 ? text(" or (", count_, ", ", rows, "), one a time step,") : "", " got ",
                            weights));
    }
    weights_.resize(sample_weight.size());
    sample_weight.copy_to(weights_.data());
    check_finite(of + "sample_weight", weights_.data(), weights);
  }

  /// From a data set, whose values are checked as they are gathered.
  /// @param loss  null for predictions, which compare with nothing
  SEQNN_COLD Samples(const Network<Real>& network, const Loss<Real>* loss, const AnyDataset& dataset,
                     std::string of = {})
      : count_(dataset.size()), dataset_(dataset), of_(std::move(of)), first_layer_(network.layers().front().get()) {
    x_shape_ = sample_shape(dataset, of_);
    if (count_ == 0) throw DataError(text(of_, "dataset: must have at least one sample, got size() 0"));
    x_size_ = element_count(x_shape_);
    output_shape_ = network.shapes(x_shape_).back();
    ids_read_ = network.input_kind() == InputKind::ids;
    y_shape_ = dataset.y_shape();
    if (y_shape_.empty()) y_shape_ = {1};
    compared_ = loss != nullptr;
    if (compared_) {
      classes_read_ = loss->target_kind() == TargetKind::classes;
      const Shape wanted = target_shape();
      if (without_ones(y_shape_) != wanted) {
        throw_y_shape(text(of_, "dataset: y_shape() must be ", wanted.empty() ? Shape{1} : wanted), *loss, y_shape_);
      }
    } else {
      classes_read_ = dataset.form<Real>(ids_read_, false).call == nullptr;  // whichever it gathers
    }
    y_size_ = element_count(y_shape_);
    form_ = dataset.form<Real>(ids_read_, classes_read_);
    if (form_.call == nullptr) {
      throw DataError(text(of_, "dataset: gather must take ",
                           AnyDataset::form_name(std::same_as<Real, double>, ids_read_, classes_read_), " for ",
                           first_layer_->title(), loss == nullptr ? "" : " and loss ",
                           loss == nullptr ? "" : loss->name(), ", got a data set that takes ", dataset.forms()));
    }
  }

  /// @param loss  null for predictions
  SEQNN_COLD static Samples of(const Network<Real>& network, const Loss<Real>* loss, const SampleSource& source,
                               const std::string& of = {}) {
    if (!source.dataset.empty()) return Samples(network, loss, source.dataset, of);
    if (loss == nullptr) return Samples(network, source.x, of);
    return Samples(network, *loss, source.x, source.y, source.sample_weight, of);
  }

  /// Multiplies the weights of the first `count` samples by those of their classes; 1 for a class that is not given.
  /// @throws OptionError if a weight is not finite, or a sample has several targets
  SEQNN_COLD void weigh_classes(const std::map<int, double>& class_weight, std::size_t count) {
    if (class_weight.empty()) return;
    if (y_size_ != (compares_classes() ? 1 : width())) {
      throw OptionError(
          text("class_weight: must be used with one target a sample, got ", y_size_, "; use sample_weight"));
    }
    for (const auto& [label, weight] : class_weight) {
      if (!std::isfinite(weight)) {
        throw OptionError(text("class_weight: weights must be finite, got ", weight, " for class ", label));
      }
    }
    if (!in_memory()) {
      class_weight_ = class_weight;  // multiplied as samples are gathered
      return;
    }
    if (weights_.empty()) weights_.assign(count_, Real{1});
    multiply_weights(class_weight, count, y_values(0), y_classes(0), weights_.data());
  }

  /// The samples from `first` on, referring to these.
  SEQNN_COLD Samples from(std::size_t first) const {
    Samples rest = *this;
    rest.first_ = first_ + first;
    rest.count_ = count_ - first;
    return rest;
  }

  /// Leaves out all but the first `count`.
  void keep_first(std::size_t count) { count_ = count; }

  std::size_t count() const { return count_; }
  const Shape& x_shape() const { return x_shape_; }
  std::size_t x_size() const { return x_size_; }
  std::size_t y_size() const { return y_size_; }
  bool reads_ids() const { return ids_read_; }
  bool compares_classes() const { return classes_read_; }
  /// Weights a sample: 1, or one for each row of its outputs.
  std::size_t weight_size() const { return weight_size_; }
  bool weighted() const { return !weights_.empty() || form_.weights || !class_weight_.empty(); }

  /// Whether the samples lie in arrays, one behind the other, where `at` tells. All can be gathered.
  bool in_memory() const { return dataset_.empty(); }

  /// The data set, empty if there is none.
  const AnyDataset& dataset() const { return dataset_; }

  /// Where sample i and those behind it lie, if they are in memory.
  SampleParts<const Real, const std::int32_t> at(std::size_t i) const {
    return {x_values(i), x_ids(i), y_values(i), y_classes(i), weights(i)};
  }

  /// Copies these samples, or lets the data set write them; several threads may do so at once. Allocates nothing.
  /// @param to  room for as many
  /// @throws DataError naming a sample of a data set with wrong values
  void gather(std::span<const std::size_t> indices, const SampleParts<Real>& to) const {
    if (!in_memory()) return gather_from_dataset(indices, to);
    const auto copy = [&](auto row_of, std::size_t size, auto* target) {
      if (target == nullptr) return;
      for (std::size_t i = 0; i < indices.size(); ++i) std::copy_n(row_of(indices[i]), size, target + i * size);
    };
    copy([&](std::size_t i) { return x_values(i); }, x_size_, to.x_values);
    copy([&](std::size_t i) { return x_ids(i); }, x_size_, to.x_ids);
    copy([&](std::size_t i) { return y_values(i); }, y_size_, to.y_values);
    copy([&](std::size_t i) { return y_classes(i); }, y_size_, to.y_classes);
    copy([&](std::size_t i) { return weights(i); }, weight_size_, to.weights);
  }

  const Real* x_values(std::size_t i) const { return offset(values_.data(), (first_ + i) * x_size_); }
  const std::int32_t* x_ids(std::size_t i) const { return offset(ids_.data(), (first_ + i) * x_size_); }
  const Real* y_values(std::size_t i) const { return offset(y_values_.data(), (first_ + i) * y_size_); }
  const std::int32_t* y_classes(std::size_t i) const { return offset(y_classes_.data(), (first_ + i) * y_size_); }
  const Real* weights(std::size_t i) const {
    return weights_.empty() ? nullptr : weights_.data() + (first_ + i) * weight_size_;
  }

 private:
  template <class T>
  static const T* offset(const T* p, std::size_t n) {
    return p == nullptr ? nullptr : p + n;
  }

  /// Numbers in a row of outputs: the classes, where there are classes.
  std::size_t width() const { return output_shape_.empty() ? 1 : output_shape_.back(); }

  /// Of the targets of a sample, without axes of one element at the end: (batch, 1) and (batch,) are the same.
  Shape target_shape() const {
    Shape shape = output_shape_;
    if (classes_read_ && !shape.empty()) shape.pop_back();
    return without_ones(std::move(shape));
  }
  static Shape without_ones(Shape shape) {
    while (!shape.empty() && shape.back() == 1) shape.pop_back();
    return shape;
  }

  [[noreturn]] SEQNN_COLD void throw_y_shape(const std::string& must_be, const Loss<Real>& loss,
                                             const Shape& given) const {
    throw ShapeError(text(must_be, " for loss ", loss.name(), " on outputs of ", with_batch(output_shape_), ", got ",
                          given, classes_read_ ? "; give one class index per output row" : ""));
  }

  void gather_from_dataset(std::span<const std::size_t> indices, const SampleParts<Real>& to) const {
    const std::size_t n = indices.size();
    void* const x = ids_read_ ? static_cast<void*>(to.x_ids) : to.x_values;
    void* const y = classes_read_ ? static_cast<void*>(to.y_classes) : to.y_values;
    dataset_.gather(form_, indices, x, x_size_, y, y_size_, to.weights);
    try {
      check(n, to);
    } catch (const DataError&) {  // find the sample
      for (std::size_t i = 0; i < n; ++i) check_one(indices[i], i, to);
      throw;
    }
    if (to.weights == nullptr) return;
    if (!form_.weights) std::fill_n(to.weights, n, Real{1});
    multiply_weights(class_weight_, n, to.y_values, to.y_classes, to.weights);
  }

  /// Checks the first n of gathered samples: an id outside the vocabulary would read foreign memory, and a NaN would
  /// spoil the weights.
  void check(std::size_t n, const SampleParts<const Real, const std::int32_t>& parts) const {
    if (ids_read_) {
      first_layer_->check_ids(parts.x_ids, n * x_size_, x_size_);
    } else if (!all_finite(n * x_size_, parts.x_values)) {
      check_finite("x", parts.x_values, n == 1 ? x_shape_ : Shape{n, x_size_});
    }
    if (compared_ && classes_read_) {
      check_classes("y", parts.y_classes, n, y_size_, width());
    } else if (compared_ && !all_finite(n * y_size_, parts.y_values)) {
      check_finite("y", parts.y_values, n == 1 ? y_shape_ : Shape{n, y_size_});
    }
    if (form_.weights && !all_finite(n, parts.weights)) check_finite("weight", parts.weights, {n});
  }

  SEQNN_COLD void check_one(std::size_t index, std::size_t i,
                            const SampleParts<const Real, const std::int32_t>& parts) const {
    try {
      check(1, {offset(parts.x_values, i * x_size_), offset(parts.x_ids, i * x_size_),
                offset(parts.y_values, i * y_size_), offset(parts.y_classes, i * y_size_), offset(parts.weights, i)});
    } catch (const DataError& error) {
      throw DataError(text(of_, "dataset: sample ", index, ": ", error.what()));
    }
  }

  /// Multiplies the weights of these samples by those of their classes: the class index, the place of the largest
  /// target, or the rounded value of a single output.
  void multiply_weights(const std::map<int, double>& class_weight, std::size_t count, const Real* y_values,
                        const std::int32_t* y_classes, Real* weights) const {
    if (class_weight.empty()) return;
    for (std::size_t i = 0; i < count; ++i) {
      const auto found =
          class_weight.find(y_classes != nullptr ? y_classes[i * y_size_] : class_of(y_values + i * y_size_));
      if (found != class_weight.end()) weights[i] *= static_cast<Real>(found->second);
    }
  }

  int class_of(const Real* row) const {
    if (y_size_ == 1) return static_cast<int>(std::lround(row[0]));
    return static_cast<int>(std::max_element(row, row + y_size_) - row);
  }

  std::size_t first_ = 0;
  std::size_t count_ = 0;
  Shape x_shape_;
  Shape y_shape_;  // of a data set
  Shape output_shape_;
  bool ids_read_ = false;
  bool classes_read_ = false;
  bool compared_ = false;
  std::size_t x_size_ = 0;
  std::size_t y_size_ = 0;
  std::size_t weight_size_ = 1;
  Values<Real> values_;
  Values<std::int32_t> ids_;
  Values<Real> y_values_;
  Values<std::int32_t> y_classes_;
  Buffer<Real> weights_;
  AnyDataset dataset_;
  GatherForm form_;
  std::string of_;
  const Layer<Real>* first_layer_ = nullptr;
  std::map<int, double> class_weight_;
};

}  // namespace seqnn::inline SEQNN_ABI
