/* SPDX-License-Identifier: MIT */
/*
 * mpsc/ck_ring - Concurrency Kit's ring with many producers and one consumer.
 * Its producers publish in order: one that was preempted between claim and
 * publication is spun upon by all the others, inside the library.
 */
#include "mpsc/mpsc.h"

#include <ck_ring.h>

#define CAPACITY 65536

#define QUEUE_NODE_BYTES 0

typedef struct {
    uint64_t padding;
    uint64_t stamp;
} item_t;

typedef struct {
    ck_ring_t ring;
    ck_ring_buffer_t *buffer;
} queue_t;

#include "mpsc/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
    queue->buffer = calloc(CAPACITY, sizeof(*queue->buffer));
    if (queue->buffer == NULL)
        return -ENOMEM;
    ck_ring_init(&queue->ring, CAPACITY);
    return 0;
}

static void
queue_fini(queue_t *queue)
{
    free(queue->buffer);
}

static inline bool
queue_push(queue_t *queue, producer_t *producer, item_t *item)
{
    (void)producer;
    return ck_ring_enqueue_mpsc(&queue->ring, queue->buffer, item);
}

static inline item_t *
queue_pop(queue_t *queue)
{
    void *item;

    if (!ck_ring_dequeue_mpsc(&queue->ring, queue->buffer, &item))
        return NULL;
    return item;
}

#include "mpsc/driver.h"

MPSC_SYSTEM_OF(
    mpsc_ck_ring, "ck_ring", BENCH_RIVAL, "all wait for a preempted producer")
