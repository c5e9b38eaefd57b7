/* SPDX-License-Identifier: MIT */
/*
 * fork - the questions about fork-join. What the programs do stands in
 * programs.h, how they are run in fork.h and bed.c.
 */
#include "fork/fork.h"

#include "questions.h"
#include "systems.h"

#define RIVALS &fork_strait, &fork_lace, &fork_tbb, &fork_openmp, &fork_taskflow

static const struct bench_system *const with_one[] = { RIVALS, &fork_serial };
static const struct bench_system *const with_two[] = { RIVALS,
    &fork_serial_x2 };
static const struct bench_system *const with_more[] = { RIVALS,
    &fork_serial_cores };
static const struct bench_system *const rivals[] = { RIVALS };

#define SYSTEMS(array) .systems = array, .n_systems = BENCH_COUNT(array)
/* A trial of one round, or of so many tasks of fib, says how many will do. */
#define TIMED(n, ms, shape) .n_ops = n, .target_ms = ms, .detail = &(shape)
/* What takes long enough is run once. */
#define ONCE(shape) .n_ops = 1, .detail = &(shape)

#define ONE_WORKER .arg = 1, SYSTEMS(with_one)
#define TWO_WORKERS .arg = 2, SYSTEMS(with_two)
#define MANY_WORKERS(n) .arg = n, SYSTEMS(with_more)

/* clang-format off */
/* Cases with more workers than two, called `prefix` and their number. */
#define MORE_CASES(prefix, says, ...)                                          \
    { .name = prefix "4", .title = says ", 4 workers",                         \
        .is_extra = true, MANY_WORKERS(4), __VA_ARGS__ },                      \
    { .name = prefix "8", .title = says ", 8 workers",                         \
        .is_extra = true, MANY_WORKERS(8), __VA_ARGS__ },                      \
    { .name = prefix "16", .title = says ", 16 workers",                       \
        .is_extra = true, MANY_WORKERS(16), __VA_ARGS__ }
/* All numbers of workers, and not in the quick run. */
#define EXTRA_CASES(prefix, says, ...)                                         \
    { .name = prefix "1", .title = says ", 1 worker",                          \
        .is_extra = true, ONE_WORKER, __VA_ARGS__ },                           \
    { .name = prefix "2", .title = says ", 2 workers",                         \
        .is_extra = true, TWO_WORKERS, __VA_ARGS__ },                          \
    MORE_CASES(prefix, says, __VA_ARGS__)
/* clang-format on */

#define QUESTION(text, says, array)                                            \
    const struct bench_question question_##text = {                            \
        .name = #text,                                                         \
        .asks = says,                                                          \
        .unit = BENCH_TIME,                                                    \
        .cases = array,                                                        \
        .n_cases = BENCH_COUNT(array),                                         \
        SYSTEMS(rivals),                                                       \
    }

/* --------------------------------------------------------------------- fib */

static const struct fork_shape fib = { .program = FORK_FIB };

#define FIB TIMED(100000, 100, fib)

static const struct bench_case fib_cases[] = {
    { .name = "1", .title = "1 worker", FIB, ONE_WORKER },
    { .name = "2", .title = "2 workers", FIB, TWO_WORKERS },
    MORE_CASES("", "the same", FIB),
};

QUESTION(fib,
    "What does a task cost that does next to nothing, spawned and joined? "
    "(less is better)",
    fib_cases);

/* ----------------------------------------------------------------- nqueens */

static const struct fork_shape queens_11 = {
    .program = FORK_NQUEENS,
    .size = 11,
};
static const struct fork_shape queens_13 = {
    .program = FORK_NQUEENS,
    .size = 13,
};

#define QUEENS TIMED(1, 60, queens_11)

static const struct bench_case nqueens_cases[] = {
    { .name = "1", .title = "11 queens, 1 worker", QUEENS, ONE_WORKER },
    { .name = "2", .title = "11 queens, 2 workers", QUEENS, TWO_WORKERS },
    MORE_CASES("", "11 queens", QUEENS),
    EXTRA_CASES("13_", "13 queens", ONCE(queens_13)),
};

QUESTION(nqueens,
    "How long does a task take that tries to place a queen, spawned and joined? "
    "(less is better)",
    nqueens_cases);

/* --------------------------------------------------------------------- uts */

static const struct fork_shape t1 = {
    .program = FORK_UTS,
    .size = FORK_UTS_T1,
    .n_tasks = 4130071,
};
static const struct fork_shape t3l = {
    .program = FORK_UTS,
    .size = FORK_UTS_T3L,
    .n_tasks = 111345631,
};

