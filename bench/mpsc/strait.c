/* SPDX-License-Identifier: MIT */
/*
 * mpsc/strait - the completion queue, one push and one pop at a time, or by
 * chains.
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

/* As many as stay in the nearest cache until they are read. */
#define CHAIN_MAX 64

static inline unsigned
queue_drain(queue_t *queue, struct mpsc_seen *seen)
{
    strait_mpsc_node_t *node;
    strait_mpsc_node_t *last;
    size_t n;

    if (strait_mpsc_pop_chain(queue, CHAIN_MAX, &node, &last, &n) !=
        STRAIT_MPSC_ITEM)
        return 0;
    for (; node != NULL; node = strait_mpsc_next(node))
        mpsc_see(seen, STRAIT_CONTAINER_OF(node, item_t, node)->stamp);
    return (unsigned)n;
}

#include "mpsc/driver.h"

MPSC_SYSTEM(mpsc_strait, "strait")
