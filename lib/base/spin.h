/* SPDX-License-Identifier: MIT */
/*
 * spin.h - the one policy on what a thread that has run out of work does before
 * it sleeps: look around for a moment, if looking around has paid off lately.
 * Included by: sched, loop.
 *
 * A sleep and its wake-up cost microseconds on both sides, and an idle CPU
 * takes up to 30 us to wake; the other side of an exchange often answers
 * sooner. So a thread that has just had work looks for more for limit_ns:
 *   a spin that found something     doubles the limit
 *   a spin for nothing              halves it
 *   a sleep that was so short that the longest spin would have spared it
 *                                   sets it to that
 *   a sleep that was ended from this very CPU
 *                                   sets it to the least: whoever we look out
 *                                   for cannot run while we do
 * between STI_SPIN_MIN_NS and STI_SPIN_MAX_NS: a stream is served awake, a
 * trickle costs one microsecond an event, an idle thread nothing. With one
 * usable CPU nobody spins: there is no other side to wait for.
 *
 * The third rule is the way out of a trap. Two sides that both sleep answer
 * each other after two wake-ups; a spin shorter than one wake-up misses every
 * time, is cut down, and the exchange stays asleep, at a twentieth of its rate.
 * The limit for "short" is the longest spin plus a wake-up of one's own.
 *
 * Measured with one loop and two workers on 2 CPUs, million round trips per
 * second with 64 jobs in flight, five runs each on the same machine: up to 10
 * us without the third rule 1.0 1.2 1.2 2.3 10; up to 30 us with it 2.4 6.1 6.6
 * 32 33; up to 50 us with it 8.2 16 17 34 (as quick with twice the limit for
 * "short").
 *
 * The fourth rule is the way out of another trap: a worker that the kernel put
 * beside the loop on one CPU spins, for nothing, with the loop waiting for the
 * CPU; sleeps, is woken at once by that loop, and by the third rule spins for
 * long again. In runs of 0.4 s with 64 jobs in flight, medians of nine, million
 * a second: without it 0.86 1.6 0.78, with it 6.2 6.6 7.4. With 4096 in flight
 * there is no difference that shows, with one it costs some 20 %.
 *
 * What was tried instead: to yield in such a spin keeps the two on one CPU for
 * good. To spin only with more CPUs than threads of this
 * library leaves the exchange above asleep half of the time; to yield
 * (sched_yield) is as good on a quiet machine, but next to a busy stranger a
 * yield lasts a time slice of his, and the exchange fell to a tenth.
 */
#ifndef STI_BASE_SPIN_H
#define STI_BASE_SPIN_H

#include <strait/base.h>

#include "base/env.h"
#include "base/thread.h"

#define STI_SPIN_MIN_NS UINT64_C(1000)
#define STI_SPIN_MAX_NS UINT64_C(50000)
#define STI_SPIN_SHORT_SLEEP_NS UINT64_C(80000)

/* One thread's memory of whether spinning pays. */
typedef struct sti_spinner {
    uint64_t limit_ns; /* 0: never spin */
    uint64_t begun_ns; /* the last spin, if a sleep came of it; else 0 */
} sti_spinner_t;

/* The limit to begin with: 0 on a single usable CPU, which it reads. */
uint64_t sti_spin_first_limit_ns(void);

static inline void
sti_spinner_init(sti_spinner_t *spinner, uint64_t limit_ns)
{
    spinner->limit_ns = limit_ns;
    spinner->begun_ns = 0;
}

/* A spin begins now; answers when it must end. */
static inline uint64_t
sti_spinner_begin(sti_spinner_t *spinner, uint64_t now_ns)
{
    spinner->begun_ns = now_ns;
    return now_ns + spinner->limit_ns;
}

/* Tells how a spin ended: something was found, or not. Only after a spin. */
static inline void
sti_spinner_ended(sti_spinner_t *spinner, bool hit)
{
    uint64_t limit_ns = hit ? spinner->limit_ns * 2 : spinner->limit_ns / 2;

    if (limit_ns > STI_SPIN_MAX_NS)
        limit_ns = STI_SPIN_MAX_NS;
    if (limit_ns < STI_SPIN_MIN_NS)
        limit_ns = STI_SPIN_MIN_NS;
    spinner->limit_ns = limit_ns;
    if (hit)
        spinner->begun_ns = 0;
}

/* Tells that a sleep has ended, whether a spin went before it or not. `waker`
 * is the mark (thread.h) of the CPU from which it was ended; 0: by nobody. */
static inline void
sti_spinner_slept(sti_spinner_t *spinner, uint64_t now_ns, uint32_t waker)
{
    if (spinner->limit_ns == 0)
        return;
    if (waker > STI_CPU_UNKNOWN && waker == STI_CPU_MARK())
        spinner->limit_ns = STI_SPIN_MIN_NS;
    else if (spinner->begun_ns != 0 &&
        now_ns - spinner->begun_ns < STI_SPIN_SHORT_SLEEP_NS)
        spinner->limit_ns = STI_SPIN_MAX_NS;
    spinner->begun_ns = 0;
}

#endif /* STI_BASE_SPIN_H */
