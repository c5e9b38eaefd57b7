/* SPDX-License-Identifier: MIT */
/*
 * spsc/hand - the ring that one writes by hand, baselines/index_ring.h.
 */
#define RING_IS_SPSC
#include "ring/ring.h"

#include "baselines/index_ring.h"

typedef struct index_ring queue_t;

#include "ring/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers)
{
    uint64_t *slots = aligned_alloc(64, RING_CAPACITY * sizeof(*slots));

    (void)n_producers;
    if (slots == NULL)
        return -ENOMEM;
    memset(slots, 0, RING_CAPACITY * sizeof(*slots));
    index_ring_init(queue, slots, RING_CAPACITY);
    return 0;
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
    return index_ring_push(queue, value);
}

static inline bool
queue_pop(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    (void)consumer;
    return index_ring_pop(queue, ret_value);
}

#define QUEUE_HAS_BULK

static inline unsigned
queue_push_n(
    queue_t *queue, producer_t *producer, uint64_t first, unsigned n_wanted)
{
    uint64_t n;
    uint64_t *places = index_ring_places(queue, n_wanted, &n);

    (void)producer;
    if (n == 0)
        return 0;
    for (uint64_t i = 0; i < n; i++)
        places[i] = first + i;
    index_ring_fill(queue, n);
    return (unsigned)n;
}

static inline unsigned
queue_pop_n(queue_t *queue, consumer_t *consumer, unsigned n_wanted,
    struct ring_seen *seen)
{
    uint64_t n;
    const uint64_t *values = index_ring_values(queue, n_wanted, &n);

    (void)consumer;
    if (n == 0)
        return 0;
    for (uint64_t i = 0; i < n; i++)
        ring_see(seen, values[i]);
    index_ring_free(queue, n);
    return (unsigned)n;
}

#include "ring/driver.h"

RING_SYSTEM_OF(spsc_hand, "hand_written", BENCH_YARDSTICK, NULL)
