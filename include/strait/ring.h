/* SPDX-License-Identifier: MIT */
/**
 * @file ring.h
 * Bounded queue of pointers, many producers, many consumers, in memory of the
 * caller, whose producer word also says whether a consumer sleeps and whether
 * the ring is closed.
 *
 * Use it to hand work to several threads with a limit on how much may wait:
 * it is the queue of a pool's lane. Do not use it where a producer must never
 * be refused (see mpsc.h).
 *
 *     strait_ring_slot_t slots[256];
 *     strait_ring_t ring;
 *     int err = strait_ring_init(&ring, slots, 256);
 *     switch (strait_ring_push(&ring, job)) {
 *     case STRAIT_RING_WAKE: wake_one_consumer(); break;
 *     case STRAIT_RING_FULL: try_later(); break;
 *     }
 *
 *     // a consumer, any number of them; to sleep: arm, or an event as in
 *     // tests/examples/blocking_ring.c
 *     if (strait_ring_pop(&ring, &job) == STRAIT_RING_DONE)
 *         run(job);
 *
 * Design. Each slot has a sequence number that says who filled it; a position
 * is claimed by one compare-and-swap, and a pop is nothing but that.
 * lib/queue/ring.c has the picture, invariants and proof notes.
 *
 * Guarantees: each value comes out exactly once, in the order of the claims.
 * What the producer wrote before push is visible to the consumer after pop.
 * FULL is exact: all places were taken at one moment during the call. EMPTY is
 * weak: a value that was pushed may hide behind a claim that is not filled yet
 * (then the answer is PENDING; strait_ring_pop_strong waits it out). PENDING is
 * not "nothing": whoever sleeps on an eventcount (event.h) and takes it for
 * that uses up a wake-up that another value may need; pop strongly there.
 * CLOSED is exact: after strait_ring_close no push succeeds, and everything
 * pushed before can still be taken.
 *
 * Fork, signals: push and pop may be called from a signal handler. The child
 * of a fork must initialise the ring anew; nothing here checks that.
 */
#ifndef STRAIT_RING_H
#define STRAIT_RING_H

#include <strait/atomic.h>
#include <strait/base.h>
#include <strait/role.h>

STRAIT_BEGIN_DECLS

/** One place of a ring; give strait_ring_init an array of them. */
typedef struct strait_ring_slot {
    /* position + 1 of the push that filled it last; 0: none so far. */
    STRAIT_ATOMIC(uint64_t) seq_;
    STRAIT_ATOMIC(void *) value_;
} strait_ring_slot_t;

/** The ring. Complete, so that it can be embedded; natural alignment. */
typedef struct strait_ring {
    /* Producers, and consumers about to sleep: position << 2 | flags. */
    STRAIT_ATOMIC(uint64_t) producer_;
    /* Producers: a consumer position of a while ago, to spare that line. */
    STRAIT_ATOMIC(uint64_t) freed_;
    char pad0_[STRAIT_CACHE_LINE - 2 * sizeof(uint64_t)];
    /* Consumers: position of the next pop. */
    STRAIT_ATOMIC(uint64_t) consumer_;
    strait_role_t alone_; /* the _alone forms; checked builds only */
    char pad1_[STRAIT_CACHE_LINE - sizeof(uint64_t) - sizeof(uint32_t)];
    /* Nobody writes these after init. */
    strait_ring_slot_t *slots_;
    uint64_t mask_;
} strait_ring_t;

/** What the operations of a ring answer. */
enum {
    STRAIT_RING_DONE = 0, /**< pushed, or popped */
    STRAIT_RING_WAKE = 1, /**< pushed, and the caller owes one wake */
    STRAIT_RING_FULL = 2, /**< no place: not pushed */
    STRAIT_RING_CLOSED = -STRAIT_ESHUTDOWN_, /**< not pushed, and never again */
    STRAIT_RING_EMPTY = 3,                   /**< nothing to pop */
    STRAIT_RING_PENDING = 4 /**< the next place was claimed by a producer that
                                 had not filled it yet, during the call; look
                                 again later */
};

/** The largest capacity, in elements. */
#define STRAIT_RING_CAPACITY_MAX ((size_t)1 << 30)

