/* SPDX-License-Identifier: MIT */
/**
 * @file future.h
 * Work for a pool whose end a thread without a loop can wait for.
 *
 *     strait_future_t future;
 *     strait_future_init(&future, hash, job);
 *     int err = strait_future_submit(lane, &future);
 *     ...
 *     err = strait_future_wait(&future, strait_now_ns() + limit_ns);
 *
 * Memory of the caller; it must stay valid until a wait has answered 0,
 * -ECANCELED or -EAGAIN, whatever happens in between: after a time-out wait
 * again, or cancel (strait_work_cancel on strait_future_work) and wait again.
 * In a lane of order SUBMIT futures have no turn: that order is for sinks.
 */
#ifndef STRAIT_FUTURE_H
#define STRAIT_FUTURE_H

#include <strait/base.h>
#include <strait/work.h>

STRAIT_BEGIN_DECLS

/** A work item and the word that says whether it is over. */
typedef struct strait_future {
    strait_work_t work_;
    STRAIT_ATOMIC(uint32_t) word_;
    int32_t status_;
} strait_future_t;

/**
 * Fills it in.
 * @param future  NULL is allowed and does nothing
 * @param run  not NULL: submit refuses it otherwise  @param arg  handed to it
 * @threads owner, while it is not in flight  @progress wait-free
 */
STRAIT_API void strait_future_init(
    strait_future_t *future, strait_work_fn run, void *arg) STRAIT_NOEXCEPT;

/**
 * Its work item, for strait_work_cancel, strait_work_set_group. NULL for NULL.
 * @threads any  @progress wait-free
 */
STRAIT_API strait_work_t *strait_future_work(strait_future_t *future)
    STRAIT_NOEXCEPT;

/**
 * Hands it to a lane. It may be submitted again once a wait has answered that
 * it is over.
 * @retval 0  accepted; else as strait_work_submit
 * @threads owner  @progress lock-free  @cost that of strait_work_submit
 */
STRAIT_API STRAIT_NODISCARD int strait_future_submit(
    strait_lane_t *lane, strait_future_t *future) STRAIT_NOEXCEPT;

/**
 * Waits until it is over.
 * @param deadline_ns  in the unit of strait_now_ns(); 0: only looks;
 *   UINT64_MAX: no limit
 * @retval 0           `run` has returned; what it wrote is visible
 * @retval -ECANCELED  it was removed; `run` was never called
 * @retval -EAGAIN     the same, as its lane could get no thread (work.h, done)
 * @retval -ETIMEDOUT  not over yet; it is still in flight
 * @retval -EDEADLK    not over yet, and the caller is a worker of the same pool
 *   or a thread whose loop runs, which must not wait
 * @retval -ESRCH      it was never submitted
 * @retval -ECHILD     not over yet, and the pool stayed in the parent of a fork
 * @retval -EINVAL     NULL
 * @threads any number, once submit has returned  @progress sleeps
 * @cost 0 system calls if it is over
 */
STRAIT_API STRAIT_NODISCARD int strait_future_wait(
    strait_future_t *future, uint64_t deadline_ns) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_FUTURE_H */
