/* SPDX-License-Identifier: MIT */
/*
 * deque.h - the core of fork-join: one worker's tasks, of which it shares a
 * part with thieves when somebody asks. A core: it includes the shim and
 * strait/fork.h, nothing else, so that tests/model runs this very file.
 * Included by: fork.c, worker.c.
 *
 * Source. The split deque of Lace (T. van Dijk, J. van de Pol, "Lace:
 * Non-blocking Split Deque for Work-Stealing", 2014), with three changes. Both
 * borders are one word, accessed as a whole: acquire and release suffice. Tasks
 * lie in the deque itself, and a thief reads one only after its CAS, so that
 * nothing goes wrong when {top, split} returns to an earlier value with other
 * tasks behind it. The request of thieves, hungry_, has a value of its own for
 * those who are about to sleep, and these are woken.
 *
 *     frames_            top          split            the owner's frame
 *        | stolen, run by  | shared: any  | private: no one | free
 *        | somebody else   | thief's CAS  | looks at these  |
 *        0 ............... top ........ split ............. bottom
 *
 * The owner's spawn and join touch private tasks only: no RMW, no fence, no
 * store to a shared line (fork.h).
 *
 * Roles. offers, steal, ask, tell: any thread. All others: the owner.
 *
 * Invariants.
 *   I1  0 < top <= split. Thieves change top only, and only while top < split.
 *   I2  Frames in [top, split) do not change until they are stolen or taken
 *       back. Frames at and above private_ are the owner's. Those below have
 *       the complement of their function in run_, by which join knows them.
 *   I3  Either private_ = frames_ + split, or top = split: then all tasks below
 *       private_ are stolen, the word may be ahead of them, and the owner may
 *       set it by a plain store, for no CAS of a thief can succeed.
 *   I4  If a worker sleeps, each deque has hungry_ = TOLD, or its owner is
 *       about to look at who sleeps, or somebody who was woken is about to tell
 *       it again (fork.c).
 *
 * Edges.
 *   Y1  word_ add or store of expose -> CAS in steal      the task, state_ 0
 *   Y2  state_ exchange of the thief -> load by the owner in join      result
 *       and all that the task has done (fork.c)
 *   Y3  hungry_ exchange in tell -> exchange in answer      the idle bit of
 *       whoever told (parking.h); and back: what was shared until then, which
 *       whoever tells looks at next
 *
 * Progress. expose, take, answer, tell: lock-free; steal: one CAS, no loop. A
 *   thief stopped anywhere delays its own task only.
 * Cost. A steal: ask 1 RMW, answer 1, expose 0 (1 if something is still
 *   shared), steal 1, the exchange of state_ 1.
 *
 * Checked by tests/model/model_deque_*.c, tests/sched/.
 */
#ifndef STI_SCHED_DEQUE_H
#define STI_SCHED_DEQUE_H

#include <strait/fork.h>

/* word_: top << 32 | split, both as indices into frames_. */
#define STI_DEQUE_TOP ((uint64_t)1 << 32)
#define STI_DEQUE_WORD(top, split) ((uint64_t)(top) << 32 | (uint32_t)(split))

/* hungry_. */
enum {
    STI_HUNGRY_NO = 0,
    STI_HUNGRY_ASKED = 1, /* by a thief that is awake */
    STI_HUNGRY_TOLD = 2   /* somebody sleeps, or is about to */
};

/* state_ of a shared task. */
enum {
    STI_TASK_OPEN = 0,
    STI_TASK_WAITED = 1, /* its owner sleeps until it is done */
    STI_TASK_DONE = 2
};

/* The mark of a shared task, and back: no function lies at the complement of
 * another one's address. */
static inline strait_frame_fn
sti_task_mark(strait_frame_fn run)
{
    return (strait_frame_fn) ~(uintptr_t)run;
}

/* frames[0] is a guard, which is never spawned. */
static inline void
sti_deque_init(strait_deque_t *deque, strait_frame_t *frames)
{
    frames[0].run_ = NULL;
    deque->frames_ = frames;
    deque->private_ = frames + 1;
    /* rlx: not shared yet, here and below. */
    strait_store_rlx(&deque->word_, STI_DEQUE_WORD(1, 1));
    /* rlx: as above. */
    strait_store_rlx(&deque->hungry_, STI_HUNGRY_NO);
    deque->n_spawned_ = 0;
}

/* True if there may be something to steal. */
static inline bool
sti_deque_offers(const strait_deque_t *deque)
{
    /* rlx: who steals looks again. Who is about to sleep has told before. */
    uint64_t word = strait_load_rlx(&deque->word_);

    return (uint32_t)(word >> 32) < (uint32_t)word;
}

