/* SPDX-License-Identifier: MIT */
/*
 * support.h - small things that every system uses alike, in C and in C++: the
 * clock, the waiting policy, random numbers.
 */
#ifndef BENCH_SUPPORT_H
#define BENCH_SUPPORT_H

#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t
bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void
bench_sleep_ns(uint64_t ns)
{
    struct timespec span;

    span.tv_sec = (time_t)(ns / 1000000000u);
    span.tv_nsec = (long)(ns % 1000000000u);
    nanosleep(&span, NULL);
}

/*
 * Waiting for a queue that is empty or full is the same for every system: a
 * short spin, then the processor is offered to others. Start from 0, and again
 * from 0 once there was something.
 */
#define BENCH_SPINS 64

static inline void
bench_wait(unsigned *n_waits)
{
    if (*n_waits < BENCH_SPINS) {
        ++*n_waits;
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ __volatile__("isb");
#endif
        return;
    }
    sched_yield();
}

/* Binds the calling thread to the index-th processor of a set. */
static inline void
bench_bind(const cpu_set_t *usable, unsigned index)
{
    cpu_set_t one;

    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, usable) || index-- > 0)
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof(one), &one);
        return;
    }
}

/* A 64-bit mixer over a counter: quick, seedable, good enough for sizes and
 * orders. */
static inline uint64_t
bench_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline int
bench_compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

#endif /* BENCH_SUPPORT_H */
