#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the atomic instructions that each hot function is compiled to.

The library is compiled with -O2 by the compiler given, for x86-64, or for
aarch64 in three ways: armv8-a (loops of exclusive loads and stores), armv8-a
with outline atomics (calls that choose at run time; what users get) and
armv8.1-a (single instructions). objdump and the compiler's own last word on
orders are compared with the table in this file, exactly: a fence, a stronger
order or one access more is a failure, and so is one less. A function is what
the library itself carries of it; inline functions are there like all others.

What is seen where. Fences (dmb, dsb, mfence, lock or on the stack) and seq_cst
operations: everywhere, in every function of lib/. Orders of loads and stores:
on aarch64 (ldar, stlr). Orders of read-modify-writes: on aarch64 (swpal, casl).
Their number: everywhere. seq_cst is taken from the compiler's intermediate
code, since aarch64 has the same instructions for it as for acquire and release,
and x86-64 the same loads.

Functions of lib/queue/ are compared in full, and none may be missing from the
table; so are spawn and join. Of all others only fences and seq_cst operations
are.

The numbers hold for gcc 12 and clang 14; with other versions only fences are
compared. Each run also plants mistakes in a copy, which must be reported.
Without the compiler the check is a skip, but a failure if the variable
STRAIT_REQUIRE_TOOLS is set, as tests/run --full does in CI, where the set-up
script has installed it.

