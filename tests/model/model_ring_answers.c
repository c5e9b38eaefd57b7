/* SPDX-License-Identifier: MIT */
/*
 * @obligation FULL only if all places were taken during the push; EMPTY never
 *   when a push is known to have returned and its value is not taken: behind an
 *   unfinished claim the answer is PENDING, and arming is refused; a ring that
 *   never is empty is never said to be
 * @core ring
 * @case full -DFULL genmc unroll=4
 * @case pending -DPENDING genmc unroll=4
 * @case never-empty -DNEVER_EMPTY genmc unroll=4
 */
#include "model.h"

#include <strait/ring.h>

#include "queue/ring.c"

M_STATE strait_ring_t ring;
M_STATE strait_ring_slot_t slots[2];
M_STATE int items[4];

#ifdef FULL

M_STATE STRAIT_ATOMIC(uint32_t) popped;

M_THREAD(consumer)
{
    void *value = NULL;

    M_ASSERT(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
    M_ASSERT(value == &items[0]);
    strait_store_release(&popped, 1);
    return NULL;
}

M_MAIN
{
    m_thread a;
    void *value = NULL;
    bool place;
    int answer;

    M_NAME(&ring, "ring");
    M_NAME(slots, "slots");
    M_ASSERT(strait_ring_init(&ring, slots, 2) == 0);
    M_ASSERT(strait_ring_pop(&ring, &value) == STRAIT_RING_EMPTY);
    M_ASSERT(strait_ring_push(&ring, &items[0]) == STRAIT_RING_DONE);
    M_ASSERT(strait_ring_push(&ring, &items[1]) == STRAIT_RING_DONE);
    M_ASSERT(strait_ring_push(&ring, &items[2]) == STRAIT_RING_FULL);
    M_SPAWN(&a, consumer, NULL);
    place = strait_load_acquire(&popped) == 1;
    answer = strait_ring_push(&ring, &items[2]);
    M_ASSERT(!place || answer == STRAIT_RING_DONE);
    if (answer == STRAIT_RING_DONE) {
        M_COVER("place was made in time");
    } else {
        M_COVER("full while a pop is in flight");
        M_ASSERT(answer == STRAIT_RING_FULL);
    }
    M_JOIN(a);
    if (answer == STRAIT_RING_FULL)
        M_ASSERT(strait_ring_push(&ring, &items[2]) == STRAIT_RING_DONE);
    M_ASSERT(strait_ring_push(&ring, &items[3]) == STRAIT_RING_FULL);
    M_ASSERT(strait_ring_length(&ring) == 2);
    M_ASSERT(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
    M_ASSERT(value == &items[1]);
    M_ASSERT(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
    M_ASSERT(value == &items[2]);
    M_ASSERT(strait_ring_pop(&ring, &value) == STRAIT_RING_EMPTY);
}

#elif defined(NEVER_EMPTY)

/* Puts one in before it takes one out. */
M_THREAD(turner)
{
    void *value = NULL;

    M_ASSERT(strait_ring_push(&ring, &items[1]) == STRAIT_RING_DONE);
    M_ASSERT(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
    M_ASSERT(value == &items[0]);
    return NULL;
}

M_MAIN
{
    m_thread a;
    size_t length;

    M_NAME(&ring, "ring");
    M_NAME(slots, "slots");
    M_ASSERT(strait_ring_init(&ring, slots, 2) == 0);
    M_ASSERT(strait_ring_push(&ring, &items[0]) == STRAIT_RING_DONE);
    M_SPAWN(&a, turner, NULL);
    length = strait_ring_length(&ring);
    M_ASSERT(length == 1 || length == 2);
    M_ASSERT(!strait_ring_is_empty(&ring));
    M_JOIN(a);
    M_ASSERT(strait_ring_length(&ring) == 1);
}

#else

M_THREAD(first_producer)
{
    M_ASSERT(strait_ring_push(&ring, &items[0]) == STRAIT_RING_DONE);
    return NULL;
}

M_THREAD(second_producer)
{
    M_ASSERT(strait_ring_push(&ring, &items[1]) == STRAIT_RING_DONE);
    return NULL;
}

M_MAIN
{
    m_thread a, b;
    void *value = NULL;
    int answer;

    M_NAME(&ring, "ring");
    M_NAME(slots, "slots");
    M_ASSERT(strait_ring_init(&ring, slots, 2) == 0);
    M_SPAWN(&a, first_producer, NULL);
    M_SPAWN(&b, second_producer, NULL);
    M_JOIN(b);
    answer = strait_ring_pop(&ring, &value);
    if (answer == STRAIT_RING_PENDING) {
        M_COVER("hidden behind an unfinished claim");
        M_ASSERT(!strait_ring_is_empty(&ring));
        M_ASSERT(!strait_ring_arm(&ring));
        M_JOIN(a);
        M_ASSERT(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
    } else {
        M_ASSERT(answer == STRAIT_RING_DONE);
        M_JOIN(a);
    }
    M_ASSERT(value == &items[0] || value == &items[1]);
    M_ASSERT(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
    M_ASSERT(strait_ring_pop(&ring, &value) == STRAIT_RING_EMPTY);
    M_ASSERT(strait_ring_arm(&ring));
}

#endif
