/* SPDX-License-Identifier: MIT */
/*
 * ring - bounded queue of pointers for many producers and many consumers, with
 * sleeping and closing decided in the producer word. The queue of a lane.
 *
 * Source. D. Vyukov, "Bounded MPMC queue" (2010): a sequence number per slot.
 * Deviations: (1) the producer word carries two flags below the position, so
 * that publishing work and seeing a sleeper, or seeing the close, are one
 * atomic step; (2) operations are weak and say why they failed (FULL, EMPTY,
 * PENDING) instead of spinning; (3) a pop reads the value first and claims it
 * afterwards, and a slot is free once consumer_ has passed it: there is nothing
 * left to do after the claim. In the original a consumer stopped between claim
 * and release makes a push one round later answer FULL in a ring that is nearly
 * empty; and slots are written by both sides. The producers pay with a look at
 * consumer_ once a round, and keep what they saw in freed_.
 *
 * The scheme with ordered tails (DPDK's default, ck_ring) was rejected: with
 * more producers than cores one preempted producer stops all others.
 *
 * Picture, capacity 4, producer position 7, consumer position 3:
 *     slot   0        1        2        3
 *     seq    5        2        7        4
 *            pos 4    pos 5    pos 6    pos 3
 *            filled   claimed  filled   filled: the next to be popped
 *   Slot 1 still carries the 2 of position 1: pops give out 3 and 4, then
 *   answer PENDING until the producer of position 5 has stored its 6.
 *
 * Roles. push, push_n, close: any thread. pop, pop_n, pop_strong, arm: any
 *     number of consumers; pop_alone, pop_n_alone: the only one. init: nobody
 *     else may look.
 *
 * Invariants.
 *   I1  freed_ <= consumer position <= producer position <= consumer position +
 *       capacity, by difference.
 *   I2  slot i holds pos + 1 of the last push that filled it, pos = i modulo
 *       capacity, or 0; it only grows.
 *   I3  ARMED is set only while the two positions are equal, and every
 *       successful push clears it.
 *   I4  once CLOSED is set the producer word no longer changes.
 *   I5  slot pos is written only after consumer_ has passed pos - capacity, and
 *       not again before it has passed pos.
 *
 * Edges.
 *   R2  arm's CAS -> push's CAS, close      the sleeper's entry in the idle set
 *   R3  seq store of push -> seq load of pop      the value
 *   R4  CAS of pop -> consumer_ load of a push one round later, directly or
 *       through R5      the consumer has read the slot
 *       -> consumer_ load of pop, length, is_empty      the claims of what was
 *       popped, without which EMPTY could be false
 *   R5  freed_ store of push -> freed_ load of a push      R4
 *   R6  CAS of push -> second producer_ load of a push that finds no room      the
 *       pops known to who claimed, without which FULL could be false: a stale
 *       consumer_ beside a fresh producer_ is no moment of the ring
 *
 * Why a pop may read a value that is not its own: by I5 that happens only after
 * consumer_ has left c, and consumer_ never comes back to c, so the CAS fails
 * and the value is dropped.
 *
 * Why arm needs no order on consumer_: it compares a possibly stale consumer
 * position c with the position p of a producer word that its CAS proves
 * current. The true consumer position lies between c and p; c == p leaves no
 * room.
 *
 * Batches. One CAS claims n places, and n values are taken by one CAS after all
 *   of them were read; each slot is published and found by itself, so a batch
 *   is no unit for the other side. The window of a preempted producer is as
 *   long as its batch.
 *
 * Progress. push, pop, arm lock-free; close, the alone forms wait-free;
 *   pop_strong waits for a producer in its window. Preempted between claim and
 *   publication a producer hides later values from consumers (PENDING); a
 *   consumer preempted anywhere delays nobody. Nobody spins.
 *
 * Retries carry nothing from round to round: each round loads anew. That costs
 * one load in the rare round and lets a model checker treat a round without a
 * side effect as a wait.
 *
 * Limits. Positions have 62 bits and do not wrap in practice (2^62 at 1 per ns
 *   are 146 years); the wrap of 62 bits is not provided for. Capacity 1 is
 *   refused: nobody has asked for it, and the models know nothing of it. Not
 *   across fork, not between processes.
 *
 * Checked by tests/model/model_ring_*.c, model_lane_*.c,
 * tests/queue/test_ring.c, tests/queue/stress_ring.c.
 */
#include <strait/ring.h>

#include "base/env.h"

extern inline int strait_ring_claim_(strait_ring_t *ring, uint64_t *ret_pos);
extern inline void strait_ring_publish_(
    strait_ring_t *ring, uint64_t pos, void *value);
