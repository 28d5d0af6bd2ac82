#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

/// A data set of the rows of two arrays, as a user would write one.
template <class X, class Y>
struct ArrayDataset {
  template <class XTensor, class YTensor>
  ArrayDataset(const XTensor& x_rows, const YTensor& y_rows)
      : x(x_rows.begin(), x_rows.end()), y(y_rows.begin(), y_rows.end()) {
    const seqnn::Shape xs = seqnn::shape_of(x_rows);
    const seqnn::Shape ys = seqnn::shape_of(y_rows);
    count = xs[0];
    x_sample.assign(xs.begin() + 1, xs.end());
    y_sample.assign(ys.begin() + 1, ys.end());
  }

  std::size_t size() const { return count; }
  seqnn::Shape x_shape() const { return x_sample; }
  seqnn::Shape y_shape() const { return y_sample; }

  void gather(std::span<const std::size_t> indices, std::span<X> to_x, std::span<Y> to_y) const {
    const std::size_t m = seqnn::element_count(x_sample);
    const std::size_t n = seqnn::element_count(y_sample);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      std::copy_n(x.data() + indices[i] * m, m, to_x.data() + i * m);
      std::copy_n(y.data() + indices[i] * n, n, to_y.data() + i * n);
    }
  }

  std::vector<X> x;
  std::vector<Y> y;
  std::size_t count;
  seqnn::Shape x_sample;
  seqnn::Shape y_sample;
};

/// The same with weights for the samples' losses.
template <class X, class Y, class Real>
struct WeightedDataset : ArrayDataset<X, Y> {
  template <class XTensor, class YTensor>
  WeightedDataset(const XTensor& x_rows, const YTensor& y_rows, std::vector<Real> of)
      : ArrayDataset<X, Y>(x_rows, y_rows), weights(std::move(of)) {}

  void gather(std::span<const std::size_t> indices, std::span<X> to_x, std::span<Y> to_y,
              std::span<Real> to_weights) const {
    ArrayDataset<X, Y>::gather(indices, to_x, to_y);
    for (std::size_t i = 0; i < indices.size(); ++i) to_weights[i] = weights[indices[i]];
  }

  std::vector<Real> weights;
};
