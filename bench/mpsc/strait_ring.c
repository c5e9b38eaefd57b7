/* SPDX-License-Identifier: MIT */
/*
 * mpsc/strait_ring - the bounded many-to-many ring, used by one consumer: what
 * a limit costs, and the counterpart of ck_ring, at the same capacity.
 */
#include "mpsc/mpsc.h"

#include <strait/ring.h>

#define CAPACITY 65536

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

    if (strait_ring_pop(&queue->ring, &item) != STRAIT_RING_DONE)
        return NULL;
    return item;
}

#include "mpsc/driver.h"

MPSC_SYSTEM(mpsc_strait_ring, "strait_ring")
