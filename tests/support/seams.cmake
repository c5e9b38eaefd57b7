# SPDX-License-Identifier: MIT
#
# Second builds of the library with a seam in its atomic operations
# (strait/atomic.h, support/seam_*.h), static, for tests only.
#
#   strait_test_with_seam(<test name> yield|count|point|step)
#       Links the test, made by strait_add_unit_test or strait_add_plain_test,
#       with the library built with that seam instead of the real one; its own
#       calls of inline functions go through the seam as well.
include_guard(GLOBAL)

set_property(GLOBAL PROPERTY strait_seam_folder ${CMAKE_CURRENT_LIST_DIR})

function(strait_seam_library_ seam)
    if(TARGET strait_seam_${seam})
        return()
    endif()
    get_property(folder GLOBAL PROPERTY strait_seam_folder)
    get_target_property(sources strait SOURCES)
    get_target_property(source_dir strait SOURCE_DIR)
    set(absolute)
    foreach(file IN LISTS sources)
        if(file MATCHES "\\.c$")
            cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${source_dir})
            list(APPEND absolute ${file})
        endif()
    endforeach()
    add_library(strait_seam_${seam} STATIC
        ${absolute} ${folder}/seam_${seam}.c)
    set_target_properties(strait_seam_${seam} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
    target_include_directories(strait_seam_${seam}
        PUBLIC ${source_dir}/include ${folder}
        PRIVATE ${source_dir}/lib)
    target_compile_definitions(strait_seam_${seam}
        PUBLIC STRAIT_SEAM="seam_${seam}.h")
    target_link_libraries(strait_seam_${seam} PUBLIC Threads::Threads)
    strait_target_flags(strait_seam_${seam})
endfunction()

function(strait_test_with_seam name seam)
    if(NOT TARGET test.${name})
        return() # reported as skipped: Criterion is not there
    endif()
    strait_seam_library_(${seam})
    get_target_property(libraries test.${name} LINK_LIBRARIES)
    list(REMOVE_ITEM libraries strait::strait strait_internal)
    list(PREPEND libraries strait_seam_${seam})
    set_property(TARGET test.${name} PROPERTY LINK_LIBRARIES ${libraries})
endfunction()
