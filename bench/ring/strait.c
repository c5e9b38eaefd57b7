/* SPDX-License-Identifier: MIT */
/*
 * ring/strait - the ring; for one consumer its forms without an RMW.
 */
#include "ring/ring.h"

#include <strait/ring.h>

typedef struct {
    strait_ring_t ring;
    strait_ring_slot_t *slots;
} queue_t;

#include "ring/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers)
{
    (void)n_producers;
    queue->slots = aligned_alloc(64, RING_CAPACITY * sizeof(*queue->slots));
    if (queue->slots == NULL)
        return -ENOMEM;
    return strait_ring_init(&queue->ring, queue->slots, RING_CAPACITY);
}

static void
queue_fini(queue_t *queue)
{
    free(queue->slots);
}

static inline bool
queue_push(queue_t *queue, producer_t *producer, uint64_t value)
{
    (void)producer;
    return strait_ring_push(&queue->ring, (void *)(uintptr_t)value) ==
        STRAIT_RING_DONE;
}

static inline bool
queue_pop(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    void *value;

    (void)consumer;
    if (strait_ring_pop(&queue->ring, &value) != STRAIT_RING_DONE)
        return false;
    *ret_value = (uintptr_t)value;
    return true;
}

#define QUEUE_HAS_BULK
#define QUEUE_HAS_ALONE

static inline unsigned
queue_push_n(
    queue_t *queue, producer_t *producer, uint64_t first, unsigned n_wanted)
{
    void *values[RING_BATCH_MAX];
    size_t n;

    (void)producer;
    for (unsigned i = 0; i < n_wanted; i++)
        values[i] = (void *)(uintptr_t)(first + i);
    if (strait_ring_push_n(&queue->ring, values, n_wanted, &n) !=
        STRAIT_RING_DONE)
        return 0;
    return (unsigned)n;
}

static inline unsigned
queue_pop_n(queue_t *queue, consumer_t *consumer, unsigned n_wanted,
    struct ring_seen *seen)
{
    void *values[RING_BATCH_MAX];
    size_t n;

    (void)consumer;
    if (strait_ring_pop_n(&queue->ring, values, n_wanted, &n) !=
        STRAIT_RING_DONE)
        return 0;
    for (size_t i = 0; i < n; i++)
        ring_see(seen, (uintptr_t)values[i]);
    return (unsigned)n;
}

static inline bool
queue_pop_alone(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    void *value;

    (void)consumer;
    if (strait_ring_pop_alone(&queue->ring, &value) != STRAIT_RING_DONE)
        return false;
    *ret_value = (uintptr_t)value;
    return true;
}

static inline unsigned
queue_pop_n_alone(queue_t *queue, consumer_t *consumer, unsigned n_wanted,
    struct ring_seen *seen)
{
    void *values[RING_BATCH_MAX];
    size_t n;

    (void)consumer;
    if (strait_ring_pop_n_alone(&queue->ring, values, n_wanted, &n) !=
        STRAIT_RING_DONE)
        return 0;
    for (size_t i = 0; i < n; i++)
        ring_see(seen, (uintptr_t)values[i]);
    return (unsigned)n;
}

#include "ring/driver.h"

RING_SYSTEM(ring_strait, "strait")
