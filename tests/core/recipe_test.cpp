#include "seqnn/core/recipe.hpp"

#include "support/catch.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

/// What recipes make here.
class Shop {
 public:
  virtual ~Shop() = default;
  virtual std::string type() const = 0;
  virtual int price() const = 0;
};

class Bakery {
 public:
  explicit Bakery(int price) : price_(price) {}
  std::string to_string() const { return Describe("Bakery").argument(price_).str(); }
  bool operator==(const Bakery&) const = default;
  std::unique_ptr<Shop> make(For<Shop>) const;

 private:
  int price_;
};

class BakeryShop final : public Shop {
 public:
  explicit BakeryShop(int price) : price_(price) {}
  std::string type() const override { return "Bakery"; }
  int price() const override { return price_; }

 private:
  int price_;
};

std::unique_ptr<Shop> Bakery::make(For<Shop>) const { return std::make_unique<BakeryShop>(price_); }

/// Another value with the same options.
class Butcher {
 public:
  explicit Butcher(int price) : price_(price) {}
  std::string to_string() const { return "Butcher"; }
  bool operator==(const Butcher&) const = default;
  std::unique_ptr<Shop> make(For<Shop>) const { return std::make_unique<BakeryShop>(price_); }

 private:
  int price_;
};

/// A user's own shop, which needs no value beside it.
class Stall final : public Shop {
 public:
  explicit Stall(int price) : price_(price) {}
  std::string type() const override { return "Stall"; }
  int price() const override { return price_; }

 private:
  int price_;
};

enum class Mode { slow, fast };
std::string to_string(Mode mode) { return mode == Mode::slow ? "Mode::slow" : "Mode::fast"; }

}  // namespace

TEST_CASE("A recipe makes, prints and compares its value", "[core][recipe]") {
  const std::vector<Recipe<Shop>> shops = {Bakery(3), Stall(5)};
  CHECK(shops[0].make()->price() == 3);
  CHECK(shops[0].to_string() == "Bakery(3)");
  CHECK(shops[0].make() != shops[0].make());  // a new one every time
  CHECK(shops[0] == Recipe<Shop>(Bakery(3)));
  CHECK_FALSE(shops[0] == Recipe<Shop>(Bakery(4)));
  CHECK_FALSE(shops[0] == Recipe<Shop>(Butcher(3)));
}

TEST_CASE("A user's own thing is its own recipe, equal to its copies only", "[core][recipe]") {
  const Recipe<Shop> stall = Stall(5);
  CHECK(stall.make()->price() == 5);
  CHECK(stall.to_string() == "Stall");
  const Recipe<Shop> copy = stall;
  CHECK(stall == copy);
  CHECK_FALSE(stall == Recipe<Shop>(Stall(5)));
}

TEST_CASE("Only what can make the thing is a recipe for it", "[core][recipe]") {
  STATIC_REQUIRE(RecipeFor<Bakery, Shop>);
  STATIC_REQUIRE(std::is_convertible_v<Stall, Recipe<Shop>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<int, Recipe<Shop>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, Recipe<Shop>>);
}

TEST_CASE("Describe writes arguments, and options that differ from their defaults", "[core][recipe]") {
  CHECK(Describe("A").str() == "A()");
  CHECK(Describe("A").argument(32).argument(0.5).str() == "A(32, 0.5)");
  CHECK(Describe("A").argument(32).option("strides", 1, 1).str() == "A(32)");
  CHECK(Describe("A").argument(32).option("strides", 2, 1).option("use_bias", false, true).str() ==
        "A(32, {.strides = 2, .use_bias = false})");
  CHECK(Describe("A").option("name", std::string("x"), std::string()).str() == "A({.name = \"x\"})");
  CHECK(Describe("A").option("mode", Mode::fast, Mode::slow).str() == "A({.mode = Mode::fast})");
  CHECK(Describe("A").option("shop", Bakery(2), Bakery(1)).str() == "A({.shop = Bakery(2)})");
}
