/* SPDX-License-Identifier: MIT */
/*
 * paced.h - what goes by the clock: a trickle of jobs, jobs beside others that
 * hold threads, and nothing at all. Part of driver.h.
 */
#ifndef BENCH_OFFLOAD_PACED_H
#define BENCH_OFFLOAD_PACED_H

#include "offload/flow.h"

/* -------------------------------------------------------- jobs one by one */

/* How long ago it was submitted. */
static void
offload_take_trip(struct offload_job *job)
{
    struct offload_bed *bed = job->bed;

    bed->samples[bed->n_samples++] = bench_now_ns() - job->value;
}

/* Submits a job with the time at which that was. */
static void
offload_submit_stamped(struct offload_job *job)
{
    job->value = bench_now_ns();
    offload_submit(job);
}

/* Runs the loop with a tick until all is done; n samples will come. */
static void
offload_run_ticks(struct offload_bed *bed, uint64_t period_ns, uint64_t n,
    struct bench_result *result)
{
    uint64_t start = bench_now_ns();
    uint64_t cpu_ns = bench_cpu_ns();

    free(bed->samples);
    bed->n_samples = 0;
    bed->n_samples_wanted = n;
    bed->samples = (uint64_t *)calloc(n, sizeof(*bed->samples));
    if (bed->samples == NULL) {
        bed->err = -ENOMEM;
        return;
    }
    pool_tick(&bed->pool, period_ns);
    pool_run(&bed->pool);
    pool_tick(&bed->pool, 0);
    cpu_ns = bench_cpu_ns() - cpu_ns;
    result->ns = bench_now_ns() - start;
    result->n_ops = n;
    result->figure = 100.0 * (double)cpu_ns / (double)result->ns;
    bench_take_samples(result, bed->samples, bed->n_samples);
}

static void
offload_run_trickle(
    struct offload_bed *bed, uint64_t n_ops, struct bench_result *result)
{
    for (unsigned i = 0; i < bed->n_jobs; i++)
        bed->jobs[i].then = offload_take_trip;
    offload_begin(bed, n_ops);
    offload_run_ticks(bed, OFFLOAD_TICK_NS, n_ops, result);
    offload_verify(bed, result);
}

/* The next job, unless all are still in flight. */
static void
offload_tick_trickle(struct offload_bed *bed)
{
    const struct offload_count *count = &bed->count;

    if (count->n_sent < count->limit &&
        count->n_sent - count->n_done < bed->n_jobs)
        offload_submit_stamped(&bed->jobs[count->n_sent % bed->n_jobs]);
}

/* ------------------------------------------------ jobs that hold a thread */

/* Waits until it is let go. */
static void
offload_take_hold(const struct offload_bed *bed)
{
    uint64_t one;

    if (read(bed->hold_fd, &one, sizeof(one)) != sizeof(one))
        abort();
}

/* Waits in the kernel. */
static void
offload_block_body(struct offload_job *job)
{
    __atomic_fetch_add(&job->bed->n_holding, 1, __ATOMIC_RELAXED);
    offload_take_hold(job->bed);
}

/* Computes until it may go. */
static void
offload_spin_body(struct offload_job *job)
{
    struct offload_bed *bed = job->bed;

    __atomic_fetch_add(&bed->n_holding, 1, __ATOMIC_RELAXED);
    while (!__atomic_load_n(&bed->is_let_go, __ATOMIC_RELAXED))
        bed->computed = offload_compute(OFFLOAD_SHORT);
    offload_take_hold(bed);
}

/* Submits the jobs that hold a thread, and waits until as many run as can. */
static void
offload_hold(struct offload_bed *bed, unsigned n_wanted)
{
    const struct offload_shape *shape = &bed->shape;

    __atomic_store_n(&bed->n_holding, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&bed->is_let_go, false, __ATOMIC_RELAXED);
    for (unsigned i = shape->window; i < bed->n_jobs; i++) {
        bed->jobs[i].then = offload_rest;
        offload_submit(&bed->jobs[i]);
    }
    for (unsigned i = 0; i < OFFLOAD_PATIENCE; i++) {
        if (__atomic_load_n(&bed->n_holding, __ATOMIC_RELAXED) >= n_wanted)
            return;
        bench_sleep_ns(OFFLOAD_TICK_NS);
    }
    bed->err = -ETIMEDOUT;
}

