/* SPDX-License-Identifier: MIT */
/*
 * @obligation who is told that the queue has ended has taken everything that
 *   was committed before the close, with what was written before; nothing is
 *   accepted after it
 * @core spsc
 * @case pop -DPER=2 genmc unroll=4
 * @case peek -DPER=2 -DPEEK genmc unroll=4
 * @case none -DPER=0 genmc unroll=4
 */
#include "model.h"

#include <strait/spsc.h>

#include "queue/spsc.c"

M_STATE strait_spsc_t q;
M_STATE void *slots[2];
M_STATE int items[2];

M_THREAD(producer)
{
    size_t at = 0;
    int i;

    for (i = 0; i < PER; i++) {
#ifdef PEEK
        M_ASSERT(strait_spsc_reserve(&q, 1, &at) == 1 && at == (size_t)i);
        M_SET(&items[at], i + 1);
        strait_spsc_commit(&q, 1);
#else
        M_SET(&items[i], i + 1);
        M_ASSERT(strait_spsc_push(&q, &items[i]) == STRAIT_SPSC_DONE);
#endif
    }
    M_ASSERT(strait_spsc_close(&q));
    M_ASSERT(!strait_spsc_close(&q));
    M_ASSERT(strait_spsc_push(&q, NULL) == STRAIT_SPSC_CLOSED);
    M_ASSERT(strait_spsc_reserve(&q, 1, &at) == 0);
    return NULL;
}

/* Takes one; true at the end. */
static bool
take(int *n)
{
#ifdef PEEK
    size_t at = 0;

    if (strait_spsc_peek(&q, 1, &at) == 0) {
        if (strait_spsc_is_ended(&q))
            return true;
        M_COVER("nothing yet");
        return false;
    }
    M_ASSERT(at == (size_t)*n);
    M_ASSERT(M_GET(&items[at]) == *n + 1);
    strait_spsc_release(&q, 1);
#else
    void *value = NULL;
    int answer = strait_spsc_pop(&q, &value);

    if (answer == STRAIT_SPSC_CLOSED)
        return true;
    if (answer == STRAIT_SPSC_EMPTY) {
        M_COVER("nothing yet");
        return false;
    }
    M_ASSERT(value == &items[*n]);
    M_ASSERT(M_GET(&items[*n]) == *n + 1);
#endif
    ++*n;
    return false;
}

M_MAIN
{
    m_thread a;
    int n = 0;

    M_NAME(&q, "q");
    M_NAME(&q.head_, "head");
    M_NAME(&q.tail_, "tail");
    M_NAME(&q.closed_, "closed");
    M_NAME(items, "items");
    M_ASSERT(strait_spsc_init(&q, slots, 2) == 0);
    M_SPAWN(&a, producer, NULL);
    while (!take(&n))
        M_PAUSE();
    M_ASSERT(n == PER);
    M_ASSERT(strait_spsc_is_ended(&q));
    M_JOIN(a);
}
