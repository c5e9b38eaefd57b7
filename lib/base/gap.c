/* SPDX-License-Identifier: MIT */
/*
 * gap.c - see gap.h.
 */
#include "base/gap.h"

#include "base/env.h"

uint64_t
sti_gap_next_ns(sti_gap_t *gap)
{
    uint64_t sleep_ns = STI_GAP_SLEEP_MIN_NS;
    uint32_t i;

    if (gap->n_waits < STI_GAP_YIELDS) {
        gap->n_waits++;
        return 0;
    }
    for (i = STI_GAP_YIELDS; i < gap->n_waits; i++)
        sleep_ns *= 2;
    if (sleep_ns >= STI_GAP_SLEEP_MAX_NS)
        return STI_GAP_SLEEP_MAX_NS;
    gap->n_waits++;
    return sleep_ns;
}

void
sti_gap_wait(sti_gap_t *gap)
{
    uint64_t sleep_ns = sti_gap_next_ns(gap);

    if (sleep_ns == 0)
        STI_YIELD();
    else
        STI_SLEEP(sleep_ns);
}
