/* SPDX-License-Identifier: MIT */
/*
 * cancel.c - taking work back: one item, a group, all of a lane. Who has the
 * item, the canceller or a worker, is decided in removal.h; what is not queued
 * any more only gets a token.
 *
 * Tests: tests/sched/test_cancel.c, stress_lanes.c.
 */
#include "sched/submit.h"

#include "base/gap.h"

#include <strait/clock.h>

void
sti_work_end(strait_work_t *work, uint32_t why)
{
    /* rlx: of what it is made for, here; below: the item goes on by M2, and
     * those who set other bits beside us do not mind. */
    if ((strait_load_rlx(&work->state_) & STI_WORK_REQUEST) == 0) {
        /* rlx: as above. */
        (void)strait_or_rlx(&work->state_, why | STI_WORK_RETURNED);
    } else if (!sti_request_ended(work, why)) {
        /* A request will not enter `run`: it has left it, so to speak. */
        return;
    }
    sti_work_hand_on(work);
}

/* What is queued at a position; NULL if it is not filled, or filled anew. Holds
 * if the position can be removed afterwards. */
static strait_work_t *
value_at(strait_ring_t *ring, uint64_t pos)
{
    strait_ring_slot_t *slot = &ring->slots_[pos & ring->mask_];

    /* [R3:acq] the item and its note. */
    if (strait_load_acquire(&slot->seq_) != pos + 1)
        return NULL;
    /* rlx: by R3. */
    return strait_load_rlx(&slot->value_);
}

/* Where an item is queued; false if it is not. */
static bool
find(strait_ring_t *ring, const strait_work_t *work, uint64_t *ret_pos)
{
    /* [R4:acq] */
    uint64_t pos = strait_load_acquire(&ring->consumer_);
    uint64_t end;

    /* rlx: here and below; the caller knows of the submit. */
    if ((strait_load_rlx(&work->state_) & STI_WORK_ORDERED) == 0) {
        /* rlx: as above. */
        uint32_t place = strait_load_rlx(&work->place_);

        /* The lower half of a position less than a lane's length ahead. */
        *ret_pos = pos + (uint32_t)(place - (uint32_t)pos);
        return *ret_pos - pos <= ring->mask_ &&
            value_at(ring, *ret_pos) == work;
    }
    /* It knows its turn instead. rlx: as above. */
    end = strait_load_rlx(&ring->producer_) >> STRAIT_RING_SHIFT_;
    for (; (int64_t)(end - pos) > 0; pos++) {
        if (value_at(ring, pos) == work) {
            *ret_pos = pos;
            return true;
        }
    }
    return false;
}

bool
sti_work_remove(strait_work_t *work, uint32_t why)
{
    strait_lane_t *lane = sti_work_lane(work);
    strait_ring_t *ring = &lane->outlet.ring;
    uint64_t pos;

    if (!find(ring, work, &pos) || !sti_remove(ring, &lane->removal, pos))
        return false;
    /* rlx: a statistic. */
    (void)strait_add_rlx(&lane->n_removed, 1);
    sti_removal_sweep(ring, &lane->removal);
    /* The places that were swept may be what somebody waits for. */
    sti_lane_drained(lane, 0);
    sti_work_end(work, why);
    return true;
}

/* Sets bits in the state of an item that is in flight; 0 if it is not. */
static uint32_t
mark(strait_work_t *work, uint32_t bits)
{
    /* rlx: here and below; nothing travels with a token. */
    uint32_t state = strait_load_rlx(&work->state_);

    do {
        if ((state & STI_WORK_IN_FLIGHT) == 0)
            return 0;
        /* rlx: as above. */
    } while (!strait_cas_weak_rlx(&work->state_, &state, state | bits));
    return state;
}

int
sti_work_cancel(strait_work_t *work, uint32_t why)
{
    uint32_t state;

    if (work == NULL)
        return -EINVAL;
    /* rlx: the caller knows of the submit, or has nothing to cancel. */
    state = strait_load_rlx(&work->state_);
    if ((state & STI_WORK_IN_FLIGHT) == 0)
        return -ESRCH;
    /* The pool may be gone: it has nothing to do with the item any more. */
    if (state & STI_WORK_RETURNED)
        return -EALREADY;
    if (sti_forked(sti_work_lane(work)->pool->fork_generation))
        return -ECHILD;
    if (sti_work_remove(work, why))
        return 0;
    if (why == STI_WORK_TIMED_OUT)
        why = STI_WORK_LATE;
    else
        why = 0;
    return mark(work, STI_WORK_TOKEN | why) != 0 ? -EALREADY : -ESRCH;
}

