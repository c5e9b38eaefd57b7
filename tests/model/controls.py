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
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import models
import mutants
import results
from cores import CORES, digest, names, reached

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
    operation: Operation = None  # of an order control
    order: str = ""
    mutant: object = None        # of a structural one
    where: str = "-"             # "what, case, seed N" if the explorer caught it
    genmc: dict = dataclasses.field(default_factory=dict)  # of models: case

    @property
    def explorer(self):
        return self.where not in ("-", results.NOT_RUN)

    @property
    def caught(self):
        return self.explorer or any(self.genmc.values())

    @property
    def path(self):
        return self.operation.path if self.operation else ""


class Run:
    """Programs are built when they are first needed, by several threads."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.cases = models.all_cases()
        self.explorer = models.Explorer(folder)
        self.pool = concurrent.futures.ThreadPoolExecutor(options.jobs)
        self.titles = {case.title: case for case in self.cases}
        self.files = {model.name: reached(model)
                      for model in {case.model for case in self.cases}}
        self.locks = {case: threading.Lock() for case in self.cases}
        self.programs = {}
        self.sites = {}

    def program(self, case):
        with self.locks[case]:
            if case not in self.programs:
                program = self.explorer.build(case)
                self.sites[case] = subprocess.run(
                    [program, "--sites"], capture_output=True, text=True,
                    check=True).stdout.splitlines()
                self.programs[case] = program
        return self.programs[case]

    def site(self, case, operation):
        """Where a program has an operation, as --weaken wants it, or None. The
        compiler's line for a call over several lines may be off by a little."""
        if operation.path not in self.files[case.model.name]:
            return None
        self.program(case)
        best = None
        for line in self.sites[case]:
            place, kind, order = line.split()[:3]
            file, _, number = place.rpartition(":")
            behind = int(number) - operation.line
            if (file == os.path.basename(operation.path)
                    and kind == operation.kind
                    and order == EXPLORER_NAMES[operation.order]
                    and 0 <= behind <= 2 and (best is None or behind < best)):
                best = behind
        if best is None:
            return None
        return f"{os.path.basename(operation.path)}:{operation.line + best}"

    def explore(self, program, seeds, weaken=None, first=1):
        """None, or what the explorer reported and its seed."""
        command = [program, "--quiet", "--lines", "0", "--seeds", str(seeds),
                   "--first", str(first)]
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
            cases = [c for c in self.cases
                     if self.site(c, control.operation)]
        else:
            cases = [c for c in self.cases
                     if c.model.name in control.mutant.models]
        return sorted(cases, key=lambda c: (c.model.core != control.core,
                                            c.model.core == "lane"))

    def broken(self, control, case, root):
        """The program of a case with the control in it, and its weakening."""
        if control.mutant:
            if not os.path.exists(root):
                mutated_tree(root, control.mutant)
            target = os.path.join(self.folder, f"{case.title}@{control.name}")
            if not os.path.exists(target):
                self.explorer.build(case, root, "@" + control.name)
            return target, None
        return self.program(case), (self.site(case, control.operation) + "="
                                    + EXPLORER_NAMES[control.order])

    def check_explorer(self, control, reasons, hint=""):
        """Looks for a seed that shows the control, first for the one that
        showed it last time."""
        root = os.path.join(self.folder, re.sub(r"\W", "_", control.name))
        match = results.CAUGHT.match(hint)
        if match and match.group(2) in self.titles:
            case = self.titles[match.group(2)]
            if control.mutant or self.site(case, control.operation):
                program, weaken = self.broken(control, case, root)
                found = self.explore(program, 1, weaken, int(match.group(3)))
                if found:
                    control.where = (f"{short(found[0])}, {case.title}, seed "
                                     f"{found[1]}")
                    return control
        passes = [QUICK_SEEDS]
        if control.name not in reasons:
            passes.append(THOROUGH_SEEDS)
        cases = self.fitting(control)
        for seeds in passes:
            for case in cases:
                program, weaken = self.broken(control, case, root)
                found = self.explore(program, seeds, weaken)
                if found:
                    control.where = (f"{short(found[0])}, {case.title}, seed "
                                     f"{found[1]}")
                    return control
        return control

    def check_genmc(self, control, insist):
        """Asks GenMC, under each memory model of which nothing is known; the
        first case that shows the control will do."""
        root = os.path.join(self.folder, "genmc-" + re.sub(r"\W", "_",
                                                           control.name))
        asked = [m for m in models.MEMORY_MODELS if m not in control.genmc]
        if not asked:
            return control
        if control.mutant:
            mutated_tree(root, control.mutant)
        else:
            weakened_tree(root, control.operation, control.order)
        cases = [case for case in self.fitting(control) if case.genmc]
        for memory_model in asked:
            control.genmc[memory_model] = ""
            likely = set(control.genmc.values())
            # What takes long to verify may still be refuted soon, but to try
            # that on every survivor would take hours.
            for case in sorted(cases, key=lambda c: (c.title not in likely,
                                                     memory_model in c.long)):
                if memory_model in case.long and not insist:
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


