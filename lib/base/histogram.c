/* SPDX-License-Identifier: MIT */
/*
 * histogram.c - see <strait/histogram.h>.
 *
 * Below 2 * STEPS every duration has a bucket of its own. Above, a duration of
 * n bits falls by its three bits behind the leading one:
 *
 *     ns       0 1 2 ... 15 | 16 18 20 ... 30 | 32 36 ... 60 | ... | 2^41 ...
 *     bucket   0 1 2 ... 15 | 16 17 18 ... 23 | 24 25 ... 31 | ... | 312
 *
 * Tests: tests/base/test_histogram.c.
 */
#include <strait/histogram.h>

#define STEP_BITS 3
#define EXACT (2 * STRAIT_HISTOGRAM_STEPS)
#define LAST (STRAIT_HISTOGRAM_BUCKETS - 1)

_Static_assert(1 << STEP_BITS == STRAIT_HISTOGRAM_STEPS, "steps are bits");
_Static_assert(EXACT + (41 - 4) * STRAIT_HISTOGRAM_STEPS == LAST,
    "the last bucket begins at 2^41");

uint32_t
strait_histogram_bucket(uint64_t ns)
{
    uint32_t shift;

    if (ns < EXACT)
        return (uint32_t)ns;
    if (ns >= STRAIT_HISTOGRAM_TOP_NS)
        return LAST;
    /* The leading bit and the three behind it: 8 to 15. */
    shift = 63 - STEP_BITS - (uint32_t)__builtin_clzll(ns);
    return shift * STRAIT_HISTOGRAM_STEPS + (uint32_t)(ns >> shift);
}

uint64_t
strait_histogram_bound_ns(uint32_t bucket)
{
    uint32_t shift;

    if (bucket < EXACT)
        return bucket;
    if (bucket > LAST)
        return UINT64_MAX;
    shift = bucket / STRAIT_HISTOGRAM_STEPS - 1;
    return (uint64_t)(bucket - shift * STRAIT_HISTOGRAM_STEPS) << shift;
}

uint64_t
strait_histogram_total(const strait_histogram_t *histogram)
{
    uint64_t total = 0;
    uint32_t i;

    for (i = 0; histogram != NULL && i < STRAIT_HISTOGRAM_BUCKETS; i++)
        total += histogram->count[i];
    return total;
}

uint64_t
strait_histogram_quantile(const strait_histogram_t *histogram, double q)
{
    uint64_t total = strait_histogram_total(histogram);
    uint64_t below = 0;
    uint64_t rank;
    uint32_t i;

    if (total == 0)
        return 0;
    /* Not a number counts as 0. */
    if (!(q > 0))
        q = 0;
    /* The rank of the element, from 1; ceil without the mathematics library. A
     * double may round a large total up beyond what fits. */
    if (q * (double)total >= (double)total) {
        rank = total;
    } else {
        rank = (uint64_t)(q * (double)total);
        if ((double)rank < q * (double)total || rank == 0)
            rank++;
    }
    for (i = 0; i < LAST; i++) {
        below += histogram->count[i];
        if (below >= rank)
            return strait_histogram_bound_ns(i + 1) - 1;
    }
    return UINT64_MAX;
}
