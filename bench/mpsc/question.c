/* SPDX-License-Identifier: MIT */
/*
 * mpsc - many producers, one consumer. The work is in driver.h.
 */
#include "systems.h"

#include "questions.h"

/* A run is a burst of items that may pile up, so its length matters: it is cut
 * by time, the same for all, so that slow queues do not take the day and fast
 * ones more than a few time slices. */
#define BURST .n_ops = 250000, .n_ops_max = 4000000, .target_ms = 60

static const struct bench_case cases[] = {
    { .name = "1p", .title = "1 producer, 1 consumer", BURST, .arg = 1 },
    { .name = "2p",
        .title = "2 producers, 1 consumer",
        BURST,
        .arg = 2,
        .is_extra = true },
    { .name = "4p", .title = "4 producers, 1 consumer", BURST, .arg = 4 },
    { .name = "8p",
        .title = "8 producers, 1 consumer",
        BURST,
        .arg = 8,
        .is_extra = true },
    { .name = "16p",
        .title = "16 producers, 1 consumer",
        BURST,
        .arg = 16,
        .is_extra = true },
    { .name = "1p_x16",
        .title = "1 producer of chains of 16",
        BURST,
        .arg = 1,
        .batch = 16 },
    { .name = "1p_x256",
        .title = "1 producer of chains of 256",
        BURST,
        .arg = 1,
        .batch = 256,
        .is_extra = true },
    { .name = "4p_x16",
        .title = "4 producers of chains of 16",
        BURST,
        .arg = 4,
        .batch = 16,
        .is_extra = true },
};

static const struct bench_system *const systems[] = {
    &mpsc_strait,
    &mpsc_strait_ring,
    &mpsc_liburcu,
    &mpsc_ck_fifo,
    &mpsc_ck_ring,
    &mpsc_moodycamel,
    &mpsc_tbb,
    &mpsc_boost,
    &mpsc_mutex_list,
    &mpsc_mutex_swap,
    &mpsc_cas_stack,
    &mpsc_bare,
};

const struct bench_question question_mpsc = {
    .name = "mpsc",
    .asks = "How many pointers cross from n threads to one, per second?",
    .unit = BENCH_RATE,
    .cases = cases,
    .n_cases = BENCH_COUNT(cases),
    .systems = systems,
    .n_systems = BENCH_COUNT(systems),
};