extern inline int strait_ring_take_(
    strait_ring_t *ring, void **ret_value, uint64_t *ret_pos);
extern inline int strait_ring_push(strait_ring_t *ring, void *value);
extern inline int strait_ring_push_n(
    strait_ring_t *ring, void *const *values, size_t n, size_t *ret_n);
extern inline int strait_ring_pop(strait_ring_t *ring, void **ret_value);
extern inline int strait_ring_pop_n(
    strait_ring_t *ring, void **values, size_t n, size_t *ret_n);
extern inline int strait_ring_pop_alone(strait_ring_t *ring, void **ret_value);
extern inline int strait_ring_pop_n_alone(
    strait_ring_t *ring, void **values, size_t n, size_t *ret_n);

/* Where the positions of a new ring start: tests move it close to a wrap. */
#ifndef STRAIT_RING_START
#define STRAIT_RING_START 0
#endif

int
strait_ring_init(
    strait_ring_t *ring, strait_ring_slot_t *slots, size_t capacity)
{
    uint64_t start = STRAIT_RING_START;
    size_t i;

    if (ring == NULL || slots == NULL ||
        ((uintptr_t)ring | (uintptr_t)slots) % sizeof(uint64_t) != 0 ||
        capacity < 2 || capacity > STRAIT_RING_CAPACITY_MAX ||
        (capacity & (capacity - 1)) != 0)
        return -STRAIT_EINVAL_;
    ring->slots_ = slots;
    ring->mask_ = capacity - 1;
    for (i = 0; i < capacity; i++) {
        /* rlx: here and below; the ring is not shared before init returns, and
         * whatever shares it publishes all this. */
        strait_store_rlx(&slots[i].seq_, 0);
    }
    /* rlx: as above. */
    strait_store_rlx(&ring->producer_, start << STRAIT_RING_SHIFT_);
    /* rlx: as above. */
    strait_store_rlx(&ring->consumer_, start);
    /* rlx: as above. */
    strait_store_rlx(&ring->freed_, start);
    /* rlx: as above. */
    strait_store_rlx(&ring->alone_.taken_, 0);
    return 0;
}

/* Looks before the first yield: a producer that runs needs a few of them. */
#ifndef STI_RING_PAUSES
#define STI_RING_PAUSES 64
#endif

int
strait_ring_pop_strong(strait_ring_t *ring, void **ret_value)
{
    unsigned n_looks = 0;
    int popped;

    while ((popped = strait_ring_pop(ring, ret_value)) == STRAIT_RING_PENDING) {
        if (n_looks++ < STI_RING_PAUSES)
            STI_PAUSE();
        else
            STI_YIELD();
    }
    return popped;
}

bool
strait_ring_arm(strait_ring_t *ring)
{
    for (;;) {
        /* rlx: confirmed, or not, by the CAS below. */
        uint64_t p = strait_load_rlx(&ring->producer_);
        /* rlx: may be stale, which can only make the next test fail. */
        uint64_t c = strait_load_rlx(&ring->consumer_);

        if ((p & STRAIT_RING_CLOSED_) || (p >> STRAIT_RING_SHIFT_) != c)
            return false;
        STRAIT_POINT("ring.arm");
        /* [R2:rel] the caller's announcement goes to whoever takes ARMED out.
         * Also if it is set already: see strait_mpsc_arm. If another consumer
         * has just set it, once more. */
        if (strait_cas_release(&ring->producer_, &p, p | STRAIT_RING_ARMED_))
            return true;
    }
}

bool
strait_ring_close(strait_ring_t *ring)
{
    /* [R2:acq] the announcements of those who armed before: the caller is
     * about to wake them. Who comes later finds CLOSED and does not sleep. */
    uint64_t p = strait_or_acquire(&ring->producer_, STRAIT_RING_CLOSED_);

    return (p & STRAIT_RING_CLOSED_) == 0;
}

bool
strait_ring_is_empty(const strait_ring_t *ring)
{
    return strait_ring_length(ring) == 0;
}

bool
strait_ring_is_closed(const strait_ring_t *ring)
{
    /* rlx: the flag carries nothing else. */
    return (strait_load_rlx(&ring->producer_) & STRAIT_RING_CLOSED_) != 0;
}

size_t
strait_ring_length(const strait_ring_t *ring)
{
    /* [R4:acq] the pops up to c, hence by R3 the claims of what they took: the
     * producer position read next is not behind c. */
    uint64_t c = strait_load_acquire(&ring->consumer_);
    /* rlx: as above. If it equals c, the ring was empty at that moment. */
    uint64_t p = strait_load_rlx(&ring->producer_) >> STRAIT_RING_SHIFT_;

    return (size_t)(p - c);
}