int
strait_work_cancel(strait_work_t *work)
{
    return sti_work_cancel(work, STI_WORK_CANCELED);
}

bool
strait_work_cancelled(const strait_work_t *work)
{
    uint32_t state;

    if (work == NULL)
        return false;
    /* rlx: here and below; `run` asks again and again. */
    state = strait_load_rlx(&work->state_);
    if (state & STI_WORK_TOKEN)
        return true;
    /* rlx: as above. */
    if ((state & STI_WORK_GROUPED) &&
        strait_load_rlx(&work->group_->cancelled_) != 0)
        return true;
    if ((state & STI_WORK_IN_FLIGHT) == 0)
        return false;
    /* rlx: as above. */
    return strait_load_rlx(&sti_work_lane(work)->pool->cancelling) != 0;
}

/* Removes what a group has in one lane; answers how many. */
static int
cancel_in(strait_lane_t *lane, const strait_group_t *group)
{
    strait_ring_t *ring = &lane->outlet.ring;
    /* [R4:acq] */
    uint64_t pos = strait_load_acquire(&ring->consumer_);
    /* rlx: what is submitted beside us finds `cancelled`, or is found by it. */
    uint64_t end = strait_load_rlx(&ring->producer_) >> STRAIT_RING_SHIFT_;
    int n = 0;

    for (; (int64_t)(end - pos) > 0; pos++) {
        strait_work_t *work = value_at(ring, pos);
        sti_note_t *note = sti_note(ring, &lane->removal, pos);

        /* rlx: by R3; if the place was filled anew, the removal fails. */
        if (work == NULL || strait_load_rlx(&note->group_) != group ||
            !sti_remove(ring, &lane->removal, pos))
            continue;
        n++;
        sti_work_end(work, STI_WORK_CANCELED);
    }
    if (n != 0) {
        /* rlx: a statistic. */
        (void)strait_add_rlx(&lane->n_removed, (uint64_t)n);
        sti_removal_sweep(ring, &lane->removal);
        sti_lane_drained(lane, 0);
    }
    return n;
}

int
strait_group_cancel(strait_group_t *group)
{
    strait_pool_t *pool;
    uint32_t lanes;
    int n = 0;

    if (group == NULL)
        return -EINVAL;
    /* [G1:acq] the pool, to read its lanes. */
    pool = strait_load_acquire(&group->pool_);
    if (pool != NULL && sti_forked(pool->fork_generation))
        return -ECHILD;
    /* SC: store-load with sti_group_admit, which sets the lane's bit and then
     * loads this: a member whose lane is missed below finds it set. */
    if (strait_xchg_sc(&group->cancelled_, 1) != 0)
        return -EALREADY;
    /* SC: the other half of the above. */
    lanes = strait_load_sc(&group->lanes_);
    /* [G1:acq] again: the first member may have come only now. */
    pool = strait_load_acquire(&group->pool_);
    for (; lanes != 0; lanes &= lanes - 1)
        n += cancel_in(pool->lanes[__builtin_ctz(lanes)], group);
    return n;
}

bool
sti_lane_end_all(strait_lane_t *lane, uint32_t why, uint64_t deadline_ns)
{
    strait_ring_t *ring = &lane->outlet.ring;
    sti_gap_t gap = STI_GAP_INIT;

    for (;;) {
        void *value;
        uint64_t pos;
        int popped = strait_ring_take_(ring, &value, &pos);
        bool removed = false;

        if (popped == STRAIT_RING_EMPTY)
            return true;
        if (popped == STRAIT_RING_PENDING) {
            if (deadline_ns != UINT64_MAX && strait_now_ns() >= deadline_ns)
                return false;
            sti_gap_wait(&gap);
            continue;
        }
        if (sti_attention(&lane->removal)) {
            removed = sti_is_removed(ring, &lane->removal, pos);
            sti_lane_drained(lane, 0);
        }
        if (removed || value == NULL)
            continue;
        /* rlx: a statistic. */
        (void)strait_add_rlx(&lane->n_removed, 1);
        sti_work_end(value, why);
    }
}