#define STRAIT_RING_ARMED_ ((uint64_t)1)
#define STRAIT_RING_CLOSED_ ((uint64_t)2)
#define STRAIT_RING_SHIFT_ 2
#define STRAIT_RING_PREFETCH_ 12 /* slots ahead: three cache lines */

/**
 * Makes an empty ring.
 * @param ring      not NULL; memory of the caller, in use by nobody
 * @param slots     array of `capacity` slots; stays with the ring
 * @param capacity  elements; a power of two from 2 to STRAIT_RING_CAPACITY_MAX
 * @retval 0        done
 * @retval -EINVAL  an argument is NULL, a bad capacity, or memory below its
 *   natural alignment; nothing was touched
 * @threads init-only  @progress wait-free  @cost O(capacity)
 */
STRAIT_API STRAIT_NODISCARD int strait_ring_init(strait_ring_t *ring,
    strait_ring_slot_t *slots, size_t capacity) STRAIT_NOEXCEPT;

/**
 * The first half of strait_ring_push, for a layer that keeps something of its
 * own beside each place: claims one. Fill and publish it, and soon: until then
 * it hides what comes behind it.
 * @param[out] ret_pos  its position, set only with DONE and WAKE; the place is
 *   that modulo the capacity
 * @return as strait_ring_push
 * @threads producer (any number)  @progress lock-free  @cost 1 RMW
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_ring_claim_(strait_ring_t *ring, uint64_t *ret_pos) STRAIT_NOEXCEPT
{
    for (;;) {
        /* rlx: a guess; the CAS R2 decides. */
        uint64_t p = strait_load_rlx(&ring->producer_);
        uint64_t pos = p >> STRAIT_RING_SHIFT_;
        uint64_t freed;

        if (p & STRAIT_RING_CLOSED_)
            return STRAIT_RING_CLOSED;
        /* [R5:acq], and through it [R4:acq]: the consumer of the round before
         * has read value_, which we are about to overwrite. */
        freed = strait_load_acquire(&ring->freed_);
        if ((int64_t)(pos - freed) > (int64_t)ring->mask_) {
            /* [R6:acq] all pops that those who claimed knew of, so that what
             * we read next is no older, and FULL is true. */
            uint64_t again = strait_load_acquire(&ring->producer_);

            /* [R4:acq] the same at first hand. */
            freed = strait_load_acquire(&ring->consumer_);
            if ((int64_t)(pos - freed) > (int64_t)ring->mask_) {
                if (again == p)
                    return STRAIT_RING_FULL;
                continue;
            }
            /* [R5:rel] passes R4 on to the other producers. One who stores an
             * older position here costs them a look at consumer_. */
            strait_store_release(&ring->freed_, freed);
        }
        /* [R2:acq] if the word carried ARMED: the sleeper's announcement,
         * which was made before it armed. [R6:rel] the pops that we know of. */
        if (strait_cas_weak_acq_rel(
                &ring->producer_, &p, (pos + 1) << STRAIT_RING_SHIFT_)) {
            STRAIT_POINT("ring.push.claimed");
            *ret_pos = pos;
            /* Consumers have read the lines of the slots; the store of publish
             * would wait for its line, and the next RMW for the store. */
            STRAIT_PREFETCH_WRITE(
                &ring->slots_[(pos + STRAIT_RING_PREFETCH_) & ring->mask_]);
            return (p & STRAIT_RING_ARMED_) ? STRAIT_RING_WAKE
                                            : STRAIT_RING_DONE;
        }
    }
}

/**
 * The second half: fills the claimed place and hands it over.
 * @threads who has claimed it  @progress wait-free  @cost 0 RMW
 */
STRAIT_INLINE void
strait_ring_publish_(strait_ring_t *ring, uint64_t pos, void *value)
    STRAIT_NOEXCEPT
{
    strait_ring_slot_t *slot = &ring->slots_[pos & ring->mask_];

    /* rlx: published by R3. */
    strait_store_rlx(&slot->value_, value);
    /* [R3:rel] hands the value, and what it points to, over. */
    strait_store_release(&slot->seq_, pos + 1);
}

