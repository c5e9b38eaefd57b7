/* SPDX-License-Identifier: MIT */
/*
 * @obligation a batch that takes ARMED wakes one consumer, who wakes the next
 *   if it leaves something behind and cannot arm anew: no value waits beside a
 *   sleeping consumer, although each of them takes one value only and keeps at
 *   it until all have one
 * @core ring
 * @case batch-2 -DCONSUMERS=2 -DBATCH
 * @case batch-2+1 -DCONSUMERS=3 -DBATCH -DSINGLE
 * @case single-2 -DCONSUMERS=2
 */
#include "model.h"

#include <strait/ring.h>

#include "queue/ring.c"

M_STATE strait_ring_t ring;
M_STATE strait_ring_slot_t slots[2];
M_STATE int items[CONSUMERS];
M_STATE m_bell bells[CONSUMERS];
M_STATE int numbers[CONSUMERS];
M_STATE STRAIT_ATOMIC(uint32_t) idle;
M_STATE STRAIT_ATOMIC(uint32_t) n_started;

/* Takes one consumer out of the idle set, if there is one, and wakes it. */
static bool
wake_one(void)
{
    for (;;) {
        uint32_t set = strait_load_rlx(&idle);
        int i = 0;

        if (set == 0)
            return false;
        while ((set >> i & 1) == 0)
            i++;
        if (strait_cas_weak_acq_rel(&idle, &set, set & ~((uint32_t)1 << i))) {
            M_RING(&bells[i]);
            return true;
        }
    }
}

#ifdef BATCH
M_THREAD(batched)
{
    void *values[2] = { &items[0], &items[1] };
    size_t n = 0;
    int i;

    for (i = 0; i < 2; i += (int)n) {
        int answer = strait_ring_push_n(&ring, values + i, (size_t)(2 - i), &n);

        if (answer == STRAIT_RING_FULL) {
            n = 0;
            M_PAUSE();
        } else if (answer == STRAIT_RING_WAKE) {
            if (n == 2)
                M_COVER("a batch took the arming");
            (void)wake_one();
        }
    }
    return NULL;
}
#endif

#if !defined(BATCH) || defined(SINGLE)
M_THREAD(single)
{
    int answer = STRAIT_RING_FULL;

    M_AWAIT((answer = strait_ring_push(&ring, arg)) != STRAIT_RING_FULL);
    if (answer == STRAIT_RING_WAKE)
        (void)wake_one();
    return NULL;
}
#endif

M_THREAD(consumer)
{
    uint32_t me = (uint32_t)1 << (int)((int *)arg - numbers);
    m_bell *bell = &bells[(int *)arg - numbers];
    bool was_idle = false;
    void *value = NULL;

    for (;;) {
        int got = strait_ring_pop(&ring, &value);

        if (got == STRAIT_RING_DONE)
            break;
        if (got == STRAIT_RING_EMPTY) {
            /* Findable first, then armed. */
            (void)strait_or_acq_rel(&idle, me);
            was_idle = true;
            if (strait_ring_arm(&ring)) {
                (void)M_WAIT(bell);
                M_COVER("slept");
            } else if ((strait_and_acq_rel(&idle, ~me) & me) == 0) {
                M_COVER("found while not asleep");
                (void)M_WAIT(bell);
            }
        }
        M_PAUSE();
    }
    /* What was left behind has taken nobody's wake-up yet. */
    if (was_idle && strait_load_rlx(&idle) != 0 && !strait_ring_arm(&ring)) {
        if (wake_one())
            M_COVER("passed on");
    }
    (void)strait_add_rlx(&n_started, 1);
    M_AWAIT(strait_load_rlx(&n_started) == CONSUMERS);
    return NULL;
}

M_MAIN
{
    m_thread consumers[CONSUMERS];
    m_thread producers[2];
    int n = 0;
    int i;

    M_NAME(&ring, "ring");
    M_NAME(&ring.consumer_, "consumer");
    M_NAME(slots, "slots");
    M_NAME(bells, "bells");
    M_NAME(&idle, "idle");
    M_NAME(&n_started, "n_started");
    M_ASSERT(strait_ring_init(&ring, slots, 2) == 0);
    for (i = 0; i < CONSUMERS; i++)
        M_SPAWN(&consumers[i], consumer, &numbers[i]);
#ifdef BATCH
    M_SPAWN(&producers[n++], batched, NULL);
#endif
#if !defined(BATCH)
    M_SPAWN(&producers[n++], single, &items[0]);
    M_SPAWN(&producers[n++], single, &items[1]);
#elif defined(SINGLE)
    M_SPAWN(&producers[n++], single, &items[2]);
#endif
    for (i = 0; i < n; i++)
        M_JOIN(producers[i]);
    for (i = 0; i < CONSUMERS; i++)
        M_JOIN(consumers[i]);
    M_ASSERT(strait_ring_is_empty(&ring));
}