def place(root, where):
    """The text that an edit is about, and what of it is meant: the function
    behind the @, or all."""
    path, _, function = where.partition("@")
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    if not function:
        return text, text
    start = text.find(f"\n{function}(")
    if start < 0:
        return text, ""
    return text, text[start:text.index("\n}\n", start)]


def outdated(mutant):
    """What in a mutant no longer fits the text of the cores; None if nothing."""
    for where, old, _ in mutant.edits:
        n = place(models.ROOT, where)[1].count(old)
        if n != 1:
            return (f"mutants.py: {mutant.name}: the text to change stands {n} "
                    f"times in {where}; bring it up to date:\n{old}")
    return None


def mutated_tree(root, mutant):
    copy_tree(root)
    for where, old, new in mutant.edits:
        target = os.path.join(root, where.partition("@")[0])
        if not os.path.exists(target):  # a model's own use of the core
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.join(models.ROOT, where), target)
        text, part = place(root, where)
        with open(target, "w", encoding="utf-8") as file:
            file.write(text.replace(part, part.replace(old, new)))


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


def progress(text):
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


def make_controls(operations):
    controls = []
    for operation in operations:
        for order in weaker(operation.kind, operation.order):
            controls.append(Control(
                f"{operation.name}:{operation.order}>{order}",
                CORES[operation.path], operation, order))
    for mutant in mutants.MUTANTS:
        controls.append(Control(mutant.name, mutant.core, mutant=mutant))
    return controls


def print_controls(controls, reasons):
    width = max(len(c.name) for c in controls)
    for control in controls:
        if control.explorer:
            by = "explorer: " + control.where
        elif control.name in reasons and reasons[control.name].genmc:
            by = "for GenMC"
        elif control.name in reasons:
            by = "SURVIVES, justified"
        else:
            by = "SURVIVES"
        by += "".join(f"; {m}: {t or '-'}" for m, t in control.genmc.items())
        print(f"{control.name:{width}}  {by}")


def case_row(run, case, kept, options):
    """What the tools say about a case of an unbroken core."""
    figures = {}
    for memory_model in models.MEMORY_MODELS:
        was = kept["genmc"][memory_model] if kept else results.NOT_RUN
        if not case.genmc:
            figures[memory_model] = results.TOO_LARGE
        elif was not in (results.NOT_RUN, results.TOO_LARGE):
            figures[memory_model] = was
        elif not options.genmc or (memory_model in case.long
                                   and not options.long):
            figures[memory_model] = results.NOT_RUN
        elif not models.reaches_end(case, 60):
            figures[memory_model] = "**cut off**"
        else:
            progress(f"{case.title} under {memory_model}")
            verdict = models.run_genmc(case, memory_model,
                                       1200 if options.long else 60)
            figures[memory_model] = (f"{verdict.executions}"
                                     if verdict.passed
                                     else f"**{verdict.word}**")
    progress(f"{case.title}, {THOROUGH_SEEDS} seeds")
    found = run.explore(run.program(case), THOROUGH_SEEDS)
    return {"core": case.model.core, "genmc": figures,
            "seeds": str(THOROUGH_SEEDS) if not found
            else f"**{found[0]} (seed {found[1]})**"}


def judge(controls, reasons, complete):
    """What is wrong with the outcome, one line each; empty if nothing is."""
    wrong = []
    for control in controls:
        reason = reasons.get(control.name)
        asked = all(m in control.genmc for m in models.MEMORY_MODELS)
        if control.explorer or (control.caught and not (reason
                                                        and reason.genmc)):
            if reason:
                wrong.append(f"justified, but caught: {control.name}: remove "
                             "it from justified.txt")
        elif not reason:
            wrong.append(f"not caught and not justified: {control.name}")
        elif reason.genmc and asked and not control.caught:
            wrong.append(f"GenMC should catch it, but did not: {control.name}")
    every = {control.name for control in controls}
    if complete:
        wrong += [f"justified.txt: there is no control {name}"
                  for name in reasons if name not in every]
    return wrong


def count(controls, reasons):
    """Caught by the explorer; by GenMC only; surviving, with their reasons."""
    explorer = sum(c.explorer for c in controls)
    genmc = sum(not c.explorer and c.name in reasons and reasons[c.name].genmc
                for c in controls)
    return explorer, genmc, len(controls) - explorer - genmc


