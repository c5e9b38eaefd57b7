#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs Strait and uses it as others will.

prepare       builds and installs it into one prefix, then moves the prefix
find_package  a CMake project finds the moved copy, from C, C++17, with jemalloc
pkg_config    the same with strait.pc alone
subproject    add_subdirectory: works, and changes nothing of the parent
components    strait_Runtime and strait_Development hold what they should
loading       dlopen of the shared library, in this Python process
"""
import argparse
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]


class Failure(Exception):
    """What went wrong, in one line."""


def run(*command, env=None, cwd=None):
    """Runs a command, shows it, and answers its output."""
    print("$", *command, flush=True)
    answer = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, check=False,
        cwd=cwd, env={**os.environ, **(env or {})})
    if answer.returncode != 0:
        print(answer.stdout, answer.stderr, sep="\n")
        raise Failure(f"{command[0]} ended with status {answer.returncode}")
    return answer.stdout


def expect(condition, text):
    if not condition:
        raise Failure(text)


def configure(source, build, *options):
    shutil.rmtree(build, ignore_errors=True)
    run("cmake", "-S", source, "-B", build, "-G", "Ninja",
        "-DCMAKE_BUILD_TYPE=Release", *options)


def files_below(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*")
            if not p.is_dir()}


class Checks:
    def __init__(self, kind, work):
        self.kind = kind
        self.shared = kind == "shared"
        self.work = work / kind
        self.build = self.work / "build"
        self.prefix = self.work / "moved" / "strait"
        self.libdir = None
        for path in (self.prefix / "lib").glob("**/cmake/strait"):
            self.libdir = path.parents[1]

    def library_path(self):
        return {"LD_LIBRARY_PATH": str(self.libdir)} if self.shared else {}

    def prepare(self):
        shutil.rmtree(self.work, ignore_errors=True)
        configure(SOURCE, self.build, "-DSTRAIT_BUILD_TESTS=OFF",
                  "-DSTRAIT_BUILD_BENCH=OFF",
                  f"-DBUILD_SHARED_LIBS={'ON' if self.shared else 'OFF'}",
                  f"-DCMAKE_INSTALL_PREFIX={self.work}/first")
        run("cmake", "--build", self.build, "-j", "2")
        run("cmake", "--install", self.build)
        self.prefix.parent.mkdir()
        (self.work / "first").rename(self.prefix)
        for path in self.prefix.rglob("*"):
            if path.suffix in (".cmake", ".pc"):
                expect(str(self.work) not in path.read_text(),
                       f"{path} knows where it was built or installed")
        headers = {p.name for p in (SOURCE / "include/strait").glob("*.h")}
        there = {p.name for p in (self.prefix / "include/strait").iterdir()}
        expect(headers == there, f"headers differ: {headers ^ there}")

    def find_package(self):
        build = self.work / "find_package"
        configure(HERE / "find_package", build,
                  f"-DCMAKE_PREFIX_PATH={self.prefix}",
                  f"-DSTRAIT_CONSUMER_DIR={HERE}")
        run("cmake", "--build", build, "-j", "2")
        run(build / "consumer_c", "libc")
        run(build / "consumer_cxx", "libc")
        run(build / "consumer_jemalloc", "jemalloc")
        needed = run("readelf", "-d", build / "consumer_c")
        expect(("libstrait.so.0.1" in needed) == self.shared,
               "linked to the wrong kind of library")

    def pkg_config(self):
        environment = {"PKG_CONFIG_PATH": str(self.libdir / "pkgconfig")}
        static = () if self.shared else ("--static",)

        def ask(*what):
            return run("pkg-config", *static, *what, "strait",
                       env=environment).split()
        flags = ask("--cflags")
        libs = ask("--libs")
        expect(ask("--modversion") == ["0.1.0"], "wrong version in strait.pc")
        expect(not any("first" in f for f in flags + libs),
               f"points to the first prefix: {flags} {libs}")
        program = self.work / "consumer_pc"
        run("cc", "-std=c11", "-Wall", "-Werror", HERE / "consumer.c", *flags,
            "-o", program, *libs)
        run(program, "libc", env=self.library_path())
        run("c++", "-std=c++17", "-Wall", "-Werror", HERE / "consumer.cpp",
            *flags, "-o", program, *libs, "-pthread")
        run(program, "libc", env=self.library_path())
        # jemalloc put before a program that knows nothing of it.
        jemalloc = run("pkg-config", "--variable=libdir", "jemalloc").strip()
        run(program, "jemalloc",
            env={**self.library_path(),
                 "LD_PRELOAD": f"{jemalloc}/libjemalloc.so.2"})

    def subproject(self):
        build = self.work / "subproject"
        configure(HERE / "subproject", build, f"-DSTRAIT_SOURCE={SOURCE}",
                  f"-DSTRAIT_CONSUMER_DIR={HERE}")
        run("cmake", "--build", build, "-j", "2")
        run(build / "consumer_c", "libc")
        run(build / "consumer_jemalloc", "jemalloc")
        run("cmake", "--install", build, "--prefix", self.work / "nothing")
        expect(not (self.work / "nothing").exists()
               or not files_below(self.work / "nothing"),
               "a subproject has installed something")

    def components(self):
        held = {}
        for component in ("strait_Runtime", "strait_Development"):
            target = self.work / component
            shutil.rmtree(target, ignore_errors=True)
            run("cmake", "--install", self.build, "--prefix", target,
                "--component", component)
            held[component] = files_below(target) if target.exists() else set()
        runtime, development = held.values()
        expect(not runtime & development, "a file is in both components")
        expect(runtime | development == files_below(self.prefix),
               "the components do not add up to the installation")
        names = {pathlib.Path(f).name for f in runtime}
        wanted = {"libstrait.so.0.1", "libstrait.so.0.1.0"} if self.shared \
            else set()
        expect(names == wanted, f"strait_Runtime holds {names}")

    def loading(self):
        if not self.shared:
            raise Failure("there is nothing to load in a static build")
        library = ctypes.CDLL(str(self.libdir / "libstrait.so.0.1"))
        library.strait_version.restype = ctypes.c_uint32
        library.strait_version_string.restype = ctypes.c_char_p
        expect(library.strait_version() == 0x000100, "wrong version")
        expect(library.strait_version_string() == b"0.1.0", "wrong version")
        pool = ctypes.c_void_p()
        expect(library.strait_pool_create(ctypes.byref(pool), None) == 0,
               "no pool")
        expect(library.strait_pool_destroy(pool) == 0, "pool not destroyed")
        for name in ("sti_alloc", "mallocx"):
            expect(not hasattr(library, name), f"{name} can be seen")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=[
        n for n in vars(Checks) if not n.startswith("_")
        and n != "library_path"])
    parser.add_argument("--kind", choices=["shared", "static"],
                        default="shared")
    parser.add_argument("--work", type=pathlib.Path, required=True,
                        help="a folder to build and install in")
    arguments = parser.parse_args()
    checks = Checks(arguments.kind, arguments.work.resolve())
    if arguments.check != "prepare" and checks.libdir is None:
        print(f"nothing is installed below {checks.prefix}; run 'prepare'")
        return 1
    try:
        getattr(checks, arguments.check)()
    except Failure as failure:
        print(f"failed: {failure}")
        return 1
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
