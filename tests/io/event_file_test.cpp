#include "seqnn/io/event_file.hpp"

#include "fixtures/event_file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

double now = 0;
double fake_clock() { return now; }

/// A second later with every call, from 1700000000.25 on.
double ticking_clock() {
  const double moment = now;
  now += now == 1700000000.25 ? 1.25 : 1;
  return moment;
}

/// The numbers of an encoded histogram: left edge, right edge, count, …
std::vector<double> histogram_of(const std::vector<double>& values, std::size_t buckets) {
  const std::string bytes = EventSummary().histogram("", values, buckets).message().encoded();
  std::vector<double> result;
  const std::size_t begin = bytes.find('\x22') + 2;  // field 4, of less than 128 bytes
  for (std::size_t i = begin; i < begin + buckets * 24; i += 8) {
    std::uint64_t bits = 0;
    for (std::size_t b = 8; b-- > 0;) bits = bits << 8 | static_cast<unsigned char>(bytes[i + b]);
    result.push_back(std::bit_cast<double>(bits));
  }
  return result;
}

}  // namespace

TEST_CASE("CRC-32C is that of RFC 3720", "[io][event_file]") {
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  CHECK(crc32c(rising) == 0x46DD794E);
  CHECK(crc32c("123456789") == 0xE3069283);  // the check value of the CRC catalogue
  CHECK(crc32c("") == 0);
}

TEST_CASE("A message of Protocol Buffers, by hand", "[io][event_file]") {
  // Field 1 = 300: the example of the specification, 08 96 01 for 150 and AC 02 for 300.
  CHECK(ProtobufMessage().integer(1, 150).encoded() == "\x08\x96\x01");
  CHECK(ProtobufMessage().integer(1, 300).encoded() == "\x08\xAC\x02");
  CHECK(ProtobufMessage().integer(1, 0).encoded() == "");
  CHECK(ProtobufMessage().bytes(2, "testing").encoded() == "\x12\x07testing");
  CHECK(ProtobufMessage().message(3, ProtobufMessage().integer(1, 150)).encoded() == "\x1A\x03\x08\x96\x01");
  CHECK(ProtobufMessage().real(1, 1.0).encoded() == std::string("\x09\0\0\0\0\0\0\xF0\x3F", 9));
}

TEST_CASE("An event file has the bytes of TensorBoard's own writer", "[io][event_file]") {
  const TemporaryFolder folder;
  now = 1700000000.25;
  const EventFile file(folder / "deep/run", &ticking_clock);
  file.write(0, EventSummary().scalar("epoch_loss", 0.1));
  file.write(300, EventSummary().scalar("epoch_loss", -3.5).scalar("zero", 0));
  const std::vector<double> weights = {-1.0, -0.5, 0.25, 0.5, 1.0, 3.0, 2.99, 0.0};
  file.write(std::size_t{1} << 40, EventSummary().histogram("conv1d/kernel/histogram", weights, 4));
  file.write(1, EventSummary().histogram("same/histogram", std::vector<double>{2, 2, 2}, 2));
  file.write(1, EventSummary().markdown("model_summary", "    a table\n    naïve"));

  std::string expected;
  for (const int byte : fixtures::event_file::bytes) expected += static_cast<char>(byte);
  CHECK(read_file(file.path()) == expected);
}

TEST_CASE("Event files have names of their own", "[io][event_file]") {
  const TemporaryFolder folder;
  now = 1700000000.75;
  const EventFile first(folder.path.string(), &fake_clock), second(folder.path.string(), &fake_clock);
  CHECK(first.path() != second.path());
  const std::string begin = folder / "events.out.tfevents.1700000000.";
  CHECK(first.path().starts_with(begin));
  CHECK(first.path().ends_with(".v2"));
}

TEST_CASE("Histograms count as TensorBoard does", "[io][event_file]") {
  CHECK(histogram_of({0, 1, 2, 3, 4}, 2) == std::vector<double>{0, 2, 2, 2, 4, 3});  // an edge belongs above
  CHECK(histogram_of({5, 5}, 2) == std::vector<double>{5, 5, 0, 5, 5, 2});
  CHECK(histogram_of({}, 1) == std::vector<double>{0, 0, 0});
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kLargest = std::numeric_limits<double>::max();
  CHECK(histogram_of({1, kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN(), 3}, 1) ==
        std::vector<double>{1, 3, 2});
  CHECK(histogram_of({-kLargest, kLargest}, 2) == std::vector<double>{-kLargest, 0, 1, 0, kLargest, 1});
  CHECK_THROWS_AS(EventSummary().histogram("w", {}, 0), OptionError);
  CHECK_THROWS_WITH(EventSummary().histogram("w", {}, 0), "histogram \"w\": buckets must be at least 1, got 0");
}

TEST_CASE("An event file says why it cannot be made", "[io][event_file]") {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "");
  CHECK_THROWS_AS(EventFile(file + "/run"), FileError);
  CHECK_THROWS_WITH(EventFile(file + "/run"), file + ": must be a folder that can be made, got \"File exists\"");
}

TEST_CASE("make_folders makes all folders on the way", "[io][event_file]") {
  const TemporaryFolder folder;
  make_folders(folder / "a/b//c/");
  make_folders(folder / "a/b");  // there already
  CHECK(std::filesystem::is_directory(folder / "a/b/c"));
}
