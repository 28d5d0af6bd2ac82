#include "seqnn/training/check_gradients.hpp"

#include "seqnn/core/initializer.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;

namespace {

/// What a `Scaled` does wrong.
enum class Mistake {
  none,
  wrong_dx,
  wrong_parameter_gradient,
  overwrites_gradient,
  adds_to_dx,
  forgets_an_output,
  reads_old_scratch,
  depends_on_tile,
  needs_dx,
  takes_more_than_planned
};

/// A layer as a user would write it: y = w ⊙ x², with one weight a feature.
class Scaled final : public Layer<double> {
 public:
  explicit Scaled(Mistake mistake = Mistake::none) : mistake_(mistake) {}

  std::string type() const override { return "Scaled"; }

  void build(const Shape& input, ParameterLayout& parameters) override {
    w_ = parameters.declare(name() + "/w", {input.back()}, ones());
    parameters.declare(name() + "/constant", {3}, ones(), false);
  }

  Shape output_shape(const Shape& input) const override { return input; }

  void plan(Pass<double>& pass) const override { pass.scratch.take<double>(pass.input_shape->back()); }

  void forward(Pass<double>& pass) const override {
    const std::size_t C = pass.input_shape->back();
    const std::size_t n = pass.batch * element_count(*pass.input_shape);
    double* scratch = pass.scratch.take<double>(C);
    if (mistake_ == Mistake::takes_more_than_planned) pass.scratch.take<double>(C);
    if (mistake_ != Mistake::reads_old_scratch) std::fill(scratch, scratch + C, 0.0);
    const std::size_t written = mistake_ == Mistake::forgets_an_output ? n - 1 : n;
    for (std::size_t i = 0; i < written; ++i) pass.y[i] = scratch[i % C] + pass[w_][i % C] * pass.x[i] * pass.x[i];
    if (mistake_ == Mistake::depends_on_tile) pass.y[n - 1] += pass.x[0];
  }

  void backward(Pass<double>& pass) const override {
    const std::size_t C = pass.input_shape->back();
    const std::size_t n = pass.batch * element_count(*pass.input_shape);
    double* dw = pass.gradient(w_);
    if (mistake_ == Mistake::overwrites_gradient) std::fill(dw, dw + C, 0.0);
    if (mistake_ == Mistake::needs_dx && pass.dx == nullptr) return;
    const double slope = mistake_ == Mistake::wrong_parameter_gradient ? 1.001 : 1.0;
    for (std::size_t i = 0; i < n; ++i) dw[i % C] += slope * pass.dy[i] * pass.x[i] * pass.x[i];
    if (pass.dx == nullptr) return;
    const double two = mistake_ == Mistake::wrong_dx ? 2.001 : 2.0;
    for (std::size_t i = 0; i < n; ++i) {
      const double dx = two * pass.dy[i] * pass[w_][i % C] * pass.x[i];
      pass.dx[i] = mistake_ == Mistake::adds_to_dx ? pass.dx[i] + dx : dx;
    }
  }

 private:
  Mistake mistake_;
  Parameter w_;
};

/// Reads ids and gives them as numbers times a weight.
class IdsAsNumbers final : public Layer<double> {
 public:
  std::string type() const override { return "IdsAsNumbers"; }
  InputKind input_kind() const override { return InputKind::ids; }
  void build(const Shape&, ParameterLayout& parameters) override {
    w_ = parameters.declare(name() + "/w", {1}, ones());
  }
  Shape output_shape(const Shape& input) const override { return input; }
  void forward(Pass<double>& pass) const override {
    const std::size_t n = pass.batch * element_count(*pass.input_shape);
    for (std::size_t i = 0; i < n; ++i) pass.y[i] = pass[w_][0] * pass.ids[i];
  }
  void backward(Pass<double>& pass) const override {
    const std::size_t n = pass.batch * element_count(*pass.input_shape);
    for (std::size_t i = 0; i < n; ++i) pass.gradient(w_)[0] += pass.dy[i] * pass.ids[i];
  }

 private:
  Parameter w_;
};

GradientReport report_of(Mistake mistake) { return check_gradients(Scaled(mistake), {4, 3}); }

}  // namespace

