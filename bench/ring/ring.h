/* SPDX-License-Identifier: MIT */
/*
 * ring.h - what every system of the questions ring and spsc includes first. It
 * is apart from driver.h so that C++ files can put their types and the driver
 * into an unnamed namespace, in which no system header may be included.
 *
 * It also has the consumers' judgement of what they get, since forms that take
 * many values at once judge them where they find them. A file of the question
 * spsc defines RING_IS_SPSC before.
 */
#ifndef BENCH_RING_H
#define BENCH_RING_H

#include "support.h"
#include "systems.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING_THREADS_MAX 16
#define RING_BATCH_MAX 256

/* Of every queue, in values. */
#define RING_CAPACITY 4096

/* A value is the producer's index above this, and from 1 on its number. */
#define RING_INDEX_SHIFT 40

/* What a consumer has seen so far. */
struct ring_seen {
    uint64_t n;
    uint64_t sum;
    uint64_t n_wrong;
#ifndef RING_IS_SPSC
    uint64_t last[RING_THREADS_MAX]; /* number of the last value, by producer */
#endif
};

static inline void
ring_see(struct ring_seen *seen, uint64_t value)
{
#ifdef RING_IS_SPSC
    seen->n++;
    seen->n_wrong += value != seen->n;
#else
    unsigned index = (unsigned)(value >> RING_INDEX_SHIFT);
    uint64_t number = value & (((uint64_t)1 << RING_INDEX_SHIFT) - 1);

    seen->n++;
    seen->sum += value;
    if (index >= RING_THREADS_MAX || number <= seen->last[index]) {
        seen->n_wrong++;
        return;
    }
    seen->last[index] = number;
#endif
}

#endif /* BENCH_RING_H */
