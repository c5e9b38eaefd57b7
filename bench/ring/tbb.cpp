/* SPDX-License-Identifier: MIT */
/*
 * ring/tbb - the concurrent_bounded_queue of oneTBB with its calls that do not
 * wait.
 */
#include "ring/ring.h"

/* gcc 12 sees a write into nothing in the construction of a value. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#endif

#include <new>
#include <tbb/concurrent_queue.h>

/* It has an allocator of its own. */
#define QUEUE_HEAP bench_resident_bytes

namespace
{

using queue_t = tbb::concurrent_bounded_queue<uint64_t>;

#include "ring/simple.h"

int
queue_init(queue_t *queue, unsigned n_producers)
{
    (void)n_producers;
    new (queue) queue_t();
    queue->set_capacity(RING_CAPACITY);
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
    return queue->try_push(value);
}

inline bool
queue_pop(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    (void)consumer;
    return queue->try_pop(*ret_value);
}

#include "ring/driver.h"

} // namespace

RING_SYSTEM(ring_tbb, "tbb_bounded")
