/* SPDX-License-Identifier: MIT */
/*
 * @obligation tasks do not wait beside sleepers: whether workers are awake, about
 *   to sleep or asleep when a root spawns its tasks, and then goes on to poll, as
 *   many workers start one as there are tasks; each runs once, sees what was
 *   written before it was spawned, and its join sees what it has written
 * @core fork
 * @case 1t2w -DWORKERS=2 -DTASKS=1
 * @case 1t3w -DWORKERS=3 -DTASKS=1
 * @case 2t3w -DWORKERS=3 -DTASKS=2
 * @case 3t4w -DWORKERS=4 -DTASKS=3
 */
#include "fork_common.h"

M_STATE int payload[TASKS];
M_STATE STRAIT_ATOMIC(uint32_t) n_started;

static void
task(strait_frame_t *frame, void *arg)
{
    int *mine = arg;

    (void)frame;
    M_ASSERT(M_GET(mine) == 1);
    M_SET(mine, 2);
    (void)strait_add_rlx(&n_started, 1);
    M_AWAIT(strait_load_rlx(&n_started) == TASKS);
}

static void
root(strait_frame_t *frame, void *arg)
{
    int i;

    (void)arg;
    for (i = 0; i < TASKS; i++) {
        M_SET(&payload[i], 1);
        strait_spawn(&frame, task, &payload[i]);
    }
    while (strait_load_rlx(&n_started) != TASKS) {
        strait_worker_poll(frame);
        M_PAUSE();
    }
    for (i = TASKS - 1; i >= 0; i--) {
        strait_join(&frame);
        M_ASSERT(M_GET(&payload[i]) == 2);
    }
}

M_MAIN
{
    fork_init();
    M_NAME(&n_started, "n_started");
    fork_run();
}
