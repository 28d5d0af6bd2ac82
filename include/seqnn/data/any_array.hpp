#pragma once

#include "seqnn/core/any_rank.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Where element i of an array lies: "(3, 41)".
inline Shape position_of(std::size_t i, const Shape& shape) {
  Shape position(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    position[axis] = i % shape[axis];
    i /= shape[axis];
  }
  return position;
}

/// Whether the elements of a container or view lie behind each other in row-major order.
template <class Strided>
bool row_major(const Strided& tensor) {
  if (tensor.size() == 0) return true;
  std::size_t step = 1;
  for (std::size_t axis = tensor.dimension(); axis-- > 0;) {
    const auto extent = static_cast<std::size_t>(tensor.shape()[axis]);
    // The stride of an axis of one element means nothing; xtensor sets it to 0.
    if (extent != 1 && static_cast<std::size_t>(tensor.strides()[axis]) != step) return false;
    step *= extent;
  }
  return true;
}

/// Any xtensor expression or vector of numbers, as functions take it: refers to a row-major container or view where it
/// is given one that outlives the call, and holds the values of everything else. Keeps the element type, so that token
/// ids stay integers.
class AnyArray {
 public:
  /// No array.
  AnyArray() = default;

  template <class E>
  requires std::derived_from<std::remove_cvref_t<E>, xt::xexpression<std::remove_cvref_t<E>>> AnyArray(
      E&& expression)  // NOLINT: implicit, so that tensors can be passed
      : shape_(shape_of(expression)) {
    using Value = std::remove_cvref_t<typename std::remove_cvref_t<E>::value_type>;
    static_assert(std::is_arithmetic_v<Value>, "seqnn takes tensors of numbers");
    if constexpr (std::is_lvalue_reference_v<E> && requires {
                    expression.data() + expression.data_offset();
                    expression.strides();
                  }) {
      if (row_major(expression)) {
        refer(static_cast<const Value*>(expression.data() + expression.data_offset()));
        return;
      }
    }
    using Held = std::conditional_t<std::is_same_v<Value, bool>, unsigned char, Value>;  // a vector of bool packs bits
    auto held = std::make_shared<Buffer<Held>>();
    held->reserve(element_count(shape_));
    // Row-major order whatever the layout of the expression.
    for (auto it = expression.template cbegin<xt::layout_type::row_major>();
         it != expression.template cend<xt::layout_type::row_major>(); ++it) {
      held->push_back(static_cast<Held>(*it));
    }
    refer(static_cast<const Held*>(held->data()));
    owner_ = std::move(held);
  }

  template <class T>
  AnyArray(const AnyRank<T>& values) : AnyArray(values.array()) {}  // NOLINT
  template <class T>
  AnyArray(AnyRank<T>&& values) : AnyArray(Array<T>(values.array())) {}  // NOLINT: holds a copy

