#include "seqnn/metrics/perplexity.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinRel;

TEST_CASE("perplexity by hand", "[metrics][perplexity]") {
  // 1/p of the right classes is 2 and 8: the root of their product is 4
  const double predicted[] = {0.5, 0.25, 0.25, 0.125, 0.125, 0.75};
  const std::int32_t classes[] = {0, 1};
  const double weights[] = {1, 3};
  const auto metric = Perplexity().make(For<Metric<double>>{});
  CHECK(metric->name() == "perplexity");
  CHECK(metric->target_kind() == TargetKind::classes);
  CHECK(metric->result(std::vector<double>{0, 0}) == 0);  // nothing gathered
  std::vector<double> sums(metric->sum_count(), 0.0);
  Comparison<double> c{.samples = 2, .width = 3, .predicted = predicted, .classes = classes};
  const AllocationCount allocations;
  metric->update(c, sums);
  CHECK(allocations.so_far() == 0);
  CHECK_THAT(metric->result(sums), WithinRel(4.0, 1e-14));
  sums = {0, 0};
  c.sample_weights = weights;
  metric->update(c, sums);
  CHECK_THAT(metric->result(sums), WithinRel(5.656854249492381, 1e-14));  // (2 · 8³)^(1/4)
  CHECK(Perplexity().to_string() == "Perplexity()");
}

TEST_CASE("perplexity takes logits if the loss does, and equals the classes of a guess", "[metrics][perplexity]") {
  const double logits[] = {-7, -7, -7, -7, -7};
  const std::int32_t classes[] = {3};
  const auto metric = Perplexity().make(For<Metric<double>>{});
  metric->bind(*SparseCategoricalCrossentropy({.from_logits = true}).make(For<Loss<double>>{}));
  std::vector<double> sums(metric->sum_count(), 0.0);
  metric->update({.samples = 1, .width = 5, .predicted = logits, .classes = classes}, sums);
  CHECK_THAT(metric->result(sums), WithinRel(5.0, 1e-14));
}

TEST_CASE("perplexity refuses a class the predictions do not have", "[metrics][perplexity]") {
  const double predicted[] = {0.5, 0.5};
  const std::int32_t classes[] = {-1};
  const auto metric = Perplexity().make(For<Metric<double>>{});
  std::vector<double> sums(metric->sum_count(), 0.0);
  CHECK_THROWS_MATCHES(metric->update({.samples = 1, .width = 2, .predicted = predicted, .classes = classes}, sums),
                       DataError,
                       Message("Perplexity: target at (0,) must be a class in [0, 2), got -1; count classes from 0, or "
                               "give the last layer more units"));
}
