/* SPDX-License-Identifier: MIT */
/*
 * parallel - the questions about whole arrays. What is asked stands in
 * parallel/parallel.h.
 */
#include "parallel/parallel.h"
#include "questions.h"
#include "systems.h"

#define SYSTEMS(array) .systems = array, .n_systems = BENCH_COUNT(array)

/* ------------------------------------------------------------ parallel_for */

#define LOOP(kind, count)                                                      \
    {                                                                          \
        .body = kind, .n = count                                               \
    }

static const struct parallel_shape cheap = LOOP(PARALLEL_CHEAP, 1000000);
static const struct parallel_shape skewed = LOOP(PARALLEL_SKEWED, 100000);
static const struct parallel_shape small = LOOP(PARALLEL_CHEAP, 1000);

#define LOOP_CASE(text, says, workers, shape)                                  \
    .name = text, .title = says, .n_ops = 1000000, .target_ms = 100,           \
    .arg = workers, .detail = &(shape)

static const struct bench_case loop_cases[] = {
    { LOOP_CASE("cheap", "1 M cheap iterations, 2 workers", 2, cheap) },
    { LOOP_CASE("skewed",
        "100,000 iterations, the last ones much the longest, 2 workers", 2,
        skewed) },
    { LOOP_CASE("small", "1,000 cheap iterations, 2 workers", 2, small),
        .is_extra = true },
    { LOOP_CASE("cheap_1", "1 M cheap iterations, 1 worker", 1, cheap),
        .is_extra = true },
    { LOOP_CASE("cheap_16", "1 M cheap iterations, 16 workers", 16, cheap),
        .is_extra = true },
    { LOOP_CASE(
          "skewed_16", "100,000 skewed iterations, 16 workers", 16, skewed),
        .is_extra = true },
};

static const struct bench_system *const loop_systems[] = {
    &parallel_strait,
    &parallel_strait_static,
    &parallel_tbb,
    &parallel_openmp_static,
    &parallel_openmp_dynamic,
    &parallel_serial,
};

const struct bench_question question_parallel_for = {
    .name = "parallel_for",
    .asks = "How many iterations of a loop are done, by all workers?",
    .unit = BENCH_RATE,
    .cases = loop_cases,
    .n_cases = BENCH_COUNT(loop_cases),
    SYSTEMS(loop_systems),
};

/* -------------------------------------------------------------------- sort */

#define ITEMS(kind, count)                                                     \
    {                                                                          \
        .is_sort = true, .pattern = kind, .n = count                           \
    }

static const struct parallel_shape random_100 = ITEMS(PARALLEL_RANDOM, 100);
static const struct parallel_shape random_10k = ITEMS(PARALLEL_RANDOM, 10000);
static const struct parallel_shape random_1m = ITEMS(PARALLEL_RANDOM, 1000000);
static const struct parallel_shape random_10m = ITEMS(
    PARALLEL_RANDOM, 10000000);
static const struct parallel_shape sorted_1m = ITEMS(PARALLEL_SORTED, 1000000);
static const struct parallel_shape few_1m = ITEMS(PARALLEL_FEW, 1000000);

#define SORT_CASE(text, says, workers, shape)                                  \
    .name = text, .title = says, .n_ops = 1, .target_ms = 200, .arg = workers, \
    .detail = &(shape)

static const struct bench_case sort_cases[] = {
    { SORT_CASE("1m", "1 M random integers, 2 workers", 2, random_1m) },
    { SORT_CASE("10m", "10 M random integers, 2 workers", 2, random_10m),
        .is_extra = true },
    { SORT_CASE("10k", "10,000 random integers, 2 workers", 2, random_10k),
        .is_extra = true },
    { SORT_CASE("100", "100 random integers, 2 workers", 2, random_100),
        .is_extra = true },
    { SORT_CASE("sorted", "1 M integers in order, 2 workers", 2, sorted_1m),
        .is_extra = true },
    { SORT_CASE("few", "1 M integers of 16 values, 2 workers", 2, few_1m),
        .is_extra = true },
    { SORT_CASE("1m_1", "1 M random integers, 1 worker", 1, random_1m),
        .is_extra = true },
    { SORT_CASE("1m_16", "1 M random integers, 16 workers", 16, random_1m),
        .is_extra = true },
};

static const struct bench_system *const sort_systems[] = {
    &parallel_strait,
    &parallel_strait_less,
    &parallel_strait_compare,
    &parallel_qsort,
    &parallel_std,
    &parallel_tbb,
};

const struct bench_question question_sort = {
    .name = "sort",
    .asks = "How many integers are sorted per second?",
    .unit = BENCH_RATE,
    .cases = sort_cases,
    .n_cases = BENCH_COUNT(sort_cases),
    SYSTEMS(sort_systems),
};
