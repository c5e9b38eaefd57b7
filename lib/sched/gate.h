/* SPDX-License-Identifier: MIT */
/*
 * gate.h - how many may be inside at once, and who hears of it when one leaves:
 * the workers that run one lane's items (max_running, and SERIAL with 1), and
 * the threads of a lane of class BLOCKING. A core: it includes the shim only,
 * so that tests/model runs this very file. Included by: parking.h.
 *
 * Source. A counting semaphore without a queue; that "full" and "somebody
 * waits" are one word is ours. With two words a worker that finds the gate full
 * and goes to sleep races with the last one inside, which leaves, finds nobody
 * asleep yet and takes work of another lane: the item stays behind.
 *
 * Picture, max 2:
 *     word {n 2}           enter: refused
 *     word {n 2, WANTED}   a worker that found it full is about to sleep
 *     word {n 1}           the first to leave has taken WANTED out: it owes a
 *                          look at all lanes (parking.h, duty)
 *
 * Roles. enter, want, tell: any thread. leave, leave_above: one that is inside.
 *
 * Invariants.
 *   I1  n <= max, by the CAS of enter.
 *   I2  WANTED is set only while somebody is inside, and every leave clears it.
 *
 * Edges.
 *   T1  leave -> enter     what the one before has written: items of a SERIAL
 *       lane see each other's work
 *   T2  want -> leave      the sleeper's announcement in the idle set
 *
 * Progress. All lock-free; a thread stopped inside keeps its place, which is
 *   what the limit means.
 *
 * Limits. 2^31 - 1 inside.
 *
 * Checked by tests/model/model_gate_*.c, tests/sched/test_lane.c.
 */
#ifndef STI_SCHED_GATE_H
#define STI_SCHED_GATE_H

#include <strait/atomic.h>

#define STI_GATE_WANTED ((uint32_t)1)
#define STI_GATE_ONE ((uint32_t)2)

typedef struct sti_gate {
    STRAIT_ATOMIC(uint32_t) word_; /* inside << 1 | WANTED */
    uint32_t max;                  /* 0: no limit, and none of this is used */
} sti_gate_t;

static inline void
sti_gate_init(sti_gate_t *gate, uint32_t max)
{
    /* rlx: not shared yet. */
    strait_store_rlx(&gate->word_, 0);
    gate->max = max;
}

/* How many are inside. */
static inline uint32_t
sti_gate_inside(const sti_gate_t *gate)
{
    /* rlx: a statistic. */
    return strait_load_rlx(&gate->word_) / STI_GATE_ONE;
}

/* Goes in, unless it is full. */
static inline bool
sti_gate_enter(sti_gate_t *gate)
{
    /* rlx: a guess; the CAS decides. */
    uint32_t word = strait_load_rlx(&gate->word_);

    for (;;) {
        if (word / STI_GATE_ONE >= gate->max)
            return false;
        /* [T1:acq] what those who left have done inside. */
        if (strait_cas_weak_acquire(&gate->word_, &word, word + STI_GATE_ONE))
            return true;
    }
}

/*
 * Goes out if more than `min` are inside. Answers whether it did; *ret_wanted
 * then says whether somebody who found it full must hear of it.
 */
static inline bool
sti_gate_leave_above(sti_gate_t *gate, uint32_t min, bool *ret_wanted)
{
    /* rlx: a guess; the CAS decides. */
    uint32_t word = strait_load_rlx(&gate->word_);

    for (;;) {
        if (word / STI_GATE_ONE <= min)
            return false;
        STRAIT_POINT("gate.leave");
        /* [T1:rel] what we have done inside. [T2:acq] the announcement of
         * whoever wants in. */
        if (strait_cas_weak_acq_rel(&gate->word_, &word,
                (word - STI_GATE_ONE) & ~STI_GATE_WANTED)) {
            *ret_wanted = (word & STI_GATE_WANTED) != 0;
            return true;
        }
    }
}

/* Goes out; true if somebody who found it full must hear of it. */
static inline bool
sti_gate_leave(sti_gate_t *gate)
{
    bool wanted = false;

    (void)sti_gate_leave_above(gate, 0, &wanted);
    return wanted;
}

/*
 * Asks to hear of the next one who leaves, and answers true; or false: it is
 * not full. Be findable before the call.
 */
static inline bool
sti_gate_want(sti_gate_t *gate)
{
    /* rlx: a guess; the CAS decides. */
    uint32_t word = strait_load_rlx(&gate->word_);

    for (;;) {
        if (word / STI_GATE_ONE < gate->max)
            return false;
        /* [T2:rel] our announcement, to whoever takes WANTED out. Also if it is
         * set already: that was somebody else's announcement. */
        if (strait_cas_weak_release(
                &gate->word_, &word, word | STI_GATE_WANTED))
            return true;
    }
}

/* Asks to hear of the next one who leaves, full or not, and answers true; or
 * false: nobody is inside. */
static inline bool
sti_gate_tell(sti_gate_t *gate)
{
    /* rlx: a guess; the CAS decides. */
    uint32_t word = strait_load_rlx(&gate->word_);

    for (;;) {
        if (word / STI_GATE_ONE == 0)
            return false;
        /* [T2:rel] what we have pushed, to whoever takes WANTED out. */
        if (strait_cas_weak_release(
                &gate->word_, &word, word | STI_GATE_WANTED))
            return true;
    }
}

#endif /* STI_SCHED_GATE_H */
