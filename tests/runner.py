#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The steps of tests/run: builds presets, runs their tests, counts.

Numbers come from what ctest wrote about each test, never from here. A step
that could not be carried out because the build before it failed counts as
skipped, and the build as failed. Use tests/run, which sets up first.
"""
import argparse
import dataclasses
import fcntl
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
LOGS = BUILD / "logs"

# What a preset cannot do without, each under any of these names.
NEEDS = {
    "aarch64": (
        ("aarch64-linux-gnu-gcc",),
        ("/usr/aarch64-linux-gnu/include/stdio.h",),
        ("qemu-aarch64-static", "qemu-aarch64"),
    ),
}

# Labels that are groups of their own; a test with none of them is a unit test.
NOT_UNIT = "^(lint|install|slow|stress|model)$"


@dataclasses.dataclass
class Step:
    """One thing to do. `preset` and either a build or a selection of tests."""
    name: str
    preset: str
    select: tuple = ()  # ctest's arguments; empty: build
    environment: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Result:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: list = dataclasses.field(default_factory=list)  # (reason, test)
    details: list = dataclasses.field(default_factory=list)  # what failed


def steps_of(arguments):
    """The list of steps, in order."""
    steps = []

    def preset(name, *groups):
        steps.append(Step(f"{name}: build", name))
        for group, select, *environment in groups:
            steps.append(Step(f"{name}: {group}", name, select, *environment))

    unit = ("unit tests", ("-LE", NOT_UNIT))
    stress = ("short stress", ("-L", "^stress$"))
    models = ("models", ("-L", "^model$"))
    # A model checker looks at sources, once is enough.
    explorer = ("models", ("-L", "^model$", "-E", "^genmc"))
    # The explorer's runs do not depend on the build, but its code is C like
    # any other: each fourth will do for a second compiler.
    sample = ("a quarter of the models", (*explorer[1], "-I", "1,,4"))
    lints = ("checks of the sources", ("-L", "^lint$"))
    install = ("install and consume", ("-L", "^install$"))
    if not arguments.full:
        preset("dev", lints, unit, explorer, stress)
    else:
        preset("dev", lints, unit, models, stress, install)
        preset("clang", unit, sample, stress)
        preset("release", unit, stress)
        # Both compilers' sanitizers find much the same, and each costs seven
        # minutes: clang's are for --long.
        preset("asan", unit, stress)
        if arguments.long:
            preset("clang-asan", unit, stress)
        preset("tsan", unit, stress)
        if arguments.long:
            preset("clang-tsan", unit, stress)
        preset("tiny", unit, stress)
        # Each atomic operation exists twice there, and the processor decides
        # at run time: the emulator's own choice has the single instructions,
        # the older one has the loops.
        preset("aarch64", unit,
               ("unit tests, old CPU", unit[1], {"QEMU_CPU": "cortex-a53"}),
               # Without what tests the tests, or needs libraries of the host.
               ("short stress", (*stress[1], "-E", "control|differential"),
                {"STRAIT_STRESS_SECONDS": "0.3"}))
    if arguments.long:
        seconds = os.environ.get("STRAIT_TORTURE_SECONDS", "20")
        for name in ("release", "tsan"):
            if not any(s.preset == name for s in steps):
                preset(name)
            steps.append(Step(
                f"{name}: torture", name, ("-L", "^(stress|slow)$"),
                {"STRAIT_STRESS_SECONDS": seconds}))
    if arguments.only:
        wanted = [s for s in steps if re.search(arguments.only, s.name)]
        presets = {s.preset for s in wanted}
        steps = [s for s in steps
                 if s in wanted or (not s.select and s.preset in presets)]
    return steps


class Screen:
    """Prints finished steps, and on a terminal a live line for the present
    one."""

    def __init__(self, total):
        self.total = total
        self.number = 0
        self.live = sys.stdout.isatty()
        self.name = ""
        self.started = 0.0

    def begin(self, name):
        self.number += 1
        self.name = name
        self.started = time.monotonic()
        self.show("")

    def line(self, state):
        return (f"[{self.number:2}/{self.total}] {self.name:<38} {state}"
                f" {clock(time.monotonic() - self.started):>7}")

    def show(self, progress):
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            text = f"{self.line('...    ')}  {progress}"[:width]
            sys.stdout.write(f"\r\033[K{text}")
            sys.stdout.flush()

    def end(self, state, text):
        if self.live:
            colour = {"ok": 32, "FAILED": 31, "skipped": 33}[state]
            sys.stdout.write("\r\033[K")
            padded = f"\033[{colour}m{state:<7}\033[0m"
        else:
            padded = f"{state:<7}"
        print(f"{self.line(padded)}  {text}".rstrip(), flush=True)


def clock(seconds):
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"


def last_progress(log):
    """The "12/54" of ninja's or ctest's last line."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.path.getsize(log) - 2000))
            found = re.findall(rb"(?:^\[|^\s*)(\d+/\d+)(?:\]| Test)",
                               file.read(), re.M)
        return found[-1].decode() if found else ""
    except OSError:
        return ""


