#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/io/percent_escape.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// Where a database is, taken from a URL as SQLAlchemy reads it:
///
///     sqlite:///results.db            a file, by its relative path
///     sqlite:////home/me/results.db   a file, by its absolute path
///     sqlite://                       in memory; also sqlite:///:memory:
///     postgresql://user:password@host:port/database?option=value
///
/// A path is taken as it is written. In a user, password or database, characters with a meaning in URLs are written as
/// % and two hexadecimal digits ("@" as %40); options are those of libpq. The name of a Python driver, as in
/// postgresql+psycopg2://, is read over.
struct DatabaseUrl {
  bool is_sqlite = true;
  std::string shown;     ///< the URL with *** in the place of the password, for messages
  std::string location;  ///< SQLite: a path, or ":memory:"; PostgreSQL: a URI for libpq
};

namespace detail {

/// A URL whose password is replaced by ***: all between the first ":" of the authority and the last "@", since a
/// password with an "@" of its own is a frequent mistake; and the value of each option whose name ends in "password".
SEQNN_COLD inline std::string without_password(std::string_view url) {
  std::string result(url);
  const std::size_t begin = result.find("://") == std::string::npos ? 0 : result.find("://") + 3;
  const std::size_t at = result.rfind('@');
  const std::size_t colon = result.find(':', begin);
  if (at != std::string::npos && colon < at) result.replace(colon + 1, at - colon - 1, "***");
  std::size_t option = 0;
  while ((option = result.find_first_of("?&", option)) != std::string::npos) {
    const std::size_t equals = result.find('=', ++option);
    if (equals == std::string::npos) break;
    const auto name = unescaped(std::string_view(result).substr(option, equals - option));  // libpq reads it so
    if (!name || !name->ends_with("password")) continue;
    result.replace(equals + 1, std::min(result.find('&', equals), result.size()) - equals - 1, "***");
  }
  return result;
}

/// Letters, digits and -._~ as they are, all else as % and two hexadecimal digits.
SEQNN_COLD inline std::string percent_encoded(std::string_view plain) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : plain) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    const auto byte = static_cast<unsigned char>(c);
    if (unreserved) {
      result += c;
    } else {
      result += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return result;
}

/// Makes a DatabaseUrl, part by part.
class DatabaseUrlReader {
 public:
  SEQNN_COLD explicit DatabaseUrlReader(std::string_view url) : url_(url) {}

  SEQNN_COLD DatabaseUrl read() const {
    const std::size_t end = url_.find("://");
    const std::string_view scheme = url_.substr(0, end == url_.npos ? 0 : end);
    const std::string_view database = scheme.substr(0, scheme.find('+'));
    const bool sqlite = database == "sqlite";
    if (!sqlite && database != "postgresql" && database != "postgres") {
      fail("must begin with sqlite:// or postgresql://", "");
    }
    const std::string_view rest = url_.substr(end + 3);
    return {.is_sqlite = sqlite,
            .shown = without_password(url_),
            .location = sqlite ? sqlite_path(rest) : postgresql_uri(rest)};
  }

 private:
  [[noreturn]] SEQNN_COLD void fail(const char* expected, const char* repair) const {
    throw OptionError(text("open_result_store: url ", expected, ", got \"", without_password(url_), '"', repair));
  }

  SEQNN_COLD std::string sqlite_path(std::string_view rest) const {
    if (!rest.empty() && rest[0] != '/') {
      fail("of SQLite must have three slashes before a relative path, four before the name of an absolute one",
           "; write sqlite:///results.db or sqlite:////folder/results.db");
    }
    const std::string_view path = rest.substr(rest.empty() ? 0 : 1);
    if (path.find('?') != path.npos) fail("of SQLite must have no options", "; leave out what begins with ?");
    if (path.find('"') != path.npos) fail("of SQLite must have no \" in it", "; give the file another name");
    return path.empty() ? ":memory:" : std::string(path);
  }

  SEQNN_COLD std::string postgresql_uri(std::string_view rest) const {
    const auto needs_escape = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
    if (std::any_of(rest.begin(), rest.end(), needs_escape) || !unescaped(rest)) {
      fail("of PostgreSQL must have characters escaped, each % followed by two hexadecimal digits",
           "; write %20 for a space and %25 for %");
    }
    // As in SQLAlchemy, a password may hold "/", ":" or "?": all to the "@" is user and password, and there is one "@".
    std::string user_and_password;
    const std::size_t at = rest.find('@');
    if (at != rest.npos) {
      const std::string_view before = rest.substr(0, at);
      const std::size_t colon = std::min(before.find(':'), before.size());
      if (rest.find('@', at + 1) != rest.npos || before.substr(0, colon).find_first_of("/?") != rest.npos) {
        fail("of PostgreSQL must have one @, before the host", "; write %40 for another");
      }
      user_and_password = percent_encoded(*unescaped(before.substr(0, colon)));
      if (colon < before.size()) user_and_password += ':' + percent_encoded(*unescaped(before.substr(colon + 1)));
      user_and_password += '@';
      rest.remove_prefix(at + 1);
    }
    // The option also keeps SOCI 4.0 from taking a URI without "=" for a name without a value.
    const char* const separator = rest.find('?') == rest.npos ? "?" : "&";
    return text("postgresql://", user_and_password, rest, separator, "fallback_application_name=seqnn");
  }

  std::string_view url_;
};

}  // namespace detail

/// @throws OptionError, without the password, if the URL is of another kind of database or cannot be read
SEQNN_COLD inline DatabaseUrl parse_database_url(std::string_view url) { return detail::DatabaseUrlReader(url).read(); }

}  // namespace seqnn::inline SEQNN_ABI
