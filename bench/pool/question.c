/* SPDX-License-Identifier: MIT */
/*
 * pool - more questions about a loop and a pool. The systems are those of the
 * question offload; what they are asked to do stands in offload/offload.h.
 */
#include "offload/offload.h"
#include "questions.h"
#include "systems.h"

static const struct bench_system *const systems[] = {
    &offload_strait,
    &offload_libuv,
    &offload_asio,
    &offload_cond_pool,
};

#define SYSTEMS .systems = systems, .n_systems = BENCH_COUNT(systems)

/* ------------------------------------------------------------------- burst */

#define BURST 10000
#define MANY 16

/* A burst of jobs that compute for so many steps. */
#define BURST_SHAPE(n, steps)                                                  \
    {                                                                          \
        .kind = OFFLOAD_BURST, .n_threads = n, .window = BURST,                \
        .n_steps = steps                                                       \
    }
/* As many jobs, a few of them in flight at a time. */
#define FLOW_SHAPE(n)                                                          \
    {                                                                          \
        .kind = OFFLOAD_FLOW, .n_threads = n, .window = 64,                    \
        .jobs_per_op = BURST, .n_steps = OFFLOAD_SHORT                         \
    }

static const struct offload_shape short_2 = BURST_SHAPE(2, OFFLOAD_SHORT);
static const struct offload_shape short_4 = BURST_SHAPE(4, OFFLOAD_SHORT);
static const struct offload_shape short_8 = BURST_SHAPE(8, OFFLOAD_SHORT);
static const struct offload_shape short_16 = BURST_SHAPE(MANY, OFFLOAD_SHORT);
static const struct offload_shape empty_2 = BURST_SHAPE(2, 0);
static const struct offload_shape empty_16 = BURST_SHAPE(MANY, 0);
static const struct offload_shape flow_2 = FLOW_SHAPE(2);
static const struct offload_shape flow_16 = FLOW_SHAPE(MANY);
static const struct offload_shape short_grows = {
    .kind = OFFLOAD_BURST,
    .n_threads = 2,
    .grows_to = MANY,
    .window = BURST,
    .n_steps = OFFLOAD_SHORT,
};
static const struct offload_shape empty_grows = {
    .kind = OFFLOAD_BURST,
    .n_threads = 2,
    .grows_to = MANY,
    .window = BURST,
};
static const struct offload_shape flow_grows = {
    .kind = OFFLOAD_FLOW,
    .n_threads = 2,
    .grows_to = MANY,
    .window = 64,
    .jobs_per_op = BURST,
    .n_steps = OFFLOAD_SHORT,
};

#define BURST_CASE(text, says, shape)                                          \
    .name = text, .title = says, .n_ops = 1, .target_ms = 100,                 \
    .detail = &(shape)
/* There is no trial: each of its parts has one. */
#define GROWTH_CASE(text, says, shape)                                         \
    .name = text, .title = says, .n_ops = 4, .unit = BENCH_FIGURE,             \
    .figure_unit = " x", .detail = &(shape)

static const struct bench_case burst_cases[] = {
    { BURST_CASE("2", "10,000 short jobs at once, 2 threads", short_2) },
    { BURST_CASE("4", "10,000 short jobs at once, 4 threads", short_4),
        .is_extra = true },
    { BURST_CASE("8", "10,000 short jobs at once, 8 threads", short_8),
        .is_extra = true },
    { BURST_CASE("16", "10,000 short jobs at once, 16 threads", short_16) },
    { GROWTH_CASE("growth", "the same: time with 16 threads by time with 2",
        short_grows) },
    { BURST_CASE("empty_2", "10,000 empty jobs at once, 2 threads", empty_2),
        .is_extra = true },
    { BURST_CASE("empty_16", "10,000 empty jobs at once, 16 threads", empty_16),
        .is_extra = true },
    { GROWTH_CASE("empty_growth",
          "the same: time with 16 threads by time with 2", empty_grows),
        .is_extra = true },
    { BURST_CASE(
          "flow_2", "10,000 short jobs, 64 at a time, 2 threads", flow_2),
        .is_extra = true },
    { BURST_CASE(
          "flow_16", "10,000 short jobs, 64 at a time, 16 threads", flow_16),
        .is_extra = true },
    { GROWTH_CASE("flow_growth",
          "the same: time with 16 threads by time with 2", flow_grows),
        .is_extra = true },
};

