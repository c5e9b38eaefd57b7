/* SPDX-License-Identifier: MIT */
/*
 * rng.h - random numbers that can be had again.
 *
 * Every random test starts from test_seed(): STRAIT_SEED if that is set, else
 * the default given by the test. The seed is printed, so that a failure can be
 * repeated with STRAIT_SEED=n. Threads derive generators of their own by
 * rng_make(seed, thread number).
 */
#ifndef STRAIT_TESTS_RNG_H
#define STRAIT_TESTS_RNG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* As a default: a seed that differs from run to run. */
#define SEED_FROM_TIME UINT64_C(0)

struct rng {
    uint64_t state;
};

/* A bijection of 64 bits in which every input bit moves every output bit. */
static inline uint64_t
rng_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline struct rng
rng_make(uint64_t seed, uint64_t stream)
{
    struct rng rng = { rng_mix(seed + rng_mix(stream + 1)) };

    return rng;
}

static inline uint64_t
rng_next(struct rng *rng)
{
    rng->state += UINT64_C(0x9e3779b97f4a7c15);
    return rng_mix(rng->state);
}

/* From 0 to n - 1; n is not 0. */
static inline uint64_t
rng_below(struct rng *rng, uint64_t n)
{
    return rng_next(rng) % n;
}

/* True once in n times. */
static inline bool
rng_one_in(struct rng *rng, uint64_t n)
{
    return rng_below(rng, n) == 0;
}

/* The seed of this run; says which, and how to have it again. */
static inline uint64_t
test_seed(const char *program, uint64_t otherwise)
{
    const char *text = getenv("STRAIT_SEED");
    uint64_t seed = otherwise;

    if (text != NULL && text[0] != '\0') {
        char *end;

        seed = strtoull(text, &end, 0);
        if (*end != '\0') {
            fprintf(stderr, "%s: STRAIT_SEED must be a number, not \"%s\"\n",
                program, text);
            _exit(2);
        }
    } else if (seed == SEED_FROM_TIME) {
        struct timespec now;

        timespec_get(&now, TIME_UTC);
        seed = rng_mix((uint64_t)now.tv_sec * 1000000007u +
                   (uint64_t)now.tv_nsec + (uint64_t)getpid()) >>
            32;
    }
    fprintf(
        stderr, "%s: STRAIT_SEED=%llu\n", program, (unsigned long long)seed);
    return seed;
}

#endif /* STRAIT_TESTS_RNG_H */