Exit status: 0 all is as in the table, 1 something is not or the self-test
failed, 2 bad usage, 77 skipped.
"""
import argparse
import collections
import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What each function costs, in operations: of memory, ld.acq and st.rel; swp,
# cas, add, or, and with the order of their reading and writing half (.rlx .acq
# .rel .ar); "sc" counts those that are seq_cst among them. A number in front
# means that many places in the code, not that many executions; relaxed loads
# and stores are not counted. Columns that differ are named by what they begin
# with: "clang", "gcc aarch64", "clang x86-64".
HOT = {
    # mpsc: one exchange, one linking store.
    "strait_mpsc_push": "swp.ar st.rel",
    "strait_mpsc_push_chain": "swp.ar st.rel",
    # One load behind a dummy, one behind a node. The cas: the last node.
    "strait_mpsc_pop": "cas.rel 2*ld.acq",
    "strait_mpsc_pop_chain": {
        "": "2*cas.rel 3*ld.acq",
        "clang": "2*cas.rel 4*ld.acq",  # its loop is peeled
    },
    "strait_mpsc_arm": "cas.rel",
    "strait_mpsc_disarm": "cas.rel",
    # mpsc_shared: a counter, and the pops of who discards.
    "strait_mpsc_shared_open": "cas.rlx",
    "strait_mpsc_shared_release": "add.ar add.rlx",
    "strait_mpsc_shared_close": "add.ar",
    "discard_all": "cas.rel 2*ld.acq",
    # ring: a claim, a publication; looks at both positions and what is kept.
    "strait_ring_push": "cas.ar 3*ld.acq 2*st.rel",
    "strait_ring_push_n": "cas.ar 3*ld.acq 2*st.rel",
    # Pop is take, whose cas also acquires for the notes of lib/sched/removal.h.
    "strait_ring_pop": "cas.ar 2*ld.acq",
    # The same in steps, for who keeps something beside each place (lib/sched).
    "strait_ring_claim_": "cas.ar 3*ld.acq st.rel",
    "strait_ring_publish_": "st.rel",
    "strait_ring_take_": "cas.ar 2*ld.acq",
    # Loops are peeled by gcc.
    "strait_ring_pop_n": {"": "cas.rel 3*ld.acq", "clang": "cas.rel 2*ld.acq"},
    "strait_ring_pop_strong": {
        "": "cas.ar 4*ld.acq",
        "clang": "cas.ar 2*ld.acq",
    },
    "strait_ring_pop_alone": "ld.acq st.rel",
    "strait_ring_pop_n_alone": "ld.acq st.rel",
    "strait_ring_arm": "cas.rel",
    "strait_ring_length": "ld.acq",
    "strait_ring_is_empty": {"": "", "clang": "ld.acq"},  # length inlined
    # x86-64 has no or that answers the word before, only a test of one bit.
    "strait_ring_close": {"": "or.acq", "clang x86-64": "cas"},
    # sink: mpsc's, inlined.
    "strait_sink_push": "swp.ar st.rel",
    "strait_sink_drain": "cas.rel 2*ld.acq",
    # spsc: no read-modify-write at all.
    "strait_spsc_reserve": "ld.acq",
    "strait_spsc_commit": "st.rel",
    "strait_spsc_push": "ld.acq st.rel",
    "strait_spsc_peek": "ld.acq",
    "strait_spsc_release": "st.rel",
    # tail_; when nothing is there, closed_ and tail_ once more.
    "strait_spsc_pop": {
        "": "3*ld.acq st.rel",
        "gcc aarch64": "3*ld.acq 2*st.rel",  # its end is there twice
    },
    "strait_spsc_step_back_": "",
    "strait_spsc_looked_": "",
    "strait_spsc_close": "st.rel",
    "strait_spsc_is_ended": "ld.acq",
    # event. The _sc forms are the place for seq_cst: a load that comes behind
    # the caller's store. The 0 that is added is one that compilers do not know
    # (STI_ZERO): of a known one they make mfence and a load.
    "strait_event_prepare": "add.ar sc",
    "strait_event_cancel": "cas.rlx ld.acq",
    "strait_event_wait": "cas.rlx 2*ld.acq",
    # The notification, a look afterwards, and the end of phantoms.
    "strait_event_wake_": "cas.rel add.rlx cas.rlx",
    "strait_event_notify_one": "add.rel",
    "strait_event_notify_all": "add.rel",
    "strait_event_notify_one_sc": "ld.acq sc",
    "strait_event_notify_all_sc": "ld.acq sc",
    # reclaim: an exchange when a section begins, a store when it ends; what
    # looks at others adds 0 to the state of each that is idle (see event).
    "strait_reclaim_enter": "swp.acq ld.acq st.rel",
    "strait_reclaim_exit": "st.rel",
    "strait_reclaim_online": "swp.acq ld.acq st.rel",
    "strait_reclaim_offline": "st.rel",
    "strait_reclaim_quiescent": "ld.acq st.rel",
    "strait_reclaim_join": "2*cas.acq cas.rlx",
    "strait_reclaim_leave": "2*st.rel",
    "strait_reclaim_destroy": "ld.acq",
    "sti_reclaim_help": "cas.acq ld.acq 2*st.rel",
    "strait_reclaim_collect": "add.ar cas.rel 2*ld.acq",
    "strait_reclaim_flush": "add.ar cas.rel 3*ld.acq st.rel",
    "strait_reclaim_retire": "swp.acq 2*add.ar 2*cas.rel 6*ld.acq 2*st.rel",
    # Outside lib/queue: a store that must come before a load.
    # A new lane and the close of its pool; the lanes of a worker that may end.
    "sti_lane_add": "2*sc",
    "strait_pool_close": "2*sc",
    "sti_worker_main": "2*sc",
    # A new member of a group and the cancel of it.
    "strait_group_cancel": "2*sc",
    "sti_group_admit": "2*sc",
    "strait_work_submit": {"": "", "clang": "2*sc"},  # admit inlined
    # fork: a spawn and its join, as long as nobody is idle, have none at all.
    "strait_frame_push_": "",
    "strait_frame_pop_": "",
    "strait_spawn": "",
    "strait_join": "",
    "strait_join_alone": "",
    "strait_worker_poll": "",
}
# Compared in full although they are not of lib/queue/.
IN_FULL = ("strait_frame_push_", "strait_frame_pop_", "strait_spawn",
           "strait_join", "strait_join_alone", "strait_worker_poll")

# The ways to compile for each target: name, options.
WAYS = {
    "x86-64": (("x86-64", ()),),
    "aarch64": (
        ("armv8-a", ("-march=armv8-a", "-mno-outline-atomics")),
        ("outline", ("-march=armv8-a", "-moutline-atomics")),
        ("armv8.1-a", ("-march=armv8.1-a",)),
    ),
}
VERSIONS = {"gcc": "12", "clang": "14"}
TRIPLETS = {"x86-64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}
FLAGS = ("-std=c11", "-O2", "-fPIC", "-fvisibility=hidden", "-DSTRAIT_DEBUG=0")


class Missing(Exception):
    """Something is not there; the text says what."""

    def __init__(self, text, can_be_installed=True):
        super().__init__(text)
        self.can_be_installed = can_be_installed


class Tools:
    """One compiler for one target, with its disassembler."""

    def __init__(self, compiler, target):
        self.compiler = compiler
        self.target = target
        triplet = TRIPLETS[target]
        native = os.uname().machine.replace("_", "-") == target
        self.options = []
        if target == "x86-64" and not native:
            raise Missing("the x86-64 part runs on x86-64 only", False)
        if compiler == "gcc":
            self.cc = "gcc" if native else f"{triplet}-gcc"
        else:
            self.cc = "clang"
            if not native:
                headers = pathlib.Path(f"/usr/{triplet}/include")
                if not (headers / "stdio.h").exists():
                    raise Missing(f"{headers} is not there")
                self.options = [f"--target={triplet}", "-isystem",
                                str(headers)]
        self.objdump = "objdump" if native else f"{triplet}-objdump"
        for tool in (self.cc, self.objdump):
            if shutil.which(tool) is None:
                raise Missing(f"{tool} is not installed")
        said = run([self.cc, "-dumpversion"]).strip()
        self.version = said.split(".", maxsplit=1)[0]
        self.exact = self.version == VERSIONS[compiler]


def run(command):
    """What a command says; an exception with its complaint if it fails."""
    answer = subprocess.run(command, capture_output=True, text=True,
                            check=False)
    if answer.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{answer.stderr}")
    return answer.stdout


# --- From instructions to operations -----------------------------------------

X86 = (
    # gcc's fence is a locked instruction that changes nothing on the stack.
    (r"lock or[bwlq]? +\$0x0,(0x0|-?0x[0-9a-f]+)?\(%[re]sp\)", "fence"),
    (r"[mls]fence\b", "fence"),
    (r"lock (cmpxchg)", "cas"),
    (r"lock (xadd|add|sub|inc|dec)", "add"),
    (r"lock (or|bts)", "or"),
    (r"lock (and|btr)", "and"),
    (r"lock \S+", "other"),
    (r"xchg[bwlq]? .*\(", "swp"),  # locked if there is memory in it
)
ORDERS = {"": "rlx", "a": "acq", "l": "rel", "al": "ar",
          "relax": "rlx", "acq": "acq", "rel": "rel", "acq_rel": "ar",
          "sync": "ar+fence"}
KINDS = {"swp": "swp", "cas": "cas", "ldadd": "add", "ldset": "or",
         "ldclr": "and", "stadd": "add", "stset": "or", "stclr": "and"}
ARM = re.compile(
    r"(?P<fence>dmb|dsb)\b|(?P<ld>ldap?r)[bh]?\b|(?P<st>stlr)[bh]?\b"
    r"|(?P<lx>lda?x[rp])[bh]?\b|(?P<sx>stl?x[rp])[bh]?\b"
    r"|(?P<lse>swp|casp?|(?:ld|st)(?:add|clr|set|eor|[su]max|[su]min))"
    r"(?P<order>a|l|al)?[bh]?\s"
    r"|bl?\s.*<__aarch64_(?P<call>[a-z]+)\d+_(?P<called>[a-z_]+)")


def operations_x86(lines):
    found = collections.Counter()
    for line in lines:
        for pattern, name in X86:
            if re.match(pattern, line):
                found[name] += 1
                break
    return found


def operations_arm(lines):
    """Exclusive loads and stores say the order of the two halves of an
    operation, not which one it is: rmw."""
    found = collections.Counter()
    halves = collections.Counter()
    for line in lines:
        match = ARM.match(line)
        if not match:
            continue
        kind = match.lastgroup
        if kind == "fence":
            found["fence"] += 1
        elif kind == "ld":
            found["ld.acq"] += 1
        elif kind == "st":
            found["st.rel"] += 1
        elif kind in ("lx", "sx"):
            halves[match[kind][:-1]] += 1
        else:
            name = match["lse"] or match["call"]
            order = ORDERS[match["order"] or match["called"] or ""]
            found[f"{KINDS.get(name, name)}.{order}"] += 1
    for half, count in halves.items():
        found[f"rmw {half}"] = count
    return found


def as_seen(want, way):
    """An entry of the table as that way of compiling shows it."""
    seen = collections.Counter()
    for name, count in want.items():
        kind, _, order = name.partition(".")
        if name in ("fence", "sc"):
            seen[name] += count
        elif way == "x86-64":
            if kind not in ("ld", "st"):
                seen[kind] += count
        elif way == "armv8-a" and kind not in ("ld", "st"):
            seen["rmw ldax" if order in ("acq", "ar") else "rmw ldx"] += count
            seen["rmw stlx" if order in ("rel", "ar") else "rmw stx"] += count
        else:
            seen[name] += count
    return seen


def seq_cst_gcc(dump):
    """From the dump of the last pass over trees: the order is an argument, the
    last one but for the second order of a compare-and-swap and for the name of
    the function that gcc has replaced."""
    found = collections.Counter()
    function = None
    for line in dump.split("\n"):
        match = re.match(r";; Function (\S+) \(", line)
        if match:
            function = match[1]
        match = re.search(r"(__atomic_|__sync_|\.ATOMIC_)(\w+) \((.*)\);", line)
        if not match:
            continue
        arguments = match[3].split(", ")
        if "compare" in match[2].lower() or arguments[-1].startswith("__"):
            arguments.pop()
        order = arguments[-1]
        # Bits above are hints to the processor. __sync_ has but one order.
        if match[1] == "__sync_" or (order.isdigit() and int(order) & 7 == 5):
            found[function] += 1
    return found


def seq_cst_clang(text):
    """From LLVM's intermediate code, which names orders."""
    found = collections.Counter()
    function = None
    for line in text.split("\n"):
        match = re.match(r"define .*@([\w.]+)\(", line)
        if match:
            function = match[1]
        elif line.startswith("}"):
            function = None
        elif function and re.search(r"\bseq_cst\b", line):
            found[function] += 1
    return found


