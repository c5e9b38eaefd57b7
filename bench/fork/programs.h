/* SPDX-License-Identifier: MIT */
/*
 * programs.h - the programs, in C that is C++ as well, and in a dialect that
 * the including file defines:
 *
 *   FORK_TASK_n(R, name, A, a, ...)  begins the definition of a function that
 *                              may be spawned
 *   FORK_LEAF                  first in one that neither spawns nor calls
 *   FORK_GROUP                 before the first spawn of a function
 *   FORK_SPAWN(place, name, arguments)  its result will be in `place`
 *   FORK_CALL(name, arguments) calls it directly
 *   FORK_JOIN(place, name)     waits for the only task that was spawned
 *   FORK_JOIN_ALL(places, n, name)  for all n of them, spawned from first to
 *                              last
 *
 * Arguments are copied when the task is spawned.
 */
#ifndef BENCH_FORK_PROGRAMS_H
#define BENCH_FORK_PROGRAMS_H

#include "fork/fork.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------- fib(size) */

FORK_TASK_1(uint64_t, fib, unsigned, n)
{
    uint64_t a, b;

    if (n < 2)
        return n;
    FORK_GROUP
    FORK_SPAWN(a, fib, n - 1);
    b = FORK_CALL(fib, n - 2);
    FORK_JOIN(a, fib);
    return a + b;
}

/* --------------------------------- nqueens: all ways to place `size` queens */

static inline bool
queen_fits(const struct fork_board *board, unsigned column)
{
    for (unsigned row = 0; row < board->n_placed; row++) {
        unsigned other = board->columns[row];
        unsigned distance = board->n_placed - row;

        if (other == column || other + distance == column ||
            other == column + distance)
            return false;
    }
    return true;
}

FORK_TASK_1(uint64_t, nqueens, struct fork_board, board)
{
    uint64_t counts[FORK_QUEENS_MAX];
    uint64_t sum = 0;
    unsigned n = 0;

    if (board.n_placed == board.n)
        return 1;
    FORK_GROUP
    for (unsigned column = 0; column < board.n; column++) {
        struct fork_board next = board;

        if (!queen_fits(&board, column))
            continue;
        next.columns[next.n_placed++] = (uint8_t)column;
        FORK_SPAWN(counts[n], nqueens, next);
        n++;
    }
    FORK_JOIN_ALL(counts, n, nqueens);
    for (unsigned i = 0; i < n; i++)
        sum += counts[i];
    return sum;
}

/* ------------------------------------- uts: counts the nodes of tree `size` */

FORK_TASK_2(
    uint64_t, uts, struct fork_uts_node, node, const struct fork_uts *, tree)
{
    unsigned n = fork_uts_children(tree, &node);
    uint64_t *counts;
    uint64_t sum = 1;

    if (n == 0)
        return 1;
    counts = (uint64_t *)__builtin_alloca(n * sizeof(*counts));
    FORK_GROUP
    for (unsigned i = 0; i < n; i++) {
        struct fork_uts_node child;

        fork_uts_child(&node, i, &child);
        FORK_SPAWN(counts[i], uts, child, tree);
    }
    FORK_JOIN_ALL(counts, n, uts);
    for (unsigned i = 0; i < n; i++)
        sum += counts[i];
    return sum;
}

/* ------- skynet: `size` leaves below nodes of ten, the sum of their numbers */

FORK_TASK_2(uint64_t, skynet, uint64_t, first, uint64_t, n)
{
    uint64_t sums[10];
    uint64_t sum = 0;

    if (n == 1)
        return first;
    FORK_GROUP
    for (unsigned i = 0; i < 10; i++)
        FORK_SPAWN(sums[i], skynet, first + i * (n / 10), n / 10);
    FORK_JOIN_ALL(sums, 10, skynet);
    for (unsigned i = 0; i < 10; i++)
        sum += sums[i];
    return sum;
}

