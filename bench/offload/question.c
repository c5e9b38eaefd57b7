/* SPDX-License-Identifier: MIT */
/*
 * offload - loop, pool and back. The work is described in offload.h.
 */
#include "questions.h"
#include "systems.h"

/* With one job in flight every hand-over wakes a sleeping core: it measures the
 * kernel. With 64 and 4096 it measures the library. */
static const struct bench_case cases[] = {
    { "1", "1 job in flight: both sides sleep each time", 300, 0, 100, 1 },
    { "64", "64 jobs in flight", 20000, 0, 100, 64 },
    { "4096", "4096 jobs in flight", 100000, 0, 100, 4096 },
};

static const struct bench_system *const systems[] = {
    &offload_strait,
    &offload_libuv,
    &offload_asio,
    &offload_cond_pool,
};

const struct bench_question question_offload = {
    .name = "offload",
    .asks = "How many jobs go from a loop to a pool of 2 threads and back, "
            "per second?",
    .unit = BENCH_RATE,
    .cases = cases,
    .n_cases = BENCH_COUNT(cases),
    .systems = systems,
    .n_systems = BENCH_COUNT(systems),
};
