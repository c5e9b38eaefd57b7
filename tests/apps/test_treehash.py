#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of treehash: runs the program on trees made for the purpose.

Each case is a test of its own in ctest. What the program prints is held
against sha256sum and its relatives, and against a walk written down here.
Exit status: 0 passed, 1 failed, 77 skipped (with the reason).
"""
import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import pty
import random
import re
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

PROGRAM = ""
SOURCE = ""
SANITIZED = False
PATIENCE_S = 60


class Skip(Exception):
    """The case cannot be run here; the text says why."""


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def check_equal(seen, expected, what):
    if seen == expected:
        return
    at = 0
    if isinstance(seen, (bytes, list)) and isinstance(expected, type(seen)):
        # Large ones from where they begin to differ.
        while (at < len(seen) and at < len(expected) and
               seen[at] == expected[at]):
            at += 1
        at = at if at > 50 else 0
        seen, expected = seen[at:], expected[at:]
        what += f" (from {at} on)"
    raise AssertionError(
        f"{what}:\n  seen     {seen!r:.500}\n  expected {expected!r:.500}")


def run(*args, cwd, program=None, **more):
    """Runs the program to its end; no terminal anywhere."""
    return subprocess.run(
        [program or PROGRAM, *args], cwd=cwd, stdin=subprocess.DEVNULL,
        stdout=more.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
        timeout=PATIENCE_S, check=False, **more)


def start(*args, cwd, **more):
    return subprocess.Popen(
        [PROGRAM, *args], cwd=cwd, stdin=subprocess.DEVNULL, **more)


def write(path, data=b""):
    with open(path, "wb") as file:
        file.write(data)


def sparse(path, size):
    """A file that takes long to hash and no room."""
    write(path)
    os.truncate(path, size)


def walk(top):
    """The files below top in the order that treehash promises."""
    slash = b"" if top.endswith(b"/") else b"/"
    with os.scandir(top) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        path = top + slash + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from walk(path)
        elif entry.is_file(follow_symlinks=False):
            yield path


def sum_line(path, digest):
    """A line of sha256sum, by the rules of coreutils 9."""
    odd = any(c in path for c in b"\n\\\r")
    for plain, text in ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r")):
        path = path.replace(plain, text)
    return (b"\\" if odd else b"") + digest.encode() + b"  " + path + b"\n"


def expected_lines(cwd, top, algorithm="sha256"):
    lines = []
    before = os.getcwd()
    os.chdir(cwd)
    try:
        for path in walk(top):
            with open(path, "rb") as file:
                digest = hashlib.new(algorithm, file.read()).hexdigest()
            lines.append(sum_line(path, digest))
    finally:
        os.chdir(before)
    return lines


def coreutils(tool, cwd, paths):
    lines = b""
    for i in range(0, len(paths), 500):
        lines += subprocess.run(
            [tool, "--", *paths[i:i + 500]], cwd=cwd, check=True,
            stdout=subprocess.PIPE).stdout
    return lines


ODD_NAMES = [
    b"plain", b" leading and trailing ", b"-leading-dash", b"--json",
    b"new\nline", b"back\\slash", b"carriage\rreturn", b"all\n\\\rthree",
    b"\\", b"\n", b"tab\tand\x1b[31mescape", b"star*", b"quote'\"",
    b"latin1-\xe9", b"cut-\xe2\x82", b"over-\xc0\xaf", b"surrogate-\xed\xa0\x80",
    "euro-€-and-𝄞".encode(), b"\x7f", b"\x01\x02", b"~", b".hidden", b"#",
    b"a", b"a.b", b"a-b", b"a b", b"Z", b"n" * 255,
]


def make_odd_tree(top):
    """Odd names as files and as directories, empty files, links, a pipe."""
    os.mkdir(top)
    for i, name in enumerate(ODD_NAMES):
        write(os.path.join(top, b"f" + name[:254]), name * i)
        inner = os.path.join(top, name)
        os.mkdir(inner)
        write(os.path.join(inner, name), b"inside " + name)
        write(os.path.join(inner, b"empty"))
    os.mkdir(os.path.join(top, b"empty-dir"))
    deep = top
    for i in range(40):
        deep = os.path.join(deep, b"down%d" % i)
        os.mkdir(deep)
        write(os.path.join(deep, b"before"), b"%d" % i)
        write(os.path.join(deep, b"x-after"), b"%d" % -i)
    wide = os.path.join(top, b"wide")
    os.mkdir(wide)
    for i in range(1500):
        write(os.path.join(wide, b"%d" % i), b"%d" % i)
    os.symlink(b"plain", os.path.join(top, b"link-to-dir"))
    os.symlink(b"fplain", os.path.join(top, b"link-to-file"))
    os.symlink(b"nowhere", os.path.join(top, b"link-to-nothing"))
    os.symlink(b".", os.path.join(top, b"link-to-itself"))
    os.mkfifo(os.path.join(top, b"pipe"))


# ------------------------------------------------------------------- cases

def case_bytes(tmp):
    """What it prints is what sha256sum prints, for any number of workers."""
    top = os.path.join(tmp, b"odd")
    make_odd_tree(top)
    before = os.getcwd()
    os.chdir(tmp)
    paths = list(walk(b"odd"))
    os.chdir(before)
    expected = coreutils("sha256sum", tmp, paths)
    check_equal(b"".join(expected_lines(tmp, b"odd")), expected,
                "this script's idea of sha256sum")
    for workers in ("1", "2", "8", "64"):
        result = run("-j", workers, b"odd", cwd=tmp)
        check_equal(result.stdout, expected, f"-j {workers}")
        check_equal(result.stderr, b"", f"stderr of -j {workers}")
        check_equal(result.returncode, 0, f"status of -j {workers}")
    check_equal(run(b"odd", cwd=tmp).stdout, expected, "without -j")
    write(os.path.join(tmp, b"sums"), expected)
    checked = subprocess.run(
        ["sha256sum", "-c", "--quiet", "sums"], cwd=tmp, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check_equal((checked.returncode, checked.stdout), (0, b""), "sha256sum -c")
    result = run("--stats", b"odd", cwd=tmp)
    check(b" 4 links and 1 special files passed over" in result.stderr,
          f"links and pipe are counted: {result.stderr!r}")


def case_arguments(tmp):
    """Files, links, slashes and repetitions as arguments."""
    os.mkdir(os.path.join(tmp, b"d"))
    write(os.path.join(tmp, b"d", b"x"), b"x")
    write(os.path.join(tmp, b"-j"), b"dash")
    write(os.path.join(tmp, b"f"), b"f")
    os.symlink(b"d", os.path.join(tmp, b"to-d"))
    os.symlink(b"f", os.path.join(tmp, b"to-f"))
    cases = [
        ([b"f"], [b"f"]),
        ([b"f", b"d", b"f"], [b"f", b"d/x", b"f"]),
        ([b"d/"], [b"d/x"]),
        ([b"d//"], [b"d//x"]),
        ([b"./d"], [b"./d/x"]),
        ([b"d/../d/x"], [b"d/../d/x"]),
        ([b"to-d", b"to-f"], [b"to-d/x", b"to-f"]),
        ([b"--", b"-j"], [b"./-j"]),
        ([b"-j1", b"--", b"f"], [b"f"]),
        ([tmp + b"/d"], [tmp + b"/d/x"]),
        ([b"."], [b"./-j", b"./d/x", b"./f"]),
    ]
    for args, paths in cases:
        result = run(*args, cwd=tmp)
        expected = coreutils("sha256sum", tmp, paths)
        seen = result.stdout
        if args == [b"--", b"-j"]:
            seen = seen.replace(b"  -j", b"  ./-j")
        check_equal((seen, result.returncode), (expected, 0), f"{args}")
    os.mkfifo(os.path.join(tmp, b"p"))
    result = run(b"p", b"f", cwd=tmp)
    check_equal(result.stdout, coreutils("sha256sum", tmp, [b"f"]), "after it")
    check_equal((result.stderr, result.returncode),
                (b"treehash: p: Neither a regular file nor a directory\n", 1),
                "a pipe as an argument")


def case_algorithms(tmp):
    """Other algorithms, under the names of the coreutils and of OpenSSL."""
    os.mkdir(os.path.join(tmp, b"d"))
    for i in range(10):
        write(os.path.join(tmp, b"d", b"%d" % i), os.urandom(i * 50000))
    os.chdir(tmp)
    paths = list(walk(b"d"))
    for name, tool in (("sha256", "sha256sum"), ("SHA512", "sha512sum"),
                       ("sha1", "sha1sum"), ("md5", "md5sum"),
                       ("sha224", "sha224sum"), ("sha384", "sha384sum"),
                       ("b2", "b2sum"), ("blake2b512", "b2sum")):
        check_equal(run("--algo", name, b"d", cwd=tmp).stdout,
                    coreutils(tool, tmp, paths), name)
    check_equal(run("-asha3-256", b"d", cwd=tmp).stdout,
                b"".join(expected_lines(tmp, b"d", "sha3_256")), "sha3-256")
    names = run("--algo", "list", cwd=tmp)
    check_equal(names.returncode, 0, "--algo list")
    check(b"sha2-256\n" in names.stdout, "--algo list names sha2-256")
    for name in names.stdout.split():
        result = run("-a", name, b"d/0", cwd=tmp)
        # What it lists, it can do.
        check_equal((result.returncode, result.stderr), (0, b""), f"{name}")
    result = run("-a", "rot13", b"d", cwd=tmp)
    check_equal((result.returncode, result.stdout), (2, b""), "unknown name")
    check(b"rot13" in result.stderr and b"--algo list" in result.stderr,
          f"says what to do: {result.stderr!r}")


def case_json(tmp):
    """--json is valid, complete and gives every name back."""
    make_odd_tree(os.path.join(tmp, b"odd"))
    os.chdir(tmp)
    paths = list(walk(b"odd"))
    result = run("--json", b"odd", b"missing\xff\n", cwd=tmp)
    check_equal(result.returncode, 1, "status with a missing argument")
    lines = result.stdout.decode("utf-8").split("\n")
    check_equal(lines.pop(), "", "ends with a newline")
    rows = [json.loads(line) for line in lines]
    check_equal([row["type"] for row in rows],
                ["file"] * len(paths) + ["error", "summary"], "types")
    for path, row in zip(paths, rows):
        seen = (bytes.fromhex(row["path_hex"]) if "path_hex" in row
                else row["path"].encode())
        check_equal(seen, path, "path")
        with open(path, "rb") as file:
            data = file.read()
        check_equal(row["bytes"], len(data), f"bytes of {path}")
        check_equal(row["sha256"], hashlib.sha256(data).hexdigest(), f"{path}")
        try:
            path.decode("utf-8")
            check("path_hex" not in row, f"{path} needs no path_hex")
        except UnicodeDecodeError:
            check("�" in row["path"], f"{path} shows what it lost")
    check_equal(rows[-2]["path_hex"], b"missing\xff\n".hex(), "failed path")
    check_equal(rows[-2]["error"], "No such file or directory", "reason")
    summary = rows[-1]
    check_equal((summary["files"], summary["errors"], summary["stopped"]),
                (len(paths), 1, False), "summary")
    check_equal(summary["bytes"], sum(row["bytes"] for row in rows[:-2]),
                "bytes of all")


def as_nobody():
    """Root may read everything; somebody else may not."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def case_failures(tmp):
    """What cannot be read is named once, in order, and the rest goes on."""
    top = os.path.join(tmp, b"d")
    for name in (b"", b"a", b"locked", b"z"):
        os.mkdir(os.path.join(top, name))
        if name:
            write(os.path.join(top, name, b"file"), name)
    write(os.path.join(top, b"secret\nname"), b"?")
    write(os.path.join(top, b"zz"), b"!")
    os.chmod(os.path.join(top, b"locked"), 0)
    os.chmod(os.path.join(top, b"secret\nname"), 0)
    os.chmod(tmp, 0o755)
    program = PROGRAM
    if os.geteuid() == 0:
        # The build may stand where nobody else can look.
        program = os.path.join(os.fsdecode(tmp), "treehash")
        shutil.copy(PROGRAM, program)
        os.chmod(program, 0o755)
    result = run(b"missing", b"d", program=program, cwd=tmp,
                 preexec_fn=as_nobody)
    if b"error while loading shared libraries" in result.stderr:
        raise Skip("the library cannot be read by another user here")
    check_equal(result.stderr,
                b"treehash: missing: No such file or directory\n"
                b"treehash: d/locked: Permission denied\n"
                b"treehash: d/secret\\012name: Permission denied\n",
                "one line for each")
    check_equal(result.returncode, 1, "status")
    check_equal(result.stdout, coreutils(
        "sha256sum", tmp, [b"d/a/file", b"d/z/file", b"d/zz"]), "the rest")
    os.chmod(os.path.join(top, b"locked"), 0o700)


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        check(time.monotonic() < end, f"waited in vain: {what}")
        time.sleep(0.005)


