/* SPDX-License-Identifier: MIT */
/*
 * deque_common.h - the deque as its models run it: the real deque.h over frames
 * in static memory, with spawn, join and the run of a stolen task in their place.
 * A task is a number in its frame, its result another one; each is read and
 * written plainly, and each task notes that it has run, so that the tools see
 * who reads too early and who runs twice. A model sets TASKS, how many there are
 * in all.
 *
 * Not the real thing: fork.h finds a deque by the address of a frame, which GenMC
 * cannot follow; what joins do while they wait is in model_fork_*.c.
 */
#ifndef STRAIT_MODEL_DEQUE_COMMON_H
#define STRAIT_MODEL_DEQUE_COMMON_H

#include "model.h"

#include "sched/deque.h"

/* Frames: the guard, and as many as are ever in use at a time. */
#ifndef FRAMES
#define FRAMES 5
#endif
#define RESULT 100

M_STATE strait_deque_t deque;
M_STATE strait_frame_t frames[FRAMES];
/* The owner's: the first free frame, and how many tasks it has spawned. */
M_STATE strait_frame_t *at;
M_STATE uint64_t n_spawned;
M_STATE int ran[TASKS];

static void
deque_start(void)
{
    sti_deque_init(&deque, frames);
    at = frames + 1;
    M_NAME(&deque.word_, "word");
    M_NAME(&deque.hungry_, "hungry");
    M_NAME(&frames[1], "frame1");
    M_NAME(&frames[2], "frame2");
    M_NAME(&frames[3], "frame3");
}

/* What tasks have for a function; the frame says whether it is shared. */
static void
task_fn(strait_frame_t *frame, strait_frame_t *task)
{
    (void)frame;
    (void)task;
}

static void
run_task(strait_frame_t *task)
{
    uint64_t number = M_GET(&task->data_[0]);

    M_ASSERT(number < TASKS);
    M_ASSERT(M_GET(&ran[number]) == 0);
    M_SET(&ran[number], 1);
    M_SET(&task->data_[1], number + RESULT);
}

/* What a thief does with what it has stolen. */
__attribute__((unused)) static void
run_stolen(strait_frame_t *task)
{
    M_ASSERT(M_GET(&task->run_) == sti_task_mark(task_fn));
    run_task(task);
    /* rel: as in fork.c, the result. */
    (void)strait_xchg_acq_rel(&task->state_, STI_TASK_DONE);
}

static void
spawn(void)
{
    M_ASSERT(at < frames + FRAMES);
    M_SET(&at->run_, task_fn);
    M_SET(&at->data_[0], n_spawned);
    n_spawned++;
    at++;
}

static void
join(void)
{
    uint64_t number;

    at--;
    number = M_GET(&at->data_[0]);
    M_ASSERT((M_GET(&at->run_) == task_fn) == (at >= deque.private_));
    if (M_GET(&at->run_) == task_fn) {
#ifndef NONE_PRIVATE
        M_COVER("a private task");
#endif
        run_task(at);
    } else if (sti_deque_take(&deque, at)) {
        M_COVER("a task is taken back");
        run_task(at);
    } else {
        M_AWAIT(strait_load_acquire(&at->state_) == STI_TASK_DONE);
#ifndef NONE_STOLEN
        M_COVER("a task was stolen");
#endif
        sti_deque_joined(&deque, at);
    }
    M_ASSERT(M_GET(&at->data_[1]) == number + RESULT);
    /* It is free now. */
    M_SET(&at->data_[1], 0);
}

static void
deque_end(void)
{
    int i;

    M_ASSERT(at == frames + 1);
    M_ASSERT(n_spawned == TASKS);
    for (i = 0; i < TASKS; i++)
        M_ASSERT(M_GET(&ran[i]) == 1);
}

#endif /* STRAIT_MODEL_DEQUE_COMMON_H */
