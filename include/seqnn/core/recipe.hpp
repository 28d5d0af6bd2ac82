#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Says which interface a recipe is wanted for, where one value can make several (an error can be loss and metric).
template <class Thing>
struct For {};

/// A value that describes a Thing and can make it: `Conv1D(32, 7)` for a `Layer<float>`.
template <class Value, class Thing>
concept RecipeFor = requires(const Value& value) {
  { value.make(For<Thing>{}) } -> std::convertible_to<std::unique_ptr<Thing>>;
  { value.to_string() } -> std::convertible_to<std::string>;
};

/// Any value that can make a Thing (a layer, loss, metric or optimizer), or a Thing of the user's own: copyable,
/// printable, comparable. Functions take one of these, so that users pass plain values.
template <class Thing>
class Recipe {
 public:
  template <class Value>
  requires(!std::same_as<std::remove_cvref_t<Value>, Recipe>) &&
      (RecipeFor<std::remove_cvref_t<Value>, Thing> || std::derived_from<std::remove_cvref_t<Value>, Thing>)
          Recipe(Value&& value)  // NOLINT: implicit, so that values can be listed
      // Not make_shared, which would compile one more class a value.
      : held_(static_cast<const Held*>(new Holder<std::remove_cvref_t<Value>>(std::forward<Value>(value)))) {}

  std::unique_ptr<Thing> make() const { return held_->make(); }

  /// As written in a program: `Conv1D(32, 7, {.activation = relu})`.
  std::string to_string() const { return held_->to_string(); }

  /// Same type and equal options. Things of the user's own are equal only to their copies.
  friend bool operator==(const Recipe& a, const Recipe& b) {
    return a.held_ == b.held_ || (a.held_->type() == b.held_->type() && a.held_->equals(*b.held_));
  }

 private:
  using TypeId = const void*;

  struct Held {
    virtual ~Held() = default;
    virtual std::unique_ptr<Thing> make() const = 0;
    virtual std::string to_string() const = 0;
    virtual TypeId type() const = 0;
    virtual bool equals(const Held& other) const = 0;
  };

  template <class Value>
  struct Holder final : Held {
    template <class V>
    explicit Holder(V&& v) : value(std::forward<V>(v)) {}

    SEQNN_COLD std::unique_ptr<Thing> make() const override {
      if constexpr (std::derived_from<Value, Thing>) {
        return std::make_unique<Value>(value);
      } else {
        return value.make(For<Thing>{});
      }
    }
    SEQNN_COLD std::string to_string() const override {
      if constexpr (std::derived_from<Value, Thing> && requires { value.type(); }) {
        return value.type();
      } else if constexpr (std::derived_from<Value, Thing>) {
        return value.name();  // losses and metrics
      } else {
        return value.to_string();
      }
    }
    TypeId type() const override {
      static const char id = 0;
      return &id;
    }
    SEQNN_COLD bool equals(const Held& other) const override {
      if constexpr (std::equality_comparable<Value>) {
        return value == static_cast<const Holder&>(other).value;
      } else {
        return false;
      }
    }

    Value value;
  };

  std::shared_ptr<const Held> held_;
};

/// Writes a value as it stands in a program: name, positional arguments, then the options that differ from their
/// defaults. `Describe("Conv1D").argument(32).option("strides", s, 1)` gives `Conv1D(32)` or `Conv1D(32, {.strides =
/// 2})`.
class Describe {
 public:
  SEQNN_COLD explicit Describe(const char* name) : text_(name) { text_ += '('; }

  template <class Value>
  Describe&& argument(const Value& value) && {
    add_argument(shown(value));
    return std::move(*this);
  }

  template <class Value>
  Describe&& option(const char* name, const Value& value, const Value& standard) && {
    if (!(value == standard)) add_option(name, shown(value));
    return std::move(*this);
  }

  SEQNN_COLD std::string str() && {
    if (!options_.empty()) add_argument(options_ += '}');
    return std::move(text_ += ')');
  }

 private:
  SEQNN_COLD void add_argument(const std::string& value) {
    if (!first_) text_ += ", ";
    first_ = false;
    text_ += value;
  }

  SEQNN_COLD void add_option(const char* name, const std::string& value) {
    options_ += options_.empty() ? "{." : ", .";
    options_ += name;
    options_ += " = ";
    options_ += value;
  }

  template <class Value>
  static std::string shown(const Value& value) {
    if constexpr (requires { value.to_string(); }) {
      return value.to_string();
    } else if constexpr (std::same_as<Value, std::string>) {
      return text('"', value, '"');
    } else if constexpr (std::is_enum_v<Value>) {
      return to_string(value);  // found beside the enumeration
    } else {
      return text(value);
    }
  }

  std::string text_;
  std::string options_;
  bool first_ = true;
};

}  // namespace seqnn::inline SEQNN_ABI
