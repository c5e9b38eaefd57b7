/* SPDX-License-Identifier: MIT */
/*
 * wake - what it takes to wake a loop that sleeps. See wake.h.
 */
#include "questions.h"
#include "wake/wake.h"

static const struct bench_case cases[] = {
    { "oneway", "a thread wakes a loop that sleeps", 50, 0, 100, WAKE_ONEWAY },
    { "pingpong", "two loops wake each other, both asleep: a round trip", 100,
        0, 100, WAKE_PINGPONG },
    { "rally", "two loops answer each other at once: a round trip", 1000, 0,
        100, WAKE_RALLY },
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
