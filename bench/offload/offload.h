/* SPDX-License-Identifier: MIT */
/*
 * offload.h - what the systems of the offload question share.
 *
 * The work. A loop keeps `window` jobs in flight. Each job is one call to
 * submit it, a body on one of two pool threads, and one callback on the loop,
 * which submits it again until enough have been done. Nothing is batched by
 * the caller. The body adds to the job's own counter, the callback counts.
 * The result is right if the counters of all jobs add up to the number of
 * bodies that should have run, and as many callbacks came.
 */
#ifndef BENCH_OFFLOAD_H
#define BENCH_OFFLOAD_H

#include "support.h"
#include "systems.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFLOAD_THREADS 2

/* The loop thread's own account of a run. */
struct offload_count {
    uint64_t to_submit; /* still to be handed in */
    uint64_t n_done;    /* callbacks seen */
    uint64_t n_wanted;
    uint64_t start_ns;
};

static inline void
offload_begin(struct offload_count *count, uint64_t n_ops, unsigned window)
{
    if (n_ops < window)
        n_ops = window;
    count->to_submit = n_ops;
    count->n_done = 0;
    count->n_wanted = n_ops;
    count->start_ns = bench_now_ns();
}

/* `sum` is what all bodies have added up during this run. */
static inline void
offload_end(const struct offload_count *count, uint64_t end_ns, uint64_t sum,
    struct bench_result *result)
{
    result->n_ops = count->n_wanted;
    result->ns = end_ns - count->start_ns;
    result->verified = sum == count->n_wanted &&
        count->n_done == count->n_wanted;
    if (!result->verified)
        snprintf(result->note, sizeof(result->note),
            "%llu jobs, but %llu bodies and %llu callbacks ran",
            (unsigned long long)count->n_wanted, (unsigned long long)sum,
            (unsigned long long)count->n_done);
}

#endif /* BENCH_OFFLOAD_H */
