/* SPDX-License-Identifier: MIT */
/*
 * ring/moodycamel - moodycamel's ConcurrentQueue with a token per thread. In
 * order per producer only. It may grow, unlike the others: kept from it by
 * try_enqueue, one producer can take all blocks and starve the rest for good.
 */
#include "ring/ring.h"

/* gcc 12 sees a write into nothing in enqueue_bulk, where there is none. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#endif

#include <concurrentqueue/concurrentqueue.h>
#include <new>

namespace
{

using queue_t = moodycamel::ConcurrentQueue<uint64_t>;
using producer_t = moodycamel::ProducerToken;
using consumer_t = moodycamel::ConsumerToken;

int
queue_init(queue_t *queue, unsigned n_producers)
{
    new (queue) queue_t(RING_CAPACITY, n_producers, 0);
    return 0;
}

void
queue_fini(queue_t *queue)
{
    queue->~queue_t();
}

int
producer_init(queue_t *queue, producer_t *producer)
{
    new (producer) producer_t(*queue);
    return 0;
}

void
producer_fini(queue_t *queue, producer_t *producer)
{
    (void)queue;
    producer->~producer_t();
}

int
consumer_init(queue_t *queue, consumer_t *consumer)
{
    new (consumer) consumer_t(*queue);
    return 0;
}

void
consumer_fini(queue_t *queue, consumer_t *consumer)
{
    (void)queue;
    consumer->~consumer_t();
}

inline bool
queue_push(queue_t *queue, producer_t *producer, uint64_t value)
{
    return queue->enqueue(*producer, value);
}

inline bool
queue_pop(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    return queue->try_dequeue(*consumer, *ret_value);
}

#define QUEUE_HAS_BULK

inline unsigned
queue_push_n(queue_t *queue, producer_t *producer, uint64_t first, unsigned n)
{
    uint64_t values[RING_BATCH_MAX];

    for (unsigned i = 0; i < n; i++)
        values[i] = first + i;
    return queue->enqueue_bulk(*producer, values, n) ? n : 0;
}

inline unsigned
queue_pop_n(queue_t *queue, consumer_t *consumer, unsigned n_wanted,
    struct ring_seen *seen)
{
    uint64_t values[RING_BATCH_MAX];
    size_t n = queue->try_dequeue_bulk(*consumer, values, n_wanted);

    for (size_t i = 0; i < n; i++)
        ring_see(seen, values[i]);
    return (unsigned)n;
}

#include "ring/driver.h"

} // namespace

RING_SYSTEM(ring_moodycamel, "moodycamel")
