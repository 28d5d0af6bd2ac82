# Registers every test case of a Catch2 program with CTest, at the start of a CTest run.
#
#   program  path of the program
#   filter   Catch2 test specification, or empty for all
#
# A test case that prints "skipped: " and why counts as skipped; Catch2 has its own way only in version 3.
#
# Catch2's own catch_discover_tests differs between versions 2 and 3 and loses names with an unbalanced bracket, like
# "draws lie in [0, 1)"; a lost test would look like a passed one.
get_filename_component(stem "${program}" NAME_WE)
if(NOT EXISTS "${program}")
  add_test(${stem}.is_built "${program}")  # fails, and says which file is missing
  return()
endif()

execute_process(COMMAND "${program}" ${filter} --list-tests --verbosity quiet RESULT_VARIABLE status
                OUTPUT_VARIABLE names ERROR_VARIABLE problem)
if(names MATCHES "matching test cases|All available test cases")  # version 2, which answers with the number of tests
  execute_process(COMMAND "${program}" ${filter} --list-test-names-only RESULT_VARIABLE status
                  OUTPUT_VARIABLE names ERROR_VARIABLE problem)
endif()
if(NOT status MATCHES "^[0-9]+$" OR names STREQUAL "")
  message("${program} cannot list its tests: ${status}\n${names}${problem}")
  add_test(${stem}.can_list_its_tests false)
  return()
endif()

# Brackets and semicolons mean something in a CMake list: they travel as control characters.
string(ASCII 1 open)
string(ASCII 2 close)
string(ASCII 3 semicolon)
string(REPLACE "[" "${open}" names "${names}")
string(REPLACE "]" "${close}" names "${names}")
string(REPLACE ";" "${semicolon}" names "${names}")
string(REPLACE "\n" ";" names "${names}")
foreach(name IN LISTS names)
  if(name STREQUAL "")
    continue()
  endif()
  string(REPLACE "${open}" "[" name "${name}")
  string(REPLACE "${close}" "]" name "${name}")
  string(REPLACE "${semicolon}" ";" name "${name}")
  string(REGEX REPLACE "([\\,[~\"])" "\\\\\\1" spec "${name}")  # what Catch2 would read as a pattern
  add_test("${name}" "${program}" "${spec}")
  set_tests_properties("${name}" PROPERTIES TIMEOUT 900 FAIL_REGULAR_EXPRESSION "No test cases matched|No tests ran"
                                            SKIP_REGULAR_EXPRESSION "(^|\n)skipped: ")
endforeach()
