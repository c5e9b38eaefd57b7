/* SPDX-License-Identifier: MIT */
/*
 * spin.h - the one policy on what a thread that has run out of work may do
 * before it sleeps. Included by: sched, loop.
 *
 * Spin, at most STI_SPIN_MAX_NS, only where a CPU would stay idle otherwise:
 * more usable CPUs than threads of this library. A spin elsewhere takes the CPU
 * away from the very thread that is waited for.
 *
 * Yield, at most STI_YIELDS times, and only after real work: never after a
 * wake-up that brought none, never for a timer. With fewer CPUs than threads the
 * other side of an exchange is often runnable on this very CPU; one yield lets
 * it run and costs a tenth of a sleep and a wake-up. Measured on 2 CPUs with one
 * loop and two workers, million round trips per second with 64 / 4096 jobs in
 * flight: no yield 2.2 / 31, one on both sides 6 / 44, two 12 / 46, four 11 / 41;
 * on one side only it is worse than none.
 *
 * But a yield may also give the CPU to a stranger, who keeps it for a time slice
 * while this thread is awake on paper and gets no wake-up: with two busy strangers
 * the same exchange fell to a tenth of what it is without yields. So a yield that
 * took longer than STI_YIELD_LONG_NS ends yielding for STI_YIELD_PENALTY times as
 * long: strangers cost 1 % then, and the other side of an exchange, which answers
 * in microseconds, is not mistaken for one.
 */
#ifndef STI_BASE_SPIN_H
#define STI_BASE_SPIN_H

#include <strait/atomic.h>

/* The longest spin: about what putting a thread to sleep and waking it costs. */
#define STI_SPIN_MAX_NS UINT64_C(10000)

/* Yields between running dry and going to sleep. */
#define STI_YIELDS 2
/* Shorter than the time slice of a busy thread (0.7 ms and up). */
#define STI_YIELD_LONG_NS UINT64_C(500000)
#define STI_YIELD_PENALTY 100

/* One thread's yields. All zero to begin with. */
typedef struct sti_yielder {
    uint32_t n_left;       /* until the next sleep */
    uint64_t off_until_ns; /* the penalty */
} sti_yielder_t;

/* Real work was done: yields are allowed again. */
static inline void
sti_yielder_worked(sti_yielder_t *yielder)
{
    yielder->n_left = STI_YIELDS;
}

/* Yields, if that is allowed: look again then. False: it is not; sleep. */
bool sti_yielder_try(sti_yielder_t *yielder);

/* n more, or fewer, threads of this library compete for CPUs. */
void sti_spin_enter(uint32_t n);
void sti_spin_leave(uint32_t n);

/* How long to spin before a sleep: 0 unless more CPUs are usable than threads
 * of this library exist. */
uint64_t sti_spin_ns(void);

#endif /* STI_BASE_SPIN_H */
