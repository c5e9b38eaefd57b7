/* SPDX-License-Identifier: MIT */
/*
 * tasks.c - groups of fork-join tasks. A member is a frame like any other,
 * whose function looks at the group before it calls the user's; the count is
 * the owner's own, for joins go one by one anyway, and an un-stolen one costs a
 * call.
 *
 * Edges: Y1 of deque.h carries the group to a thief, Y2 what a member has done
 * to the join.
 *
 * Tests: tests/sched/test_tasks.c.
 */
#include <strait/tasks.h>

#include <errno.h>

void
strait_tasks_init(strait_tasks_t *tasks)
{
    if (tasks == NULL)
        return;
    /* rlx: not shared yet. */
    strait_store_rlx(&tasks->cancelled_, 0);
    tasks->n_ = 0;
}

bool
strait_tasks_cancelled(const strait_tasks_t *tasks)
{
    /* rlx: a request, which may be noticed late. */
    return tasks != NULL && strait_load_rlx(&tasks->cancelled_) != 0;
}

/* Runs a member, on its thief or in its join. */
static void
run_member(strait_frame_t *at, strait_frame_t *task)
{
    strait_fork_fn fn = (strait_fork_fn)(uintptr_t)task->data_[0];
    void *arg = (void *)(uintptr_t)task->data_[1];

    if (!strait_tasks_cancelled((strait_tasks_t *)(uintptr_t)task->data_[2]))
        fn(at, arg);
}

int
strait_tasks_spawn(
    strait_tasks_t *tasks, strait_frame_t **frame, strait_fork_fn fn, void *arg)
{
    strait_frame_t *task;

    if (tasks == NULL || frame == NULL || *frame == NULL || fn == NULL)
        return -EINVAL;
    if (strait_tasks_cancelled(tasks))
        return -ECANCELED;
    task = *frame;
    task->data_[0] = (uint64_t)(uintptr_t)fn;
    task->data_[1] = (uint64_t)(uintptr_t)arg;
    task->data_[2] = (uint64_t)(uintptr_t)tasks;
    STRAIT_FORK_SPAWNED_BY_(task, tasks);
    tasks->n_++;
    strait_frame_push_(frame, run_member);
    return 0;
}

int
strait_tasks_join(strait_tasks_t *tasks, strait_frame_t **frame)
{
    if (tasks == NULL || frame == NULL || *frame == NULL)
        return -EINVAL;
    for (; tasks->n_ != 0; tasks->n_--) {
        strait_frame_t *task = *frame - 1;

        STRAIT_FORK_JOINED_BY_(task, tasks);
        if (task->data_[2] != (uint64_t)(uintptr_t)tasks)
            strait_fork_misused_(task, "a group joins what is not its own");
        /* Its own frame is the first free one again. */
        if (strait_frame_pop_(frame, run_member, false))
            run_member(*frame, *frame);
    }
    return strait_tasks_cancelled(tasks) ? -ECANCELED : 0;
}

int
strait_tasks_cancel(strait_tasks_t *tasks)
{
    if (tasks == NULL)
        return -EINVAL;
    /* rlx: a request; nothing goes with it. */
    return strait_xchg_rlx(&tasks->cancelled_, 1) == 0 ? 0 : -EALREADY;
}
