/* SPDX-License-Identifier: MIT */
/*
 * ring/ck_ring - Concurrency Kit's ring with its calls for many producers and
 * many consumers, or one consumer. Its producers publish in order: one that was
 * preempted between claim and publication is spun upon by all the others,
 * inside the library.
 */
#include "ring/ring.h"

#include <ck_ring.h>

typedef struct {
    ck_ring_t ring;
    ck_ring_buffer_t *buffer;
} queue_t;

#include "ring/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers)
{
    (void)n_producers;
    queue->buffer = calloc(RING_CAPACITY, sizeof(*queue->buffer));
    if (queue->buffer == NULL)
        return -ENOMEM;
    ck_ring_init(&queue->ring, RING_CAPACITY);
    return 0;
}

static void
queue_fini(queue_t *queue)
{
    free(queue->buffer);
}

static inline bool
queue_push(queue_t *queue, producer_t *producer, uint64_t value)
{
    (void)producer;
    return ck_ring_enqueue_mpmc(
        &queue->ring, queue->buffer, (void *)(uintptr_t)value);
}

static inline bool
queue_pop(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    void *value;

    (void)consumer;
    if (!ck_ring_dequeue_mpmc(&queue->ring, queue->buffer, &value))
        return false;
    *ret_value = (uintptr_t)value;
    return true;
}

#define QUEUE_HAS_ALONE

static inline bool
queue_pop_alone(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    void *value;

    (void)consumer;
    if (!ck_ring_dequeue_mpsc(&queue->ring, queue->buffer, &value))
        return false;
    *ret_value = (uintptr_t)value;
    return true;
}

#include "ring/driver.h"

RING_SYSTEM_OF(
    ring_ck, "ck_ring", BENCH_RIVAL, "all wait for a preempted producer")