static void
offload_let_go(struct offload_bed *bed)
{
    uint64_t n = bed->shape.n_held;

    __atomic_store_n(&bed->is_let_go, true, __ATOMIC_RELAXED);
    if (write(bed->hold_fd, &n, sizeof(n)) != sizeof(n))
        abort();
}

/* No more are sent; runs the loop until all have come back. */
static void
offload_drain(struct offload_bed *bed)
{
    bed->count.limit = bed->count.n_sent;
    if (bed->count.n_done < bed->count.limit)
        pool_run(&bed->pool);
}

/* --------------------------------------------------------------- blocking */

struct offload_rate {
    uint64_t n_done;
    uint64_t ns;
};

/* A flow for a slice of time. What is in flight at its end comes back later. */
static void
offload_slice(struct offload_bed *bed, uint64_t ns, struct offload_rate *rate)
{
    uint64_t n_done = bed->count.n_done;
    uint64_t start = bench_now_ns();

    bed->count.limit = OFFLOAD_NO_LIMIT;
    for (unsigned i = 0; i < bed->shape.window && bed->err == 0; i++)
        offload_submit(&bed->jobs[i]);
    pool_tick(&bed->pool, ns);
    pool_run(&bed->pool);
    pool_tick(&bed->pool, 0);
    rate->ns += bench_now_ns() - start;
    rate->n_done += bed->count.n_done - n_done;
}

/* The same beside as many calls that block as can run. */
static void
offload_slice_beside(
    struct offload_bed *bed, uint64_t ns, struct offload_rate *rate)
{
    unsigned n = bed->shape.n_held;

    if (n > bed->pool.n_may_block)
        n = bed->pool.n_may_block;
    bed->count.limit = OFFLOAD_NO_LIMIT;
    offload_hold(bed, n);
    offload_slice(bed, ns, rate);
    offload_let_go(bed);
    offload_drain(bed);
}

static void
offload_run_blocking(
    struct offload_bed *bed, uint64_t n_ops, struct bench_result *result)
{
    struct offload_rate alone = { 0, 0 };
    struct offload_rate beside = { 0, 0 };
    double of_alone;
    double of_beside;

    for (unsigned i = bed->shape.window; i < bed->n_jobs; i++)
        bed->jobs[i].body = offload_block_body;
    offload_begin(bed, OFFLOAD_NO_LIMIT);
    for (uint64_t i = 0; i < n_ops && bed->err == 0; i++) {
        offload_slice(bed, OFFLOAD_SLICE_NS, &alone);
        offload_drain(bed);
        offload_slice_beside(bed, OFFLOAD_SLICE_NS, &beside);
        offload_slice_beside(bed, OFFLOAD_SLICE_NS, &beside);
        offload_slice(bed, OFFLOAD_SLICE_NS, &alone);
        offload_drain(bed);
    }
    of_alone = (double)alone.n_done / (double)alone.ns;
    of_beside = (double)beside.n_done / (double)beside.ns;
    result->n_ops = n_ops;
    result->ns = alone.ns + beside.ns;
    result->figure = 100.0 * (1 - of_beside / of_alone);
    offload_verify(bed, result);
    if (result->verified)
        snprintf(result->note, sizeof(result->note),
            "alone %.3g M/s, beside them %.3g M/s", 1e3 * of_alone,
            1e3 * of_beside);
}

/* -------------------------------------------------------- start and finish */

/* How long it took until it ran. */
static void
offload_probe_body(struct offload_job *job)
{
    job->value = bench_now_ns() - job->value;
}

static void
offload_take_probe(struct offload_job *job)
{
    struct offload_bed *bed = job->bed;

    bed->samples[bed->n_samples++] = job->value;
    if (bed->n_samples == bed->n_samples_wanted)
        offload_let_go(bed);
}

static void
offload_run_start(
    struct offload_bed *bed, uint64_t n_ops, struct bench_result *result)
{
    unsigned first = bed->shape.window;

