/* SPDX-License-Identifier: MIT */
/**
 * @file spsc.h
 * Bounded queue for one producer and one consumer, in memory of the caller,
 * without a single RMW, for elements of any type and without copying.
 *
 * Use it between two threads that talk to each other all the time. Do not use
 * it if a second producer may ever come (ring.h, mpsc.h).
 *
 *     struct sample samples[1024];             // places of the queue
 *     strait_spsc_t q;
 *     int err = strait_spsc_init(&q, NULL, 1024);
 *
 *     // the producer                          // the consumer
 *     size_t at;                               size_t at;
 *     if (strait_spsc_reserve(&q, 1, &at)) {   if (strait_spsc_peek(&q, 1, &at)) {
 *         fill(&samples[at]);                      use(&samples[at]);
 *         strait_spsc_commit(&q, 1);               strait_spsc_release(&q, 1);
 *     }                                        }
 *
 * For pointers there is push and pop, with an array of pointers given to init.
 *
 * Design. Two positions, each written by one side and read by the other; each
 * side keeps what it saw last of the other's, and looks again only when that
 * says full or empty. lib/queue/spsc.c has the picture and the proof notes.
 *
 * Distance. In a queue of 128 places or more a side that has looked 8 times in
 * a row and each time found something new, so never had to stop, pauses for 0.2
 * to 0.8 us before the next look: then it finds many, and the two do not fight
 * for every element. An element of an endless stream may come that much later;
 * not one that comes after a look that found nothing. Who never looks in vain,
 * such as one thread that is both sides, or a consumer who pops once per token,
 * pauses in one look of 64.
 *
 * Guarantees: first in, first out; each place is handed out once; what the
 * producer wrote before commit is visible after peek, what the consumer did
 * before release has happened when reserve hands the place out again. FULL and
 * EMPTY are exact: true at one moment during the call.
 *
 * Sleep and wake-up: none built in; see event.h.
 *
 * Fork, signals: not from a signal handler that interrupts the same side. The
 * child of a fork must initialise the queue anew.
 */
#ifndef STRAIT_SPSC_H
#define STRAIT_SPSC_H

#include <strait/atomic.h>
#include <strait/base.h>
#include <strait/role.h>

STRAIT_BEGIN_DECLS

/** The queue. Complete, so that it can be embedded; natural alignment. */
typedef struct strait_spsc {
    /* Producer: position of the next commit, and how far it may go before it
     * must look at head_ again; no further once it has closed. */
    STRAIT_ATOMIC(uint64_t) tail_;
    uint64_t limit_;
    STRAIT_ATOMIC(uint32_t) closed_;
    strait_role_t producing_; /* checked builds only */
    int32_t n_head_looks_;    /* in a row that found something */
    char pad0_[STRAIT_CACHE_LINE - 2 * sizeof(uint64_t) - 3 * sizeof(uint32_t)];
    /* Consumer: position of the next release, and what it saw of tail_. */
    STRAIT_ATOMIC(uint64_t) head_;
    uint64_t tail_seen_;
    strait_role_t consuming_; /* checked builds only */
    int32_t n_tail_looks_;    /* in a row that found something */
    char pad1_[STRAIT_CACHE_LINE - 2 * sizeof(uint64_t) - 2 * sizeof(uint32_t)];
    /* Nobody writes these after init. */
    uint64_t mask_;
    void **slots_;
} strait_spsc_t;

/** What push and pop answer. */
enum {
    STRAIT_SPSC_DONE = 0,  /**< pushed, or popped */
    STRAIT_SPSC_FULL = 1,  /**< no place: not pushed */
    STRAIT_SPSC_EMPTY = 2, /**< nothing to pop */
    STRAIT_SPSC_CLOSED =
        -STRAIT_ESHUTDOWN_ /**< push: not pushed, and never again; pop: all was
                              popped, and nothing will come any more */
};

/* When a side is too close to the other, how far it steps back, what it has to
 * find then to do so again, how many looks it waits otherwise, and the capacity
 * that is worth it. */
#define STRAIT_SPSC_LOOKS_ 8
#define STRAIT_SPSC_PAUSES_ 16
#define STRAIT_SPSC_MANY_ 16
#define STRAIT_SPSC_LOOKS_LATER_ 64
#define STRAIT_SPSC_ROOMY_ 128

/** The largest capacity, in elements. */
#define STRAIT_SPSC_CAPACITY_MAX ((size_t)1 << 30)

/**
 * Makes an empty, open queue.
 * @param q         memory of the caller, in use by nobody
 * @param slots     array of `capacity` pointers for push and pop, or NULL if
 *   only reserve, commit, peek and release will be used
 * @param capacity  elements; a power of two from 2 to STRAIT_SPSC_CAPACITY_MAX
 * @retval 0        done
 * @retval -EINVAL  q is NULL, a bad capacity, or memory below its natural
 *   alignment; nothing was touched
 * @threads init-only  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD int strait_spsc_init(
    strait_spsc_t *q, void **slots, size_t capacity) STRAIT_NOEXCEPT;

/**
 * Before a look at the other side's line: lets the other side get ahead, if so
 * many looks in a row have found something that it must be close.
 * @threads the side that looks  @progress wait-free; a bounded pause
 */