  /// A vector of numbers is an array of one axis.
  template <class T, class Allocator>
  requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>)
      AnyArray(const std::vector<T, Allocator>& values)  // NOLINT
      : shape_{values.size()} {
    refer(values.data());
  }
  template <class T, class Allocator>
  requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>)
      AnyArray(std::vector<T, Allocator>&& values)  // NOLINT: holds them
      : shape_{values.size()} {
    auto held = std::make_shared<std::vector<T, Allocator>>(std::move(values));
    refer(static_cast<const T*>(held->data()));
    owner_ = std::move(held);
  }

  /// Whether there is no array at all; one without elements is not empty.
  bool empty() const { return type_ == nullptr; }

  /// All axes, the batch axis first.
  const Shape& shape() const { return shape_; }
  std::size_t size() const { return element_count(shape_); }
  bool integers() const { return integers_; }

  /// The values where they lie, if they are of this type already; else null.
  template <class T>
  const T* as() const {
    return type_ == type_of<T>() ? static_cast<const T*>(data_) : nullptr;
  }

  /// What holds the values, if that is not the caller.
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// Writes all values, converted.
  void copy_to(double* to) const { read_(data_, size(), to); }
  void copy_to(float* to) const { read_float_(data_, size(), to); }
  void copy_to(std::int64_t* to) const { read_integer_(data_, size(), to); }

 private:
  using TypeId = const void*;

  template <class T>
  static TypeId type_of() {
    static const char id = 0;
    return &id;
  }

  template <class From, class To>
  SEQNN_COLD static void convert(const void* from, std::size_t n, To* to) {
    const From* values = static_cast<const From*>(from);
    for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<To>(values[i]);
  }

  template <class Value>
  void refer(const Value* data) {
    data_ = data;
    type_ = type_of<Value>();
    integers_ = std::is_integral_v<Value>;
    read_ = &convert<Value, double>;
    read_float_ = &convert<Value, float>;
    read_integer_ = &convert<Value, std::int64_t>;
  }

  Shape shape_;
  const void* data_ = nullptr;
  TypeId type_ = nullptr;
  bool integers_ = false;
  void (*read_)(const void*, std::size_t, double*) = nullptr;
  void (*read_float_)(const void*, std::size_t, float*) = nullptr;
  void (*read_integer_)(const void*, std::size_t, std::int64_t*) = nullptr;
  std::shared_ptr<const void> owner_;
};

/// Numbers of one type behind each other: an AnyArray's own where the type is the same, else a converted copy. Refers
/// to the caller's array as AnyArray does.
template <class T>
class Values {
 public:
  Values() = default;

  SEQNN_COLD explicit Values(const AnyArray& array) : owner_(array.owner()), data_(array.as<T>()) {
    if (data_ == nullptr && !array.empty()) {
      auto copy = std::make_shared<Buffer<T>>(array.size());
      array.copy_to(copy->data());
      data_ = copy->data();
      owner_ = std::move(copy);
    }
  }

  const T* data() const { return data_; }

 private:
  std::shared_ptr<const void> owner_;
  const T* data_ = nullptr;
};

/// Token ids or class indices: integers that fit 32 bits.
template <>
class Values<std::int32_t> {
 public:
  Values() = default;

  /// @param what  "x" or "y", for messages  @throws DataError for numbers that are not integers or too large
  SEQNN_COLD Values(const AnyArray& array, std::string_view what)
      : owner_(array.owner()), data_(array.as<std::int32_t>()) {
    if (data_ != nullptr || array.empty()) return;
    const std::size_t n = array.size();
    auto copy = std::make_shared<Buffer<std::int32_t>>(n);
    const auto check = [&](bool fits, std::size_t i, auto value) {
      if (!fits) {
        throw DataError(text(what, ": must be 32-bit integers, got ", value, " at ", position_of(i, array.shape()),
                             "; token ids and class indices count from 0"));
      }
    };
    if (array.integers()) {
      std::vector<std::int64_t> wide(n);
      array.copy_to(wide.data());
      for (std::size_t i = 0; i < n; ++i) {
        check(
            wide[i] >= std::numeric_limits<std::int32_t>::min() && wide[i] <= std::numeric_limits<std::int32_t>::max(),
            i, wide[i]);
        (*copy)[i] = static_cast<std::int32_t>(wide[i]);
      }
    } else {
      std::vector<double> wide(n);
      array.copy_to(wide.data());
      for (std::size_t i = 0; i < n; ++i) {
        check(std::fabs(wide[i]) <= 2147483647.0 && wide[i] == std::floor(wide[i]), i, wide[i]);
        (*copy)[i] = static_cast<std::int32_t>(wide[i]);
      }
    }
    data_ = copy->data();
    owner_ = std::move(copy);
  }

  const std::int32_t* data() const { return data_; }

 private:
  std::shared_ptr<const void> owner_;
  const std::int32_t* data_ = nullptr;
};

}  // namespace seqnn::inline SEQNN_ABI