# --- Compiling ---------------------------------------------------------------

def base_name(symbol):
    """Compilers split and clone functions: f.part.0, f.cold belong to f."""
    return symbol.split(".", maxsplit=1)[0]


def functions_of(tools, way, listing):
    """{function: operations} of a disassembly."""
    bodies = collections.defaultdict(list)
    body = None
    for line in listing.split("\n"):
        match = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        if match:
            body = bodies[base_name(match[1])]
            continue
        # Calls in an object are named by the relocation below them.
        match = re.match(r"\s+[0-9a-f]+: R_AARCH64_(CALL|JUMP)26\s+(\S+)", line)
        if match:
            body.append(f"bl <{match[2]}")
            continue
        match = re.match(r"\s+[0-9a-f]+:\s+(.*)", line)
        if match and body is not None and not match[1].startswith("bl"):
            body.append(match[1])
    count = operations_x86 if tools.target == "x86-64" else operations_arm
    return {name: count(lines) for name, lines in bodies.items()}


def look_at(tools, root, folder, job):
    """Compiles one file in one way; {function: operations}."""
    source, (way, options) = job
    stem = folder / f"{source.parent.name}.{source.stem}.{way}"
    command = [tools.cc, *tools.options, *FLAGS, *options,
               f"-I{root}/include", f"-I{root}/lib", str(source)]
    if tools.compiler == "gcc":
        dump = f"{stem}.optimized"
        run([*command, "-c", "-o", f"{stem}.o",
             f"-fdump-tree-optimized={dump}"])
        # For a file without functions there is none.
        orders = seq_cst_gcc(pathlib.Path(dump).read_text(encoding="utf-8")
                             if os.path.exists(dump) else "")
    else:
        run([*command, "-c", "-o", f"{stem}.o"])
        orders = seq_cst_clang(run([*command, "-S", "-emit-llvm", "-o", "-"]))
    found = functions_of(tools, way, run(
        [tools.objdump, "-d", "-r", "--no-show-raw-insn", f"{stem}.o"]))
    if tools.compiler == "gcc" and found and not os.path.exists(dump):
        raise SystemExit(f"{tools.cc} wrote no dump for {source}")
    for symbol, count in orders.items():
        name = base_name(symbol)
        found.setdefault(name, collections.Counter())["sc"] += count
    return source, way, found