/* Steals the oldest shared task; NULL if there is none, or somebody else was
 * faster. */
static inline strait_frame_t *
sti_deque_steal(strait_deque_t *deque)
{
    /* rlx: a guess; the CAS decides. */
    uint64_t word = strait_load_rlx(&deque->word_);

    if ((uint32_t)(word >> 32) >= (uint32_t)word)
        return NULL;
    STRAIT_POINT("deque.steal");
    /* [Y1:acq] the task, which is read from here on only. */
    if (!strait_cas_acquire(&deque->word_, &word, word + STI_DEQUE_TOP))
        return NULL;
    return deque->frames_ + (uint32_t)(word >> 32);
}

/* A thief that has found nothing, and stays awake: share something. */
static inline void
sti_deque_ask(strait_deque_t *deque)
{
    /* rlx: whoever was faster will do. */
    uint32_t hungry = strait_load_rlx(&deque->hungry_);

    /* rlx: nothing of ours goes with it; not over a TOLD. */
    if (hungry == STI_HUNGRY_NO)
        (void)strait_cas_rlx(&deque->hungry_, &hungry, STI_HUNGRY_ASKED);
}

/* Whoever sleeps soon, and has announced it, or speaks for one who has. */
static inline void
sti_deque_tell(strait_deque_t *deque)
{
    /* [Y3:rel] the announcement. Also if it is told already: that was somebody
     * else's. [Y3:acq] what the owner has shared before it answered last. */
    (void)strait_xchg_acq_rel(&deque->hungry_, STI_HUNGRY_TOLD);
}

/* The owner, once it has shared what it could: who has asked, a STI_HUNGRY_*.
 * Who tells later sees what was shared. */
static inline uint32_t
sti_deque_answer(strait_deque_t *deque)
{
    /* [Y3:acq] the announcements of all who have told. [Y3:rel] the word. */
    return strait_xchg_acq_rel(&deque->hungry_, STI_HUNGRY_NO);
}

/* Shares the older half, rounded up, of what is private below `end`; answers
 * how many tasks those were. */
static inline uint32_t
sti_deque_expose(strait_deque_t *deque, strait_frame_t *end)
{
    uint32_t first = (uint32_t)(deque->private_ - deque->frames_);
    uint64_t word;
    uint32_t n;
    uint32_t i;

    if (end <= deque->private_)
        return 0;
    n = (uint32_t)(end - deque->private_ + 1) / 2;
    for (i = first; i < first + n; i++) {
        strait_frame_t *task = &deque->frames_[i];

        task->run_ = sti_task_mark(task->run_);
        /* rlx: published by Y1. */
        strait_store_rlx(&task->state_, STI_TASK_OPEN);
        /* rlx: as above. */
        strait_store_rlx(&task->thief_, 0);
    }
    deque->private_ += n;
    /* rlx: if it says that all are stolen, it is so (I1). */
    word = strait_load_rlx(&deque->word_);
    STRAIT_POINT("deque.expose");
    if ((uint32_t)(word >> 32) == (uint32_t)word) {
        /* [Y1:rel] */
        strait_store_release(&deque->word_, STI_DEQUE_WORD(first, first + n));
    } else {
        /* [Y1:rel] */
        (void)strait_add_release(&deque->word_, n);
    }
    return n;
}

/* The owner wants its last task back, which was shared: true if nobody has
 * stolen it; then the younger half of what is shared is private again. */
static inline bool
sti_deque_take(strait_deque_t *deque, strait_frame_t *task)
{
    uint32_t index = (uint32_t)(task - deque->frames_);
    /* rlx: a guess; the CAS decides. What was stolen once stays so. */
    uint64_t word = strait_load_rlx(&deque->word_);

    for (;;) {
        uint32_t top = (uint32_t)(word >> 32);
        uint32_t split = (uint32_t)word;
        uint32_t keep = (split - top) / 2;

        if (top > index)
            return false;
        STRAIT_POINT("deque.take");
        /* rlx: what it wins is the owner's own; for thieves it goes on with Y1,
         * being an RMW. */
        if (strait_cas_weak_rlx(
                &deque->word_, &word, STI_DEQUE_WORD(top, top + keep))) {
            deque->private_ = deque->frames_ + top + keep;
            for (top += keep; top < split; top++)
                deque->frames_[top].run_ = sti_task_mark(
                    deque->frames_[top].run_);
            return true;
        }
    }
}

/* The owner's last task was stolen and is done: its frame is free again. */
static inline void
sti_deque_joined(strait_deque_t *deque, strait_frame_t *task)
{
    deque->private_ = task;
}

#endif /* STI_SCHED_DEQUE_H */
