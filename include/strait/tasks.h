/* SPDX-License-Identifier: MIT */
/**
 * @file tasks.h
 * A group of fork-join tasks: spawned in any number, joined together, and
 * called off together.
 *
 *     strait_tasks_t tasks;
 *     strait_tasks_init(&tasks);
 *     for (i = 0; i < n; i++)
 *         (void)strait_tasks_spawn(&tasks, &frame, search, &boards[i]);
 *     strait_tasks_join(&tasks, &frame);
 *
 * and in `search`, as soon as one has found it: strait_tasks_cancel(tasks).
 *
 * A group belongs to the function that spawns into it and joins it, and counts
 * for that function alone: it costs nothing that another thread writes. What
 * else the function spawns between the two it joins before the group. A task
 * that wants to spawn has a frame of its own, and may have a group of its own.
 */
#ifndef STRAIT_TASKS_H
#define STRAIT_TASKS_H

#include <strait/base.h>
#include <strait/fork.h>

STRAIT_BEGIN_DECLS

/** A group of tasks. Complete; on the stack of its function. */
typedef struct strait_tasks {
    STRAIT_ATOMIC(uint32_t) cancelled_;
    uint32_t n_; /* spawned, and not yet joined */
} strait_tasks_t;

/** Makes an empty group. @threads init-only  @progress wait-free */
STRAIT_API void strait_tasks_init(strait_tasks_t *tasks) STRAIT_NOEXCEPT;

/**
 * Spawns fn(frame, arg) as a member.
 * @param frame  the calling function's; moved on
 * @retval 0           done
 * @retval -ECANCELED  the group is cancelled: nothing was spawned, join still
 *                     joins what was spawned before
 * @retval -EINVAL     NULL
 * @threads owner of the group  @progress wait-free
 * @cost 0 RMW, unless somebody is idle; no allocation
 */
STRAIT_API int strait_tasks_spawn(strait_tasks_t *tasks, strait_frame_t **frame,
    strait_fork_fn fn, void *arg) STRAIT_NOEXCEPT;

/**
 * Joins all members, the last one first; then the group is empty, and may be
 * used again if it was not cancelled.
 * @param frame  the calling function's; moved back
 * @retval 0           all have run
 * @retval -ECANCELED  the group was cancelled: those that had not begun before
 *                     did not run
 * @retval -EINVAL     NULL
 * @threads owner of the group
 * @progress wait-free but for the tasks, or blocking(their thieves)
 */
STRAIT_API int strait_tasks_join(strait_tasks_t *tasks, strait_frame_t **frame)
    STRAIT_NOEXCEPT;

/**
 * Members that have not begun will not run. Those that run may look at
 * strait_tasks_cancelled, and return early.
 * @param tasks  the group still has members, or the caller is one
 * @retval 0 done; -EALREADY it was cancelled before; -EINVAL NULL
 * @threads any  @progress wait-free
 */
STRAIT_API int strait_tasks_cancel(strait_tasks_t *tasks) STRAIT_NOEXCEPT;

/** True once it was cancelled; false for NULL. @threads any  @progress
 * wait-free */
STRAIT_API STRAIT_NODISCARD bool strait_tasks_cancelled(
    const strait_tasks_t *tasks) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_TASKS_H */