/**
 * Appends a value, weakly: never waits for anybody.
 * @param ring   ring (not NULL)
 * @param value  any pointer, NULL included
 * @return STRAIT_RING_DONE; _WAKE: done, and the caller takes one sleeping
 *   consumer and wakes it; _FULL; _CLOSED. `armed` is one bit for all sleepers:
 *   until somebody arms again no push answers _WAKE, so whoever was woken and
 *   leaves something behind wakes the next.
 * @threads producer (any number)
 * @progress lock-free. A producer stopped between claim and publication hides
 *   its value and all later ones from consumers; other producers go on until
 *   the ring is full.
 * @cost 1 RMW (a repetition only if another producer won), 0 fences
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_ring_push(strait_ring_t *ring, void *value) STRAIT_NOEXCEPT
{
    uint64_t pos;
    int claimed = strait_ring_claim_(ring, &pos);

    if (claimed == STRAIT_RING_DONE || claimed == STRAIT_RING_WAKE)
        strait_ring_publish_(ring, pos, value);
    return claimed;
}

/**
 * strait_ring_pop that also says from which position; see strait_ring_claim_.
 * @threads consumer (any number)  @progress lock-free  @cost 1 RMW
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_ring_take_(strait_ring_t *ring, void **ret_value, uint64_t *ret_pos)
    STRAIT_NOEXCEPT
{
    STRAIT_ROLE_ABSENT_(&ring->alone_);
    for (;;) {
        /* A guess; the CAS below decides. [R4:acq] the claims of what was
         * popped: what is read below is no older, and EMPTY is true. */
        uint64_t c = strait_load_acquire(&ring->consumer_);
        strait_ring_slot_t *slot = &ring->slots_[c & ring->mask_];
        /* [R3:acq] the value and what it points to. */
        uint64_t seq = strait_load_acquire(&slot->seq_);

        if (seq == c + 1) {
            /* rlx: came by R3. Perhaps of a later round already, but then
             * somebody has taken position c and the CAS fails. */
            void *value = strait_load_rlx(&slot->value_);

            STRAIT_POINT("ring.pop.read");
            /* [R4:rel] we have read; the producer of the next round may
             * write. [C1:acq] what a layer that keeps notes beside the places
             * has noted before an RMW of consumer_ (sched/removal.h). */
            if (strait_cas_weak_acq_rel(&ring->consumer_, &c, c + 1)) {
                *ret_value = value;
                *ret_pos = c;
                return STRAIT_RING_DONE;
            }
        } else {
            /* rlx: did somebody else take it in between? */
            uint64_t again = strait_load_rlx(&ring->consumer_);

            if (again == c && (int64_t)(seq - (c + 1)) < 0) {
                /* rlx: no older than c, by R4. Who wants to sleep asks
                 * strait_ring_arm. */
                uint64_t p = strait_load_rlx(&ring->producer_);

                return (p >> STRAIT_RING_SHIFT_) > c ? STRAIT_RING_PENDING
                                                     : STRAIT_RING_EMPTY;
            }
        }
    }
}

