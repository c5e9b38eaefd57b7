# SPDX-License-Identifier: MIT
"""The cores: which files make one up, and a digest of them, by which one sees
whether figures in RESULTS.md belong to the text that is there now."""
import hashlib
import os
import re

import models

# The files whose every atomic operation is weakened, and the models that look
# at them first.
CORES = {
    "include/strait/mpsc.h": "mpsc",
    "lib/queue/mpsc.c": "mpsc",
    "lib/queue/mpsc_shared.c": "mpsc_shared",
    "include/strait/ring.h": "ring",
    "lib/queue/ring.c": "ring",
    "include/strait/spsc.h": "spsc",
    "lib/queue/spsc.c": "spsc",
    "include/strait/event.h": "event",
    "lib/queue/event.c": "event",
    "lib/queue/reclaim_core.h": "reclaim",
    "lib/sched/parking.h": "lane",
    "lib/sched/worker.c": "lane",
    "lib/sched/gate.h": "gate",
    "lib/sched/removal.h": "removal",
    "lib/sched/cancel.c": "removal",
    "lib/sched/work.c": "removal",
    "lib/sched/crew.c": "crew",
    "lib/sched/request.c": "request",
    "lib/sched/progress.c": "request",
    "lib/sched/drain.c": "drain",
    "lib/sched/future.c": "future",
    "lib/sched/lane.c": "pool",
    "lib/sched/pool.c": "pool",
    "lib/sched/order.h": "order",
    "lib/sched/order.c": "order",
    "lib/sched/deque.h": "deque",
    "lib/sched/fork.c": "fork",
    "lib/loop/wake.c": "bell",
    "lib/loop/post.c": "bell",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def names(all_models):
    """Every core, and whatever else models are about, in their order."""
    found = list(dict.fromkeys(CORES.values()))
    return found + sorted({m.core for m in all_models} - set(found))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def bare(text):
    """Without comments and layout, which change no figure."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return " ".join(text.split())


def reached(model, root=models.ROOT):
    """The files of the tree that a model includes, itself first."""
    start = os.path.relpath(model.path, models.ROOT)
    found = [start]
    for path in found:
        for name in INCLUDE.findall(read(root, path)):
            for folder in ("include", "lib", os.path.dirname(path)):
                target = os.path.join(folder, name)
                if os.path.isfile(os.path.join(root, target)):
                    if target not in found:
                        found.append(target)
                    break
    return found


def digest(core, all_models, root=models.ROOT):
    """Of the files of a core, its models, and the other cores that those run."""
    paths = {path for path, name in CORES.items() if name == core}
    total = hashlib.sha256()
    for model in all_models:
        if model.core != core:
            continue
        files = reached(model, root)
        paths.update(path for path in files if path in CORES)
        paths.update(path for path in files if path.startswith("tests")
                     and path.endswith(("_common.h", ".c")))
        for case in model.cases:
            total.update(f"{case.title} {case.defines} {case.unroll}\0"
                         .encode())
    for path in sorted(paths):
        total.update(path.encode() + b"\0" + bare(read(root, path)).encode())
    return total.hexdigest()[:16]
