/* SPDX-License-Identifier: MIT */
/*
 * timers.c - starting, stopping and running timers. How they are kept in order
 * is in wheel.c.
 *
 * A pass takes what is due at its beginning out of the wheel as one sorted
 * list. Timers that callbacks start go to the wheel, not to that list, so none
 * of them runs in the same pass; timers that callbacks stop leave whichever
 * list they are in. Time is the loop's cached time, read at the start of the
 * turn: a timer is never early.
 */
#include "loop/loop_priv.h"

#include "base/check.h"

#include <errno.h>

_Static_assert(sizeof(strait_timer_t) <= 96, "a million of them must be cheap");

/* Callbacks in one pass; the rest is due in the next, after the inbox. */
#ifndef STI_TIMER_BUDGET
#ifdef STRAIT_TINY
#define STI_TIMER_BUDGET 3
#else
#define STI_TIMER_BUDGET 1024
#endif
#endif

void
strait_timer_init(strait_timer_t *timer, strait_timer_fn fn, void *arg)
{
    if (timer == NULL)
        return;
    timer->next_ = NULL;
    timer->link_ = NULL;
    timer->deadline_ns_ = STRAIT_TIMER_NEVER;
    timer->start_number_ = 0;
    timer->period_ns_ = 0;
    timer->loop_ = NULL;
    timer->fn_ = fn;
    timer->arg_ = arg;
}

bool
strait_timer_is_active(const strait_timer_t *timer)
{
    return timer != NULL && timer->link_ != NULL;
}

/* 0, or why this loop may not touch this timer. */
static int
check(const strait_loop_t *loop, const strait_timer_t *timer)
{
    int err = sti_loop_check(loop);

    if (err == 0 &&
        (timer == NULL || (timer->link_ != NULL && timer->loop_ != loop)))
        err = -EINVAL;
    return err;
}

int
strait_timer_start(strait_loop_t *loop, strait_timer_t *timer,
    uint64_t deadline_ns, uint64_t period_ns)
{
    int err = check(loop, timer);

    if (err != 0)
        return err;
    if (timer->fn_ == NULL)
        return -EINVAL;
    if (timer->link_ != NULL)
        sti_wheel_remove(&loop->wheel, timer);
    else
        loop->n_timers++;
    timer->loop_ = loop;
    timer->deadline_ns_ = deadline_ns;
    timer->period_ns_ = period_ns;
    sti_wheel_add(&loop->wheel, timer);
    return 0;
}

int
strait_timer_stop(strait_loop_t *loop, strait_timer_t *timer)
{
    int err = check(loop, timer);

    if (err != 0)
        return err;
    if (timer->link_ == NULL)
        return -EALREADY;
    sti_wheel_remove(&loop->wheel, timer);
    loop->n_timers--;
    return 0;
}

/* The first deadline + k * period after now; NEVER if there is none. */
static uint64_t
next_deadline(uint64_t deadline_ns, uint64_t period_ns, uint64_t now_ns)
{
    uint64_t missed = (now_ns - deadline_ns) / period_ns;
    uint64_t step;

    if (__builtin_mul_overflow(missed + 1, period_ns, &step) ||
        __builtin_add_overflow(deadline_ns, step, &step))
        return STRAIT_TIMER_NEVER;
    return step;
}

bool
sti_timers_run(strait_loop_t *loop)
{
    sti_wheel_t *wheel = &loop->wheel;
    strait_timer_t *timer;
    int n;

    sti_wheel_advance(wheel, loop->now_ns);
    STI_CHECK(3, sti_wheel_is_valid(wheel, loop->n_timers));
    for (n = 0; n < STI_TIMER_BUDGET && !loop->stopping; n++) {
        timer = sti_wheel_pop_due(wheel);
        if (timer == NULL)
            return false;
        if (timer->period_ns_ != 0) {
            /* Back in before the call, so that the callback may stop it. */
            timer->deadline_ns_ = next_deadline(
                timer->deadline_ns_, timer->period_ns_, loop->now_ns);
            sti_wheel_add(wheel, timer);
        } else {
            loop->n_timers--;
        }
        STI_CHECK(2, timer->loop_ == loop);
        loop->stats.n_timers++;
        timer->fn_(timer, timer->arg_);
    }
    return wheel->due != NULL;
}
