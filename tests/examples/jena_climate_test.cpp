#include "../../examples/jena_climate/charts.hpp"
#include "../../examples/jena_climate/climate.hpp"
#include "../../examples/jena_climate/models.hpp"
#include "../../examples/jena_climate/protocol.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinRel;

namespace {

/// Parameters of a network over 14 columns.
std::size_t parameters(const jena::Layers& layers, std::size_t steps) {
  Sequential<float> model(layers);
  model.build({steps, 14});
  return model.parameter_count();
}

/// The book's evaluate_naive_method with its generator, line by line; °C.
double book_naive(const Table& table, std::size_t min_index, std::size_t max_index, std::size_t steps,
                  std::size_t lookback, std::size_t step) {
  const std::size_t delay = 144, batch_size = 128;
  const std::vector<double> celsius = table.column_values("T (degC)");
  double sum = 0;
  std::size_t i = min_index + lookback;
  for (std::size_t k = 0; k < steps; ++k) {
    if (i + batch_size >= max_index) i = min_index + lookback;
    const std::size_t end = std::min(i + batch_size, max_index);
    double batch = 0;
    for (std::size_t row = i; row < end; ++row) batch += std::fabs(celsius[row + delay] - celsius[row - step]);
    sum += batch / static_cast<double>(end - i);
    i = end;
  }
  return sum / static_cast<double>(steps);
}

/// A file of the station: three rows of 14 numbers, and another column behind them.
std::string station_file(const std::string& third_column = "Tpot (K)") {
  std::string file =
      "date,p (mbar),T (degC)," + third_column +
      ",Tdew (degC),rh (%),VPmax (mbar),VPact (mbar),VPdef (mbar),sh (g/kg),H2OC (mmol/mol),rho (g/m**3),wv (m/s),"
      "max. wv (m/s),wd (deg),SWDR (W/m\xB2)\n";
  for (const char* time : {"2020-01-01 00:10:00", "2020-01-01 00:20:00", "2020-01-01 00:30:00"}) {
    file += time;
    const char minute = time[14];
    for (int column = 0; column < 14; ++column) {
      file += column == 11 && minute == '2' ? ",-9999" : "," + std::to_string(column) + "." + minute;
    }
    file += ",0\n";
  }
  return file;
}

}  // namespace

