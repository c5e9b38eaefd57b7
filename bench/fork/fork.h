/* SPDX-License-Identifier: MIT */
/*
 * fork.h - the questions about fork-join: programs that spawn tasks and join
 * them, as every system runs them.
 *
 * What a program does stands once, in programs.h, in a dialect of macros that
 * each system translates into its own calls. A system is one file: the dialect,
 * how its workers are started and stopped, and how a root is run on them. The
 * rest is bed.c: sizes, clocks, what is right.
 *
 * No program has a cut-off: each call that may run elsewhere is a task, however
 * little it does. What is counted is the time per task, the work in it
 * included; `serial` is the same text with plain calls, so that the difference
 * is what the tasks cost.
 */
#ifndef BENCH_FORK_FORK_H
#define BENCH_FORK_FORK_H

#include "harness.h"

#ifdef __cplusplus
extern "C" {
#endif

enum fork_program {
    FORK_FIB,
    FORK_NQUEENS,
    FORK_UTS,
    FORK_SKYNET,
    FORK_INTEGRATE,
    FORK_TREE,
    FORK_MATMUL,
    FORK_SORT,
    FORK_FIRST
};

/** What a case asks for; its `arg` is the number of workers. */
struct fork_shape {
    enum fork_program program;
    uint64_t size;    /**< see the program; 0 for fib: as the time allows */
    uint64_t n_tasks; /**< of one round; 0: bed.c counts */
    bool asks_peak;   /**< the figure is by how many MiB the process grows */
};

/* --------------------------------------------------------- unbalanced trees */

/** How a tree of UTS grows: by numbers that SHA-1 draws. */
struct fork_uts {
    bool is_binomial;
    uint32_t seed;
    double b0;      /**< children: mean if geometric, of the root if not */
    int32_t depth;  /**< geometric: nodes at this depth are leaves */
    double q;       /**< binomial: how likely a node is to have children */
    uint32_t m;     /**< binomial: and how many */
    uint64_t nodes; /**< as published */
};

struct fork_uts_node {
    uint32_t state[5];
    int32_t depth;
};

void fork_uts_root(const struct fork_uts *tree, struct fork_uts_node *root);
void fork_uts_child(const struct fork_uts_node *parent, uint32_t index,
    struct fork_uts_node *child);
unsigned fork_uts_children(
    const struct fork_uts *tree, const struct fork_uts_node *node);

enum { FORK_UTS_T1, FORK_UTS_T3L, FORK_UTS_TREES };
extern const struct fork_uts fork_uts_trees[FORK_UTS_TREES];

/* ----------------------------------------------------------- other programs */

#define FORK_QUEENS_MAX 14

/** Queens in the first rows of a board; small enough to be an argument. */
struct fork_board {
    uint8_t n;
    uint8_t n_placed;
    uint8_t columns[FORK_QUEENS_MAX];
};

struct fork_node {
    struct fork_node *left;
    struct fork_node *right;
    uint64_t value;
};

/** c += a * b, for squares of n that are parts of matrices of `stride`. */
struct fork_product {
    double *c;
    const double *a;
    const double *b;
    uint32_t n;
    uint32_t stride;
};

#define FORK_PRODUCT_LEAF 64
#define FORK_SORT_LEAF 1024
#define FORK_MERGE_LEAF 2048
#define FORK_FIRST_TASKS 100
#define FORK_FIRST_LIMIT_NS 200000000u

void fork_product_leaf(const struct fork_product *product);
void fork_sort_leaf(int32_t *items, size_t n);
void fork_merge_leaf(
    const int32_t *a, size_t n_a, const int32_t *b, size_t n_b, int32_t *out);
/** How many of the sorted items are smaller. */
size_t fork_sort_below(const int32_t *items, size_t n, int32_t item);

/* ------------------------------------------------------------------- a job */

/** What is run: a program, so many times, with its data. */
struct fork_job {
    enum fork_program program;
    uint64_t size;
    uint64_t n_rounds;
    uint64_t expected; /**< what a round answers */
    uint64_t n_wrong;  /**< rounds that answered otherwise */
    double exact;      /**< integrate: what it comes close to */
    struct fork_product product;
    int32_t *items;
    int32_t *spare;
    struct fork_node *nodes;
    uint64_t started_ns; /**< fork_first: when the tasks were pushed */
    uint64_t first_ns;   /**< when the first began, 0: not yet; atomic */
};

/** fork_first: before the tasks are pushed; what each of them does; and what
 * the one that has pushed them does then. */
void fork_first_begin(struct fork_job *job);
void fork_first_mark(struct fork_job *job);
void fork_first_compute(struct fork_job *job);

/** What a system brings. */
struct fork_ops {
    int (*open)(unsigned n_workers); /**< @return 0 or a negative errno */
    void (*close)(void);
    void (*run)(struct fork_job *job); /**< as fork_rounds of programs.h */
    /** 0: as many copies as workers, at most one per core; otherwise so many
     * that run at once. 1 for all but the serial program. */
    unsigned n_copies;
};

/** How much stack the threads of all systems have: UTS goes deep. */
#define FORK_STACK_BYTES ((size_t)64 << 20)

int fork_setup(const struct bench_case *which, const struct fork_ops *ops,
    void **ret_state);
void fork_run(void *state, uint64_t n_ops, struct bench_result *result);
void fork_teardown(void *state);

/** How many tasks one round spawns, by running it (count.c). */
uint64_t fork_count(struct fork_job *job);

#define FORK_SYSTEM_AS(identifier, text, ops, kind)                            \
    static int identifier##_setup(                                             \
        const struct bench_case *which, void **ret_state)                      \
    {                                                                          \
        return fork_setup(which, &(ops), ret_state);                           \
    }                                                                          \
    const struct bench_system identifier = { text, NULL, identifier##_setup,   \
        fork_run, fork_teardown, kind, NULL };
#define FORK_SYSTEM(identifier, text, ops)                                     \
    FORK_SYSTEM_AS(identifier, text, ops, BENCH_RIVAL)

#ifdef __cplusplus
}
#endif

#endif /* BENCH_FORK_FORK_H */
