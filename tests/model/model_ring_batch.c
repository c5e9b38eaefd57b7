/* SPDX-License-Identifier: MIT */
/*
 * @obligation what is pushed and popped in batches comes out once, with what
 *   its producer wrote before, in order per producer; a batch lies side by side
 *   however others push; a batch that has less room than values, or less values
 *   than asked for, is cut short; slots are used again only when their reader
 *   has done with them (capacity 2)
 * @core ring
 * @case 3-1 -DPER=3 -DBATCHED=1 -DSINGLE=0 -DCONSUMERS=1 genmc unroll=5
 * @case 2+1 -DPER=2 -DBATCHED=1 -DSINGLE=1 -DCONSUMERS=1 genmc unroll=5
 * @case 2+1-alone -DPER=2 -DBATCHED=1 -DSINGLE=1 -DCONSUMERS=1 -DALONE genmc unroll=5
 * @case 3+1-alone -DPER=3 -DBATCHED=1 -DSINGLE=1 -DCONSUMERS=1 -DALONE
 * @case 3+1 -DPER=3 -DBATCHED=1 -DSINGLE=1 -DCONSUMERS=1
 * @case 3+3 -DPER=3 -DBATCHED=2 -DSINGLE=0 -DCONSUMERS=1
 * @case 3+3-2 -DPER=3 -DBATCHED=2 -DSINGLE=0 -DCONSUMERS=2
 * @case 2+2+1-3 -DPER=2 -DBATCHED=2 -DSINGLE=1 -DCONSUMERS=3
 */
#include "model.h"

#include <strait/ring.h>

#include "queue/ring.c"

#define PRODUCERS (BATCHED + SINGLE)
#define TOTAL (BATCHED * PER + SINGLE)

struct item {
    int payload;
    int taken;
    int with_last; /* pushed in one call with the one before */
};

M_STATE strait_ring_t ring;
M_STATE strait_ring_slot_t slots[2];
/* Of a single producer only the first. */
M_STATE struct item items[PRODUCERS][PER];
M_STATE int last[CONSUMERS][PRODUCERS];
#if CONSUMERS > 1
M_STATE STRAIT_ATOMIC(uint32_t) n_left;
#else
M_STATE struct item *sequence[TOTAL];
#endif

M_THREAD(batched)
{
    struct item *mine = arg;
    void *values[PER];
    int n = 0;
    int i;

    for (i = 0; i < PER; i++) {
        M_SET(&mine[i].payload, i + 1);
        values[i] = &mine[i];
    }
    while (n < PER) {
        size_t wanted = n + 2 <= PER ? 2 : 1;
        size_t got = 0;
        int answer = strait_ring_push_n(&ring, values + n, wanted, &got);

        if (answer == STRAIT_RING_FULL) {
            M_PAUSE();
            continue;
        }
        M_ASSERT(answer == STRAIT_RING_DONE);
        M_ASSERT(got >= 1 && got <= wanted);
        if (got == 2)
            mine[n + 1].with_last = 1;
#if SINGLE || BATCHED > 1
        if (got < wanted)
            M_COVER("less room than values");
#endif
        n += (int)got;
    }
    return NULL;
}

#if SINGLE
M_THREAD(single)
{
    struct item *mine = arg;

    M_SET(&mine->payload, 1);
    M_AWAIT(strait_ring_push(&ring, mine) == STRAIT_RING_DONE);
    return NULL;
}
#endif

static void
check(void *value, int *mine)
{
    struct item *item = value;
    int from = 0;

    while (from + 1 < PRODUCERS && item >= items[from + 1])
        from++;
    /* Plain, so that two consumers of one item race. */
    M_ASSERT(M_GET(&item->taken) == 0);
    M_SET(&item->taken, 1);
    M_ASSERT(M_GET(&item->payload) > mine[from]);
    mine[from] = M_GET(&item->payload);
}

#ifdef ALONE
#define POP_N strait_ring_pop_n_alone
#else
#define POP_N strait_ring_pop_n
#endif

#if CONSUMERS == 1

static void
consume(int *mine)
{
    void *values[2];
    int n = 0;

    values[0] = NULL;
    values[1] = NULL;
    while (n < TOTAL) {
        size_t got = 0;
        size_t i;

        if (POP_N(&ring, values, 2, &got) != STRAIT_RING_DONE) {
            M_PAUSE();
            continue;
        }
        M_ASSERT(got == 1 || got == 2);
        if (got == 2)
            M_COVER("two at once");
        else
            M_COVER("one of two");
        for (i = 0; i < got; i++) {
            check(values[i], mine);
            sequence[n++] = values[i];
        }
    }
}

#else

/* Until all is taken, by whomever. */
static void
consume(int *mine)
{
    void *values[2];

    values[0] = NULL;
    values[1] = NULL;
    while (strait_load_rlx(&n_left) != 0) {
        size_t got = 0;
        size_t i;

        if (POP_N(&ring, values, 2, &got) != STRAIT_RING_DONE) {
            M_PAUSE();
            continue;
        }
        if (got == 2)
            M_COVER("two at once");
        else
            M_COVER("one of two");
        for (i = 0; i < got; i++)
            check(values[i], mine);
        (void)strait_add_rlx(&n_left, 0 - (uint32_t)got);
    }
}

M_THREAD(consumer)
{
    consume(arg);
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
    size_t got = 0;
    int i;

    M_NAME(&ring, "ring");
    M_NAME(&ring.consumer_, "consumer");
    M_NAME(slots, "slots");
    M_NAME(items, "items");
    M_ASSERT(strait_ring_init(&ring, slots, 2) == 0);
    M_ASSERT(strait_ring_push_n(&ring, &value, 0, &got) == STRAIT_RING_DONE);
    M_ASSERT(got == 0);
#if CONSUMERS > 1
    strait_store_rlx(&n_left, TOTAL);
#endif
    for (i = 0; i < BATCHED; i++)
        M_SPAWN(&producers[i], batched, items[i]);
#if SINGLE
    M_SPAWN(&producers[BATCHED], single, items[BATCHED]);
#endif
#if CONSUMERS > 1
    for (i = 1; i < CONSUMERS; i++)
        M_SPAWN(&consumers[i - 1], consumer, last[i]);
#endif
    consume(last[0]);
    for (i = 0; i < PRODUCERS; i++)
        M_JOIN(producers[i]);
#if CONSUMERS > 1
    for (i = 1; i < CONSUMERS; i++)
        M_JOIN(consumers[i - 1]);
#endif
    M_ASSERT(strait_ring_is_empty(&ring));
    M_ASSERT(POP_N(&ring, &value, 1, &got) == STRAIT_RING_EMPTY);
    for (i = 0; i < TOTAL; i++)
        M_ASSERT(M_GET(&items[i / PER][i % PER].taken) == 1);
#if CONSUMERS == 1
    /* What one call pushed has nothing in between. */
    for (i = 0; i < TOTAL; i++)
        M_ASSERT(!sequence[i]->with_last || sequence[i - 1] == sequence[i] - 1);
#endif
}
