/* SPDX-License-Identifier: MIT */
/**
 * @file request.h
 * Work items that the library owns, for calls that may never come back: a
 * request can be given up while it runs. Its `done` then comes at once (in a
 * lane of order SUBMIT: in its turn), and the thread that is lost in the call
 * counts against its lane until it returns.
 *
 *     strait_work_t *work;
 *     int err = strait_work_create(&work, look_up, found, forget, query, NULL);
 *     err = strait_work_submit(lane, work, sink);
 *     ...
 *     strait_work_give_up(work, -ETIMEDOUT);
 *
 * Everything that `run` touches must belong to the request: whoever gave it up
 * is gone by the time it returns. `release` is called exactly once, when `done`
 * has returned and the thread has really left `run`, and disposes of arguments
 * and of a result that nobody took. A request is used once: it is gone when
 * `release` has been called.
 */
#ifndef STRAIT_REQUEST_H
#define STRAIT_REQUEST_H

#include <strait/base.h>
#include <strait/memory.h>
#include <strait/work.h>

STRAIT_BEGIN_DECLS

/** Frees what belongs to a request; on the sink's thread or on a worker. */
typedef void (*strait_work_release_fn)(void *arg);

/**
 * Makes a request.
 * @param[out] ret_work  not NULL; a work item for all functions of work.h but
 *   strait_work_init. The caller's until a submit has accepted it, then the
 *   library's
 * @param run        not NULL
 * @param done       may be NULL
 * @param release    may be NULL
 * @param arg        handed to all three
 * @param allocator  NULL: the default (memory.h)
 * @retval 0 done; -EINVAL ret_work or run is NULL, or a bad allocator; -ENOMEM
 * @threads any  @progress wait-free but for memory
 */
STRAIT_API STRAIT_NODISCARD int strait_work_create(strait_work_t **ret_work,
    strait_work_fn run, strait_work_done_fn done,
    strait_work_release_fn release, void *arg,
    const strait_allocator_t *allocator) STRAIT_NOEXCEPT;

/**
 * Frees a request that was never accepted by a submit; calls `release`.
 * @retval 0 done, also for NULL; -EBUSY it is in flight; -EINVAL not a request
 * @threads owner  @progress wait-free but for memory
 */
STRAIT_API int strait_work_discard(strait_work_t *work) STRAIT_NOEXCEPT;

/**
 * Ends a request now: `done` is called with `status` on its sink, whether it is
 * queued or runs. If it runs its token is set, too.
 * @param work    made by strait_work_create; valid: ask before `done` was
 *   entered
 * @param status  what `done` gets: -ECANCELED or -ETIMEDOUT
 * @retval 0          `done` comes with `status`
 * @retval -EALREADY  it has returned, or was cancelled or given up; `done` is
 *                    on its way
 * @retval -ESRCH     it is not in flight
 * @retval -EINVAL    NULL, another status, or not a request
 * @retval -ECHILD    the pool stayed in the parent of a fork
 * @threads any  @progress lock-free  @cost a few RMW, and a push to the sink
 */
STRAIT_API int strait_work_give_up(strait_work_t *work, int status)
    STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_REQUEST_H */
