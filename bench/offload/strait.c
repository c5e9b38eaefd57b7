/* SPDX-License-Identifier: MIT */
/*
 * offload/strait - strait_loop_submit to the built-in lane of a pool, which has
 * room for what is in flight: an answer "full" would be a wrong result.
 */
#include "offload/offload.h"

#include <strait/strait.h>

struct job {
    strait_work_t work;
    struct bed *bed;
    uint64_t n_run;
};

struct bed {
    struct offload_count count;
    strait_loop_t *loop;
    strait_pool_t *pool;
    strait_lane_t *lane;
    struct job *jobs;
    unsigned window;
    int err;
};

static void
body(strait_work_t *work, void *arg)
{
    struct job *job = arg;

    (void)work;
    job->n_run++;
}

static void
submit(struct bed *bed, struct job *job)
{
    int err = strait_loop_submit(bed->loop, bed->lane, &job->work);

    bed->count.to_submit--;
    if (err != 0) {
        bed->err = err;
        strait_loop_stop(bed->loop);
    }
}

static void
done(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;
    struct bed *bed = job->bed;

    (void)work;
    if (status != 0)
        bed->err = status;
    bed->count.n_done++;
    if (bed->count.to_submit > 0)
        submit(bed, job);
}

static int
setup(const struct bench_case *which, void **ret_state)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    struct bed *bed = calloc(1, sizeof(*bed));
    int err;

    if (bed == NULL)
        return -ENOMEM;
    bed->window = which->arg;
    bed->jobs = calloc(bed->window, sizeof(*bed->jobs));
    if (bed->jobs == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < bed->window; i++) {
        bed->jobs[i].bed = bed;
        strait_work_init(&bed->jobs[i].work, body, done, &bed->jobs[i]);
    }
    config.n_workers = OFFLOAD_THREADS;
    err = strait_loop_create(&bed->loop, NULL);
    if (err == 0)
        err = strait_pool_create(&bed->pool, &config);
    if (err == 0)
        bed->lane = strait_pool_lane(bed->pool);
    *ret_state = bed;
    return err;
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
    strait_loop_run(bed->loop, STRAIT_RUN_DEFAULT);
    end = bench_now_ns();
    for (unsigned i = 0; i < bed->window; i++)
        sum += bed->jobs[i].n_run;
    offload_end(&bed->count, end, sum, result);
    if (bed->err != 0) {
        result->verified = false;
        snprintf(result->note, sizeof(result->note), "a submit answered %s",
            strait_error_name(bed->err));
    }
}

static void
teardown(void *state)
{
    struct bed *bed = state;

    strait_pool_destroy(bed->pool);
    strait_loop_destroy(bed->loop);
    free(bed->jobs);
    free(bed);
}

const struct bench_system offload_strait = BENCH_SYSTEM(
    "strait", NULL, setup, run, teardown);
