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
 *   Wake order: the lowest number first, where others wake whoever slept last.
 * It keeps the same few workers warm in the same way, needs no list, and in a
 * crew that shrinks it is the better of the two: the high numbers time out.
 *   One searcher at a time needs no word of its own: the submit that takes
 * ARMED out makes one, and until that one has found an item nobody is armed.
 *
 * State.  ring.producer_ {position, CLOSED, ARMED} of each lane
 *         gate.word_ {inside, WANTED} of each lane with a limit (gate.h)
 *         idle_  one bit per worker: parked, or about to be
 *         wake_  one futex word per worker: not 0 = go
 *
 * Picture, two workers, one lane:
 *     submit     claims a position; the same CAS takes ARMED out  (edge R2)
 *       '-> ARMED was set: take one bit out of idle_, set its wake_, futex wake
 *     worker 0   sets its bit, looks at the lane by arming it, sleeps
 *     worker 1   woken: takes one item; idle_ still has a bit, so before it
 *                runs the item it arms the lane again, or wakes the next worker
 *
 * Roles. wake_one, wake_all: any thread. announce, arm_all, withdraw, sleep,
 *     duty: worker w, for itself.
 *
 * Invariants.
 *   I1  a worker sleeps only after it armed every open lane while its bit was
 *       set: then the next push into any of them finds ARMED and a bit. A lane
 *       whose gate is full gets WANTED instead: nothing can start there before
 *       somebody leaves, who then finds WANTED and a bit.
 *   I2  who takes a bit out of idle_ owes that worker a store to wake_.
 *   I3  whoever leaves idleness while others are parked leaves behind armed
 *       lanes or an awake successor before it enters user code (duty).
 *
 * Edges (R2 is in ring.c).
 *   P1  wake_ exchange of the waker -> load of wake_ in sleep     what the
 *       waker saw; the item itself travels by R3
 *   P2  idle_ or (announce) -> idle_ and (take)     the sleeper's wake_ = 0,
 *       so that it does not wipe out the waker's mark
 *   P4  idle_ and (take) -> idle_ and (withdraw)     deques, for the duty of
 *       one whose bit was taken before it slept
 *   P3  lane count store -> its load after announce     new lanes (lane.c)
 *
 * Progress. All lock-free and bounded by the number of workers and lanes; sleep
 *   sleeps. A thread stopped between taking a bit and storing wake_ delays that
 *   one worker; the duty of the others keeps the items moving if they are
 *   awake.
 *
 * Limits. 64 workers a word; nobody looks at all words at once, and need not:
 *   who armed, or was woken, has shown its bit to the one who looks (R2, P1),
 *   and who announces later looks for itself. Nothing here allocates or can
 *   fail.
 *
 * Checked by tests/model/model_lane_*.c, tests/sched/.
 */
#ifndef STI_SCHED_PARKING_H
#define STI_SCHED_PARKING_H

#include <strait/ring.h>

#include "base/env.h"
#include "sched/gate.h"

/* What a lane is to its workers: where items come from, and how many of them
 * may run. */
typedef struct sti_outlet {
    strait_ring_t ring; /* ends in what nobody writes */
    char pad_[STRAIT_CACHE_LINE];
    sti_gate_t gate;
} sti_outlet_t;

/* One worker's place to sleep; on a cache line of its own. */
typedef struct sti_seat {
    STRAIT_ATOMIC(uint32_t) wake_;
    char pad_[STRAIT_CACHE_LINE - sizeof(uint32_t)];
} sti_seat_t;

/* 64 workers of an idle set; on a cache line of its own. */
typedef struct sti_idle {
    STRAIT_ATOMIC(uint64_t) bits_;
    char pad_[STRAIT_CACHE_LINE - sizeof(uint64_t)];
} sti_idle_t;

/* The idle set of some workers. */
typedef struct sti_parking {
    sti_idle_t *idle_; /* one per 64 workers */
    uint32_t n_idle_;
    sti_seat_t *seats_; /* one per worker; nobody writes these after init */
} sti_parking_t;

