# Add-ons: headers that need more libraries than the core does. Each add-on is a target of its own, which exists where
# its libraries are installed; nothing is downloaded for one, and nothing fails for the lack of one.
include_guard()

set(seqnn_add_ons)       # the names of all
set(seqnn_add_on_needs)  # lines of seqnn-config.cmake

# Makes the target seqnn::<add_on>, which find_package(seqnn COMPONENTS <add_on>) finds when seqnn is installed.
#
#   PACKAGES  what find_package must find
#   TARGETS   the targets of these packages that seqnn::<add_on> links to
#   HEADERS   patterns of the headers that need the target, below include/seqnn
function(seqnn_add_on add_on)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PACKAGES;TARGETS;HEADERS")
  list(TRANSFORM arg_HEADERS PREPEND ${PROJECT_SOURCE_DIR}/include/seqnn/)
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include ${arg_HEADERS})
  set(seqnn_${add_on}_headers ${headers} PARENT_SCOPE)
  set(seqnn_add_ons ${seqnn_add_ons} ${add_on} PARENT_SCOPE)

  list(PREPEND CMAKE_MODULE_PATH ${PROJECT_SOURCE_DIR}/cmake)
  foreach(package IN LISTS arg_PACKAGES)
    find_package(${package} QUIET GLOBAL)
    if(NOT ${package}_FOUND)
      message(STATUS "seqnn: ${package} is not installed, so there is no seqnn::${add_on}")
      return()
    endif()
    string(STRIP "${package} ${${package}_VERSION}" found)
    message(STATUS "seqnn: ${found} is installed, for seqnn::${add_on}")
  endforeach()

  add_library(seqnn_${add_on} INTERFACE)
  add_library(seqnn::${add_on} ALIAS seqnn_${add_on})
  set_target_properties(seqnn_${add_on} PROPERTIES EXPORT_NAME ${add_on})
  target_link_libraries(seqnn_${add_on} INTERFACE seqnn ${arg_TARGETS})
  install(TARGETS seqnn_${add_on} EXPORT seqnn-${add_on}-targets)
  install(EXPORT seqnn-${add_on}-targets NAMESPACE seqnn:: DESTINATION ${config_dir})
  string(APPEND seqnn_add_on_needs "set(seqnn_${add_on}_needs ${arg_PACKAGES})\n")
  set(seqnn_add_on_needs ${seqnn_add_on_needs} PARENT_SCOPE)
endfunction()
