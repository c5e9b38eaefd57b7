/* SPDX-License-Identifier: MIT */
/*
 * mpsc/bare - the algorithm of Strait's queue alone, baselines/bare_list.h.
 */
#include "mpsc/mpsc.h"

#include "baselines/bare_list.h"

#include <strait/base.h>

#define QUEUE_NODE_BYTES sizeof(struct bare_node)

typedef struct {
    struct bare_node node;
    uint64_t stamp;
} item_t;

typedef struct bare_list queue_t;

#include "mpsc/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
    bare_list_init(queue);
    return 0;
}

static void
queue_fini(queue_t *queue)
{
    (void)queue;
}

static inline bool
queue_push(queue_t *queue, producer_t *producer, item_t *item)
{
    (void)producer;
    bare_list_push(queue, &item->node);
    return true;
}

static inline item_t *
queue_pop(queue_t *queue)
{
    struct bare_node *node = bare_list_pop(queue);

    return node == NULL ? NULL : STRAIT_CONTAINER_OF(node, item_t, node);
}

#define QUEUE_HAS_BULK

static inline unsigned
queue_push_bulk(queue_t *queue, producer_t *producer, item_t *items, unsigned n)
{
    (void)producer;
    for (unsigned i = 1; i < n; i++)
        atomic_store_explicit(
            &items[i - 1].node.next, &items[i].node, memory_order_relaxed);
    bare_list_push_chain(queue, &items[0].node, &items[n - 1].node);
    return n;
}

static inline unsigned
queue_drain(queue_t *queue, struct mpsc_seen *seen)
{
    item_t *item;
    unsigned n = 0;

    for (; n < MPSC_BATCH_MAX && (item = queue_pop(queue)) != NULL; n++)
        mpsc_see(seen, item->stamp);
    return n;
}

#include "mpsc/driver.h"

MPSC_SYSTEM_OF(mpsc_bare, "bare", BENCH_YARDSTICK, NULL)
