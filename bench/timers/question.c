/* SPDX-License-Identifier: MIT */
/*
 * timers - with a million of them alive. See timers.h.
 */
#include "questions.h"
#include "timers/timers.h"

static const struct bench_case cases[] = {
    { .name = "start",
        .title = "start one, 1 M alive",
        .n_ops = TIMERS_MORE,
        .arg = TIMERS_START },
    { .name = "stop",
        .title = "stop one in random order, 1 M alive",
        .n_ops = TIMERS_MORE,
        .arg = TIMERS_STOP },
    { .name = "expire",
        .title = "run one that is due, 1 M alive",
        .n_ops = TIMERS_MORE,
        .arg = TIMERS_EXPIRE },
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
