#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that what is promised, listed and exported is one and the same.

Prototypes marked STRAIT_API or STRAIT_INLINE in include/strait, the symbols in
cmake/strait.map, and (with --library) those that the shared library exports.
The library needs no jemalloc and nothing else undeclared; its SONAME and the
three places that state the version agree; CMakeLists.txt lists all files.
"""
import re
import subprocess
import sys

import lint

EXTRA = ["CMakeLists.txt", "cmake/strait.map"]
# Everything libstrait.so may need. jemalloc is found through weak symbols.
NEEDED = {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def prototypes(tree):
    """Name -> (file, line) of every exported function."""
    found = {}
    problems = []
    for path in tree.files("*.h", under=("include",)):
        code = lint.without_comments(path.read_text(encoding="utf-8"))
        # Blank preprocessor lines, with their continuations.
        code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*",
                      lambda m: "\n" * m.group().count("\n"), code, flags=re.M)
        for match in re.finditer(
                r"\bSTRAIT_(?:API|INLINE)\b([^;{]*)[;{]", code):
            line = code.count("\n", 0, match.start()) + 1
            name = re.search(r"\b(strait_\w+)\s*\(", match.group(1))
            if name is None:
                problems.append(lint.Problem(
                    tree.name(path), line,
                    "STRAIT_API on something that is no strait_ function"))
            else:
                found[name.group(1)] = (tree.name(path), line)
        marked = set(found)
        for match in re.finditer(r"^(?:\w[\w \t*]*?)?\b(strait_\w+)\s*\("
                                 r"[^;{]*\)\s*STRAIT_NOEXCEPT", code, re.M):
            if match.group(1) not in marked:
                problems.append(lint.Problem(
                    tree.name(path),
                    code.count("\n", 0, match.start()) + 1,
                    f"{match.group(1)} has no STRAIT_API or STRAIT_INLINE"))
    return found, problems


def compare(problems, wanted, found, wanted_name, found_name):
    for symbol in sorted(set(wanted) - set(found)):
        problems.append(lint.Problem(
            found_name, 1, f"{symbol} is missing; it is in {wanted_name}"))
    for symbol in sorted(set(found) - set(wanted)):
        problems.append(lint.Problem(
            found_name, 1, f"{symbol} is not in {wanted_name}"))


def check_versions(tree, text_map, problems):
    cmake = (tree.root / "CMakeLists.txt").read_text()
    base = (tree.root / "include/strait/base.h").read_text()
    stated = re.search(r"project\(strait VERSION ([0-9.]+)", cmake).group(1)
    parts = [re.search(rf"STRAIT_VERSION_{p} (\d+)", base).group(1)
             for p in ("MAJOR", "MINOR", "PATCH")]
    if ".".join(parts) != stated:
        problems.append(lint.Problem(
            "include/strait/base.h", 1,
            f"version {'.'.join(parts)}; CMakeLists.txt says {stated}"))
    node = f"STRAIT_{parts[0]}.{parts[1]}"
    if not re.search(rf"^{re.escape(node)} {{", text_map, re.M):
        problems.append(lint.Problem(
            "cmake/strait.map", 1, f"no node {node} for version {stated}"))
    return parts


def check(tree):
    wanted, problems = prototypes(tree)
    text_map = lint.without_comments(
        (tree.root / "cmake/strait.map").read_text())
    listed = set(re.findall(r"^\s+(\w+);", text_map, re.M))
    compare(problems, wanted, listed, "include/strait", "cmake/strait.map")
    for name in sorted(wanted):
        if not name.startswith("strait_"):
            problems.append(lint.Problem(*wanted[name],
                                         f"{name} lacks the prefix strait_"))
    check_versions(tree, text_map, problems)
    cmake = (tree.root / "CMakeLists.txt").read_text()
    in_cmake = set(re.findall(r"^\s+((?:include|lib)/\S+\.[ch])\b", cmake, re.M))
    on_disk = {tree.name(p) for p in tree.files("*.h", under=("include",))}
    on_disk |= {tree.name(p) for p in tree.files("*.c", under=("lib",))}
    compare(problems, on_disk, in_cmake, "the tree", "CMakeLists.txt")
    return problems


def tool(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          check=True).stdout


def check_library(tree, library):
    """What the shared library itself says."""
    wanted, _ = prototypes(tree)
    problems = []
    exported = set()
    for line in tool("nm", "-D", "--defined-only", library).splitlines():
        kind, symbol = line.split()[-2:]
        name, _, version = symbol.partition("@@")
        if kind == "A" or not version and symbol.startswith("STRAIT_"):
            continue  # the version nodes themselves
        exported.add(name)
        if not version.startswith("STRAIT_"):
            problems.append(lint.Problem(library, 1, f"{name} has no version"))
    compare(problems, wanted, exported, "include/strait", library)
    dynamic = tool("readelf", "-dW", library)
    for name in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        if name not in NEEDED:
            problems.append(lint.Problem(library, 1, f"needs {name}"))
    parts = check_versions(
        tree, (tree.root / "cmake/strait.map").read_text(), problems)
    soname = f"libstrait.so.{parts[0]}.{parts[1]}" \
        if parts[0] == "0" else f"libstrait.so.{parts[0]}"
    if f"[{soname}]" not in dynamic:
        problems.append(lint.Problem(library, 1, f"its SONAME is not {soname}"))
    if "STATIC_TLS" in dynamic:
        problems.append(lint.Problem(
            library, 1, "needs static TLS, so dlopen may fail"))
    for line in tool("nm", "-D", "--undefined-only", library).splitlines():
        kind, symbol = line.split()[-2:]
        if kind not in "wv" and "@" not in symbol:
            problems.append(lint.Problem(library, 1, f"{symbol} is undefined"))
    return problems


def self_test():
    def swap(file, old, new):
        def spoil(tree):
            path = tree.root / file
            path.write_text(path.read_text().replace(old, new, 1))
        return spoil

    def find(spoil, expected):
        lint.must_find(check, spoil, expected, extra=EXTRA)
    find(swap("cmake/strait.map", "    strait_now_ns;\n", ""),
         "strait_now_ns is missing")
    find(swap("cmake/strait.map", "global:\n", "global:\n    strait_new;\n"),
         "strait_new is not in")
    find(swap("include/strait/clock.h", "STRAIT_API uint64_t strait_now_ns",
              "uint64_t strait_now_ns"), "no STRAIT_API")
    find(swap("include/strait/base.h", "STRAIT_VERSION_MINOR 1",
              "STRAIT_VERSION_MINOR 2"), "version 0.2.0")
    find(swap("CMakeLists.txt", "    lib/queue/ring.c\n", ""),
         "lib/queue/ring.c is missing")


def main():
    parser = lint.parser(__doc__)
    parser.add_argument("--library", help="a shared libstrait to look into")
    arguments = parser.parse_args()

    def both(tree):
        problems = check(tree)
        if arguments.library:
            problems += check_library(tree, arguments.library)
        return problems
    return lint.run(arguments, both, self_test)


if __name__ == "__main__":
    sys.exit(main())
