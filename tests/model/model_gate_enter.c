/* SPDX-License-Identifier: MIT */
/*
 * @obligation never are more than max inside; what one has written inside is
 *   seen by whoever goes in after it has left; whoever asks to hear of the next
 *   one who leaves, and is told that the gate is full, is found by that one
 * @core gate
 * @case serial-2 -DMAX=1 -DTHREADS=2 genmc unroll=6
 * @case serial-3 -DMAX=1 -DTHREADS=3 genmc unroll=6
 * @case serial-2x2 -DMAX=1 -DTHREADS=2 -DROUNDS=2 genmc unroll=6
 * @case max2-3 -DMAX=2 -DTHREADS=3 genmc unroll=6
 * @case want-1 -DMAX=1 -DTHREADS=1 -DWANT=1 genmc unroll=6
 * @case want-2 -DMAX=1 -DTHREADS=1 -DWANT=2 genmc unroll=6
 * @case want-max2 -DMAX=2 -DTHREADS=2 -DWANT=1 genmc unroll=6
 * @case tell-1 -DMAX=2 -DTHREADS=1 -DWANT=1 -DTELL genmc unroll=6
 */
#include "model.h"

#include "sched/gate.h"

#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef WANT
#define WANT 0
#endif

M_STATE sti_gate_t gate;

#if WANT == 0

M_STATE STRAIT_ATOMIC(uint32_t) n_inside;
#if MAX == 1
M_STATE int n_rounds; /* of those who were inside alone */
#endif

M_THREAD(user)
{
    int i;

    for (i = 0; i < ROUNDS; i++) {
        M_AWAIT(sti_gate_enter(&gate));
        M_ASSERT(strait_add_rlx(&n_inside, 1) < MAX);
#if MAX == 1
        M_SET(&n_rounds, M_GET(&n_rounds) + 1);
#endif
        (void)strait_add_rlx(&n_inside, 0 - (uint32_t)1);
        M_ASSERT(!sti_gate_leave(&gate));
    }
    return NULL;
}

#else

M_STATE STRAIT_ATOMIC(uint32_t) announced[WANT];
M_STATE STRAIT_ATOMIC(uint32_t) found[WANT];
M_STATE bool asked[WANT];

/* One who is inside from the beginning; then as a worker that owes a duty. */
M_THREAD(user)
{
    int i;

    if (!sti_gate_leave(&gate))
        return NULL;
    for (i = 0; i < WANT; i++) {
        if (strait_load_rlx(&announced[i]) != 0)
            strait_store_rlx(&found[i], 1);
    }
    return NULL;
}

M_THREAD(sleeper)
{
    int i = *(int *)arg;

    strait_store_rlx(&announced[i], 1);
#ifdef TELL
    asked[i] = sti_gate_tell(&gate);
#else
    asked[i] = sti_gate_want(&gate);
#endif
    return NULL;
}
#endif

M_MAIN
{
    m_thread threads[THREADS];
    int i;

    sti_gate_init(&gate, MAX);
    M_NAME(&gate, "gate");
#if WANT > 0
    {
        static int number[2] = { 0, 1 };
        m_thread sleepers[WANT];

        for (i = 0; i < THREADS; i++)
            M_ASSERT(sti_gate_enter(&gate));
        for (i = 0; i < THREADS; i++)
            M_SPAWN(&threads[i], user, NULL);
        for (i = 0; i < WANT; i++)
            M_SPAWN(&sleepers[i], sleeper, &number[i]);
        for (i = 0; i < THREADS; i++)
            M_JOIN(threads[i]);
        for (i = 0; i < WANT; i++)
            M_JOIN(sleepers[i]);
        for (i = 0; i < WANT; i++) {
            if (asked[i])
                M_COVER("asked in time");
            else
                M_COVER("too late");
            M_ASSERT(!asked[i] || strait_load_rlx(&found[i]) == 1);
        }
    }
    /* Nobody is inside whom somebody could want to leave. */
    M_ASSERT(strait_load_rlx(&gate.word_) == 0);
#else
    for (i = 1; i < THREADS; i++)
        M_SPAWN(&threads[i], user, NULL);
    (void)user(NULL);
    for (i = 1; i < THREADS; i++)
        M_JOIN(threads[i]);
#if MAX == 1
    M_ASSERT(M_GET(&n_rounds) == THREADS * ROUNDS);
#endif
    M_ASSERT(strait_load_rlx(&gate.word_) == 0);
    M_ASSERT(sti_gate_inside(&gate) == 0);
#endif
}
