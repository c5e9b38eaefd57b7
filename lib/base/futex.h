/* SPDX-License-Identifier: MIT */
/*
 * futex.h - the futex calls that Strait uses, private to the process.
 * Neither orders memory; neither touches errno as the caller sees it.
 * Included by: base/env.h.
 */
#ifndef STI_BASE_FUTEX_H
#define STI_BASE_FUTEX_H

#include <strait/atomic.h>

/* Sleeps while *word == value. Returns on a wake, at once if the value differs,
 * and also for no reason. */
void sti_futex_wait(STRAIT_ATOMIC(uint32_t) * word, uint32_t value);

/* Sleepers on one word can be told apart by the value that they sleep on. */
#define STI_FUTEX_CLASSES 32

static inline uint32_t
sti_futex_class(uint32_t value)
{
    return (uint32_t)1 << value % STI_FUTEX_CLASSES;
}

/* sti_futex_wait until deadline_ns of CLOCK_MONOTONIC (UINT64_MAX: without
 * end), in the class of `value`. Answers an STI_FUTEX_* value of env.h. */
int sti_futex_wait_until(
    STRAIT_ATOMIC(uint32_t) * word, uint32_t value, uint64_t deadline_ns);

/* Wakes at most n threads that sleep on word in one of the classes; answers how
 * many. sti_futex_wait sleeps in all of them. */
int sti_futex_wake(STRAIT_ATOMIC(uint32_t) * word, int n, uint32_t classes);

/* The upper half of a word, which a futex can sleep on although the program
 * itself only ever accesses the whole. */
static inline STRAIT_ATOMIC(uint32_t) *
    sti_futex_high(STRAIT_ATOMIC(uint64_t) * word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (STRAIT_ATOMIC(uint32_t) *)(uintptr_t)word + 1;
#else
    return (STRAIT_ATOMIC(uint32_t) *)(uintptr_t)word;
#endif
}

/* Wakes at most one thread that sleeps on word. A word whose memory is gone is
 * harmless: the address is not read. */
void sti_futex_wake_one(STRAIT_ATOMIC(uint32_t) * word);

#endif /* STI_BASE_FUTEX_H */
