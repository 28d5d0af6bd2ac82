#pragma once

#include "seqnn/core/error.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

using Indices = std::span<const std::size_t>;

template <class D, class Real, class X, class Y>
concept GathersWeighted = requires(const D& d, Indices i, std::span<X> x, std::span<Y> y, std::span<Real> w) {
  d.gather(i, x, y, w);
};

template <class D, class X, class Y>
concept GathersPlain = requires(const D& d, Indices i, std::span<X> x, std::span<Y> y) {
  d.gather(i, x, y);
};

template <class D, class Real, class X, class Y>
concept GathersOne = GathersWeighted<D, Real, X, Y> || GathersPlain<D, X, Y>;

/// x are numbers or token ids, y are numbers or classes.
template <class D, class Real>
concept Gathers = GathersOne<D, Real, Real, Real> || GathersOne<D, Real, Real, std::int32_t> ||
    GathersOne<D, Real, std::int32_t, Real> || GathersOne<D, Real, std::int32_t, std::int32_t>;

template <class D>
concept HasSamples = requires(const D& d) {
  { d.size() } -> std::convertible_to<std::size_t>;
  { d.x_shape() } -> std::convertible_to<Shape>;
  { d.y_shape() } -> std::convertible_to<Shape>;
};

}  // namespace detail

/// What samples can be gathered from: any type with
///
///     std::size_t size() const;
///     Shape x_shape() const;          // of one sample, without the batch axis
///     Shape y_shape() const;          // likewise; {1} or {} for one number or class a sample
///     void gather(std::span<const std::size_t> indices, std::span<X> x, std::span<Y> y) const;
///
/// `gather` writes the samples with these numbers one behind the other. X is the model's number type, or std::int32_t
/// for token ids; Y is the model's number type, or std::int32_t for classes. It is called by several threads at once,
/// for parts of one batch. Two members are optional:
///
///     void gather(indices, x, y, std::span<Real> weights) const;      // instead: also a weight for each sample's loss
///     void order(std::uint64_t seed, std::size_t pass, std::span<std::size_t> order) const;
///
/// `order` is for a data set that prefers an order of its own when `fit` shuffles: it gets 0, 1, 2, … and puts them in
/// the order of this pass over the samples.
template <class D>
concept Dataset = detail::HasSamples<D> &&(detail::Gathers<D, float> || detail::Gathers<D, double>);

/// How a data set writes samples whose parts are of certain types.
struct GatherForm {
  using Call = void (*)(const void* dataset, std::span<const std::size_t> indices, void* x, std::size_t x_size, void* y,
                        std::size_t y_size, void* weights);
  Call call = nullptr;   ///< null: it does not
  bool weights = false;  ///< whether it writes weights too
};

/// Any data set, as functions take it: refers to the caller's, which must outlive it.
class AnyDataset {
 public:
  /// No data set.
  AnyDataset() = default;

  template <class D>
  requires(detail::HasSamples<D> && !std::same_as<D, AnyDataset>) AnyDataset(const D& dataset)  // NOLINT: implicit
      : dataset_(&dataset), functions_(&kFunctions<D>) {
    static_assert(Dataset<D>,
                  "a data set needs void gather(std::span<const std::size_t> indices, std::span<X> x, std::span<Y> y) "
                  "const, where X and Y are float, double or std::int32_t");
  }

  bool empty() const { return dataset_ == nullptr; }
  std::size_t size() const { return functions_->size(dataset_); }
  Shape x_shape() const { return functions_->x_shape(dataset_); }
  Shape y_shape() const { return functions_->y_shape(dataset_); }

  /// How samples are gathered for a model of this number type.
  template <class Real>
  GatherForm form(bool ids, bool classes) const {
    return functions_->forms[std::same_as<Real, double>][ids][classes];
  }
  void gather(const GatherForm& form, std::span<const std::size_t> indices, void* x, std::size_t x_size, void* y,
              std::size_t y_size, void* weights) const {
    form.call(dataset_, indices, x, x_size, y, y_size, weights);
  }

