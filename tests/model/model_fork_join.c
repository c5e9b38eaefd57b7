/* SPDX-License-Identifier: MIT */
/*
 * @obligation a join whose task was stolen ends when that one has, and sees its
 *   result; while it waits, asleep or not, it is a worker for tasks that are
 *   spawned meanwhile, as often as there are any; but not strait_join_alone,
 *   nor one that is too deep. Roots on several workers may take each other's
 *   tasks. Two joins that sleep are both found
 * @core fork
 * @case once -DWORKERS=2 -DROUNDS=1
 * @case twice -DWORKERS=2 -DROUNDS=2
 * @case thrice -DWORKERS=2 -DROUNDS=3
 * @case once-3w -DWORKERS=3 -DROUNDS=1
 * @case pair-3w -DWORKERS=3 -DROUNDS=1 -DWIDTH=2 -DCHAIN
 * @case alone -DWORKERS=2 -DROUNDS=1 -DALONE
 * @case alone-3w -DWORKERS=3 -DROUNDS=1 -DALONE
 * @case deep -DWORKERS=2 -DROUNDS=1 -DALONE -DDEPTH_MAX=0
 * @case 2roots -DWORKERS=2 -DTWO
 * @case 2roots-3w -DWORKERS=3 -DTWO
 */
#ifdef TWO
#define ROOTS 2
#define ROOT_ARG(seat) (&ran[seat])
static int ran[ROOTS];
#endif
#include "fork_common.h"

#ifndef WIDTH
#define WIDTH 1
#endif

#if defined(ALONE) && !defined(DEPTH_MAX)
#define JOIN strait_join_alone
#else
#define JOIN strait_join
#endif

#ifdef TWO

M_STATE int ran[ROOTS];

static void
leaf(strait_frame_t *frame, void *arg)
{
    int *mine = arg;

    (void)frame;
    M_ASSERT(M_GET(mine) == 1);
}

static void
task(strait_frame_t *frame, void *arg)
{
    int *mine = arg;

    M_ASSERT(M_GET(mine) == 1);
    strait_spawn(&frame, leaf, mine);
    strait_join(&frame);
    M_SET(mine, 2);
    if (worker_of(frame) != &workers[mine - ran])
        M_COVER("a task is run by another worker");
}

static void
root(strait_frame_t *frame, void *arg)
{
    int *mine = arg;

    M_SET(mine, 1);
    strait_spawn(&frame, task, mine);
    strait_worker_poll(frame);
    strait_join(&frame);
    M_ASSERT(M_GET(mine) == 2);
}

#else

/* A tower: root spawns `outer`, which somebody else must take; that one spawns
 * WIDTH of `inner` in each round, which others than itself must take. */
M_STATE STRAIT_ATOMIC(uint32_t) outer_runs;
M_STATE STRAIT_ATOMIC(uint32_t) n_inner;
M_STATE int result;

static void
inner(strait_frame_t *frame, void *arg)
{
    int *mine = arg;

    M_ASSERT(M_GET(mine) == 1);
    M_SET(mine, 2);
#ifdef ALONE
    M_ASSERT(worker_of(frame) != &workers[0]);
#else
    (void)frame;
#endif
    (void)strait_add_rlx(&n_inner, 1);
#ifdef CHAIN
    M_AWAIT(strait_load_rlx(&n_inner) == WIDTH);
#endif
}

static void
outer(strait_frame_t *frame, void *arg)
{
    int data[WIDTH];
    int round;
    int i;

    (void)arg;
    M_ASSERT(worker_of(frame) != &workers[0]);
    strait_store_rlx(&outer_runs, 1);
    for (round = 1; round <= ROUNDS; round++) {
        for (i = 0; i < WIDTH; i++) {
            M_SET(&data[i], 1);
            strait_spawn(&frame, inner, &data[i]);
        }
#ifdef ALONE
        for (i = 0; i < 8; i++)
            strait_worker_poll(frame);
#else
        while (strait_load_rlx(&n_inner) != (uint32_t)(round * WIDTH)) {
            strait_worker_poll(frame);
            M_PAUSE();
        }
#endif
        for (i = WIDTH - 1; i >= 0; i--) {
            strait_join(&frame);
            M_ASSERT(M_GET(&data[i]) == 2);
        }
    }
    M_SET(&result, 1);
}

static void
root(strait_frame_t *frame, void *arg)
{
    (void)arg;
    strait_spawn(&frame, outer, NULL);
    while (strait_load_rlx(&outer_runs) == 0) {
        strait_worker_poll(frame);
        M_PAUSE();
    }
    JOIN(&frame);
    M_ASSERT(M_GET(&result) == 1);
}

#endif

M_MAIN
{
    fork_init();
#ifndef TWO
    M_NAME(&outer_runs, "outer_runs");
    M_NAME(&n_inner, "n_inner");
#endif
    fork_run();
}
