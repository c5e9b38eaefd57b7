# SPDX-License-Identifier: MIT
"""What the lints share: the files of the project, problems, self-tests.

Each lint is a program with a function check(tree) that answers problems, and
a self_test() that plants a violation in a copy of the project and sees it
found. Both run every time: a lint that finds nothing because it looks at
nothing would otherwise pass for ever.
"""
import argparse
import pathlib
import shutil
import subprocess
import tempfile
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Problem(NamedTuple):
    file: str
    line: int
    text: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.text}"


class Tree:
    """The project's own files below a root: tracked ones, and new ones that
    are not ignored; in a copy without git, all."""

    def __init__(self, root=ROOT, only=()):
        self.root = pathlib.Path(root).resolve()
        self._list = None
        self.only = [str(folder).rstrip("/") + "/" for folder in only]

    def _all(self):
        if self._list is None:
            names = None
            if (self.root / ".git").exists() and shutil.which("git"):
                # A checkout that belongs to another user, as in a container,
                # is still only read here.
                answer = subprocess.run(
                    ["git", "-c", f"safe.directory={self.root}",
                     "ls-files", "-z", "--cached", "--others",
                     "--exclude-standard"],
                    cwd=self.root, capture_output=True, text=True, check=False)
                if answer.returncode == 0:
                    names = [n for n in answer.stdout.split("\0") if n]
            if names is None:
                names = [str(p.relative_to(self.root))
                         for p in self.root.rglob("*")
                         if not str(p.relative_to(self.root)).startswith(
                             ("build/", ".git/"))]
            self._list = sorted(
                self.root / n for n in set(names)
                if (self.root / n).is_file()
                and not (self.root / n).is_symlink())
        return self._list

    def name(self, path):
        return str(path.relative_to(self.root))

    def files(self, *patterns, under=()):
        """Files whose names match one of the patterns, in the folders given
        (all of them if none is)."""
        found = []
        for path in self._all():
            name = self.name(path)
            if under and not name.startswith(
                    tuple(u.rstrip("/") + "/" for u in under)):
                continue
            if self.only and not name.startswith(tuple(self.only)):
                continue
            if any(path.match(p) for p in patterns):
                found.append(path)
        return found


def must_find(check, spoil, expected, extra=(), folders=("include", "lib")):
    """Copies the project, has `spoil` plant a violation, and insists that
    `check` reports it, and that it did not before."""
    with tempfile.TemporaryDirectory(prefix="strait-lint-") as name:
        copy = pathlib.Path(name)
        for folder in folders:
            shutil.copytree(ROOT / folder, copy / folder)
        for file in extra:
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, copy / file)
        before = {(p.file, p.text) for p in check(Tree(copy))}
        spoil(Tree(copy))
        after = [p for p in check(Tree(copy))
                 if (p.file, p.text) not in before]
    for problem in after:
        if expected in problem.text:
            return
    raise SystemExit(
        f"self-test failed: a planted violation was not reported as "
        f"'{expected}'; new reports: {[str(p) for p in after]}")


def parser(text):
    result = argparse.ArgumentParser(
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--root", default=ROOT, help="project to look at")
    result.add_argument("--no-self-test", action="store_true",
                        help="only look at the project")
    return result


def run(arguments, check, self_test, tree=None):
    """The body of a lint's main()."""
    if not arguments.no_self_test:
        self_test()
    problems = check(tree or Tree(arguments.root))
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems"
          + ("" if arguments.no_self_test else "; self-test passed"))
    return 1 if problems else 0


def without_comments(text):
    """C text with comments and string contents blanked, lines kept."""
    out = []
    i = 0
    while i < len(text):
        two = text[i:i + 2]
        if two == "/*":
            end = text.find("*/", i + 2)
            end = len(text) if end < 0 else end + 2
        elif two == "//":
            end = text.find("\n", i)
            end = len(text) if end < 0 else end
        elif text[i] == '"' and not _in_include(text, i):
            end = i + 1
            while end < len(text) and text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            end += 1
        else:
            out.append(text[i])
            i += 1
            continue
        out.append("".join(c if c == "\n" else " " for c in text[i:end]))
        i = end
    return "".join(out)


def _in_include(text, at):
    start = text.rfind("\n", 0, at) + 1
    return text[start:at].lstrip().startswith("#")


def head_comment(text):
    """The comment that follows the SPDX line, or ""."""
    lines = text.split("\n", 1)
    if len(lines) < 2 or not lines[1].startswith("/*"):
        return ""
    return lines[1][:lines[1].find("*/") + 2]
