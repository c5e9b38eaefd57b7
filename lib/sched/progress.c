/* SPDX-License-Identifier: MIT */
/*
 * progress.c - reports of a running item to its sink. One entry travels at a
 * time; a report that finds it on its way only changes the value.
 *
 * The entry of the item itself is pushed by the same worker after all reports,
 * so it comes behind them (FIFO per producer). Only the end of a request that
 * was given up comes from another thread: then a report that is on its way
 * holds the request, and is dropped where it arrives.
 *
 * Edges.
 *   Q1  exchange of queued_ by report -> by deliver      the value
 *   Q2  exchange of queued_ by deliver -> by report      the entry
 *
 * Tests: tests/sched/test_progress.c.
 */
#include "sched/submit.h"

#include <strait/progress.h>

static void
deliver(strait_sink_entry_t *entry, int status)
{
    strait_progress_t *progress = STRAIT_CONTAINER_OF(
        entry, strait_progress_t, entry_);
    strait_work_t *work = progress->work_;
    /* rlx: on this thread `done` clears IN_FLIGHT, and here is read. */
    uint32_t state = strait_load_rlx(&work->state_);

    /* [Q1:acq] [Q2:rel] a report that comes later pushes the entry anew. */
    (void)strait_xchg_acq_rel(&progress->queued_, 0);
    /* rlx: by Q1. */
    if (status == 0 && (state & STI_WORK_IN_FLIGHT) != 0)
        progress->fn_(
            progress, strait_load_rlx(&progress->value_), progress->arg_);
    if (state & STI_WORK_REQUEST)
        sti_request_let_go(work);
}

int
strait_progress_init(strait_progress_t *progress, strait_work_t *work,
    strait_progress_fn fn, void *arg)
{
    if (progress == NULL || work == NULL || fn == NULL)
        return -EINVAL;
    strait_sink_entry_init(&progress->entry_, deliver);
    progress->work_ = work;
    progress->fn_ = fn;
    progress->arg_ = arg;
    progress->reserved_ = 0;
    /* rlx: not shared, here and below. */
    strait_store_rlx(&progress->value_, 0);
    /* rlx: as above. */
    strait_store_rlx(&progress->queued_, 0);
    return 0;
}

void
strait_progress_report(strait_progress_t *progress, uint64_t value)
{
    strait_work_t *work;
    uint32_t state;

    if (progress == NULL)
        return;
    work = progress->work_;
    /* rlx: our own item, which runs. */
    state = strait_load_rlx(&work->state_);
    if (work->sink_ == NULL)
        return;
    /* rlx: goes with Q1. */
    strait_store_rlx(&progress->value_, value);
    /* [Q1:rel] the value. [Q2:acq] the entry is free again. */
    if (strait_xchg_acq_rel(&progress->queued_, 1) != 0)
        return;
    if (state & STI_WORK_REQUEST)
        (void)sti_request_report(work, &progress->entry_);
    else
        strait_sink_push(work->sink_, &progress->entry_);
}
