#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that no file holds marks of unfinished work, tabs or stray spaces.

What is not done is not in the tree; plans belong to the issue tracker.
"""
import re
import sys

import lint

# Spelt in pieces, so that this file passes its own check.
MARKS = re.compile(r"\b(" + "|".join(
    (a + b) for a, b in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK"))
) + r")\b")


def check(tree):
    problems = []
    for path in tree.files("*"):
        name = tree.name(path)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            match = MARKS.search(line)
            if match:
                problems.append(lint.Problem(
                    name, number, f"'{match.group()}': finish it or drop it"))
            if line != line.rstrip():
                problems.append(lint.Problem(
                    name, number, "spaces at the end of the line"))
            if "\t" in line:
                problems.append(lint.Problem(name, number, "a tab"))
        if text and not text.endswith("\n"):
            problems.append(lint.Problem(name, text.count("\n") + 1,
                                         "no newline at the end"))
    return problems


def self_test():
    def add(text):
        def spoil(tree):
            path = tree.root / "lib/queue/ring.c"
            path.write_text(path.read_text() + text)
        return spoil
    lint.must_find(check, add("/* TO" + "DO later */\n"), "finish it")
    lint.must_find(check, add("int x; \n"), "spaces at the end")
    lint.must_find(check, add("\tint x;\n"), "a tab")


if __name__ == "__main__":
    sys.exit(lint.run(lint.parser(__doc__).parse_args(), check, self_test))
