/* SPDX-License-Identifier: MIT */
/**
 * @file histogram.h
 * How long things took: counts of durations in buckets that grow with the
 * duration, eight to each power of two. A bucket's bounds lie at most 12.5 %
 * apart; below 16 ns they are exact, and all that is longer than
 * STRAIT_HISTOGRAM_TOP_NS (over half an hour) falls into the last one.
 *
 *     strait_lane_stats(lane, &stats);
 *     uint64_t p99_ns = strait_histogram_quantile(&stats.wait, 0.99);
 *
 * A histogram is plain data: copy it, add two, take the difference of a later
 * and an earlier one.
 */
#ifndef STRAIT_HISTOGRAM_H
#define STRAIT_HISTOGRAM_H

#include <strait/base.h>

STRAIT_BEGIN_DECLS

/** Buckets to each power of two. */
#define STRAIT_HISTOGRAM_STEPS 8
/** Where the last bucket begins: 2^41 ns, 36 minutes. */
#define STRAIT_HISTOGRAM_TOP_NS ((uint64_t)1 << 41)
/** How many buckets there are. */
#define STRAIT_HISTOGRAM_BUCKETS 313

/** Durations by length. All zero: an empty one. */
typedef struct strait_histogram {
    uint64_t count[STRAIT_HISTOGRAM_BUCKETS];
} strait_histogram_t;

/** An empty one. */
#define STRAIT_HISTOGRAM_INIT                                                  \
    {                                                                          \
        {                                                                      \
            0                                                                  \
        }                                                                      \
    }

/**
 * The bucket of a duration.
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD uint32_t strait_histogram_bucket(uint64_t ns)
    STRAIT_NOEXCEPT;

/**
 * The shortest duration of a bucket; UINT64_MAX beyond the last.
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD uint64_t strait_histogram_bound_ns(uint32_t bucket)
    STRAIT_NOEXCEPT;

/**
 * How many durations it holds; 0 for NULL. @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD uint64_t strait_histogram_total(
    const strait_histogram_t *histogram) STRAIT_NOEXCEPT;

/**
 * The duration that a share q of all stays at or below, from above: the longest
 * of the bucket in which it lies.
 * @param q  0 to 1; what lies outside is taken as the nearer end
 * @return nanoseconds; 0 if it is empty or NULL; UINT64_MAX if it lies in the
 *   last bucket
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD uint64_t strait_histogram_quantile(
    const strait_histogram_t *histogram, double q) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_HISTOGRAM_H */
