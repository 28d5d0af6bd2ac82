#include "seqnn/layers/permute.hpp"

#include "fixtures/keras_layers.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <numeric>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("Permute turns time and features", "[layers][permute]") {
  LayerRun<float> run(Permute({2, 1}), {2, 3});
  CHECK(run.output_shape() == Shape{3, 2});
  const auto y = run.forward(std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{1, 4, 2, 5, 3, 6});
  const auto dx = run.backward(std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{1, 3, 5, 2, 4, 6});
}

TEST_CASE("Permute turns matrices wider than it takes at a time", "[layers][permute]") {
  for (const std::size_t rows : {1U, 5U, 40U}) {
    for (const std::size_t columns : {1U, 15U, 16U, 17U, 53U}) {
      CAPTURE(rows, columns);
      LayerRun<float> run(Permute({2, 1}), {rows, columns});
      std::vector<float> x(rows * columns);
      std::iota(x.begin(), x.end(), 1.0F);
      const auto y = run.forward(x);
      std::size_t wrong = 0;
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < columns; ++c) wrong += y[c * rows + r] == x[r * columns + c] ? 0U : 1U;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("Permute agrees with Keras", "[layers][permute]") {
  {
    namespace k = fixtures::keras_layers::permute_2_1;
    LayerRun<double> run(Permute({2, 1}), {4, 3}, {.batch = 2});
    check_close(run.forward(k::x), k::y, 0);
    check_close(run.backward(k::dy), k::dx, 1e-15);
  }
  {
    namespace k = fixtures::keras_layers::permute_3_1_2;
    LayerRun<double> run(Permute({3, 1, 2}), {4, 3, 2}, {.batch = 2});
    check_close(run.forward(k::x), k::y, 0);
    check_close(run.backward(k::dy), k::dx, 1e-15);
  }
}

TEST_CASE("Permute's gradients agree with central differences", "[layers][permute]") {
  {
    const GradientReport report = check_gradients(Permute({1}), {3});
    INFO(report.to_string());
    CHECK(report.passed());
  }
  {
    const GradientReport report = check_gradients(Permute({2, 3, 1}), {2, 3, 4});
    INFO(report.to_string());
    CHECK(report.passed());
  }
  {
    const GradientReport report = check_gradients(Permute({4, 2, 1, 3}), {2, 3, 1, 2});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("Permute refuses axes that are not there", "[layers][permute]") {
  PermuteLayer<float> layer(Permute({2, 1}, {.name = "p"}));
  CHECK(layer.output_shape({kAnyLength, 2}) == Shape{2, kAnyLength});
  CHECK(layer.mask_use() == MaskUse::refuses);
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("Permute \"p\": input must have 2 axes beside the batch, got (batch, 10); dims is a "
                               "number for each"));
  CHECK_THROWS_MATCHES(Permute({2, 0, 1}), OptionError,
                       Message("Permute: dims must be the numbers from 1 to 3, each once, got {2, 0, 1}"));
  CHECK_THROWS_MATCHES(Permute({2, 2}, {.name = "p"}), OptionError,
                       Message("Permute \"p\": dims must be the numbers from 1 to 2, each once, got {2, 2}"));
}

TEST_CASE("Permute is a value that prints as written", "[layers][permute]") {
  CHECK(Permute({2, 1}).to_string() == "Permute({2, 1})");
  CHECK(Permute({1}, {.name = "p"}).to_string() == "Permute({1}, {.name = \"p\"})");
  CHECK(Permute({2, 1}) == Permute({2, 1}));
  CHECK_FALSE(Permute({2, 1}) == Permute({1, 2}));
}

TEST_CASE("Permute allocates nothing in steady state", "[layers][permute]") {
  LayerRun<float> run(Permute({2, 1}), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 11 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
