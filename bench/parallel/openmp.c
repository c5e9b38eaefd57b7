/* SPDX-License-Identifier: MIT */
/*
 * parallel/openmp - `omp for` in a team of as many threads as asked for; the
 * calling thread is one of them.
 *
 *   openmp_static   equal parts, one for each thread
 *   openmp_dynamic  chunks of 256 iterations from a shared counter: one by one,
 *                   which is the default, suits none of the bodies
 */
#include "parallel/parallel.h"

#include "systems.h"

static unsigned n_threads;

static int
open_team(unsigned n_workers)
{
    n_threads = n_workers;
    return 0;
}

#define FOR_ALL(how, kind)                                                     \
    _Pragma(how) for (size_t i = 0; i < n; i++)                                \
        out[i] = parallel_value(i, n, kind)
#define STATIC "omp parallel for num_threads(n_threads) schedule(static)"
#define DYNAMIC "omp parallel for num_threads(n_threads) schedule(dynamic, 256)"

static void
loop_static(struct parallel_loop *loop)
{
    uint32_t *out = loop->out;
    size_t n = loop->n;

    for (uint64_t round = 0; round < loop->n_rounds; round++) {
        if (loop->body == PARALLEL_CHEAP)
            FOR_ALL(STATIC, PARALLEL_CHEAP);
        else
            FOR_ALL(STATIC, PARALLEL_SKEWED);
    }
}

static void
loop_dynamic(struct parallel_loop *loop)
{
    uint32_t *out = loop->out;
    size_t n = loop->n;

    for (uint64_t round = 0; round < loop->n_rounds; round++) {
        if (loop->body == PARALLEL_CHEAP)
            FOR_ALL(DYNAMIC, PARALLEL_CHEAP);
        else
            FOR_ALL(DYNAMIC, PARALLEL_SKEWED);
    }
}

static const struct parallel_ops equal = { open_team, NULL, loop_static, NULL };
static const struct parallel_ops counter = { open_team, NULL, loop_dynamic,
    NULL };

PARALLEL_SYSTEM(parallel_openmp_static, "openmp_static", equal)
PARALLEL_SYSTEM(parallel_openmp_dynamic, "openmp_dynamic", counter)
