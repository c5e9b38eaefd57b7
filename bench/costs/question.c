/* SPDX-License-Identifier: MIT */
/*
 * costs - the small questions about queues: what a look into an empty one
 * takes, and how much memory a queued item occupies. The queues are those of
 * the questions mpsc, spsc and ring, whose drivers have the work.
 */
#include "systems.h"

#include "questions.h"

#define OF_MPSC(what)                                                          \
    &mpsc_strait##what, &mpsc_liburcu##what, &mpsc_ck_fifo##what,              \
        &mpsc_ck_ring##what, &mpsc_moodycamel##what, &mpsc_tbb##what,          \
        &mpsc_boost##what, &mpsc_mutex_list##what, &mpsc_mutex_swap##what,     \
        &mpsc_cas_stack##what, &mpsc_bare##what
#define OF_SPSC(what)                                                          \
    &spsc_strait##what, &spsc_moodycamel##what, &spsc_boost##what,             \
        &spsc_ck_ring##what, &spsc_hand##what
#define OF_RING(what)                                                          \
    &ring_strait##what, &ring_ck##what, &ring_boost##what, &ring_tbb##what,    \
        &ring_moodycamel##what, &ring_mutex##what

static const struct bench_system *const mpsc_empty[] = { OF_MPSC(_empty) };
static const struct bench_system *const spsc_empty[] = { OF_SPSC(_empty) };
static const struct bench_system *const ring_empty[] = { OF_RING(_empty) };
static const struct bench_system *const mpsc_memory[] = { OF_MPSC(_memory) };
static const struct bench_system *const spsc_memory[] = { OF_SPSC(_memory) };
static const struct bench_system *const ring_memory[] = { OF_RING(_memory) };

#define SYSTEMS(array) .systems = array, .n_systems = BENCH_COUNT(array)
#define EMPTY                                                                  \
    .n_ops = 100000, .target_ms = 10, .arg = 1, .n_consumers = 1,              \
    .is_extra = true
#define FULL(n) .n_ops = n, .arg = 1, .n_consumers = 1, .is_extra = true

static const struct bench_case empty_cases[] = {
    { .name = "mpsc",
        .title = "unbounded, many producers, one consumer",
        EMPTY,
        SYSTEMS(mpsc_empty) },
    { .name = "spsc",
        .title = "bounded, one producer, one consumer",
        EMPTY,
        SYSTEMS(spsc_empty) },
    { .name = "ring",
        .title = "bounded, many producers, many consumers",
        EMPTY,
        SYSTEMS(ring_empty) },
};

static const struct bench_case memory_cases[] = {
    { .name = "mpsc",
        .title = "a million queued, many producers, one consumer",
        FULL(1000000),
        SYSTEMS(mpsc_memory) },
    { .name = "spsc",
        .title = "4096 queued, one producer, one consumer",
        FULL(4096),
        SYSTEMS(spsc_memory) },
    { .name = "ring",
        .title = "4096 queued, many producers, many consumers",
        FULL(4096),
        SYSTEMS(ring_memory) },
};

const struct bench_question question_empty = {
    .name = "empty",
    .asks = "How long does a pop of an empty queue take, on one thread?",
    .unit = BENCH_TIME,
    .cases = empty_cases,
    .n_cases = BENCH_COUNT(empty_cases),
};

const struct bench_question question_memory = {
    .name = "memory",
    .asks = "How much memory does a queued pointer occupy, nodes included?",
    .unit = BENCH_SIZE,
    .cases = memory_cases,
    .n_cases = BENCH_COUNT(memory_cases),
};
