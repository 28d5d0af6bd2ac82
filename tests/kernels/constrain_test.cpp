#include "seqnn/kernels/constrain.hpp"

#include "fixtures/constraints.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;

namespace {

std::vector<double> constrained(const Constraint& constraint, const Shape& shape, std::vector<double> w) {
  std::vector<double> norms(constrain_scratch(constraint, shape));
  const AllocationCount allocations;
  constrain(constraint, shape, w.data(), norms.data());
  CHECK(allocations.so_far() == 0);
  return w;
}

}  // namespace

TEST_CASE("Constraints bring norms to their bounds", "[kernels][constrain]") {
  // Columns (3, 4) and (0.3, 0.4): norms 5 and 0.5.
  const Shape shape = {2, 2};
  const std::vector<double> w = {3, 0.3, 4, 0.4};
  check_close(constrained(MaxNorm(2), shape, w), std::vector<double>{1.2, 0.3, 1.6, 0.4}, 1e-6);
  check_close(constrained(UnitNorm(), shape, w), std::vector<double>{0.6, 0.6, 0.8, 0.8}, 1e-6);
  check_close(constrained(MinMaxNorm(1, 3, 0.5), shape, w), std::vector<double>{2.4, 0.45, 3.2, 0.6}, 1e-6);
  check_close(constrained(MaxNorm(0.1), {2}, {0, 0}), std::vector<double>{0, 0}, 0);
  CHECK(constrained(NonNeg(), {3}, {-1, 0, 2}) == std::vector<double>{0, 0, 2});
  CHECK(constrained({}, shape, w) == w);
}

TEST_CASE("Constraints agree with Keras over any axes", "[kernels][constrain]") {
  namespace f = fixtures::constraints;
  const std::vector<double> w(std::begin(f::w), std::end(f::w));
  const Shape shape = {2, 3, 4};
  const auto check = [&](const Constraint& constraint, std::span<const double> expected) {
    INFO(constraint.to_string());
    check_close(constrained(constraint, shape, w), expected, 1e-15);
  };
  check(MaxNorm(1.25), f::max_norm);
  check(MaxNorm(2, {0, 1}), f::max_norm_01);
  check(MaxNorm(1.5, {-1}), f::max_norm_last);
  check(MinMaxNorm(1, 1.5, 0.25, {1}), f::min_max_norm);
  check(MinMaxNorm(0.5, 2, 1, {0, 2}), f::min_max_norm_02);
  check(UnitNorm(), f::unit_norm);
  check(UnitNorm({0, 1, 2}), f::unit_norm_all);
  check(NonNeg(), f::non_neg);
}

TEST_CASE("Constraints do not hide weights that are NaN", "[kernels][constrain]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(constrained(NonNeg(), {2}, {nan, 1})[0]));
  CHECK(std::isnan(constrained(MaxNorm(), {2}, {nan, 1})[0]));
}
