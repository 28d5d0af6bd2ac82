#include "seqnn/data/text/pad_sequences.hpp"

#include "fixtures/text.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

using Sequences = std::vector<std::vector<std::int32_t>>;

Sequences rows_of(const Tensor<std::int32_t, 2>& tensor) {
  Sequences rows(tensor.shape()[0]);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t t = 0; t < tensor.shape()[1]; ++t) rows[i].push_back(tensor(i, t));
  }
  return rows;
}

}  // namespace

TEST_CASE("Sequences are padded and truncated at the front by default", "[data][text][pad_sequences]") {
  const Sequences sequences{{1}, {2, 3}, {4, 5, 6}};
  CHECK(rows_of(pad_sequences(sequences)) == Sequences{{0, 0, 1}, {0, 2, 3}, {4, 5, 6}});
  CHECK(rows_of(pad_sequences(sequences, {.maxlen = 2})) == Sequences{{0, 1}, {2, 3}, {5, 6}});
}

TEST_CASE("Rows are those of Keras' pad_sequences", "[data][text][pad_sequences]") {
  for (const auto& expected : fixtures::text::kPadded) {
    const PadSequencesOptions options{.maxlen = expected.maxlen,
                                      .padding = expected.pad_post ? SequenceEnd::post : SequenceEnd::pre,
                                      .truncating = expected.truncate_post ? SequenceEnd::post : SequenceEnd::pre,
                                      .value = expected.value};
    CHECK(rows_of(pad_sequences(expected.sequences, options)) == expected.rows);
  }
}

TEST_CASE("Empty sequences and no sequences have their shapes", "[data][text][pad_sequences]") {
  CHECK(shape_of(pad_sequences(Sequences{{}, {}})) == Shape{2, 0});
  CHECK(shape_of(pad_sequences(Sequences{}, {.maxlen = 5})) == Shape{0, 5});
}

TEST_CASE("Padding to nothing or to the longest of none is an error", "[data][text][pad_sequences]") {
  CHECK_THROWS_MATCHES(pad_sequences(Sequences{{1}}, {.maxlen = 0}), OptionError,
                       Message("pad_sequences: maxlen must be at least 1, got 0; leave it out for the longest "
                               "sequence"));
  CHECK_THROWS_MATCHES(pad_sequences(Sequences{}), DataError,
                       Message("pad_sequences: there must be sequences to take the longest of, got none; give maxlen"));
}
