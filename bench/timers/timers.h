/* SPDX-License-Identifier: MIT */
/*
 * timers.h - what the systems of the timers question share.
 *
 * The work. A million timers are alive throughout, with deadlines spread evenly
 * over the second minute from now. A run adds n more, which lie among the
 * others in memory in random order, and times one of:
 *
 *   start    starting them, deadlines in the same minute
 *   stop     stopping them, in an order unrelated to that of starting
 *   expire   they are due within 50 ms; nobody looks until all are due, then
 *            the loop runs without waiting until all their functions were
 *            called. No clock is moved: libuv's cannot be. The bare waiting is
 *            not timed, so the figure is what a due timer costs.
 *
 * libuv's deadlines are milliseconds, Strait's nanoseconds. Both get the same
 * ones, libuv rounded down: for Strait no two are equal, which is the harder
 * case. The result is right if all started timers are active, all stopped ones
 * are not, and each due one is called once, in the order of the deadlines.
 */
#ifndef BENCH_TIMERS_H
#define BENCH_TIMERS_H

#include "support.h"
#include "systems.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define TIMERS_ALIVE 1000000u
#define TIMERS_MORE 200000u
#define TIMERS_ALL (TIMERS_ALIVE + TIMERS_MORE)

#define TIMERS_DUE_NS UINT64_C(50000000)
#define TIMERS_FAR_NS UINT64_C(60000000000)

enum { TIMERS_START, TIMERS_STOP, TIMERS_EXPIRE };

/* Deadlines (from now) and places, the same for every system. */
struct timers_plan {
    unsigned kind;
    uint32_t *places; /* a permutation of all timers; the last ones are more */
    uint32_t *stops;  /* the additional ones in another order */
    uint64_t *delay_ns; /* by position in places */
    uint64_t last;      /* expire: the deadline that was called last */
    uint64_t n_called;
    uint64_t n_wrong;
};

static inline void
timers_shuffle(uint32_t *values, size_t n, uint64_t *random)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)(bench_random(random) % i);
        uint32_t t = values[i - 1];

        values[i - 1] = values[j];
        values[j] = t;
    }
}

static inline int
timers_plan_init(struct timers_plan *plan, unsigned kind)
{
    uint64_t random = 1;

    plan->kind = kind;
    plan->places = (uint32_t *)calloc(TIMERS_ALL, sizeof(*plan->places));
    plan->stops = (uint32_t *)calloc(TIMERS_MORE, sizeof(*plan->stops));
    plan->delay_ns = (uint64_t *)calloc(TIMERS_ALL, sizeof(*plan->delay_ns));
    if (plan->places == NULL || plan->stops == NULL || plan->delay_ns == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < TIMERS_ALL; i++) {
        bool is_due = kind == TIMERS_EXPIRE && i >= TIMERS_ALIVE;

        plan->places[i] = i;
        plan->delay_ns[i] = is_due
            ? 1 + bench_random(&random) % TIMERS_DUE_NS
            : TIMERS_FAR_NS + bench_random(&random) % TIMERS_FAR_NS;
    }
    timers_shuffle(plan->places, TIMERS_ALL, &random);
    for (uint32_t i = 0; i < TIMERS_MORE; i++)
        plan->stops[i] = i;
    return 0;
}

/* The order of stopping, for the first n of the additional timers. */
static inline void
timers_plan_stops(struct timers_plan *plan, uint64_t n)
{
    uint64_t random = 2;

    for (uint32_t i = 0; i < n; i++)
        plan->stops[i] = i;
    timers_shuffle(plan->stops, n, &random);
}

static inline void
timers_plan_fini(struct timers_plan *plan)
{
    free(plan->places);
    free(plan->stops);
    free(plan->delay_ns);
}

/* A timer with this deadline, in the system's own resolution, was called. */
static inline void
timers_called(struct timers_plan *plan, uint64_t deadline)
{
    if (deadline < plan->last)
        plan->n_wrong++;
    plan->last = deadline;
    plan->n_called++;
}

static inline void
timers_result(const struct timers_plan *plan, uint64_t n_ops, uint64_t ns,
    uint64_t n_right, struct bench_result *result)
{
    result->n_ops = n_ops;
    result->ns = ns;
    result->verified = n_right == n_ops && plan->n_wrong == 0;
    if (!result->verified)
        snprintf(result->note, sizeof(result->note),
            "%llu timers, %llu as they should be, %llu out of order",
            (unsigned long long)n_ops, (unsigned long long)n_right,
            (unsigned long long)plan->n_wrong);
}

#endif /* BENCH_TIMERS_H */
