/* SPDX-License-Identifier: MIT */
/*
 * @obligation each node comes out once, in push order per producer, with what
 *   its producer wrote before the push; popped nodes are referenced by nobody
 * @core mpsc
 * @case 2x1 -DPER=1 genmc
 * @case 2x2 -DPER=2 genmc
 */
#include "model.h"

#include <strait/mpsc.h>

#include "queue/mpsc.c"

#define PRODUCERS 2

struct item {
    strait_mpsc_node_t node;
    int payload;
};

M_STATE strait_mpsc_t q;
M_STATE struct item items[PRODUCERS][PER];

M_THREAD(producer)
{
    struct item *mine = arg;
    int i;

    for (i = 0; i < PER; i++) {
        M_SET(&mine[i].payload, i + 1);
        M_ASSERT(!strait_mpsc_push(&q, &mine[i].node));
    }
    return NULL;
}

/* The consumer: it takes all there is, then the queue is empty. */
M_MAIN
{
    m_thread threads[PRODUCERS];
    int next[PRODUCERS] = { 0, 0 };
    strait_mpsc_node_t *node = NULL;
    int n;

    M_NAME(&q, "q");
    M_NAME(&q.stub_, "stub");
    M_NAME(&q.armed_, "armed");
    M_NAME(&items[0][0], "a1");
    M_NAME(&items[1][0], "b1");
#if PER > 1
    M_NAME(&items[0][1], "a2");
    M_NAME(&items[1][1], "b2");
#endif
    strait_mpsc_init(&q);
    M_SPAWN(&threads[0], producer, items[0]);
    M_SPAWN(&threads[1], producer, items[1]);
    for (n = 0; n < PRODUCERS * PER; n++) {
        struct item *item;
        int from;

        M_AWAIT(strait_mpsc_pop(&q, &node) == STRAIT_MPSC_ITEM);
        item = STRAIT_CONTAINER_OF(node, struct item, node);
        from = item >= items[1];
        M_ASSERT(item == &items[from][next[from]]);
        next[from]++;
        M_ASSERT(M_GET(&item->payload) == next[from]);
        M_OWN(&item->node.next_);
    }
    M_ASSERT(strait_mpsc_is_empty(&q));
    M_ASSERT(strait_mpsc_pop(&q, &node) == STRAIT_MPSC_EMPTY);
    M_JOIN(threads[0]);
    M_JOIN(threads[1]);
}
