# SPDX-License-Identifier: MIT
#
# Install rules. Components: strait_Runtime (the shared library itself) and
# strait_Development (headers, archive or link name, CMake package, strait.pc).
# Everything installed is relocatable: move the prefix and it still works.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(strait_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/strait)

install(TARGETS strait EXPORT straitTargets
    RUNTIME COMPONENT strait_Runtime
    LIBRARY COMPONENT strait_Runtime NAMELINK_COMPONENT strait_Development
    ARCHIVE COMPONENT strait_Development
    FILE_SET HEADERS COMPONENT strait_Development)
install(EXPORT straitTargets
    NAMESPACE strait::
    DESTINATION ${strait_cmake_dir}
    COMPONENT strait_Development)

configure_package_config_file(
    cmake/straitConfig.cmake.in
    ${CMAKE_CURRENT_BINARY_DIR}/straitConfig.cmake
    INSTALL_DESTINATION ${strait_cmake_dir}
    NO_SET_AND_CHECK_MACRO)
# While 0.x any minor release may break; from 1.0 on SameMajorVersion.
write_basic_package_version_file(
    ${CMAKE_CURRENT_BINARY_DIR}/straitConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
        ${CMAKE_CURRENT_BINARY_DIR}/straitConfig.cmake
        ${CMAKE_CURRENT_BINARY_DIR}/straitConfigVersion.cmake
        cmake/StraitJemalloc.cmake
    DESTINATION ${strait_cmake_dir}
    COMPONENT strait_Development)

# strait.pc finds its prefix from where it lies itself. A directory outside the
# prefix (an absolute CMAKE_INSTALL_LIBDIR or INCLUDEDIR) is written as it is.
set(strait_pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
    BASE_DIRECTORY ${strait_pc_dir} OUTPUT_VARIABLE strait_pc_up)
cmake_path(IS_PREFIX CMAKE_INSTALL_PREFIX ${strait_pc_dir} NORMALIZE inside)
if(inside)
    set(strait_pc_prefix "\${pcfiledir}/${strait_pc_up}")
else()
    set(strait_pc_prefix "${CMAKE_INSTALL_PREFIX}")
endif()
string(REGEX REPLACE "/$" "" strait_pc_prefix "${strait_pc_prefix}")
foreach(dir LIBDIR INCLUDEDIR)
    if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
        set(strait_pc_${dir} "${CMAKE_INSTALL_${dir}}")
    else()
        set(strait_pc_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
    endif()
endforeach()
configure_file(cmake/strait.pc.in ${CMAKE_CURRENT_BINARY_DIR}/strait.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/strait.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
    COMPONENT strait_Development)
