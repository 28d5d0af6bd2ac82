#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/walkforward/result_store.hpp"
#include "seqnn/walkforward/soci_result_store.hpp"

#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// The result store in the database of a URL, which is made if it is a file that is not there:
///
///     open_result_store("sqlite:///results.db");                       // four slashes before an absolute path
///     open_result_store("postgresql://user:password@host/database");
///
/// Needs the target seqnn::walkforward. See DatabaseUrl for what a URL may hold, SociResultStore for the tables.
///
/// @throws OptionError, FileError or DatabaseError, as the constructor of SociResultStore
SEQNN_COLD inline std::unique_ptr<ResultStore> open_result_store(const std::string& url) {
  return std::make_unique<SociResultStore>(url);
}

}  // namespace seqnn::inline SEQNN_ABI
