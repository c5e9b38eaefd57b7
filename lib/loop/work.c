/* SPDX-License-Identifier: MIT */
/*
 * work.c - offload: work for a pool whose completion comes back to this loop.
 * The loop counts what is in flight, on its own thread and without atomics;
 * that is why submit is for the loop's thread, and why the loop cannot end
 * meanwhile.
 *
 * A submit takes the loop's idea of now as the time when the item began to
 * wait: a look at the clock would cost as much as all the rest.
 */
#include "loop/loop_priv.h"

#include "sched/submit.h"

#include <strait/deadline.h>

/* The item belongs to its owner again. */
static void
came_back(strait_loop_t *loop)
{
    STI_CHECK(1, loop->n_in_flight != 0);
    STI_CHECK(2, loop->owner == sti_thread_token());
    loop->n_in_flight--;
}

static void
deliver_counted(strait_sink_entry_t *entry, int status)
{
    strait_work_t *work = STRAIT_CONTAINER_OF(entry, strait_work_t, entry_);

    came_back(STRAIT_CONTAINER_OF(work->sink_, strait_loop_ref_t, sink)->loop);
    sti_work_finish(work, status);
}

static void
deliver_timed(strait_sink_entry_t *entry, int status)
{
    strait_work_t *work = STRAIT_CONTAINER_OF(entry, strait_work_t, entry_);
    strait_deadline_t *deadline = work->owner_;

    /* It may have come already. */
    (void)strait_timer_stop(deadline->loop_, &deadline->timer_);
    came_back(deadline->loop_);
    sti_work_finish(work, status);
}

/* In line: strait_loop_submit is as good as nothing else. */
static inline __attribute__((always_inline)) int
submit(strait_loop_t *loop, strait_lane_t *lane, strait_work_t *work,
    strait_sink_deliver_fn deliver, uint32_t kind)
{
    int err;

    /* rlx: our own thread's; set while the loop ends and cancels its posts. */
    if (strait_load_rlx(&loop->ref->closed) != 0)
        return -ESHUTDOWN;
    err = sti_work_submit(
        lane, work, &loop->ref->sink, deliver, kind, loop->now_ns);
    if (err == 0)
        loop->n_in_flight++;
    return err;
}

int
strait_loop_submit(
    strait_loop_t *loop, strait_lane_t *lane, strait_work_t *work)
{
    int err = sti_loop_check(loop);

    return err != 0
        ? err
        : submit(loop, lane, work, deliver_counted, STI_DELIVER_COUNTED);
}

static void
expire(strait_timer_t *timer, void *arg)
{
    strait_deadline_t *deadline = arg;
    strait_work_t *work = deadline->work_;

    (void)timer;
    /* rlx: in flight, or the timer would have been stopped. */
    if (strait_load_rlx(&work->state_) & STI_WORK_REQUEST)
        (void)sti_request_give_up(work, STI_WORK_TIMED_OUT);
    else
        (void)sti_work_cancel(work, STI_WORK_TIMED_OUT);
}

int
strait_loop_submit_until(strait_loop_t *loop, strait_lane_t *lane,
    strait_work_t *work, strait_deadline_t *deadline, uint64_t deadline_ns)
{
    int err = sti_loop_check(loop);

    if (err != 0)
        return err;
    if (work == NULL || deadline == NULL)
        return -EINVAL;
    if (strait_work_in_flight(work))
        return -EBUSY;
    strait_timer_init(&deadline->timer_, expire, deadline);
    deadline->work_ = work;
    deadline->loop_ = loop;
    work->owner_ = deadline;
    err = submit(loop, lane, work, deliver_timed, STI_DELIVER_TIMED);
    if (err == 0)
        (void)strait_timer_start(loop, &deadline->timer_, deadline_ns, 0);
    return err;
}