const struct bench_question question_burst = {
    .name = "burst",
    .asks = "How long do 10,000 jobs take from a loop to a pool and back, and "
            "do many threads harm? (less is better)",
    .unit = BENCH_TIME,
    .cases = burst_cases,
    .n_cases = BENCH_COUNT(burst_cases),
    SYSTEMS,
};

/* ----------------------------------------------------------------- trickle */

static const struct offload_shape trickle = {
    .kind = OFFLOAD_TRICKLE,
    .n_threads = 2,
    .window = 64,
};
static const struct offload_shape idle = {
    .kind = OFFLOAD_IDLE,
    .n_threads = 2,
    .window = 64,
};

static const struct bench_case trickle_cases[] = {
    { .name = "trip",
        .title = "1 empty job each ms, 2 threads: from submit to callback",
        .n_ops = 100,
        .target_ms = 2000,
        .unit = BENCH_LATENCY,
        .shows_tail = true,
        .is_extra = true,
        .detail = &trickle },
    { .name = "cpu",
        .title = "the same: CPU time of all threads, in % of one core",
        .n_ops = 100,
        .target_ms = 2000,
        .unit = BENCH_FIGURE,
        .figure_unit = " %",
        .is_extra = true,
        .detail = &trickle },
    { .name = "idle",
        .title = "no jobs for 2.5 s (--long: 10 s): context switches",
        .n_ops = 300,
        .target_ms = 2500,
        .unit = BENCH_FIGURE,
        .figure_unit = "",
        .is_extra = true,
        .detail = &idle },
};

const struct bench_question question_trickle = {
    .name = "trickle",
    .asks = "What does a pool cost that has little or nothing to do? (less is "
            "better)",
    .unit = BENCH_LATENCY,
    .cases = trickle_cases,
    .n_cases = BENCH_COUNT(trickle_cases),
    SYSTEMS,
};

/* ---------------------------------------------------------------- blocking */

static const struct offload_shape blocking_some = {
    .kind = OFFLOAD_BLOCKING,
    .n_threads = 4,
    .window = 64,
    .n_held = 100,
};
static const struct offload_shape blocking_many = {
    .kind = OFFLOAD_BLOCKING,
    .n_threads = 4,
    .window = 4096,
    .n_held = 100,
};

#define BLOCKING_CASE(text, says, shape)                                       \
    .name = text, .title = says, .n_ops = 1, .target_ms = 500,                 \
    .figure_unit = " %", .is_extra = true, .detail = &(shape)

static const struct bench_case blocking_cases[] = {
    { BLOCKING_CASE("64",
        "64 jobs in flight, 4 threads, 100 blocked calls: % of rate lost",
        blocking_some) },
    { BLOCKING_CASE("4096", "the same with 4096 in flight", blocking_many) },
};

const struct bench_question question_blocking = {
    .name = "blocking",
    .asks = "How much of the rate of jobs is lost while other calls block? "
            "(less is better)",
    .unit = BENCH_FIGURE,
    .cases = blocking_cases,
    .n_cases = BENCH_COUNT(blocking_cases),
    SYSTEMS,
};

/* ------------------------------------------------------------------- delay */

static const struct offload_shape start = {
    .kind = OFFLOAD_START,
    .n_threads = 4,
    .window = 1,
    .n_held = 3,
};
static const struct offload_shape finish = {
    .kind = OFFLOAD_FINISH,
    .n_threads = 1,
    .window = 2,
};

static const struct bench_case delay_cases[] = {
    { .name = "start",
        .title = "1 of 4 threads sleeps, 3 run long jobs: from submit to start",
        .n_ops = 20,
        .target_ms = 200,
        .shows_tail = true,
        .is_extra = true,
        .detail = &start },
    { .name = "finish",
        .title = "a short job, then one of 20 ms, 1 thread: until the first is "
                 "back",
        .n_ops = 2,
        .target_ms = 250,
        .shows_tail = true,
        .is_extra = true,
        .detail = &finish },
};

const struct bench_question question_delay = {
    .name = "delay",
    .asks = "Do long jobs delay the start of another, or what has finished? "
            "(less is better)",
    .unit = BENCH_LATENCY,
    .cases = delay_cases,
    .n_cases = BENCH_COUNT(delay_cases),
    SYSTEMS,
};
