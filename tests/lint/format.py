#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that C and C++ files are formatted as .clang-format says.

The answer of clang-format differs between major versions, so version 14 is
required; without it the check is a skip (exit status 77), not a pass.
"""
import re
import shutil
import subprocess
import sys

import lint

TOOL = "clang-format-14"
PATTERNS = ("*.c", "*.h", "*.cpp", "*.hpp")


def formatted(path, text):
    """What the tool makes of one file."""
    return subprocess.run(
        [TOOL, "--style=file", f"--assume-filename={path}"],
        input=text, capture_output=True, text=True, check=True).stdout


def check(tree):
    files = tree.files(*PATTERNS)
    if not files:
        return []
    # All at once: starting the tool costs more than most files do.
    said = subprocess.run(
        [TOOL, "--style=file", "--dry-run", "--ferror-limit=0", *map(str, files)],
        cwd=tree.root, capture_output=True, text=True, check=True).stderr
    first = {}
    for match in re.finditer(r"^(/.*?):(\d+):\d+: (?:warning|error):", said, re.M):
        first.setdefault(match.group(1), int(match.group(2)))
    return [
        lint.Problem(tree.name(path), first[str(path)],
                     "not as clang-format has it; tests/lint/format.py --fix")
        for path in files if str(path) in first]


def fix(tree):
    """Rewrites what differs; answers how many files that were."""
    changed = 0
    for path in tree.files(*PATTERNS):
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
                   extra=[".clang-format"], folders=("lib/base",))


def main():
    if shutil.which(TOOL) is None:
        print(f"skipped: {TOOL} is not installed (cmake/setup.sh --for full)")
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
