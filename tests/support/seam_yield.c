/* SPDX-License-Identifier: MIT */
/*
 * seam_yield.c - see seam_yield.h. Safe in signal handlers; errno is kept.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "rng.h"
#include "seam_yield.h"

static _Atomic(uint64_t) base_seed = 1;
static _Atomic(uint32_t) rate = 64;
static _Atomic(uint32_t) n_threads;
static _Atomic(uint64_t) n_disturbed;

static _Thread_local struct {
    struct rng rng;
    uint64_t seed;      /* the base seed that rng was made from */
    uint32_t countdown; /* operations until the next disturbance */
} mine;

void
seam_yield_seed(uint64_t seed)
{
    atomic_store(&n_threads, 0);
    atomic_store(&base_seed, seed | 1);
}

void
seam_yield_rate(uint32_t n)
{
    atomic_store(&rate, n);
}

uint64_t
seam_yield_count(void)
{
    return atomic_load(&n_disturbed);
}

static void
disturb(void)
{
    uint64_t dice = rng_below(&mine.rng, 16);
    int saved = errno;

    atomic_fetch_add_explicit(&n_disturbed, 1, memory_order_relaxed);
    if (dice < 8) {
        sched_yield();
    } else if (dice < 14) {
        uint64_t spins = rng_below(&mine.rng, 2000);
        uint64_t i;

        for (i = 0; i < spins; i++)
            __asm__ __volatile__("" ::: "memory");
    } else {
        struct timespec pause = { 0, 0 };

        pause.tv_nsec = (long)rng_below(&mine.rng, 100000);
        nanosleep(&pause, NULL);
    }
    errno = saved;
}

static void
step(uint32_t weight)
{
    uint64_t seed = atomic_load_explicit(&base_seed, memory_order_relaxed);
    uint32_t every = atomic_load_explicit(&rate, memory_order_relaxed);

    if (every == 0)
        return;
    if (mine.seed != seed) {
        mine.rng = rng_make(seed,
            atomic_fetch_add_explicit(&n_threads, 1, memory_order_relaxed));
        mine.seed = seed;
        mine.countdown = (uint32_t)rng_below(&mine.rng, 2 * every);
    }
    if (mine.countdown > weight) {
        mine.countdown -= weight;
        return;
    }
    mine.countdown = 1 + (uint32_t)rng_below(&mine.rng, 2 * every);
    disturb();
}

void
seam_yield_operation(void)
{
    step(1);
}

void
seam_yield_point(void)
{
    step(8);
}