    bed->jobs[0].body = offload_probe_body;
    bed->jobs[0].then = offload_take_probe;
    bed->jobs[first].body = offload_spin_body;
    for (unsigned i = first + 1; i < bed->n_jobs; i++)
        bed->jobs[i].body = offload_block_body;
    offload_begin(bed, n_ops + bed->shape.n_held);
    offload_hold(bed, bed->shape.n_held);
    if (bed->err == 0)
        offload_run_ticks(bed, OFFLOAD_TICK_NS, n_ops, result);
    offload_verify(bed, result);
}

/* The probe, unless it is in flight. */
static void
offload_tick_start(struct offload_bed *bed)
{
    uint64_t n_sent = bed->count.n_sent - bed->shape.n_held;

    if (n_sent == bed->n_samples && n_sent < bed->n_samples_wanted)
        offload_submit_stamped(&bed->jobs[0]);
}

static void
offload_short_body(struct offload_job *job)
{
    job->bed->computed = offload_compute(OFFLOAD_SHORT);
}

static void
offload_long_body(struct offload_job *job)
{
    uint64_t end = bench_now_ns() + OFFLOAD_LONG_NS;

    while (bench_now_ns() < end)
        job->bed->computed = offload_compute(OFFLOAD_SHORT);
}

static void
offload_run_finish(
    struct offload_bed *bed, uint64_t n_ops, struct bench_result *result)
{
    bed->jobs[0].body = offload_short_body;
    bed->jobs[0].then = offload_take_trip;
    bed->jobs[1].body = offload_long_body;
    bed->jobs[1].then = offload_rest;
    offload_begin(bed, 2 * n_ops);
    offload_run_ticks(bed, OFFLOAD_LONG_TICK_NS, n_ops, result);
    offload_verify(bed, result);
}

/* The short one and the long one, unless one is in flight. */
static void
offload_tick_finish(struct offload_bed *bed)
{
    if (bed->count.n_done < bed->count.n_sent ||
        bed->count.n_sent == bed->count.limit)
        return;
    offload_submit_stamped(&bed->jobs[0]);
    offload_submit(&bed->jobs[1]);
}

/* ------------------------------------------------------------------- idle */

struct offload_watch {
    uint64_t ns;
    long n_switches; /* of all other threads */
};

static long
offload_switches(int who)
{
    struct rusage use;

    getrusage(who, &use);
    return use.ru_nvcsw + use.ru_nivcsw;
}

/* The caller may be switched away between its two questions: then it asks
 * again. */
static long
offload_switches_of_others(void)
{
    long all;
    long own;

    do {
        own = offload_switches(RUSAGE_THREAD);
        all = offload_switches(RUSAGE_SELF);
    } while (offload_switches(RUSAGE_THREAD) != own);
    return all - own;
}

static void *
offload_watch_main(void *arg)
{
    struct offload_watch *watch = (struct offload_watch *)arg;

    bench_sleep_ns(OFFLOAD_SETTLE_NS);
    watch->n_switches = -offload_switches_of_others();
    bench_sleep_ns(watch->ns);
    watch->n_switches += offload_switches_of_others();
    return NULL;
}

/* An operation is a millisecond. */
static void
offload_run_idle(
    struct offload_bed *bed, uint64_t n_ops, struct bench_result *result)
{
    struct offload_watch watch = { n_ops * OFFLOAD_TICK_NS, 0 };
    pthread_t thread;

    offload_run_flow(bed, bed->shape.window, result);
    if (pthread_create(&thread, NULL, offload_watch_main, &watch) != 0) {
        result->verified = false;
        return;
    }
    /* The loop sleeps until the watch is over. */
    pool_tick(&bed->pool, watch.ns + 3 * OFFLOAD_SETTLE_NS);
    pool_run(&bed->pool);
    pool_tick(&bed->pool, 0);
    pthread_join(thread, NULL);
    result->n_ops = n_ops;
    result->ns = watch.ns;
    result->figure = (double)watch.n_switches;
}

#endif /* BENCH_OFFLOAD_PACED_H */
