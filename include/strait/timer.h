/* SPDX-License-Identifier: MIT */
/**
 * @file timer.h
 * Timers of a loop: nanosecond deadlines, never early, constant time to start
 * and to stop, cheap with a million of them.
 *
 *     strait_timer_t timer;
 *     strait_timer_init(&timer, on_timer, &my);
 *     strait_timer_start(loop, &timer, strait_loop_now_ns(loop) + delay_ns, 0);
 *
 * A timer is the caller's memory; it must stay valid and unmoved while active.
 * Timers that fall due together run in the order of their deadlines, those with
 * equal deadlines in the order of their starts, at most 1024 in a pass; what
 * that leaves over comes first in the next pass. A timer that a timer callback
 * starts never runs in the same pass, even if it is due.
 */
#ifndef STRAIT_TIMER_H
#define STRAIT_TIMER_H

#include <strait/base.h>
#include <strait/loop.h>

STRAIT_BEGIN_DECLS

typedef struct strait_timer strait_timer_t;

/** Runs on the loop. A one-shot timer is inactive by then: it may be started
 * again or freed. A repeating one may be stopped, and then freed. */
typedef void (*strait_timer_fn)(strait_timer_t *timer, void *arg);

/** A timer. Complete, so that it can be embedded. */
struct strait_timer {
    strait_timer_t *next_;
    strait_timer_t **link_; /* what points at this one; NULL: inactive */
    uint64_t deadline_ns_;
    uint64_t start_number_; /* breaks ties of deadlines */
    uint64_t period_ns_;
    strait_loop_t *loop_;
    strait_timer_fn fn_;
    void *arg_;
};

/** The deadline that never comes. */
#define STRAIT_TIMER_NEVER UINT64_MAX

/**
 * Fills in a timer, inactive.
 * @param fn  not NULL  @param arg  handed to it
 * @threads owner of the timer, while inactive  @progress wait-free
 */
STRAIT_API void strait_timer_init(
    strait_timer_t *timer, strait_timer_fn fn, void *arg) STRAIT_NOEXCEPT;

/**
 * Starts a timer, or starts it anew if it is active.
 * @param deadline_ns  absolute, in the unit of strait_now_ns; one that has
 *   passed means "as soon as possible", never inside this call
 * @param period_ns    0: once; else it repeats at deadline + k * period, and
 *   what a late loop has missed is left out, not caught up with
 * @retval 0 done; -EINVAL NULL, no function, or active on another loop;
 *   -EPERM not the loop's owner; -ECHILD the loop stayed in the parent
 * @threads loop  @progress wait-free  @cost O(1), 0 allocations
 */
STRAIT_API int strait_timer_start(strait_loop_t *loop, strait_timer_t *timer,
    uint64_t deadline_ns, uint64_t period_ns) STRAIT_NOEXCEPT;

/**
 * Stops a timer: its function is not called any more, not even in this pass.
 * @retval 0 done; -EALREADY it was not active; -EINVAL NULL, or active on
 *   another loop; -EPERM not the loop's owner; -ECHILD as above
 * @threads loop  @progress wait-free  @cost O(1)
 */
STRAIT_API int strait_timer_stop(strait_loop_t *loop, strait_timer_t *timer)
    STRAIT_NOEXCEPT;

/** True from start until its last call or stop. @threads loop */
STRAIT_API STRAIT_NODISCARD bool strait_timer_is_active(
    const strait_timer_t *timer) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_TIMER_H */
