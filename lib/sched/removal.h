/* SPDX-License-Identifier: MIT */
/*
 * removal.h - an item leaves the middle of a lane's ring: cancel and deadline
 * against the worker that is about to take it. A core: it includes the shim,
 * the ring and the environment macros only, so that tests/model runs this very
 * file. Included by: the .c files of lib/sched.
 *
 * Source. Our own. The place stays where it is and is skipped when its turn
 * comes; what is decided here is who has the item, at no cost for a worker
 * while nobody removes anything. The obvious ways were dropped: a state in the
 * item is no place to decide it, because whoever loses may touch an item that
 * its owner has freed; an exchange of the slot's value makes every pop pay.
 *
 * Picture, a worker takes position 7 while it is being removed:
 *     remover   mark[7] = 7 ASKED
 *     remover   reads consumer_ by RMW: 7, nobody has it yet
 *     worker    consumer_ 7 -> 8, sees `attention`, looks at mark[7]
 *     worker    ASKED -> SETTLED by CAS: the item is its own
 *     remover   ASKED -> REMOVED by CAS fails: too late
 *   or the other way round: REMOVED is in the mark, and the worker skips.
 *
 * Roles. ask (sti_remove), sweep: any thread. sti_is_removed: the consumer that
 *     has just taken that position.
 *
 * Invariants.
 *   I1  a mark never goes back: it is 0, or names a position and how far its
 *       removal has come, and is replaced only by a later state of that position
 *       or by ASKED of a later one.
 *   I2  REMOVED is set only while consumer_ has not passed the position, or by
 *       a remover whom the taker must meet at the mark.
 *   I3  attention >= number of marks that are ASKED or REMOVED.
 *
 * Edges (R4 is in ring.c).
 *   C1  consumer_ RMW of the remover -> consumer_ CAS of a taker (ring.h),
 *       directly or through RMWs in between      the mark, and attention: who
 *       claims the position afterwards cannot miss them
 *   C2  mark CAS to REMOVED -> mark load of the taker, of the sweeper      the
 *       remover is done with the slot
 *   C3  mark CAS to SETTLED by the taker -> mark CAS of the remover      nothing;
 *       the remover turns away
 *
 * Why a stale mark harms nobody: it names its position with 62 bits. A remover
 * that finds a mark of an earlier round, whose taker has not looked yet, gives
 * up; the item's token does the rest (submit.h).
 *
 * Progress. Lock-free. A remover stopped between its two steps delays nobody:
 *   the taker takes the mark back. Cost of a removal: 4 RMW; of a pop while
 *   nothing is being removed: one load of a line that nobody writes.
 *
 * Checked by tests/model/model_removal_*.c, tests/sched/test_cancel.c.
 */
#ifndef STI_SCHED_REMOVAL_H
#define STI_SCHED_REMOVAL_H

#include <strait/ring.h>

#include "base/env.h"

#define STI_MARK_ASKED ((uint64_t)1)
#define STI_MARK_REMOVED ((uint64_t)2)
#define STI_MARK_SETTLED ((uint64_t)3)
#define STI_MARK_SHIFT 2

/* What a lane keeps beside each place of its ring. */
typedef struct sti_note {
    STRAIT_ATOMIC(uint64_t) mark_; /* position << 2 | STI_MARK_*; 0: none yet */
    STRAIT_ATOMIC(void *) group_;  /* of the item; compared, never followed */
} sti_note_t;

/* A ring whose items can be removed. */
typedef struct sti_removal {
    /* How many takers must look further: marks that are set, and whatever else
     * the lane adds to it (drain.c). */
    STRAIT_ATOMIC(uint32_t) attention_;
    sti_note_t *notes; /* one per place */
} sti_removal_t;

static inline sti_note_t *
sti_note(const strait_ring_t *ring, const sti_removal_t *removal, uint64_t pos)
{
    return &removal->notes[pos & ring->mask_];
}

static inline void
sti_attention_add(sti_removal_t *removal, uint32_t n)
{
    /* rlx: shown by C1, or by R3 of what is pushed afterwards. */
    (void)strait_add_rlx(&removal->attention_, n);
}

/* True if there is something to look at. For who has just taken a position by
 * strait_ring_take_ (C1). */
static inline bool
sti_attention(const sti_removal_t *removal)
{
    /* rlx: as new as C1 made it. */
    return strait_load_rlx(&removal->attention_) != 0;
}

