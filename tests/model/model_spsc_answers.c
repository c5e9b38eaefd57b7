/* SPDX-License-Identifier: MIT */
/*
 * @obligation FULL and EMPTY are true at one moment of the call: no FULL when a
 *   pop that made room, and no EMPTY when a push that filled, is known to have
 *   returned (capacity 2)
 * @core spsc
 * @case full -DFULL genmc
 * @case empty -DEMPTY genmc unroll=4
 */
#include "model.h"

#include <strait/spsc.h>

#include "queue/spsc.c"

M_STATE strait_spsc_t q;
M_STATE void *slots[2];
M_STATE int items[4];
M_STATE STRAIT_ATOMIC(uint32_t) done;

#ifdef FULL

M_THREAD(consumer)
{
    void *value = NULL;

    M_ASSERT(strait_spsc_pop(&q, &value) == STRAIT_SPSC_DONE);
    M_ASSERT(value == &items[0]);
    strait_store_release(&done, 1);
    return NULL;
}

M_MAIN
{
    m_thread a;
    void *value = NULL;
    bool room;
    int answer;

    M_NAME(&q, "q");
    M_NAME(&q.head_, "head");
    M_NAME(&q.tail_, "tail");
    M_ASSERT(strait_spsc_init(&q, slots, 2) == 0);
    M_ASSERT(strait_spsc_push(&q, &items[0]) == STRAIT_SPSC_DONE);
    M_ASSERT(strait_spsc_push(&q, &items[1]) == STRAIT_SPSC_DONE);
    M_ASSERT(strait_spsc_push(&q, &items[2]) == STRAIT_SPSC_FULL);
    M_SPAWN(&a, consumer, NULL);
    room = strait_load_acquire(&done) == 1;
    answer = strait_spsc_push(&q, &items[2]);
    M_ASSERT(!room || answer == STRAIT_SPSC_DONE);
    if (answer == STRAIT_SPSC_DONE) {
        M_COVER("room was made in time");
    } else {
        M_COVER("full while a pop is in flight");
        M_ASSERT(answer == STRAIT_SPSC_FULL);
    }
    M_JOIN(a);
    if (answer == STRAIT_SPSC_FULL)
        M_ASSERT(strait_spsc_push(&q, &items[2]) == STRAIT_SPSC_DONE);
    M_ASSERT(strait_spsc_push(&q, &items[3]) == STRAIT_SPSC_FULL);
    M_ASSERT(strait_spsc_length(&q) == 2);
    M_ASSERT(strait_spsc_pop(&q, &value) == STRAIT_SPSC_DONE);
    M_ASSERT(value == &items[1]);
    M_ASSERT(strait_spsc_pop(&q, &value) == STRAIT_SPSC_DONE);
    M_ASSERT(value == &items[2]);
    M_ASSERT(strait_spsc_pop(&q, &value) == STRAIT_SPSC_EMPTY);
}

#else

M_THREAD(producer)
{
    M_SET(&items[0], 1);
    M_ASSERT(strait_spsc_push(&q, &items[0]) == STRAIT_SPSC_DONE);
    M_SET(&items[1], 2);
    M_ASSERT(strait_spsc_push(&q, &items[1]) == STRAIT_SPSC_DONE);
    strait_store_release(&done, 1);
    return NULL;
}

M_MAIN
{
    m_thread a;
    void *value = NULL;
    bool filled;
    int answer;

    M_NAME(&q, "q");
    M_NAME(&q.head_, "head");
    M_NAME(&q.tail_, "tail");
    M_ASSERT(strait_spsc_init(&q, slots, 2) == 0);
    M_ASSERT(strait_spsc_pop(&q, &value) == STRAIT_SPSC_EMPTY);
    M_SPAWN(&a, producer, NULL);
    M_AWAIT(strait_spsc_pop(&q, &value) == STRAIT_SPSC_DONE);
    M_ASSERT(value == &items[0] && M_GET(&items[0]) == 1);
    filled = strait_load_acquire(&done) == 1;
    answer = strait_spsc_pop(&q, &value);
    M_ASSERT(!filled || answer == STRAIT_SPSC_DONE);
    if (answer == STRAIT_SPSC_DONE) {
        M_COVER("filled in time");
    } else {
        M_COVER("empty while a push is in flight");
        M_ASSERT(answer == STRAIT_SPSC_EMPTY);
    }
    M_JOIN(a);
    if (answer == STRAIT_SPSC_EMPTY)
        M_ASSERT(strait_spsc_pop(&q, &value) == STRAIT_SPSC_DONE);
    M_ASSERT(value == &items[1] && M_GET(&items[1]) == 2);
    M_ASSERT(strait_spsc_pop(&q, &value) == STRAIT_SPSC_EMPTY);
}

#endif
