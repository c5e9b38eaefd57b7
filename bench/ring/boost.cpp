/* SPDX-License-Identifier: MIT */
/*
 * ring/boost_lockfree - the queue of Boost.Lockfree in its form of fixed size,
 * whose nodes are linked by 16-bit indices.
 */
#include "ring/ring.h"

#include <boost/lockfree/queue.hpp>
#include <new>

namespace
{

using queue_t =
    boost::lockfree::queue<uint64_t, boost::lockfree::fixed_sized<true>>;

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

#include "ring/driver.h"

} // namespace

RING_SYSTEM(ring_boost, "boost_lockfree")