def call(command, log, screen, environment=None, append=False):
    """Runs a command into a log; answers its exit status."""
    with open(log, "ab" if append else "wb") as out:
        out.write(("$ " + " ".join(command) + "\n").encode())
        out.flush()
        try:
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
                env={**os.environ, **(environment or {})})
        except OSError as error:
            out.write(f"{error}\n".encode())
            return 127
        try:
            while True:
                try:
                    return process.wait(timeout=0.5 if screen.live else None)
                except subprocess.TimeoutExpired:
                    screen.show(last_progress(log))
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            raise


def tail(path, lines=30):
    text = path.read_text(encoding="utf-8", errors="replace").rstrip()
    return text.split("\n")[-lines:]


def first_failure(path, lines=30):
    """What a build said from its first failed command on."""
    text = path.read_text(encoding="utf-8", errors="replace").split("\n")
    for number, line in enumerate(text):
        if line.startswith("FAILED:"):
            return text[number:number + lines]
    return tail(path, lines)


def why_not(preset):
    """None, or a result that says what the preset needs and does not find."""
    if preset == os.uname().machine:
        return Result(skipped=1, notes=[
            ("this machine needs no cross build", preset)])
    missing = [" or ".join(names) for names in NEEDS.get(preset, ())
               if not any(os.path.exists(n) if n.startswith("/")
                          else shutil.which(n) for n in names)]
    if not missing:
        return None
    reason = f"{', '.join(missing)} not found (cmake/setup.sh --for full)"
    if "STRAIT_REQUIRE_TOOLS" in os.environ:
        return Result(failed=1, details=[(f"{preset}: {reason}", [], None)])
    return Result(skipped=1, notes=[(reason, preset)])


def build(step, arguments, log, screen):
    result = why_not(step.preset)
    if result:
        return result
    folder = BUILD / step.preset
    ready = folder / "build.ninja"
    presets = ROOT / "CMakePresets.json"
    commands = []
    # Ninja itself re-configures when a CMake file is newer; a preset that has
    # changed needs to be read anew.
    if (not ready.exists()
            or ready.stat().st_mtime < presets.stat().st_mtime):
        commands.append(["cmake", "--preset", step.preset])
    commands.append(["cmake", "--build", "--preset", step.preset,
                     "-j", str(arguments.jobs)])
    for index, command in enumerate(commands):
        if call(command, log, screen, append=index > 0) != 0:
            repeat = " && ".join(" ".join(c) for c in commands)
            return Result(failed=1, details=[(
                f"{step.name} failed; from {log.relative_to(ROOT)}:",
                first_failure(log), repeat)])
    return Result(passed=1)


def output_of(case):
    node = case.find("system-out")
    return (node.text or "").strip() if node is not None else ""


def reason_for_skip(case):
    for line in output_of(case).split("\n"):
        if re.search(r"\bskip", line, re.I):
            return re.sub(r"^skipped: *", "", line.strip())
    return output_of(case).split("\n")[-1].strip() or "gave no reason"


def parts_skipped(case, preset):
    """What a unit test that passed has left out: its lines "[SKIP] suite::test:
    reason". They are parts of a test that counts, so they do not count. The
    test of the stand-in itself prints some that mean nothing."""
    if case.get("name").startswith("support.standin"):
        return []
    found = re.findall(r"^\[SKIP\] (\S+::\S+): (.+)$", output_of(case), re.M)
    return [(reason.strip(), f"{preset} {case.get('name')} {part}")
            for part, reason in found]


def read_report(report, step, log):
    """Counts what ctest wrote about each test."""
    result = Result()
    try:
        cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        return Result(failed=1, details=[(
            f"{step.name}: no report from ctest ({error})", tail(log), None)])
    bad = []
    for case in cases:
        name = case.get("name")
        status = case.get("status")
        skipped = case.find("skipped")
        if status == "run" and case.find("failure") is None:
            result.passed += 1
            result.notes += parts_skipped(case, step.preset)
        elif status == "disabled":
            result.skipped += 1
            result.notes.append(("disabled", f"{step.preset} {name}"))
        elif (skipped is not None
              and (skipped.get("message") or "").startswith("SKIP_")):
            result.skipped += 1
            result.notes.append(
                (reason_for_skip(case), f"{step.preset} {name}"))
        else:
            result.failed += 1
            bad.append((name, output_of(case)))
    for name, output in bad[:5]:
        result.details.append((
            f"{step.preset}: {name} failed:", output.split("\n")[-30:],
            f"ctest --test-dir build/{step.preset} --output-on-failure"
            f" -R '^{re.escape(name)}$'"))
    if len(bad) > 5:
        result.details.append((
            f"{step.preset}: {len(bad) - 5} more failed: "
            + ", ".join(name for name, _ in bad[5:]), [], None))
    return result


def prefix_for(preset):
    """ThreadSanitizer of these compilers needs the older, smaller range of
    random addresses."""
    if "tsan" not in preset or not shutil.which("setarch"):
        return []
    try:
        bits = int(pathlib.Path("/proc/sys/vm/mmap_rnd_bits").read_text())
    except (OSError, ValueError):
        return []
    probe = ["setarch", os.uname().machine, "-R"]
    if bits <= 28 or subprocess.run([*probe, "true"], check=False,
                                    capture_output=True).returncode:
        return []
    return probe


