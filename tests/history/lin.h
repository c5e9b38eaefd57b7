/* SPDX-License-Identifier: MIT */
/*
 * lin.h - runs threads against a queue, records what happened, has it checked.
 *
 * A queue is described to the driver by a struct lin_kind: its contract, which
 * threads may do what, and functions that call it. There are two ways to run:
 *
 * - short: random programs of 3 threads (2 where no more are allowed) with a
 *   few calls each, every program many times; each run is searched for an
 *   order that explains it. What fails is shrunk, first the program, then its
 *   history, and printed as a time line.
 * - long: 2 to 8 times more threads than CPUs and thousands of values, checked
 *   with the patterns.
 *
 *     STRAIT_SEED=n               repeats programs, sizes and pauses
 *     STRAIT_HISTORY_ROUND=n      only that round of the seed, for as long as
 *                                 STRAIT_STRESS_SECONDS says
 */
#ifndef STRAIT_TESTS_LIN_H
#define STRAIT_TESTS_LIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "history.h"

#define LIN_LONG_VALUES 24000u /* of all producers of a queue together */

struct lin_kind {
    const char *name;
    struct history_contract contract; /* the driver fills in the capacity */
    unsigned n_producers_max;         /* threads that may push; 0: any number */
    unsigned n_consumers_max;
    unsigned push_max; /* values in one call */
    unsigned pop_max;
    bool can_arm; /* consumers */
    bool can_disarm;
    bool can_close;
    bool is_closed_by_producers; /* by nobody else */
    bool can_sleep; /* a lone consumer that armed may wait for WAKE */
    const uint32_t *capacities; /* NULL: unbounded */
    unsigned n_capacities;
    unsigned n_long_values; /* the most in a long run; 0: LIN_LONG_VALUES */
    int defect; /* for the controls, whose queues are broken on purpose */

    /* A queue that can take values of n_threads threads, numbers below n_each.
     * The kind is the one that is being run. */
    void *(*create)(
        const struct lin_kind *kind, unsigned n_threads, uint32_t n_each);
    void (*destroy)(void *queue);
    /* Empties it; capacity 0 if unbounded. */
    void (*reset)(void *queue, uint32_t capacity);
    /* Answer HISTORY_*; *ret_n is how many values went in or came out. */
    /* NULL, or: how many of n may be offered to one push now. */
    unsigned (*fit)(void *queue, unsigned n);
    int (*push)(
        void *queue, const uint32_t *values, unsigned n, unsigned *ret_n);
    int (*pop)(void *queue, uint32_t *values, unsigned n, unsigned *ret_n);
    bool (*arm)(void *queue);
    bool (*disarm)(void *queue);
    bool (*close)(void *queue);
};

/* As stress_begin: reads the options, starts the watchdog, prints the seed. */
void lin_begin(int argc, char **argv, const char *program, const char *about);

/* As stress_goes_on, stress_end. */
bool lin_goes_on(void);
int lin_end(void);

/* The seed of this run. */
uint64_t lin_seed(void);

/* Uses fewer repetitions where everything is slow. */
unsigned lin_scaled(unsigned n);

/*
 * One random program, run n_runs times; one long run. False if a history was
 * wrong. Who is in it comes from (seed, round). What is wrong goes to `out`
 * unless that is NULL.
 */
bool lin_short(
    const struct lin_kind *kind, uint64_t round, unsigned n_runs, FILE *out);
bool lin_long(const struct lin_kind *kind, uint64_t round, FILE *out);

/* What was wrong with the last history that was. */
const struct history_fault *lin_fault(void);

/* The whole main() of a program that checks these kinds in turn. */
int lin_main(int argc, char **argv, const char *program, const char *about,
    const struct lin_kind *kinds, unsigned n_kinds);

#endif /* STRAIT_TESTS_LIN_H */
