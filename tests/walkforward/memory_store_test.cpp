#include "seqnn/walkforward/memory_store.hpp"

#include "support/catch.hpp"

#include <limits>
#include <memory>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

constexpr std::int64_t kDay = 86'400;

}  // namespace

TEST_CASE("MemoryStore gives forecasts back by time, then symbol", "[walkforward][store]") {
  MemoryStore store;
  const std::vector<Forecast> later{{2 * kDay, "MSFT", -1.0, {{"long_prob", 0.25}, {"class", 0.0}}},
                                    {2 * kDay, "AAPL", 1.0, {{"long_prob", 0.75}, {"class", 1.0}}}};
  const std::vector<Forecast> earlier{{-kDay, "MSFT", 1.0, {}}};
  store.write("net", later);
  store.write("net", earlier);
  CHECK(store.forecasts("net") == std::vector<Forecast>{earlier[0], later[1], later[0]});
}

TEST_CASE("MemoryStore replaces what a model forecast for the same time and symbol", "[walkforward][store]") {
  MemoryStore store;
  store.write("net", std::vector<Forecast>{{kDay, "", 1.0, {{"long_prob", 0.625}}}, {2 * kDay, "", 1.0, {}}});
  store.write("other", std::vector<Forecast>{{kDay, "", 7.0, {}}});
  store.write("net", std::vector<Forecast>{{kDay, "", -1.0, {{"long_prob", 0.375}}}, {kDay, "GOOG", 3.0, {}}});
  CHECK(store.forecasts("net") == std::vector<Forecast>{{kDay, "", -1.0, {{"long_prob", 0.375}}},
                                                        {kDay, "GOOG", 3.0, {}},
                                                        {2 * kDay, "", 1.0, {}}});
  CHECK(store.forecasts("other") == std::vector<Forecast>{{kDay, "", 7.0, {}}});
}

TEST_CASE("MemoryStore keeps the last of two forecasts written at once", "[walkforward][store]") {
  MemoryStore store;
  store.write("net", std::vector<Forecast>{{kDay, "A", 1.0, {}}, {kDay, "A", 2.0, {}}});
  CHECK(store.forecasts("net") == std::vector<Forecast>{{kDay, "A", 2.0, {}}});
}

TEST_CASE("MemoryStore keeps a failure until the time is forecast", "[walkforward][store]") {
  MemoryStore store;
  store.write_failure("net", {2 * kDay, "loss is nan"});
  store.write_failure("net", {kDay, "first"});
  store.write_failure("net", {kDay, "second"});
  store.write_failure("other", {kDay, "of another model"});
  CHECK(store.failures("net") == std::vector<FailedForecast>{{kDay, "second"}, {2 * kDay, "loss is nan"}});

  store.write("net", std::vector<Forecast>{{kDay, "AAPL", 1.0, {}}});
  CHECK(store.failures("net") == std::vector<FailedForecast>{{2 * kDay, "loss is nan"}});
  CHECK(store.failures("other") == std::vector<FailedForecast>{{kDay, "of another model"}});
}

TEST_CASE("MemoryStore has nothing of a model that nobody has written", "[walkforward][store]") {
  const std::unique_ptr<ResultStore> store = std::make_unique<MemoryStore>();
  store->write("net", {});
  CHECK(store->forecasts("net").empty());
  CHECK(store->forecasts("unknown").empty());
  CHECK(store->failures("unknown").empty());
}

TEST_CASE("MemoryStore gives numbers back bit by bit", "[walkforward][store]") {
  using Limits = std::numeric_limits<double>;
  MemoryStore store;
  const std::vector<Forecast> written{{kDay, "", 0.1 + 0.2, {{"p", Limits::denorm_min()}, {"q", Limits::max()}}}};
  store.write("net", written);
  CHECK(store.forecasts("net") == written);
}
