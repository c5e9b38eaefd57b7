/* SPDX-License-Identifier: MIT */
/*
 * spsc/boost_spsc - the spsc_queue of Boost.Lockfree.
 */
#define RING_IS_SPSC
#include "ring/ring.h"

#include <boost/lockfree/spsc_queue.hpp>
#include <new>

namespace
{

using queue_t = boost::lockfree::spsc_queue<uint64_t>;

#include "ring/simple.h"

int
queue_init(queue_t *queue, unsigned n_producers)
{
    (void)n_producers;
    new (queue) queue_t(RING_CAPACITY);
    return 0;
}

void
queue_fini(queue_t *queue)
{
    queue->~queue_t();
}

inline bool
queue_push(queue_t *queue, producer_t *producer, uint64_t value)
{
    (void)producer;
    return queue->push(value);
}

inline bool
queue_pop(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    (void)consumer;
    return queue->pop(*ret_value);
}

#define QUEUE_HAS_BULK

inline unsigned
queue_push_n(queue_t *queue, producer_t *producer, uint64_t first, unsigned n)
{
    uint64_t values[RING_BATCH_MAX];

    (void)producer;
    for (unsigned i = 0; i < n; i++)
        values[i] = first + i;
    return (unsigned)queue->push(values, n);
}

inline unsigned
queue_pop_n(queue_t *queue, consumer_t *consumer, unsigned n_wanted,
    struct ring_seen *seen)
{
    uint64_t values[RING_BATCH_MAX];
    size_t n = queue->pop(values, n_wanted);

    (void)consumer;
    for (size_t i = 0; i < n; i++)
        ring_see(seen, values[i]);
    return (unsigned)n;
}

#include "ring/driver.h"

} // namespace

RING_SYSTEM(spsc_boost, "boost_spsc")
