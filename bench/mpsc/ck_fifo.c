/* SPDX-License-Identifier: MIT */
/*
 * mpsc/ck_fifo_mpmc - Concurrency Kit's queue of Michael and Scott. Its entries
 * are not part of the items; each producer has its own, allocated before, one
 * more than it has items, and uses them in turn: the one entry that stays in
 * the queue as its dummy is never taken up again too early.
 */
#include "mpsc/mpsc.h"

#include <ck_fifo.h>

#define QUEUE_NODE_BYTES 0

typedef struct {
    uint64_t padding;
    uint64_t stamp;
} item_t;

typedef struct {
    ck_fifo_mpmc_t fifo;
    ck_fifo_mpmc_entry_t *dummy;
} queue_t;

typedef struct {
    ck_fifo_mpmc_entry_t *entries;
    size_t n_entries;
    size_t next;
} producer_t;

static ck_fifo_mpmc_entry_t *
entries_alloc(size_t n)
{
    void *entries;

    if (posix_memalign(&entries, 64, n * sizeof(ck_fifo_mpmc_entry_t)) != 0)
        return NULL;
    memset(entries, 0, n * sizeof(ck_fifo_mpmc_entry_t));
    return entries;
}

static int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
    queue->dummy = entries_alloc(1);
    if (queue->dummy == NULL)
        return -ENOMEM;
    ck_fifo_mpmc_init(&queue->fifo, queue->dummy);
    return 0;
}

static void
queue_fini(queue_t *queue)
{
    free(queue->dummy);
}

static int
producer_init(
    queue_t *queue, producer_t *producer, unsigned index, size_t n_items)
{
    (void)queue;
    (void)index;
    producer->n_entries = n_items + 1;
    producer->next = 0;
    producer->entries = entries_alloc(producer->n_entries);
    return producer->entries == NULL ? -ENOMEM : 0;
}

static void
producer_fini(queue_t *queue, producer_t *producer)
{
    (void)queue;
    free(producer->entries);
}

static inline bool
queue_push(queue_t *queue, producer_t *producer, item_t *item)
{
    ck_fifo_mpmc_entry_t *entry = &producer->entries[producer->next];

    if (++producer->next == producer->n_entries)
        producer->next = 0;
    ck_fifo_mpmc_enqueue(&queue->fifo, entry, item);
    return true;
}

static inline item_t *
queue_pop(queue_t *queue)
{
    ck_fifo_mpmc_entry_t *garbage;
    item_t *item;

    if (!ck_fifo_mpmc_dequeue(&queue->fifo, &item, &garbage))
        return NULL;
    return item;
}

#include "mpsc/driver.h"

MPSC_SYSTEM(mpsc_ck_fifo, "ck_fifo_mpmc")