#define STI_PARKING_WORDS(n_workers) (((n_workers) + 63) / 64)

static inline void
sti_parking_init(sti_parking_t *parking, sti_idle_t *idle, sti_seat_t *seats,
    uint32_t n_workers)
{
    uint32_t i;

    parking->idle_ = idle;
    parking->n_idle_ = STI_PARKING_WORDS(n_workers);
    for (i = 0; i < parking->n_idle_; i++) {
        /* rlx: not shared before the threads start. */
        strait_store_rlx(&idle[i].bits_, 0);
    }
    parking->seats_ = seats;
}

/* The part of the idle set that a worker is in. */
static inline sti_idle_t *
sti_parking_idle(const sti_parking_t *parking, uint32_t worker)
{
    return &parking->idle_[worker / 64];
}

/* True if somebody is parked, or about to be. */
static inline bool
sti_parking_any(const sti_parking_t *parking)
{
    uint32_t i;

    for (i = 0; i < parking->n_idle_; i++) {
        /* rlx: at least as new as what the caller has been shown, see Limits.
         * Who announces later looks at the lanes itself. */
        if (strait_load_rlx(&parking->idle_[i].bits_) != 0)
            return true;
    }
    return false;
}

/* The wake-up of a worker whose bit the caller has taken out of idle_. */
static inline void
sti_parking_wake(sti_parking_t *parking, uint32_t worker)
{
    sti_seat_t *seat = &parking->seats_[worker];

    STRAIT_POINT("parking.wake");
    /* [P1:rel] by exchange, not by store: it comes after the sleeper's own
     * exchange to 0 (P2) and heads its release sequence. Any value but 0 would
     * do; this one tells where we run (sti_parking_waker). */
    (void)strait_xchg_release(&seat->wake_, STI_CPU_MARK());
    STI_FUTEX_WAKE(&seat->wake_);
}

/*
 * Takes one parked worker out of the idle set and wakes it; false if there is
 * none. The lowest bit first: a small load keeps using the same, warm workers.
 */
static inline bool
sti_parking_wake_one(sti_parking_t *parking)
{
    uint32_t i;

    for (i = 0; i < parking->n_idle_; i++) {
        STRAIT_ATOMIC(uint64_t) *word = &parking->idle_[i].bits_;
        /* rlx: after R2 it shows at least the bit of the one who armed;
         * confirmed by the RMW below. */
        uint64_t idle = strait_load_rlx(word);

        while (idle != 0) {
            uint64_t bit = idle & (0 - idle);

            /* [P2:acq] the sleeper's wake_ = 0 is older than ours. [P4:rel]
             * what we know, if it has not gone to sleep. */
            if (strait_cas_weak_acq_rel(word, &idle, idle & ~bit)) {
                sti_parking_wake(
                    parking, i * 64 + (uint32_t)__builtin_ctzll(bit));
                return true;
            }
        }
    }
    return false;
}

/* Wakes everybody who is parked: after a close, or when a lane was added. */
static inline void
sti_parking_wake_all(sti_parking_t *parking)
{
    uint32_t i;

    for (i = 0; i < parking->n_idle_; i++) {
        /* [P2:acq] as above, for each bit. [P3:rel] a worker that announces
         * later sees what we published before, e.g. a new lane. By RMW even if
         * there is nobody: the one who is just announcing must come after us or
         * be seen. */
        uint64_t idle = strait_and_acq_rel(&parking->idle_[i].bits_, 0);

        while (idle != 0) {
            sti_parking_wake(parking, i * 64 + (uint32_t)__builtin_ctzll(idle));
            idle &= idle - 1;
        }
    }
}

/* Before a sleep from which only one who knows this worker wakes it. */
static inline void
sti_parking_prepare(sti_parking_t *parking, uint32_t worker)
{
    /* rlx: whoever is to know is told by a release. */
    (void)strait_xchg_rlx(&parking->seats_[worker].wake_, 0);
}

