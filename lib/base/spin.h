/* SPDX-License-Identifier: MIT */
/*
 * spin.h - the one policy on what a thread that has run out of work may do
 * before it sleeps. Included by: sched, loop.
 *
 * Spin, at most STI_SPIN_MAX_NS, only where a CPU would stay idle otherwise:
 * more usable CPUs than threads of this library. A spin elsewhere takes the CPU
 * away from the very thread that is waited for.
 *
 * Yield, at most STI_SPIN_YIELDS times, and only after real work: never after a
 * wake-up that brought none, never for a timer. With fewer CPUs than threads the
 * other side of an exchange is often runnable on this very CPU; one yield lets
 * it run and costs a tenth of a sleep and a wake-up. Measured on 2 CPUs with one
 * loop and two workers, million round trips per second with 64 / 4096 jobs in
 * flight: no yield 2.2 / 31, one on both sides 6 / 44, two 12 / 46, four 11 / 41;
 * on one side only it is worse than none. The price: on a machine whose CPUs are
 * all taken by others, a yield can last as long as a time slice of theirs, during
 * which this thread is awake on paper and gets no wake-up.
 */
#ifndef STI_BASE_SPIN_H
#define STI_BASE_SPIN_H

#include <strait/atomic.h>

/* The longest spin: about what putting a thread to sleep and waking it costs. */
#define STI_SPIN_MAX_NS UINT64_C(10000)

/* Yields between running dry and going to sleep. */
#define STI_SPIN_YIELDS 2

/* n more, or fewer, threads of this library compete for CPUs. */
void sti_spin_enter(uint32_t n);
void sti_spin_leave(uint32_t n);

/* How long to spin before a sleep: 0 unless more CPUs are usable than threads
 * of this library exist. */
uint64_t sti_spin_ns(void);

#endif /* STI_BASE_SPIN_H */
