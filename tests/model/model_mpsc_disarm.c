/* SPDX-License-Identifier: MIT */
/*
 * @obligation when a sleep ends for another reason, disarm says truly whether a
 *   wake is still owed: armings taken back and wakes add up to armings, and a
 *   wake that is owed comes
 * @core mpsc
 * @case 1x1 -DPER=1 genmc live unroll=6
 * @case 1x2 -DPER=2 genmc live unroll=8
 */
#include "model.h"

#include <strait/mpsc.h>

#include "queue/mpsc.c"

struct item {
    strait_mpsc_node_t node;
    int payload;
};

M_STATE strait_mpsc_t q;
M_STATE m_bell bell;
M_STATE struct item items[PER];
M_STATE STRAIT_ATOMIC(uint32_t) n_wakes;
M_STATE STRAIT_ATOMIC(uint32_t) n_announced;

M_THREAD(producer)
{
    int i;

    for (i = 0; i < PER; i++) {
        M_SET(&items[i].payload, i + 1);
        if (strait_mpsc_push(&q, &items[i].node)) {
            M_ASSERT(strait_load_rlx(&n_announced) > 0);
            (void)strait_add_rlx(&n_wakes, 1);
            M_RING(&bell);
        }
    }
    return NULL;
}

M_THREAD(clock_thread)
{
    M_EXPIRE(&bell);
    return NULL;
}

M_MAIN
{
    m_thread a, b;
    strait_mpsc_node_t *node = NULL;
    uint32_t n_armings = 0;
    uint32_t n_taken_back = 0;
    int n = 0;

    M_NAME(&q, "q");
    M_NAME(&q.stub_, "stub");
    M_NAME(&q.armed_, "armed");
    M_NAME(&items[0], "a1");
    M_NAME(&bell, "bell");
    strait_mpsc_init(&q);
    M_SPAWN(&a, producer, NULL);
    M_SPAWN(&b, clock_thread, NULL);
    while (n < PER) {
        int got = strait_mpsc_pop(&q, &node);

        if (got == STRAIT_MPSC_ITEM) {
            struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

            M_ASSERT(M_GET(&item->payload) == n + 1);
            M_OWN(&item->node.next_);
            n++;
            continue;
        }
        if (got == STRAIT_MPSC_EMPTY) {
            strait_store_rlx(&n_announced, n_armings + 1);
            if (strait_mpsc_arm(&q)) {
                n_armings++;
                if (M_WAIT(&bell))
                    continue;
                if (strait_mpsc_disarm(&q)) {
                    M_COVER("taken back");
                    n_taken_back++;
                    /* Once more is allowed and does nothing. */
                    M_ASSERT(strait_mpsc_disarm(&q));
                } else {
                    M_COVER("too late: the wake is coming");
                    M_ASSERT(M_WAIT(&bell));
                }
                continue;
            }
        }
        M_PAUSE();
    }
    M_JOIN(a);
    M_JOIN(b);
    M_ASSERT(strait_load_rlx(&n_wakes) + n_taken_back == n_armings);
}
