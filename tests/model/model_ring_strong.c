/* SPDX-License-Identifier: MIT */
/*
 * @obligation a strong pop waits out a producer that stands in the way, or the
 *   consumer that took its place: it answers EMPTY only if no place was claimed
 *   at one moment of the call, and not while a push is known to have returned
 *   and its value is not taken
 * @core ring
 * @case 2x1 -DPRODUCERS=2 -DCONSUMERS=1 genmc live unroll=6
 * @case 3x1 -DPRODUCERS=3 -DCONSUMERS=1
 * @case 2x1+1 -DPRODUCERS=2 -DCONSUMERS=2
 */
#include "model.h"

#include <strait/ring.h>

#ifdef M_GENMC
#define STI_RING_PAUSES 0
#else
/* Sees that it waits, first by a pause, then by giving its turn away. */
#define STI_RING_PAUSES 1
#undef STI_PAUSE
#define STI_PAUSE()                                                            \
    do {                                                                       \
        M_COVER("somebody stands in the way");                                 \
        M_PAUSE();                                                             \
    } while (0)
#undef STI_YIELD
#define STI_YIELD()                                                            \
    do {                                                                       \
        M_COVER("for long");                                                   \
        M_PAUSE();                                                             \
    } while (0)
#endif

#include "queue/ring.c"

M_STATE strait_ring_t ring;
M_STATE strait_ring_slot_t slots[4];
M_STATE int items[PRODUCERS];
M_STATE int taken[PRODUCERS];
#if CONSUMERS > 1
M_STATE int n_other;
#endif

M_THREAD(producer)
{
    M_SET((int *)arg, 1);
    M_ASSERT(strait_ring_push(&ring, arg) == STRAIT_RING_DONE);
    return NULL;
}

static void
take(void *value)
{
    int *item = value;

    M_ASSERT(M_GET(item) == 1);
    M_ASSERT(M_GET(&taken[item - items]) == 0);
    M_SET(&taken[item - items], 1);
}

#if CONSUMERS > 1
/* Takes one value, if there is any, beside the others. */
M_THREAD(consumer)
{
    int *ret_n = arg;
    void *value = NULL;

    if (strait_ring_pop_strong(&ring, &value) == STRAIT_RING_DONE) {
        take(value);
        M_SET(ret_n, 1);
    }
    return NULL;
}
#endif

M_MAIN
{
    m_thread producers[PRODUCERS];
#if CONSUMERS > 1
    m_thread other;
#endif
    void *value = NULL;
    int n = 0;
    int i;

    M_NAME(&ring, "ring");
    M_NAME(&ring.consumer_, "consumer");
    M_NAME(slots, "slots");
    M_ASSERT(strait_ring_init(&ring, slots, 4) == 0);
    M_ASSERT(strait_ring_pop_strong(&ring, &value) == STRAIT_RING_EMPTY);
    for (i = 0; i < PRODUCERS; i++)
        M_SPAWN(&producers[i], producer, &items[i]);
#if CONSUMERS > 1
    M_SPAWN(&other, consumer, &n_other);
#endif
    /* One is known to have returned; the others may be anywhere. */
    M_JOIN(producers[PRODUCERS - 1]);
    i = strait_ring_pop_strong(&ring, &value);
#if CONSUMERS > 1
    if (i == STRAIT_RING_EMPTY) {
        M_COVER("the other one took it");
    } else
#endif
    {
        M_ASSERT(i == STRAIT_RING_DONE);
        take(value);
        n++;
    }
    for (i = 0; i < PRODUCERS - 1; i++)
        M_JOIN(producers[i]);
#if CONSUMERS > 1
    M_JOIN(other);
    n += M_GET(&n_other);
#endif
    for (; n < PRODUCERS; n++) {
        M_ASSERT(strait_ring_pop_strong(&ring, &value) == STRAIT_RING_DONE);
        take(value);
    }
    M_ASSERT(strait_ring_pop_strong(&ring, &value) == STRAIT_RING_EMPTY);
}
