/* SPDX-License-Identifier: MIT */
/*
 * @obligation FULL only if all places were taken during the push; EMPTY never
 *   when a push is known to have returned and its value is not taken: behind an
 *   unfinished claim the answer is PENDING, and arming is refused; a ring that
 *   never is full, or never empty, is never said to be
 * @core ring
 * @case full -DFULL genmc unroll=4
 * @case pending -DPENDING genmc unroll=4
 * @case never-full -DNEVER_FULL genmc unroll=4
 * @case never-full-n -DNEVER_FULL -DBATCH genmc unroll=4
 * @case never-empty -DNEVER_EMPTY genmc unroll=4
 * @case never-empty-pop -DNEVER_EMPTY -DPOP genmc unroll=4
 * @case never-empty-pop-n -DNEVER_EMPTY -DPOP -DBATCH genmc unroll=4
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

#elif defined(NEVER_FULL)

static int
push(int i)
{
#ifdef BATCH
    void *values[1] = { &items[i] };
    size_t n = 0;
    int answer = strait_ring_push_n(&ring, values, 1, &n);

    M_ASSERT(answer != STRAIT_RING_DONE || n == 1);
    return answer;
#else
    return strait_ring_push(&ring, &items[i]);
#endif
}

/* Takes one out before it puts another in. */
M_THREAD(turner)
{
    void *value = NULL;

    M_ASSERT(push(0) == STRAIT_RING_DONE);
    if (strait_ring_pop(&ring, &value) == STRAIT_RING_DONE)
        M_ASSERT(push(1) == STRAIT_RING_DONE);
    return NULL;
}

M_MAIN
{
    m_thread a;

    M_NAME(&ring, "ring");
    M_NAME(slots, "slots");
    M_ASSERT(strait_ring_init(&ring, slots, 2) == 0);
    M_SPAWN(&a, turner, NULL);
    M_ASSERT(push(2) == STRAIT_RING_DONE);
    M_JOIN(a);
}

#elif defined(NEVER_EMPTY)

/* Puts one in before it takes one out. */
M_THREAD(turner)
{
    void *value = NULL;

    M_ASSERT(strait_ring_push(&ring, &items[1]) == STRAIT_RING_DONE);
    M_ASSERT(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
#ifndef POP
    M_ASSERT(value == &items[0]);
#endif
    return NULL;
}

M_MAIN
{
    m_thread a;
#ifdef POP
    void *value = NULL;
#else
    size_t length;
#endif

    M_NAME(&ring, "ring");
    M_NAME(slots, "slots");
    M_ASSERT(strait_ring_init(&ring, slots, 2) == 0);
    M_ASSERT(strait_ring_push(&ring, &items[0]) == STRAIT_RING_DONE);
    M_SPAWN(&a, turner, NULL);
#if !defined(POP)
    length = strait_ring_length(&ring);
    M_ASSERT(length == 1 || length == 2);
    M_ASSERT(!strait_ring_is_empty(&ring));
    M_JOIN(a);
    M_ASSERT(strait_ring_length(&ring) == 1);
#elif defined(BATCH)
    {
        void *values[2] = { NULL, NULL };
        size_t n = 0;

        M_ASSERT(strait_ring_pop_n(&ring, values, 1, &n) != STRAIT_RING_EMPTY);
        value = values[0];
    }
    M_ASSERT(value == NULL || value == &items[0] || value == &items[1]);
    M_JOIN(a);
#else
    M_ASSERT(strait_ring_pop_strong(&ring, &value) == STRAIT_RING_DONE);
    M_ASSERT(value == &items[0] || value == &items[1]);
    M_JOIN(a);
#endif
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
