/* SPDX-License-Identifier: MIT */
/*
 * parallel.h - the questions about whole arrays: loops over their elements, and
 * sorts. A system brings a function for each that it can do; clocks, data and
 * what is right are in bed.c.
 *
 * A loop writes out[i] = the value of i, for all i, round after round; the
 * thread that begins a round is one of the workers. Bodies:
 *   cheap   a few instructions for each i
 *   skewed  a chain of them that grows with the square of i, from 1 to 256
 * A sort gets a fresh copy of the same array each time; the clock runs only
 * while it sorts.
 */
#ifndef BENCH_PARALLEL_PARALLEL_H
#define BENCH_PARALLEL_PARALLEL_H

#include "harness.h"

#ifdef __cplusplus
extern "C" {
#endif

enum parallel_body { PARALLEL_CHEAP, PARALLEL_SKEWED };
enum parallel_pattern { PARALLEL_RANDOM, PARALLEL_SORTED, PARALLEL_FEW };

/** What a case asks for; its `arg` is the number of workers. */
struct parallel_shape {
    bool is_sort;
    enum parallel_body body;       /**< of a loop */
    enum parallel_pattern pattern; /**< of what is sorted */
    size_t n;                      /**< elements */
};

struct parallel_loop {
    enum parallel_body body;
    size_t n;
    uint64_t n_rounds;
    uint32_t *out;
    uint64_t n_failed; /**< rounds that the system refused */
};

#define PARALLEL_SKEW 256

static inline uint32_t
parallel_mix(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ (x >> 16);
}

/** The value of i: `steps` mixes. */
static inline uint32_t
parallel_value(size_t i, size_t n, enum parallel_body body)
{
    uint32_t x = parallel_mix((uint32_t)i + 1);
    size_t steps = 0;

    if (body == PARALLEL_SKEWED)
        steps = (size_t)((double)i * (double)i / ((double)n * (double)n) *
            PARALLEL_SKEW);
    for (; steps > 0; steps--)
        x = parallel_mix(x);
    return x;
}

/** Iterations begin to end. */
static inline void
parallel_chunk(const struct parallel_loop *loop, size_t begin, size_t end)
{
    uint32_t *out = loop->out;
    size_t n = loop->n;
    size_t i;

    if (loop->body == PARALLEL_CHEAP) {
        for (i = begin; i < end; i++)
            out[i] = parallel_value(i, n, PARALLEL_CHEAP);
    } else {
        for (i = begin; i < end; i++)
            out[i] = parallel_value(i, n, PARALLEL_SKEWED);
    }
}

/** What a system brings; NULL: nothing to do, or not asked of it. */
struct parallel_ops {
    int (*open)(unsigned n_workers); /**< @return 0 or a negative errno */
    void (*close)(void);
    void (*loop)(struct parallel_loop *loop);
    int (*sort)(int32_t *items, size_t n); /**< @return 0 or another */
};

int parallel_setup(const struct bench_case *which,
    const struct parallel_ops *ops, void **ret_state);
void parallel_run(void *state, uint64_t n_ops, struct bench_result *result);
void parallel_teardown(void *state);

#define PARALLEL_SYSTEM_AS(identifier, text, ops, kind)                        \
    static int identifier##_setup(                                             \
        const struct bench_case *which, void **ret_state)                      \
    {                                                                          \
        return parallel_setup(which, &(ops), ret_state);                       \
    }                                                                          \
    const struct bench_system identifier = { text, NULL, identifier##_setup,   \
        parallel_run, parallel_teardown, kind, NULL };
#define PARALLEL_SYSTEM(identifier, text, ops)                                 \
    PARALLEL_SYSTEM_AS(identifier, text, ops, BENCH_RIVAL)

#ifdef __cplusplus
}
#endif

#endif /* BENCH_PARALLEL_PARALLEL_H */
