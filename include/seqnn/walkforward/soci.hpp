#pragma once

// SOCI's headers, and the back ends that seqnn::walkforward links to.

#include <soci/soci-config.h>

#if defined(SOCI_HAVE_BOOST) && !__has_include(<boost/version.hpp>)
// Debian's SOCI was built with Boost, and its headers then include Boost's, which libsoci-dev does not bring along. All
// they add is templates for Boost's types.
#undef SOCI_HAVE_BOOST
#undef SOCI_HAVE_BOOST_DATE_TIME
#endif

#include <soci/soci.h>

namespace soci {
// As the headers of the back ends declare them, which include those of SQLite and of libpq.
extern "C" {
backend_factory const* factory_sqlite3();
backend_factory const* factory_postgresql();
}
}  // namespace soci
