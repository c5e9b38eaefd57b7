/* SPDX-License-Identifier: MIT */
/**
 * @file deadline.h
 * Work that must have started, or better be over, by a given time: a timer of
 * the loop that gets the completion, tied to a work item.
 *
 *     struct job { strait_work_t work; strait_deadline_t deadline; ... };
 *     err = strait_loop_submit_until(loop, lane, &job->work, &job->deadline,
 *         strait_loop_now_ns(loop) + limit_ns);
 *
 * When the time has come, an item that is still queued is removed and its
 * `done` gets -ETIMEDOUT. If it runs already its token is set
 * (strait_work_cancelled), and `done` comes when `run` has returned; a request
 * (request.h) is given up instead: its `done` gets -ETIMEDOUT at once.
 */
#ifndef STRAIT_DEADLINE_H
#define STRAIT_DEADLINE_H

#include <strait/base.h>
#include <strait/loop.h>
#include <strait/timer.h>
#include <strait/work.h>

STRAIT_BEGIN_DECLS

/** The timer of an item. Complete, so that it can be embedded beside it. */
typedef struct strait_deadline {
    strait_timer_t timer_;
    strait_work_t *work_;
    strait_loop_t *loop_;
} strait_deadline_t;

/**
 * strait_loop_submit() with a deadline. Neither needs nor allows initialising
 * `deadline` before.
 * @param deadline     memory of the caller; the library's until `done`
 * @param deadline_ns  absolute, in the unit of strait_now_ns; one that has
 *   passed removes the item in the next turn, unless it has started
 * @retval 0 accepted; -EINVAL deadline is NULL; else as strait_loop_submit
 * @threads loop  @progress lock-free  @cost that of a submit and a timer start
 */
STRAIT_API STRAIT_NODISCARD int strait_loop_submit_until(strait_loop_t *loop,
    strait_lane_t *lane, strait_work_t *work, strait_deadline_t *deadline,
    uint64_t deadline_ns) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_DEADLINE_H */
