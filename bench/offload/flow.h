/* SPDX-License-Identifier: MIT */
/*
 * flow.h - as much as the pool can take: flows, bursts, and how both grow with
 * the number of threads. Part of driver.h.
 */
#ifndef BENCH_OFFLOAD_FLOW_H
#define BENCH_OFFLOAD_FLOW_H

#include "offload/bed.h"

/* Submits what may be in flight at once, and lets the loop do the rest. */
static void
offload_pour(struct offload_bed *bed)
{
    uint64_t n = bed->count.limit;

    if (n > bed->shape.window)
        n = bed->shape.window;
    for (unsigned i = 0; i < n && bed->err == 0; i++)
        offload_submit(&bed->jobs[i]);
    if (bed->err == 0)
        pool_run(&bed->pool);
}

static void
offload_run_flow(
    struct offload_bed *bed, uint64_t n_ops, struct bench_result *result)
{
    unsigned per_op = bed->shape.jobs_per_op;
    uint64_t n_jobs = n_ops * (per_op != 0 ? per_op : 1);
    uint64_t start;

    if (n_jobs < bed->shape.window)
        n_jobs = bed->shape.window;
    offload_begin(bed, n_jobs);
    start = bench_now_ns();
    offload_pour(bed);
    result->ns = bench_now_ns() - start;
    result->n_ops = per_op != 0 ? n_jobs / per_op : n_jobs;
    offload_verify(bed, result);
}

static void
offload_run_bursts(
    struct offload_bed *bed, uint64_t n_ops, struct bench_result *result)
{
    result->verified = true;
    for (uint64_t i = 0; i < n_ops && result->verified; i++) {
        uint64_t start;

        offload_begin(bed, bed->shape.window);
        start = bench_now_ns();
        offload_pour(bed);
        result->ns += bench_now_ns() - start;
        result->n_ops++;
        offload_verify(bed, result);
    }
}

static void
offload_run_plain(
    struct offload_bed *bed, uint64_t n_ops, struct bench_result *result)
{
    if (bed->shape.kind == OFFLOAD_BURST)
        offload_run_bursts(bed, n_ops, result);
    else
        offload_run_flow(bed, n_ops, result);
}

/* The child of offload_measure_apart. */
static void
offload_answer(
    struct offload_bed *bed, uint64_t n_ops, struct bench_result *result)
{
    if (offload_open(bed) != 0) {
        snprintf(result->note, sizeof(result->note), "set-up failed");
        return;
    }
    offload_run_plain(bed, 1, result);
    if (result->verified) {
        memset(result, 0, sizeof(*result));
        offload_run_plain(bed, n_ops, result);
    }
    offload_close(bed);
}

/* Runs in a process of its own, where no thread has been: libuv sizes its pool
 * once per process. */
static void
offload_measure_apart(const struct offload_bed *bed, unsigned n_threads,
    uint64_t n_ops, struct bench_result *result)
{
    struct offload_bed copy = *bed;
    int ends[2];
    pid_t pid;

    copy.shape.n_threads = n_threads;
    memset(result, 0, sizeof(*result));
    if (pipe(ends) != 0)
        return;
    pid = fork();
    if (pid == 0) {
        offload_answer(&copy, n_ops, result);
        _exit(write(ends[1], result, sizeof(*result)) != sizeof(*result));
    }
    close(ends[1]);
    if (pid < 0 || read(ends[0], result, sizeof(*result)) != sizeof(*result)) {
        memset(result, 0, sizeof(*result));
        snprintf(result->note, sizeof(result->note), "no process, or it died");
    }
    close(ends[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

static void
offload_run_growth(
    struct offload_bed *bed, uint64_t n_ops, struct bench_result *result)
{
    uint64_t few_ns = 0;
    uint64_t many_ns = 0;

    for (int i = 0; i < 4; i++) {
        bool is_many = i == 1 || i == 2;
        struct bench_result one;

        offload_measure_apart(bed,
            is_many ? bed->shape.grows_to : bed->shape.n_threads, n_ops, &one);
        if (!one.verified) {
            *result = one;
            return;
        }
        *(is_many ? &many_ns : &few_ns) += one.ns;
        result->n_ops += one.n_ops;
        result->ns += one.ns;
    }
    result->figure = (double)many_ns / (double)few_ns;
    result->verified = true;
}

#endif /* BENCH_OFFLOAD_FLOW_H */