def run_tests(step, arguments, log, screen):
    report = log.with_suffix(".xml")
    report.unlink(missing_ok=True)
    command = [*prefix_for(step.preset), "ctest",
               "--test-dir", str(BUILD / step.preset), *step.select,
               "-j", str(arguments.jobs), "--output-on-failure",
               "--no-tests=error", "--output-junit", str(report)]
    status = call(command, log, screen, step.environment)
    result = read_report(report, step, log)
    if result.passed + result.failed + result.skipped == 0:
        result.failed += 1
        result.details.append((
            f"{step.name}: no test matches {' '.join(step.select)}",
            tail(log, 5), None))
    elif status != 0 and result.failed == 0:
        result.failed += 1
        result.details.append((
            f"{step.name}: ctest ended with status {status} although no test"
            " failed", tail(log), " ".join(command)))
    return result


def only_one():
    """Two runs in one tree would disturb each other's builds and timings."""
    BUILD.mkdir(exist_ok=True)
    lock = open(BUILD / ".lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("waiting for another run in this tree to end", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def finish(total, started, stopped):
    """Prints what was skipped, the verdict and the count."""
    reasons = {}
    for reason, test in total.notes:
        reasons.setdefault(reason, []).append(test)
    for reason, tests in reasons.items():
        tests = list(dict.fromkeys(tests))
        more = f" and {len(tests) - 3} more" if len(tests) > 3 else ""
        print(f"skipped: {', '.join(tests[:3])}{more}: {reason}")
    took = clock(time.monotonic() - started)
    if stopped:
        print(f"verdict: STOPPED after {took}; the rest was not tested")
    elif total.failed:
        print(f"verdict: FAILED after {took}; logs are in build/logs")
    else:
        print(f"verdict: all passed in {took}")
    count = f"{total.passed} passed, {total.failed} failed"
    if total.skipped:
        count += f", {total.skipped} skipped"
    print(count, flush=True)


def main():
    # What is wrong is said as tests/run would, which was called.
    parser = argparse.ArgumentParser(
        prog="tests/run", description=__doc__,
        usage="tests/run [--full] [--long] [--only REGEX] [--jobs N]"
              " [--no-setup]\n                 [--list] [--help]")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--jobs", type=int,
                        default=len(os.sched_getaffinity(0)))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--setup-seconds", type=float,
                        help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not 1 <= arguments.jobs <= 4096:
        parser.error("--jobs wants a whole number from 1 to 4096, not "
                     f"'{arguments.jobs}'")
    try:
        steps = steps_of(arguments)
    except re.error as error:
        parser.error(f"--only is no regular expression: {error}")
    if not steps:
        parser.error(f"no step matches '{arguments.only}'; see --list")
    if arguments.list:
        for step in steps:
            print(step.name)
        return 0

    # There the set-up script has installed everything: what is missing, is
    # missing by mistake.
    if arguments.full and os.environ.get("CI", "") not in ("", "0", "false"):
        os.environ["STRAIT_REQUIRE_TOOLS"] = "1"
    # A polite kill ends the running step as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    lock = only_one()
    LOGS.mkdir(parents=True, exist_ok=True)
    total = Result()
    had_setup = arguments.setup_seconds is not None
    screen = Screen(len(steps) + had_setup)
    if had_setup:
        screen.begin("set-up")
        screen.started -= arguments.setup_seconds
        started -= arguments.setup_seconds
        screen.end("ok", "")
        total.passed += 1
    broken = {}  # presets that were not built, with the reason
    stopped = False
    for step in steps:
        screen.begin(step.name)
        log = LOGS / (re.sub(r"[^a-z]+", "-", step.name) + ".log")
        if step.preset in broken:
            result = Result(skipped=1, notes=[
                (broken[step.preset], step.name)])
        else:
            try:
                result = (run_tests if step.select else build)(
                    step, arguments, log, screen)
            except KeyboardInterrupt:
                stopped = True
                screen.end("FAILED", "stopped")
                total.failed += 1
                break
        if result.failed and not step.select:
            broken[step.preset] = f"the build of {step.preset} failed"
        elif result.skipped and not step.select:
            broken[step.preset] = result.notes[0][0]
        total.passed += result.passed
        total.failed += result.failed
        total.skipped += result.skipped
        total.notes += result.notes
        state = "FAILED" if result.failed else (
            "ok" if result.passed else "skipped")
        text = ""
        if step.select:
            text = f"{result.passed} passed"
            if result.failed:
                text += f", {result.failed} failed"
            if result.skipped:
                text += f", {result.skipped} skipped"
        screen.end(state, text)
        for headline, lines, repeat in result.details:
            print(f"    {headline}")
            for line in lines:
                print(f"    | {line}")
            if repeat:
                print(f"    repeat with: {repeat}")
    finish(total, started, stopped)
    lock.close()
    if stopped:
        return 130
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
