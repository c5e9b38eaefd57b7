/* SPDX-License-Identifier: MIT */
/*
 * mpsc/moodycamel - moodycamel's ConcurrentQueue with a token per producer and
 * one for the consumer, its fastest form. In order per producer only.
 */
#include "mpsc/mpsc.h"

/* gcc 12 sees a write into nothing in enqueue_bulk, where there is none. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#endif

#include <concurrentqueue/concurrentqueue.h>
#include <new>

namespace
{

#define QUEUE_NODE_BYTES 0

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

#define QUEUE_HAS_BULK

inline unsigned
queue_push_bulk(queue_t *queue, producer_t *producer, item_t *items, unsigned n)
{
    item_t *pointers[MPSC_BATCH_MAX];

    for (unsigned i = 0; i < n; i++)
        pointers[i] = &items[i];
    return queue->fifo.enqueue_bulk(*producer, pointers, n) ? n : 0;
}

inline unsigned
queue_drain(queue_t *queue, struct mpsc_seen *seen)
{
    item_t *pointers[MPSC_BATCH_MAX];
    size_t n = queue->fifo.try_dequeue_bulk(
        queue->token, pointers, MPSC_BATCH_MAX);

    for (size_t i = 0; i < n; i++)
        mpsc_see(seen, pointers[i]->stamp);
    return (unsigned)n;
}

#include "mpsc/driver.h"

} // namespace

MPSC_SYSTEM(mpsc_moodycamel, "moodycamel")
