/* SPDX-License-Identifier: MIT */
/*
 * @obligation each value comes out once, with what its producer wrote before;
 *   values of one producer come out in order; slots are used again only when
 *   the consumer of the round before has done with them (capacity 2, 3 values)
 * @core ring
 * @case 1x3 -DPRODUCERS=1 -DPER=3 -DCONSUMERS=1 genmc unroll=5
 * @case 3x1 -DPRODUCERS=3 -DPER=1 -DCONSUMERS=1 genmc unroll=4
 * @case 1x3+2 -DPRODUCERS=1 -DPER=3 -DCONSUMERS=2 genmc unroll=4
 * @case 1x3-alone -DPRODUCERS=1 -DPER=3 -DCONSUMERS=1 -DALONE genmc unroll=5
 * @case 3x1-alone -DPRODUCERS=3 -DPER=1 -DCONSUMERS=1 -DALONE
 * @case 2x3-alone -DPRODUCERS=2 -DPER=3 -DCONSUMERS=1 -DALONE
 * @case 2x2+2 -DPRODUCERS=2 -DPER=2 -DCONSUMERS=2
 * @case 3x2+3 -DPRODUCERS=3 -DPER=2 -DCONSUMERS=3
 */
#include "model.h"

#include <strait/ring.h>

#include "queue/ring.c"

#define TOTAL (PRODUCERS * PER)

#ifdef ALONE
#define POP strait_ring_pop_alone
#else
#define POP strait_ring_pop
#endif

struct item {
    int payload;
    int taken;
};

M_STATE strait_ring_t ring;
M_STATE strait_ring_slot_t slots[2];
M_STATE struct item items[PRODUCERS][PER];

M_THREAD(producer)
{
    struct item *mine = arg;
    int i;

    for (i = 0; i < PER; i++) {
        M_SET(&mine[i].payload, i + 1);
        M_AWAIT(strait_ring_push(&ring, &mine[i]) == STRAIT_RING_DONE);
    }
    return NULL;
}

/* Takes n items, and checks that those of one producer come in order. */
static void
consume(int n)
{
    int last[PRODUCERS] = { 0 };
    int i;

    for (i = 0; i < n; i++) {
        void *value = NULL;
        struct item *item;
        int from = 0;

        while (POP(&ring, &value) != STRAIT_RING_DONE)
            M_PAUSE();
        item = value;
        while (from + 1 < PRODUCERS && item >= items[from + 1])
            from++;
        /* Plain, so that two consumers of one item race. */
        M_ASSERT(M_GET(&item->taken) == 0);
        M_SET(&item->taken, 1);
        M_ASSERT(M_GET(&item->payload) > last[from]);
        last[from] = M_GET(&item->payload);
    }
}

#if CONSUMERS > 1
M_THREAD(consumer)
{
    consume(1);
    return NULL;
}
#endif

M_MAIN
{
    m_thread producers[PRODUCERS];
#if CONSUMERS > 1
    m_thread consumers[CONSUMERS - 1];
#endif
    void *value = NULL;
    int i;

    M_NAME(&ring, "ring");
    M_NAME(&slots[0], "slot0");
    M_NAME(&slots[1], "slot1");
    M_NAME(&ring.consumer_, "consumer");
    M_NAME(&items[0][0], "a1");
#if PER > 1
    M_NAME(&items[0][1], "a2");
#endif
    M_ASSERT(strait_ring_init(&ring, slots, 2) == 0);
    for (i = 0; i < PRODUCERS; i++)
        M_SPAWN(&producers[i], producer, items[i]);
#if CONSUMERS > 1
    for (i = 0; i < CONSUMERS - 1; i++)
        M_SPAWN(&consumers[i], consumer, NULL);
#endif
    consume(TOTAL - (CONSUMERS - 1));
    for (i = 0; i < PRODUCERS; i++)
        M_JOIN(producers[i]);
#if CONSUMERS > 1
    for (i = 0; i < CONSUMERS - 1; i++)
        M_JOIN(consumers[i]);
#endif
    M_ASSERT(strait_ring_is_empty(&ring));
    M_ASSERT(POP(&ring, &value) == STRAIT_RING_EMPTY);
    for (i = 0; i < TOTAL; i++)
        M_ASSERT(M_GET(&items[i / PER][i % PER].taken) == 1);
}
