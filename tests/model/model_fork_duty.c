/* SPDX-License-Identifier: MIT */
/*
 * @obligation who is woken for a task before it has gone to sleep, and has an
 *   item by then, knows for whom it must do its duty: a worker that sleeps
 *   meanwhile, and has not seen the deque, leaves that deque told
 * @core fork
 * @case once genmc
 */
/* The parking is the real one; of the deque there is what the three say to one
 * another, as fork.c does it, whose own operations are for the other models. The
 * owner has just made the deque. */
#include "model.h"

#include "sched/parking.h"

#define SLEEPER 1
#define WOKEN 0
#define TOLD 2

M_STATE sti_idle_t idle[1];
M_STATE sti_seat_t seats[2];
M_STATE sti_parking_t parking;
M_STATE STRAIT_ATOMIC(uint32_t) entry;  /* the deque can be found */
M_STATE STRAIT_ATOMIC(uint32_t) forks;  /* there is any */
M_STATE STRAIT_ATOMIC(uint32_t) hungry; /* of the deque */
M_STATE int was_woken;

static void
tell(void)
{
    (void)strait_xchg_acq_rel(&hungry, TOLD);
}

/* As sti_fork_tell_all. */
static void
tell_all(void)
{
    if (strait_load_rlx(&forks) != 0 && strait_load_acquire(&entry) != 0)
        tell();
}

/* Parks. */
M_THREAD(sleeper)
{
    (void)arg;
    sti_parking_announce(&parking, SLEEPER);
    tell_all();
    return NULL;
}

/* Is about to park when an item comes, which it runs for ever. */
M_THREAD(woken)
{
    (void)arg;
    sti_parking_announce(&parking, WOKEN);
    if (!sti_parking_withdraw(&parking, WOKEN)) {
        M_COVER("woken before it slept");
        M_SET(&was_woken, 1);
    }
    if (strait_load_rlx(&forks) != 0 && sti_parking_any(&parking))
        tell_all();
    return NULL;
}

M_MAIN
{
    m_thread threads[2];
    bool answered = false;

    sti_parking_init(&parking, idle, seats, 2);
    M_SPAWN(&threads[0], sleeper, NULL);
    M_SPAWN(&threads[1], woken, NULL);
    /* As enter. */
    strait_store_release(&entry, 1);
    strait_store_rlx(&forks, 1);
    if (strait_or_acq_rel(&idle[0].bits_, STI_ZERO) != 0)
        tell();
    /* As strait_fork_feed_, with one task that it has shared. */
    if (strait_load_rlx(&hungry) != 0 &&
        strait_xchg_acq_rel(&hungry, 0) == TOLD) {
        answered = sti_parking_wake_one(&parking);
        if (!answered && sti_parking_any(&parking))
            tell();
    }
    M_JOIN(threads[0]);
    M_JOIN(threads[1]);
    if (answered && M_GET(&was_woken) == 1 && sti_parking_any(&parking))
        M_ASSERT(strait_load_rlx(&hungry) == TOLD);
}