def has_open(pid, path):
    """True if a process reads the file of that name just now."""
    folder = f"/proc/{pid}/fd"
    with contextlib.suppress(FileNotFoundError, PermissionError):
        for fd in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):
                if os.fsencode(os.readlink(f"{folder}/{fd}")) == path:
                    return True
    return False


def case_vanished(tmp):
    """Files that go away, or become something else, after they were seen."""
    top = os.path.join(tmp, b"d")
    os.mkdir(top)
    first = os.path.join(top, b"0")
    sparse(first, 3 << 30)
    for name in (b"fine", b"gone", b"pipe", b"turned-link"):
        write(os.path.join(top, name), name)
    # One worker has listed all and is now busy with the first.
    process = start("-j1", b"d", cwd=tmp, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE)
    wait_for(lambda: has_open(process.pid, first), "it opens the first file")
    for name in (b"gone", b"pipe", b"turned-link"):
        os.unlink(os.path.join(top, name))
    os.mkfifo(os.path.join(top, b"pipe"))
    os.symlink(b"fine", os.path.join(top, b"turned-link"))
    check(has_open(process.pid, first), "the change came in time")
    os.truncate(first, 1 << 20)
    out, err = process.communicate(timeout=PATIENCE_S)
    check_equal(err,
                b"treehash: d/gone: No such file or directory\n"
                b"treehash: d/pipe: No longer a regular file\n"
                b"treehash: d/turned-link: No longer a regular file\n",
                "stderr")
    check_equal(process.returncode, 1, "status")
    names = [line.split(b"  ", 1)[1] for line in out.splitlines()]
    check_equal(names, [b"d/0", b"d/fine"], "the rest")


