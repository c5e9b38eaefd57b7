/* SPDX-License-Identifier: MIT */
/*
 * @obligation places that were reserved are the producer's until committed,
 *   then the consumer's until released; batches of two, some of them in part,
 *   arrive whole and in order; no batch runs over the end of the array
 * @core spsc
 * @case 2of2 -DCAPACITY=2 -DTOTAL=4 genmc unroll=5
 * @case 2of2-odd -DCAPACITY=2 -DTOTAL=5 -DODD
 * @case 2of4-odd -DCAPACITY=4 -DTOTAL=7 -DODD
 */
#include "model.h"

#include <strait/spsc.h>

#include "queue/spsc.c"

M_STATE strait_spsc_t q;
M_STATE int places[CAPACITY];

M_THREAD(producer)
{
    int n = 0;

    while (n < TOTAL) {
        size_t at = 0;
        size_t got = 0;
        size_t again = 0;
        size_t i;

        M_AWAIT((got = strait_spsc_reserve(&q, 2, &at)) != 0);
        M_ASSERT(at + got <= CAPACITY);
#ifdef ODD
        /* The first batch is one place: the others lie across the end. */
        if (n == 0) {
            M_SET(&places[at], 1);
            strait_spsc_commit(&q, 1);
            n++;
            continue;
        }
        if (got == 1)
            M_COVER("fewer places than wanted");
#endif
        if (got > (size_t)(TOTAL - n))
            got = (size_t)(TOTAL - n);
        for (i = 0; i < got; i++)
            M_SET(&places[at + i], n + (int)i + 1);
        /* Nothing is lost by asking again: the same places. */
        M_ASSERT(strait_spsc_reserve(&q, got, &again) == got && again == at);
        strait_spsc_commit(&q, got);
        n += (int)got;
    }
    return NULL;
}

M_MAIN
{
    m_thread a;
    int n = 0;

    M_NAME(&q, "q");
    M_NAME(&q.head_, "head");
    M_NAME(&q.tail_, "tail");
    M_NAME(places, "places");
    M_ASSERT(strait_spsc_init(&q, NULL, CAPACITY) == 0);
    M_SPAWN(&a, producer, NULL);
    while (n < TOTAL) {
        size_t at = 0;
        size_t got = 0;
        size_t i;

        M_AWAIT((got = strait_spsc_peek(&q, 2, &at)) != 0);
        M_ASSERT(at + got <= CAPACITY);
        if (got == 2)
            M_COVER("two at once");
        for (i = 0; i < got; i++)
            M_ASSERT(M_GET(&places[at + i]) == n + (int)i + 1);
        strait_spsc_release(&q, got);
        n += (int)got;
    }
    M_JOIN(a);
    M_ASSERT(strait_spsc_length(&q) == 0);
}
