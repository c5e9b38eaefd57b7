/* SPDX-License-Identifier: MIT */
/*
 * mpsc/cas_stack - the gap-free stack of baselines/cas_stack.h.
 */
#include "mpsc/mpsc.h"

#include "baselines/cas_stack.h"

#define QUEUE_NODE_BYTES sizeof(struct cas_node)

typedef struct {
    struct cas_node node;
    uint64_t stamp;
} item_t;

typedef struct cas_stack queue_t;

#include "mpsc/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
    cas_stack_init(queue);
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
    cas_stack_push(queue, &item->node);
    return true;
}

static inline item_t *
queue_pop(queue_t *queue)
{
    struct cas_node *node = cas_stack_pop(queue);

    return node == NULL ? NULL : STRAIT_CONTAINER_OF(node, item_t, node);
}

#define QUEUE_HAS_BULK

static inline unsigned
queue_push_bulk(queue_t *queue, producer_t *producer, item_t *items, unsigned n)
{
    (void)producer;
    /* Newest on top: the consumer turns all of it round. */
    for (unsigned i = 1; i < n; i++)
        items[i].node.next = &items[i - 1].node;
    cas_stack_push_chain(queue, &items[n - 1].node, &items[0].node);
    return n;
}

static inline unsigned
queue_drain(queue_t *queue, struct mpsc_seen *seen)
{
    struct cas_node *node;
    unsigned n = 0;

    for (; n < MPSC_BATCH_MAX && (node = cas_stack_pop(queue)) != NULL; n++)
        mpsc_see(seen, STRAIT_CONTAINER_OF(node, item_t, node)->stamp);
    return n;
}

#include "mpsc/driver.h"

MPSC_SYSTEM_OF(mpsc_cas_stack, "cas_stack", BENCH_YARDSTICK, NULL)