def case_stop(tmp):
    """SIGINT and SIGTERM: a complete prefix, a word, status 130."""
    top = os.path.join(tmp, b"d")
    os.mkdir(top)
    for i in range(300):
        write(os.path.join(top, b"%03d" % i), b"%d" % i)
    before = expected_lines(tmp, b"d")
    # Behind the one it is stopped in there are small ones, long since hashed
    # by the second worker and not to be printed.
    sparse(os.path.join(top, b"large0"), 16 << 30)
    for i in range(300):
        write(os.path.join(top, b"z%03d" % i), b"%d" % i)
    for number in (signal.SIGINT, signal.SIGTERM):
        for option in ("-j1", "-j2"):
            path = os.path.join(tmp, b"out")
            with open(path, "wb") as out:
                process = start(option, b"d", cwd=tmp, stdout=out,
                                stderr=subprocess.PIPE)
                wait_for(lambda: os.path.getsize(path) > 0,
                         "waiting output is written")
                time.sleep(0.1)
                sent = time.monotonic()
                process.send_signal(number)
                _, err = process.communicate(timeout=PATIENCE_S)
                seconds = time.monotonic() - sent
            check_equal(process.returncode, 130, f"status after {number!r}")
            check(seconds < 2 or SANITIZED, f"took {seconds:.1f} s to stop")
            with open(path, "rb") as out:
                seen = out.read()
            check_equal(seen, b"".join(before), "all that was complete")
            check(re.fullmatch(
                rb"treehash: stopped after 300 files, [\d.]+ k?B, "
                rb"in [\d.]+ s\n", err), f"says how far it came: {err!r}")
    # In JSON the summary says so, too.
    process = start("--json", "-j2", b"d", cwd=tmp, stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL)
    wait_for(lambda: has_open(process.pid, os.path.join(top, b"large0")),
             "it opens a large file")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE_S)
    summary = json.loads(out.splitlines()[-1])
    check_equal((summary["stopped"], process.returncode), (True, 130), "JSON")


