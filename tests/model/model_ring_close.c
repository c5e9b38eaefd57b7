/* SPDX-License-Identifier: MIT */
/*
 * @obligation the close and every push are ordered: what was accepted is taken
 *   once, what was refused is not; a consumer that armed before the close is
 *   seen by who closes, one that arms later is refused: nobody sleeps for ever
 * @core ring
 * @case 1 -DPER=1 genmc live unroll=5
 * @case 2 -DPER=2
 */
#include "model.h"

#include <strait/ring.h>

#include "queue/ring.c"

M_STATE strait_ring_t ring;
M_STATE strait_ring_slot_t slots[2];
M_STATE int items[PER];
M_STATE m_bell bell;
M_STATE STRAIT_ATOMIC(uint32_t) announced;
M_STATE int n_accepted;

M_THREAD(producer)
{
    int i;

    for (i = 0; i < PER; i++) {
        int answer;

        M_SET(&items[i], i + 1);
        answer = strait_ring_push(&ring, &items[i]);
        if (answer == STRAIT_RING_CLOSED) {
            M_COVER("refused by the close");
            break;
        }
        M_ASSERT(answer != STRAIT_RING_FULL);
        n_accepted++;
        if (answer == STRAIT_RING_WAKE) {
            M_ASSERT(strait_load_rlx(&announced) == 1);
            M_RING(&bell);
        }
    }
    return NULL;
}

M_THREAD(closer)
{
    M_ASSERT(strait_ring_close(&ring));
    M_ASSERT(!strait_ring_close(&ring));
    /* Wakes who has announced itself: nothing is stronger here than in the
     * pool, whose idle set is read the same way. */
    if (strait_load_rlx(&announced) != 0) {
        M_COVER("the close wakes");
        M_RING(&bell);
    } else {
        M_COVER("the close finds nobody");
    }
    return NULL;
}

M_MAIN
{
    m_thread a, b;
    void *value = NULL;
    int n = 0;

    M_NAME(&ring, "ring");
    M_NAME(&ring.consumer_, "consumer");
    M_NAME(slots, "slots");
    M_NAME(&bell, "bell");
    M_NAME(&announced, "announced");
    M_ASSERT(strait_ring_init(&ring, slots, 2) == 0);
    M_SPAWN(&a, producer, NULL);
    M_SPAWN(&b, closer, NULL);
    for (;;) {
        int got = strait_ring_pop(&ring, &value);

        if (got == STRAIT_RING_DONE) {
            M_ASSERT(M_GET((int *)value) == n + 1);
            n++;
            continue;
        }
        if (got == STRAIT_RING_EMPTY) {
            strait_store_rlx(&announced, 1);
            if (strait_ring_arm(&ring)) {
                M_COVER("slept");
                (void)M_WAIT(&bell);
                continue;
            }
            if (strait_ring_is_closed(&ring) && strait_ring_is_empty(&ring))
                break;
        }
        M_PAUSE();
    }
    M_JOIN(a);
    M_JOIN(b);
    M_ASSERT(n == n_accepted);
    M_ASSERT(strait_ring_is_empty(&ring));
    M_ASSERT(strait_ring_push(&ring, &items[0]) == STRAIT_RING_CLOSED);
    M_ASSERT(!strait_ring_arm(&ring));
}