TEST_CASE("The book's Jena networks have the published numbers of parameters", "[examples][jena_climate]") {
  CHECK(parameters(jena::book_layers("dense"), 240) == 107'585);
  CHECK(parameters(jena::book_layers("conv"), 240) == 12'609);
  CHECK(parameters(jena::book_layers("gru"), 240) == 4'545);
  CHECK(parameters(jena::book_layers("gru_reversed"), 240) == 4'545);
  CHECK(parameters(jena::book_layers("gru_dropout"), 240) == 4'545);
  CHECK(parameters(jena::book_layers("gru_stacked"), 240) == 23'201);
  CHECK(parameters(jena::book_layers("bigru"), 240) == 9'089);
  CHECK(parameters(jena::book_layers("conv_gru"), 240) == 13'697);
  CHECK(parameters(jena::book_layers("conv_gru", true), 240) == 13'793);
}

TEST_CASE("The later editions' Jena networks have the published numbers of parameters", "[examples][jena_climate]") {
  CHECK(parameters(jena::later_layers("dense"), 120) == 26'913);
  CHECK(parameters(jena::later_layers("conv"), 120) == 3'873);
  CHECK(parameters(jena::later_layers("lstm"), 120) == 2'001);
  CHECK(parameters(jena::later_layers("lstm_reversed"), 120) == 2'001);
  CHECK(parameters(jena::later_layers("lstm_dropout"), 120) == 6'049);
  CHECK(parameters(jena::later_layers("gru_stacked"), 120) == 10'977);
  CHECK(parameters(jena::later_layers("bilstm"), 120) == 4'001);
}

TEST_CASE("Every Jena model but the naive one has a network under both protocols", "[examples][jena_climate]") {
  for (const std::string& name : jena::model_names()) {
    for (const char* protocol : {"book", "later"}) {
      INFO(protocol << ' ' << name);
      CHECK(jena::layers(protocol, name).empty() == (name == "naive"));
    }
  }
  CHECK(jena::layers("book", "lstm") == jena::later_layers("lstm"));
  CHECK(jena::layers("later", "conv_gru") == jena::book_layers("conv_gru", true));
  CHECK(jena::layers("later", "gru_stacked") == jena::later_layers("gru_stacked"));
  CHECK(jena::layers("book", "gru") == jena::book_layers("gru"));
}

TEST_CASE("The book's splits are the published ones, and scale with the file", "[examples][jena_climate]") {
  const auto rows = [](const Splits& splits) {
    return std::vector<RowRange>{splits.train, splits.validation, splits.test};
  };
  CHECK(rows(jena::book_splits(420'551)) ==
        std::vector<RowRange>{{0, 200'000}, {200'001, 300'000}, {300'001, 420'551}});
  CHECK(rows(jena::book_splits(52'696)) == std::vector<RowRange>{{0, 31'617}, {31'618, 42'157}, {42'158, 52'696}});
  CHECK(rows(jena::book_splits(10'000)) == std::vector<RowRange>{{0, 6'000}, {6'001, 8'000}, {8'001, 10'000}});
}

TEST_CASE("The book's naive forecast is that of its generator, restarts included", "[examples][jena_climate]") {
  const Table table = simulated_weather({.rows = 10'000});
  for (const auto& [lookback, step] : {std::pair{1440U, 6U}, std::pair{720U, 3U}}) {
    const jena::Experiment e = jena::book_experiment(table, lookback, step);
    const std::size_t validation_steps = (8'000 - 6'001 - lookback) / 128;
    const std::size_t test_steps = (10'000 - 8'001 - lookback) / 128;
    CHECK(e.validation.size() == validation_steps * 128);
    CHECK(e.test.size() == test_steps * 128);
    CHECK(e.train.size() == 6'000 - lookback);
    CHECK_FALSE(e.celsius);
    CHECK_THAT(jena::naive_error(e, e.validation),
               WithinRel(book_naive(table, 6'001, 8'000, validation_steps, lookback, step), 1e-5));
    CHECK_THAT(jena::naive_error(e, e.test),
               WithinRel(book_naive(table, 8'001, 10'000 - 144 - 1, test_steps, lookback, step), 1e-5));
  }
  // lookback 1440: 413 windows to test, so 3 batches before the generator begins again, and the 4th is the first.
  const jena::Experiment e = jena::book_experiment(table, 1440, 6);
  REQUIRE(e.test.windows().size() == 414);
  REQUIRE(e.test.size() == 4 * 128);
  std::vector<float> x(240 * 14), again(240 * 14);
  float y = 0, same = 1;
  const std::size_t first = 0, fourth = 3 * 128;
  e.test.gather({&first, 1}, x, {&y, 1});
  e.test.gather({&fourth, 1}, again, {&same, 1});
  CHECK(x == again);
  CHECK(y == same);
}

TEST_CASE("The later naive forecast is 24 hours ahead and in degrees", "[examples][jena_climate]") {
  const Table table = simulated_weather({.rows = 9'000});
  const jena::Experiment e = jena::later_experiment(table);
  const std::vector<double> celsius = table.column_values("T (degC)");
  const auto naive = [&](std::size_t begin, std::size_t end) {  // rows at which windows of 715 rows begin
    double sum = 0;
    for (std::size_t row = begin; row < end; ++row) sum += std::fabs(celsius[row + 858] - celsius[row + 714]);
    return sum / static_cast<double>(end - begin);
  };
  CHECK(e.celsius);
  CHECK(e.validation.size() == 2'250 - 714);
  CHECK_THAT(jena::naive_error(e, e.validation), WithinRel(naive(4'500, 6'750 - 714), 1e-5));
  CHECK(e.test.size() == 2'250 - 858);
  CHECK_THAT(jena::naive_error(e, e.test), WithinRel(naive(6'750, 9'000 - 858), 1e-5));
}

TEST_CASE("A series too short for the Jena experiments is refused", "[examples][jena_climate]") {
  CHECK_THROWS_AS(jena::book_experiment(simulated_weather({.rows = 3'000}), 1440, 6), Error);
  CHECK_THROWS_AS(jena::book_experiment(simulated_weather({.rows = 7'600}), 1440, 6), Error);
  CHECK_THROWS_AS(jena::later_experiment(simulated_weather({.rows = 800})), Error);
}

TEST_CASE("Jena's files are read by place, and checked by name", "[examples][jena_climate]") {
  const TemporaryFolder folder;
  write_file(folder / "jena.csv", station_file());
  const Table table = jena::read_climate(folder / "jena.csv");
  CHECK(table.names() == simulated_weather({.rows = 0}).names());
  CHECK(table.rows() == 3);
  CHECK(table.values()(2, 13) == 13.3);
  CHECK_THAT(table.values()(1, 11), WithinRel(11.2, 1e-12));  // between 11.1 and 11.3 where the sensor failed

  const std::string repair = "; give a file of the weather station in Jena, whose column 0 is the date";
  write_file(folder / "other.csv", station_file("rain (mm)"));
  CHECK_THROWS_MATCHES(jena::read_climate(folder / "other.csv"), DataError,
                       Message((folder / "other.csv") + ": column 3 must be \"Tpot (K)\", got \"rain (mm)\"" + repair));
  write_file(folder / "few.csv", "date,p (mbar),T (degC)\n2020-01-01 00:10:00,1,2\n");
  CHECK_THROWS_MATCHES(jena::read_climate(folder / "few.csv"), DataError,
                       Message((folder / "few.csv") + ": column 3 must be \"Tpot (K)\", got none" + repair));
}

TEST_CASE("Made weather comes to the Jena experiments without the sensor's failures", "[examples][jena_climate]") {
  const Table table = jena::read_climate("");
  CHECK(table.rows() == 52'560);
  CHECK(*std::min_element(table.values().begin(), table.values().end()) > -50);
}

TEST_CASE("The Jena picture shows two weeks in degrees", "[examples][jena_climate]") {
  const Table table = simulated_weather({.rows = 20'000});
  for (const jena::Experiment& e : {jena::book_experiment(table, 1440, 6), jena::later_experiment(table)}) {
    CHECK(e.forecast.size() == 2'016);
    const std::string svg = svg_of({jena::forecast_chart(e, table, std::vector<float>(2'016))});
    CHECK(svg.find("temperature (°C)") != std::string::npos);
    CHECK(svg.find(">measured<") != std::string::npos);
    CHECK(svg.find(">forecast<") != std::string::npos);
  }
}
