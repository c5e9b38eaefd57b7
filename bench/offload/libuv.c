/* SPDX-License-Identifier: MIT */
/*
 * offload/libuv - uv_queue_work, with UV_THREADPOOL_SIZE set. There is one pool
 * for everything, calls that block included.
 */
#include "offload/offload.h"

#include <uv.h>

typedef uv_work_t work_t;

typedef struct {
    uv_loop_t loop;
    uv_timer_t timer;
    unsigned n_may_block;
} pool_t;

#include "offload/driver.h"

static int
pool_open(pool_t *pool, const struct offload_shape *shape, unsigned form)
{
    char threads[16];
    int err;

    (void)form;
    snprintf(threads, sizeof(threads), "%u", shape->n_threads);
    setenv("UV_THREADPOOL_SIZE", threads, 1);
    pool->n_may_block = shape->n_threads;
    err = uv_loop_init(&pool->loop);
    return err != 0 ? err : uv_timer_init(&pool->loop, &pool->timer);
}

static void
pool_close(pool_t *pool)
{
    uv_close((uv_handle_t *)&pool->timer, NULL);
    uv_run(&pool->loop, UV_RUN_DEFAULT);
    uv_loop_close(&pool->loop);
}

static void
work_init(pool_t *pool, work_t *work, unsigned index, bool may_block)
{
    (void)pool;
    (void)work;
    (void)index;
    (void)may_block;
}

static void
on_done(uv_work_t *work, int status)
{
    if (status == 0) /* otherwise it is missed in the end */
        offload_done(work);
}

static int
pool_submit(pool_t *pool, work_t *work)
{
    return uv_queue_work(&pool->loop, work, offload_body, on_done);
}

static void
pool_run(pool_t *pool)
{
    uv_run(&pool->loop, UV_RUN_DEFAULT);
}

static void
pool_stop(pool_t *pool)
{
    uv_stop(&pool->loop);
}

static void
on_tick(uv_timer_t *timer)
{
    offload_tick((pool_t *)((char *)timer - offsetof(pool_t, timer)));
}

static void
pool_tick(pool_t *pool, uint64_t period_ns)
{
    uint64_t ms = period_ns / 1000000u;

    /* Timers count from the loop's idea of now. */
    uv_update_time(&pool->loop);
    if (period_ns != 0)
        uv_timer_start(&pool->timer, on_tick, ms, ms);
    else
        uv_timer_stop(&pool->timer);
}

OFFLOAD_SYSTEM(offload_libuv, "libuv", 0)
