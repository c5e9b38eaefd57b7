/* SPDX-License-Identifier: MIT */
/*
 * offload/cond_pool - the pool of baselines/cond_pool.h.
 */
#include "offload/offload.h"

#include "baselines/cond_pool.h"

struct job {
    struct cond_job work;
    struct bed *bed;
    uint64_t n_run;
};

struct bed {
    struct offload_count count;
    struct cond_pool pool;
    struct job *jobs;
    unsigned window;
};

static void
body(struct cond_job *work)
{
    struct job *job = (struct job *)work;

    job->n_run++;
}

static void
submit(struct bed *bed, struct job *job)
{
    bed->count.to_submit--;
    cond_pool_submit(&bed->pool, &job->work);
}

static void
done(struct cond_job *work)
{
    struct job *job = (struct job *)work;
    struct bed *bed = job->bed;

    bed->count.n_done++;
    if (bed->count.to_submit > 0)
        submit(bed, job);
}

static int
setup(const struct bench_case *which, void **ret_state)
{
    struct bed *bed = calloc(1, sizeof(*bed));

    if (bed == NULL)
        return -ENOMEM;
    bed->window = which->arg;
    bed->jobs = calloc(bed->window, sizeof(*bed->jobs));
    if (bed->jobs == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < bed->window; i++) {
        bed->jobs[i].bed = bed;
        bed->jobs[i].work.body = body;
        bed->jobs[i].work.done = done;
    }
    *ret_state = bed;
    return cond_pool_init(&bed->pool, OFFLOAD_THREADS);
}

static void
run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct bed *bed = state;
    uint64_t sum = 0;
    uint64_t end;

    for (unsigned i = 0; i < bed->window; i++)
        bed->jobs[i].n_run = 0;
    offload_begin(&bed->count, n_ops, bed->window);
    for (unsigned i = 0; i < bed->window; i++)
        submit(bed, &bed->jobs[i]);
    while (bed->count.n_done < bed->count.n_wanted)
        cond_pool_turn(&bed->pool);
    end = bench_now_ns();
    for (unsigned i = 0; i < bed->window; i++)
        sum += bed->jobs[i].n_run;
    offload_end(&bed->count, end, sum, result);
}

static void
teardown(void *state)
{
    struct bed *bed = state;

    cond_pool_fini(&bed->pool);
    free(bed->jobs);
    free(bed);
}

const struct bench_system offload_cond_pool = BENCH_SYSTEM(
    "cond_pool", NULL, setup, run, teardown);
