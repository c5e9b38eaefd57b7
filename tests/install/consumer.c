/* SPDX-License-Identifier: MIT */
/*
 * consumer - what a user's C program does with an installed Strait: inline and
 * exported functions of every layer, a round trip through pool and loop, and a
 * wait for work in a lane of its own.
 *
 * Prints "allocator NAME"; fails if headers and library do not match, or if
 * the allocator is not the one named by the first argument.
 */
#include <stdio.h>
#include <strait/strait.h>
#include <string.h>

struct job {
    strait_work_t work;
    int answer;
    int seen;
};

static void
compute(strait_work_t *work, void *arg)
{
    struct job *job = arg;

    (void)work;
    job->answer = 6 * 7;
}

static void
computed(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;

    (void)work;
    if (status == 0)
        job->seen = job->answer;
}

/* An ordered lane, a deadline that does not come, a future, statistics. */
static int
use_lane(strait_pool_t *pool, strait_loop_t *loop, struct job *job)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_stats_t stats = STRAIT_LANE_STATS_INIT;
    strait_deadline_t deadline;
    strait_future_t future;
    strait_lane_t *lane;

    config.name = "consumer";
    config.order = STRAIT_ORDER_SUBMIT;
    if (strait_lane_create(&lane, pool, &config) != 0 ||
        strait_lane_find(pool, "consumer") != lane)
        return 1;
    job->seen = 0;
    if (strait_loop_submit_until(
            loop, lane, &job->work, &deadline, UINT64_MAX) != 0 ||
        strait_loop_run(loop, STRAIT_RUN_DEFAULT) != 0 || job->seen != 42)
        return 2;
    strait_future_init(&future, compute, job);
    if (strait_future_submit(lane, &future) != 0 ||
        strait_future_wait(&future, UINT64_MAX) != 0)
        return 3;
    return strait_lane_stats(lane, &stats) != 0 || stats.n_submitted != 2;
}

int
main(int argc, char **argv)
{
    bool (*push)(strait_mpsc_t *, strait_mpsc_node_t *) = strait_mpsc_push;
    strait_mpsc_t queue = STRAIT_MPSC_INIT(queue);
    strait_mpsc_node_t node;
    strait_mpsc_node_t *popped = NULL;
    strait_loop_t *loop = NULL;
    strait_pool_t *pool = NULL;
    struct job job;
    const char *name;

    if (strait_version() != STRAIT_VERSION) {
        fprintf(stderr, "library %s, headers %#x\n", strait_version_string(),
            (unsigned)STRAIT_VERSION);
        return 1;
    }
    (void)strait_allocator_default(&name);
    printf("allocator %s\n", name);
    if (argc > 1 && strcmp(name, argv[1]) != 0)
        return 2;
    if (push(&queue, &node) ||
        strait_mpsc_pop(&queue, &popped) != STRAIT_MPSC_ITEM || popped != &node)
        return 3;
    memset(&job, 0, sizeof job);
    if (strait_pool_create(&pool, NULL) != 0 ||
        strait_loop_create(&loop, NULL) != 0)
        return 4;
    strait_work_init(&job.work, compute, computed, &job);
    if (strait_loop_submit(loop, strait_pool_lane(pool), &job.work) != 0)
        return 5;
    if (strait_loop_run(loop, STRAIT_RUN_DEFAULT) != 0 || job.seen != 42)
        return 6;
    if (use_lane(pool, loop, &job) != 0)
        return 8;
    if (strait_loop_destroy(loop) != 0 || strait_pool_destroy(pool) != 0)
        return 7;
    return 0;
}
