#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the pages tell the truth about the files.

A program quoted in README.md behind a line <!-- PATH --> is the file PATH from
its first #include on, letter by letter: so what the reader copies is what the
tests compile and run. A path in backquotes that begins with a folder of the
project exists.
"""
import re
import sys

import lint

QUOTE = re.compile(r"<!-- (\S+) -->\n```c\n(.*?)```", re.S)
PATH = re.compile(r"`((?:bench|cmake|include|lib|tests)/[\w./-]+)`")
PAGES = ("README.md", "*/README.md", "*/*/README.md")


def check(tree):
    problems = []
    for path in tree.files(*PAGES):
        name = tree.name(path)
        text = path.read_text()
        for match in QUOTE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            quoted = tree.root / match.group(1)
            if not quoted.is_file():
                problems.append(lint.Problem(
                    name, line, f"there is no {match.group(1)}"))
                continue
            program = quoted.read_text()
            if program[program.index("#include"):] != match.group(2):
                problems.append(lint.Problem(
                    name, line, f"differs from {match.group(1)}: copy it again"))
        for match in PATH.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            if not (tree.root / match.group(1)).exists():
                problems.append(lint.Problem(
                    name, line, f"there is no {match.group(1)}"))
    return problems


def self_test():
    def spoil_program(tree):
        path = tree.root / "README.md"
        path.write_text(path.read_text().replace("int\nmain(", "int\nmian("))

    def spoil_path(tree):
        path = tree.root / "README.md"
        path.write_text(path.read_text() + "\nSee `lib/queue/nowhere.c`.\n")
    extra = ["README.md", "tests/examples/hello_offload.c"]
    lint.must_find(check, spoil_program, "copy it again", extra)
    lint.must_find(check, spoil_path, "there is no lib/queue/nowhere.c", extra)


if __name__ == "__main__":
    sys.exit(lint.run(lint.parser(__doc__).parse_args(), check, self_test))
