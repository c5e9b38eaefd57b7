/* SPDX-License-Identifier: MIT */
/*
 * @obligation a chain arrives whole and in its order, whatever is pushed
 *   meanwhile; what was written before the push is seen for each of its nodes
 * @core mpsc
 * @case base genmc
 */
#include "model.h"

#include <strait/mpsc.h>

#include "queue/mpsc.c"

struct item {
    strait_mpsc_node_t node;
    int payload;
};

M_STATE strait_mpsc_t q;
M_STATE struct item a1, a2, b1;

M_THREAD(chain_producer)
{
    M_SET(&a1.payload, 1);
    M_SET(&a2.payload, 2);
    strait_mpsc_link(&a1.node, &a2.node);
    M_ASSERT(!strait_mpsc_push_chain(&q, &a1.node, &a2.node));
    return NULL;
}

M_THREAD(single_producer)
{
    M_SET(&b1.payload, 3);
    M_ASSERT(!strait_mpsc_push(&q, &b1.node));
    return NULL;
}

M_MAIN
{
    m_thread a, b;
    strait_mpsc_node_t *node = NULL;
    int order = 0;
    int n;

    M_NAME(&q, "q");
    M_NAME(&q.stub_, "stub");
    M_NAME(&q.armed_, "armed");
    M_NAME(&a1, "a1");
    M_NAME(&a2, "a2");
    M_NAME(&b1, "b1");
    strait_mpsc_init(&q);
    M_SPAWN(&a, chain_producer, NULL);
    M_SPAWN(&b, single_producer, NULL);
    for (n = 0; n < 3; n++) {
        struct item *item;

        M_AWAIT(strait_mpsc_pop(&q, &node) == STRAIT_MPSC_ITEM);
        item = STRAIT_CONTAINER_OF(node, struct item, node);
        order = 10 * order + M_GET(&item->payload);
        M_OWN(&item->node.next_);
    }
    M_ASSERT(order == 123 || order == 312);
    if (order == 312)
        M_COVER("the single node came first");
    M_ASSERT(strait_mpsc_is_empty(&q));
    M_JOIN(a);
    M_JOIN(b);
}
