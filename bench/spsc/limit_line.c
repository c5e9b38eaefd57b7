/* SPDX-License-Identifier: MIT */
/*
 * spsc/limit_line - the shortest way there and back that the machine has: a
 * cache line that one thread writes and another spins on.
 */
#define RING_IS_SPSC
#include "ring/ring.h"

#include <strait/atomic.h>

typedef struct {
    STRAIT_ATOMIC(uint64_t) value;
    char padding[128 - sizeof(uint64_t)];
    uint64_t last; /* the reader's */
} queue_t;

#include "ring/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers)
{
    (void)n_producers;
    /* rlx: the start of the threads publishes it. */
    strait_store_rlx(&queue->value, 0);
    queue->last = 0;
    return 0;
}

static void
queue_fini(queue_t *queue)
{
    (void)queue;
}

static inline bool
queue_push(queue_t *queue, producer_t *producer, uint64_t value)
{
    (void)producer;
    /* [L1:rel] all that the other side may read then. */
    strait_store_release(&queue->value, value);
    return true;
}

static inline bool
queue_pop(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    /* [L1:acq] all that was written before. */
    uint64_t value = strait_load_acquire(&queue->value);

    (void)consumer;
    if (value == queue->last)
        return false;
    *ret_value = queue->last = value;
    return true;
}

#include "ring/driver.h"

/* It holds one value and forgets it when the next one comes, so it is asked for
 * round trips alone. */
RING_SYSTEM_OF(spsc_limit_line, "limit_line", BENCH_YARDSTICK, NULL)
