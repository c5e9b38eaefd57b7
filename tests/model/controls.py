#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Negative controls: breaks the cores in one place at a time and demands that a
model notices.

Two kinds. Orders: each atomic operation of a core is weakened to each weaker
order. Structure: the changes in mutants.py, each a mistake that somebody could
make. A control that no model reports must be justified in justified.txt, or
this program fails; so does a justification that is no longer needed.
"""
import argparse
import concurrent.futures
import dataclasses
import datetime
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import models
import mutants

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
    "lib/sched/lane.c": "pool",
    "lib/sched/pool.c": "pool",
    "lib/loop/wake.c": "bell",
    "lib/loop/post.c": "bell",
}
OPERATION = re.compile(
    r"\bstrait_(load|store|xchg|cas_weak|cas|add|or|and)"
    r"_(rlx|acquire|release|acq_rel|sc)\s*\(")
FUNCTION = re.compile(r"^(\w+)\(")
EXPLORER_NAMES = {"rlx": "relaxed", "acquire": "acquire", "release": "release",
                  "acq_rel": "acq_rel", "sc": "seq_cst"}
QUICK_SEEDS = 1500
THOROUGH_SEEDS = 20000


def weaker(operation, order):
    """Every order below `order` that the operation may have."""
    if order == "rlx":
        return []
    if operation == "load":
        ladder = ["sc", "acquire", "rlx"]
    elif operation == "store":
        ladder = ["sc", "release", "rlx"]
    elif order in ("sc", "acq_rel"):
        ladder = ["sc", "acq_rel", "acquire", "release", "rlx"]
    else:
        ladder = [order, "rlx"]
    return ladder[ladder.index(order) + 1:]


@dataclasses.dataclass
class Operation:
    path: str
    line: int
    column: int
    kind: str
    order: str
    name: str  # file:function:kind.n, which survives edits elsewhere
    cases: dict = dataclasses.field(default_factory=dict)  # case -> its line


def scan(path):
    """The atomic operations of a core, from its text."""
    found = []
    function = "?"
    counts = {}
    with open(os.path.join(models.ROOT, path), encoding="utf-8") as file:
        text = file.read()
    # Comments name operations too; keep the lines and columns.
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  text, flags=re.S)
    for number, line in enumerate(text.splitlines(), 1):
        start = FUNCTION.match(line)
        if start and not line.startswith("extern"):
            function = start.group(1)
        for match in OPERATION.finditer(line):
            key = (function, match.group(1))
            counts[key] = counts.get(key, 0) + 1
            name = (f"{os.path.basename(path)}:{function}:"
                    f"{match.group(1)}.{counts[key]}")
            found.append(Operation(path, number, match.start(),
                                   match.group(1), match.group(2), name))
    return found


@dataclasses.dataclass
class Control:
    name: str
    core: str
    what: str
    operation: Operation = None  # of an order control
    order: str = ""
    mutant: object = None        # of a structural one
    explorer: str = ""           # who caught it, and how
    seed: int = 0
    genmc: dict = dataclasses.field(default_factory=dict)

    @property
    def caught(self):
        return bool(self.explorer) or any(self.genmc.values())


def attach_sites(operations, programs):
    """Finds, for each operation, the programs that contain it. The compiler's
    line for a call over several lines may be off by a little."""
    for case, program in programs.items():
        listing = subprocess.run([program, "--sites"], capture_output=True,
                                 text=True, check=True).stdout
        for line in listing.splitlines():
            place, kind, order = line.split()[:3]
            file, _, number = place.rpartition(":")
            number = int(number)
            fitting = [o for o in operations
                       if os.path.basename(o.path) == file and o.kind == kind
                       and EXPLORER_NAMES[o.order] == order
                       and 0 <= number - o.line <= 2]
            if fitting:
                best = min(fitting, key=lambda o: number - o.line)
                best.cases[case.title] = f"{file}:{number}"


class Run:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.cases = models.all_cases()
        self.explorer = models.Explorer(folder)
        self.pool = concurrent.futures.ThreadPoolExecutor(options.jobs)
        self.programs = dict(zip(
            self.cases, self.pool.map(self.explorer.build, self.cases)))
        self.titles = {case.title: case for case in self.cases}

    def explore(self, program, seeds, weaken=None):
        """None, or what the explorer reported and its seed."""
        command = [program, "--quiet", "--lines", "0", "--seeds", str(seeds)]
        if weaken:
            command += ["--weaken", weaken]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return None
        match = re.search(r": seed (\d+): (.*)", done.stdout)
        if done.returncode != 1 or not match:
            raise SystemExit("the explorer broke: " + " ".join(command) + "\n"
                             + done.stdout + done.stderr)
        return match.group(2), int(match.group(1))

    def fitting(self, control):
        """Cases that may notice a control, the likeliest first."""
        if control.operation:
            cases = [self.titles[t] for t in control.operation.cases]
        else:
            wanted = control.mutant.models
            cases = [c for c in self.cases if c.model.name in wanted]
        return sorted(cases, key=lambda c: (c.model.core != control.core,
                                            c.model.core == "lane"))

    def check_explorer(self, control, justified):
        cases = self.fitting(control)
        programs = {}
        weaken = None
        root = os.path.join(self.folder, control.name)
        if control.mutant:
            mutated_tree(root, control.mutant)
        passes = [QUICK_SEEDS]
        if not justified:
            passes.append(THOROUGH_SEEDS)
        for seeds in passes:
            for case in cases:
                program = self.programs[case]
                if control.mutant:
                    if case not in programs:
                        programs[case] = self.explorer.build(
                            case, root, "@" + control.name)
                    program = programs[case]
                if control.operation:
                    weaken = (control.operation.cases[case.title] + "="
                              + EXPLORER_NAMES[control.order])
                found = self.explore(program, seeds, weaken)
                if found:
                    control.explorer = case.title
                    control.what = short(found[0])
                    control.seed = found[1]
                    return control
        return control

    def check_genmc(self, control, insist):
        root = os.path.join(self.folder, "genmc-" + re.sub(r"\W", "_",
                                                           control.name))
        if control.mutant:
            mutated_tree(root, control.mutant)
        else:
            weakened_tree(root, control.operation, control.order)
        for memory_model in models.MEMORY_MODELS:
            control.genmc[memory_model] = ""
            # What takes long to verify may still be refuted soon, but to try
            # that on every survivor would take hours.
            for case in sorted(self.fitting(control),
                               key=lambda c: memory_model in c.long):
                if not case.genmc or (memory_model in case.long
                                      and not insist):
                    continue
                verdict = models.run_genmc(
                    case, memory_model, self.options.genmc_timeout, root)
                if verdict.found:
                    control.genmc[memory_model] = case.title
                    break
        shutil.rmtree(root)
        return control


def short(failure):
    for word in ("data race", "lost wake-up", "livelock", "crash",
                 "assertion", "use after free"):
        if failure.startswith(word):
            return word
    return failure


def copy_tree(root):
    for name in ("include", "lib"):
        shutil.copytree(os.path.join(models.ROOT, name),
                        os.path.join(root, name))


def outdated(mutant):
    """What in a mutant no longer fits the text of the cores; None if nothing."""
    for path, old, _ in mutant.edits:
        with open(os.path.join(models.ROOT, path), encoding="utf-8") as file:
            n = file.read().count(old)
        if n != 1:
            return (f"mutants.py: {mutant.name}: the text to change stands {n} "
                    f"times in {path}; bring it up to date:\n{old}")
    return None


def mutated_tree(root, mutant):
    copy_tree(root)
    for path, old, new in mutant.edits:
        target = os.path.join(root, path)
        if not os.path.exists(target):  # a model's own use of the core
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.join(models.ROOT, path), target)
        with open(target, encoding="utf-8") as file:
            text = file.read()
        with open(target, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))


def weakened_tree(root, operation, order):
    copy_tree(root)
    target = os.path.join(root, operation.path)
    with open(target, encoding="utf-8") as file:
        lines = file.read().split("\n")
    line = lines[operation.line - 1]
    old = f"strait_{operation.kind}_{operation.order}"
    assert line[operation.column:].startswith(old)
    lines[operation.line - 1] = (
        line[:operation.column] + f"strait_{operation.kind}_{order}"
        + line[operation.column + len(old):])
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


@dataclasses.dataclass
class Reason:
    """Of a control that the explorer does not report. `genmc`: GenMC does; then
    the reason says why the explorer cannot."""
    text: str
    genmc: bool


def read_justified():
    reasons = {}
    path = os.path.join(models.HERE, "justified.txt")
    with open(path, encoding="utf-8") as file:
        name = None
        for line in file:
            if line.startswith("#") or not line.strip():
                continue
            if line[0].isspace():
                reasons[name].text += " " + line.strip()
            else:
                name, _, tag = line.strip().partition(" ")
                if tag not in ("", "[genmc]"):
                    raise SystemExit(f"justified.txt: what is {tag}?")
                if name in reasons:
                    raise SystemExit(f"justified.txt: {name} stands there twice")
                reasons[name] = Reason("", tag != "")
    for name, reason in reasons.items():
        reason.text = reason.text.strip()
        if not reason.text:
            raise SystemExit(f"justified.txt: {name} has no reason")
    return reasons


def digest():
    """Of the cores, so that one sees which text the figures belong to."""
    total = hashlib.sha256()
    for path in sorted(CORES):
        with open(os.path.join(models.ROOT, path), "rb") as file:
            total.update(path.encode() + b"\0" + file.read())
    return total.hexdigest()[:16]


def progress(text):
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


def make_controls(operations, only):
    controls = []
    for operation in operations:
        for order in weaker(operation.kind, operation.order):
            controls.append(Control(
                f"{operation.name}:{operation.order}>{order}",
                CORES[operation.path], "", operation, order))
    for mutant in mutants.MUTANTS:
        controls.append(Control(mutant.name, mutant.core, "", mutant=mutant))
    if only:
        controls = [c for c in controls if re.search(only, c.name)]
    return controls


def print_controls(controls, reasons, with_genmc):
    width = max(len(c.name) for c in controls)
    for control in controls:
        if control.explorer:
            by = (f"explorer: {control.what} in {control.explorer}, "
                  f"seed {control.seed}")
        elif control.name in reasons and reasons[control.name].genmc:
            by = "for GenMC"
        elif control.name in reasons:
            by = "SURVIVES, justified"
        else:
            by = "SURVIVES"
        if with_genmc:
            by += "".join(f"; {m}: {t or '-'}"
                          for m, t in control.genmc.items())
        print(f"{control.name:{width}}  {by}")


def model_rows(run, with_genmc, long):
    """One row per case: obligation, executions, seeds."""
    rows = []
    for case in run.cases:
        figures = []
        for memory_model in models.MEMORY_MODELS:
            if not case.genmc:
                figures.append("too large")
            elif not with_genmc:
                figures.append("not run")
            elif memory_model in case.long and not long:
                figures.append("not run")
            else:
                progress(f"{case.title} under {memory_model}")
                verdict = models.run_genmc(case, memory_model,
                                           1200 if long else 60)
                figures.append(f"{verdict.executions}" if verdict.passed
                               else f"**{verdict.word}**")
        progress(f"{case.title}, {THOROUGH_SEEDS} seeds")
        found = run.explore(run.programs[case], THOROUGH_SEEDS)
        rows.append((case, figures, str(THOROUGH_SEEDS) if not found
                     else f"**{found[0]} (seed {found[1]})**"))
    progress("")
    return rows


def judge(controls, reasons, with_genmc, complete):
    """What is wrong with the outcome, one line each; empty if nothing is."""
    wrong = []
    for control in controls:
        reason = reasons.get(control.name)
        if control.explorer or (control.caught and not (reason
                                                        and reason.genmc)):
            if reason:
                wrong.append(f"justified, but caught: {control.name}: remove "
                             "it from justified.txt")
        elif not reason:
            wrong.append(f"not caught and not justified: {control.name}")
        elif reason.genmc and with_genmc and not control.caught:
            wrong.append(f"GenMC should catch it, but did not: {control.name}")
    names = {control.name for control in controls}
    if complete:
        wrong += [f"justified.txt: there is no control {name}"
                  for name in reasons if name not in names]
    return wrong


def count(controls, reasons):
    """Caught by the explorer; by GenMC only; surviving, with their reasons."""
    explorer = sum(bool(c.explorer) for c in controls)
    genmc = sum(not c.explorer and c.name in reasons and reasons[c.name].genmc
                for c in controls)
    return explorer, genmc, len(controls) - explorer - genmc


def write_results(run, controls, reasons, rows, with_genmc):
    path = os.path.join(models.HERE, "RESULTS.md")
    explorer, genmc, surviving = count(controls, reasons)
    out = ["# What the models have shown", "",
           "Written by `tests/model/controls.py --write"
           + (" --genmc --long" if with_genmc else "")
           + f"` on {datetime.date.today().isoformat()}; digest of the cores: "
           f"`{digest()}`.", "",
           "Bounds: what each case says (threads and operations in its name "
           "and head comment), rings of capacity 2, no more than that. "
           "\"Executions\" are all there are under that memory model, with "
           "waiting loops taken as waits; \"seeds\" are samples.", "",
           "## Obligations", "",
           "| model | case | RC11 executions | IMM executions | seeds |",
           "|---|---|---|---|---|"]
    last = None
    for case, figures, seeds in rows:
        if case.model is not last:
            last = case.model
            out.append(f"| **{case.model.name}** | {case.model.obligation} "
                       "| | | |")
        out.append(f"| | {case.name} | {figures[0]} | {figures[1]} | {seeds} |")
    out += ["", "## Negative controls", "",
            f"{len(controls)} controls: {explorer} caught by the explorer, "
            f"{genmc} by GenMC alone, {surviving} survive with a reason.", "",
            "| control | explorer | RC11 | IMM |", "|---|---|---|---|"]
    for control in controls:
        by = (f"{control.what}, {control.explorer}, seed {control.seed}"
              if control.explorer else "-")
        genmc = [control.genmc.get(m, "not run") or "-"
                 for m in models.MEMORY_MODELS]
        out.append(f"| `{control.name}` | {by} | {genmc[0]} | {genmc[1]} |")
    out += ["", "## What the explorer does not catch, and why", ""]
    for control in controls:
        if not control.explorer:
            reason = reasons.get(control.name)
            out += [f"- `{control.name}`"
                    + (" (GenMC does): " if reason and reason.genmc else ": ")
                    + (reason.text if reason else "**no reason given**")]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")
    print("wrote " + os.path.relpath(path))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog="Exit status: 0 all controls are caught or justified, 1 not.")
    parser.add_argument("--only", metavar="REGEX",
                        help="only the controls whose name matches")
    parser.add_argument("--genmc", action="store_true",
                        help="ask GenMC about each control, too (long)")
    parser.add_argument("--long", action="store_true",
                        help="with --write --genmc: the models that take long")
    parser.add_argument("--genmc-timeout", type=int, default=60, metavar="S",
                        help="seconds per control, case and memory model "
                             "(default: 60)")
    parser.add_argument("--write", action="store_true",
                        help="write RESULTS.md")
    parser.add_argument("--list", action="store_true",
                        help="print the names of all controls and stop")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1,
                        help="how many at a time (default: one per CPU)")
    options = parser.parse_args()

    operations = [o for path in CORES for o in scan(path)]
    controls = make_controls(operations, options.only)
    if not controls:
        parser.error("no control has such a name; --list shows them")
    if options.list:
        print("\n".join(c.name for c in controls))
        return 0
    if options.genmc and models.genmc_path() is None:
        print("genmc is not on PATH: the controls run under the explorer only")
        options.genmc = False
    reasons = read_justified()
    started = time.monotonic()
    status = 0
    for control in [c for c in controls if c.mutant]:
        why = outdated(control.mutant)
        if why:
            print(why)
            controls.remove(control)
            status = 1
    with tempfile.TemporaryDirectory(prefix="strait-model-") as folder:
        run = Run(options, folder)
        attach_sites(operations, run.programs)
        for operation in operations:
            if not operation.cases:
                print(f"{operation.path}:{operation.line}: no model contains "
                      f"{operation.name}")
                if not options.only:
                    status = 1
        controls = [c for c in controls
                    if c.mutant or c.operation.cases]
        done = 0
        for control in run.pool.map(
                lambda c: run.check_explorer(c, c.name in reasons), controls):
            done += 1
            progress(f"{done} of {len(controls)} controls")
        if options.genmc:
            done = 0
            for control in run.pool.map(
                    lambda c: run.check_genmc(
                        c, c.name in reasons and reasons[c.name].genmc),
                    controls):
                done += 1
                progress(f"{done} of {len(controls)} controls, GenMC")
        progress("")
        print_controls(controls, reasons, options.genmc)
        if options.write:
            rows = model_rows(run, options.genmc, options.long)
            write_results(run, controls, reasons, rows, options.genmc)
    wrong = judge(controls, reasons, options.genmc, not options.only)
    for line in wrong:
        print(line)
        status = 1
    explorer, genmc, surviving = count(controls, reasons)
    print(f"{len(controls)} controls: {explorer} caught by the explorer, "
          f"{genmc} left to GenMC"
          + (" and caught" if options.genmc and status == 0 else "")
          + f", {surviving} survive with a reason; "
          f"{time.monotonic() - started:.0f} s: "
          + ("ok" if status == 0 else "FAILED"))
    return status


if __name__ == "__main__":
    sys.exit(main())
