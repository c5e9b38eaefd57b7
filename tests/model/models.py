# SPDX-License-Identifier: MIT
"""What the tools of this folder share: the list of models with their cases, how
they are built for the explorer, and how GenMC is run and judged.

A model file declares itself in its head comment:

    @obligation what is proven, over as many lines as it takes
    @core NAME             the algorithm it is about
    @case NAME [-DX=Y]... [genmc] [live] [unroll=N] [long=MODEL[,MODEL]]

`genmc`: small enough for GenMC, too. `live`: something sleeps in it, so GenMC
checks liveness. `long`: memory models under which it takes longer than CI has
time for; they run with --long only.
"""
import dataclasses
import glob
import os
import re
import shutil
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MEMORY_MODELS = ("rc11", "imm")


@dataclasses.dataclass(eq=False)
class Case:
    model: "Model"
    name: str
    defines: list
    genmc: bool
    live: bool
    unroll: int
    long: list

    @property
    def title(self):
        return f"{self.model.name}.{self.name}"

    def source(self, root):
        """The model's file, which a structural control may have changed."""
        changed = os.path.join(root, os.path.relpath(self.model.path, ROOT))
        return changed if os.path.exists(changed) else self.model.path


@dataclasses.dataclass(eq=False)
class Model:
    name: str
    path: str
    obligation: str
    core: str
    cases: list


def parse_case(model, text):
    words = text.split()
    case = Case(model, words[0], [], False, False, 0, [])
    for word in words[1:]:
        if word.startswith("-D"):
            case.defines.append(word)
        elif word == "genmc":
            case.genmc = True
        elif word == "live":
            case.live = True
        elif word.startswith("unroll="):
            case.unroll = int(word[7:])
        elif word.startswith("long="):
            case.long = word[5:].split(",")
        else:
            raise SystemExit(f"{model.path}: unknown word in @case: {word}")
    return case


def parse_model(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    head = text[:text.index("*/", text.index("@"))]
    lines = [re.sub(r"^ \* ?", "", line) for line in head.splitlines()]
    tags = re.split(r"^@", "\n".join(lines), flags=re.M)[1:]
    name = os.path.basename(path)[len("model_"):-len(".c")]
    model = Model(name, path, "", "", [])
    for tag in tags:
        word, _, rest = tag.partition(" ")
        rest = " ".join(rest.split())
        if word == "obligation":
            model.obligation = rest
        elif word == "core":
            model.core = rest
        elif word == "case":
            model.cases.append(parse_case(model, rest))
        else:
            raise SystemExit(f"{path}: unknown tag @{word}")
    if not (model.obligation and model.core and model.cases):
        raise SystemExit(f"{path}: needs @obligation, @core and @case")
    return model


def all_models():
    """Every model of this folder, by name."""
    return [parse_model(path)
            for path in sorted(glob.glob(os.path.join(HERE, "model_*.c")))]


def all_cases():
    return [case for model in all_models() for case in model.cases]


# ---------------------------------------------------------------- explorer

def includes(root):
    return ["-I" + HERE, "-I" + os.path.join(root, "include"),
            "-I" + os.path.join(root, "lib")]


class Explorer:
    """Builds models; the explorer itself is compiled once."""

    def __init__(self, folder):
        self.folder = folder
        self.compiler = os.environ.get("CC", "cc").split()
        self.flags = ["-O1", "-std=gnu11", "-w"]
        self.objects = []
        for name in ("explore", "explore_memory"):
            target = os.path.join(folder, name + ".o")
            self.run(["-c", os.path.join(HERE, name + ".c"), "-o", target], ROOT)
            self.objects.append(target)

    def run(self, arguments, root):
        command = self.compiler + self.flags + includes(root) + arguments
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit("cannot compile: " + " ".join(command) + "\n"
                             + done.stderr)

    def build(self, case, root=ROOT, suffix=""):
        """The program of a case, over the cores below `root`."""
        target = os.path.join(self.folder, case.title + suffix)
        self.run(case.defines + [case.source(root)] + self.objects
                 + ["-o", target], root)
        return target


# ------------------------------------------------------------------- GenMC

def genmc_path():
    return shutil.which(os.environ.get("STRAIT_GENMC", "genmc"))


@dataclasses.dataclass
class Verdict:
    passed: bool
    found: bool  # an error in the program; neither: the tool did not finish
    executions: int
    blocked: int
    seconds: float
    output: str

    @property
    def word(self):
        return "ok" if self.passed else "error" if self.found else "unfinished"


def number(pattern, text):
    match = re.search(pattern + r":? *(\d+)", text)
    return int(match.group(1)) if match else 0


def sweep():
    """GenMC leaves its intermediate files behind. Those of an hour ago: a
    younger one may belong to somebody who runs beside us."""
    for path in glob.glob("/tmp/__genmc.ll.*"):
        try:
            if time.time() - os.stat(path).st_mtime > 3600:
                os.unlink(path)
        except OSError:
            pass


def reaches_end(case, timeout, root=ROOT):
    """Whether GenMC gets to the end of a case at all: it also calls executions
    complete that it has cut off at the bound of a loop."""
    verdict = run_genmc(case, "rc11", timeout, root, ["-DM_END"])
    return verdict.found and "the end of the model" in verdict.output


def run_genmc(case, memory_model, timeout, root=ROOT, defines=()):
    """One case under one memory model. A pass needs more than a zero status: a
    program whose every execution blocks has no errors either."""
    command = ["timeout", "--signal=KILL", str(timeout), genmc_path(),
               "-" + memory_model, "-disable-estimation",
               "-disable-instruction-caching", "-disable-mm-detector"]
    if case.model.core in ("lane", "pool"):
        # GenMC 0.11 ends with a failed assertion over loops of worker.c, and
        # without this it does not know the waits of other models.
        command.append("-disable-loop-jump-threading")
    if case.live:
        command.append("-check-liveness")
    if case.unroll:
        command.append(f"-unroll={case.unroll}")
    command += ["--", "-std=c11", "-w", "-DM_GENMC", *defines] + case.defines
    command += includes(root) + [case.source(root)]
    sweep()
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True,
                          errors="replace", cwd=tempfile.gettempdir())
    took = time.monotonic() - begun
    text = done.stdout + done.stderr
    if done.returncode not in (0, 42, 124, 137, -9):
        text += f"\nGenMC itself ended with status {done.returncode}"
    executions = number("complete executions explored", text)
    passed = (done.returncode == 0 and "No errors were detected" in text
              and executions > 0)
    return Verdict(passed, done.returncode == 42, executions,
                   number("blocked executions seen", text),
                   took, text)