STRAIT_INLINE void
strait_spsc_step_back_(int32_t n_looks) STRAIT_NOEXCEPT
{
    int i;

    if (n_looks < STRAIT_SPSC_LOOKS_)
        return;
    for (i = 0; i < STRAIT_SPSC_PAUSES_; i++)
        STRAIT_PAUSE();
}

/**
 * Behind a look that found so much that is new: how many there were in a row by
 * now, less than 0 if stepping back has brought little.
 * @threads the side that looks  @progress wait-free
 */
STRAIT_NODISCARD STRAIT_INLINE int32_t
strait_spsc_looked_(const strait_spsc_t *q, int32_t n_looks, uint64_t n_found)
    STRAIT_NOEXCEPT
{
    if (n_found == 0 || q->mask_ < STRAIT_SPSC_ROOMY_ - 1)
        return 0;
    if (n_looks < STRAIT_SPSC_LOOKS_)
        return n_looks + 1;
    return n_found >= STRAIT_SPSC_MANY_
        ? n_looks
        : STRAIT_SPSC_LOOKS_ - STRAIT_SPSC_LOOKS_LATER_;
}

/**
 * Places for the producer to fill, side by side in the array.
 * @param q              queue (not NULL)
 * @param n              how many are wanted, at least 1
 * @param[out] ret_index  index of the first; set only if the answer is not 0
 * @return how many there are from there on, at most n; fewer at the end of the
 *   array, where a second call goes on at index 0; 0 if the queue is full, or
 *   closed, which the producer knows, having done it. Asking again without a
 *   commit answers the same places.
 * @threads producer (one)  @progress wait-free  @cost 0 RMW
 */
STRAIT_NODISCARD STRAIT_INLINE size_t
strait_spsc_reserve(strait_spsc_t *q, size_t n, size_t *ret_index)
    STRAIT_NOEXCEPT
{
    /* rlx: our own. */
    uint64_t tail = strait_load_rlx(&q->tail_);
    uint64_t index = tail & q->mask_;
    uint64_t room = q->limit_ - tail;
    uint64_t limit;
    STRAIT_ROLE_(&q->producing_);

    if (room < n || (int64_t)room < 0) {
        /* rlx: our own. */
        if (strait_load_rlx(&q->closed_) != 0)
            return 0;
        strait_spsc_step_back_(q->n_head_looks_);
        /* [S2:acq] the consumer has done with the places that it released. */
        limit = strait_load_acquire(&q->head_) + q->mask_ + 1;
        q->n_head_looks_ = strait_spsc_looked_(
            q, q->n_head_looks_, limit - q->limit_);
        q->limit_ = limit;
        room = limit - tail;
        if (room == 0)
            return 0;
        if (room < n)
            n = (size_t)room;
    }
    *ret_index = (size_t)index;
    room = q->mask_ + 1 - index;
    return n < room ? n : (size_t)room;
}

/**
 * Hands the first n reserved places to the consumer. What was reserved beyond
 * them is not lost; reserve answers it again.
 * @param n  at most what reserve answered; 0 is allowed. Not after a close.
 * @threads producer (one)  @progress wait-free  @cost 0 RMW
 */
STRAIT_INLINE void
strait_spsc_commit(strait_spsc_t *q, size_t n) STRAIT_NOEXCEPT
{
    /* rlx: our own. */
    uint64_t tail = strait_load_rlx(&q->tail_);
    STRAIT_ROLE_(&q->producing_);

    /* After a close that is 0. */
    STRAIT_DEMAND_(n <= q->limit_ - tail);
    STRAIT_POINT("spsc.commit");
    /* [S1:rel] what was written into the places. */
    strait_store_release(&q->tail_, tail + n);
}

/**
 * Places for the consumer to read, side by side in the array.
 * @param q              queue (not NULL)
 * @param n              how many are wanted, at least 1
 * @param[out] ret_index  index of the first; set only if the answer is not 0
 * @return how many there are from there on, at most n; fewer at the end of the
 *   array; 0 if the queue is empty. Asking again without a release answers the
 *   same places.
 * @threads consumer (one)  @progress wait-free  @cost 0 RMW
 */
STRAIT_NODISCARD STRAIT_INLINE size_t
strait_spsc_peek(strait_spsc_t *q, size_t n, size_t *ret_index) STRAIT_NOEXCEPT
{
    /* rlx: our own. */
    uint64_t head = strait_load_rlx(&q->head_);
    uint64_t index = head & q->mask_;
    uint64_t filled = q->tail_seen_ - head;
    uint64_t seen;
    STRAIT_ROLE_(&q->consuming_);

    if (filled < n) {
        strait_spsc_step_back_(q->n_tail_looks_);
        /* [S1:acq] what the producer wrote into the places. */
        seen = strait_load_acquire(&q->tail_);
        q->n_tail_looks_ = strait_spsc_looked_(
            q, q->n_tail_looks_, seen - q->tail_seen_);
        q->tail_seen_ = seen;
        filled = seen - head;
        if (filled == 0)
            return 0;
        if (filled < n)
            n = (size_t)filled;
    }
    *ret_index = (size_t)index;
    filled = q->mask_ + 1 - index;
    return n < filled ? n : (size_t)filled;
}

