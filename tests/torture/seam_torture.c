/* SPDX-License-Identifier: MIT */
/*
 * seam_torture.c - see seam_torture.h. Keeps errno.
 */
#define _GNU_SOURCE
#include "seam_torture.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "rng.h"

uint64_t torture_ring_start;
uint64_t torture_spsc_start;
uint64_t torture_event_start;
enum torture_plant torture_plant;
_Thread_local uint64_t torture_n_looks;

static _Atomic(uint32_t) operation_rate;
static _Atomic(uint32_t) point_rate;
static _Atomic(uint64_t) n_disturbed;

static _Thread_local struct {
    struct rng rng;
    uint32_t countdown; /* operations until the next disturbance */
    bool begun;         /* there is a stream; other threads are let be */
} mine;

void
torture_rates(uint32_t n, uint32_t m)
{
    atomic_store(&operation_rate, n);
    atomic_store(&point_rate, m);
}

void
torture_stream(uint64_t seed, uint64_t stream)
{
    mine.rng = rng_make(seed, stream);
    mine.countdown = 0;
    mine.begun = true;
}

uint64_t
torture_n_disturbed(void)
{
    return atomic_load(&n_disturbed);
}

void
torture_pause(void)
{
    uint64_t dice = rng_below(&mine.rng, 16);
    int saved = errno;

    atomic_fetch_add_explicit(&n_disturbed, 1, memory_order_relaxed);
    if (dice < 11) {
        sched_yield();
    } else if (dice < 15) {
        uint64_t spins = rng_below(&mine.rng, 2000);
        uint64_t i;

        for (i = 0; i < spins; i++)
            __asm__ __volatile__("" ::: "memory");
    } else {
        struct timespec pause = { 0, 0 };

        pause.tv_nsec = (long)rng_below(&mine.rng, 60000);
        nanosleep(&pause, NULL);
    }
    errno = saved;
}

void
torture_operation(void)
{
    uint32_t every;

    if (!mine.begun || mine.countdown-- != 0)
        return;
    every = atomic_load_explicit(&operation_rate, memory_order_relaxed);
    if (every == 0)
        return;
    mine.countdown = (uint32_t)rng_below(&mine.rng, 2 * (uint64_t)every);
    torture_pause();
}

void
torture_point(void)
{
    uint32_t every = atomic_load_explicit(&point_rate, memory_order_relaxed);

    if (mine.begun && every != 0 && rng_one_in(&mine.rng, every))
        torture_pause();
}

/* Which path it is to lose the race for `place` in `function`. */
static const struct {
    const char *function;
    const char *place;
    enum torture_rare what;
} races[] = {
    { "strait_mpsc_pop", "&q->tail_", RARE_MPSC_LAST_LOST },
    { "strait_mpsc_pop_chain", "&q->tail_", RARE_MPSC_CHAIN_LOST },
    { "strait_mpsc_shared_open", "&s->holders_", RARE_SHARED_OPEN_LOST },
    { "strait_ring_claim_", "&ring->producer_", RARE_RING_PUSH_LOST },
    { "strait_ring_push_n", "&ring->producer_", RARE_RING_PUSH_N_LOST },
    { "strait_ring_take_", "&ring->consumer_", RARE_RING_POP_LOST },
    { "strait_ring_pop_n", "&ring->consumer_", RARE_RING_POP_N_LOST },
    { "strait_ring_arm", "&ring->producer_", RARE_ARMED_CAS_LOST },
    { "leave", "&event->word_", RARE_EVENT_CAS_LOST },
    { "strait_event_wake_", "&event->word_", RARE_EVENT_CAS_LOST },
    { "sti_reclaim_advance", "&domain->word_", RARE_RECLAIM_ADVANCE_LOST },
    { "sti_reclaim_claim", "&place->owner_", RARE_RECLAIM_CLAIM_LOST },
};

bool
torture_swapped(bool ok, const char *function, const char *place)
{
    size_t i;

    if (ok)
        return true;
    for (i = 0; i < sizeof races / sizeof races[0]; i++) {
        if (strcmp(races[i].function, function) == 0 &&
            strcmp(races[i].place, place) == 0)
            torture_hit(races[i].what);
    }
    return torture_plant == PLANT_TRUE_ARM && strstr(function, "_arm") != NULL;
}
