/* SPDX-License-Identifier: MIT */
/*
 * @obligation a chain that was taken out holds nodes in push order, each with
 *   what its producer wrote, and is ended; nobody touches its nodes any more,
 *   whether a producer is in its gap behind it or the drain has just put the
 *   stub back; each node comes out once
 * @core mpsc
 * @case 2x1 -DPRODUCERS=2 -DPER=1 -DMAX=2 genmc unroll=6
 * @case 1x3 -DPRODUCERS=1 -DPER=3 -DMAX=2 genmc unroll=6
 * @case 2x2 -DPRODUCERS=2 -DPER=2 -DMAX=3
 * @case 3x2 -DPRODUCERS=3 -DPER=2 -DMAX=16
 * @case chain -DPRODUCERS=2 -DPER=2 -DMAX=2 -DCHAIN
 */
#include "model.h"

#include <strait/mpsc.h>

#include "queue/mpsc.c"

struct item {
    strait_mpsc_node_t node;
    int payload;
};

#define TOTAL (PRODUCERS * PER)

M_STATE strait_mpsc_t q;
M_STATE struct item items[PRODUCERS][PER];
M_STATE int seen[PRODUCERS];

M_THREAD(producer)
{
    struct item *mine = arg;
    int i;

    for (i = 0; i < PER; i++)
        M_SET(&mine[i].payload, i + 1);
#ifdef CHAIN
    for (i = 0; i + 1 < PER; i++)
        strait_mpsc_link(&mine[i].node, &mine[i + 1].node);
    M_ASSERT(!strait_mpsc_push_chain(&q, &mine[0].node, &mine[PER - 1].node));
#else
    for (i = 0; i < PER; i++)
        M_ASSERT(!strait_mpsc_push(&q, &mine[i].node));
#endif
    return NULL;
}

/* Goes along a chain of n nodes that is ours alone. */
static void
check(strait_mpsc_node_t *first, strait_mpsc_node_t *last, size_t n)
{
    strait_mpsc_node_t *node = first;

    for (; n > 0; n--) {
        strait_mpsc_node_t *next = strait_mpsc_next(node);
        struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);
        int from = 0;

        while (from + 1 < PRODUCERS && item >= items[from + 1])
            from++;
        M_ASSERT(M_GET(&item->payload) == seen[from] + 1);
        seen[from]++;
        M_ASSERT((node == last) == (n == 1));
        M_ASSERT((next == NULL) == (n == 1));
        M_OWN(&item->node.next_);
        node = next;
    }
}

M_MAIN
{
    m_thread producers[PRODUCERS];
    strait_mpsc_node_t *first = NULL;
    strait_mpsc_node_t *last = NULL;
    size_t got = 0;
    int n = 0;
    int i;

    M_NAME(&q, "q");
    M_NAME(&q.stub_, "stub");
    M_NAME(&q.armed_, "armed");
    M_NAME(&items[0][0], "a1");
#if PER > 1
    M_NAME(&items[0][1], "a2");
#endif
#if PRODUCERS > 1
    M_NAME(&items[1][0], "b1");
#endif
    strait_mpsc_init(&q);
    for (i = 0; i < PRODUCERS; i++)
        M_SPAWN(&producers[i], producer, items[i]);
    while (n < TOTAL) {
        if (strait_mpsc_pop_chain(&q, MAX, &first, &last, &got) !=
            STRAIT_MPSC_ITEM) {
            M_PAUSE();
            continue;
        }
        M_ASSERT(got >= 1 && got <= MAX);
        check(first, last, got);
        n += (int)got;
        if (got > 1)
            M_COVER("more than one");
#if TOTAL > 2
        if (got < MAX && q.cursor_ != &q.stub_)
            M_COVER("a producer in the gap keeps the next");
#endif
        if (got > 1 && q.cursor_ == &q.stub_)
            M_COVER("drained");
    }
    for (i = 0; i < PRODUCERS; i++)
        M_JOIN(producers[i]);
    M_ASSERT(strait_mpsc_is_empty(&q));
    M_ASSERT(strait_mpsc_pop_chain(&q, MAX, &first, &last, &got) ==
        STRAIT_MPSC_EMPTY);
    M_ASSERT(strait_mpsc_arm(&q));
}