def observe(tools, root, pattern):
    """{way: {(file, function): operations}} for the files that match."""
    root = pathlib.Path(root)
    jobs = [(source, way) for source in sorted(root.glob(pattern))
            for way in WAYS[tools.target]]
    if not jobs:
        raise SystemExit(f"{root}: nothing matches {pattern}")
    seen = {way: {} for way, _ in WAYS[tools.target]}
    with tempfile.TemporaryDirectory(prefix="strait-codegen-") as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        work = functools.partial(look_at, tools, root, pathlib.Path(folder))
        for source, way, found in pool.map(work, jobs):
            for function, operations in found.items():
                key = (str(source.relative_to(root)), function)
                seen[way][key] = operations
    return seen


# --- Comparing ---------------------------------------------------------------

def parse(text):
    want = collections.Counter()
    for word in text.split():
        count, _, name = word.rpartition("*")
        want[name] += int(count or 1)
    return want


def wanted(tools, function):
    """The table's entry for this compiler and target, or None."""
    entry = HOT.get(function)
    if entry is None or isinstance(entry, str):
        return entry
    column = f"{tools.compiler} {tools.target}"
    return entry[max((k for k in entry if column.startswith(k)), key=len)]


def spell(operations):
    return " ".join(f"{n}*{name}" if n > 1 else name
                    for name, n in sorted(operations.items()) if n) or "nothing"


