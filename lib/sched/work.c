/* SPDX-License-Identifier: MIT */
/*
 * work.c - work items for any sink. The path of a task is in submit.h, on its
 * owner's side, and in worker.c, on the pool's; here is what is left.
 *
 * Tests: tests/sched/test_work.c, stress_pool.c.
 */
#include "sched/submit.h"

_Static_assert(sizeof(strait_work_t) == 64, "a work item is one cache line");

void
strait_work_init(strait_work_t *work, strait_work_fn run,
    strait_work_done_fn done, void *arg)
{
    if (work == NULL)
        return;
    strait_sink_entry_init(&work->entry_, NULL);
    work->run_ = run;
    work->done_ = done;
    work->arg_ = arg;
    work->sink_ = NULL;
    work->owner_ = NULL;
    work->reserved_ = 0;
    /* rlx: the owner's own hand. */
    strait_store_rlx(&work->state_, STI_WORK_IDLE);
}

bool
strait_work_in_flight(const strait_work_t *work)
{
    /* rlx: asked by the owner, who has submitted it or seen it finish. */
    return work != NULL && strait_load_rlx(&work->state_) != STI_WORK_IDLE;
}

static void
deliver_plain(strait_sink_entry_t *entry, int status)
{
    sti_work_finish(STRAIT_CONTAINER_OF(entry, strait_work_t, entry_), status);
}

int
strait_work_submit(
    strait_lane_t *lane, strait_work_t *work, strait_sink_t *sink)
{
    return sti_work_submit(lane, work, sink, deliver_plain, NULL);
}