/* For who has taken `pos`, and found attention: true if the item is gone. */
static inline bool
sti_is_removed(strait_ring_t *ring, sti_removal_t *removal, uint64_t pos)
{
    STRAIT_ATOMIC(uint64_t) *mark = &sti_note(ring, removal, pos)->mark_;
    uint64_t asked = pos << STI_MARK_SHIFT | STI_MARK_ASKED;
    uint64_t removed = pos << STI_MARK_SHIFT | STI_MARK_REMOVED;
    uint64_t settled = pos << STI_MARK_SHIFT | STI_MARK_SETTLED;
    /* [C2:acq] */
    uint64_t seen = strait_load_acquire(mark);

    if (seen == asked) {
        STRAIT_POINT("removal.taken");
        /* [C3:rel] the item is ours. If it fails: [C2:acq] it was not. */
        if (strait_cas_acq_rel(mark, &seen, settled))
            return false;
    }
    if (seen != removed)
        return false;
    /* rlx: the place is free for another remover, who finds all it needs by
     * R3 of the round that it belongs to. */
    strait_store_rlx(mark, settled);
    sti_attention_add(removal, 0 - (uint32_t)1);
    return true;
}

/* Removes what is at `pos`. True: the item is the caller's, nobody will run it.
 * False: it was taken, or is about to be. */
static inline bool
sti_remove(strait_ring_t *ring, sti_removal_t *removal, uint64_t pos)
{
    STRAIT_ATOMIC(uint64_t) *mark = &sti_note(ring, removal, pos)->mark_;
    uint64_t asked = pos << STI_MARK_SHIFT | STI_MARK_ASKED;
    uint64_t settled = pos << STI_MARK_SHIFT | STI_MARK_SETTLED;
    /* rlx: a guess; the CAS decides. */
    uint64_t seen = strait_load_rlx(mark);

    /* Somebody has asked for this position, or the place is not ours yet: its
     * last item was removed, and who skips it has not looked. */
    if (seen != 0 &&
        ((int64_t)(seen - (pos << STI_MARK_SHIFT)) > 0 ||
            (seen & STI_MARK_SETTLED) == STI_MARK_REMOVED))
        return false;
    sti_attention_add(removal, 1);
    /* rlx: shown by C1. */
    if (strait_cas_rlx(mark, &seen, asked)) {
        uint64_t next;

        STRAIT_POINT("removal.asked");
        /* [C1:rel] attention and mark. An RMW, though it changes nothing: who
         * claims afterwards reads from it. [R4:acq] the claims before it. */
        next = strait_add_acq_rel(&ring->consumer_, STI_ZERO);
        seen = asked;
        if ((int64_t)(next - pos) <= 0) {
            STRAIT_POINT("removal.decided");
            /* [C2:rel] we are done with the slot. [C3:acq] */
            if (strait_cas_acq_rel(
                    mark, &seen, pos << STI_MARK_SHIFT | STI_MARK_REMOVED))
                return true;
        } else {
            /* rlx: nobody needs it any more; the taker may have been faster. */
            (void)strait_cas_rlx(mark, &seen, settled);
        }
    }
    sti_attention_add(removal, 0 - (uint32_t)1);
    return false;
}

/* Frees removed places at the head, so that they do not count as queued while
 * all workers are busy. */
static inline void
sti_removal_sweep(strait_ring_t *ring, sti_removal_t *removal)
{
    for (;;) {
        /* [R4:acq] as in strait_ring_pop. */
        uint64_t c = strait_load_acquire(&ring->consumer_);
        sti_note_t *note = sti_note(ring, removal, c);

        /* [C2:acq] */
        if (strait_load_acquire(&note->mark_) !=
            (c << STI_MARK_SHIFT | STI_MARK_REMOVED))
            return;
        STRAIT_POINT("removal.sweep");
        /* [R4:rel] nobody reads the slot of this round any more. */
        if (strait_cas_release(&ring->consumer_, &c, c + 1)) {
            /* rlx: as in sti_is_removed; by the claim it is ours to clear. */
            strait_store_rlx(
                &note->mark_, c << STI_MARK_SHIFT | STI_MARK_SETTLED);
            sti_attention_add(removal, 0 - (uint32_t)1);
        }
    }
}

#endif /* STI_SCHED_REMOVAL_H */
