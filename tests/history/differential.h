/* SPDX-License-Identifier: MIT */
/*
 * differential.h - the same random operations into a queue of Strait and into
 * one of Concurrency Kit, which must answer the same.
 *
 * One thread, so every answer is determined. A round goes through all pairs and
 * capacities; in between the share of pushes changes, so that queues run full
 * and empty again and again. Before the first round the comparison itself is
 * tested: mistakes are planted into what the subject is given or answers, and
 * each must be noticed.
 *
 * Differences between the contracts are levelled in the oracles, and say so
 * where they are.
 */
#ifndef STRAIT_TESTS_DIFFERENTIAL_H
#define STRAIT_TESTS_DIFFERENTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "rng.h"

#define DIFFERENTIAL_BATCH_MAX 32
/* The most that may be inside an unbounded queue. */
#define DIFFERENTIAL_UNBOUNDED 5000

/* A first-in, first-out queue of values. */
struct differential_queue {
    const char *name;
    void *(*create)(uint32_t capacity);
    void (*destroy)(void *queue);
    /* n >= 1; the answer is how many went in or came out. Which of several
     * equivalent calls is made may depend on rng. */
    size_t (*push)(
        void *queue, const uintptr_t *values, size_t n, struct rng *rng);
    size_t (*pop)(void *queue, uintptr_t *values, size_t n, struct rng *rng);
    /* NULL, or: asks for more while n values are inside; what is wrong? */
    const char *(*ask)(void *queue, size_t n, struct rng *rng);
};

struct differential_pair {
    const struct differential_queue *subject;
    const struct differential_queue *oracle;
    const uint32_t *capacities; /* 0-terminated; NULL: unbounded */
};

/* The whole main() of a program that compares these pairs. */
int differential_main(int argc, char **argv, const char *program,
    const char *about, const struct differential_pair *pairs, size_t n_pairs);

#endif /* STRAIT_TESTS_DIFFERENTIAL_H */
