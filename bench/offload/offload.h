/* SPDX-License-Identifier: MIT */
/*
 * offload.h - what a loop and a pool are asked to do. The work is in driver.h;
 * cases of the questions in offload/ and pool/ point to one of these shapes.
 *
 * flow      A loop keeps `window` jobs in flight. Each job is one call to
 *           submit it, a body on one of the pool's threads, and one callback on
 *           the loop, which submits it again until enough have been done.
 *           Nothing is batched by the caller.
 * burst     `window` jobs are submitted one by one without a look at the loop;
 *           the burst is over when the last callback has come. All threads
 *           sleep when it begins.
 *           Both can also be asked for growth: with few threads and with many,
 *           in processes of their own, in the order few, many, many, few: how
 *           many times as long it takes with many.
 * trickle   One job every millisecond: the time from submit to callback, and
 *           the CPU time of all threads.
 * idle      64 jobs, then nothing: what the kernel counts as context switches
 *           of all threads but the one that reads the count.
 * blocking  A flow for a while alone, twice while `n_held` calls wait in the
 *           kernel, and once more alone: what part of the rate is lost.
 *           Systems that can have several pools give these calls one of their
 *           own.
 * start     `n_held` threads, all but one, run jobs that go on and on: one of
 *           them computes, the others wait in the kernel. Every millisecond a
 *           job is submitted: the time from there to its body.
 * finish    One thread. A short job is submitted, and at once a second one that
 *           computes for 20 ms: the time from there to the first one's
 *           callback.
 *
 * A body adds to its job's own counter, and computes for `n_steps` if there are
 * any; the callback counts. The result is right if the counters of all jobs add
 * up to the number of bodies that should have run, as many callbacks came, and
 * what was computed is right.
 */
#ifndef BENCH_OFFLOAD_H
#define BENCH_OFFLOAD_H

#include "support.h"
#include "systems.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum offload_kind {
    OFFLOAD_FLOW,
    OFFLOAD_BURST,
    OFFLOAD_TRICKLE,
    OFFLOAD_IDLE,
    OFFLOAD_BLOCKING,
    OFFLOAD_START,
    OFFLOAD_FINISH
};

struct offload_shape {
    enum offload_kind kind;
    unsigned n_threads;   /* of the pool */
    unsigned grows_to;    /* not 0: growth, with so many in place of those */
    unsigned window;      /* how many jobs there are */
    unsigned jobs_per_op; /* flow: how many are an operation; 0: one is. The
                             operation of a burst is the burst */
    unsigned n_steps;     /* what a body computes */
    unsigned n_held;      /* jobs beside those, which hold a thread each */
};

#define OFFLOAD_THREADS 2

/* A short job: some 0.4 us. */
#define OFFLOAD_SHORT 100

/* Between jobs one by one. */
#define OFFLOAD_TICK_NS UINT64_C(1000000)
/* A measurement that goes by time, and one that waits for all to sleep. */
#define OFFLOAD_SLICE_NS UINT64_C(25000000)
#define OFFLOAD_SETTLE_NS UINT64_C(100000000)
/* A long job, and how often one comes. */
#define OFFLOAD_LONG_NS UINT64_C(20000000)
#define OFFLOAD_LONG_TICK_NS UINT64_C(25000000)
/* Milliseconds for threads to begin what they hold. */
#define OFFLOAD_PATIENCE 5000

/* The loop thread's own account of a run. */
struct offload_count {
    uint64_t n_sent;
    uint64_t n_done; /* callbacks seen */
    uint64_t limit;  /* so many shall be sent and done */
};

#define OFFLOAD_NO_LIMIT UINT64_MAX

/* Something to compute: each step needs the one before. */
static inline uint64_t
offload_compute(unsigned n_steps)
{
    uint64_t x = n_steps;

    for (unsigned i = 0; i < n_steps; i++)
        x = bench_random(&x);
    return x;
}

/* A power of two that is at least n, and at least 2. */
static inline unsigned
offload_round_up(unsigned n)
{
    unsigned power = 2;

    while (power < n)
        power *= 2;
    return power;
}

#endif /* BENCH_OFFLOAD_H */
