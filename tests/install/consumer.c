/* SPDX-License-Identifier: MIT */
/*
 * consumer - what a user's C program does with an installed Strait: inline and
 * exported functions of every layer, a round trip through pool and loop.
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
    if (strait_loop_destroy(loop) != 0 || strait_pool_destroy(pool) != 0)
        return 7;
    return 0;
}
