/* SPDX-License-Identifier: MIT */
/*
 * @obligation each task runs once, by its join or by one thief, which sees what
 *   the owner wrote for it; the join sees the result; nobody looks at a frame
 *   that is neither his nor stolen by him, though the borders return to earlier
 *   values with other tasks behind them, and though they lag behind the owner
 *   when all was stolen
 * @core deque
 * @case one-1t -DSCRIPT=ONE -DNONE_PRIVATE -DTASKS=1 -DTHIEVES=1 -DSTEALS=1 genmc
 * @case one-2t -DSCRIPT=ONE -DNONE_PRIVATE -DTASKS=1 -DTHIEVES=2 -DSTEALS=1 genmc
 * @case again-1t -DSCRIPT=AGAIN -DNONE_PRIVATE -DTASKS=2 -DTHIEVES=1 -DSTEALS=2 genmc
 * @case again-2t -DSCRIPT=AGAIN -DNONE_PRIVATE -DTASKS=2 -DTHIEVES=2 -DSTEALS=1 genmc
 * @case again-3t -DSCRIPT=AGAIN -DNONE_PRIVATE -DTASKS=2 -DTHIEVES=3 -DSTEALS=1 genmc
 * @case add-1t -DSCRIPT=ADD -DTASKS=3 -DTHIEVES=1 -DSTEALS=2 genmc
 * @case add-2t -DSCRIPT=ADD -DTASKS=3 -DTHIEVES=2 -DSTEALS=1 genmc
 * @case back-1t -DSCRIPT=BACK -DTASKS=4 -DTHIEVES=1 -DSTEALS=2 genmc
 * @case back-2t -DSCRIPT=BACK -DTASKS=4 -DTHIEVES=2 -DSTEALS=1 genmc
 * @case half-2t -DSCRIPT=HALF -DTASKS=4 -DTHIEVES=2 -DSTEALS=2 genmc
 * @case long-2t -DSCRIPT=LONG -DTASKS=7 -DTHIEVES=2 -DSTEALS=3
 * @case long-3t -DSCRIPT=LONG -DTASKS=7 -DTHIEVES=3 -DSTEALS=2
 */
#include "deque_common.h"

#define S spawn();
#define J join();
#define E (void)sti_deque_expose(&deque, at);

/* Shared, taken back or stolen. */
#define ONE S E J
/* The same borders twice, for two tasks. */
#define AGAIN S E J S E J
/* Something is still shared when more is. */
#define ADD S S S E E J J J
/* The younger part is taken back, then others take its place. */
#define BACK S S E E J S E J S J J
/* Half of them at once, and half of these back. */
#define HALF S S S S E J J J J
#define LONG S S S S E J E J S E S E J J J S E J J

/* Under the explorer most looks come too early. */
#ifdef M_GENMC
#define LOOKS STEALS
#else
#define LOOKS (4 * STEALS)
#endif

M_THREAD(thief)
{
    int i;

    for (i = 0; i < LOOKS; i++) {
        strait_frame_t *task = sti_deque_steal(&deque);

        if (task != NULL)
            run_stolen(task);
    }
    return NULL;
}

M_MAIN
{
    m_thread thieves[THIEVES];
    int i;

    deque_start();
    for (i = 0; i < THIEVES; i++)
        M_SPAWN(&thieves[i], thief, NULL);
    SCRIPT;
    for (i = 0; i < THIEVES; i++)
        M_JOIN(thieves[i]);
    deque_end();
}
