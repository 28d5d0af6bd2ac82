#pragma once

#include "seqnn/data/series/shared_series.hpp"
#include "seqnn/data/series/windows.hpp"

#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

/// A series whose number in row r and column c is 10·r + c, so that every number says where it was read.
template <class Real = float>
seqnn::SharedSeries<Real> numbered_series(std::size_t rows, std::size_t columns) {
  auto values = seqnn::Tensor<Real, 2>::from_shape({rows, columns});
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) values(r, c) = static_cast<Real>(10 * r + c);
  }
  return seqnn::shared_series(std::move(values));
}

/// What a data set gathers for all its samples in order.
template <class Real>
struct Gathered {
  explicit Gathered(const seqnn::Windows<Real>& windows)
      : x(windows.size() * seqnn::element_count(windows.x_shape())),
        y(windows.size() * seqnn::element_count(windows.y_shape())) {
    std::vector<std::size_t> indices(windows.size());
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    windows.gather(indices, x, y);
  }

  std::vector<Real> x;
  std::vector<Real> y;
};