/**
 * Gives the n oldest places back to the producer.
 * @param n  at most what peek answered; 0 is allowed
 * @threads consumer (one)  @progress wait-free  @cost 0 RMW
 */
STRAIT_INLINE void
strait_spsc_release(strait_spsc_t *q, size_t n) STRAIT_NOEXCEPT
{
    /* rlx: our own. */
    uint64_t head = strait_load_rlx(&q->head_);
    STRAIT_ROLE_(&q->consuming_);

    STRAIT_DEMAND_(n <= q->tail_seen_ - head);
    STRAIT_POINT("spsc.release");
    /* [S2:rel] we have done with the places. */
    strait_store_release(&q->head_, head + n);
}

/**
 * Appends a pointer. For queues that were given an array of pointers.
 * @return STRAIT_SPSC_DONE, _FULL or _CLOSED
 * @threads producer (one)  @progress wait-free  @cost 0 RMW
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_spsc_push(strait_spsc_t *q, void *value) STRAIT_NOEXCEPT
{
    /* rlx: our own. */
    uint64_t tail = strait_load_rlx(&q->tail_);
    STRAIT_ROLE_(&q->producing_);

    if ((int64_t)(q->limit_ - tail) <= 0) {
        /* rlx: our own. */
        if (strait_load_rlx(&q->closed_) != 0)
            return STRAIT_SPSC_CLOSED;
        strait_spsc_step_back_(q->n_head_looks_);
        /* [S2:acq] the consumer has done with the places that it released. */
        q->limit_ = strait_load_acquire(&q->head_) + q->mask_ + 1;
        q->n_head_looks_ = strait_spsc_looked_(
            q, q->n_head_looks_, q->limit_ - tail);
        if (q->limit_ == tail)
            return STRAIT_SPSC_FULL;
    }
    STRAIT_DATA_SET(&q->slots_[tail & q->mask_], value);
    /* [S1:rel] the value, and what it points to. */
    strait_store_release(&q->tail_, tail + 1);
    return STRAIT_SPSC_DONE;
}

/**
 * Takes the oldest pointer. For queues that were given an array of pointers.
 * @param[out] ret_value  set only with STRAIT_SPSC_DONE
 * @return STRAIT_SPSC_DONE, _EMPTY or _CLOSED
 * @threads consumer (one)  @progress wait-free  @cost 0 RMW
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_spsc_pop(strait_spsc_t *q, void **ret_value) STRAIT_NOEXCEPT
{
    /* rlx: our own. */
    uint64_t head = strait_load_rlx(&q->head_);
    STRAIT_ROLE_(&q->consuming_);

    if (head == q->tail_seen_) {
        strait_spsc_step_back_(q->n_tail_looks_);
        /* [S1:acq] the value, and what it points to. */
        q->tail_seen_ = strait_load_acquire(&q->tail_);
        q->n_tail_looks_ = strait_spsc_looked_(
            q, q->n_tail_looks_, q->tail_seen_ - head);
        if (head == q->tail_seen_) {
            /* [S3:acq] all commits that went before the close. */
            if (strait_load_acquire(&q->closed_) == 0)
                return STRAIT_SPSC_EMPTY;
            /* [S1:acq] once more: the last of them may have come between the
             * two looks. */
            q->tail_seen_ = strait_load_acquire(&q->tail_);
            if (head == q->tail_seen_)
                return STRAIT_SPSC_CLOSED;
        }
    }
    *ret_value = STRAIT_DATA_GET(&q->slots_[head & q->mask_]);
    /* [S2:rel] we have read the place. */
    strait_store_release(&q->head_, head + 1);
    return STRAIT_SPSC_DONE;
}

/**
 * Says that nothing more will come. What was committed can still be taken; what
 * was reserved and not committed is given up.
 * @return true if this call closed it
 * @threads producer (one)  @progress wait-free  @cost 0 RMW
 */
STRAIT_API bool strait_spsc_close(strait_spsc_t *q) STRAIT_NOEXCEPT;

/**
 * True once the producer has closed and everything was taken: with peek, the
 * way to tell "nothing yet" from "nothing any more".
 * @threads consumer (one)  @progress wait-free  @cost 0 RMW
 */
STRAIT_API STRAIT_NODISCARD bool strait_spsc_is_ended(const strait_spsc_t *q)
    STRAIT_NOEXCEPT;

/**
 * About how many elements wait. @threads any  @progress wait-free
 */
STRAIT_API size_t strait_spsc_length(const strait_spsc_t *q) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_SPSC_H */
