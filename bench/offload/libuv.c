/* SPDX-License-Identifier: MIT */
/*
 * offload/libuv - uv_queue_work, with UV_THREADPOOL_SIZE=2.
 */
#include "offload/offload.h"

#include <uv.h>

struct job {
    uv_work_t work;
    struct bed *bed;
    uint64_t n_run;
};

struct bed {
    struct offload_count count;
    uv_loop_t loop;
    struct job *jobs;
    unsigned window;
    int err;
};

static void
body(uv_work_t *work)
{
    struct job *job = (struct job *)work;

    job->n_run++;
}

static void done(uv_work_t *work, int status);

static void
submit(struct bed *bed, struct job *job)
{
    int err = uv_queue_work(&bed->loop, &job->work, body, done);

    bed->count.to_submit--;
    if (err != 0)
        bed->err = err;
}

static void
done(uv_work_t *work, int status)
{
    struct job *job = (struct job *)work;
    struct bed *bed = job->bed;

    if (status != 0)
        bed->err = status;
    bed->count.n_done++;
    if (bed->count.to_submit > 0)
        submit(bed, job);
}

static int
setup(const struct bench_case *which, void **ret_state)
{
    struct bed *bed = calloc(1, sizeof(*bed));
    char threads[16];

    if (bed == NULL)
        return -ENOMEM;
    snprintf(threads, sizeof(threads), "%d", OFFLOAD_THREADS);
    setenv("UV_THREADPOOL_SIZE", threads, 1);
    bed->window = which->arg;
    bed->jobs = calloc(bed->window, sizeof(*bed->jobs));
    if (bed->jobs == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < bed->window; i++)
        bed->jobs[i].bed = bed;
    *ret_state = bed;
    return uv_loop_init(&bed->loop);
}

static void
run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct bed *bed = state;
    uint64_t sum = 0;
    uint64_t end;

    for (unsigned i = 0; i < bed->window; i++)
        bed->jobs[i].n_run = 0;
    bed->err = 0;
    offload_begin(&bed->count, n_ops, bed->window);
    for (unsigned i = 0; i < bed->window; i++)
        submit(bed, &bed->jobs[i]);
    uv_run(&bed->loop, UV_RUN_DEFAULT);
    end = bench_now_ns();
    for (unsigned i = 0; i < bed->window; i++)
        sum += bed->jobs[i].n_run;
    offload_end(&bed->count, end, sum, result);
    if (bed->err != 0) {
        result->verified = false;
        snprintf(
            result->note, sizeof(result->note), "%s", uv_strerror(bed->err));
    }
}

static void
teardown(void *state)
{
    struct bed *bed = state;

    uv_loop_close(&bed->loop);
    free(bed->jobs);
    free(bed);
}

const struct bench_system offload_libuv = BENCH_SYSTEM(
    "libuv", NULL, setup, run, teardown);
