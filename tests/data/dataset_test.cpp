#include "seqnn/data/dataset.hpp"

#include "seqnn/data/sample_source.hpp"
#include "support/array_dataset.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <numeric>
#include <vector>

using namespace seqnn;

namespace {

const Tensor<float, 2> kX = {{1, 2}, {3, 4}, {5, 6}};
const Tensor<float, 1> kY = {7, 8, 9};

/// Gathers elements of any types.
struct Counted {
  std::size_t size() const { return 5; }
  Shape x_shape() const { return {2}; }
  Shape y_shape() const { return {}; }
  template <class X, class Y>
  void gather(std::span<const std::size_t> indices, std::span<X> x, std::span<Y> y) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      x[2 * i] = x[2 * i + 1] = static_cast<X>(indices[i]);
      y[i] = static_cast<Y>(10 * indices[i]);
    }
  }
  void order(std::uint64_t seed, std::size_t pass, std::span<std::size_t> order) const {
    for (std::size_t& i : order) i = (i + seed + pass) % size();
  }
};

struct NoGather {
  std::size_t size() const { return 1; }
  Shape x_shape() const { return {1}; }
  Shape y_shape() const { return {1}; }
};

struct NotConst : NoGather {
  void gather(std::span<const std::size_t>, std::span<float>, std::span<float>) {}
};

struct NoSize {
  void gather(std::span<const std::size_t>, std::span<float>, std::span<float>) const {}
};

}  // namespace

static_assert(Dataset<ArrayDataset<float, float>>);
static_assert(Dataset<ArrayDataset<double, double>>);
static_assert(Dataset<ArrayDataset<std::int32_t, float>>);
static_assert(Dataset<ArrayDataset<std::int32_t, std::int32_t>>);
static_assert(Dataset<ArrayDataset<float, std::int32_t>>);
static_assert(Dataset<WeightedDataset<float, float, float>>);
static_assert(Dataset<WeightedDataset<std::int32_t, std::int32_t, double>>);
static_assert(Dataset<Counted>);
static_assert(!Dataset<NoGather>);
static_assert(!Dataset<NotConst>);
static_assert(!Dataset<NoSize>);
static_assert(!Dataset<ArrayDataset<float, double>>);
static_assert(!Dataset<ArrayDataset<unsigned, float>>);
static_assert(!Dataset<Tensor<float, 2>>);
static_assert(!std::convertible_to<const Tensor<float, 2>&, AnyDataset>);

TEST_CASE("A data set is known by the samples it gathers", "[data][dataset]") {
  const ArrayDataset<float, float> rows(kX, kY);
  const AnyDataset any = rows;
  CHECK(AnyDataset().empty());
  CHECK_FALSE(any.empty());
  CHECK(any.size() == 3);
  CHECK(any.x_shape() == Shape{2});
  CHECK(any.y_shape() == Shape{});
  const GatherForm form = any.form<float>(false, false);
  REQUIRE(form.call != nullptr);
  CHECK_FALSE(form.weights);
  std::vector<float> x(4);
  std::vector<float> y(2);
  const std::vector<std::size_t> indices = {2, 0};
  any.gather(form, indices, x.data(), 2, y.data(), 1, nullptr);
  CHECK(x == std::vector<float>{5, 6, 1, 2});
  CHECK(y == std::vector<float>{9, 7});
  CHECK(any.form<float>(true, false).call == nullptr);
  CHECK(any.form<float>(false, true).call == nullptr);
  CHECK(any.form<double>(false, false).call == nullptr);
  CHECK_FALSE(any.has_order());
  CHECK_FALSE(AnyDataset().has_order());
  CHECK(any.forms() == "(std::span<float> x, std::span<float> y)");
}

TEST_CASE("A data set may gather weights, ids and classes, for one number type or more", "[data][dataset]") {
  const WeightedDataset<float, float, float> weighted(kX, kY, {0.5F, 1, 2});
  const AnyDataset any = weighted;
  CHECK(any.form<float>(false, false).weights);
  std::vector<float> x(2), y(1), w(1);
  const std::vector<std::size_t> last = {2};
  any.gather(any.form<float>(false, false), last, x.data(), 2, y.data(), 1, w.data());
  CHECK(w[0] == 2);

  const Counted counted;
  const AnyDataset all = counted;
  std::vector<std::int32_t> ids(2), classes(1);
  std::vector<double> wide(2);
  all.gather(all.form<double>(true, true), last, ids.data(), 2, classes.data(), 1, nullptr);
  CHECK(ids == std::vector<std::int32_t>{2, 2});
  CHECK(classes == std::vector<std::int32_t>{20});
  all.gather(all.form<double>(false, true), last, wide.data(), 2, classes.data(), 1, nullptr);
  CHECK(wide == std::vector<double>{2, 2});

  const Tensor<std::int32_t, 2> words = {{1, 2}};
  const ArrayDataset<std::int32_t, double> texts(words, kY);
  CHECK(AnyDataset(texts).form<double>(true, false).call != nullptr);
  CHECK(AnyDataset(texts).form<float>(true, false).call == nullptr);
  CHECK(AnyDataset(texts).forms() == "(std::span<std::int32_t> x, std::span<double> y)");
  const ArrayDataset<std::int32_t, std::int32_t> classes_of_texts(words, kY);
  CHECK(AnyDataset(classes_of_texts).forms() == "(std::span<std::int32_t> x, std::span<std::int32_t> y)");
  CHECK(all.forms().starts_with("(std::span<float> x, std::span<float> y) or (std::span<float> x, std::"));
}

TEST_CASE("A data set may have an order of its own", "[data][dataset]") {
  const Counted counted;
  const AnyDataset any = counted;
  REQUIRE(any.has_order());
  std::vector<std::size_t> order(5);
  std::iota(order.begin(), order.end(), std::size_t{0});
  any.order(1, 2, order);
  CHECK(order == std::vector<std::size_t>{3, 4, 0, 1, 2});
}

TEST_CASE("Samples come from arrays or a data set, or nowhere", "[data][dataset]") {
  const Counted counted;
  const SampleSource arrays = {kX, kY};
  CHECK(arrays.x.shape() == Shape{3, 2});
  CHECK(arrays.sample_weight.empty());
  CHECK(arrays.dataset.empty());
  const SampleSource gathered = &counted;
  CHECK(gathered.dataset.size() == 5);
  CHECK(gathered.x.empty());
  CHECK_FALSE(gathered.empty());
  const Counted* none = nullptr;
  CHECK(SampleSource(none).empty());
  CHECK(SampleSource().empty());
}
