# SPDX-License-Identifier: MIT
#
# Builds Strait for aarch64 on another machine, with Debian's cross compiler,
# and runs its tests under QEMU's user-mode emulation:
#
#     cmake --preset aarch64
#
# Emulation shows that the code works on that architecture, never that it is
# ordered well enough: QEMU on x86-64 keeps x86's order of loads and stores.
# Orders are the business of tests/model and tests/codegen.
#
# Without QEMU everything is built, and whoever runs the tests must do so on
# such a machine.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

set(strait_triplet aarch64-linux-gnu)
set(CMAKE_C_COMPILER ${strait_triplet}-gcc)
# Not that of this machine instead, where there is none.
find_program(CMAKE_CXX_COMPILER NAMES ${strait_triplet}-g++)

# Where Debian puts what is for that machine: the C library and nothing else.
# Libraries of this machine are not for it; tools are.
set(CMAKE_FIND_ROOT_PATH /usr/${strait_triplet})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} /usr/${strait_triplet}/lib/pkgconfig)

find_program(STRAIT_QEMU NAMES qemu-aarch64-static qemu-aarch64
    DOC "User-mode emulator that runs the tests")
if(STRAIT_QEMU)
    # -L: where the dynamic loader and the C library are.
    set(CMAKE_CROSSCOMPILING_EMULATOR
        ${STRAIT_QEMU} -L /usr/${strait_triplet})
endif()
