/* SPDX-License-Identifier: MIT */
/*
 * future.c - a work item without a sink, and a word to wait on: the worker that
 * has run it delivers it by itself.
 *
 *     word   IDLE --submit--> PENDING --wait--> WAITED
 *                                |                 |
 *                                '---- done -------'--> DONE  (WAITED: wake)
 *
 * After the exchange to DONE the waiter may free the future: the waker uses its
 * address only.
 *
 * Edges.
 *   F1  exchange to DONE -> load of wait      status_, and what `run` has
 *       written
 *
 * Tests: tests/sched/test_future.c.
 */
#include "sched/submit.h"

#include "base/futex.h"
#include "base/thread.h"

#include <limits.h>
#include <strait/clock.h>
#include <strait/future.h>

enum { IDLE = 0, PENDING = 1, WAITED = 2, DONE = 3 };

/* On the worker, or on whoever removed the item. */
static void
over(strait_work_t *work, int status, void *arg)
{
    strait_future_t *future = STRAIT_CONTAINER_OF(work, strait_future_t, work_);
    STRAIT_ATOMIC(uint32_t) *word = &future->word_;

    (void)arg;
    future->status_ = status;
    /* [F1:rel] the status and the work. */
    if (strait_xchg_release(word, DONE) == WAITED)
        (void)sti_futex_wake(word, INT_MAX, UINT32_MAX);
}

static void
deliver(strait_sink_entry_t *entry, int status)
{
    sti_work_finish(STRAIT_CONTAINER_OF(entry, strait_work_t, entry_), status);
}

void
strait_future_init(strait_future_t *future, strait_work_fn run, void *arg)
{
    if (future == NULL)
        return;
    strait_work_init(&future->work_, run, over, arg);
    future->status_ = 0;
    /* rlx: not shared. */
    strait_store_rlx(&future->word_, IDLE);
}

strait_work_t *
strait_future_work(strait_future_t *future)
{
    return future != NULL ? &future->work_ : NULL;
}

int
strait_future_submit(strait_lane_t *lane, strait_future_t *future)
{
    uint32_t before;
    int err;

    if (future == NULL)
        return -EINVAL;
    if (strait_work_in_flight(&future->work_))
        return -EBUSY;
    /* rlx: the owner's, who has seen the end of the last round. */
    before = strait_load_rlx(&future->word_);
    if (before == PENDING || before == WAITED)
        return -EBUSY;
    /* rlx: goes to the worker with the item. */
    strait_store_rlx(&future->word_, PENDING);
    err = sti_work_submit(lane, &future->work_, NULL, deliver,
        STI_DELIVER_PLAIN, strait_now_ns());
    if (err != 0) {
        /* rlx: nobody else has seen it. */
        strait_store_rlx(&future->word_, before);
    }
    return err;
}

/* True if the calling thread must not wait for this future. */
static bool
must_not_wait(const strait_future_t *future)
{
    const sti_worker_t *self = sti_worker_self();

    return sti_thread_runs_loop != 0 ||
        (self != NULL && self->pool == sti_work_lane(&future->work_)->pool);
}

/* strait_future_wait; `must`: its thread knows that it may wait. */
static int
await_end(strait_future_t *future, uint64_t deadline_ns, bool must)
{
    for (;;) {
        /* [F1:acq] */
        uint32_t word = strait_load_acquire(&future->word_);

        if (word == DONE)
            return future->status_;
        if (word == IDLE)
            return -ESRCH;
        if (deadline_ns == 0)
            return -ETIMEDOUT;
        if (sti_forked(sti_work_lane(&future->work_)->pool->fork_generation))
            return -ECHILD;
        if (!must && must_not_wait(future))
            return -EDEADLK;
        if (deadline_ns != UINT64_MAX && strait_now_ns() >= deadline_ns)
            return -ETIMEDOUT;
        /* rlx: nothing of ours goes with it. If it fails: look again. */
        if (word == PENDING && !strait_cas_rlx(&future->word_, &word, WAITED))
            continue;
        (void)sti_futex_wait_until(&future->word_, WAITED, deadline_ns);
    }
}

int
strait_future_wait(strait_future_t *future, uint64_t deadline_ns)
{
    return future != NULL ? await_end(future, deadline_ns, false) : -EINVAL;
}

int
sti_future_join(strait_future_t *future)
{
    return await_end(future, UINT64_MAX, true);
}
