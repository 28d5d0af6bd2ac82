# Builds the consumer in one of three ways and runs it. Called by CTest; the variables come from ../CMakeLists.txt.
cmake_minimum_required(VERSION 3.24)

function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${what} failed (${status}): ${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${work_dir})
file(MAKE_DIRECTORY ${work_dir})
set(consumer_dir ${CMAKE_CURRENT_LIST_DIR})
set(program ${work_dir}/build/consumer)

if(way STREQUAL "bare_include")
  set(program ${work_dir}/consumer)
  string(REPLACE ":" ";" include_dirs "${include_dirs}")
  list(REMOVE_ITEM include_dirs /usr/include)  # searched anyway, and named it would come before the compiler's own
  list(TRANSFORM include_dirs PREPEND -I)
  run("compiling" ${compiler} -std=c++20 ${include_dirs} ${consumer_dir}/${program_name}.cpp -pthread -o ${program})
else()
  if(way STREQUAL "find_package")
    run("installing" ${CMAKE_COMMAND} --install ${build_dir} --prefix ${work_dir}/installed)
    list(PREPEND prefix_path ${work_dir}/installed)
  else()
    set(source -D seqnn_source_dir=${source_dir} ${fetched})
  endif()
  run("configuring" ${CMAKE_COMMAND} -S ${consumer_dir} -B ${work_dir}/build -G ${generator}
      -D program_name=${program_name} -D add_on=${add_on}
      -D CMAKE_CXX_COMPILER=${compiler} "-DCMAKE_PREFIX_PATH=${prefix_path}" -D CMAKE_EXPORT_COMPILE_COMMANDS=ON ${source})
  run("building" ${CMAKE_COMMAND} --build ${work_dir}/build)

  # One source is compiled, and the library adds include directories and the standard: nothing else.
  file(READ ${work_dir}/build/compile_commands.json commands)
  string(JSON count LENGTH "${commands}")
  string(JSON command GET "${commands}" 0 command)
  string(REGEX MATCHALL " -[^ ]+" flags "${command}")
  list(TRANSFORM flags STRIP)
  list(FILTER flags EXCLUDE REGEX "^-(I|isystem|std=|o|c|pthread)")
  if(NOT count EQUAL 1 OR NOT flags STREQUAL "")
    message(FATAL_ERROR "The library must not change how a consumer compiles, got ${count} sources and ${flags}")
  endif()
endif()

run("running" ${program})
if(NOT output MATCHES "${expected}")
  message(FATAL_ERROR "The consumer must print \"${expected}\", got\n${output}")
endif()
