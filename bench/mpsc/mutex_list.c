/* SPDX-License-Identifier: MIT */
/*
 * mpsc/mutex_list - a list under a mutex, which is taken for every item on both
 * sides.
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
} queue_t;

#include "mpsc/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
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
    struct locked_node *node;

    pthread_mutex_lock(&queue->list.mutex);
    node = locked_list_remove(&queue->list);
    pthread_mutex_unlock(&queue->list.mutex);
    return node == NULL ? NULL : STRAIT_CONTAINER_OF(node, item_t, node);
}

#include "mpsc/driver.h"

MPSC_SYSTEM(mpsc_mutex_list, "mutex_list")
