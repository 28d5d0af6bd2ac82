#include "seqnn/seqnn.hpp"

const char* version_seen_by_the_other_source();

const char* version_seen_by_the_other_source() { return SEQNN_VERSION; }
