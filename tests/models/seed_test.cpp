#include "seqnn/core/seed.hpp"

#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <cstdint>
#include <vector>

using namespace seqnn;

namespace {

/// Another seed while a test runs.
struct Seeded {
  explicit Seeded(std::uint64_t seed) { set_seed(seed); }
  ~Seeded() { set_seed(0); }
};

std::vector<float> built() {
  auto model = small_convnet();
  model.build({kTime});
  return all_weights(model);
}

std::vector<float> built(std::uint64_t seed) {
  auto model = small_convnet();
  model.build({kTime}, seed);
  return all_weights(model);
}

std::vector<float> fitted(FitOptions options = {}) {
  const Reviews data(32);
  auto model = small_convnet(0.5);
  model.compile(Adam(), BinaryCrossentropy({.from_logits = true}));
  options.epochs = 2;
  options.verbose = Verbose::silent;
  model.fit(data.x, data.y, options);
  return all_weights(model);
}

}  // namespace

TEST_CASE("set_seed is the seed of what is given none", "[models][seed]") {
  CHECK(default_seed() == 0);
  const auto zero = built(), seven = built(7);
  const auto fitted_with_seven = fitted({.seed = 7});
  CHECK(zero == built(0));
  CHECK_FALSE(zero == seven);
  const Seeded seeded(7);
  CHECK(default_seed() == 7);
  CHECK(built() == seven);
  CHECK(built() == seven);  // nothing is drawn from it
  CHECK(built(0) == zero);  // what has a seed keeps it
  CHECK(fitted() == fitted_with_seven);
  CHECK_FALSE(fitted({.seed = 0}) == fitted_with_seven);
}
