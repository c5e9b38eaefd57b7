/* SPDX-License-Identifier: MIT */
/*
 * mpsc/boost_lockfree - the unbounded queue of Boost.Lockfree, with nodes for
 * 65536 items reserved; beyond those it allocates.
 */
#include "mpsc/mpsc.h"

#include <boost/lockfree/queue.hpp>
#include <new>

namespace
{

#define QUEUE_NODE_BYTES 0

struct item_t {
    uint64_t padding;
    uint64_t stamp;
};

using queue_t = boost::lockfree::queue<item_t *>;

#include "mpsc/simple.h"

int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
    new (queue) queue_t(65536);
    return 0;
}

void
queue_fini(queue_t *queue)
{
    queue->~queue_t();
}

inline bool
queue_push(queue_t *queue, producer_t *producer, item_t *item)
{
    (void)producer;
    return queue->push(item);
}

inline item_t *
queue_pop(queue_t *queue)
{
    item_t *item = nullptr;

    return queue->pop(item) ? item : nullptr;
}

#include "mpsc/driver.h"

} // namespace

MPSC_SYSTEM(mpsc_boost, "boost_lockfree")
