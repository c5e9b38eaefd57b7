/* SPDX-License-Identifier: MIT */
/*
 * @obligation a consumer that sleeps only after arming never sleeps while a
 *   value is there; one push answers WAKE per arming, and sees what was done
 *   before it
 * @core ring
 * @case 2x1 -DPRODUCERS=2 -DPER=1 genmc live unroll=6
 * @case 1x2 -DPRODUCERS=1 -DPER=2 genmc live unroll=6
 * @case 2x3 -DPRODUCERS=2 -DPER=3
 * @case batch-1x2 -DPRODUCERS=1 -DPER=2 -DBATCH genmc live unroll=6
 * @case batch-2x2 -DPRODUCERS=2 -DPER=2 -DBATCH
 * @case alone-2x1 -DPRODUCERS=2 -DPER=1 -DALONE genmc live unroll=6
 * @case alone-2x3 -DPRODUCERS=2 -DPER=3 -DALONE
 */
#include "model.h"

#include <strait/ring.h>

#include "queue/ring.c"

#define TOTAL (PRODUCERS * PER)

M_STATE strait_ring_t ring;
M_STATE strait_ring_slot_t slots[2];
M_STATE int items[PRODUCERS][PER];
M_STATE m_bell bell;
M_STATE STRAIT_ATOMIC(uint32_t) n_announced;
M_STATE STRAIT_ATOMIC(uint32_t) n_wakes;

M_THREAD(producer)
{
    int *mine = arg;
    int i;

#ifdef BATCH
    void *values[PER];
    size_t none = 1;

    for (i = 0; i < PER; i++) {
        M_SET(&mine[i], i + 1);
        values[i] = &mine[i];
    }
    /* Brings nothing and must take nothing, an arming least of all. */
    M_ASSERT(strait_ring_push_n(&ring, values, 0, &none) == STRAIT_RING_DONE);
#endif
    for (i = 0; i < PER; i++) {
        int answer = STRAIT_RING_FULL;

#ifdef BATCH
        size_t n = 0;

        M_AWAIT((answer = strait_ring_push_n(&ring, values + i,
                     (size_t)(PER - i), &n)) != STRAIT_RING_FULL);
        i += (int)n - 1;
        if (n > 1 && answer == STRAIT_RING_WAKE)
            M_COVER("a batch took the arming");
#else
        M_SET(&mine[i], i + 1);
        M_AWAIT(
            (answer = strait_ring_push(&ring, &mine[i])) != STRAIT_RING_FULL);
#endif
        if (answer == STRAIT_RING_WAKE) {
            uint32_t n = strait_add_rlx(&n_wakes, 1) + 1;

            M_ASSERT(strait_load_rlx(&n_announced) >= n);
            M_RING(&bell);
        }
    }
    return NULL;
}

M_MAIN
{
    m_thread threads[PRODUCERS];
    void *value = NULL;
    uint32_t n_armings = 0;
    int n = 0;
    int i;

    M_NAME(&ring, "ring");
    M_NAME(&ring.consumer_, "consumer");
    M_NAME(slots, "slots");
    M_NAME(&bell, "bell");
    M_ASSERT(strait_ring_init(&ring, slots, 2) == 0);
    for (i = 0; i < PRODUCERS; i++)
        M_SPAWN(&threads[i], producer, items[i]);
    while (n < TOTAL) {
#ifdef ALONE
        int got = strait_ring_pop_alone(&ring, &value);
#else
        int got = strait_ring_pop(&ring, &value);
#endif

        if (got == STRAIT_RING_DONE) {
            M_ASSERT(M_GET((int *)value) > 0);
            n++;
            continue;
        }
        if (got == STRAIT_RING_EMPTY) {
            strait_store_rlx(&n_announced, n_armings + 1);
            if (strait_ring_arm(&ring)) {
                n_armings++;
#if !defined(BATCH) || PRODUCERS > 1
                if (n_armings > 1)
                    M_COVER("armed again after a wake");
#endif
                M_ASSERT(M_WAIT(&bell));
                continue;
            }
            M_COVER("arming was refused");
        }
        M_PAUSE();
    }
    for (i = 0; i < PRODUCERS; i++)
        M_JOIN(threads[i]);
    M_ASSERT(strait_load_rlx(&n_wakes) == n_armings);
}
