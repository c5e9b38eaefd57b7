/* SPDX-License-Identifier: MIT */
/*
 * mpsc/moodycamel - moodycamel's ConcurrentQueue with a token per producer and
 * one for the consumer, its fastest form. In order per producer only.
 */
#include "mpsc/mpsc.h"

#include <concurrentqueue/concurrentqueue.h>
#include <new>

namespace
{

struct item_t {
    uint64_t padding;
    uint64_t stamp;
};

using fifo_t = moodycamel::ConcurrentQueue<item_t *>;

struct queue_t {
    fifo_t fifo;
    moodycamel::ConsumerToken token;

    explicit queue_t(size_t capacity) : fifo(capacity), token(fifo)
    {
    }
};

using producer_t = moodycamel::ProducerToken;

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

int
producer_init(
    queue_t *queue, producer_t *producer, unsigned index, size_t n_items)
{
    (void)index;
    (void)n_items;
    new (producer) producer_t(queue->fifo);
    return 0;
}

void
producer_fini(queue_t *queue, producer_t *producer)
{
    (void)queue;
    producer->~producer_t();
}

inline bool
queue_push(queue_t *queue, producer_t *producer, item_t *item)
{
    return queue->fifo.enqueue(*producer, item);
}

inline item_t *
queue_pop(queue_t *queue)
{
    item_t *item = nullptr;

    return queue->fifo.try_dequeue(queue->token, item) ? item : nullptr;
}

#include "mpsc/driver.h"

} // namespace

MPSC_SYSTEM(mpsc_moodycamel, "moodycamel")
