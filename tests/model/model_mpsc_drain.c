/* SPDX-License-Identifier: MIT */
/*
 * @obligation pushes that race with the drain of the last node lose nothing;
 *   the stub may be re-used at once; PENDING ends when the producer goes on; an
 *   item that nothing hides is found by the first pop
 * @core mpsc
 * @case 2+1 -DFIRST=2 genmc live
 * @case 3+1 -DFIRST=3 genmc live
 */
#include "model.h"

#include <strait/mpsc.h>

#include "queue/mpsc.c"

struct item {
    strait_mpsc_node_t node;
    int payload;
};

#define TOTAL (FIRST + 1)

M_STATE strait_mpsc_t q;
M_STATE struct item items[TOTAL];

M_THREAD(first_producer)
{
    int i;

    for (i = 0; i < FIRST; i++) {
        M_SET(&items[i].payload, i + 1);
        M_ASSERT(!strait_mpsc_push(&q, &items[i].node));
    }
    return NULL;
}

M_THREAD(second_producer)
{
    M_SET(&items[FIRST].payload, FIRST + 1);
    M_ASSERT(!strait_mpsc_push(&q, &items[FIRST].node));
    return NULL;
}

/* Takes one item of those that come; answers which. */
static int
take(void)
{
    strait_mpsc_node_t *node = NULL;
    struct item *item;
    int got = strait_mpsc_pop(&q, &node);

    if (got == STRAIT_MPSC_PENDING) {
        M_COVER("a push in flight hides what is left");
    }
    if (got != STRAIT_MPSC_ITEM)
        M_AWAIT(strait_mpsc_pop(&q, &node) == STRAIT_MPSC_ITEM);
    item = STRAIT_CONTAINER_OF(node, struct item, node);
    M_ASSERT(M_GET(&item->payload) == (int)(item - items) + 1);
    M_OWN(&item->node.next_);
    return (int)(item - items);
}

M_MAIN
{
    m_thread a, b;
    strait_mpsc_node_t *node = NULL;
    int next = 0;
    int n;

    M_NAME(&q, "q");
    M_NAME(&q.stub_, "stub");
    M_NAME(&q.armed_, "armed");
    M_NAME(&items[0], "a1");
    M_NAME(&items[1], "a2");
    M_NAME(&items[FIRST], "b1");
    strait_mpsc_init(&q);
    M_SPAWN(&a, first_producer, NULL);
    M_SPAWN(&b, second_producer, NULL);
    for (n = 0; n < TOTAL - 1; n++) {
        int which = take();

        if (q.cursor_ == &q.stub_)
            M_COVER("emptied, and pushed to again");
        if (which != FIRST) {
            M_ASSERT(which == next);
            next++;
        }
    }
    M_JOIN(a);
    M_JOIN(b);
    /* All pushes have returned and are known here. */
    M_ASSERT(!strait_mpsc_is_empty(&q));
    M_ASSERT(!strait_mpsc_arm(&q));
    M_ASSERT(strait_mpsc_pop(&q, &node) == STRAIT_MPSC_ITEM);
    M_ASSERT(strait_mpsc_pop(&q, &node) == STRAIT_MPSC_EMPTY);
    M_ASSERT(strait_mpsc_arm(&q));
}
