/* SPDX-License-Identifier: MIT */
/*
 * submit.h - both ends of a work item's path on the side of its owner: handing
 * it to a lane, and giving it back. In a header, because strait_work_submit and
 * strait_loop_submit are the two hot calls of the library and each call between
 * files of it costs them a twentieth. Included by: lib/sched, lib/loop.
 *
 *     submitter   sti_work_submit: one CAS into the lane's ring, wake if ARMED
 *     worker      sti_worker_main: pop, run, push onto the sink, wake if armed
 *     consumer    a deliver function, which ends in sti_work_finish: `done`
 *
 * Edges: none of its own; R2 to R5 are in ring.c, M1 to M3 in mpsc.c. state_ is
 * a plain word with relaxed accesses, because the item itself travels along
 * those edges, and state_ only catches an owner who submits twice.
 */
#ifndef STI_SCHED_SUBMIT_H
#define STI_SCHED_SUBMIT_H

#include <strait/work.h>

#include "base/check.h"
#include "base/fork.h"
#include "sched/sched_priv.h"

#include <errno.h>

/* In whose hand an item is: the owner's, or the library's. */
enum { STI_WORK_IDLE = 0, STI_WORK_IN_FLIGHT = 1 };

/*
 * strait_work_submit, but the completion is handed to `deliver`, which must end
 * in sti_work_finish. `owner` is kept in work->owner_ for it.
 */
static inline int
sti_work_submit(strait_lane_t *lane, strait_work_t *work, strait_sink_t *sink,
    strait_sink_deliver_fn deliver, void *owner)
{
    int pushed;

    if (lane == NULL || work == NULL || sink == NULL || work->run_ == NULL)
        return -EINVAL;
    if (sti_forked(lane->pool->fork_generation))
        return -ECHILD;
    /* rlx: the owner asks about its own item. */
    if (strait_load_rlx(&work->state_) != STI_WORK_IDLE)
        return -EBUSY;
    strait_sink_entry_init(&work->entry_, deliver);
    work->sink_ = sink;
    work->owner_ = owner;
    /* rlx: travels with the item by R3. */
    strait_store_rlx(&work->state_, STI_WORK_IN_FLIGHT);

    pushed = strait_ring_push(&lane->ring, work);
    if (pushed == STRAIT_RING_DONE)
        return 0;
    if (pushed == STRAIT_RING_WAKE) {
        STRAIT_POINT("work.submit.wake");
        (void)sti_parking_wake_one(&lane->pool->parking);
        return 0;
    }
    /* rlx: nobody else has seen the item. */
    strait_store_rlx(&work->state_, STI_WORK_IDLE);
    return pushed == STRAIT_RING_FULL ? -EAGAIN : -ESHUTDOWN;
}

/* Gives the item back to its owner and calls `done`. */
static inline void
sti_work_finish(strait_work_t *work, int status)
{
    /* rlx: the item came to this thread by M2. Somebody has touched an item
     * that was not his, otherwise. */
    STI_CHECK(1, strait_load_rlx(&work->state_) == STI_WORK_IN_FLIGHT);
    /* rlx: as above. */
    strait_store_rlx(&work->state_, STI_WORK_IDLE);
    /* From here on the item may be freed by whoever owns it. */
    if (work->done_ != NULL)
        work->done_(work, status, work->arg_);
}

#endif /* STI_SCHED_SUBMIT_H */
