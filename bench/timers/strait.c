/* SPDX-License-Identifier: MIT */
/*
 * timers/strait - the timers of a strait loop.
 */
#include "timers/timers.h"

#include <strait/strait.h>

struct timer {
    strait_timer_t timer;
    uint64_t deadline_ns;
};

struct bed {
    struct timers_plan plan;
    strait_loop_t *loop;
    struct timer *timers;
};

static void
on_timer(strait_timer_t *timer, void *arg)
{
    struct bed *bed = arg;
    struct timer *t = STRAIT_CONTAINER_OF(timer, struct timer, timer);

    timers_called(&bed->plan, t->deadline_ns);
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

    t->deadline_ns = now + bed->plan.delay_ns[position];
    return strait_timer_start(bed->loop, &t->timer, t->deadline_ns, 0);
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
    err = strait_loop_create(&bed->loop, NULL);
    if (err != 0)
        return err;
    now = strait_loop_now_ns(bed->loop);
    for (uint32_t i = 0; i < TIMERS_ALL; i++)
        strait_timer_init(&bed->timers[i].timer, on_timer, bed);
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
        n_active += strait_timer_is_active(
            &timer_at(bed, TIMERS_ALIVE + i)->timer);
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

    strait_loop_run(bed->loop, STRAIT_RUN_NOWAIT);
    timers_plan_stops(plan, n_ops);
    plan->last = 0;
    plan->n_called = 0;
    plan->n_wrong = 0;
    now = strait_loop_now_ns(bed->loop);
    begin = bench_now_ns();
    for (uint64_t i = 0; i < n_ops; i++)
        start(bed, TIMERS_ALIVE + i, now);
    ns = bench_now_ns() - begin;
    n_right = count_active(bed, n_ops);
    if (plan->kind == TIMERS_EXPIRE) {
        bench_sleep_ns(TIMERS_DUE_NS + 2000000);
        begin = bench_now_ns();
        while (plan->n_called < n_ops)
            strait_loop_run(bed->loop, STRAIT_RUN_NOWAIT);
        ns = bench_now_ns() - begin;
        n_right = plan->n_called - count_active(bed, n_ops);
    } else {
        begin = bench_now_ns();
        for (uint64_t i = 0; i < n_ops; i++)
            strait_timer_stop(bed->loop,
                &timer_at(bed, TIMERS_ALIVE + plan->stops[i])->timer);
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

    strait_loop_destroy(bed->loop);
    timers_plan_fini(&bed->plan);
    free(bed->timers);
    free(bed);
}

const struct bench_system timers_strait = BENCH_SYSTEM(
    "strait", NULL, setup, run, teardown);