  /// Whether it has an order of its own; `order` then puts the numbers 0, 1, 2, … of all samples into it.
  bool has_order() const { return functions_ != nullptr && functions_->order != nullptr; }
  void order(std::uint64_t seed, std::size_t pass, std::span<std::size_t> order) const {
    functions_->order(dataset_, seed, pass, order);
  }

  /// The element types that its `gather` takes, for messages: "(std::span<float> x, std::span<float> y) or …".
  SEQNN_COLD std::string forms() const {
    std::string all;
    for (const bool wide : {false, true}) {
      for (const bool ids : {false, true}) {
        for (const bool classes : {false, true}) {
          if (functions_->forms[wide][ids][classes].call == nullptr || (wide && ids && classes)) continue;
          all += (all.empty() ? "" : " or ") + form_name(wide, ids, classes);
        }
      }
    }
    return all;
  }

  SEQNN_COLD static std::string form_name(bool wide, bool ids, bool classes) {
    const char* real = wide ? "double" : "float";
    const char* integer = "std::int32_t";
    return text("(std::span<", ids ? integer : real, "> x, std::span<", classes ? integer : real, "> y)");
  }

 private:
  struct Functions {
    std::size_t (*size)(const void*);
    Shape (*x_shape)(const void*);
    Shape (*y_shape)(const void*);
    void (*order)(const void*, std::uint64_t, std::size_t, std::span<std::size_t>);
    GatherForm forms[2][2][2];  // double?, token ids?, classes?
  };

  template <class D, class Real, class X, class Y>
  static constexpr GatherForm form_of() {
    if constexpr (detail::GathersWeighted<D, Real, X, Y>) {
      return {[](const void* d, std::span<const std::size_t> i, void* x, std::size_t x_size, void* y,
                 std::size_t y_size, void* weights) {
                static_cast<const D*>(d)->gather(i, std::span(static_cast<X*>(x), i.size() * x_size),
                                                 std::span(static_cast<Y*>(y), i.size() * y_size),
                                                 std::span(static_cast<Real*>(weights), i.size()));
              },
              true};
    } else if constexpr (detail::GathersPlain<D, X, Y>) {
      return {[](const void* d, std::span<const std::size_t> i, void* x, std::size_t x_size, void* y,
                 std::size_t y_size, void*) {
                static_cast<const D*>(d)->gather(i, std::span(static_cast<X*>(x), i.size() * x_size),
                                                 std::span(static_cast<Y*>(y), i.size() * y_size));
              },
              false};
    } else {
      return {};
    }
  }

  template <class D>
  static constexpr auto order_of() -> void (*)(const void*, std::uint64_t, std::size_t, std::span<std::size_t>) {
    if constexpr (requires(const D& d, std::span<std::size_t> order) {
                    d.order(std::uint64_t{}, std::size_t{}, order);
                  }) {
      return [](const void* d, std::uint64_t seed, std::size_t pass, std::span<std::size_t> order) {
        static_cast<const D*>(d)->order(seed, pass, order);
      };
    } else {
      return nullptr;
    }
  }

  template <class D>
  static constexpr Functions kFunctions = {
      [](const void* d) { return static_cast<std::size_t>(static_cast<const D*>(d)->size()); },
      [](const void* d) -> Shape { return static_cast<const D*>(d)->x_shape(); },
      [](const void* d) -> Shape { return static_cast<const D*>(d)->y_shape(); },
      order_of<D>(),
      {{{form_of<D, float, float, float>(), form_of<D, float, float, std::int32_t>()},
        {form_of<D, float, std::int32_t, float>(), form_of<D, float, std::int32_t, std::int32_t>()}},
       {{form_of<D, double, double, double>(), form_of<D, double, double, std::int32_t>()},
        {form_of<D, double, std::int32_t, double>(), form_of<D, double, std::int32_t, std::int32_t>()}}}};

  const void* dataset_ = nullptr;
  const Functions* functions_ = nullptr;
};

}  // namespace seqnn::inline SEQNN_ABI
