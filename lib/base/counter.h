/* SPDX-License-Identifier: MIT */
/*
 * counter.h - a statistic that one thread writes and any thread reads: a plain
 * add for the writer, no locked instruction, never torn for the reader.
 * Included by: every layer.
 */
#ifndef STI_BASE_COUNTER_H
#define STI_BASE_COUNTER_H

#include <strait/atomic.h>

typedef struct sti_counter {
    STRAIT_ATOMIC(uint64_t) value_;
} sti_counter_t;

static inline void
sti_counter_add(sti_counter_t *counter, uint64_t n)
{
    /* rlx: this thread is the only writer. */
    uint64_t value = strait_load_rlx(&counter->value_);

    /* rlx: a statistic; nothing is read on the strength of it. */
    strait_store_rlx(&counter->value_, value + n);
}

static inline uint64_t
sti_counter_read(const sti_counter_t *counter)
{
    /* rlx: a statistic. */
    return strait_load_rlx(&counter->value_);
}

#endif /* STI_BASE_COUNTER_H */
