/* SPDX-License-Identifier: MIT */
/*
 * spsc/moodycamel_rw - moodycamel's ReaderWriterQueue, kept from growing by
 * try_enqueue.
 */
#define RING_IS_SPSC
#include "ring/ring.h"

#include <new>
#include <readerwriterqueue/readerwriterqueue.h>

namespace
{

using queue_t = moodycamel::ReaderWriterQueue<uint64_t>;

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
    return queue->try_enqueue(value);
}

inline bool
queue_pop(queue_t *queue, consumer_t *consumer, uint64_t *ret_value)
{
    (void)consumer;
    return queue->try_dequeue(*ret_value);
}

#include "ring/driver.h"

} // namespace

RING_SYSTEM(spsc_moodycamel, "moodycamel_rw")
