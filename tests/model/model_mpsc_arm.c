/* SPDX-License-Identifier: MIT */
/*
 * @obligation a consumer that sleeps only after arming never sleeps while an
 *   item is there; each arming is answered by exactly one push; what was done
 *   before arming is seen by the push that takes it
 * @core mpsc
 * @case 2x1 -DPER=1 genmc live unroll=6
 * @case 2x2 -DPER=2 genmc live unroll=8 long=imm
 */
#include "model.h"

#include <strait/mpsc.h>

#include "queue/mpsc.c"

struct item {
    strait_mpsc_node_t node;
    int payload;
};

#define PRODUCERS 2
#define TOTAL (PRODUCERS * PER)

M_STATE strait_mpsc_t q;
M_STATE m_bell bell;
M_STATE struct item items[PRODUCERS][PER];
M_STATE STRAIT_ATOMIC(uint32_t) n_announced;
M_STATE STRAIT_ATOMIC(uint32_t) n_wakes;

M_THREAD(producer)
{
    struct item *mine = arg;
    int i;

    for (i = 0; i < PER; i++) {
        M_SET(&mine[i].payload, i + 1);
        if (strait_mpsc_push(&q, &mine[i].node)) {
            /* The n-th wake is owed to the n-th arming, and knows of it. */
            uint32_t n = strait_add_rlx(&n_wakes, 1) + 1;

            M_ASSERT(strait_load_rlx(&n_announced) >= n);
            M_RING(&bell);
        }
    }
    return NULL;
}

M_MAIN
{
    m_thread a, b;
    strait_mpsc_node_t *node = NULL;
    uint32_t n_armings = 0;
    int n = 0;

    M_NAME(&q, "q");
    M_NAME(&q.stub_, "stub");
    M_NAME(&q.armed_, "armed");
    M_NAME(&items[0][0], "a1");
    M_NAME(&items[1][0], "b1");
    M_NAME(&bell, "bell");
    M_NAME(&n_wakes, "n_wakes");
    M_NAME(&n_announced, "n_announced");
    strait_mpsc_init(&q);
    M_SPAWN(&a, producer, items[0]);
    M_SPAWN(&b, producer, items[1]);
    while (n < TOTAL) {
        int got = strait_mpsc_pop(&q, &node);
        struct item *item;

        if (got == STRAIT_MPSC_EMPTY) {
            strait_store_rlx(&n_announced, n_armings + 1);
            if (strait_mpsc_arm(&q)) {
                n_armings++;
                if (n_armings > 1)
                    M_COVER("armed again after a wake");
                M_ASSERT(M_WAIT(&bell));
                continue;
            }
            M_COVER("arming was refused");
        }
        /* Refused, or pending: then something comes. */
        if (got != STRAIT_MPSC_ITEM)
            M_AWAIT(strait_mpsc_pop(&q, &node) == STRAIT_MPSC_ITEM);
        item = STRAIT_CONTAINER_OF(node, struct item, node);
        M_ASSERT(M_GET(&item->payload) > 0);
        M_OWN(&item->node.next_);
        n++;
    }
    M_JOIN(a);
    M_JOIN(b);
    M_ASSERT(strait_load_rlx(&n_wakes) == n_armings);
}