def case_reader(tmp):
    """Readers who go away, who do not read, and outputs that are full."""
    top = os.path.join(tmp, b"d")
    os.mkdir(top)
    for i in range(4000):
        write(os.path.join(top, b"%04d" % i + b"x" * 100), b"")
    # A pipe of packets keeps writes apart (up to a page each).
    reader, writer = os.pipe2(os.O_DIRECT)
    process = start(b"d", cwd=tmp, stdout=writer)
    os.close(writer)
    n_packets = 0
    n_lines = 0
    while packet := os.read(reader, 65536):
        n_packets += 1
        n_lines += packet.count(b"\n")
    os.close(reader)
    check_equal((process.wait(PATIENCE_S), n_lines), (0, 4000), "packets")
    check(n_packets < n_lines // 5, f"{n_packets} writes of {n_lines} lines")

    process = start(b"d", cwd=tmp, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE)
    process.stdout.read(1000)
    process.stdout.close()
    err = process.stderr.read()
    check_equal((process.wait(PATIENCE_S), err), (141, b""), "a closed pipe")
    process.stderr.close()

    process = start(b"d", cwd=tmp, stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL)
    # It fills the pipe and waits: nothing is added for a while.
    size = fcntl.fcntl(process.stdout, 1032)  # F_GETPIPE_SZ
    check(size < 4000 * 170, "the output is larger than a pipe")
    filled = [(0, time.monotonic())]

    def waits():
        waiting = fcntl.ioctl(process.stdout, termios.FIONREAD, bytes(4))
        waiting = struct.unpack("i", waiting)[0]
        if waiting != filled[-1][0]:
            filled.append((waiting, time.monotonic()))
        return waiting >= size // 2 and time.monotonic() - filled[-1][1] > 1
    wait_for(waits, "the pipe fills")
    check(process.poll() is None, "it waits for its reader")
    process.send_signal(signal.SIGINT)
    check_equal(process.wait(PATIENCE_S), 130, "a reader who does not read")
    process.stdout.close()

    with open("/dev/full", "wb") as full:
        result = run(b"d", cwd=tmp, stdout=full)
    check_equal((result.returncode, result.stderr),
                (1, b"treehash: standard output: No space left on device\n"),
                "/dev/full")
    with open("/dev/full", "wb") as full:
        result = run(b"d/0000" + b"x" * 100, cwd=tmp, stdout=full)
    check_equal(result.returncode, 1, "/dev/full with a short output")
    closed = subprocess.run(
        ["sh", "-c", f'exec "{PROGRAM}" d >&-'], cwd=tmp, check=False,
        stderr=subprocess.PIPE, timeout=PATIENCE_S)
    check_equal(closed.returncode, 1, "closed stdout")
    check(b"standard output" in closed.stderr, f"{closed.stderr!r}")
    closed = subprocess.run(
        ["sh", "-c", f'exec "{PROGRAM}" d <&- 2>&-'], cwd=tmp, check=False,
        stdout=subprocess.PIPE, timeout=PATIENCE_S)
    check_equal((closed.returncode, len(closed.stdout.splitlines())),
                (0, 4000), "closed stdin and stderr")


def case_usage(tmp):
    """Wrong options name the way out; help names every option."""
    for args in ([], ["-j"], ["-j", "0"], ["-j", "65"], ["-j", "two"],
                 ["-j", "-1"], ["-j", ""], ["-x"], ["--no-such"], ["--algo"],
                 ["--json=yes"], ["-j", "99999999999999999999"], ["-qx"]):
        result = run(*args, b"." if args else b"--", cwd=tmp)
        if args in (["-j"], ["--algo"]):
            # Took the directory for its value, or found nothing behind it.
            result = run(*args, cwd=tmp)
        check_equal((result.returncode, result.stdout), (2, b""), f"{args}")
        check(b"--help" in result.stderr or b"leave it out" in result.stderr,
              f"{args} says what to do: {result.stderr!r}")
        check(result.stderr.startswith(b"treehash: "), f"{result.stderr!r}")
    text = run("--help", cwd=tmp)
    check_equal((text.returncode, text.stderr), (0, b""), "--help")
    with open(SOURCE, encoding="utf-8") as file:
        names = re.findall(r'\{ "([a-z-]+)", \w+_argument', file.read())
    check(len(names) >= 7, f"options found in the source: {names}")
    for name in names:
        check(f"--{name} " in text.stdout.decode() or
              f"--{name},"in text.stdout.decode(), f"--help names --{name}")
    check(all(len(line) <= 80 for line in text.stdout.splitlines()),
          "--help fits 80 columns")
    check_equal(run("-h", cwd=tmp).stdout, text.stdout, "-h")
    version = run("--version", cwd=tmp)
    check(version.returncode == 0 and b"OpenSSL" in version.stdout and
          b"Strait" in version.stdout, f"--version: {version.stdout!r}")
    with open("/dev/full", "wb") as full:
        check_equal(run("--help", cwd=tmp, stdout=full).returncode, 1,
                    "--help to a full disk")


# ---------------------------------------------------------------- terminal

class Screen:
    """As much of a terminal as the program uses: CR, LF, erase, colours."""

    def __init__(self, width):
        self.width = width
        self.lines = [""]
        self.column = 0
        self.n_draws = 0
        self.widest = 0
        self.words = set()

    def feed(self, text):
        for part in re.findall(r"\x1b\[[\d;]*[A-Za-z]|.", text, re.S):
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.lines.append("")
                self.column = 0
            elif part == "\x1b[K":
                self.lines[-1] = self.lines[-1][:self.column]
                if self.column > 0:
                    self.n_draws += 1
                    self.words.add(self.lines[-1])
            elif part.startswith("\x1b"):
                check(part.endswith("m"), f"only colours beside: {part!r}")
            else:
                line = self.lines[-1]
                self.lines[-1] = (line[:self.column] + part +
                                  line[self.column + 1:])
                self.column += 1
                self.widest = max(self.widest, self.column)
                # What is on the screen must fit, or it would wrap.


def on_terminal(args, cwd, width, stdout=None, environment=None):
    """Runs the program with a terminal on stderr (and stdout if None)."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    attributes = termios.tcgetattr(side)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(side, termios.TCSANOW, attributes)
    variables = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8")
    variables.pop("NO_COLOR", None)
    variables.update(environment or {})

    def own_terminal():
        os.setsid()
        fcntl.ioctl(side, termios.TIOCSCTTY, 0)
    process = subprocess.Popen(
        [PROGRAM, *args], cwd=cwd, stdin=side,
        stdout=side if stdout is None else stdout, stderr=side,
        env=variables, preexec_fn=own_terminal)
    os.close(side)
    data = b""
    times = []
    begun = time.monotonic()
    while True:
        ready, _, _ = select.select([main], [], [], PATIENCE_S)
        check(ready, "the program goes on")
        try:
            part = os.read(main, 65536)
        except OSError:
            break
        if not part:
            break
        times.append(time.monotonic())
        data += part
    os.close(main)
    status = process.wait(PATIENCE_S)
    screen = Screen(width)
    screen.feed(data.decode("utf-8"))
    return status, screen, data, time.monotonic() - begun


def case_terminal(tmp):
    """A bar on a terminal, none elsewhere, and nothing left of it."""
    top = os.path.join(tmp, b"d")
    os.mkdir(top)
    for i in range(4):
        sparse(os.path.join(top, b"large%d" % i), 150 << 20)
    for i in range(40):
        write(os.path.join(top, b"%02d" % i), b"%d" % i)
    expected = run(b"d", cwd=tmp)
    check_equal(expected.stderr, b"", "nothing on a stderr that is a pipe")
    for width in (200, 80, 40, 12, 3):
        with open(os.path.join(tmp, b"out"), "wb") as out:
            status, screen, _, seconds = on_terminal(
                ["-j1", b"d"], tmp, width, stdout=out)
        check_equal(status, 0, "status")
        check(screen.n_draws >= 2, f"drawn {screen.n_draws} times")
        check(screen.n_draws <= seconds * 10 + 2,
              f"drawn {screen.n_draws} times in {seconds:.1f} s")
        check(screen.widest < width, f"{screen.widest} columns of {width}")
        check_equal(screen.lines, [""], "nothing is left of the bar")
        with open(os.path.join(tmp, b"out"), "rb") as out:
            check_equal(out.read(), expected.stdout, "output beside the bar")
        words = "\n".join(sorted(screen.words))
        if width == 200:
            for what in (r"\d+%", r"\d+ of 44 files", r"of 629 MB",
                         r"[\d.]+ [kMG]?B/s", r"\d:\d\d left", "█", "─"):
                check(re.search(what, words), f"'{what}' is shown in: {words}")
    status, screen, data, _ = on_terminal(["-j1", b"d"], tmp, 80)
    check_equal("\n".join(screen.lines).encode(), expected.stdout,
                "lines and bar on one terminal")
    check(screen.n_draws >= 2, "a bar between the lines")
    status, screen, data, _ = on_terminal(
        ["-j1", b"d"], tmp, 80,
        environment={"NO_COLOR": "1", "LC_ALL": "C"})
    check(b"\x1b[3" not in data and b"\x1b[0" not in data, "NO_COLOR")
    check("#" in "".join(screen.words), "a bar of ASCII")
    for args, environment in ((["-q"], {}), ([], {"TERM": "dumb"})):
        with open(os.path.join(tmp, b"out"), "wb") as out:
            status, screen, data, _ = on_terminal(
                [*args, b"d"], tmp, 80, stdout=out, environment=environment)
        check_equal(data, b"", f"no bar with {args} {environment}")


# ------------------------------------------------------------------ limits

def peak_bytes(args, cwd):
    """Runs it and answers its largest resident size.

    Not from wait4, which counts from before exec, when it was this script.
    """
    peak = 0
    with open(os.path.join(cwd, b"out"), "wb") as out:
        process = start("--stats", *args, cwd=cwd, stdout=out,
                        stderr=subprocess.PIPE)
        while process.poll() is None:
            with contextlib.suppress(OSError, ProcessLookupError):
                with open(f"/proc/{process.pid}/status", "rb") as status:
                    seen = re.search(rb"VmHWM:\s+(\d+) kB", status.read())
                peak = max(peak, int(seen[1]) * 1024) if seen else peak
            time.sleep(0.002)
        err = process.stderr.read()
        process.stderr.close()
    said = re.fullmatch(rb"treehash: .* threads, ([\d.]+) MB resident\n", err)
    check(said and process.returncode == 0, f"{args}: {err!r}")
    said = float(said[1]) * 1e6
    check(peak * 0.98 <= said, f"says {said}, was seen with {peak}")
    return said


def case_memory(tmp):
    """Memory is flat: in the number of files and in the width of a directory."""
    if SANITIZED:
        raise Skip("sanitizers need memory of their own")
    begun = time.monotonic()
    for i in range(50):
        folder = os.path.join(tmp, b"d", b"%02d" % i)
        os.makedirs(folder)
        for k in range(1000):
            write(os.path.join(folder, b"%03d" % k), b"%d" % k)
    few = peak_bytes([b"d/00", b"d/01", b"d/02"], tmp)
    print(f"{time.monotonic() - begun:.1f} s to make the trees")
    for option in ("-j1", "-j2", "-j64"):
        many = peak_bytes([option, b"d"], tmp)
        print(f"peak with {option}: 3,000 files {few / 1e6:.1f} MB, "
              f"50,000 files {many / 1e6:.1f} MB")
        check(many < 64 << 20, f"{many} bytes")
    with open(os.path.join(tmp, b"out"), "rb") as out:
        check_equal(len(out.read().splitlines()), 50000, "lines")
    # A first file that takes long must not let the rest pile up without end.
    sparse(os.path.join(tmp, b"d", b"!"), 1 << 30)
    many = peak_bytes(["-j2", b"d"], tmp)
    print(f"peak behind a large file: {many / 1e6:.1f} MB")
    check(many < 64 << 20, f"{many} bytes")
    # More names than a listing holds: several passes.
    wide = os.path.join(tmp, b"wide")
    os.mkdir(wide)
    for i in range(40000):
        os.link(os.path.join(tmp, b"d", b"00", b"%03d" % (i % 50)),
                os.path.join(wide, b"%d-" % (i * 7919 % 40009) + b"n" * 240))
    many = peak_bytes(["-j2", b"wide"], tmp)
    print(f"peak in a wide directory: {many / 1e6:.1f} MB")
    check(many < 64 << 20, f"{many} bytes")
    with open(os.path.join(tmp, b"out"), "rb") as out:
        names = [line.split(b"  ", 1)[1] for line in out.read().splitlines()]
    check_equal(len(names), 40000, "names")
    check(names == sorted(names), "in order")


def make_chain(tmp, top, depth, name):
    """Directories in each other beyond any path limit."""
    fd = os.open(tmp, os.O_RDONLY | os.O_DIRECTORY)
    digests = []
    path = top
    os.mkdir(top, dir_fd=fd)
    inner = os.open(top, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
    os.close(fd)
    fd = inner
    files = []
    for i in range(depth):
        for file in (b"a", b"z"):
            if i % 10 == 0:
                out = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=fd)
                os.write(out, b"%d" % i)
                os.close(out)
        if i % 10 == 0:
            files.append((path, hashlib.sha256(b"%d" % i).hexdigest()))
        os.mkdir(name, dir_fd=fd)
        inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = inner
        path += b"/" + name
    os.close(fd)
    digests = [sum_line(at + b"/a", digest) for at, digest in files]
    digests += [sum_line(at + b"/z", digest) for at, digest in files[::-1]]
    return b"".join(digests)


def case_deep(tmp):
    """Paths far longer than PATH_MAX, with few descriptors."""
    expected = make_chain(tmp, b"deep", 600, b"directory-of-some-length")

    def few_descriptors():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    for program in (PROGRAM, PROGRAM + "_tiny"):
        for options in (["-j1"], ["-j2"]):
            result = run(*options, b"deep", cwd=tmp, program=program,
                         preexec_fn=few_descriptors)
            check_equal((result.stderr, result.returncode), (b"", 0), program)
            check_equal(result.stdout, expected, f"{program} {options}")
    shutil_rmtree_deep(os.path.join(tmp, b"deep"))


def shutil_rmtree_deep(path):
    """shutil.rmtree is recursive; a tree deeper than its limit needs rm."""
    subprocess.run(["rm", "-rf", "--", path], check=True)


def make_random_tree(top, dice):
    os.mkdir(top)
    folders = [top]
    for _ in range(dice.randrange(1, 60)):
        name = os.path.join(dice.choice(folders),
                            b"%x" % dice.randrange(1 << 20))
        if not os.path.exists(name):
            os.mkdir(name)
            folders.append(name)
    for _ in range(dice.randrange(0, 400)):
        folder = dice.choice(folders if dice.random() < 0.5 else folders[:3])
        name = os.path.join(folder, b"%x" % dice.randrange(1 << 24) +
                            dice.choice([b"", b"n" * 200, b"\\", b"\n"]))
        write(name, bytes(dice.choice([0, 1, 1000, 70000])))


def case_tiny(tmp):
    """Small limits everywhere: random trees reach all of them."""
    seed = int(os.environ.get("STRAIT_SEED", time.time_ns() % 1000000))
    print(f"seed {seed} (set STRAIT_SEED to repeat)")
    dice = random.Random(seed)
    for i in range(12):
        top = b"tree%d" % i
        make_random_tree(os.path.join(tmp, top), dice)
        expected = b"".join(expected_lines(tmp, top))
        for option in ("-j1", "-j2", "-j5"):
            for program in (PROGRAM, PROGRAM + "_tiny"):
                result = run(option, top, cwd=tmp, program=program)
                check_equal((result.stdout, result.stderr, result.returncode),
                            (expected, b"", 0), f"{program} {option} {top}")


def case_moved(tmp):
    """Directories that move away while the walk stands below them."""

    def swap(source, target):
        """Puts a link to somewhere else in the place of a directory."""
        os.rename(source, os.path.join(os.path.dirname(source), b"WAS"))
        os.symlink(target, source)

    outside = os.path.join(tmp, b"outside")
    os.mkdir(outside)
    write(os.path.join(outside, b"never"), b"seen")

    def scene(number, change, missed, errors):
        """The walk is held in d/a/b/e/e/c; the change is made; it goes on.

        By then it has closed d/a, d/a/b and d/a/b/e. New names are such that
        a second look at a directory does not find them: they come before.
        """
        folder = os.path.join(tmp, b"scene%d" % number)
        d = os.path.join(folder, b"d")
        c = os.path.join(d, b"a", b"b", b"e", b"e", b"c")
        os.makedirs(c)
        os.makedirs(os.path.join(d, b"a", b"b", b"e", b"e", b"y"))
        os.makedirs(os.path.join(d, b"z", b"z", b"z"))
        for path in (b"", b"a", b"a/b", b"a/b/e/e/y", b"z", b"z/z", b"z/z/z"):
            write(os.path.join(d, path, b"zz"), path)
        # More than the small window holds, so that the walk waits in here
        # while the only worker is busy with the first.
        first = os.path.join(c, b"0")
        sparse(first, 16 << 30)
        for i in range(100):
            write(os.path.join(c, b"f%03d" % i))
        os.chdir(folder)
        names = [path for path in walk(b"d") if path not in missed]
        process = subprocess.Popen(
            [PROGRAM + "_tiny", "-j1", "d"], cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        wait_for(lambda: has_open(process.pid, first), "it opens the first file")
        time.sleep(0.1)
        handle = os.open(first, os.O_RDWR)
        change(d)
        os.ftruncate(handle, 1000)
        os.close(handle)
        out, err = process.communicate(timeout=PATIENCE_S)
        check_equal(err, errors, f"stderr of scene {number}")
        check_equal([line.split(b"  ", 1)[1] for line in out.splitlines()],
                    names, f"files of scene {number}")
        check_equal(process.returncode, 1 if errors else 0, "status")

    def take_e(d):
        os.rename(d + b"/a/b/e", outside + b"/e%d" % time.monotonic_ns())

    def another_b(d):
        os.rename(d + b"/a/b", d + b"/a/B")
        os.mkdir(d + b"/a/b")
        write(d + b"/a/b/zzz", b"never")

    gone = b"treehash: %s: No such file or directory\n"
    scene(1, lambda d: os.rename(d + b"/a/b", d + b"/a/B"), [], b"")
    scene(2, take_e, [], b"")
    scene(3, lambda d: (take_e(d), os.rename(d + b"/a/b", d + b"/a/B")),
          [b"d/a/b/zz"], gone % b"d/a/b")
    scene(4, lambda d: (take_e(d), another_b(d)),
          [b"d/a/b/zz"], gone % b"d/a/b")
    scene(5, lambda d: (take_e(d), swap(d + b"/a/b", outside)),
          [b"d/a/b/zz"], b"treehash: d/a/b: Not a directory\n")
    scene(6, lambda d: (take_e(d), os.rename(d + b"/a", d + b"/A")),
          [b"d/a/b/zz", b"d/a/zz"], gone % b"d/a/b" + gone % b"d/a")
    # The listing of the innermost ones is kept, and says it is a directory.
    scene(7, lambda d: swap(d + b"/a/b/e/e/y", outside),
          [b"d/a/b/e/e/y/zz"], b"treehash: d/a/b/e/e/y: Not a directory\n")


def case_moving(tmp):
    """Directories that are moved about while it walks: no crash, no lie."""
    dice = random.Random(1)
    top = os.path.join(tmp, b"d")
    os.mkdir(top)
    chain = top
    for i in range(12):
        chain = os.path.join(chain, b"m%d" % i)
        os.mkdir(chain)
        for k in range(30):
            write(os.path.join(chain, b"f%d" % k), b"same")
            write(os.path.join(chain, b"z%d" % k), b"same")
    digest = hashlib.sha256(b"same").hexdigest().encode()
    done = threading.Event()

    def move():
        """Swaps directories of the chain in and out of their places."""
        while not done.is_set():
            depth = dice.randrange(1, 12)
            path = os.path.join(top, *(b"m%d" % i for i in range(depth)))
            with contextlib.suppress(OSError):
                os.rename(path, path + b"x")
                time.sleep(dice.random() * 0.002)
                os.rename(path + b"x", path)
    mover = threading.Thread(target=move)
    mover.start()
    n_failed = 0
    try:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            result = run("-j2", b"d", cwd=tmp, program=PROGRAM + "_tiny")
            check(result.returncode in (0, 1), f"status {result.returncode}")
            check_equal(result.returncode, 1 if result.stderr else 0,
                        f"status and stderr agree: {result.stderr!r}")
            for line in result.stderr.splitlines():
                check(re.fullmatch(rb"treehash: d[/\w]*: [\w ]+", line),
                      f"{line!r}")
            for line in result.stdout.splitlines():
                check(line.startswith(digest + b"  d/m0"), f"{line!r}")
            n_failed += result.returncode
    finally:
        done.set()
        mover.join()
    print(f"{n_failed} runs met a directory that had moved")


def place_for_trees():
    """Memory if there is enough of it: a busy disk takes minutes for what is
    a matter of seconds. TMPDIR overrides."""
    memory = "/dev/shm"
    if "TMPDIR" not in os.environ and os.access(memory, os.W_OK | os.X_OK):
        room = os.statvfs(memory)
        if (room.f_bavail * room.f_frsize >= 1 << 30 and
                (room.f_files == 0 or room.f_favail >= 200000) and
                not room.f_flag & os.ST_NOEXEC):
            return memory
    return None


def main():
    global PROGRAM, SOURCE, SANITIZED
    cases = {name[5:]: function for name, function in globals().items()
             if name.startswith("case_")}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", required=True, help="the treehash to test")
    parser.add_argument("--source", required=True, help="its options.c")
    parser.add_argument("--sanitized", action="store_true",
                        help="built with a sanitizer")
    parser.add_argument("case", choices=sorted(cases), nargs="+")
    options = parser.parse_args()
    PROGRAM = os.path.abspath(options.program)
    SOURCE = os.path.abspath(options.source)
    SANITIZED = options.sanitized
    os.umask(0o022)
    here = os.getcwd()
    for name in options.case:
        tmp = os.fsencode(
            tempfile.mkdtemp(prefix="treehash.", dir=place_for_trees()))
        try:
            cases[name](tmp)
            print(f"{name}: passed")
        except Skip as reason:
            print(f"{name}: skipped, {reason}")
            return 77
        except AssertionError as reason:
            print(f"{name}: FAILED\n{reason}")
            return 1
        finally:
            os.chdir(here)
            shutil.rmtree(tmp, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
