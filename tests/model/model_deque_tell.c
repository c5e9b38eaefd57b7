/* SPDX-License-Identifier: MIT */
/*
 * @obligation whoever tells a deque, and then looks at it, finds a task there, or
 *   the owner that shares one finds itself told and sees what all who have told
 *   had announced; and one that asks does not make it forget
 * @core deque
 * @case 1t -DTELLERS=1 genmc
 * @case 2t -DTELLERS=2 genmc
 * @case 3t -DTELLERS=3
 * @case 1t-1a -DTELLERS=1 -DASKERS=1 genmc
 * @case 1t-2a -DTELLERS=1 -DASKERS=2 genmc
 * @case 2t-1a -DTELLERS=2 -DASKERS=1 genmc
 */
#ifndef ASKERS
#define ASKERS 0
#endif
#define TASKS 1
#define NONE_PRIVATE
#define NONE_STOLEN
#include "deque_common.h"

/* Relaxed: what is told goes with the tell alone. */
M_STATE STRAIT_ATOMIC(uint32_t) announced[TELLERS];
M_STATE int found[TELLERS];

M_THREAD(teller)
{
    STRAIT_ATOMIC(uint32_t) *mine = arg;

    strait_store_rlx(mine, 1);
    sti_deque_tell(&deque);
    if (sti_deque_offers(&deque)) {
        M_COVER("found after it was told");
        M_SET(&found[mine - announced], 1);
    }
    return NULL;
}

__attribute__((unused)) M_THREAD(asker)
{
    sti_deque_ask(&deque);
    return NULL;
}

M_MAIN
{
    m_thread tellers[TELLERS];
    m_thread askers[ASKERS + 1];
    bool seen[TELLERS];
    bool told;
    int i;

    deque_start();
    for (i = 0; i < TELLERS; i++)
        M_SPAWN(&tellers[i], teller, &announced[i]);
    for (i = 0; i < ASKERS; i++)
        M_SPAWN(&askers[i], asker, NULL);
    spawn();
    /* As the owner does it that finds itself asked. */
    (void)sti_deque_expose(&deque, at);
    told = sti_deque_answer(&deque) == STI_HUNGRY_TOLD;
    for (i = 0; i < TELLERS; i++)
        seen[i] = told && strait_load_rlx(&announced[i]) == 1;
    if (told)
        M_COVER("told");
    for (i = 0; i < TELLERS; i++)
        M_JOIN(tellers[i]);
    for (i = 0; i < ASKERS; i++)
        M_JOIN(askers[i]);
    for (i = 0; i < TELLERS; i++)
        M_ASSERT(seen[i] || M_GET(&found[i]) == 1);
    /* Whoever was not seen is by the next look. */
    if (!told)
        M_ASSERT(sti_deque_answer(&deque) == STI_HUNGRY_TOLD);
    join();
    deque_end();
}
