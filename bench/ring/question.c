/* SPDX-License-Identifier: MIT */
/*
 * ring - many producers, many consumers, bounded. The work is in driver.h.
 */
#include "systems.h"

#include "questions.h"

#define THREADS(producers, consumers)                                          \
    .n_ops = 50000, .n_ops_max = 20000000, .target_ms = 60, .arg = producers,  \
    .n_consumers = consumers

static const struct bench_system *const throughput[] = {
    &ring_strait,
    &ring_ck,
    &ring_boost,
    &ring_tbb,
    &ring_moodycamel,
    &ring_mutex,
};

static const struct bench_system *const trip[] = {
    &ring_strait_trip,
    &ring_ck_trip,
    &ring_boost_trip,
    &ring_tbb_trip,
    &ring_moodycamel_trip,
    &ring_mutex_trip,
    &spsc_limit_line_trip,
};

static const struct bench_case cases[] = {
    { .name = "1x1",
        .title = "1 producer, 1 consumer, 4096 places",
        THREADS(1, 1) },
    { .name = "2x2", .title = "2 producers, 2 consumers", THREADS(2, 2) },
    { .name = "4x4",
        .title = "4 producers, 4 consumers",
        THREADS(4, 4),
        .is_extra = true },
    { .name = "4x1",
        .title = "4 producers, 1 consumer, by the calls for an only consumer",
        THREADS(4, 1),
        .is_alone = true,
        .is_extra = true },
    { .name = "1x1_16",
        .title = "1 producer, 1 consumer, batches of 16",
        THREADS(1, 1),
        .batch = 16,
        .is_extra = true },
    { .name = "1x1_256",
        .title = "1 producer, 1 consumer, batches of 256",
        THREADS(1, 1),
        .batch = 256,
        .is_extra = true },
    { .name = "2x2_16",
        .title = "2 producers, 2 consumers, batches of 16",
        THREADS(2, 2),
        .batch = 16,
        .is_extra = true },
    { .name = "2x2_256",
        .title = "2 producers, 2 consumers, batches of 256",
        THREADS(2, 2),
        .batch = 256,
        .is_extra = true },
    { .name = "4x1_16",
        .title = "4 producers, 1 consumer, batches of 16",
        THREADS(4, 1),
        .batch = 16,
        .is_alone = true,
        .is_extra = true },
    { .name = "trip",
        .title = "there and back over two queues",
        .n_ops = 10000,
        .n_ops_max = 1000000,
        .target_ms = 60,
        .arg = 1,
        .n_consumers = 1,
        .shows_tail = true,
        .is_extra = true,
        .unit = BENCH_LATENCY,
        .systems = trip,
        .n_systems = BENCH_COUNT(trip) },
};

const struct bench_question question_ring = {
    .name = "ring",
    .asks = "How many numbers go from n threads to m, in a bounded queue?",
    .unit = BENCH_RATE,
    .cases = cases,
    .n_cases = BENCH_COUNT(cases),
    .systems = throughput,
    .n_systems = BENCH_COUNT(throughput),
};