def cells_of(control):
    return {"core": control.core, "explorer": control.where,
            "genmc": {m: (control.genmc[m] or "-") if m in control.genmc
                      else results.NOT_RUN for m in models.MEMORY_MODELS}}


def recall(control, known, genmc_only):
    """Takes over what RESULTS.md says of a control."""
    cells = known.controls.get(control.name)
    if cells is None:
        control.where = "-" if genmc_only else results.NOT_RUN
        return
    if not genmc_only:
        control.where = cells["explorer"]
    control.genmc = {m: "" if text == "-" else text
                     for m, text in cells["genmc"].items()
                     if text != results.NOT_RUN}


def core_row(core, controls, cases, reasons, stamp, date):
    """A row of the first table."""
    mine = [c for c in controls if c.core == core]
    cells = [c["genmc"][m] for case, c in cases if case.model.core == core
             for m in models.MEMORY_MODELS]
    cells += [t for c in mine for t in cells_of(c)["genmc"].values()]
    missing = cells.count(results.NOT_RUN)
    possible = len(cells) - cells.count(results.TOO_LARGE)
    asked = f"{possible - missing} of {possible}"
    explorer, genmc, surviving = count(mine, reasons)
    seen = sum(not c.explorer and any(c.genmc.values()) for c in mine)
    alone = str(seen) + (f", {genmc - seen} not run" if seen < genmc else "")
    return [core, f"`{stamp}`", date, str(len(mine)), str(explorer), alone,
            str(surviving), asked]


def write_results(run, controls, reasons, known, current, chosen, options):
    cases = []
    for case in run.cases:
        kept = known.cases.get(case.title)
        if case.model.core in chosen:
            kept = case_row(run, case, kept, options)
        elif kept is None:
            word = results.NOT_RUN if case.genmc else results.TOO_LARGE
            kept = {"core": case.model.core, "seeds": results.NOT_RUN,
                    "genmc": dict.fromkeys(models.MEMORY_MODELS, word)}
        cases.append((case, kept))
    progress("")
    rows = []
    for core in current:
        stamp, date = known.digest(core), "never"
        if core in chosen:
            stamp, date = current[core], datetime.date.today().isoformat()
        elif core in known.cores:
            date = known.cores[core][1]
        rows.append(core_row(core, controls, cases, reasons, stamp, date))
    results.write(rows, cases, {c.name: cells_of(c) for c in controls}, reasons)
    print("wrote " + os.path.relpath(results.PATH))


def check(known, current, controls):
    """Whether RESULTS.md is up to date; says what to run."""
    stale = {core: "its files or models have changed since"
             for core in current if known.digest(core) != current[core]}
    for control in controls:
        if control.name not in known.controls:
            stale.setdefault(control.core, f"{control.name} is not in it")
    have = {control.name for control in controls}
    for name, cells in known.controls.items():
        if name not in have:
            stale.setdefault(cells["core"], f"{name} is gone")
    for core, why in stale.items():
        print(f"RESULTS.md is out of date for core {core}: {why}. Run "
              f"tests/model/controls.py --write --only {core}")
    return stale


def check_the_check():
    """Plants changes in a copy of the tree, of which some must be noticed."""
    all_models = models.all_models()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="strait-results-") as root:
        for name in ("include", "lib", os.path.join("tests", "model")):
            shutil.copytree(os.path.join(models.ROOT, name),
                            os.path.join(root, name))
        for path, core in CORES.items():
            target = os.path.join(root, path)
            with open(target, encoding="utf-8") as file:
                text = file.read()
            before = digest(core, all_models, root)
            for edit, counts in ((text + "/* A remark. */\n", False),
                                 (text.replace("\n", "\n\n"), False),
                                 (text.replace("_acquire(", "_rlx(")
                                  .replace("_release(", "_rlx(") + "int x;\n",
                                  True)):
                with open(target, "w", encoding="utf-8") as file:
                    file.write(edit)
                if (digest(core, all_models, root) != before) != counts:
                    print(f"{path}: a change that "
                          f"{'matters' if counts else 'does not matter'} was "
                          f"{'not ' if counts else ''}noticed")
                    wrong += 1
            with open(target, "w", encoding="utf-8") as file:
                file.write(text)
    return wrong


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog="Exit status: 0 all controls are caught or justified (--check: "
               "RESULTS.md is up to date), 1 not.")
    parser.add_argument("--only", metavar="CORE|REGEX",
                        help="only one core, or the controls whose name "
                             "matches")
    parser.add_argument("--replay", action="store_true",
                        help="repeat what RESULTS.md says: each control under "
                             "the case and seed that showed it, and a search "
                             "only where that fails; survivors are believed "
                             "while their core is unchanged")
    parser.add_argument("--genmc", action="store_true",
                        help="ask GenMC, too, for what RESULTS.md does not "
                             "know yet (long)")
    parser.add_argument("--afresh", action="store_true",
                        help="forget what RESULTS.md knows from GenMC")
    parser.add_argument("--long", action="store_true",
                        help="with --write --genmc: the models that take long")
    parser.add_argument("--genmc-timeout", type=int, default=60, metavar="S",
                        help="seconds per control, case and memory model "
                             "(default: 60)")
    parser.add_argument("--write", action="store_true",
                        help="write RESULTS.md; what GenMC has said about "
                             "cores that are unchanged since is kept, and "
                             "with --only CORE all of the other cores")
    parser.add_argument("--check", action="store_true",
                        help="only compare RESULTS.md with the cores")
    parser.add_argument("--list", action="store_true",
                        help="print the names of all controls and stop")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1,
                        help="how many at a time (default: one per CPU)")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error("--jobs must be at least 1")
    try:
        re.compile(options.only or "")
    except re.error as error:
        parser.error(f"--only is no regular expression: {error}")
    return parser, options


