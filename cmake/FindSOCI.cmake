# Finds SOCI with its SQLite and PostgreSQL back ends: by SOCI's own package where there is one, else by the headers and
# libraries (Debian's libsoci-dev comes without a package file).
#
#   SOCI_FOUND, SOCI_VERSION
#   SOCI::Core, SOCI::SQLite3, SOCI::PostgreSQL   imported targets, named as in SOCI 4.1's package
find_package(SOCI CONFIG QUIET)

set(soci_targets)
foreach(soci_part Core SQLite3 PostgreSQL)
  string(TOLOWER soci_${soci_part} soci_name)
  if(NOT TARGET SOCI::${soci_part} AND TARGET SOCI::${soci_name})  # as SOCI 4.0's package calls it
    add_library(SOCI::${soci_part} INTERFACE IMPORTED)
    target_link_libraries(SOCI::${soci_part} INTERFACE SOCI::${soci_name})
  elseif(NOT TARGET SOCI::${soci_part})
    find_path(SOCI_INCLUDE_DIR soci/soci.h)
    find_library(SOCI_${soci_part}_LIBRARY ${soci_name})
    if(SOCI_INCLUDE_DIR AND SOCI_${soci_part}_LIBRARY)
      add_library(SOCI::${soci_part} UNKNOWN IMPORTED)
      set_target_properties(SOCI::${soci_part} PROPERTIES IMPORTED_LOCATION ${SOCI_${soci_part}_LIBRARY}
                                                     INTERFACE_INCLUDE_DIRECTORIES ${SOCI_INCLUDE_DIR})
      if(NOT soci_part STREQUAL "Core")
        set_target_properties(SOCI::${soci_part} PROPERTIES INTERFACE_LINK_LIBRARIES SOCI::Core)
      endif()
    endif()
    mark_as_advanced(SOCI_INCLUDE_DIR SOCI_${soci_part}_LIBRARY)
  endif()
  set(SOCI_${soci_part} SOCI_${soci_part}-NOTFOUND)
  if(TARGET SOCI::${soci_part})
    set(SOCI_${soci_part} SOCI::${soci_part})
  endif()
  list(APPEND soci_targets SOCI_${soci_part})
endforeach()

if(NOT SOCI_VERSION AND SOCI_INCLUDE_DIR)
  file(STRINGS ${SOCI_INCLUDE_DIR}/soci/version.h SOCI_VERSION REGEX "define SOCI_LIB_VERSION ")
  string(REGEX REPLACE ".*\"([0-9_]+)\".*" "\\1" SOCI_VERSION "${SOCI_VERSION}")
  string(REPLACE "_" "." SOCI_VERSION "${SOCI_VERSION}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SOCI REQUIRED_VARS ${soci_targets} VERSION_VAR SOCI_VERSION)
