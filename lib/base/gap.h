/* SPDX-License-Identifier: MIT */
/*
 * gap.h - how a consumer waits for a producer that was stopped between claiming
 * a place and publishing it, when there is nothing else to do. Such a producer
 * is runnable and needs a CPU: so yield first, then sleep for growing, bounded
 * times. Apart from waiting for timers
 * these are the only timed sleeps of the library; callers count them.
 * Included by: sched, loop.
 */
#ifndef STI_BASE_GAP_H
#define STI_BASE_GAP_H

#include <strait/base.h>

/* Yields before the first sleep: 64 rounds let every runnable thread of a busy
 * machine have its turn a few times. */
#define STI_GAP_YIELDS 64
/* Sleeps double from 50 us, about the cost of a sleep, to 1 ms, the most that
 * a closed gap may be noticed late. */
#define STI_GAP_SLEEP_MIN_NS UINT64_C(50000)
#define STI_GAP_SLEEP_MAX_NS UINT64_C(1000000)

typedef struct sti_gap {
    uint32_t n_waits;
} sti_gap_t;

#define STI_GAP_INIT                                                           \
    {                                                                          \
        0                                                                      \
    }

static inline void
sti_gap_reset(sti_gap_t *gap)
{
    gap->n_waits = 0;
}

/* 0: yield now; else sleep that long. Counts the wait. */
uint64_t sti_gap_next_ns(sti_gap_t *gap);

/* Does it: for those who have nothing to listen to meanwhile. */
void sti_gap_wait(sti_gap_t *gap);

#endif /* STI_BASE_GAP_H */
