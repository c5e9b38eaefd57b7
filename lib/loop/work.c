/* SPDX-License-Identifier: MIT */
/*
 * work.c - offload: work for a pool whose completion comes back to this loop.
 * The loop counts what is in flight, on its own thread and without atomics;
 * that is why submit is for the loop's thread, and why the loop cannot end
 * meanwhile.
 */
#include "loop/loop_priv.h"

#include "sched/submit.h"

static void
deliver_counted(strait_sink_entry_t *entry, int status)
{
    strait_work_t *work = STRAIT_CONTAINER_OF(entry, strait_work_t, entry_);
    strait_loop_t *loop = work->owner_;

    STI_CHECK(1, loop->n_in_flight != 0);
    STI_CHECK(2, loop->owner == sti_thread_token());
    loop->n_in_flight--;
    sti_work_finish(work, status);
}

int
strait_loop_submit(
    strait_loop_t *loop, strait_lane_t *lane, strait_work_t *work)
{
    int err = sti_loop_check(loop);

    if (err != 0)
        return err;
    /* rlx: our own thread's; set while the loop ends and cancels its posts. */
    if (strait_load_rlx(&loop->ref->closed) != 0)
        return -ESHUTDOWN;
    err = sti_work_submit(lane, work, &loop->ref->sink, deliver_counted, loop);
    if (err == 0)
        loop->n_in_flight++;
    return err;
}
