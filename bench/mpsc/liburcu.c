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

#define QUEUE_NODE_BYTES sizeof(struct cds_wfcq_node)

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

/* It has no push of many, but a producer can build a queue of its own and
 * splice it; the consumer splices all that is there to itself. */
#define QUEUE_HAS_BULK

static inline unsigned
queue_push_bulk(queue_t *queue, producer_t *producer, item_t *items, unsigned n)
{
    struct __cds_wfcq_head head;
    struct cds_wfcq_tail tail;

    (void)producer;
    __cds_wfcq_init(&head, &tail);
    for (unsigned i = 0; i < n; i++) {
        cds_wfcq_node_init(&items[i].node);
        cds_wfcq_enqueue(&head, &tail, &items[i].node);
    }
    __cds_wfcq_splice_nonblocking(&queue->head, &queue->tail, &head, &tail);
    return n;
}

static inline unsigned
queue_drain(queue_t *queue, struct mpsc_seen *seen)
{
    struct __cds_wfcq_head head;
    struct cds_wfcq_tail tail;
    struct cds_wfcq_node *node;
    unsigned n = 0;

    __cds_wfcq_init(&head, &tail);
    if (__cds_wfcq_splice_nonblocking(&head, &tail, &queue->head,
            &queue->tail) == CDS_WFCQ_RET_WOULDBLOCK)
        return 0;
    for (;;) {
        node = __cds_wfcq_dequeue_nonblocking(&head, &tail);
        /* A producer is between its exchange and its link; what follows belongs
         * to us already. */
        if (node == CDS_WFCQ_WOULDBLOCK) {
            sched_yield();
            continue;
        }
        if (node == NULL)
            return n;
        mpsc_see(seen, caa_container_of(node, item_t, node)->stamp);
        n++;
    }
}

#include "mpsc/driver.h"

MPSC_SYSTEM(mpsc_liburcu, "liburcu_wfcq")
