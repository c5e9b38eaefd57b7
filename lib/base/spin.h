/* SPDX-License-Identifier: MIT */
/*
 * spin.h - the one policy on what a thread that has run out of work does before
 * it sleeps: look around for a moment, if looking around has paid off lately.
 * Included by: sched, loop.
 *
 * A sleep and its wake-up cost microseconds on both sides, and an idle CPU takes
 * up to 30 us to wake; the other side of an exchange often answers sooner. So a
 * thread that has just had work looks for more for limit_ns. A hit doubles the
 * limit, a miss halves it, between STI_SPIN_MIN_NS and STI_SPIN_MAX_NS: a stream
 * is served awake, a trickle costs one microsecond an event, an idle thread
 * nothing. With one usable CPU nobody spins: there is no other side to wait for.
 *
 * Measured with one loop and two workers on 2 CPUs, million round trips per second
 * with 64 / 4096 jobs in flight, nothing else running: no spin 3 / 4 (the machine's
 * slow phases) to 9 / 44 (its fast ones), this policy 9 / 15 to 26 / 47, limits from
 * 1 to 10 us much alike. Next to two busy strangers it is level with no spin.
 *
 * What was tried instead: to spin only with more CPUs than threads of this library
 * (the rule this replaces) leaves the exchange above asleep half of the time; to
 * yield (sched_yield) is as good on a quiet machine, but next to a busy stranger a
 * yield lasts a time slice of his, and the exchange fell to a tenth.
 */
#ifndef STI_BASE_SPIN_H
#define STI_BASE_SPIN_H

#include <strait/base.h>

#define STI_SPIN_MIN_NS UINT64_C(1000)
#define STI_SPIN_MAX_NS UINT64_C(10000)

/* One thread's memory of whether spinning pays. */
typedef struct sti_spinner {
    uint64_t limit_ns; /* 0: never spin */
} sti_spinner_t;

/* Reads the number of usable CPUs. */
void sti_spinner_init(sti_spinner_t *spinner);

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
}

#endif /* STI_BASE_SPIN_H */
