/* SPDX-License-Identifier: MIT */
/*
 * timers - with a million of them alive. See timers.h.
 */
#include "questions.h"
#include "timers/timers.h"

static const struct bench_case cases[] = {
    { "start", "start one, 1 M alive", TIMERS_MORE, 0, 0, TIMERS_START },
    { "stop", "stop one in random order, 1 M alive", TIMERS_MORE, 0, 0,
        TIMERS_STOP },
    { "expire", "run one that is due, 1 M alive", TIMERS_MORE, 0, 0,
        TIMERS_EXPIRE },
};

static const struct bench_system *const systems[] = {
    &timers_strait,
    &timers_libuv,
};

const struct bench_question question_timers = {
    .name = "timers",
    .asks = "How many timers can be started, stopped, run per second?",
    .unit = BENCH_RATE,
    .cases = cases,
    .n_cases = BENCH_COUNT(cases),
    .systems = systems,
    .n_systems = BENCH_COUNT(systems),
};
