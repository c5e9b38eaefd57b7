/* SPDX-License-Identifier: MIT */
/*
 * driver.h - the questions about loop and pool, written once for every system.
 * A system's file defines two types, includes this file, and defines the
 * functions that bed.h declares: the compiler sees system and driver together,
 * as in a program that uses the system, and nobody pays for a call by pointer.
 * What is asked stands in offload.h, which comes first.
 *
 *   pool_t   a loop and a pool, with a member `unsigned n_may_block`: how many
 *            calls that block can run at once
 *   work_t   a piece of work
 *
 * The flow is in flow.h, what goes by the clock in paced.h.
 */
#ifndef BENCH_OFFLOAD_DRIVER_H
#define BENCH_OFFLOAD_DRIVER_H

#include "offload/paced.h"

static inline void
offload_tick(pool_t *pool)
{
    struct offload_bed *bed = (struct offload_bed *)pool;

    switch (bed->shape.kind) {
    case OFFLOAD_TRICKLE: offload_tick_trickle(bed); break;
    case OFFLOAD_START: offload_tick_start(bed); break;
    case OFFLOAD_FINISH: offload_tick_finish(bed); break;
    default:
        /* The end of a slice, or of a watch. */
        bed->count.limit = bed->count.n_sent;
        pool_stop(pool);
    }
}

static void
offload_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct offload_bed *bed = (struct offload_bed *)state;

    if (bed->shape.grows_to != 0) {
        offload_run_growth(bed, n_ops, result);
        return;
    }
    switch (bed->shape.kind) {
    case OFFLOAD_TRICKLE: offload_run_trickle(bed, n_ops, result); break;
    case OFFLOAD_IDLE: offload_run_idle(bed, n_ops, result); break;
    case OFFLOAD_BLOCKING: offload_run_blocking(bed, n_ops, result); break;
    case OFFLOAD_START: offload_run_start(bed, n_ops, result); break;
    case OFFLOAD_FINISH: offload_run_finish(bed, n_ops, result); break;
    default: offload_run_plain(bed, n_ops, result);
    }
}

/* Defines a system under its name in systems.h; `form` goes to pool_open. */
#define OFFLOAD_SYSTEM(identifier, text, form)                                 \
    static int identifier##_setup(                                             \
        const struct bench_case *which, void **ret_state)                      \
    {                                                                          \
        return offload_setup(which, form, ret_state);                          \
    }                                                                          \
    const struct bench_system identifier = BENCH_SYSTEM(                       \
        text, NULL, identifier##_setup, offload_run, offload_teardown);

#endif /* BENCH_OFFLOAD_DRIVER_H */
