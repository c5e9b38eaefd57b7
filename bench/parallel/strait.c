/* SPDX-License-Identifier: MIT */
/*
 * parallel/strait - strait/parallel.h and sort.h, on a pool with as many
 * workers as asked for.
 *
 *   strait          loops split on demand, with automatic grain; sorts by
 *                   number
 *   strait_static   loops of schedule STATIC
 *   strait_less     the sort that sort_define.h makes
 *   strait_compare  the sort that calls a function to compare
 */
#include "parallel/parallel.h"

#include "systems.h"

#include <strait/strait.h>

#define STRAIT_SORT_NAME sort_less
#define STRAIT_SORT_TYPE int32_t
#define STRAIT_SORT_LESS(a, b) (*(a) < *(b))
#include <strait/sort_define.h>

static strait_pool_t *pool;
static uint32_t schedule;

static int
open_demand(unsigned n_workers)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = n_workers;
    schedule = STRAIT_SCHEDULE_DEMAND;
    return strait_pool_create(&pool, &config);
}

static int
open_static(unsigned n_workers)
{
    int err = open_demand(n_workers);

    schedule = STRAIT_SCHEDULE_STATIC;
    return err;
}

static void
close_pool(void)
{
    strait_pool_destroy(pool);
}

static void
body(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    (void)frame;
    parallel_chunk(arg, begin, end);
}

static void
rounds(strait_frame_t *frame, void *arg)
{
    struct parallel_loop *loop = arg;
    strait_range_t range = strait_range(0, loop->n);

    range.schedule = schedule;
    for (uint64_t i = 0; i < loop->n_rounds; i++)
        if (strait_parallel_for(strait_in_task(frame), range, body, loop) != 0)
            loop->n_failed++;
}

static void
loop_all(struct parallel_loop *loop)
{
    if (strait_fork_run(strait_pool_lane(pool), rounds, loop) != 0)
        loop->n_failed++;
}

static int
sort_keys(int32_t *items, size_t n)
{
    return strait_parallel_sort_keys(strait_on_lane(strait_pool_lane(pool)),
        items, n, sizeof(*items), 0, STRAIT_KEY_I32);
}

static int
sort_less_than(int32_t *items, size_t n)
{
    return sort_less(strait_on_lane(strait_pool_lane(pool)), items, n, NULL);
}

static int
compare(const void *a, const void *b, void *arg)
{
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;

    (void)arg;
    return (x > y) - (x < y);
}

static int
sort_compare(int32_t *items, size_t n)
{
    return strait_parallel_sort(strait_on_lane(strait_pool_lane(pool)), items,
        n, sizeof(*items), compare, NULL, 0);
}

static const struct parallel_ops demand = { open_demand, close_pool, loop_all,
    sort_keys };
static const struct parallel_ops uniform = { open_static, close_pool, loop_all,
    NULL };
static const struct parallel_ops less_than = { open_demand, close_pool, NULL,
    sort_less_than };
static const struct parallel_ops comparing = { open_demand, close_pool, NULL,
    sort_compare };

PARALLEL_SYSTEM(parallel_strait, "strait", demand)
PARALLEL_SYSTEM(parallel_strait_static, "strait_static", uniform)
PARALLEL_SYSTEM(parallel_strait_less, "strait_less", less_than)
PARALLEL_SYSTEM(parallel_strait_compare, "strait_compare", comparing)
