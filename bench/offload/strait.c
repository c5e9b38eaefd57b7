/* SPDX-License-Identifier: MIT */
/*
 * offload/strait - strait_loop_submit to a lane that was made for it and has
 * room for what is in flight: an answer "full" would be a wrong result.
 *
 *   strait         a lane of class CPU without an order
 *   strait_submit  the same with order SUBMIT
 *   strait_serial  with order SERIAL: one job at a time
 *   strait_prio    two lanes of different priority, which get jobs in turn
 */
#include "offload/offload.h"

#include <strait/strait.h>

enum { FORM_PLAIN, FORM_SUBMIT, FORM_SERIAL, FORM_PRIORITIES };

typedef struct {
    strait_work_t work; /* first: an item is its work */
    strait_lane_t *lane;
} work_t;

typedef struct {
    strait_loop_t *loop;
    strait_pool_t *pool;
    strait_timer_t timer;
    strait_lane_t *lanes[2]; /* jobs go to them in turn */
    strait_lane_t *blocking; /* NULL: none was asked for */
    unsigned n_may_block;
} pool_t;

#include "offload/driver.h"

static void
on_tick(strait_timer_t *timer, void *arg)
{
    (void)timer;
    offload_tick(arg);
}

static int
make_lane(pool_t *pool, strait_lane_t **ret_lane,
    const struct offload_shape *shape, unsigned form)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;

    config.name = "bench";
    config.max_queued = offload_round_up(shape->window + shape->n_held);
    if (form == FORM_SUBMIT) {
        config.order = STRAIT_ORDER_SUBMIT;
        config.window = config.max_queued;
    } else if (form == FORM_SERIAL) {
        config.order = STRAIT_ORDER_SERIAL;
    }
    return strait_lane_create(ret_lane, pool->pool, &config);
}

static int
make_second_lane(pool_t *pool, const struct offload_shape *shape)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;

    config.name = "bench-urgent";
    config.max_queued = offload_round_up(shape->window);
    config.priority = STRAIT_LANE_PRIORITY_DEFAULT + 1;
    return strait_lane_create(&pool->lanes[1], pool->pool, &config);
}

static int
make_blocking_lane(pool_t *pool, const struct offload_shape *shape)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;

    config.name = "bench-blocking";
    config.max_queued = offload_round_up(shape->n_held);
    config.lane_class = STRAIT_LANE_BLOCKING;
    config.max_threads = shape->n_held;
    pool->n_may_block = shape->n_held;
    return strait_lane_create(&pool->blocking, pool->pool, &config);
}

static int
pool_open(pool_t *pool, const struct offload_shape *shape, unsigned form)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    int err = strait_loop_create(&pool->loop, NULL);

    config.n_workers = shape->n_threads;
    if (err == 0)
        err = strait_pool_create(&pool->pool, &config);
    if (err == 0)
        err = make_lane(pool, &pool->lanes[0], shape, form);
    pool->lanes[1] = pool->lanes[0];
    if (err == 0 && form == FORM_PRIORITIES)
        err = make_second_lane(pool, shape);
    if (err == 0 && shape->kind == OFFLOAD_BLOCKING)
        err = make_blocking_lane(pool, shape);
    strait_timer_init(&pool->timer, on_tick, pool);
    return err;
}

static void
pool_close(pool_t *pool)
{
    strait_pool_destroy(pool->pool);
    strait_loop_destroy(pool->loop);
}

static void
on_run(strait_work_t *work, void *arg)
{
    (void)work;
    offload_body(arg);
}

static void
on_done(strait_work_t *work, int status, void *arg)
{
    (void)work;
    if (status == 0) /* otherwise it is missed in the end */
        offload_done(arg);
}

static void
work_init(pool_t *pool, work_t *work, unsigned index, bool may_block)
{
    strait_work_init(&work->work, on_run, on_done, work);
    work->lane = may_block ? pool->blocking : pool->lanes[index % 2];
}

static int
pool_submit(pool_t *pool, work_t *work)
{
    return strait_loop_submit(pool->loop, work->lane, &work->work);
}

static void
pool_run(pool_t *pool)
{
    strait_loop_run(pool->loop, STRAIT_RUN_DEFAULT);
}

static void
pool_stop(pool_t *pool)
{
    strait_loop_stop(pool->loop);
}

static void
pool_tick(pool_t *pool, uint64_t period_ns)
{
    if (period_ns != 0)
        strait_timer_start(
            pool->loop, &pool->timer, strait_now_ns() + period_ns, period_ns);
    else
        strait_timer_stop(pool->loop, &pool->timer);
}

OFFLOAD_SYSTEM(offload_strait, "strait", FORM_PLAIN)
OFFLOAD_SYSTEM(offload_strait_submit, "strait_submit", FORM_SUBMIT)
OFFLOAD_SYSTEM(offload_strait_serial, "strait_serial", FORM_SERIAL)
OFFLOAD_SYSTEM(offload_strait_prio, "strait_prio", FORM_PRIORITIES)
