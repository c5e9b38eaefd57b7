/* SPDX-License-Identifier: MIT */
/*
 * work.c - a work item from submit to `done`: this is the whole path of a task,
 * read it together with worker.c.
 *
 *     submitter   sti_work_submit: one CAS into the lane's ring, wake if ARMED
 *     worker      sti_worker_main: pop, run, push onto the sink, wake if armed
 *     consumer    deliver_plain (or the loop's own): give back, call `done`
 *
 * The item is in one of three hands: the owner's (idle), the library's (in
 * flight). state_ says which; it is a plain word with relaxed accesses, because
 * the item itself travels along the edges of ring and mpsc, and state_ only
 * catches an owner who submits twice.
 *
 * Source. Our own. Tests: tests/sched/test_work.c, stress_pool.c.
 */
#include "sched/sched_priv.h"
#include "sched/submit.h"

#include "base/check.h"
#include "base/fork.h"

#include <errno.h>

_Static_assert(sizeof(strait_work_t) == 64, "a work item is one cache line");

enum { WORK_IDLE = 0, WORK_IN_FLIGHT = 1 };

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
    strait_store_rlx(&work->state_, WORK_IDLE);
}

bool
strait_work_in_flight(const strait_work_t *work)
{
    /* rlx: asked by the owner, who has submitted it or seen it finish. */
    return work != NULL && strait_load_rlx(&work->state_) != WORK_IDLE;
}

void
sti_work_finish(strait_work_t *work, int status)
{
    /* Somebody has touched an item that was not his. */
    STI_CHECK(1, strait_work_in_flight(work));
    /* rlx: the item came to this thread by M2. */
    strait_store_rlx(&work->state_, WORK_IDLE);
    /* From here on the item may be freed by whoever owns it. */
    if (work->done_ != NULL)
        work->done_(work, status, work->arg_);
}

static void
deliver_plain(strait_sink_entry_t *entry, int status)
{
    sti_work_finish(STRAIT_CONTAINER_OF(entry, strait_work_t, entry_), status);
}

int
sti_work_submit(strait_lane_t *lane, strait_work_t *work, strait_sink_t *sink,
    strait_sink_deliver_fn deliver, void *owner)
{
    int pushed;

    if (lane == NULL || work == NULL || sink == NULL || work->run_ == NULL)
        return -EINVAL;
    if (sti_forked(lane->pool->fork_generation))
        return -ECHILD;
    /* rlx: the owner asks about its own item. */
    if (strait_load_rlx(&work->state_) != WORK_IDLE)
        return -EBUSY;
    strait_sink_entry_init(&work->entry_, deliver);
    work->sink_ = sink;
    work->owner_ = owner;
    /* rlx: travels with the item by R3. */
    strait_store_rlx(&work->state_, WORK_IN_FLIGHT);

    pushed = strait_ring_push(&lane->ring, work);
    if (pushed == STRAIT_RING_DONE)
        return 0;
    if (pushed == STRAIT_RING_WAKE) {
        STRAIT_POINT("work.submit.wake");
        (void)sti_parking_wake_one(&lane->pool->parking);
        return 0;
    }
    /* rlx: nobody else has seen the item. */
    strait_store_rlx(&work->state_, WORK_IDLE);
    return pushed == STRAIT_RING_FULL ? -EAGAIN : -ESHUTDOWN;
}

int
strait_work_submit(
    strait_lane_t *lane, strait_work_t *work, strait_sink_t *sink)
{
    return sti_work_submit(lane, work, sink, deliver_plain, NULL);
}