TEST_CASE("check_gradients passes a right layer and reports every argument", "[training][check_gradients]") {
  const GradientReport report = report_of(Mistake::none);
  INFO(report.to_string());
  CHECK(report.passed());
  CHECK(report.faults.empty());
  REQUIRE(report.arguments.size() == 2);  // not the parameter that is not trained
  CHECK(report.arguments[0].name == "x");
  CHECK(report.arguments[1].name == "layer/w");
  CHECK(report.arguments[0].error < 1e-7);
  CHECK_THAT(report.to_string(), ContainsSubstring("Scaled \"layer\": passed, tolerance 1e-05\n  ok    x: error "));
}

TEST_CASE("check_gradients finds a gradient wrong by a thousandth, and the place", "[training][check_gradients]") {
  const GradientReport by_x = report_of(Mistake::wrong_dx);
  CHECK_FALSE(by_x.passed());
  CHECK(by_x.arguments[0].error > 4e-4);
  CHECK(by_x.arguments[0].error < 6e-4);
  CHECK(by_x.arguments[0].worst.size() == 3);
  CHECK(by_x.arguments[1].error < 1e-7);
  CHECK_THAT(by_x.to_string(),
             ContainsSubstring("Scaled \"layer\": FAILED") && ContainsSubstring("\n  WRONG x: error 0.00049"));

  const GradientReport by_w = report_of(Mistake::wrong_parameter_gradient);
  CHECK_FALSE(by_w.passed());
  CHECK(by_w.arguments[0].error < 1e-7);
  CHECK(by_w.arguments[1].error > 9e-4);
  CHECK_THAT(by_w.to_string(), ContainsSubstring("\n  WRONG layer/w: error 0.00099") && ContainsSubstring(" at (") &&
                                   ContainsSubstring(", backward ") && ContainsSubstring(", central difference "));
}

TEST_CASE("check_gradients finds breaches of the contract of layers", "[training][check_gradients]") {
  const auto fault = [](Mistake mistake) {
    const GradientReport report = report_of(mistake);
    CHECK_FALSE(report.passed());
    return report.faults.empty() ? std::string() : report.faults.front();
  };
  CHECK_THAT(fault(Mistake::overwrites_gradient),
             ContainsSubstring("gradient of layer/w is not doubled by a second backward: it must be added to"));
  CHECK_THAT(fault(Mistake::needs_dx), ContainsSubstring("gradient of layer/w is another when dx is not wanted"));
  CHECK_THAT(fault(Mistake::adds_to_dx),
             ContainsSubstring("dx is NaN at (0, 0, 0): every element must be written, not added to"));
  CHECK_THAT(fault(Mistake::forgets_an_output), ContainsSubstring("y is NaN at (2, 3, 2)"));
  CHECK_THAT(fault(Mistake::reads_old_scratch), ContainsSubstring("y is NaN at (0, 0, 0)"));
  CHECK_THAT(fault(Mistake::depends_on_tile),
             ContainsSubstring("sample 0 alone gives another y or dx than in the batch of 3"));
}

TEST_CASE("check_gradients stops a layer that takes more memory than it planned", "[training][check_gradients]") {
  CHECK_THROWS_MATCHES(
      report_of(Mistake::takes_more_than_planned), StateError,
      Message("Scaled \"layer\": forward must take at most the 64 bytes of `scratch` that plan took, got 128"));
}

TEST_CASE("check_gradients draws token ids below a bound the caller gives", "[training][check_gradients]") {
  const GradientReport report = check_gradients(IdsAsNumbers(), {6}, {.ids_below = 5});
  INFO(report.to_string());
  CHECK(report.passed());
  REQUIRE(report.arguments.size() == 1);
  CHECK(report.arguments[0].name == "layer/w");
  CHECK_THROWS_MATCHES(check_gradients(IdsAsNumbers(), {6}), OptionError,
                       Message("check_gradients: IdsAsNumbers \"layer\" reads token ids; set .ids_below, got 0"));
}

TEST_CASE("check_gradients gives the same report for the same seed", "[training][check_gradients]") {
  CHECK(report_of(Mistake::wrong_dx).to_string() == report_of(Mistake::wrong_dx).to_string());
  CHECK(check_gradients(Scaled(), {4, 3}, {.seed = 2}).to_string() != report_of(Mistake::none).to_string());
  CHECK_THROWS_AS(check_gradients(Scaled(), {4, 3}, {.batch = 0}), OptionError);
}