/* -------- integrate: the area below x^3 + x from 0 to `size`, by halving until
 * the halves say the same */

#define INTEGRATE_EPSILON 1e-3

static inline double
integrate_curve(double x)
{
    return (x * x + 1) * x;
}

FORK_TASK_5(double, integrate, double, x1, double, y1, double, x2, double, y2,
    double, area)
{
    double middle = (x1 + x2) / 2;
    double y = integrate_curve(middle);
    double left = (y1 + y) / 2 * (middle - x1);
    double right = (y + y2) / 2 * (x2 - middle);
    double a, b;

    if (fabs(left + right - area) < INTEGRATE_EPSILON)
        return left + right;
    FORK_GROUP
    FORK_SPAWN(a, integrate, x1, y1, middle, y, left);
    b = FORK_CALL(integrate, middle, y, x2, y2, right);
    FORK_JOIN(a, integrate);
    return a + b;
}

/* ----------------------- tree: the sum over a balanced tree of `size` nodes */

FORK_TASK_1(uint64_t, tree_sum, const struct fork_node *, node)
{
    uint64_t a, b;

    if (node->left == NULL)
        return node->value;
    if (node->right == NULL)
        return node->value + FORK_CALL(tree_sum, node->left);
    FORK_GROUP
    FORK_SPAWN(a, tree_sum, node->left);
    b = FORK_CALL(tree_sum, node->right);
    FORK_JOIN(a, tree_sum);
    return node->value + a + b;
}

/* ------------------- matmul: squares of `size`, by eight products of halves */

/* The product of one quarter of a with one of b. */
static inline struct fork_product
matmul_part(const struct fork_product *whole, unsigned row, unsigned column,
    unsigned inner)
{
    struct fork_product part = *whole;
    size_t half = whole->n / 2;
    size_t stride = whole->stride;

    part.n = (uint32_t)half;
    part.c += row * half * stride + column * half;
    part.a += row * half * stride + inner * half;
    part.b += inner * half * stride + column * half;
    return part;
}

FORK_TASK_1(uint64_t, matmul, struct fork_product, whole)
{
    uint64_t done[4];

    if (whole.n <= FORK_PRODUCT_LEAF) {
        fork_product_leaf(&whole);
        return 0;
    }
    FORK_GROUP
    for (unsigned inner = 0; inner < 2; inner++) {
        for (unsigned i = 0; i < 4; i++) {
            struct fork_product part = matmul_part(&whole, i / 2, i % 2, inner);

            FORK_SPAWN(done[i], matmul, part);
        }
        FORK_JOIN_ALL(done, 4, matmul);
    }
    return done[0];
}

/* ---------- cilksort: `size` integers, four quarters, then merges in halves */

FORK_TASK_5(uint64_t, sort_merge, const int32_t *, a, size_t, n_a,
    const int32_t *, b, size_t, n_b, int32_t *, out)
{
    uint64_t done;
    size_t half, below;

    if (n_a + n_b <= FORK_MERGE_LEAF) {
        fork_merge_leaf(a, n_a, b, n_b, out);
        return 0;
    }
    if (n_a < n_b)
        return FORK_CALL(sort_merge, b, n_b, a, n_a, out);
    half = n_a / 2;
    below = fork_sort_below(b, n_b, a[half]);
    FORK_GROUP
    FORK_SPAWN(done, sort_merge, a, half, b, below, out);
    (void)FORK_CALL(sort_merge, a + half, n_a - half, b + below, n_b - below,
        out + half + below);
    FORK_JOIN(done, sort_merge);
    return done;
}

