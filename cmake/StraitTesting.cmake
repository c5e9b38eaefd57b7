# SPDX-License-Identifier: MIT
#
# How tests are declared. Names are <folder>.<what>, e.g. queue.mpsc.
#
#   strait_add_unit_test(<name> SOURCES <file>... [LIBS <lib>...] [DEFS ...]
#                        [INTERNAL])
#       A Criterion test, label unit; compiled against the in-process stand-in
#       in tests/support/standin under ThreadSanitizer, where Criterion cannot
#       run, and where Criterion is not installed.
#
#   strait_add_plain_test(<name> SOURCES <file>... [LIBS <lib>...]
#                         [LABEL unit|stress|model|fault|slow] [TIMEOUT <s>]
#                         [ARGS <arg>...] [DEFS ...] [INTERNAL] [SERIAL])
#       A program with main(). Exit status 0 passes, 77 is a skip (its output
#       should say why), everything else fails.
#
#   strait_add_command_test(<name> COMMAND <command>... [LABEL ...]
#                           [TIMEOUT <s>] [SERIAL])
#       A test that is no program of this build, e.g. a script; same statuses.
#
# Tests link strait::strait. INTERNAL links a static twin of the library
# instead, in which sti_ symbols can be reached. SERIAL: nothing runs beside
# it. A sanitizer report fails a test even if its exit status is 0.
include_guard(GLOBAL)

find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
    pkg_check_modules(STRAIT_CRITERION QUIET IMPORTED_TARGET GLOBAL criterion)
endif()
if(NOT TARGET PkgConfig::STRAIT_CRITERION AND NOT STRAIT_SANITIZE MATCHES thread)
    message(STATUS "Strait: Criterion is not installed; unit tests run with the"
        " stand-in in tests/support (cmake/setup.sh --for tests installs it)")
endif()

# Reports that must fail a test whatever its exit status says. Criterion tests
# pass in spite of a leak, because the leak is found after their verdict.
set_property(GLOBAL PROPERTY strait_fail_regex
    "ERROR: LeakSanitizer|runtime error:|WARNING: ThreadSanitizer|ERROR: AddressSanitizer")
set(asan_options
    detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1)
set_property(GLOBAL PROPERTY strait_plain_environment
    "ASAN_OPTIONS=${asan_options}"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")
# Criterion notices a test process that aborts at its end, not one that exits.
set_property(GLOBAL PROPERTY strait_unit_environment
    "ASAN_OPTIONS=${asan_options}:abort_on_error=1"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

function(strait_test_properties_ name frame label timeout serial)
    get_property(regex GLOBAL PROPERTY strait_fail_regex)
    get_property(environment GLOBAL PROPERTY strait_${frame}_environment)
    set_tests_properties(${name} PROPERTIES
        LABELS "${label}" TIMEOUT ${timeout} SKIP_RETURN_CODE 77
        ENVIRONMENT "${environment}" FAIL_REGULAR_EXPRESSION "${regex}")
    if(serial)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
    endif()
endfunction()

# The static twin, made when the first INTERNAL test asks for it.
function(strait_library_for_ internal out)
    get_target_property(kind strait TYPE)
    if(NOT internal OR kind STREQUAL "STATIC_LIBRARY")
        set(${out} strait::strait PARENT_SCOPE)
        return()
    endif()
    if(NOT TARGET strait_internal)
        strait_add_library(strait_internal STATIC)
        target_include_directories(strait_internal PUBLIC
            ${PROJECT_SOURCE_DIR}/include)
    endif()
    set(${out} strait_internal PARENT_SCOPE)
endfunction()

function(strait_test_program_ target internal)
    strait_library_for_("${internal}" library)
    target_link_libraries(${target} PRIVATE ${library} Threads::Threads)
    target_include_directories(${target} PRIVATE
        ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/lib
        ${PROJECT_SOURCE_DIR}/tests/support)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
        CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
endfunction()

function(strait_add_plain_test name)
    cmake_parse_arguments(arg "INTERNAL;SERIAL" "LABEL;TIMEOUT"
        "SOURCES;LIBS;ARGS;DEFS" ${ARGN})
    if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "strait_add_plain_test(${name}): needs SOURCES;"
            " does not know '${arg_UNPARSED_ARGUMENTS}'")
    endif()
    if(NOT arg_LABEL)
        set(arg_LABEL unit)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    add_executable(test.${name} ${arg_SOURCES})
    strait_test_program_(test.${name} "${arg_INTERNAL}")
    strait_target_flags(test.${name})
    target_link_libraries(test.${name} PRIVATE ${arg_LIBS})
    target_compile_definitions(test.${name} PRIVATE ${arg_DEFS})
    add_test(NAME ${name} COMMAND test.${name} ${arg_ARGS})
    strait_test_properties_(
        ${name} plain ${arg_LABEL} ${arg_TIMEOUT} "${arg_SERIAL}")
endfunction()

function(strait_add_unit_test name)
    cmake_parse_arguments(arg "INTERNAL;SERIAL" "TIMEOUT" "SOURCES;LIBS;DEFS"
        ${ARGN})
    if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "strait_add_unit_test(${name}): needs SOURCES;"
            " does not know '${arg_UNPARSED_ARGUMENTS}'")
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    add_executable(test.${name} ${arg_SOURCES})
    if(TARGET PkgConfig::STRAIT_CRITERION AND NOT STRAIT_SANITIZE MATCHES thread)
        target_link_libraries(test.${name} PRIVATE PkgConfig::STRAIT_CRITERION)
        # One at a time: ctest runs several programs beside each other already.
        set(arguments -j1 --color=never --encoding=C)
    else()
        target_include_directories(test.${name} BEFORE PRIVATE
            ${PROJECT_SOURCE_DIR}/tests/support/standin)
        set(arguments)
    endif()
    strait_test_program_(test.${name} "${arg_INTERNAL}")
    # Criterion's macros are not pedantic C11.
    strait_target_flags(test.${name} NO_PEDANTIC)
    target_link_libraries(test.${name} PRIVATE ${arg_LIBS})
    target_compile_definitions(test.${name} PRIVATE ${arg_DEFS})
    add_test(NAME ${name} COMMAND test.${name} ${arguments})
    strait_test_properties_(${name} unit unit ${arg_TIMEOUT} "${arg_SERIAL}")
endfunction()

function(strait_add_command_test name)
    cmake_parse_arguments(arg "SERIAL" "LABEL;TIMEOUT" "COMMAND" ${ARGN})
    if(NOT arg_COMMAND OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "strait_add_command_test(${name}): needs COMMAND;"
            " does not know '${arg_UNPARSED_ARGUMENTS}'")
    endif()
    if(NOT arg_LABEL)
        set(arg_LABEL unit)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    add_test(NAME ${name} COMMAND ${arg_COMMAND})
    strait_test_properties_(
        ${name} plain ${arg_LABEL} ${arg_TIMEOUT} "${arg_SERIAL}")
endfunction()
