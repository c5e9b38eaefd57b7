/* SPDX-License-Identifier: MIT */
/*
 * mpsc/strait - the completion queue, one push at a time or a chain, one pop at
 * a time.
 */
#include "mpsc/mpsc.h"

#include <strait/mpsc.h>

#define QUEUE_NODE_BYTES sizeof(strait_mpsc_node_t)

typedef struct {
    strait_mpsc_node_t node;
    uint64_t stamp;
} item_t;

typedef strait_mpsc_t queue_t;

#include "mpsc/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
    strait_mpsc_init(queue);
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
    /* It answers whether the consumer sleeps; this one never arms. */
    return !strait_mpsc_push(queue, &item->node);
}

static inline item_t *
queue_pop(queue_t *queue)
{
    strait_mpsc_node_t *node;

    if (strait_mpsc_pop(queue, &node) != STRAIT_MPSC_ITEM)
        return NULL;
    return STRAIT_CONTAINER_OF(node, item_t, node);
}

#define QUEUE_HAS_BULK

static inline unsigned
queue_push_bulk(queue_t *queue, producer_t *producer, item_t *items, unsigned n)
{
    (void)producer;
    for (unsigned i = 1; i < n; i++)
        strait_mpsc_link(&items[i - 1].node, &items[i].node);
    /* Never armed: as above. */
    return strait_mpsc_push_chain(queue, &items[0].node, &items[n - 1].node)
        ? 0
        : n;
}

/* One pop each: strait_mpsc_pop_chain is for who hands the chain on, and would
 * walk along the nodes twice here. */
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

MPSC_SYSTEM(mpsc_strait, "strait")
