/* SPDX-License-Identifier: MIT */
/*
 * ring/mutex_ring - an array with two positions under a mutex: what one writes
 * who wants no surprises.
 */
#include "ring/ring.h"

typedef struct {
    pthread_mutex_t mutex;
    uint64_t head;
    uint64_t tail;
    uint64_t *slots;
} queue_t;

#include "ring/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers)
{
    (void)n_producers;
    queue->head = 0;
    queue->tail = 0;
    queue->slots = calloc(RING_CAPACITY, sizeof(*queue->slots));
    if (queue->slots == NULL)
        return -ENOMEM;
    return -pthread_mutex_init(&queue->mutex, NULL);
}

static void
queue_fini(queue_t *queue)
{
    pthread_mutex_destroy(&queue->mutex);
    free(queue->slots);
}

#define QUEUE_HAS_BULK

static inline unsigned
queue_push_n(
    queue_t *queue, producer_t *producer, uint64_t first, unsigned n_wanted)
{
    unsigned n = 0;

    (void)producer;
    pthread_mutex_lock(&queue->mutex);
    for (; n < n_wanted && queue->tail - queue->head < RING_CAPACITY; n++)
        queue->slots[queue->tail++ % RING_CAPACITY] = first + n;
    pthread_mutex_unlock(&queue->mutex);
    return n;
}

static inline unsigned
take(queue_t *queue, unsigned n_wanted, uint64_t *values)
{
    unsigned n = 0;

    pthread_mutex_lock(&queue->mutex);
    for (; n < n_wanted && queue->head != queue->tail; n++)
        values[n] = queue->slots[queue->head++ % RING_CAPACITY];
    pthread_mutex_unlock(&queue->mutex);
    return n;
}

static inline unsigned
queue_pop_n(queue_t *queue, consumer_t *consumer, unsigned n_wanted,
    struct ring_seen *seen)
{
    uint64_t values[RING_BATCH_MAX];
    unsigned n = take(queue, n_wanted, values);

    (void)consumer;
    for (unsigned i = 0; i < n; i++)
        ring_see(seen, values[i]);
    return n;
}

static inline bool
queue_push(queue_t *queue, producer_t *producer, uint64_t value)
{
    return queue_push_n(queue, producer, value, 1) == 1;
}

static inline bool
queue_pop(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    (void)consumer;
    return take(queue, 1, ret_value) == 1;
}

#include "ring/driver.h"

RING_SYSTEM(ring_mutex, "mutex_ring")
