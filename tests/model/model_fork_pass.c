/* SPDX-License-Identifier: MIT */
/*
 * @obligation a wake-up for a task ends at somebody who can run it: not at one who
 *   waits alone, nor at one who has left its sleep for another reason, or is woken
 *   as its own task ends, and goes on with something long
 * @core fork
 * @case alone -DWORKERS=3 -DALONE
 * @case left -DWORKERS=3 -DLEFT
 * @case ends -DWORKERS=4 -DENDS
 * @case both -DWORKERS=4 -DENDS -DLASTS=2
 */
#ifdef ENDS
#define ROOTS 2
#define ROOT_ARG(seat) (&n_begun[seat])
#define WITH_ITEM
static void with_item(void);
#include "model.h"
M_STATE STRAIT_ATOMIC(uint32_t) n_begun[2];
#endif
#include "fork_common.h"

/* The last tasks of all. */
#ifndef LASTS
#define LASTS 1
#endif
M_STATE STRAIT_ATOMIC(uint32_t) last_begun;

static void
await_begin(strait_frame_t *frame, STRAIT_ATOMIC(uint32_t) * begun)
{
    while (strait_load_rlx(begun) == 0) {
        strait_worker_poll(frame);
        M_PAUSE();
    }
}

static void
last(strait_frame_t *frame, void *arg)
{
    (void)frame;
    (void)arg;
    (void)strait_add_rlx(&last_begun, 1);
    M_AWAIT(strait_load_rlx(&last_begun) == LASTS);
}

#ifdef ENDS

M_STATE strait_work_t item;
/* 1: both roots have been about to sleep. */
M_STATE STRAIT_ATOMIC(uint32_t) both_slept;

/* Keeps the worker whose task has ended. */
static void
run_item(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    M_AWAIT(strait_load_rlx(&last_begun) == LASTS);
}

static void
with_item(void)
{
    item_init(&item, run_item);
    M_AWAIT(strait_load_rlx(&n_begun[0]) != 0);
    M_AWAIT(strait_load_rlx(&n_begun[1]) != 0);
    M_AWAIT(submit(0, &item) != STRAIT_RING_FULL);
}

static bool
both_sleep(void)
{
    return strait_load_rlx(&idle_helpers[0].bits_) == 3 ||
        strait_load_rlx(&last_begun) != 0 || strait_load_rlx(&both_slept) != 0;
}

/* That of root 0 ends; that of root 1 has one more for somebody. */
static void
task(strait_frame_t *frame, void *arg)
{
    STRAIT_ATOMIC(uint32_t) *mine = arg;

    strait_store_rlx(mine, 1);
    /* Until both roots are about to sleep. */
    M_AWAIT(both_sleep());
    strait_store_rlx(&both_slept, 1);
    if (mine == &n_begun[1]) {
        int i;

        for (i = 0; i < LASTS; i++)
            strait_spawn(&frame, last, NULL);
        await_begin(frame, &last_begun);
        for (i = 0; i < LASTS; i++)
            strait_join(&frame);
    }
#if LASTS == 2
    /* One each for the two that sleep. */
    M_AWAIT(strait_load_rlx(&last_begun) == LASTS);
#endif
}

static void
root(strait_frame_t *frame, void *arg)
{
    strait_spawn(&frame, task, arg);
    /* Both are the others', then. */
    await_begin(frame, &n_begun[0]);
    await_begin(frame, &n_begun[1]);
    strait_join(&frame);
    M_AWAIT(strait_load_rlx(&last_begun) == LASTS);
}

#else

/* Tasks above one another, each run by another worker. */
__attribute__((unused)) M_STATE STRAIT_ATOMIC(uint32_t) early_begun;
M_STATE STRAIT_ATOMIC(uint32_t) outer_begun;
M_STATE STRAIT_ATOMIC(uint32_t) inner_begun;

static void
inner(strait_frame_t *frame, void *arg)
{
    (void)arg;
    strait_store_rlx(&inner_begun, 1);
    strait_spawn(&frame, last, NULL);
    await_begin(frame, &last_begun);
    strait_join(&frame);
}

static void
outer(strait_frame_t *frame, void *arg)
{
    (void)arg;
    strait_store_rlx(&outer_begun, 1);
    strait_spawn(&frame, inner, NULL);
    await_begin(frame, &inner_begun);
    strait_join(&frame);
}

#ifdef LEFT
static void
early(strait_frame_t *frame, void *arg)
{
    (void)frame;
    (void)arg;
    strait_store_rlx(&early_begun, 1);
    /* Until the root is about to sleep. */
    M_AWAIT(strait_load_rlx(&idle_helpers[0].bits_) != 0);
}
#endif

static void
root(strait_frame_t *frame, void *arg)
{
    (void)arg;
#ifdef LEFT
    /* May sleep until it has ended. */
    strait_spawn(&frame, early, NULL);
    await_begin(frame, &early_begun);
    strait_join(&frame);
#endif
    strait_spawn(&frame, outer, NULL);
    await_begin(frame, &outer_begun);
#ifdef LEFT
    M_AWAIT(strait_load_rlx(&last_begun) != 0);
    strait_join(&frame);
#else
    strait_join_alone(&frame);
#endif
}

#endif

M_MAIN
{
    fork_init();
    M_NAME(&last_begun, "last_begun");
    fork_run();
}
