/* SPDX-License-Identifier: MIT */
/*
 * offload - loop, pool and back. The work is described in offload.h.
 */
#include "offload/offload.h"
#include "questions.h"
#include "systems.h"

static const struct offload_shape one = {
    .kind = OFFLOAD_FLOW,
    .n_threads = OFFLOAD_THREADS,
    .window = 1,
};
static const struct offload_shape some = {
    .kind = OFFLOAD_FLOW,
    .n_threads = OFFLOAD_THREADS,
    .window = 64,
};
static const struct offload_shape many = {
    .kind = OFFLOAD_FLOW,
    .n_threads = OFFLOAD_THREADS,
    .window = 4096,
};

/* With one job in flight every hand-over wakes a sleeping core: it measures the
 * kernel. With 64 and 4096 it measures the library. */
static const struct bench_case cases[] = {
    { .name = "1",
        .title = "1 job in flight: both sides sleep each time",
        .n_ops = 300,
        .target_ms = 100,
        .detail = &one },
    { .name = "64",
        .title = "64 jobs in flight",
        .n_ops = 20000,
        .target_ms = 100,
        .detail = &some },
    { .name = "4096",
        .title = "4096 jobs in flight",
        .n_ops = 100000,
        .target_ms = 100,
        .detail = &many },
};

static const struct bench_system *const systems[] = {
    &offload_strait,
    &offload_strait_submit,
    &offload_strait_serial,
    &offload_strait_prio,
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