/**
 * Takes the oldest value, weakly: never waits for anybody.
 * @param ring            ring (not NULL)
 * @param[out] ret_value  set only with STRAIT_RING_DONE
 * @return STRAIT_RING_DONE, _EMPTY or _PENDING
 * @threads consumer (any number)
 * @progress lock-free; a consumer stopped anywhere delays nobody
 * @cost 1 RMW (a repetition only if another consumer won), 0 fences
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_ring_pop(strait_ring_t *ring, void **ret_value) STRAIT_NOEXCEPT
{
    uint64_t pos;

    STRAIT_ROLE_ABSENT_(&ring->alone_);
    return strait_ring_take_(ring, ret_value, &pos);
}

/**
 * Appends up to n values that lie side by side in the order of all claims.
 * @param ring        ring (not NULL)
 * @param values      n pointers, not NULL
 * @param n           how many; 0 does nothing and answers _DONE
 * @param[out] ret_n  how many were pushed, from values[0] on; set with _DONE
 *   and _WAKE. Fewer than n if the ring had no place for more.
 * @return as strait_ring_push; with _WAKE the caller wakes one consumer, which
 *   wakes the next if it leaves something behind
 * @threads producer (any number)
 * @progress as strait_ring_push; the window is as long as the batch
 * @cost 1 RMW for all of them
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_ring_push_n(strait_ring_t *ring, void *const *values, size_t n,
    size_t *ret_n) STRAIT_NOEXCEPT
{
    /* An empty batch would take ARMED out and bring nothing. */
    if (n == 0) {
        *ret_n = 0;
        return STRAIT_RING_DONE;
    }
    for (;;) {
        /* rlx: a guess; the CAS R2 decides. */
        uint64_t p = strait_load_rlx(&ring->producer_);
        uint64_t pos = p >> STRAIT_RING_SHIFT_;
        int64_t room;
        uint64_t freed;
        uint64_t end;

        if (p & STRAIT_RING_CLOSED_)
            return STRAIT_RING_CLOSED;
        /* [R5:acq], and through it [R4:acq]: as in strait_ring_push. */
        freed = strait_load_acquire(&ring->freed_);
        room = (int64_t)(freed + ring->mask_ + 1 - pos);
        if (room <= 0 || (uint64_t)room < n) {
            /* [R6:acq] as in strait_ring_push. */
            uint64_t again = strait_load_acquire(&ring->producer_);

            /* [R4:acq] the same at first hand. */
            freed = strait_load_acquire(&ring->consumer_);
            room = (int64_t)(freed + ring->mask_ + 1 - pos);
            if (room <= 0 && again == p)
                return STRAIT_RING_FULL;
            if (again != p)
                continue;
            /* [R5:rel] passes R4 on. */
            strait_store_release(&ring->freed_, freed);
        }
        end = pos + ((uint64_t)room < n ? (uint64_t)room : n);
        /* [R2:acq] [R6:rel] as in strait_ring_push. */
        if (strait_cas_weak_acq_rel(
                &ring->producer_, &p, end << STRAIT_RING_SHIFT_)) {
            STRAIT_POINT("ring.push_n.claimed");
            *ret_n = (size_t)(end - pos);
            for (; pos != end; pos++)
                strait_ring_publish_(ring, pos, *values++);
            return (p & STRAIT_RING_ARMED_) ? STRAIT_RING_WAKE
                                            : STRAIT_RING_DONE;
        }
    }
}

/**
 * Takes up to n of the oldest values; they lie side by side in the order of all
 * claims.
 * @param ring         ring (not NULL)
 * @param[out] values  room for n pointers; written beyond *ret_n, too
 * @param n            at least 1; 0 is never answered _DONE
 * @param[out] ret_n   how many were taken; set only with STRAIT_RING_DONE
 * @return STRAIT_RING_DONE, _EMPTY or _PENDING
 * @threads consumer (any number)
 * @progress lock-free; a consumer stopped anywhere delays nobody
 * @cost 1 RMW for all of them
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_ring_pop_n(strait_ring_t *ring, void **values, size_t n, size_t *ret_n)
    STRAIT_NOEXCEPT
{
    STRAIT_ROLE_ABSENT_(&ring->alone_);
    for (;;) {
        /* A guess; the CAS below decides. [R4:acq] the claims of what was
         * popped: what is read below is no older, and EMPTY is true. */
        uint64_t c = strait_load_acquire(&ring->consumer_);
        uint64_t seq = 0;
        size_t i;

        for (i = 0; i < n; i++) {
            strait_ring_slot_t *slot = &ring->slots_[(c + i) & ring->mask_];

            /* [R3:acq] the value and what it points to. */
            seq = strait_load_acquire(&slot->seq_);
            if (seq != c + i + 1)
                break;
            /* rlx: as in strait_ring_pop. */
            values[i] = strait_load_rlx(&slot->value_);
        }
        if (i != 0) {
            STRAIT_POINT("ring.pop_n.read");
            /* [R4:rel] we have read; the producers of the next round may
             * write. */
            if (strait_cas_weak_release(&ring->consumer_, &c, c + i)) {
                *ret_n = i;
                return STRAIT_RING_DONE;
            }
        } else {
            /* rlx: did somebody else take it in between? */
            uint64_t again = strait_load_rlx(&ring->consumer_);

            if (again == c && (int64_t)(seq - (c + 1)) < 0) {
                /* rlx: as in strait_ring_pop. */
                uint64_t p = strait_load_rlx(&ring->producer_);

                return (p >> STRAIT_RING_SHIFT_) > c ? STRAIT_RING_PENDING
                                                     : STRAIT_RING_EMPTY;
            }
        }
    }
}

