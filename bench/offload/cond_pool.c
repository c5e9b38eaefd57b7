/* SPDX-License-Identifier: MIT */
/*
 * offload/cond_pool - the pool of baselines/cond_pool.h, which is for
 * everything, calls that block included.
 */
#include "offload/offload.h"

#include "baselines/cond_pool.h"

typedef struct cond_job work_t;

typedef struct {
    struct cond_pool pool; /* first: it is the pool_t */
    bool is_stopped;
    unsigned n_may_block;
} pool_t;

#include "offload/driver.h"

static int
pool_open(pool_t *pool, const struct offload_shape *shape, unsigned form)
{
    (void)form;
    pool->n_may_block = shape->n_threads;
    return cond_pool_init(&pool->pool, shape->n_threads);
}

static void
pool_close(pool_t *pool)
{
    cond_pool_fini(&pool->pool);
}

static void
work_init(pool_t *pool, work_t *work, unsigned index, bool may_block)
{
    (void)pool;
    (void)index;
    (void)may_block;
    work->body = offload_body;
    work->done = offload_done;
}

static int
pool_submit(pool_t *pool, work_t *work)
{
    cond_pool_submit(&pool->pool, work);
    return 0;
}

static void
pool_run(pool_t *pool)
{
    pool->is_stopped = false;
    while (!pool->is_stopped)
        cond_pool_turn(&pool->pool);
}

static void
pool_stop(pool_t *pool)
{
    pool->is_stopped = true;
}

static void
on_tick(struct cond_pool *pool)
{
    offload_tick((pool_t *)pool);
}

static void
pool_tick(pool_t *pool, uint64_t period_ns)
{
    cond_pool_tick(&pool->pool, period_ns, on_tick);
}

OFFLOAD_SYSTEM(offload_cond_pool, "cond_pool", 0)