def check(tools, seen, complete=True):
    """Problems, as lines of text."""
    problems = collections.defaultdict(list)
    for way, functions in seen.items():
        for (file, function), got in sorted(functions.items()):
            entry = wanted(tools, function)
            want = as_seen(parse(entry or ""), way)
            if not tools.exact:
                want, got = ({"fence": found["fence"]} for found in (want, got))
            elif (not file.startswith("lib/queue/")
                  and function not in IN_FULL):
                want, got = ({name: found[name] for name in ("fence", "sc")}
                             for found in (want, got))
            want, got = spell(want), spell(got)
            if entry is None and got != "nothing":
                problems[f"{file}: {function} has {got} and is not in the"
                         " table"].append(way)
            elif want != got:
                problems[f"{file}: {function} has {got}, should have {want}"
                         ].append(way)
        if complete:
            names = {function for _, function in functions}
            for name in HOT:
                if name not in names:
                    problems[f"{name} is in the table, but not in lib/"
                             ].append(way)
    return [f"{text} ({', '.join(ways)})" for text, ways in problems.items()]


# --- Planted mistakes --------------------------------------------------------

# What, where it can be seen, file, function, what to replace in it by what, and
# what the report must say.
PUSH = ("include/strait/mpsc.h", "strait_mpsc_push_chain")
PLANTS = (
    ("a fence", "any", *PUSH, r'STRAIT_POINT\("[\w.]+"\)',
     "__atomic_thread_fence(__ATOMIC_SEQ_CST)", "fence"),
    ("a barrier by hand", "x86-64", *PUSH, r'STRAIT_POINT\("[\w.]+"\)',
     '__asm__ __volatile__("mfence" ::: "memory")', "fence"),
    ("a barrier by hand", "aarch64", *PUSH, r'STRAIT_POINT\("[\w.]+"\)',
     '__asm__ __volatile__("dmb ish" ::: "memory")', "fence"),
    ("a seq_cst store", "any", *PUSH, "strait_store_release",
     "strait_store_sc", "sc"),
    ("a seq_cst store", "x86-64", *PUSH, "strait_store_release",
     "strait_store_sc", "2*swp"),
    ("a seq_cst exchange", "any", *PUSH, "strait_xchg_acq_rel",
     "strait_xchg_sc", "sc"),
    ("a release where none is needed", "aarch64", *PUSH, "strait_store_rlx",
     "strait_store_release", "2*st.rel"),
    ("a release lost", "aarch64", *PUSH, "strait_store_release",
     "strait_store_rlx", "should have"),
    ("a stronger compare-and-swap", "aarch64", "lib/queue/mpsc.c",
     "strait_mpsc_arm", "strait_cas_release", "strait_cas_acq_rel",
     "should have"),
    ("one exchange more", "any", "lib/queue/mpsc.c", "strait_mpsc_arm",
     r'STRAIT_POINT\("[\w.]+"\)', "(void)strait_xchg_acquire(&q->tail_, dummy)",
     "should have"),
    ("a seq_cst load", "any", "include/strait/mpsc.h", "strait_mpsc_pop",
     "strait_load_acquire", "strait_load_sc", "sc"),
    ("an exchange in a spawn", "any", "include/strait/fork.h",
     "strait_frame_push_", r"deque->n_spawned_\+\+",
     "(void)strait_xchg_acquire(&deque->word_, 0)", "should have nothing"),
    ("an ordered look in a join", "aarch64", "include/strait/fork.h",
     "strait_frame_pop_", "strait_load_rlx", "strait_load_acquire",
     "should have nothing"),
    ("a function that the table does not know", "any", "lib/queue/mpsc.c",
     "strait_mpsc_arm", r"\Z", "\nbool planted(strait_mpsc_t *q);\n"
     "bool planted(strait_mpsc_t *q)\n"
     "{ return strait_xchg_acquire(&q->tail_, NULL) == NULL; }\n",
     "not in the table"),
)


