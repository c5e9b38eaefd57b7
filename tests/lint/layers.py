#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that includes lead only downwards.

A folder of lib/ may include private headers of its own and of lower layers,
except those named *_priv.h, which stay at home; and public headers of its own
level and below. Public headers obey the same order. The cores of the
algorithms (lib/queue, and of lib/sched parking.h, gate.h, removal.h, order.h)
see nothing but the atomic shim, the environment macros of base/env.h, the
counters of base/counter.h, each other and freestanding headers, so that models
can compile those very files.
"""
import re
import sys

import lint

# For each layer, what it stands on.
BELOW = {
    "base": (),
    "queue": ("base",),
    "sched": ("queue", "base"),
    "loop": ("sched", "queue", "base"),
    "ipc": ("queue", "base"),
    "cluster": ("ipc", "loop", "sched", "queue", "base"),
    "remote": ("loop", "sched", "queue", "base"),
}
# The layer of each public header. strait.h includes them all.
PUBLIC = {
    "base.h": "base", "atomic.h": "base", "clock.h": "base", "cpu.h": "base",
    "error.h": "base", "histogram.h": "base", "memory.h": "base",
    "role.h": "base",
    "event.h": "queue", "mpsc.h": "queue", "mpsc_shared.h": "queue",
    "reclaim.h": "queue", "ring.h": "queue", "sink.h": "queue",
    "spsc.h": "queue",
    "fork.h": "sched", "future.h": "sched", "lane.h": "sched",
    "parallel.h": "sched", "pool.h": "sched",
    "progress.h": "sched", "request.h": "sched", "sort.h": "sched",
    "sort_define.h": "sched", "tasks.h": "sched",
    "work.h": "sched",
    "deadline.h": "loop", "loop.h": "loop", "timer.h": "loop",
}
FREESTANDING = {"stdatomic.h", "stdbool.h", "stddef.h", "stdint.h",
                "stdalign.h", "stdnoreturn.h", "limits.h"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


# Cores outside lib/queue.
CORES = {
    "lib/base/counter.h", "lib/base/env.h",
    "lib/sched/gate.h", "lib/sched/order.h", "lib/sched/parking.h",
    "lib/sched/removal.h",
}


def includes(path):
    text = lint.without_comments(path.read_text(encoding="utf-8"))
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, *match.groups()


def layer_of(name):
    """The layer of a file of the project, "all" for the umbrella, or None."""
    parts = name.split("/")
    if parts[0] == "lib" and len(parts) > 2:
        return parts[1]
    if name == "include/strait/strait.h":
        return "all"
    if name.startswith("include/strait/"):
        return PUBLIC.get(parts[-1])
    return None


def is_core(name):
    if name == "lib/queue/reclaim.c":  # the wrapper of reclaim_core.h
        return False
    return (name.startswith("lib/queue/") or name in CORES
            or layer_of(name) == "queue")


def check(tree):
    problems = []

    def report(text):
        problems.append(lint.Problem(name, line, text))

    seen_by_umbrella = set()
    for path in tree.files("*.c", "*.h", under=("include", "lib")):
        name = tree.name(path)
        layer = layer_of(name)
        line = 1
        if layer is None:
            report("in no layer known to tests/lint/layers.py")
            continue
        if layer not in BELOW and layer != "all":
            report(f"folder of no known layer: {layer}")
            continue
        for line, kind, target in includes(path):
            if target.startswith("strait/"):
                base = target[len("strait/"):]
                if base == "strait.h":
                    report("the umbrella header is for users only")
                elif base not in PUBLIC:
                    report(f"<{target}> is in no layer known to layers.py")
                elif layer == "all":
                    seen_by_umbrella.add(base)
                elif PUBLIC[base] not in (layer, *BELOW[layer]):
                    report(f"{layer} includes <{target}> of {PUBLIC[base]},"
                           " which is not below it")
                continue
            if kind == "<":
                if name.startswith("include/") and target not in FREESTANDING:
                    report(f"a public header includes <{target}>")
                elif (is_core(name) and name != "lib/base/env.h"
                      and target not in FREESTANDING):
                    report(f"a core includes <{target}>")
                continue
            if name.startswith("include/"):
                report(f'a public header includes "{target}"')
                continue
            folder, _, base = target.rpartition("/")
            folder = folder or layer
            if not (tree.root / "lib" / folder / base).is_file():
                report(f'"{target}" is not in lib/; write "layer/file.h"')
            elif folder not in (layer, *BELOW[layer]):
                report(f'{layer} includes "{target}" of {folder},'
                       " which is not below it")
            elif base.endswith("_priv.h") and folder != layer:
                report(f'"{target}" is private to {folder}')
            elif (is_core(name) and name != "lib/base/env.h"
                  and not is_core(f"lib/{folder}/{base}")):
                report(f'a core includes "{target}"')
    name, line = "include/strait/strait.h", 1
    for header in sorted(set(PUBLIC) - seen_by_umbrella):
        report(f"does not include <strait/{header}>")
    for header in sorted(PUBLIC):
        if not (tree.root / "include/strait" / header).is_file():
            report(f"{header} is listed in layers.py and does not exist")
    for core in sorted(CORES):
        if not (tree.root / core).is_file():
            report(f"{core} is listed in layers.py and does not exist")
    return problems


def self_test():
    def add(file, text):
        def spoil(tree):
            path = tree.root / file
            path.write_text(path.read_text() + text)
        return spoil
    lint.must_find(check, add("lib/queue/ring.c", '#include "sched/parking.h"\n'),
                   "not below it")
    lint.must_find(check, add("include/strait/mpsc.h",
                              "#include <strait/loop.h>\n"), "not below it")
    lint.must_find(check, add("lib/queue/mpsc.c", "#include <errno.h>\n"),
                   "a core includes")
    lint.must_find(check, add("lib/sched/gate.h", '#include "base/gap.h"\n'),
                   "a core includes")
    lint.must_find(check, add("lib/sched/order.h", "#include <errno.h>\n"),
                   "a core includes")
    lint.must_find(check, add("include/strait/pool.h", "#include <pthread.h>\n"),
                   "a public header includes")

    def foreign_private(tree):
        (tree.root / "lib/sched/planted_priv.h").write_text("")
        (tree.root / "lib/loop").mkdir(exist_ok=True)
        (tree.root / "lib/loop/planted.c").write_text(
            '#include "sched/planted_priv.h"\n')
    lint.must_find(check, foreign_private, "is private to sched")


if __name__ == "__main__":
    sys.exit(lint.run(lint.parser(__doc__).parse_args(), check, self_test))
