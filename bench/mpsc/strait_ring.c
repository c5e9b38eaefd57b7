/* SPDX-License-Identifier: MIT */
/*
 * mpsc/strait_ring - the bounded many-to-many ring in its forms for one
 * consumer: what a limit costs, and the counterpart of ck_ring, at the same
 * capacity.
 */
#include "mpsc/mpsc.h"

#include <strait/ring.h>

#define CAPACITY 65536

#define QUEUE_NODE_BYTES 0

typedef struct {
    uint64_t padding;
    uint64_t stamp;
} item_t;

typedef struct {
    strait_ring_t ring;
    strait_ring_slot_t *slots;
} queue_t;

#include "mpsc/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
    queue->slots = aligned_alloc(64, CAPACITY * sizeof(*queue->slots));
    if (queue->slots == NULL)
        return -ENOMEM;
    return strait_ring_init(&queue->ring, queue->slots, CAPACITY);
}

static void
queue_fini(queue_t *queue)
{
    free(queue->slots);
}

static inline bool
queue_push(queue_t *queue, producer_t *producer, item_t *item)
{
    (void)producer;
    return strait_ring_push(&queue->ring, item) == STRAIT_RING_DONE;
}

static inline item_t *
queue_pop(queue_t *queue)
{
    void *item;

    if (strait_ring_pop_alone(&queue->ring, &item) != STRAIT_RING_DONE)
        return NULL;
    return item;
}

#define QUEUE_HAS_BULK

static inline unsigned
queue_push_bulk(queue_t *queue, producer_t *producer, item_t *items, unsigned n)
{
    void *values[MPSC_BATCH_MAX];
    size_t n_pushed;

    (void)producer;
    for (unsigned i = 0; i < n; i++)
        values[i] = &items[i];
    if (strait_ring_push_n(&queue->ring, values, n, &n_pushed) !=
        STRAIT_RING_DONE)
        return 0;
    return (unsigned)n_pushed;
}

static inline unsigned
queue_drain(queue_t *queue, struct mpsc_seen *seen)
{
    void *values[MPSC_BATCH_MAX];
    size_t n;

    if (strait_ring_pop_n_alone(&queue->ring, values, MPSC_BATCH_MAX, &n) !=
        STRAIT_RING_DONE)
        return 0;
    for (size_t i = 0; i < n; i++)
        mpsc_see(seen, ((item_t *)values[i])->stamp);
    return (unsigned)n;
}

#include "mpsc/driver.h"

MPSC_SYSTEM(mpsc_strait_ring, "strait_ring")