def plant(text, function, pattern, by):
    """The text with one replacement inside one function's definition."""
    start = re.search(rf"^{function}\(", text, re.M)
    end = start and text.find("\n}\n", start.end())
    if not start or end < 0:
        raise SystemExit(f"self-test failed: no definition of {function}")
    body, count = re.subn(pattern, lambda _: by, text[start.start():end + 3],
                          count=1)
    if count != 1:
        raise SystemExit(f"self-test failed: no {pattern} in {function}")
    return text[:start.start()] + body + text[end + 3:]


def self_test(tools):
    n_reported = 0
    for what, target, file, function, pattern, by, expected in PLANTS:
        if target not in ("any", tools.target):
            continue
        if not tools.exact and expected != "fence":
            continue
        with tempfile.TemporaryDirectory(prefix="strait-codegen-") as name:
            copy = pathlib.Path(name)
            for folder in ("include", "lib"):
                shutil.copytree(ROOT / folder, copy / folder)
            text = (copy / file).read_text(encoding="utf-8")
            (copy / file).write_text(plant(text, function, pattern, by),
                                     encoding="utf-8")
            source = ("lib/sched/fork.c" if file.endswith("/fork.h")
                      else "lib/queue/mpsc.c")
            problems = check(tools, observe(tools, copy, source), False)
        if not any(re.search(rf"\b{re.escape(expected)}\b", problem)
                   for problem in problems):
            raise SystemExit(f"self-test failed: {what} in {function} was not"
                             f" reported as '{expected}': {problems}")
        n_reported += 1
    return n_reported


def print_found(seen):
    for way, functions in seen.items():
        print(f"{way}:")
        for (file, function), operations in sorted(functions.items()):
            if +operations and (file.startswith("lib/queue/")
                                or operations["fence"] or operations["sc"]):
                print(f"  {function:<32} {spell(operations)}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("compiler", choices=sorted(VERSIONS))
    parser.add_argument("target", choices=sorted(WAYS))
    parser.add_argument("--root", default=ROOT, help="project to look at")
    parser.add_argument("--no-self-test", action="store_true",
                        help="only look at the project")
    parser.add_argument("--print", action="store_true",
                        help="print what each function was compiled to")
    arguments = parser.parse_args()
    try:
        tools = Tools(arguments.compiler, arguments.target)
    except Missing as reason:
        print(f"skipped: {reason} (cmake/setup.sh --for full)")
        required = "STRAIT_REQUIRE_TOOLS" in os.environ
        return 1 if required and reason.can_be_installed else 77
    seen = observe(tools, arguments.root, "lib/*/*.c")
    if arguments.print:
        print_found(seen)
    problems = check(tools, seen)
    for problem in problems:
        print(problem)
    if not tools.exact:
        print(f"{tools.cc} is version {tools.version}, the numbers are for"
              f" {VERSIONS[tools.compiler]}: only fences compared")
    said = f"{len(problems)} problems"
    if not arguments.no_self_test:
        said += f"; {self_test(tools)} planted mistakes reported"
    print(said)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
