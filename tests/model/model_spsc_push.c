/* SPDX-License-Identifier: MIT */
/*
 * @obligation each pointer comes out once and in order, with what was written
 *   before the push; a place is used again only when its reader has done with
 *   it (capacity 2)
 * @core spsc
 * @case 3 -DPER=3 genmc unroll=5
 * @case 6 -DPER=6
 * @case wrap -DPER=3 -DSTRAIT_SPSC_START=0xfffffffffffffffe genmc unroll=5
 */
#include "model.h"

#include <strait/spsc.h>

#include "queue/spsc.c"

M_STATE strait_spsc_t q;
M_STATE void *slots[2];
M_STATE int items[PER];

M_THREAD(producer)
{
    int i;

    for (i = 0; i < PER; i++) {
        M_SET(&items[i], i + 1);
        M_AWAIT(strait_spsc_push(&q, &items[i]) == STRAIT_SPSC_DONE);
    }
    return NULL;
}

M_MAIN
{
    m_thread a;
    void *value = NULL;
    int i;

    M_NAME(&q, "q");
    M_NAME(&q.head_, "head");
    M_NAME(&q.tail_, "tail");
    M_NAME(&slots[0], "slot0");
    M_NAME(&slots[1], "slot1");
    M_NAME(items, "items");
    M_ASSERT(strait_spsc_init(&q, slots, 2) == 0);
    M_SPAWN(&a, producer, NULL);
    for (i = 0; i < PER; i++) {
        M_AWAIT(strait_spsc_pop(&q, &value) == STRAIT_SPSC_DONE);
        M_ASSERT(value == &items[i]);
        M_ASSERT(M_GET(&items[i]) == i + 1);
    }
    M_JOIN(a);
    M_ASSERT(strait_spsc_pop(&q, &value) == STRAIT_SPSC_EMPTY);
    M_ASSERT(strait_spsc_length(&q) == 0);
}
