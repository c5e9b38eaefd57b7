# SPDX-License-Identifier: MIT
#
# strait_target_flags(<target> [STRICT] [NO_PEDANTIC]): what every target of
# this project is compiled with, on the target alone and never globally:
# warnings, the levels STRAIT_DEBUG and STRAIT_TINY, sanitizers, coverage.
# STRICT adds the warnings that library code must pass and test code need not;
# NO_PEDANTIC is for files that expand macros of a foreign header.
# Assertions stay on in programs whatever the build type is.
include_guard(DIRECTORY)

function(strait_target_flags target)
    cmake_parse_arguments(arg "STRICT;NO_PEDANTIC" "" "" ${ARGN})
    set(c_only)
    set(warnings -Wall -Wextra -Wshadow -Wpointer-arith -Wundef)
    if(NOT arg_NO_PEDANTIC)
        list(APPEND warnings -Wpedantic)
    endif()
    if(arg_STRICT)
        # clang counts changes of sign as conversions, gcc does not.
        list(APPEND warnings
            -Wconversion -Wno-sign-conversion -Wcast-qual -Wvla -Wwrite-strings)
        set(c_only
            -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition)
    endif()
    if(STRAIT_WERROR)
        list(APPEND warnings -Werror)
    endif()
    target_compile_options(${target} PRIVATE
        ${warnings} "$<$<COMPILE_LANGUAGE:C>:${c_only}>")
    target_compile_definitions(${target} PRIVATE
        STRAIT_DEBUG=${STRAIT_DEBUG} $<$<BOOL:${STRAIT_TINY}>:STRAIT_TINY=1>)

    get_target_property(kind ${target} TYPE)
    if(kind STREQUAL "EXECUTABLE")
        target_compile_options(${target} PRIVATE -UNDEBUG)
    endif()
    if(STRAIT_SANITIZE)
        string(REPLACE ";" "," list "${STRAIT_SANITIZE}")
        # Instrumented code confuses gcc's analysis of what is initialised.
        target_compile_options(${target} PRIVATE
            -fsanitize=${list} -fno-sanitize-recover=all
            -fno-omit-frame-pointer -g
            $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
        if(kind STREQUAL "STATIC_LIBRARY")
            # Whoever links the archive needs the run time as well.
            target_link_options(${target} INTERFACE
                $<BUILD_INTERFACE:-fsanitize=${list}>)
        else()
            target_link_options(${target} PRIVATE -fsanitize=${list})
        endif()
    endif()
    if(STRAIT_COVERAGE)
        target_compile_options(${target} PRIVATE --coverage)
        if(kind STREQUAL "STATIC_LIBRARY")
            target_link_options(${target} INTERFACE
                $<BUILD_INTERFACE:--coverage>)
        else()
            target_link_options(${target} PRIVATE --coverage)
        endif()
    endif()
endfunction()
