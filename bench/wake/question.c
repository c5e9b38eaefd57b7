/* SPDX-License-Identifier: MIT */
/*
 * wake - what it takes to wake a loop that sleeps. See wake.h.
 */
#include "questions.h"
#include "wake/wake.h"

static const struct bench_case cases[] = {
    { .name = "oneway",
        .title = "a thread wakes a loop that sleeps",
        .n_ops = 50,
        .target_ms = 100,
        .arg = WAKE_ONEWAY },
    { .name = "pingpong",
        .title = "two loops wake each other, both asleep: a round trip",
        .n_ops = 100,
        .target_ms = 100,
        .arg = WAKE_PINGPONG },
    { .name = "rally",
        .title = "two loops answer each other at once: a round trip",
        .n_ops = 1000,
        .target_ms = 100,
        .arg = WAKE_RALLY },
};

static const struct bench_system *const systems[] = {
    &wake_strait,
    &wake_libuv,
    &wake_eventfd,
};

const struct bench_question question_wake = {
    .name = "wake",
    .asks = "How long until a sleeping loop has heard of another thread? "
            "(less is better; longer bars are faster)",
    .unit = BENCH_LATENCY,
    .cases = cases,
    .n_cases = BENCH_COUNT(cases),
    .systems = systems,
    .n_systems = BENCH_COUNT(systems),
};
