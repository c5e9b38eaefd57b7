/* SPDX-License-Identifier: MIT */
/*
 * spsc/strait - one by one by push and pop, batches in place by reserve and
 * commit, peek and release.
 */
#define RING_IS_SPSC
#include "ring/ring.h"

#include <strait/spsc.h>

typedef struct {
    strait_spsc_t spsc;
    union {
        void **pointers;
        uint64_t *numbers;
    } slots;
} queue_t;

_Static_assert(sizeof(void *) == sizeof(uint64_t), "numbers as pointers");

#include "ring/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers)
{
    (void)n_producers;
    queue->slots.pointers = aligned_alloc(64, RING_CAPACITY * sizeof(void *));
    if (queue->slots.pointers == NULL)
        return -ENOMEM;
    memset(queue->slots.pointers, 0, RING_CAPACITY * sizeof(void *));
    return strait_spsc_init(&queue->spsc, queue->slots.pointers, RING_CAPACITY);
}

static void
queue_fini(queue_t *queue)
{
    free(queue->slots.pointers);
}

static inline bool
queue_push(queue_t *queue, producer_t *producer, uint64_t value)
{
    (void)producer;
    return strait_spsc_push(&queue->spsc, (void *)(uintptr_t)value) ==
        STRAIT_SPSC_DONE;
}

static inline bool
queue_pop(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    void *value;

    (void)consumer;
    if (strait_spsc_pop(&queue->spsc, &value) != STRAIT_SPSC_DONE)
        return false;
    *ret_value = (uintptr_t)value;
    return true;
}

#define QUEUE_HAS_BULK

static inline unsigned
queue_push_n(
    queue_t *queue, producer_t *producer, uint64_t first, unsigned n_wanted)
{
    size_t at;
    size_t n = strait_spsc_reserve(&queue->spsc, n_wanted, &at);

    (void)producer;
    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        queue->slots.numbers[at + i] = first + i;
    strait_spsc_commit(&queue->spsc, n);
    return (unsigned)n;
}

static inline unsigned
queue_pop_n(queue_t *queue, consumer_t *consumer, unsigned n_wanted,
    struct ring_seen *seen)
{
    size_t at;
    size_t n = strait_spsc_peek(&queue->spsc, n_wanted, &at);

    (void)consumer;
    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        ring_see(seen, queue->slots.numbers[at + i]);
    strait_spsc_release(&queue->spsc, n);
    return (unsigned)n;
}

#include "ring/driver.h"

RING_SYSTEM(spsc_strait, "strait")