FORK_TASK_3(uint64_t, cilksort, int32_t *, items, int32_t *, spare, size_t, n)
{
    uint64_t done[4];
    uint64_t merged;
    size_t quarter = n / 4;

    if (n <= FORK_SORT_LEAF) {
        fork_sort_leaf(items, n);
        return 0;
    }
    FORK_GROUP
    for (unsigned i = 0; i < 4; i++) {
        size_t from = i * quarter;
        size_t length = i < 3 ? quarter : n - from;

        FORK_SPAWN(done[i], cilksort, items + from, spare + from, length);
    }
    FORK_JOIN_ALL(done, 4, cilksort);
    FORK_SPAWN(
        merged, sort_merge, items, quarter, items + quarter, quarter, spare);
    (void)FORK_CALL(sort_merge, items + 2 * quarter, quarter,
        items + 3 * quarter, n - 3 * quarter, spare + 2 * quarter);
    FORK_JOIN(merged, sort_merge);
    (void)FORK_CALL(sort_merge, spare, 2 * quarter, spare + 2 * quarter,
        n - 2 * quarter, items);
    return done[0] + merged;
}

/* -------------- fork_first: many tasks are pushed by one that then computes */

FORK_TASK_1(uint64_t, first_task, struct fork_job *, job)
{
    FORK_LEAF
    fork_first_mark(job);
    return 1;
}

FORK_TASK_1(uint64_t, first, struct fork_job *, job)
{
    uint64_t done[FORK_FIRST_TASKS];
    uint64_t sum = 0;

    fork_first_begin(job);
    FORK_GROUP
    for (unsigned i = 0; i < FORK_FIRST_TASKS; i++)
        FORK_SPAWN(done[i], first_task, job);
    fork_first_compute(job);
    FORK_JOIN_ALL(done, FORK_FIRST_TASKS, first_task);
    for (unsigned i = 0; i < FORK_FIRST_TASKS; i++)
        sum += done[i];
    return sum;
}

/* ------------------------------------------------------------------ a job */

FORK_TASK_1(uint64_t, fork_round, struct fork_job *, job)
{
    switch (job->program) {
    case FORK_FIB: return FORK_CALL(fib, (unsigned)job->size);
    case FORK_NQUEENS: {
        struct fork_board board;

        memset(&board, 0, sizeof(board));
        board.n = (uint8_t)job->size;
        return FORK_CALL(nqueens, board);
    }
    case FORK_UTS: {
        const struct fork_uts *tree = &fork_uts_trees[job->size];
        struct fork_uts_node root;

        fork_uts_root(tree, &root);
        return FORK_CALL(uts, root, tree);
    }
    case FORK_SKYNET: return FORK_CALL(skynet, (uint64_t)0, job->size);
    case FORK_INTEGRATE: {
        double end = (double)job->size;
        double y = integrate_curve(end);
        double area = FORK_CALL(integrate, 0.0, 0.0, end, y, y / 2 * end);

        return fabs(area / job->exact - 1) < 1e-6;
    }
    case FORK_TREE: return FORK_CALL(tree_sum, job->nodes);
    case FORK_MATMUL: return FORK_CALL(matmul, job->product);
    case FORK_SORT:
        return FORK_CALL(cilksort, job->items, job->spare, (size_t)job->size);
    case FORK_FIRST: return FORK_CALL(first, job);
    }
    return 0;
}

/* A round, with the stack so many bytes further down. */
FORK_TASK_2(uint64_t, fork_shifted, struct fork_job *, job, uint64_t, shift)
{
    volatile char *room = (volatile char *)__builtin_alloca(16 + shift);

    room[0] = 0;
    return FORK_CALL(fork_round, job);
}

/* Each round lies elsewhere in its page of the stack: how that lies to the
 * memory of the tasks decides whether loads wait for stores of the same low
 * twelve bits, which is worth a factor of two, and chance. */
FORK_TASK_1(uint64_t, fork_rounds, struct fork_job *, job)
{
    for (uint64_t i = 0; i < job->n_rounds; i++)
        if (FORK_CALL(fork_shifted, job, i * 272 % 4096) != job->expected)
            job->n_wrong++;
    return 0;
}

#endif /* BENCH_FORK_PROGRAMS_H */
