#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that C and C++ files are formatted as .clang-format says.

The answer of clang-format differs between major versions, so version 14 is
required; without it the check is a skip (exit status 77), not a pass.
"""
import difflib
import shutil
import subprocess
import sys

import lint

TOOL = "clang-format-14"


def formatted(path, text):
    """What the tool makes of one file."""
    return subprocess.run(
        [TOOL, "--style=file", f"--assume-filename={path}"],
        input=text, capture_output=True, text=True, check=True).stdout


def check(tree):
    problems = []
    for path in tree.files("*.c", "*.h", "*.cpp", "*.hpp"):
        text = path.read_text(encoding="utf-8")
        want = formatted(path, text)
        if text == want:
            continue
        for line in difflib.unified_diff(
                text.splitlines(), want.splitlines(), lineterm="", n=0):
            if line.startswith("@@"):
                number = int(line.split()[1].split(",")[0].lstrip("-"))
                break
        problems.append(lint.Problem(
            tree.name(path), number,
            "not as clang-format has it; tests/lint/format.py --fix"))
    return problems


def fix(tree):
    """Rewrites what differs; answers how many files that were."""
    changed = 0
    for path in tree.files("*.c", "*.h", "*.cpp", "*.hpp"):
        text = path.read_text(encoding="utf-8")
        want = formatted(path, text)
        if text != want:
            path.write_text(want, encoding="utf-8")
            print(f"formatted {tree.name(path)}")
            changed += 1
    return changed


def self_test():
    def spoil(tree):
        (tree.root / "lib/base/planted.c").write_text("int  a ;\n")
    lint.must_find(check, spoil, "not as clang-format has it",
                   extra=[".clang-format"])


def main():
    if shutil.which(TOOL) is None:
        print(f"skipped: {TOOL} is not installed (cmake/setup.sh --for tests)")
        return 77
    parser = lint.parser(__doc__)
    parser.add_argument("--fix", action="store_true",
                        help="rewrite the files instead")
    parser.add_argument("folder", nargs="*",
                        help="only files in these, e.g. include lib")
    arguments = parser.parse_args()
    tree = lint.Tree(arguments.root, arguments.folder)
    if arguments.fix:
        print(f"{fix(tree)} files changed")
        return 0
    return lint.run(arguments, check, self_test, tree)


if __name__ == "__main__":
    sys.exit(main())
