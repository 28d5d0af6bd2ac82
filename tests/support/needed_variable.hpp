#pragma once

#include <cstdio>
#include <cstdlib>

/// The value of an environment variable that a test cannot do without; nullptr if it is not set: then the test returns,
/// and CTest counts it as skipped by the line printed here (see discover.cmake).
inline const char* needed_variable(const char* name, const char* repair) {
  const char* const value = std::getenv(name);
  if (value != nullptr && *value != '\0') return value;
  std::printf("skipped: %s is not set; %s\n", name, repair);
  return nullptr;
}
