/* SPDX-License-Identifier: MIT */
/*
 * parallel/serial - one thread: the loop as it stands, and qsort.
 */
#include "parallel/parallel.h"

#include "systems.h"

#include <stdlib.h>

static void
loop_all(struct parallel_loop *loop)
{
    for (uint64_t i = 0; i < loop->n_rounds; i++) {
        parallel_chunk(loop, 0, loop->n);
        /* Each round is done, though they all write the same. */
        __asm__ __volatile__("" : : "r"(loop->out) : "memory");
    }
}

static int
compare(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

static int
sort_all(int32_t *items, size_t n)
{
    qsort(items, n, sizeof(*items), compare);
    return 0;
}

static const struct parallel_ops loops = { NULL, NULL, loop_all, NULL };
static const struct parallel_ops sorts = { NULL, NULL, NULL, sort_all };

PARALLEL_SYSTEM_AS(parallel_serial, "serial", loops, BENCH_YARDSTICK)
PARALLEL_SYSTEM(parallel_qsort, "qsort", sorts)
