/* SPDX-License-Identifier: MIT */
/*
 * mpsc/tbb - the concurrent_queue of oneTBB.
 */
#include "mpsc/mpsc.h"

#include <new>
#include <tbb/concurrent_queue.h>

namespace
{

#define QUEUE_NODE_BYTES 0
/* It has an allocator of its own. */
#define QUEUE_HEAP bench_resident_bytes

struct item_t {
    uint64_t padding;
    uint64_t stamp;
};

using queue_t = tbb::concurrent_queue<item_t *>;

#include "mpsc/simple.h"

int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
    new (queue) queue_t();
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
    queue->push(item);
    return true;
}

inline item_t *
queue_pop(queue_t *queue)
{
    item_t *item = nullptr;

    return queue->try_pop(item) ? item : nullptr;
}

#include "mpsc/driver.h"

} // namespace

MPSC_SYSTEM(mpsc_tbb, "tbb")
