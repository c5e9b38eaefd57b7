/* SPDX-License-Identifier: MIT */
/*
 * spsc - one producer, one consumer, bounded. The work is in ring/driver.h.
 */
#include "systems.h"

#include "questions.h"

#define PAIR                                                                   \
    .n_ops = 200000, .n_ops_max = 40000000, .target_ms = 60, .arg = 1,         \
    .n_consumers = 1

static const struct bench_system *const throughput[] = {
    &spsc_strait,
    &spsc_moodycamel,
    &spsc_boost,
    &spsc_ck_ring,
    &spsc_hand,
    &spsc_limit_memcpy,
};

static const struct bench_system *const trip[] = {
    &spsc_strait_trip,
    &spsc_moodycamel_trip,
    &spsc_boost_trip,
    &spsc_ck_ring_trip,
    &spsc_hand_trip,
    &spsc_limit_line_trip,
};

static const struct bench_case cases[] = {
    { .name = "1", .title = "one at a time, 4096 places", PAIR },
    { .name = "16",
        .title = "batches of 16, in place if that can be done",
        PAIR,
        .batch = 16 },
    { .name = "256",
        .title = "batches of 256, in place if that can be done",
        PAIR,
        .batch = 256,
        .is_extra = true },
    { .name = "trip",
        .title = "there and back over two queues",
        .n_ops = 10000,
        .n_ops_max = 1000000,
        .target_ms = 60,
        .arg = 1,
        .n_consumers = 1,
        .shows_tail = true,
        .unit = BENCH_LATENCY,
        .systems = trip,
        .n_systems = BENCH_COUNT(trip) },
};

const struct bench_question question_spsc = {
    .name = "spsc",
    .asks = "How many numbers go from one thread to another, and how quickly?",
    .unit = BENCH_RATE,
    .cases = cases,
    .n_cases = BENCH_COUNT(cases),
    .systems = throughput,
    .n_systems = BENCH_COUNT(throughput),
};
