/* SPDX-License-Identifier: MIT */
/*
 * fork/strait - strait/fork.h, on a pool with as many workers as asked for. The
 * calling thread sleeps meanwhile.
 */
#include <strait/strait.h>

#define FORK_TASK_1(R, name, A, a)                                             \
    STRAIT_TASK_1(R, name, A);                                                 \
    static R name(strait_frame_t *frame, A a)
#define FORK_TASK_2(R, name, A, a, B, b)                                       \
    STRAIT_TASK_2(R, name, A, B);                                              \
    static R name(strait_frame_t *frame, A a, B b)
#define FORK_TASK_3(R, name, A, a, B, b, C, c)                                 \
    STRAIT_TASK_3(R, name, A, B, C);                                           \
    static R name(strait_frame_t *frame, A a, B b, C c)
#define FORK_TASK_5(R, name, A, a, B, b, C, c, D, d, E, e)                     \
    STRAIT_TASK_5(R, name, A, B, C, D, E);                                     \
    static R name(strait_frame_t *frame, A a, B b, C c, D d, E e)
#define FORK_LEAF (void)frame;
#define FORK_GROUP
#define FORK_SPAWN(place, name, ...) name##_spawn(&frame, __VA_ARGS__)
#define FORK_CALL(name, ...) name(frame, __VA_ARGS__)
#define FORK_JOIN(place, name) (place) = name##_join(&frame)
#define FORK_JOIN_ALL(places, n, name)                                         \
    do {                                                                       \
        for (unsigned i_ = (n); i_-- > 0;)                                     \
            (places)[i_] = name##_join(&frame);                                \
    } while (0)

#include "fork/programs.h"

#include "systems.h"

static strait_pool_t *pool;

static int
strait_open(unsigned n_workers)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = n_workers;
    config.stack_bytes = FORK_STACK_BYTES;
    return strait_pool_create(&pool, &config);
}

static void
strait_close(void)
{
    strait_pool_destroy(pool);
}

static void
root(strait_frame_t *frame, void *arg)
{
    fork_rounds(frame, arg);
}

static void
strait_run(struct fork_job *job)
{
    if (strait_fork_run(strait_pool_lane(pool), root, job) != 0)
        job->n_wrong++;
}

static const struct fork_ops ops = { strait_open, strait_close, strait_run, 1 };

FORK_SYSTEM(fork_strait, "strait", ops)
