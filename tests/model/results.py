# SPDX-License-Identifier: MIT
"""RESULTS.md: reading what an earlier run found, and writing it anew."""
import dataclasses
import os
import re

import models

PATH = os.path.join(models.HERE, "RESULTS.md")
NOT_RUN = "not run"
TOO_LARGE = "too large"
CAUGHT = re.compile(r"(.+), (\S+), seed (\d+)$")


@dataclasses.dataclass
class Known:
    """The rows of RESULTS.md, as text."""
    cores: dict = dataclasses.field(default_factory=dict)  # name -> cells
    cases: dict = dataclasses.field(default_factory=dict)  # title -> cells
    controls: dict = dataclasses.field(default_factory=dict)  # name -> cells

    def digest(self, core):
        return self.cores[core][0] if core in self.cores else ""

    def keep(self, current):
        """Forgets what GenMC has said about cores that have changed since."""
        stale = {core for core in current if self.digest(core) != current[core]}
        for rows in (self.cases, self.controls):
            for cells in rows.values():
                if cells["core"] in stale:
                    cells["genmc"] = {m: text if text == TOO_LARGE else NOT_RUN
                                      for m, text in cells["genmc"].items()}


def read(path=PATH):
    """What RESULTS.md says; nothing if it is not there or of another shape."""
    known = Known()
    if not os.path.exists(path):
        return known
    section = model = ""
    core_of = {m.name: m.core for m in models.all_models()}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("## "):
                section = line[3:].strip()
            if not line.startswith("| ") or line.startswith("| control |"):
                continue
            cells = [c.strip() for c in line.strip().strip("|").split(" | ")]
            if section == "Cores" and len(cells) == 8 and cells[0] != "core":
                known.cores[cells[0]] = [cells[1].strip("`")] + cells[2:]
            elif section == "Obligations" and cells[0].startswith("**"):
                model = cells[0].strip("*")
            elif section == "Obligations" and len(cells) == 5 and model:
                known.cases[f"{model}.{cells[1]}"] = {
                    "core": core_of.get(model, ""),
                    "genmc": dict(zip(models.MEMORY_MODELS, cells[2:4])),
                    "seeds": cells[4]}
            elif section == "Negative controls" and len(cells) == 5:
                known.controls[cells[0].strip("`")] = {
                    "core": cells[1], "explorer": cells[2],
                    "genmc": dict(zip(models.MEMORY_MODELS, cells[3:5]))}
    return known


def table(head, rows):
    return (["| " + " | ".join(head) + " |",
             "|" + "---|" * len(head)]
            + ["| " + " | ".join(row) + " |" for row in rows])


def write(cores, cases, controls, reasons, path=PATH):
    """cores: rows of eight cells; cases and controls: as in Known, in order,
    the cases with their Case in front."""
    out = ["# What the models have shown", "",
           "Written by `tests/model/controls.py --write`; a core is out of date "
           "if its digest is not that of its files, its models and the cores "
           "that they run, comments apart. Tests see to that.", "",
           "Bounds: what each case says (threads and operations in its name "
           "and head comment), rings of capacity 2 where nothing else is said, "
           "no more than that. \"Executions\" are all there are under that "
           "memory model, with waiting loops taken as waits and bounded; "
           "\"seeds\" are samples. \"Not run\": not since the core was changed.",
           "", "## Cores", ""]
    out += table(["core", "digest", "written", "controls", "explorer",
                  "GenMC alone", "survive", "asked of GenMC"], cores)
    out += ["", "## Obligations", ""]
    rows = []
    last = None
    for case, cells in cases:
        if case.model is not last:
            last = case.model
            rows.append([f"**{case.model.name}**", case.model.obligation, "", "",
                         ""])
        rows.append(["", case.name] + list(cells["genmc"].values())
                    + [cells["seeds"]])
    out += table(["model", "case", "RC11 executions", "IMM executions",
                  "seeds"], rows)
    out += ["", "## Negative controls", ""]
    out += table(["control", "core", "explorer", "RC11", "IMM"],
                 [[f"`{name}`", cells["core"], cells["explorer"]]
                  + list(cells["genmc"].values())
                  for name, cells in controls.items()])
    out += ["", "## What the explorer does not catch, and why", ""]
    for name, cells in controls.items():
        if cells["explorer"] == "-":
            reason = reasons.get(name)
            out += [f"- `{name}`"
                    + (" (GenMC does): " if reason and reason.genmc else ": ")
                    + (reason.text if reason else "**no reason given**")]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")
