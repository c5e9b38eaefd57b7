/* SPDX-License-Identifier: MIT */
/*
 * mpsc.h - what every system of the mpsc question includes first. It is apart
 * from driver.h so that C++ files can put their types and the driver into an
 * unnamed namespace, in which no system header may be included.
 *
 * It also has the consumer's judgement of what it gets, since forms that take
 * many items at once judge them where they find them.
 */
#ifndef BENCH_MPSC_H
#define BENCH_MPSC_H

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

#define MPSC_PRODUCERS_MAX 16
#define MPSC_INDEX_SHIFT 48
#define MPSC_BATCH_MAX 256 /* of a consumer and of a producer */

/* What the consumer has seen so far. */
struct mpsc_seen {
    uint64_t
        next[MPSC_PRODUCERS_MAX]; /* number of the next item, by producer */
    uint64_t n_wrong;
    unsigned n_producers;
};

static inline void
mpsc_see(struct mpsc_seen *seen, uint64_t stamp)
{
    unsigned index = (unsigned)(stamp >> MPSC_INDEX_SHIFT);

    stamp &= ((uint64_t)1 << MPSC_INDEX_SHIFT) - 1;
    if (index >= seen->n_producers || seen->next[index]++ != stamp)
        seen->n_wrong++;
}

#endif /* BENCH_MPSC_H */
