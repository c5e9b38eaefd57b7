/* SPDX-License-Identifier: MIT */
/*
 * test_histogram.c - buckets and their bounds at every edge, and quantiles
 * against a sorted list.
 */
#include <math.h>
#include <stdlib.h>
#include <strait/histogram.h>

#include "rng.h"
#include "unit.h"

TestSuite(histogram, .timeout = 30);

Test(histogram, short_durations_are_exact)
{
    uint32_t ns;

    for (ns = 0; ns < 16; ns++) {
        check_int(strait_histogram_bucket(ns), ns);
        check_int(strait_histogram_bound_ns(ns), ns);
    }
}

Test(histogram, buckets_follow_each_other_without_a_gap)
{
    uint32_t i;

    check_int(strait_histogram_bound_ns(0), 0);
    for (i = 0; i < STRAIT_HISTOGRAM_BUCKETS; i++) {
        uint64_t from = strait_histogram_bound_ns(i);
        uint64_t to = strait_histogram_bound_ns(i + 1);

        cr_assert(to > from, "bucket %u", i);
        check_int(strait_histogram_bucket(from), i);
        check_int(strait_histogram_bucket(to - 1), i);
        if (i + 1 < STRAIT_HISTOGRAM_BUCKETS) {
            /* At most an eighth apart. */
            cr_assert((to - from) * 8 <= (from > 8 ? from : 8), "bucket %u", i);
        }
    }
}

Test(histogram, the_last_bucket_holds_all_that_is_longer)
{
    uint32_t last = STRAIT_HISTOGRAM_BUCKETS - 1;

    check_int(strait_histogram_bound_ns(last), STRAIT_HISTOGRAM_TOP_NS);
    check_int(strait_histogram_bucket(STRAIT_HISTOGRAM_TOP_NS - 1), last - 1);
    check_int(strait_histogram_bucket(STRAIT_HISTOGRAM_TOP_NS), last);
    check_int(strait_histogram_bucket(UINT64_MAX), last);
    cr_assert(strait_histogram_bound_ns(last + 1) == UINT64_MAX);
    cr_assert(strait_histogram_bound_ns(UINT32_MAX) == UINT64_MAX);
}

Test(histogram, eight_buckets_to_each_power_of_two)
{
    unsigned bit;

    for (bit = 4; bit < 41; bit++) {
        uint64_t power = (uint64_t)1 << bit;

        check_int(
            strait_histogram_bucket(2 * power) - strait_histogram_bucket(power),
            STRAIT_HISTOGRAM_STEPS);
        check_int(
            strait_histogram_bound_ns(strait_histogram_bucket(power)), power);
    }
}

Test(histogram, total)
{
    strait_histogram_t histogram = { { 0 } };

    check_int(strait_histogram_total(NULL), 0);
    check_int(strait_histogram_total(&histogram), 0);
    histogram.count[0] = 3;
    histogram.count[STRAIT_HISTOGRAM_BUCKETS - 1] = 4;
    check_int(strait_histogram_total(&histogram), 7);
}

Test(histogram, quantiles_at_the_ends)
{
    strait_histogram_t histogram = { { 0 } };
    uint32_t last = STRAIT_HISTOGRAM_BUCKETS - 1;

    check_int(strait_histogram_quantile(NULL, 0.5), 0);
    check_int(strait_histogram_quantile(&histogram, 0.5), 0);
    histogram.count[5] = 1;
    check_int(strait_histogram_quantile(&histogram, 0), 5);
    check_int(strait_histogram_quantile(&histogram, 1), 5);
    check_int(strait_histogram_quantile(&histogram, -3), 5);
    check_int(strait_histogram_quantile(&histogram, 7), 5);
    check_int(strait_histogram_quantile(&histogram, (double)NAN), 5);
    check_int(strait_histogram_quantile(&histogram, (double)INFINITY), 5);
    histogram.count[9] = 1;
    /* The first half lies at the lower one, all beyond at the upper one. */
    check_int(strait_histogram_quantile(&histogram, 0.5), 5);
    check_int(strait_histogram_quantile(&histogram, 0.51), 9);
    histogram.count[last] = 2;
    cr_assert(strait_histogram_quantile(&histogram, 1) == UINT64_MAX);
    check_int(strait_histogram_quantile(&histogram, 0.5), 9);
}

static int
by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

Test(histogram, quantiles_agree_with_a_sorted_list)
{
    enum { N = 1000 };
    struct rng rng = rng_make(test_seed("test_histogram", 7), 0);
    static uint64_t list[N];
    int round;

    for (round = 0; round < 20; round++) {
        strait_histogram_t histogram = { { 0 } };
        int i;

        for (i = 0; i < N; i++) {
            list[i] = rng_next(&rng) >> (24 + rng_below(&rng, 40));
            histogram.count[strait_histogram_bucket(list[i])]++;
        }
        qsort(list, N, sizeof list[0], by_size);
        check_int(strait_histogram_total(&histogram), N);
        for (i = 0; i < N; i++) {
            /* A share that lies strictly within element i. */
            double q = (i + 0.5) / N;
            uint64_t got = strait_histogram_quantile(&histogram, q);

            cr_assert(got >= list[i], "%d", i);
            check_int(
                strait_histogram_bucket(got), strait_histogram_bucket(list[i]));
        }
    }
}

Test(histogram, more_than_a_double_can_count)
{
    strait_histogram_t histogram = { { 0 } };

    histogram.count[3] = UINT64_MAX / 2;
    histogram.count[4] = UINT64_MAX / 2;
    check_int(strait_histogram_quantile(&histogram, 0), 3);
    check_int(strait_histogram_quantile(&histogram, 0.25), 3);
    check_int(strait_histogram_quantile(&histogram, 1), 4);
}
