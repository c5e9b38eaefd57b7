/* SPDX-License-Identifier: MIT */
/*
 * parking.h - the core of the pool: how a submit finds a sleeping worker, how a
 * worker goes to sleep without missing a submit, and how one woken worker sees
 * to it that enough others are awake. A core: it includes the shim, the ring
 * and the environment macros, nothing else, so that tests/model runs this very
 * file. Included by: the .c files of lib/sched.
 *
 * Source. Our own protocol; its rules were found by refutation: each step below
 * names what went wrong without it. Related: the idle set of Go's scheduler,
 * the sleep module of rayon (who wakes takes the sleeper out of the set).
 *
 * State.  ring.producer_ {position, CLOSED, ARMED} of each lane
 *         idle_  one bit per worker: parked, or about to be
 *         wake_  one futex word per worker: 1 = go
 *
 * Picture, two workers, one lane:
 *     submit     claims a position; the same CAS takes ARMED out  (edge R2)
 *       '-> ARMED was set: take one bit out of idle_, set its wake_, futex wake
 *     worker 0   sets its bit, looks at the lane by arming it, sleeps
 *     worker 1   woken: takes one item; idle_ still has a bit, so before it runs
 *                the item it arms the lane again, or wakes the next worker
 *
 * Roles. wake_one, wake_all: any thread. announce, arm_all, withdraw, sleep,
 *     duty: worker w, for itself.
 *
 * Invariants.
 *   I1  a worker sleeps only after it armed every open lane while its bit was
 *       set: then the next push into any of them finds ARMED and a bit.
 *   I2  who takes a bit out of idle_ owes that worker a store to wake_.
 *   I3  whoever leaves idleness while others are parked leaves behind armed
 *       lanes or an awake successor before it enters user code (duty).
 *
 * Edges (R2 is in ring.c).
 *   P1  wake_ exchange of the waker -> load of wake_ in sleep     what the waker
 *       saw; the item itself travels by R3
 *   P2  idle_ or (announce) -> idle_ and (take)     the sleeper's wake_ = 0,
 *       so that it does not wipe out the waker's 1
 *   P3  lane count store -> its load after announce     new lanes (lane.c)
 *
 * Progress. All lock-free and bounded by the number of workers and lanes; sleep
 *   sleeps. A thread stopped between taking a bit and storing wake_ delays that
 *   one worker; the duty of the others keeps the items moving if they are
 *   awake.
 *
 * Limits. 64 workers: one word. Nothing here allocates or can fail.
 *
 * Checked by tests/model/model_lane_*.c, tests/sched/.
 */
#ifndef STI_SCHED_PARKING_H
#define STI_SCHED_PARKING_H

#include <strait/ring.h>

#include "base/env.h"

/* One worker's place to sleep; on a cache line of its own. */
typedef struct sti_seat {
    STRAIT_ATOMIC(uint32_t) wake_;
    char pad_[STRAIT_CACHE_LINE - sizeof(uint32_t)];
} sti_seat_t;

/* The idle set of a pool. */
typedef struct sti_parking {
    STRAIT_ATOMIC(uint64_t) idle_;
    char pad_[STRAIT_CACHE_LINE - sizeof(uint64_t)];
    sti_seat_t *seats_; /* one per worker; nobody writes this after init */
} sti_parking_t;

static inline void
sti_parking_init(sti_parking_t *parking, sti_seat_t *seats)
{
    /* rlx: not shared before the threads start. */
    strait_store_rlx(&parking->idle_, 0);
    parking->seats_ = seats;
}

/* The wake-up of a worker whose bit the caller has taken out of idle_. */
static inline void
sti_parking_wake(sti_parking_t *parking, uint32_t worker)
{
    sti_seat_t *seat = &parking->seats_[worker];

    STRAIT_POINT("parking.wake");
    /* [P1:rel] by exchange, not by store: it comes after the sleeper's own
     * exchange to 0 (P2) and heads its release sequence. */
    (void)strait_xchg_release(&seat->wake_, 1);
    STI_FUTEX_WAKE(&seat->wake_);
}

/*
 * Takes one parked worker out of the idle set and wakes it; false if there is
 * none. The lowest bit first: a small load keeps using the same, warm workers.
 */
