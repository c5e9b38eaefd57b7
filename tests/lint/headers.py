#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles every public header alone, in each language that may include it.

C11, C17 and C++11, 14, 17, 20, with -Wall -Wextra -Wpedantic -Werror, by the
compiler pair that is given; each header twice in a row, so that its guard is
seen to work. Without that compiler the check is a skip (exit status 77).
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import lint

LANGUAGES = ("c11", "c17", "c++11", "c++14", "c++17", "c++20")
FLAGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror",
         "-fsyntax-only")


def compile_one(root, compilers, header, language):
    """None, or what the compiler said."""
    is_cxx = language.startswith("c++")
    answer = subprocess.run(
        [compilers[is_cxx], f"-std={language}", *FLAGS,
         "-x", "c++" if is_cxx else "c", f"-I{root}/include", "-"],
        input=f"#include <strait/{header}>\n" * 2 + "int unused_here;\n",
        capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        return None
    said = answer.stderr.strip().split("\n")
    errors = [line for line in said if "error:" in line]
    return f"{language}: {(errors or said)[0]}"


def checker(compilers):
    def check(tree):
        headers = sorted(p.name for p in tree.files("*.h", under=("include",)))
        jobs = [(h, l) for h in headers for l in LANGUAGES]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            answers = pool.map(
                lambda job: compile_one(tree.root, compilers, *job), jobs)
            problems = [
                lint.Problem(f"include/strait/{job[0]}", 1, answer)
                for job, answer in zip(jobs, answers) if answer]
        check.count = len(jobs)
        return problems
    return check


def self_test(compilers):
    with tempfile.TemporaryDirectory(prefix="strait-lint-") as name:
        folder = pathlib.Path(name, "include/strait")
        folder.mkdir(parents=True)
        # Right in C, wrong in C++; and wrong when included twice.
        (folder / "planted.h").write_text("typedef struct { int class; } p;\n")
        for language in ("c11", "c++17"):
            if compile_one(name, compilers, "planted.h", language) is None:
                raise SystemExit(f"self-test failed: {language} accepted it")
        (folder / "planted.h").write_text("extern int fine;\n")
        for language in LANGUAGES:
            said = compile_one(name, compilers, "planted.h", language)
            if said is not None:
                raise SystemExit(f"self-test failed: {said}")


def main():
    parser = lint.parser(__doc__)
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--cxx", default="g++")
    arguments = parser.parse_args()
    compilers = (arguments.cc, arguments.cxx)
    for compiler in compilers:
        if shutil.which(compiler) is None:
            print(f"skipped: {compiler} is not installed"
                  " (cmake/setup.sh --for full)")
            return 77
    check = checker(compilers)
    status = lint.run(arguments, check, lambda: self_test(compilers))
    print(f"{check.count} compilations with {arguments.cc}, {arguments.cxx}")
    return status


if __name__ == "__main__":
    sys.exit(main())