/* Before a worker looks at the lanes for the last time: be findable. */
static inline void
sti_parking_announce(sti_parking_t *parking, uint32_t worker)
{
    sti_seat_t *seat = &parking->seats_[worker];

    /* rlx: published by P2 below. A late mark of an earlier waker is wiped out
     * here or ends the sleep at once; both are fine, nothing hangs on it. */
    (void)strait_xchg_rlx(&seat->wake_, 0);
    /* [P2:rel] wake_ = 0 is older than any mark of whoever takes the bit.
     * [P3:acq] what was published before the bits were last taken. */
    (void)strait_or_acq_rel(
        &sti_parking_idle(parking, worker)->bits_, (uint64_t)1 << worker % 64);
    STRAIT_POINT("parking.announced");
}

/*
 * Takes the announcement back; false if a waker was faster. Either way the
 * worker has left idleness and owes a duty once it holds an item. Also after a
 * sleep: what ended it may have been the late mark of a waker who took the bit of
 * an earlier announcement, and a bit left behind would draw a wake-up meant for
 * a sleeper.
 */
static inline bool
sti_parking_withdraw(sti_parking_t *parking, uint32_t worker)
{
    uint64_t bit = (uint64_t)1 << worker % 64;

    /* [P4:acq] what whoever took it has published: the duty is ours now, and
     * must see for whom (fork.c). */
    return (strait_and_acquire(
                &sti_parking_idle(parking, worker)->bits_, ~bit) &
               bit) != 0;
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

/* The same, but not beyond deadline_ns: false if that has passed. What was said
 * at withdraw holds for either answer. */
static inline bool
sti_parking_sleep_until(
    sti_parking_t *parking, uint32_t worker, uint64_t deadline_ns)
{
    sti_seat_t *seat = &parking->seats_[worker];

    /* [P1:acq] as above. */
    while (strait_load_acquire(&seat->wake_) == 0) {
        if (STI_FUTEX_WAIT_UNTIL(&seat->wake_, 0, deadline_ns) ==
            STI_FUTEX_EXPIRED)
            return false;
    }
    return true;
}

/* After a sleep: the mark of the CPU from which it was ended; 0: by nobody. */
static inline uint32_t
sti_parking_waker(const sti_parking_t *parking, uint32_t worker)
{
    /* rlx: read before, with P1; if it is of a later waker, as good. */
    return strait_load_rlx(&parking->seats_[worker].wake_);
}

/*
 * Arms every lane that can still get work. False: do not sleep, because one of
 * them has, or is about to have, something to take, or because none is left
 * that could wake anybody. A closed, drained lane needs no arming; but if all
 * of them are closed the last wake-up may have been sent already.
 */
static inline bool
sti_parking_arm_all(sti_outlet_t *const *outlets, uint32_t n_outlets)
{
    bool armed = false;
    uint32_t i;

    for (i = 0; i < n_outlets; i++) {
        strait_ring_t *ring = &outlets[i]->ring;
        sti_gate_t *gate = &outlets[i]->gate;

        if ((gate->max != 0 && sti_gate_want(gate)) || strait_ring_arm(ring))
            armed = true;
        else if (!strait_ring_is_closed(ring) || !strait_ring_is_empty(ring))
            return false;
    }
    return armed;
}

/*
 * The duty of a worker that has left idleness, once it holds an item and before
 * it runs it: the submit that woke it took ARMED out of the lane, so later
 * submits would not wake anybody while this one is busy. Also of one that took
 * WANTED out of a gate.
 */
static inline void
sti_parking_duty(
    sti_parking_t *parking, sti_outlet_t *const *outlets, uint32_t n_outlets)
{
    if (!sti_parking_any(parking))
        return;
    if (!sti_parking_arm_all(outlets, n_outlets))
        (void)sti_parking_wake_one(parking);
}

#endif /* STI_SCHED_PARKING_H */
