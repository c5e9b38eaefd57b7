/* SPDX-License-Identifier: MIT */
/*
 * spin.h - the one spin policy of the library: may a thread that has run out of
 * work look around for a moment before it sleeps? Only where a CPU would stay
 * idle otherwise. Included by: sched, loop.
 */
#ifndef STI_BASE_SPIN_H
#define STI_BASE_SPIN_H

#include <strait/atomic.h>

/* The longest spin: about what putting a thread to sleep and waking it costs. */
#define STI_SPIN_MAX_NS UINT64_C(10000)

/* n more, or fewer, threads of this library compete for CPUs. */
void sti_spin_enter(uint32_t n);
void sti_spin_leave(uint32_t n);

/* How long to spin before a sleep: 0 unless more CPUs are usable than threads
 * of this library exist. */
uint64_t sti_spin_ns(void);

#endif /* STI_BASE_SPIN_H */
