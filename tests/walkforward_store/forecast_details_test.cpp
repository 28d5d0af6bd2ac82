#include "seqnn/walkforward/forecast_details.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

constexpr std::int64_t kTime = timestamp({.year = 2015, .month = 5, .day = 20});

}  // namespace

TEST_CASE("details_json writes a row of a pandas table", "[walkforward][details]") {
  CHECK(details_json({kTime, "", 1, {{"short_prob", 0.48}, {"long_prob", 0.52}, {"class", 1}}}) ==
        R"({"columns":["short_prob","long_prob","class"],"index":["2015-05-20"],"data":[[0.48,0.52,1.0]]})");
  CHECK(details_json({kTime + 55'800, "", 1, {{"p", 0.1 + 0.2}}}) ==
        R"({"columns":["p"],"index":["2015-05-20T15:30:00"],"data":[[0.30000000000000004]]})");
  CHECK(details_json({kTime, "", 1, {{"a \"name\"", INFINITY}}}) ==
        R"({"columns":["a \"name\""],"index":["2015-05-20"],"data":[[null]]})");
}

TEST_CASE("parse_details reads what details_json wrote, bit by bit", "[walkforward][details]") {
  using Limits = std::numeric_limits<double>;
  const std::vector<ForecastDetail> details{{"a", 1.0 / 3},         {"b", Limits::denorm_min()},
                                            {"c", Limits::max()},   {"d", -Limits::min()},
                                            {"ä \"b\" \\ \n", 0.1}, {"b", 123456789012345680.0}};
  CHECK(parse_details(details_json({kTime, "", 1, details})) == details);
  CHECK(parse_details(details_json({kTime, "", 1, {}})).empty());
  CHECK(std::isnan(parse_details(details_json({kTime, "", 1, {{"p", NAN}}}))[0].value));
}

TEST_CASE("parse_details reads what pandas writes", "[walkforward][details]") {
  // pandas.DataFrame({"p": [0.25], "class": [1]}, index=[pandas.Timestamp("2015-05-20")])
  //     .to_json(orient="split", date_format="iso")
  CHECK(parse_details(R"({"columns":["p","class"],"index":["2015-05-20T00:00:00.000"],"data":[[0.25,1]]})") ==
        std::vector<ForecastDetail>{{"p", 0.25}, {"class", 1}});
}

TEST_CASE("parse_details reads a text as NaN", "[walkforward][details]") {
  // What the published program wrote with pandas, whose class is a name.
  const std::vector<ForecastDetail> details =
      parse_details(R"({"columns":["short_prob","long_prob","class"],"index":["2015-05-20T00:00:00.000Z"],)"
                    R"("data":[[0.4833,0.5167,"long"]]})");
  REQUIRE(details.size() == 3);
  CHECK(details[0] == ForecastDetail{"short_prob", 0.4833});
  CHECK(details[1] == ForecastDetail{"long_prob", 0.5167});
  CHECK(details[2].name == "class");
  CHECK(std::isnan(details[2].value));
}

TEST_CASE("parse_details refuses another text", "[walkforward][details]") {
  for (const std::string json :
       {"", "{", "[]", "{}", R"({"columns":["p"],"data":[]})", R"({"columns":["p"],"data":[[1],[2]]})",
        R"({"columns":["p"],"data":[[1,2]]})", R"({"columns":["class"],"data":[[["long"]]]})",
        R"({"columns":[1],"data":[[1]]})", R"({"columns":{"p":1},"data":[[1]]})"}) {
    CHECK_THROWS_MATCHES(
        parse_details(json), DataError,
        Message(
            "parse_details: details must be one row of numbers or texts in the \"split\" orientation of pandas, got " +
            json));
  }
}
