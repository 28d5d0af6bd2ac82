# Where each dependency comes from: installed, or else the newest release at the time of writing, pinned by its hash.
# name = the package find_package looks for | target | Debian package | archive | SHA-256 of the archive
include_guard()
include(FetchContent)

set(github https://github.com)
set(seqnn_xtl xtl xtl-dev ${github}/xtensor-stack/xtl/archive/refs/tags/0.8.2.tar.gz
    8fb38d6a5856aab5740d2ccb3d791d289f648d4cc506b94a1338fe5fce100c11)
set(seqnn_xtensor xtensor libxtensor-dev ${github}/xtensor-stack/xtensor/archive/refs/tags/0.27.1.tar.gz
    117c192ae3b7c37c0156dedaa88038e0599a6b264666c3c6c2553154b500fe23)
set(seqnn_xsimd xsimd libxsimd-dev ${github}/xtensor-stack/xsimd/archive/refs/tags/14.3.0.tar.gz
    b3d50e7a73fbf4642ceef30131c93414901d69eee41c2a5302db650b03e2c792)
set(seqnn_Catch2 Catch2::Catch2WithMain catch2 ${github}/catchorg/Catch2/archive/refs/tags/v3.16.0.tar.gz
    0957cae5821b17ce07f0833aaa52b5137643a8382203221f363a8303c109af34)
set(seqnn_benchmark benchmark::benchmark libbenchmark-dev ${github}/google/benchmark/archive/refs/tags/v1.9.5.tar.gz
    9631341c82bac4a288bef951f8b26b41f69021794184ece969f8473977eaa340)
set(seqnn_nlohmann_json nlohmann_json::nlohmann_json nlohmann-json3-dev
    ${github}/nlohmann/json/releases/download/v3.12.0/json.tar.xz
    42f6e95cad6ec532fd372391373363b62a14af6d771056dbfc86160e6dfff7aa)
set(seqnn_CLI11 CLI11::CLI11 libcli11-dev ${github}/CLIUtils/CLI11/archive/refs/tags/v2.7.2.tar.gz
    46eef3101da70852ec7af026e09d485ccee81813331c8c6052d39344443b83da)

# Makes the target of dependency `name` available in the whole build: the one that exists already, else the installed
# one, else a download (of what `NEEDS` lists, too). No version is asked for: the version files of these packages
# reject other major versions, and the headers serve several.
function(seqnn_dependency name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "NEEDS")
  list(GET seqnn_${name} 0 target)
  if(TARGET ${target})
    return()
  endif()
  find_package(${name} QUIET GLOBAL)
  if(TARGET ${target})
    message(STATUS "seqnn: ${name} ${${name}_VERSION} is installed")
    return()
  endif()
  if(NOT SEQNN_FETCH_DEPENDENCIES)
    list(GET seqnn_${name} 1 package)
    message(FATAL_ERROR "seqnn needs ${name}, which is not installed, and SEQNN_FETCH_DEPENDENCIES is OFF; install it "
                        "(Debian, Ubuntu: ${package}), point ${name}_DIR at it, or allow the download")
  endif()
  # What the dependencies would build beside their library.
  foreach(option BUILD_TESTS BUILD_BENCHMARK BUILD_EXAMPLES BENCHMARK_ENABLE_TESTING BENCHMARK_ENABLE_INSTALL)
    set(${option} OFF)
  endforeach()
  if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.25)
    set(system SYSTEM)  # their headers' warnings are not ours
  endif()
  foreach(fetched ${arg_NEEDS} ${name})
    list(GET seqnn_${fetched} 2 url)
    list(GET seqnn_${fetched} 3 hash)
    message(STATUS "seqnn: ${fetched} is taken from ${url}")
    FetchContent_Declare(${fetched} URL ${url} URL_HASH SHA256=${hash} DOWNLOAD_EXTRACT_TIMESTAMP ON ${system})
    FetchContent_MakeAvailable(${fetched})
  endforeach()
endfunction()
