#include "seqnn/training/layer_run.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

/// y = w·x, written so that every arena and every call takes part: prepare copies w, forward keeps x, and the gradient
/// of w is gathered in `prepared` until finish.
class Gain final : public Layer<float> {
 public:
  std::string type() const override { return "Gain"; }
  Shape output_shape(const Shape& input) const override { return input; }
  void build(const Shape&, ParameterLayout& parameters) override {
    w_ = parameters.declare(name() + "/w", {1}, constant(3));
    parameters.declare(name() + "/fixed", {2}, ones(), false);
  }
  void plan(Pass<float>& pass) const override {
    pass.prepared.take<float>(2);
    pass.kept.take<float>(count(pass));
  }
  void prepare(Pass<float>& pass) const override {
    float* prepared = pass.prepared.take<float>(2);
    prepared[0] = pass[w_][0];
    prepared[1] = 0;
  }
  void forward(Pass<float>& pass) const override {
    const float* prepared = pass.prepared.take<float>(2);
    float* kept = pass.kept.take<float>(count(pass));
    for (std::size_t i = 0; i < count(pass); ++i) {
      kept[i] = pass.x[i];
      pass.y[i] = prepared[0] * pass.x[i];
    }
  }
  void backward(Pass<float>& pass) const override {
    float* prepared = pass.prepared.take<float>(2);
    const float* kept = pass.kept.take<float>(count(pass));
    for (std::size_t i = 0; i < count(pass); ++i) {
      prepared[1] += kept[i] * pass.dy[i];
      if (pass.dx != nullptr) pass.dx[i] = prepared[0] * pass.dy[i];
    }
  }
  void finish(Pass<float>& pass) const override { pass.gradient(w_)[0] += pass.prepared.take<float>(2)[1]; }

 private:
  static std::size_t count(const Pass<float>& pass) { return pass.batch * element_count(*pass.input_shape); }
  Parameter w_;
};

/// Sums ids; checks them against a vocabulary of 4.
class IdSum final : public Layer<float> {
 public:
  std::string type() const override { return "IdSum"; }
  InputKind input_kind() const override { return InputKind::ids; }
  Shape output_shape(const Shape&) const override { return {}; }
  void forward(Pass<float>& pass) const override {
    const std::size_t T = (*pass.input_shape)[0];
    for (std::size_t b = 0; b < pass.batch; ++b) {
      pass.y[b] = 0;
      for (std::size_t t = 0; t < T; ++t) pass.y[b] += static_cast<float>(pass.ids[b * T + t]);
    }
  }
  void backward(Pass<float>&) const override {}
  void check_ids(const std::int32_t* ids, std::size_t count, std::size_t row_length) const override {
    for (std::size_t i = 0; i < count; ++i) {
      if (ids[i] > 3) throw DataError(text(title(), ": row ", i / row_length));
    }
  }
};

template <class Range>
std::vector<float> values(const Range& range) {
  return {range.begin(), range.end()};
}

}  // namespace

TEST_CASE("LayerRun takes a layer through prepare, forward, backward and finish", "[training][layer_run]") {
  LayerRun<float> run(Gain(), {2}, {.batch = 2, .poison = true});
  CHECK(run.layout().count(true) == 1);
  CHECK(values(run.parameter("w")) == std::vector<float>{3});
  CHECK(values(run.forward(std::vector<float>{1, 2, 3, 4})) == std::vector<float>{3, 6, 9, 12});
  CHECK(values(run.backward(std::vector<float>{1, 1, 1, 2})) == std::vector<float>{3, 3, 3, 6});
  CHECK(values(run.gradient("layer/w")) == std::vector<float>{14});  // 1 + 2 + 3 + 2·4

  run.parameter("w")[0] = 5;
  CHECK(values(run.forward(std::vector<float>{1, 0, 0, 0})) == std::vector<float>{5, 0, 0, 0});
  CHECK(run.backward(std::vector<float>{1, 0, 0, 0}, false).empty());
  CHECK(values(run.gradient("w")) == std::vector<float>{15});
  run.zero_gradients();
  CHECK(values(run.gradient("w")) == std::vector<float>{0});
}

TEST_CASE("LayerRun passes token ids on after checking them", "[training][layer_run]") {
  LayerRun<float> run(IdSum(), {3}, {.batch = 2});
  CHECK(values(run.forward(std::vector<std::int32_t>{1, 2, 3, 0, 0, 3})) == std::vector<float>{6, 3});
  CHECK(run.backward(std::vector<float>{1, 1}).empty());
  CHECK_THROWS_MATCHES(run.forward(std::vector<std::int32_t>{1, 2, 3, 0, 4, 3}), DataError,
                       Message("IdSum \"layer\": row 1"));
}

TEST_CASE("LayerRun explains wrong use", "[training][layer_run]") {
  LayerRun<float> run(Gain(), {2});
  CHECK_THROWS_MATCHES(run.backward(std::vector<float>{1, 2}), StateError,
                       Message("Gain \"layer\": every backward needs a forward before it"));
  CHECK_THROWS_MATCHES(run.forward(std::vector<float>{1}), ShapeError,
                       Message("Gain \"layer\": x must have 2 values, got 1"));
  CHECK_THROWS_MATCHES(run.forward(std::vector<std::int32_t>{1, 2}), StateError,
                       Message("Gain \"layer\": input must be numbers, got token ids"));
  CHECK_THROWS_MATCHES(run.parameter("kernel"), StateError,
                       Message("Gain \"layer\": no parameter is called \"kernel\""));
  CHECK_THROWS_MATCHES(run.gradient("fixed"), StateError,
                       Message("Gain \"layer\": parameter \"fixed\" is not trained"));
  CHECK_THROWS_MATCHES((LayerRun<float>(Gain(), {kAnyLength, 2})), ShapeError,
                       Message("Gain \"layer\": a run needs a fixed input shape, got (any, 2)"));
  LayerRun<float> predicting(Gain(), {1}, {.training = false});
  predicting.forward(std::vector<float>{1});
  CHECK_THROWS_MATCHES(predicting.backward(std::vector<float>{1}), StateError,
                       Message("Gain \"layer\": backward needs a run with .training = true"));
}

TEST_CASE("LayerRun allocates nothing after construction", "[training][layer_run]") {
  LayerRun<float> run(Gain(), {2}, {.batch = 2});
  const std::vector<float> x(4, 1.0F);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(x);
  CHECK(allocations.so_far() == 0);
}
