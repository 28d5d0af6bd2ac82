#include "seqnn/data/text/lowercase.hpp"

#include "fixtures/text.hpp"
#include "support/catch.hpp"

#include <map>
#include <string>

using namespace seqnn;

namespace {

std::string lowered(char32_t c) {
  std::string result;
  detail::append_lower_case(result, c);
  return result;
}

std::string utf8(char32_t c) {
  std::string result;
  detail::append_utf8(result, c);
  return result;
}

}  // namespace

TEST_CASE("Lower case of a letter of each known script", "[data][text][lowercase]") {
  CHECK(detail::lower_case(U'Z') == U'z');
  CHECK(detail::lower_case(U'\u00C4') == U'\u00E4');  // Ä ä
  CHECK(detail::lower_case(U'\u0141') == U'\u0142');  // Ł ł
  CHECK(detail::lower_case(U'\u03A9') == U'\u03C9');  // Ω ω
  CHECK(detail::lower_case(U'\u0416') == U'\u0436');  // Ж ж
  CHECK(detail::lower_case(U'\u65E5') == U'\u65E5');  // no case
  CHECK(lowered(U'\u0130') == "i\u0307");             // İ: the dot stays
}

TEST_CASE("Lower case of Latin, Greek and Cyrillic code points is that of Python's str.lower",
          "[data][text][lowercase]") {
  std::map<char32_t, std::string> changed;
  for (const auto& [upper, lower] : fixtures::text::kLowerCase) changed[upper] = lower;
  const auto check_block = [&](char32_t first, char32_t last) {
    for (char32_t c = first; c <= last; ++c) {
      INFO("code point " << static_cast<unsigned>(c));
      const auto found = changed.find(c);
      CHECK(lowered(c) == (found == changed.end() ? utf8(c) : found->second));
    }
  };
  check_block(0x00, 0x17F);
  check_block(0x370, 0x3FF);
  check_block(0x400, 0x52F);
}
