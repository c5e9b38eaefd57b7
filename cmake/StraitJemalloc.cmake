# SPDX-License-Identifier: MIT
#
# strait_find_jemalloc(): creates strait::jemalloc if pkg-config knows jemalloc,
# in the build tree and in the installed package alike. Link it to a program,
#
#     target_link_libraries(app PRIVATE strait::strait strait::jemalloc)
#
# and the whole program, libstrait included, uses jemalloc. It belongs on the
# program's link line only: a library that needs jemalloc cannot be opened with
# dlopen and would mix two heaps. libstrait finds it through weak symbols, for
# which a linker does not keep a library by itself; hence --no-as-needed.
include_guard(DIRECTORY)

function(strait_find_jemalloc)
    if(TARGET strait::jemalloc)
        return()
    endif()
    find_package(PkgConfig QUIET)
    if(NOT PKG_CONFIG_FOUND)
        return()
    endif()
    pkg_check_modules(STRAIT_JEMALLOC QUIET jemalloc)
    if(NOT STRAIT_JEMALLOC_FOUND)
        return()
    endif()
    add_library(strait::jemalloc INTERFACE IMPORTED GLOBAL)
    target_link_options(strait::jemalloc INTERFACE ${STRAIT_JEMALLOC_LDFLAGS_OTHER})
    list(JOIN STRAIT_JEMALLOC_LINK_LIBRARIES "," libraries)
    # One option, so that nothing can be sorted in between.
    target_link_libraries(strait::jemalloc INTERFACE
        "-Wl,--push-state,--no-as-needed,${libraries},--pop-state")
endfunction()
