/* SPDX-License-Identifier: MIT */
/*
 * mpsc/mutex_swap - the same list, but the consumer takes all that is there
 * under one lock: what a careful user of a mutex writes.
 */
#include "mpsc/mpsc.h"

#include "baselines/locked_list.h"

#include <strait/base.h>

#define QUEUE_NODE_BYTES sizeof(struct locked_node)

typedef struct {
    struct locked_node node;
    uint64_t stamp;
} item_t;

typedef struct {
    struct locked_list list;
    struct locked_node *taken; /* the consumer's */
} queue_t;

#include "mpsc/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
    queue->taken = NULL;
    return locked_list_init(&queue->list);
}

static void
queue_fini(queue_t *queue)
{
    locked_list_fini(&queue->list);
}

static inline bool
queue_push(queue_t *queue, producer_t *producer, item_t *item)
{
    (void)producer;
    pthread_mutex_lock(&queue->list.mutex);
    locked_list_append(&queue->list, &item->node);
    pthread_mutex_unlock(&queue->list.mutex);
    return true;
}

static inline item_t *
queue_pop(queue_t *queue)
{
    struct locked_node *node = queue->taken;

    if (node == NULL) {
        pthread_mutex_lock(&queue->list.mutex);
        node = locked_list_take_all(&queue->list);
        pthread_mutex_unlock(&queue->list.mutex);
        if (node == NULL)
            return NULL;
    }
    queue->taken = node->next;
    return STRAIT_CONTAINER_OF(node, item_t, node);
}

#define QUEUE_HAS_BULK

static inline unsigned
queue_push_bulk(queue_t *queue, producer_t *producer, item_t *items, unsigned n)
{
    (void)producer;
    pthread_mutex_lock(&queue->list.mutex);
    for (unsigned i = 0; i < n; i++)
        locked_list_append(&queue->list, &items[i].node);
    pthread_mutex_unlock(&queue->list.mutex);
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

MPSC_SYSTEM(mpsc_mutex_swap, "mutex_swap")
