/* SPDX-License-Identifier: MIT */
/*
 * clock.c - the clock of the library: CLOCK_MONOTONIC through the vDSO, no
 * system call.
 */
#define _GNU_SOURCE
#include <strait/clock.h>

#include <time.h>

uint64_t
strait_now_ns(void)
{
    struct timespec now;

    /* Cannot fail: the clock exists on every Linux and the address is good. */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * STRAIT_NS_PER_S + (uint64_t)now.tv_nsec;
}
