/* SPDX-License-Identifier: MIT */
/*
 * mpsc - many producers, one consumer. The work is in driver.h.
 */
#include "systems.h"

#include "questions.h"

/* A run is a burst of items that may pile up, so its length matters: it is cut
 * by time, the same for all, so that slow queues do not take the day and fast
 * ones more than a few time slices. */
static const struct bench_case cases[] = {
    { "1p", "1 producer, 1 consumer", 250000, 4000000, 60, 1 },
    { "2p", "2 producers, 1 consumer", 250000, 4000000, 60, 2 },
    { "4p", "4 producers, 1 consumer", 250000, 4000000, 60, 4 },
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
    &mpsc_cas_stack,
    &mpsc_mutex_list,
    &mpsc_mutex_swap,
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
