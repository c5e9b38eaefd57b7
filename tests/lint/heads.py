#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks how files begin.

Every source file, script and CMake file names its licence in an SPDX line and
then says in a comment (or Python docstring) what it is. Header guards are
there and no two are equal; those of public headers are STRAIT_<FILE>_H.
"""
import re
import sys

import lint

SPDX = "SPDX-License-Identifier: MIT"


def check_c(text):
    """What is wrong with the beginning of a C or C++ file, or None."""
    lines = text.split("\n")
    if lines[0] != f"/* {SPDX} */":
        return 1, f"line 1 is not /* {SPDX} */"
    head = lint.head_comment(text)
    words = re.findall(r"[A-Za-z]{2,}", head)
    # "See x.h" is enough for the other half of a header.
    if len(words) < 5 and not re.search(r"\bsee \w+\.h\b", head):
        return 2, "no head comment that says what this file is"
    return None


def check_script(name, text):
    """The same for files with # comments."""
    lines = text.split("\n")
    at = 1 if lines[0].startswith("#!") else 0
    if len(lines) <= at or lines[at] != f"# {SPDX}":
        return at + 1, f"line {at + 1} is not # {SPDX}"
    rest = "\n".join(lines[at + 1:]).lstrip("#\n ")
    first = "\n".join(lines[at + 1:at + 4])
    if name.endswith(("CMakeLists.txt", ".in")):
        return None
    if '"""' not in first and not re.search(r"^# *\S", first, re.M):
        return at + 2, "no comment that says what this file is"
    if not re.findall(r"[A-Za-z]{2,}", rest):
        return at + 2, "nothing but its licence"
    return None


def is_script(path, text):
    return (text.startswith("#!")
            or path.name == "CMakeLists.txt"
            or path.suffix in (".cmake", ".py", ".sh")
            or path.name.endswith(".cmake.in"))


def check(tree):
    problems = []
    guards = {}
    for path in tree.files("*"):
        name = tree.name(path)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            problems.append(lint.Problem(name, 1, "is not UTF-8 text"))
            continue
        wrong = None
        if path.suffix in (".c", ".h", ".cpp", ".hpp", ".map"):
            wrong = check_c(text)
        elif is_script(path, text):
            wrong = check_script(name, text)
        if wrong:
            problems.append(lint.Problem(name, *wrong))
        if path.suffix in (".h", ".hpp"):
            match = re.search(r"^#ifndef (\w+)\n#define (\w+)$", text, re.M)
            if not match or match.group(1) != match.group(2):
                problems.append(lint.Problem(name, 1, "no header guard"))
                continue
            guard = match.group(1)
            wanted = f"STRAIT_{path.stem.upper()}_H"
            if name.startswith("include/") and guard != wanted:
                problems.append(
                    lint.Problem(name, 1, f"its guard is not {wanted}"))
            if guard in guards:
                problems.append(lint.Problem(
                    name, 1, f"guard {guard} is also that of {guards[guard]}"))
            guards[guard] = name
    return problems


def self_test():
    def write(file, text):
        def spoil(tree):
            (tree.root / file).write_text(text)
        return spoil
    lint.must_find(check, write("lib/base/p.c", "int x;\n"), "line 1 is not")
    lint.must_find(check, write("lib/base/p.c", f"/* {SPDX} */\nint x;\n"),
                   "no head comment")
    lint.must_find(check, write("lib/base/p.sh", "#!/bin/sh\n"), "line 2 is not")
    lint.must_find(
        check, write("lib/base/p.h", f"/* {SPDX} */\n/* Words that say what"
                     " this is all about. */\n#ifndef STRAIT_RING_H\n"
                     "#define STRAIT_RING_H\n#endif\n"), "is also that of")
    lint.must_find(
        check, write("include/strait/p.h", f"/* {SPDX} */\n/* Words that say"
                     " what this is all about. */\n"), "no header guard")


if __name__ == "__main__":
    sys.exit(lint.run(lint.parser(__doc__).parse_args(), check, self_test))
