/* SPDX-License-Identifier: MIT */
/*
 * mpsc/liburcu_wfcq - liburcu's wait-free concurrent queue: the same exchange
 * as Strait's, without arming. The non-blocking pop is used, since the blocking
 * one sleeps for 10 ms when a producer was stopped inside a push.
 */
#include "mpsc/mpsc.h"

/* Lets the header inline its functions, as its own benchmarks do. */
#define _LGPL_SOURCE
#include <urcu/wfcqueue.h>

typedef struct {
    struct cds_wfcq_node node;
    uint64_t stamp;
} item_t;

/* Its header asks for head and tail on different lines. */
typedef struct {
    struct __cds_wfcq_head head;
    char padding[128 - sizeof(struct __cds_wfcq_head)];
    struct cds_wfcq_tail tail;
} queue_t;

#include "mpsc/simple.h"

static int
queue_init(queue_t *queue, unsigned n_producers, size_t n_items)
{
    (void)n_producers;
    (void)n_items;
    __cds_wfcq_init(&queue->head, &queue->tail);
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
    cds_wfcq_node_init(&item->node);
    cds_wfcq_enqueue(&queue->head, &queue->tail, &item->node);
    return true;
}

static inline item_t *
queue_pop(queue_t *queue)
{
    struct cds_wfcq_node *node = __cds_wfcq_dequeue_nonblocking(
        &queue->head, &queue->tail);

    if (node == NULL || node == CDS_WFCQ_WOULDBLOCK)
        return NULL;
    return caa_container_of(node, item_t, node);
}

#include "mpsc/driver.h"

MPSC_SYSTEM(mpsc_liburcu, "liburcu_wfcq")
