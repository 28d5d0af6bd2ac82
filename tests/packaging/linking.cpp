#include "seqnn/seqnn.hpp"
#include "seqnn/walkforward.hpp"

const char* version_seen_by_the_other_source();

int main() { return version_seen_by_the_other_source() == nullptr ? 1 : 0; }
