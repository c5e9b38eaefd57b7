/* SPDX-License-Identifier: MIT */
/*
 * mpsc/strait - the completion queue, one push and one pop at a time.
 */
#include "mpsc/mpsc.h"

#include <strait/mpsc.h>

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

#include "mpsc/driver.h"

MPSC_SYSTEM(mpsc_strait, "strait")
