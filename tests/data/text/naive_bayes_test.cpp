#include "seqnn/data/text/naive_bayes.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

using Texts = std::vector<std::vector<std::int32_t>>;
using Labels = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("Naive Bayes decides as by hand", "[data][text][naive_bayes]") {
  // Class 0: ids 1 1 2; class 1: ids 2 3, with the prior 2/3 : 1/3. V = 4 (ids 0 to 3), alpha = 1.
  // P(1|0) = 3/7, P(2|0) = 2/7, P(3|0) = 1/7;  P(1|1) = 1/6, P(2|1) = 2/6, P(3|1) = 2/6.
  NaiveBayes model;
  model.fit(Texts{{1, 1}, {2}, {2, 3}}, Labels{0, 0, 1});
  CHECK(model.predict(Texts::value_type{}) == 0);             // the prior
  CHECK(model.predict(Texts::value_type{2}) == 0);            // 2/3·2/7 = 0.190 > 1/3·2/6 = 0.111
  CHECK(model.predict(Texts::value_type{3}) == 1);            // 2/3·1/7 = 0.095 < 0.111
  CHECK(model.predict(Texts::value_type{3, 1}) == 0);         // 0.0408 > 0.0185
  CHECK(model.predict(Texts::value_type{3, 2, 2, 2}) == 1);   // 0.00222 < 0.00412
  CHECK(model.predict(Texts::value_type{0, 0, 3, 99}) == 1);  // padding and new ids say nothing
}

TEST_CASE("alpha smooths: with a large one only the prior is left", "[data][text][naive_bayes]") {
  const Texts texts{{1, 1}, {2}, {2, 3}};
  NaiveBayes model({.alpha = 1000});
  model.fit(texts, Labels{0, 0, 1});
  CHECK(model.predict(Texts::value_type{3}) == 0);
}

TEST_CASE("Naive Bayes knows as many classes as there are labels", "[data][text][naive_bayes]") {
  NaiveBayes model;
  model.fit(Texts{{4}, {5}, {6}}, Labels{0, 3, 1});  // class 2 has no texts and is never predicted
  CHECK(model.predict(Texts::value_type{4}) == 0);
  CHECK(model.predict(Texts::value_type{5}) == 3);
  CHECK(model.predict(Texts::value_type{6}) == 1);
  CHECK(model.predict(Texts::value_type{}) == 0);
}

TEST_CASE("The baseline is the share of validation texts that are right", "[data][text][naive_bayes]") {
  const Texts train{{4, 5}, {4, 6}, {7, 5}, {7, 6}};
  const Labels labels{1, 1, 0, 0};
  const Texts validation{{4}, {7}, {4, 5}, {7, 6}};
  CHECK_THAT(bag_of_words_baseline(train, labels, validation, Labels{1, 0, 0, 0}), WithinAbs(0.75, 1e-12));
}

TEST_CASE("Naive Bayes tells what is wrong with its data", "[data][text][naive_bayes]") {
  NaiveBayes model;
  CHECK_THROWS_MATCHES(model.predict(Texts::value_type{1}), StateError,
                       Message("NaiveBayes: fit must come before predict, got no texts yet; call fit"));
  CHECK_THROWS_MATCHES(model.fit(Texts{}, Labels{}), DataError, Message("NaiveBayes: there must be texts, got none"));
  CHECK_THROWS_MATCHES(model.fit(Texts{{1}, {2}}, Labels{1}), ShapeError,
                       Message("NaiveBayes: labels must be as many as texts, 2, got 1"));
  CHECK_THROWS_MATCHES(model.fit(Texts{{1}, {2, -3}}, Labels{0, 1}), DataError,
                       Message("NaiveBayes: ids must be at least 0, got -3 in text 1"));
  CHECK_THROWS_MATCHES(model.fit(Texts{{1}, {2}}, Labels{0, -1}), DataError,
                       Message("NaiveBayes: labels must be at least 0, got -1 at 1"));
  CHECK_THROWS_MATCHES(NaiveBayes({.alpha = 0.0}), OptionError, Message("NaiveBayes: alpha must be above 0, got 0"));
}

TEST_CASE("A failed fit leaves what was learnt before", "[data][text][naive_bayes]") {
  NaiveBayes model;
  model.fit(Texts{{4}, {5}}, Labels{0, 1});
  CHECK_THROWS_AS(model.fit(Texts{{5}, {-1}}, Labels{0, 1}), DataError);
  CHECK(model.predict(Texts::value_type{5}) == 1);
}
