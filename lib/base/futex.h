/* SPDX-License-Identifier: MIT */
/*
 * futex.h - the two futex calls that Strait uses, private to the process.
 * Neither orders memory; neither touches errno as the caller sees it.
 * Included by: base/env.h.
 */
#ifndef STI_BASE_FUTEX_H
#define STI_BASE_FUTEX_H

#include <strait/atomic.h>

/* Sleeps while *word == value. Returns on a wake, at once if the value differs,
 * and also for no reason. */
void sti_futex_wait(STRAIT_ATOMIC(uint32_t) * word, uint32_t value);

/* Wakes at most one thread that sleeps on word. A word whose memory is gone is
 * harmless: the address is not read. */
void sti_futex_wake_one(STRAIT_ATOMIC(uint32_t) * word);

#endif /* STI_BASE_FUTEX_H */
