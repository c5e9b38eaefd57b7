/* SPDX-License-Identifier: MIT */
/*
 * @obligation the tasks of a root within a task get to sleepers that have told
 *   another deque of the same worker, or none; and afterwards those of the root
 *   outside do again, whoever has gone to sleep meanwhile
 * @core fork
 * @case in -DWORKERS=2
 * @case in-3w -DWORKERS=3
 * @case out -DWORKERS=2 -DOUT
 * @case out-3w -DWORKERS=3 -DOUT
 */
#define DEQUES (WORKERS + 1)
#include "fork_common.h"

M_STATE STRAIT_ATOMIC(uint32_t) n_started;

static void
task(strait_frame_t *frame, void *arg)
{
    (void)frame;
    (void)arg;
    (void)strait_add_rlx(&n_started, 1);
}

static void
await_start(strait_frame_t *frame, uint32_t n)
{
    while (strait_load_rlx(&n_started) < n) {
        strait_worker_poll(frame);
        M_PAUSE();
    }
}

static void
nested(strait_frame_t *frame, void *arg)
{
    (void)arg;
    strait_spawn(&frame, task, NULL);
    await_start(frame, 1);
    strait_join(&frame);
}

static void
root(strait_frame_t *frame, void *arg)
{
    (void)arg;
    M_ASSERT(run_here(worker_of(frame), nested, NULL) == 0);
#ifdef OUT
    strait_spawn(&frame, task, NULL);
    await_start(frame, 2);
    strait_join(&frame);
#endif
}

M_MAIN
{
    fork_init();
    M_NAME(&n_started, "n_started");
    fork_run();
}
