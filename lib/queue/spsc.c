/* SPDX-License-Identifier: MIT */
/*
 * spsc - bounded queue for one producer and one consumer.
 *
 * Source. L. Lamport's ring ("Specifying concurrent program modules", 1983),
 * with the opposite position kept in private, as MCRingBuffer (2010) and E.
 * Rigtorp's SPSCQueue do. Deviations: positions run on and are masked when
 * used, so that all places can be filled; the queue knows indices, not
 * elements, so that one core serves every element type and nothing is copied.
 *
 * Picture, capacity 8:
 *     place    0   1   2   3   4   5   6   7
 *                  |   a   b   c   |
 *                  head_ = 9       tail_ = 13      (9 & 7 == 1 was released, the
 *     consumer sees tail_seen_ = 11: it takes a and b without looking at the
 *     producer's line, then looks and finds c. The producer's limit_ is 14 (it
 *     last saw head_ = 6): one more place before it must look at the consumer's
 *     line.
 *
 * Roles. reserve, commit, push, close: one producer. peek, release, pop,
 *     is_ended: one consumer. init: nobody else may look. A role moves from
 *     thread to thread only by way of a synchronising operation of the program.
 *
 * Invariants.
 *   I1  head_ <= tail_seen_ <= tail_ <= limit_ <= head_ + capacity, by
 *       difference.
 *   I2  places [head_, tail_) are the consumer's, the others the producer's.
 *   I3  tail_ does not change once closed_ is set.
 *
 * Edges.
 *   S1  tail_ store of commit, push -> tail_ load of peek, pop   the places filled
 *   S2  head_ store of release, pop -> head_ load of reserve, push   the places
 *       are read, before they are written again
 *   S3  closed_ store -> closed_ load      all commits before the close
 *
 * Progress. Everything wait-free; a side that is stopped delays only itself,
 *   and the other once the queue is full, or empty.
 *
 * Distance. Whoever is a little faster than the other side catches up with it,
 *   and from then on looks at the other's line for every few elements. Each
 *   look takes the line from the one who writes it; both go at the pace of that
 *   line, and as the slower one is slowed down as well, they stay together. So
 *   who has looked 8 times in a row and always found something steps back for
 *   16 pauses before the next look, and goes on doing so while that brings 16
 *   elements or more; if it does not, not for 64 looks. Both then work through
 *   hundreds of elements, each in lines of its own. With less than 128 places
 *   there is no room for that: 16 places went through six times as slowly, both
 *   sides pausing in turn. Pointers one at a time, 4096 places, M/s on two
 *   cores of a Zen 3 EPYC, by what each side does besides (multiplications, one
 *   after the other):
 *
 *       consumer, producer      0, 0     4, 0    12, 0     0, 4    0, 12
 *       looks at once             80       75       45       85       75
 *       steps back               510      530      245      420      190
 *       and releases late        590      490      205      460      190
 *
 *   "Releases late": head_ stored with every 128th element only. By itself that
 *   helps a producer that waits for places, and not a consumer that waits for
 *   elements, and FULL would be a guess. 4 looks or 32 pauses do as well; 8
 *   pauses do not hold the two apart. The price is in the header.
 *
 * Limits. Positions are 64 bits and may wrap: only differences count. Capacity
 *   1 is refused, as for ring. Not across fork, not between processes.
 *
 * Checked by tests/model/model_spsc_*.c, tests/queue/test_spsc.c,
 * tests/queue/stress_spsc.c.
 */
#include <strait/spsc.h>

extern inline void strait_spsc_step_back_(int32_t n_looks);
extern inline int32_t strait_spsc_looked_(
    const strait_spsc_t *q, int32_t n_looks, uint64_t n_found);
extern inline size_t strait_spsc_reserve(
    strait_spsc_t *q, size_t n, size_t *ret_index);
extern inline void strait_spsc_commit(strait_spsc_t *q, size_t n);
extern inline size_t strait_spsc_peek(
    strait_spsc_t *q, size_t n, size_t *ret_index);
extern inline void strait_spsc_release(strait_spsc_t *q, size_t n);
extern inline int strait_spsc_push(strait_spsc_t *q, void *value);
extern inline int strait_spsc_pop(strait_spsc_t *q, void **ret_value);

/* Where the positions of a new queue start: tests move it close to a wrap. */
#ifndef STRAIT_SPSC_START
#define STRAIT_SPSC_START 0
#endif

int
strait_spsc_init(strait_spsc_t *q, void **slots, size_t capacity)
{
    uint64_t start = STRAIT_SPSC_START;

    if (q == NULL || (uintptr_t)q % sizeof(uint64_t) != 0 ||
        (uintptr_t)slots % sizeof(void *) != 0 || capacity < 2 ||
        capacity > STRAIT_SPSC_CAPACITY_MAX || (capacity & (capacity - 1)) != 0)
        return -STRAIT_EINVAL_;
    q->slots_ = slots;
    q->mask_ = capacity - 1;
    q->limit_ = start + capacity;
    q->tail_seen_ = start;
    q->n_head_looks_ = 0;
    q->n_tail_looks_ = 0;
    /* rlx: five times; not shared before init returns, and whatever shares the
     * queue publishes all this. */
    strait_store_rlx(&q->tail_, start);
    /* rlx: as above. */
    strait_store_rlx(&q->head_, start);
    /* rlx: as above. */
    strait_store_rlx(&q->closed_, 0);
    /* rlx: as above. */
    strait_store_rlx(&q->producing_.taken_, 0);
    /* rlx: as above. */
    strait_store_rlx(&q->consuming_.taken_, 0);
    return 0;
}

bool
strait_spsc_close(strait_spsc_t *q)
{
    STRAIT_ROLE_(&q->producing_);

    /* rlx: our own. */
    if (strait_load_rlx(&q->closed_) != 0)
        return false;
    /* rlx: our own. From here on push and reserve take their slow path. */
    q->limit_ = strait_load_rlx(&q->tail_);
    /* [S3:rel] all commits so far. */
    strait_store_release(&q->closed_, 1);
    return true;
}

bool
strait_spsc_is_ended(const strait_spsc_t *q)
{
    /* [S3:acq] all commits that went before the close. */
    if (strait_load_acquire(&q->closed_) == 0)
        return false;
    /* rlx: twice; S3 makes tail_ final, head_ is our own. */
    return strait_load_rlx(&q->tail_) ==
        /* rlx: as above. */
        strait_load_rlx(&q->head_);
}

size_t
strait_spsc_length(const strait_spsc_t *q)
{
    /* rlx: consumer first, so that the difference is never negative but for
     * staleness; clamped below. */
    uint64_t head = strait_load_rlx(&q->head_);
    /* rlx: as above. */
    uint64_t tail = strait_load_rlx(&q->tail_);

    return (int64_t)(tail - head) > 0 ? (size_t)(tail - head) : 0;
}