/**
 * strait_ring_pop_n for a ring that has one consumer, without an RMW. All pops
 * of such a ring are of this form or of strait_ring_pop_alone.
 * @threads consumer (one)  @progress wait-free  @cost 0 RMW
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_ring_pop_n_alone(
    strait_ring_t *ring, void **values, size_t n, size_t *ret_n) STRAIT_NOEXCEPT
{
    /* rlx: our own. */
    uint64_t c = strait_load_rlx(&ring->consumer_);
    uint64_t p;
    size_t i;
    STRAIT_ROLE_(&ring->alone_);

    for (i = 0; i < n; i++) {
        strait_ring_slot_t *slot = &ring->slots_[(c + i) & ring->mask_];

        /* [R3:acq] the value and what it points to. */
        if (strait_load_acquire(&slot->seq_) != c + i + 1)
            break;
        /* rlx: came by R3. */
        values[i] = strait_load_rlx(&slot->value_);
    }
    if (i != 0) {
        /* [R4:rel] we have read; the producers of the next round may write. */
        strait_store_release(&ring->consumer_, c + i);
        *ret_n = i;
        return STRAIT_RING_DONE;
    }
    /* rlx: no older than c, as all pops are ours. */
    p = strait_load_rlx(&ring->producer_);
    return (p >> STRAIT_RING_SHIFT_) > c ? STRAIT_RING_PENDING
                                         : STRAIT_RING_EMPTY;
}

/**
 * strait_ring_pop for a ring that has one consumer, without an RMW.
 * @threads consumer (one)  @progress wait-free  @cost 0 RMW
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_ring_pop_alone(strait_ring_t *ring, void **ret_value) STRAIT_NOEXCEPT
{
    void *value = NULL;
    size_t n;
    int popped = strait_ring_pop_n_alone(ring, &value, 1, &n);

    if (popped == STRAIT_RING_DONE)
        *ret_value = value;
    return popped;
}

/**
 * Takes the oldest value, strongly: never answers PENDING, but waits until the
 * producer that stands in the way has filled its place or somebody else has
 * taken it.
 * @return STRAIT_RING_DONE, or _EMPTY: no place was claimed at one moment
 * @threads consumer (any number)
 * @progress blocking (on a producer stopped between claim and publication;
 *   pauses, then yields)
 * @cost as strait_ring_pop, while nobody stands in the way
 */
STRAIT_API STRAIT_NODISCARD int strait_ring_pop_strong(
    strait_ring_t *ring, void **ret_value) STRAIT_NOEXCEPT;

/**
 * Announces that a consumer is about to sleep: the next push answers
 * STRAIT_RING_WAKE. Make yourself findable for that producer *before* the
 * call, and call it even if you believe the ring to be armed: the call is the
 * look that may not be skipped.
 * @return true if the ring was empty and is armed; false if something is, or is
 *   about to be, in it, or if it is closed: do not sleep
 * @threads consumer (any number)  @progress lock-free  @cost 1 RMW (a
 *   repetition only if a producer or another consumer came in between)
 */
STRAIT_API STRAIT_NODISCARD bool strait_ring_arm(strait_ring_t *ring)
    STRAIT_NOEXCEPT;

/**
 * Refuses all later pushes. Exact: the close and every push are ordered by one
 * word. Consumers are not woken; the caller does that.
 * @return true if this call closed it, false if it was closed already
 * @threads any  @progress wait-free, where the compiler has an instruction for
 *   it (clang 14 makes a loop of it on x86-64: lock-free)  @cost 1 RMW
 */
STRAIT_API bool strait_ring_close(strait_ring_t *ring) STRAIT_NOEXCEPT;

/**
 * True if no claimed position is waiting to be popped. May be out of date when
 * it returns; once true on a closed ring it stays true.
 * @threads any  @progress wait-free  @cost 0 RMW
 */
STRAIT_API STRAIT_NODISCARD bool strait_ring_is_empty(const strait_ring_t *ring)
    STRAIT_NOEXCEPT;

/** True once strait_ring_close was called. @threads any  @progress wait-free */
STRAIT_API STRAIT_NODISCARD bool strait_ring_is_closed(
    const strait_ring_t *ring) STRAIT_NOEXCEPT;

/**
 * About how many values wait, for statistics. @threads any  @progress wait-free
 */
STRAIT_API size_t strait_ring_length(const strait_ring_t *ring) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_RING_H */
