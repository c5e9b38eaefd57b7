/* SPDX-License-Identifier: MIT */
/*
 * timers/libuv - uv_timer_start and uv_timer_stop.
 */
#include "timers/timers.h"

#include <uv.h>

struct timer {
    uv_timer_t timer;
    uint64_t deadline_ms;
};

struct bed {
    struct timers_plan plan;
    uv_loop_t loop;
    struct timer *timers;
};

static void
on_timer(uv_timer_t *timer)
{
    struct bed *bed = timer->data;

    timers_called(&bed->plan, ((struct timer *)timer)->deadline_ms);
}

static struct timer *
timer_at(struct bed *bed, uint64_t position)
{
    return &bed->timers[bed->plan.places[position]];
}

static int
start(struct bed *bed, uint64_t position, uint64_t now)
{
    struct timer *t = timer_at(bed, position);
    uint64_t delay_ms = bed->plan.delay_ns[position] / 1000000;

    t->deadline_ms = now + delay_ms;
    return uv_timer_start(&t->timer, on_timer, delay_ms, 0);
}

static int
setup(const struct bench_case *which, void **ret_state)
{
    struct bed *bed = calloc(1, sizeof(*bed));
    uint64_t now;
    int err;

    if (bed == NULL)
        return -ENOMEM;
    err = timers_plan_init(&bed->plan, which->arg);
    bed->timers = calloc(TIMERS_ALL, sizeof(*bed->timers));
    if (err != 0 || bed->timers == NULL)
        return -ENOMEM;
    err = uv_loop_init(&bed->loop);
    if (err != 0)
        return err;
    now = uv_now(&bed->loop);
    for (uint32_t i = 0; i < TIMERS_ALL; i++) {
        uv_timer_init(&bed->loop, &bed->timers[i].timer);
        bed->timers[i].timer.data = bed;
    }
    for (uint32_t i = 0; i < TIMERS_ALIVE && err == 0; i++)
        err = start(bed, i, now);
    *ret_state = bed;
    return err;
}

static uint64_t
count_active(struct bed *bed, uint64_t n)
{
    uint64_t n_active = 0;

    for (uint64_t i = 0; i < n; i++)
        n_active +=
            uv_is_active(
                (uv_handle_t *)&timer_at(bed, TIMERS_ALIVE + i)->timer) != 0;
    return n_active;
}

static void
run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct bed *bed = state;
    struct timers_plan *plan = &bed->plan;
    uint64_t n_right;
    uint64_t begin;
    uint64_t now;
    uint64_t ns;

    uv_run(&bed->loop, UV_RUN_NOWAIT);
    timers_plan_stops(plan, n_ops);
    plan->last = 0;
    plan->n_called = 0;
    plan->n_wrong = 0;
    uv_update_time(&bed->loop);
    now = uv_now(&bed->loop);
    begin = bench_now_ns();
    for (uint64_t i = 0; i < n_ops; i++)
        start(bed, TIMERS_ALIVE + i, now);
    ns = bench_now_ns() - begin;
    n_right = count_active(bed, n_ops);
    if (plan->kind == TIMERS_EXPIRE) {
        bench_sleep_ns(TIMERS_DUE_NS + 2000000);
        begin = bench_now_ns();
        while (plan->n_called < n_ops)
            uv_run(&bed->loop, UV_RUN_NOWAIT);
        ns = bench_now_ns() - begin;
        n_right = plan->n_called - count_active(bed, n_ops);
    } else {
        begin = bench_now_ns();
        for (uint64_t i = 0; i < n_ops; i++)
            uv_timer_stop(&timer_at(bed, TIMERS_ALIVE + plan->stops[i])->timer);
        if (plan->kind == TIMERS_STOP) {
            ns = bench_now_ns() - begin;
            n_right = n_ops - count_active(bed, n_ops);
        }
    }
    timers_result(plan, n_ops, ns, n_right, result);
}

static void
teardown(void *state)
{
    struct bed *bed = state;

    /* The loop is not closed: that would mean a million closing callbacks, and
     * the process ends anyway. */
    timers_plan_fini(&bed->plan);
    free(bed->timers);
    free(bed);
}

const struct bench_system timers_libuv = BENCH_SYSTEM(
    "libuv", NULL, setup, run, teardown);