static inline bool
sti_parking_wake_one(sti_parking_t *parking)
{
    for (;;) {
        /* rlx: after R2 it shows at least the bit of the one who armed;
         * confirmed by the RMW below. */
        uint64_t idle = strait_load_rlx(&parking->idle_);
        uint64_t bit = idle & (0 - idle);

        if (idle == 0)
            return false;
        /* [P2:acq] the sleeper's wake_ = 0 is older than our 1. */
        if (strait_cas_weak_acquire(&parking->idle_, &idle, idle & ~bit)) {
            sti_parking_wake(parking, (uint32_t)__builtin_ctzll(bit));
            return true;
        }
    }
}

/* Wakes everybody who is parked: after a close, or when a lane was added. */
static inline void
sti_parking_wake_all(sti_parking_t *parking)
{
    /* [P2:acq] as above, for each bit. [P3:rel] a worker that announces later
     * sees what we published before, e.g. a new lane. By RMW even if there is
     * nobody: the one who is just announcing must come after us or be seen. */
    uint64_t idle = strait_and_acq_rel(&parking->idle_, 0);

    while (idle != 0) {
        sti_parking_wake(parking, (uint32_t)__builtin_ctzll(idle));
        idle &= idle - 1;
    }
}

/* Before a worker looks at the lanes for the last time: be findable. */
static inline void
sti_parking_announce(sti_parking_t *parking, uint32_t worker)
{
    sti_seat_t *seat = &parking->seats_[worker];

    /* rlx: published by P2 below. A late 1 of an earlier waker is wiped out
     * here or ends the sleep at once; both are fine, nothing hangs on it. */
    (void)strait_xchg_rlx(&seat->wake_, 0);
    /* [P2:rel] wake_ = 0 is older than any 1 of whoever takes the bit.
     * [P3:acq] what was published before the bits were last taken. */
    (void)strait_or_acq_rel(&parking->idle_, (uint64_t)1 << worker);
    STRAIT_POINT("parking.announced");
}

/*
 * Takes the announcement back; false if a waker was faster. Either way the
 * worker has left idleness and owes a duty once it holds an item. Also after a
 * sleep: what ended it may have been the late 1 of a waker who took the bit of
 * an earlier announcement, and a bit left behind would draw a wake-up meant for
 * a sleeper.
 */
static inline bool
sti_parking_withdraw(sti_parking_t *parking, uint32_t worker)
{
    uint64_t bit = (uint64_t)1 << worker;

    /* rlx: our own bit; who took it owes us a store to wake_, which we need
     * not see. */
    return (strait_and_rlx(&parking->idle_, ~bit) & bit) != 0;
}

/* Sleeps until a waker has taken this worker's bit. */
static inline void
sti_parking_sleep(sti_parking_t *parking, uint32_t worker)
{
    sti_seat_t *seat = &parking->seats_[worker];

    /* [P1:acq] what the waker saw when it decided to wake. */
    while (strait_load_acquire(&seat->wake_) == 0)
        STI_FUTEX_WAIT(&seat->wake_, 0);
}

/*
 * Arms every lane that can still get work. False: do not sleep, because one of
 * them has, or is about to have, something to take, or because none is left
 * that could wake anybody. A closed, drained lane needs no arming; but if all
 * of them are closed the last wake-up may have been sent already.
 */
static inline bool
sti_parking_arm_all(strait_ring_t *const *lanes, uint32_t n_lanes)
{
    bool armed = false;
    uint32_t i;

    for (i = 0; i < n_lanes; i++) {
        strait_ring_t *ring = lanes[i];

        if (strait_ring_arm(ring))
            armed = true;
        else if (!strait_ring_is_closed(ring) || !strait_ring_is_empty(ring))
            return false;
    }
    return armed;
}

/*
 * The duty of a worker that has left idleness, once it holds an item and before
 * it runs it: the submit that woke it took ARMED out of the lane, so later
 * submits would not wake anybody while this one is busy.
 */
static inline void
sti_parking_duty(
    sti_parking_t *parking, strait_ring_t *const *lanes, uint32_t n_lanes)
{
    /* rlx: at least as new as our own last RMW on this word. Who announces
     * later looks at the lanes itself. */
    if (strait_load_rlx(&parking->idle_) == 0)
        return;
    if (!sti_parking_arm_all(lanes, n_lanes))
        (void)sti_parking_wake_one(parking);
}

#endif /* STI_SCHED_PARKING_H */
