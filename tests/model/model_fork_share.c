/* SPDX-License-Identifier: MIT */
/*
 * @obligation a task that is shared does not lie beside a sleeper, though its
 *   owner looks around no more: it shares one whenever it is asked or told, and
 *   each of these is started
 * @core fork
 * @case 1t2w -DWORKERS=2 -DTASKS=1
 * @case 1t3w -DWORKERS=3 -DTASKS=1
 * @case 2t3w -DWORKERS=3 -DTASKS=2
 * @case 3t4w -DWORKERS=4 -DTASKS=3
 */
#include "fork_common.h"

M_STATE STRAIT_ATOMIC(uint32_t) n_started;

static void
task(strait_frame_t *frame, void *arg)
{
    (void)frame;
    (void)arg;
    (void)strait_add_rlx(&n_started, 1);
    M_AWAIT(strait_load_rlx(&n_started) == TASKS);
}

static void
root(strait_frame_t *frame, void *arg)
{
    const strait_deque_t *deque = strait_frame_deque_(frame);
    int i;

    (void)arg;
    for (i = 0; i < TASKS; i++)
        strait_spawn(&frame, task, NULL);
    /* Until all are shared. */
    while (deque->private_ != frame) {
        M_AWAIT(strait_load_rlx(&deque->hungry_) != STI_HUNGRY_NO);
        strait_worker_poll(frame);
    }
    M_AWAIT(strait_load_rlx(&n_started) == TASKS);
    for (i = 0; i < TASKS; i++)
        strait_join(&frame);
}

M_MAIN
{
    fork_init();
    M_NAME(&n_started, "n_started");
    fork_run();
}
