# SPDX-License-Identifier: MIT
#
# How tests are declared. Names are <folder>.<what>, e.g. queue.mpsc.
#
#   strait_add_unit_test(<name> SOURCES <file>... [LIBS <lib>...] [DEFS ...]
#                        [INTERNAL])
#       A Criterion test, label unit; compiled against the in-process stand-in
#       in tests/support/standin under ThreadSanitizer and in a cross build,
#       where Criterion cannot run, and where it is not installed. The option
#       STRAIT_STANDIN asks for the stand-in anywhere.
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
#
# In a cross build the tests run through CMAKE_CROSSCOMPILING_EMULATOR, without
# those that tests/support/emulated.txt names with a reason; STRAIT_EMULATED_ALL
# runs these too. So do command tests that begin with $<TARGET_FILE:...>; others
# find the emulator in strait_emulator.
include_guard(GLOBAL)

# Criterion starts a process per test by a trampoline of its own, which neither
# ThreadSanitizer nor an emulator of one process survives.
option(STRAIT_STANDIN "Unit tests in one process, without Criterion"
    ${CMAKE_CROSSCOMPILING})
set(strait_standin OFF)
if(STRAIT_STANDIN OR STRAIT_SANITIZE MATCHES thread)
    set(strait_standin ON)
endif()

find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND AND NOT strait_standin)
    pkg_check_modules(STRAIT_CRITERION QUIET IMPORTED_TARGET GLOBAL criterion)
endif()
if(NOT TARGET PkgConfig::STRAIT_CRITERION AND NOT strait_standin)
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
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:atexit_sleep_ms=100")
# Criterion notices a test process that aborts at its end, not one that exits.
set_property(GLOBAL PROPERTY strait_unit_environment
    "ASAN_OPTIONS=${asan_options}:abort_on_error=1"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:atexit_sleep_ms=100")

# What an emulator cannot run: lines of "test | part or * | reason".
option(STRAIT_EMULATED_ALL "Run under emulation what is known not to work" OFF)
string(JOIN " " strait_emulator ${CMAKE_CROSSCOMPILING_EMULATOR})
if(CMAKE_CROSSCOMPILING_EMULATOR AND NOT STRAIT_EMULATED_ALL)
    set(emulated ${PROJECT_SOURCE_DIR}/tests/support/emulated.txt)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${emulated})
    file(STRINGS ${emulated} lines REGEX "^[^#]")
    foreach(line IN LISTS lines)
        if(NOT line MATCHES "^([^ |]+) +\\| +([^ |]+) +\\| +([^|]+)$")
            message(FATAL_ERROR "${emulated}: cannot read '${line}'")
        endif()
        set_property(GLOBAL APPEND PROPERTY strait_emulated ${CMAKE_MATCH_1})
        if(CMAKE_MATCH_2 STREQUAL "*")
            set_property(GLOBAL PROPERTY
                strait_emulated_${CMAKE_MATCH_1} "${CMAKE_MATCH_3}")
        else()
            set_property(GLOBAL APPEND PROPERTY
                strait_emulated_parts_${CMAKE_MATCH_1}
                "--skip=${CMAKE_MATCH_2}=${CMAKE_MATCH_3}")
        endif()
    endforeach()
endif()

# Runs when all tests are declared: an entry without a test is out of date. The
# stand-in refuses a part that is not there.
function(strait_check_emulated_)
    get_property(names GLOBAL PROPERTY strait_emulated)
    get_property(seen GLOBAL PROPERTY strait_emulated_seen)
    list(REMOVE_ITEM names "" ${seen})
    if(names)
        message(FATAL_ERROR
            "tests/support/emulated.txt names what is no test: ${names}")
    endif()
endfunction()
cmake_language(DEFER CALL strait_check_emulated_)

# The command of a test, or what says why it is left out.
function(strait_test_command_ out name)
    set(command ${ARGN})
    get_property(reason GLOBAL PROPERTY strait_emulated_${name})
    get_property(parts GLOBAL PROPERTY strait_emulated_parts_${name})
    set_property(GLOBAL APPEND PROPERTY strait_emulated_seen ${name})
    if(reason)
        set(command sh -c "echo \"skipped: $1\" && exit 77" sh "${reason}")
    endif()
    set(${out} ${command} ${parts} PARENT_SCOPE)
endfunction()

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
    strait_test_command_(command ${name} test.${name} ${arg_ARGS})
    add_test(NAME ${name} COMMAND ${command})
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
    if(TARGET PkgConfig::STRAIT_CRITERION AND NOT strait_standin)
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
    strait_test_command_(command ${name} test.${name} ${arguments})
    add_test(NAME ${name} COMMAND ${command})
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
    list(GET arg_COMMAND 0 program)
    if(program MATCHES "^\\$<TARGET_FILE:")
        list(PREPEND arg_COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR})
    endif()
    strait_test_command_(command ${name} ${arg_COMMAND})
    add_test(NAME ${name} COMMAND ${command})
    strait_test_properties_(
        ${name} plain ${arg_LABEL} ${arg_TIMEOUT} "${arg_SERIAL}")
endfunction()