def main():
    parser, options = parse_arguments()
    all_models = models.all_models()
    current = {core: digest(core, all_models) for core in names(all_models)}
    operations = [o for path in CORES for o in scan(path)]
    controls = make_controls(operations)
    known = results.read()
    if options.check:
        stale = check(known, current, controls)
        wrong = check_the_check()
        print(f"RESULTS.md: {len(current) - len(stale)} of {len(current)} "
              f"cores up to date; self-test "
              + ("passed" if wrong == 0 else "FAILED"))
        return 1 if stale or wrong else 0
    known.keep(current)
    if options.afresh:
        known.keep(dict.fromkeys(current, ""))
    chosen = set(current)
    if options.only in current:
        chosen = {options.only}
        mine = [c for c in controls if c.core in chosen]
    else:
        mine = [c for c in controls if re.search(options.only or "", c.name)]
        if options.write and options.only:
            parser.error("--write goes with --only CORE, not with a part of it")
    if not mine and not options.write:
        parser.error("no control has such a name; --list shows them")
    if options.list:
        print("\n".join(c.name for c in mine))
        return 0
    if options.genmc and models.genmc_path() is None:
        print("genmc is not on PATH: the controls run under the explorer only")
        options.genmc = False
    reasons = read_justified()
    started = time.monotonic()
    status = 0
    for control in [c for c in mine if c.mutant]:
        why = outdated(control.mutant)
        if why:
            print(why)
            mine.remove(control)
            controls.remove(control)
            status = 1
    n_believed = 0
    for control in controls:
        unchanged = known.digest(control.core) == current[control.core]
        believed = (options.replay and unchanged and control.name in reasons
                    and known.controls.get(control.name, {}).get("explorer")
                    == "-")
        recall(control, known, control in mine and not believed)
        if believed and control in mine:
            mine.remove(control)
            n_believed += 1
    with tempfile.TemporaryDirectory(prefix="strait-model-") as folder:
        run = Run(options, folder)
        if not options.replay:
            unused = [o for o in operations if CORES[o.path] in chosen
                      and not any(run.pool.map(lambda c, o=o: run.site(c, o),
                                               run.cases))]
            for operation in unused:
                print(f"{operation.path}:{operation.line}: no model contains "
                      f"{operation.name}")
                if not options.only or options.only in current:
                    status = 1
            mine = [c for c in mine if c.operation not in unused]
            controls = [c for c in controls if c.operation not in unused]
        done = 0
        for control in run.pool.map(
                lambda c: run.check_explorer(
                    c, reasons, known.controls.get(c.name, {})
                    .get("explorer", "-") if options.replay else "-"), mine):
            done += 1
            progress(f"{done} of {len(mine)} controls")
        if options.genmc:
            done = 0
            for control in run.pool.map(
                    lambda c: run.check_genmc(
                        c, c.name in reasons and reasons[c.name].genmc),
                    mine):
                done += 1
                progress(f"{done} of {len(mine)} controls, GenMC")
        progress("")
        if mine and not options.replay:
            print_controls(mine, reasons)
        if options.write:
            write_results(run, controls, reasons, known, current, chosen,
                          options)
    wrong = judge(mine, reasons, len(mine) == len(controls))
    for line in wrong:
        print(line)
        status = 1
    explorer, genmc, surviving = count(mine, reasons)
    print(f"{len(mine)} controls: {explorer} caught by the explorer, "
          f"{genmc} left to GenMC, {surviving} survive with a reason"
          + (f", {n_believed} survivors believed" if n_believed else "") + "; "
          f"{time.monotonic() - started:.0f} s: "
          + ("ok" if status == 0 else "FAILED"))
    return status


if __name__ == "__main__":
    sys.exit(main())
