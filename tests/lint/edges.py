#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that every atomic operation says why its order is enough.

In include/ and lib/ each use of the atomic shim (strait/atomic.h) has in the
comment directly above it, at most 6 lines away and not shared with another
operation, one or more of

    [M2:rel]  the releasing side of edge M2    (release, acq_rel or sc)
    [M2:acq]  the acquiring side               (acquire, acq_rel or sc)
    [M1:ar]   both sides at once               (acq_rel)
    rlx:      why no order is needed           (relaxed only)
    SC:       why acquire and release fail     (sc only)

Every label has a releasing and an acquiring side somewhere, and stands in the
list "Edges" of exactly one head comment; every label in such a list is used.
Atomics that go round the shim, fences and volatile are errors.
"""
import re
import sys

import lint

OPERATION = re.compile(
    r"\bstrait_(load|store|xchg|cas_weak|cas|add|or|and)"
    r"_(rlx|acquire|release|acq_rel|sc)\s*\(")
LABEL = re.compile(r"\[([A-Z]+[0-9]+):(rel|acq|ar)\]")
RAW = re.compile(
    r"\b(__atomic_\w+|__sync_\w+|atomic_\w+|memory_order_?\w*|_Atomic|"
    r"__c11_atomic_\w+|STRAIT_(?:RAW|SEAM)_\w+)\b|<(stdatomic\.h)>")
VOLATILE = re.compile(r"(?<!asm )(?<!asm__ )\b(?:volatile|__volatile__)\b")
# role.c watches operations and must not count as one.
SHIM = ("include/strait/atomic.h", "lib/base/role.c")
REACH = 6
DEFINITION = re.compile(r"^\s*\*?\s*([A-Z]+[0-9]+)\s{2,}\S")


def comments(text):
    """All comments as (first line, last line, text)."""
    for match in re.finditer(r"/\*.*?\*/", text, re.S):
        first = text.count("\n", 0, match.start()) + 1
        yield first, first + match.group().count("\n"), match.group()


def listed_edges(text):
    """The labels in the section "Edges" of a head comment, with lines."""
    inside = False
    # The SPDX line is line 1, so the head comment begins on line 2.
    for number, line in enumerate(lint.head_comment(text).split("\n"), 2):
        body = re.sub(r"^\s*/?\*+/?", "", line)
        section = re.match(r" {0,1}([A-Z][A-Za-z ,]*)\b", body)
        if section and not DEFINITION.match(line):
            inside = section.group(1).startswith("Edges")
        if inside:
            entry = re.match(r"\s*(?:Edges\W*\s)?\s*([A-Z]+[0-9]+)\s{2,}\S",
                             body)
            if entry:
                yield number, entry.group(1)


def check(tree):
    problems = []
    sides = {}  # label -> {"rel": [(file, line)], "acq": [...]}
    defined = {}  # label -> [(file, line)]

    def report(line, text):
        problems.append(lint.Problem(name, line, text))

    for path in tree.files("*.c", "*.h", under=("include", "lib")):
        name = tree.name(path)
        text = path.read_text(encoding="utf-8")
        code = lint.without_comments(text)
        lines = code.split("\n")
        for line, label in listed_edges(text):
            defined.setdefault(label, []).append((name, line))
        if name in SHIM:
            continue
        for number, line in enumerate(lines, 1):
            for match in RAW.finditer(line):
                report(number, f"{match.group()} goes round strait/atomic.h")
            if VOLATILE.search(line):
                report(number, "volatile is no atomic")

        notes = list(comments(text))
        uses = []  # (line, kind, order)
        for match in OPERATION.finditer(code):
            uses.append((code.count("\n", 0, match.start()) + 1,
                         *match.groups()))
        claimed = set()  # lines of labels that an operation has used
        for index, (line, kind, order) in enumerate(uses):
            what = f"strait_{kind}_{order}"
            if index and uses[index - 1][0] == line:
                report(line, "two atomic operations on one line")
                continue
            before = uses[index - 1][0] if index else 0
            above = [n for n in notes
                     if before <= n[1] and line - REACH <= n[1] <= line
                     and n[0] <= line]
            reason = " ".join(n[2] for n in above)
            labels = LABEL.findall(reason)
            is_rlx = "rlx:" in reason
            is_sc = re.search(r"\bSC:", reason) is not None
            claimed.update(
                number
                for first, last, _ in above for number in range(first, last + 1))
            if not labels and not is_rlx and not is_sc:
                report(line, f"{what}: no reason in a comment above it")
                continue
            wanted = set()
            for label, side in labels:
                for part in ("rel", "acq") if side == "ar" else (side,):
                    wanted.add(part)
                    sides.setdefault(label, {}).setdefault(
                        part, []).append((name, line))
            has = {"rlx": set(), "acquire": {"acq"}, "release": {"rel"},
                   "acq_rel": {"acq", "rel"}, "sc": {"acq", "rel"}}[order]
            for part in sorted(wanted - has):
                report(line, f"{what}: its comment claims '{part}',"
                             " which this order does not give")
            if order != "sc":
                for part in sorted(has - wanted):
                    report(line, f"{what}: its comment names no edge"
                                 f" for '{part}'")
            if is_rlx and order != "rlx":
                report(line, f"{what}: its comment says rlx:")
            if order == "rlx" and not is_rlx:
                report(line, f"{what}: its comment does not say rlx:")
            if is_sc != (order == "sc"):
                report(line, f"{what}: sc and a comment with SC: belong"
                             " together")
        for first, last, note in notes:
            for label, side in LABEL.findall(note):
                if first not in claimed:
                    report(first, f"[{label}:{side}] stands above no atomic"
                                  " operation")

    for label, found in sorted(sides.items()):
        name, line = next(iter(found.values()))[0]
        for part in ("rel", "acq"):
            if part not in found:
                report(line, f"edge {label} has no '{part}' side")
        if label not in defined:
            report(line, f"edge {label} is in no head comment's list of Edges")
    for label, places in sorted(defined.items()):
        name, line = places[0]
        if label not in sides:
            report(line, f"edge {label} is listed and used nowhere")
        for name, line in places[1:]:
            report(line, f"edge {label} is also listed in {places[0][0]}")
    return problems


def self_test():
    ring = "include/strait/ring.h"

    def swap(old, new, file=ring):
        def spoil(tree):
            path = tree.root / file
            text = path.read_text()
            if old not in text:
                raise SystemExit(f"self-test: '{old}' is gone from {file}")
            path.write_text(text.replace(old, new))
        return spoil

    def append(text, file="lib/queue/ring.c"):
        def spoil(tree):
            path = tree.root / file
            path.write_text(path.read_text() + text)
        return spoil

    lint.must_find(check, append("int f(void) { return strait_load_rlx(&x); }\n"),
                   "no reason in a comment")
    lint.must_find(check, append("/* rlx: w */ int y = strait_load_acquire(&x);\n"),
                   "its comment says rlx:")
    lint.must_find(check, swap("strait_store_release(&slot->seq_, pos + 1)",
                               "strait_store_rlx(&slot->seq_, pos + 1)"),
                   "does not give")
    lint.must_find(check, swap("[R3:rel]", "[R9:rel]"), "edge R9 has no 'acq'")
    lint.must_find(check, swap("[R5:acq]", "[R4:acq]"), "edge R5 has no 'acq'")
    lint.must_find(check, swap("[R3:", "[R8:"), "no head comment's list")
    lint.must_find(check, append("int z = __atomic_load_n(&x, 0);\n"),
                   "goes round")
    lint.must_find(check, append("void g(void) { atomic_thread_fence(5); }\n"),
                   "goes round")
    lint.must_find(check, append("volatile int v;\n"), "volatile")
    lint.must_find(check, append("/* [R3:rel] nothing here */\nint v;\n" +
                                 "\n" * 9), "above no atomic")


if __name__ == "__main__":
    sys.exit(lint.run(lint.parser(__doc__).parse_args(), check, self_test))
