/* SPDX-License-Identifier: MIT */
/*
 * @obligation tasks and items of lanes share the workers: whoever is woken for
 *   the one and finds the other sees to it that neither is left beside a sleeper;
 *   an item wakes nobody who sleeps in a join, and could not run it
 * @core fork
 * @case both -DWORKERS=3 -DTASKS=1 -DITEMS=1
 * @case both-4w -DWORKERS=4 -DTASKS=2 -DITEMS=1
 * @case item-4w -DWORKERS=4 -DTASKS=1 -DITEMS=2
 * @case join -DWORKERS=3 -DTASKS=1 -DITEMS=1 -DJOINS
 * @case join-2i -DWORKERS=4 -DTASKS=1 -DITEMS=2 -DJOINS
 */
#define WITH_ITEM
static void with_item(void);
#include "fork_common.h"

M_STATE STRAIT_ATOMIC(uint32_t) n_tasks;
M_STATE STRAIT_ATOMIC(uint32_t) n_items;
M_STATE strait_work_t items[ITEMS];

/* Each is over when all have begun. */
static void
meet(void)
{
    M_AWAIT(strait_load_rlx(&n_tasks) == TASKS);
    M_AWAIT(strait_load_rlx(&n_items) == ITEMS);
}

static void
task(strait_frame_t *frame, void *arg)
{
    (void)frame;
    (void)arg;
    (void)strait_add_rlx(&n_tasks, 1);
    meet();
}

static void
run_item(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    (void)strait_add_rlx(&n_items, 1);
    meet();
}

static void
with_item(void)
{
    int i;

    for (i = 0; i < ITEMS; i++) {
        item_init(&items[i], run_item);
        M_AWAIT(submit(0, &items[i]) != STRAIT_RING_FULL);
    }
}

static void
root(strait_frame_t *frame, void *arg)
{
    int i;

    (void)arg;
    for (i = 0; i < TASKS; i++)
        strait_spawn(&frame, task, NULL);
    while (strait_load_rlx(&n_tasks) != TASKS) {
        strait_worker_poll(frame);
        M_PAUSE();
    }
#ifndef JOINS
    meet();
#endif
    for (i = 0; i < TASKS; i++)
        strait_join(&frame);
}

M_MAIN
{
    fork_init();
    M_NAME(&n_tasks, "n_tasks");
    M_NAME(&n_items, "n_items");
    fork_run();
    M_ASSERT(strait_load_rlx(&n_finished) == ITEMS);
}