static const struct bench_case uts_cases[] = {
    { .name = "t1_1",
        .title = "T1, 4,130,071 nodes, 1 worker",
        ONCE(t1),
        ONE_WORKER,
        .is_extra = true },
    { .name = "t1_2",
        .title = "T1, 4,130,071 nodes, 2 workers",
        ONCE(t1),
        TWO_WORKERS },
    MORE_CASES("t1_", "T1, 4,130,071 nodes", ONCE(t1)),
    EXTRA_CASES("t3l_", "T3L, 111,345,631 nodes", ONCE(t3l)),
};

QUESTION(uts,
    "How long does a node take of a tree that nobody can divide beforehand? "
    "(less is better)",
    uts_cases);

/* ------------------------------------------------------------------ skynet */

#define LEAVES 1000000
#define SKYNET_TASKS 1111110

static const struct fork_shape skynet = {
    .program = FORK_SKYNET,
    .size = LEAVES,
    .n_tasks = SKYNET_TASKS,
};
static const struct fork_shape skynet_peak = {
    .program = FORK_SKYNET,
    .size = LEAVES,
    .n_tasks = SKYNET_TASKS,
    .asks_peak = true,
};

#define SKYNET TIMED(1, 60, skynet)
#define PEAK                                                                   \
    ONCE(skynet_peak), .unit = BENCH_FIGURE, .figure_unit = " MiB",            \
                       .is_extra = true, SYSTEMS(rivals)

static const struct bench_case skynet_cases[] = {
    { .name = "1", .title = "1 M leaves, 1 worker", SKYNET, ONE_WORKER },
    { .name = "2", .title = "1 M leaves, 2 workers", SKYNET, TWO_WORKERS },
    MORE_CASES("", "1 M leaves", SKYNET),
    { .name = "peak_2",
        .title = "the same once: by how much the process grows, 2 workers",
        .arg = 2,
        PEAK },
    { .name = "peak_16",
        .title = "the same once: by how much the process grows, 16 workers",
        .arg = 16,
        PEAK },
};

QUESTION(skynet,
    "How long does one of a million tasks take, ten from each? (less is better)",
    skynet_cases);

/* --------------------------------------------------------------- integrate */

static const struct fork_shape area = {
    .program = FORK_INTEGRATE,
    .size = 10000,
};

static const struct bench_case integrate_cases[] = {
    EXTRA_CASES("", "x^3 + x, 0 to 10,000", TIMED(1, 100, area)),
};

QUESTION(integrate,
    "How long does a step of adaptive integration take? (less is better)",
    integrate_cases);

/* -------------------------------------------------------------------- tree */

static const struct fork_shape tree_1k = {
    .program = FORK_TREE,
    .size = 1000,
    .n_tasks = 1000,
};
static const struct fork_shape tree_10m = {
    .program = FORK_TREE,
    .size = 10000000,
    .n_tasks = 10000000,
};

static const struct bench_case tree_cases[] = {
    EXTRA_CASES("1k_", "1,000 nodes, again and again", TIMED(1, 100, tree_1k)),
    EXTRA_CASES("10m_", "10 M nodes", TIMED(1, 100, tree_10m)),
};

QUESTION(tree,
    "How long does a node take in a sum over a tree? (less is better)",
    tree_cases);

/* ------------------------------------------------------------------ matmul */

static const struct fork_shape squares = {
    .program = FORK_MATMUL,
    .size = 1024,
};

static const struct bench_case matmul_cases[] = {
    EXTRA_CASES("", "1024 x 1024", ONCE(squares)),
};

QUESTION(matmul,
    "How long does a task of a product of matrices take, 64 x 64 at the leaves? "
    "(less is better)",
    matmul_cases);

/* ---------------------------------------------------------------- cilksort */

static const struct fork_shape items = {
    .program = FORK_SORT,
    .size = 4000000,
};

static const struct bench_case cilksort_cases[] = {
    EXTRA_CASES("", "4 M integers", ONCE(items)),
};

QUESTION(cilksort,
    "How long does a task of a merge sort take, 1,024 items at the leaves? "
    "(less is better)",
    cilksort_cases);

/* -------------------------------------------------------------- fork_first */

static const struct fork_shape first = {
    .program = FORK_FIRST,
    .n_tasks = 1,
};

static const struct bench_case first_cases[] = {
    { .name = "2",
        .title = "100 tasks, then at most 200 ms of work; the other of 2 "
                 "workers sleeps",
        .n_ops = 24,
        .arg = 2,
        .shows_tail = true,
        .is_extra = true,
        SYSTEMS(rivals),
        .detail = &first },
};

const struct bench_question question_fork_first = {
    .name = "fork_first",
    .asks = "How long until an idle worker has begun what a busy one has "
            "spawned? (less is better)",
    .unit = BENCH_LATENCY,
    .cases = first_cases,
    .n_cases = BENCH_COUNT(first_cases),
    SYSTEMS(rivals),
};
