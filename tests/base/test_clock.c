/* SPDX-License-Identifier: MIT */
/*
 * test_clock.c - the clock is CLOCK_MONOTONIC in nanoseconds and never goes
 * back, not even between threads.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <strait/atomic.h>
#include <strait/clock.h>
#include <time.h>

#include "unit.h"

static uint64_t
system_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

Test(clock, lies_between_two_looks_at_the_system_clock)
{
    int i;

    for (i = 0; i < 1000; i++) {
        uint64_t before = system_now_ns();
        uint64_t now = strait_now_ns();
        uint64_t after = system_now_ns();

        cr_assert(before <= now && now <= after);
    }
}

Test(clock, moves_on_while_one_sleeps)
{
    struct timespec pause = { 0, 5000000 };
    uint64_t before = strait_now_ns();

    nanosleep(&pause, NULL);
    cr_assert(strait_now_ns() - before >= 5 * STRAIT_NS_PER_MS);
}

Test(clock, units_fit_together)
{
    check_int(STRAIT_NS_PER_US, 1000);
    check_int(STRAIT_NS_PER_MS, 1000 * STRAIT_NS_PER_US);
    check_int(STRAIT_NS_PER_S, 1000 * STRAIT_NS_PER_MS);
}

/* The latest time that any thread has seen before it took the time itself. */
static STRAIT_ATOMIC(uint64_t) latest;
static STRAIT_ATOMIC(uint32_t) n_backwards;

static void *
watch_clock(void *arg)
{
    int i;

    (void)arg;
    for (i = 0; i < 20000; i++) {
        uint64_t seen = strait_load_acquire(&latest);
        uint64_t now = strait_now_ns();

        if (now < seen)
            strait_add_rlx(&n_backwards, 1);
        while (seen < now && !strait_cas_weak_release(&latest, &seen, now)) {}
    }
    return NULL;
}

Test(clock, never_goes_back_between_threads)
{
    pthread_t threads[4];
    int i;

    for (i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, watch_clock, NULL);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    check_int(strait_load_rlx(&n_backwards), 0);
}
