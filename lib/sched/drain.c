/* SPDX-License-Identifier: MIT */
/*
 * drain.c - whoever was refused by a full lane hears when there is room again.
 *
 * The wishes form a stack in the lane, newest first. One that is added counts
 * in `attention` (removal.h), so workers look at the stack only while there is
 * one. A wish may come too late, when the last place has been freed already:
 * whoever adds it looks at the length afterwards, by an RMW of consumer_, and
 * calls them itself. So either that RMW sees the last pop, or the pop that
 * comes after it sees `attention` (C1).
 *
 * In the same way a close that comes after an RMW of producer_ sees the stack
 * and calls them all (R2); whoever comes after the close calls itself.
 *
 * Edges (R2 and R4 are in ring.c, C1 is in removal.h).
 *   D1  push onto the stack -> take of all      the wishes
 *
 * Progress. Lock-free; calls are entries pushed onto sinks.
 *
 * Tests: tests/sched/test_drain.c.
 */
#include "sched/submit.h"

static void
deliver(strait_sink_entry_t *entry, int status)
{
    strait_drain_t *drain = STRAIT_CONTAINER_OF(entry, strait_drain_t, entry_);

    if (status == 0)
        status = drain->status_;
    /* rlx: it came by M2; from here on it is the caller's. */
    strait_store_rlx(&drain->waiting_, 0);
    drain->fn_(drain, status, drain->arg_);
}

void
strait_drain_init(strait_drain_t *drain, strait_drain_fn fn, void *arg)
{
    if (drain == NULL)
        return;
    strait_sink_entry_init(&drain->entry_, deliver);
    drain->next_ = NULL;
    drain->sink_ = NULL;
    drain->fn_ = fn;
    drain->arg_ = arg;
    drain->status_ = 0;
    /* rlx: the owner's own hand. */
    strait_store_rlx(&drain->waiting_, 0);
}

/* Calls all who wait. */
static void
call(strait_lane_t *lane, int status)
{
    /* [D1:acq] the wishes. */
    strait_drain_t *drain = strait_xchg_acquire(&lane->drains, NULL);

    while (drain != NULL) {
        strait_drain_t *next = drain->next_;

        sti_attention_add(&lane->removal, 0 - (uint32_t)1);
        drain->status_ = status;
        strait_sink_push(drain->sink_, &drain->entry_);
        drain = next;
    }
}

void
sti_lane_drained(strait_lane_t *lane, int status)
{
    /* rlx: as new as C1 made it; call takes it by D1. */
    if (strait_load_rlx(&lane->drains) == NULL)
        return;
    if (status != 0 ||
        strait_ring_length(&lane->outlet.ring) <= lane->low_water)
        call(lane, status);
}

int
strait_lane_on_drain(
    strait_lane_t *lane, strait_drain_t *drain, strait_sink_t *sink)
{
    strait_drain_t *top;
    strait_ring_t *ring;
    uint64_t c;
    uint64_t p;

    if (lane == NULL || drain == NULL || sink == NULL || drain->fn_ == NULL)
        return -EINVAL;
    if (sti_forked(lane->pool->fork_generation))
        return -ECHILD;
    ring = &lane->outlet.ring;
    if (strait_ring_is_closed(ring))
        return -ESHUTDOWN;
    /* rlx: the owner asks about its own wish. */
    if (strait_load_rlx(&drain->waiting_) != 0)
        return -EBUSY;
    /* rlx: as above. */
    strait_store_rlx(&drain->waiting_, 1);
    drain->sink_ = sink;

    sti_attention_add(&lane->removal, 1);
    /* rlx: a guess; the CAS decides. */
    top = strait_load_rlx(&lane->drains);
    do {
        drain->next_ = top;
        /* [D1:rel] the wish. */
    } while (!strait_cas_weak_release(&lane->drains, &top, drain));
    /* [C1:rel] attention and the stack. [R4:acq] the claims of what was popped:
     * p below is no older than c. */
    c = strait_add_acq_rel(&ring->consumer_, STI_ZERO);
    /* [R2:rel] by RMW, so that a close that comes later sees the stack; one
     * that came before is seen here. */
    p = strait_or_release(&ring->producer_, STI_ZERO);
    if (p & STRAIT_RING_CLOSED_)
        call(lane, -ESHUTDOWN);
    else if ((p >> STRAIT_RING_SHIFT_) - c <= lane->low_water)
        call(lane, 0);
    return 0;
}
