/* SPDX-License-Identifier: MIT */
/*
 * test_timer.c - timers: never early, in the order of deadlines and starts,
 * started and stopped from callbacks, repeating, at the ends of the number
 * range, and a hundred thousand of them against a sorted array.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/timer.h>
#include <unistd.h>

#include "rng.h"
#include "sanitizer.h"
#include "unit.h"

static strait_loop_t *loop;

/* Calls in their order, by the number of the timer. */
static int n_calls;
static int calls[1000];

static void
set_up(void)
{
    check_err(strait_loop_create(&loop, NULL), 0);
    n_calls = 0;
}

static void
tear_down(void)
{
    check_err(strait_loop_destroy(loop), 0);
}

TestSuite(timer, .timeout = 60);

static void
note(strait_timer_t *timer, void *arg)
{
    (void)timer;
    if (n_calls < 1000)
        calls[n_calls] = (int)(intptr_t)arg;
    n_calls++;
}

static void
note_init(strait_timer_t *timer, int number)
{
    strait_timer_init(timer, note, (void *)(intptr_t)number);
}

static void
start(strait_timer_t *timer, uint64_t deadline_ns)
{
    check_err(strait_timer_start(loop, timer, deadline_ns, 0), 0);
}

static uint64_t
from_now(uint64_t delay_ns)
{
    return strait_now_ns() + delay_ns;
}

/* ------------------------------------------------------------- bad input */

FIXTURE_TEST(timer, bad_arguments_are_named)
{
    strait_timer_t timer;

    note_init(&timer, 1);
    check_err(strait_timer_start(NULL, &timer, 0, 0), -EINVAL);
    check_err(strait_timer_start(loop, NULL, 0, 0), -EINVAL);
    check_err(strait_timer_stop(NULL, &timer), -EINVAL);
    check_err(strait_timer_stop(loop, NULL), -EINVAL);
    strait_timer_init(&timer, NULL, NULL);
    check_err(strait_timer_start(loop, &timer, 0, 0), -EINVAL);
    strait_timer_init(NULL, note, NULL);
    cr_assert(!strait_timer_is_active(&timer));
    cr_assert(!strait_timer_is_active(NULL));
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n_calls, 0);
}

FIXTURE_TEST(timer, an_inactive_timer_is_stopped_already)
{
    strait_timer_t timer;

    note_init(&timer, 1);
    check_err(strait_timer_stop(loop, &timer), -EALREADY);
    start(&timer, 0);
    check_err(strait_timer_stop(loop, &timer), 0);
    check_err(strait_timer_stop(loop, &timer), -EALREADY);
    start(&timer, 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_err(strait_timer_stop(loop, &timer), -EALREADY);
    check_int(n_calls, 1);
}

FIXTURE_TEST(timer, while_active_it_belongs_to_its_loop)
{
    strait_loop_t *other;
    strait_timer_t timer;

    check_err(strait_loop_create(&other, NULL), 0);
    note_init(&timer, 1);
    start(&timer, STRAIT_TIMER_NEVER);
    check_err(strait_timer_start(other, &timer, 0, 0), -EINVAL);
    check_err(strait_timer_stop(other, &timer), -EINVAL);
    cr_assert(strait_timer_is_active(&timer));
    check_err(strait_timer_stop(loop, &timer), 0);
    check_err(strait_timer_start(other, &timer, 0, 0), 0);
    check_int(strait_loop_run(other, STRAIT_RUN_DEFAULT), 0);
    check_int(n_calls, 1);
    check_err(strait_loop_destroy(other), 0);
}

/* ----------------------------------------------------------- one timer */

static uint64_t called_at_ns;
static bool active_in_call;

static void
note_time(strait_timer_t *timer, void *arg)
{
    called_at_ns = strait_now_ns();
    active_in_call = strait_timer_is_active(timer);
    note(timer, arg);
}

FIXTURE_TEST(timer, is_never_early)
{
    struct rng rng = rng_make(test_seed("loop.timer", 1), 1);
    strait_timer_t timer;
    int i;

    for (i = 0; i < 200; i++) {
        uint64_t deadline_ns = from_now(rng_below(&rng, 1500000));

        strait_timer_init(&timer, note_time, NULL);
        start(&timer, deadline_ns);
        cr_assert(strait_timer_is_active(&timer));
        check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
        cr_assert(called_at_ns >= deadline_ns);
        cr_assert(!active_in_call);
        cr_assert(!strait_timer_is_active(&timer));
    }
    check_int(n_calls, 200);
}

FIXTURE_TEST(timer, is_not_absurdly_late)
{
    uint64_t deadline_ns = from_now(20 * STRAIT_NS_PER_MS);
    strait_timer_t timer;

    strait_timer_init(&timer, note_time, NULL);
    start(&timer, deadline_ns);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    cr_assert(
        called_at_ns - deadline_ns < SANITIZER_SLOWDOWN * 2 * STRAIT_NS_PER_S);
}

FIXTURE_TEST(timer, a_deadline_that_has_passed_means_soon_but_not_inside_start)
{
    strait_timer_t timers[3];

    note_init(&timers[0], 0);
    note_init(&timers[1], 1);
    note_init(&timers[2], 2);
    start(&timers[0], 0);
    start(&timers[1], 1);
    start(&timers[2], strait_loop_now_ns(loop));
    check_int(n_calls, 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
    check_int(n_calls, 3);
}

FIXTURE_TEST(timer, never_is_never_but_it_is_work)
{
    strait_timer_t timer;

    note_init(&timer, 1);
    start(&timer, STRAIT_TIMER_NEVER);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    check_int(n_calls, 0);
    check_err(strait_timer_stop(loop, &timer), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
}

static strait_loop_ref_t *poster_ref;

static void
stop_loop(strait_post_t *post, int status, void *arg)
{
    (void)post;
    (void)status;
    (void)arg;
    strait_loop_stop(loop);
}

static void *
post_later(void *arg)
{
    usleep(30000);
    if (strait_loop_post(poster_ref, arg) == 0)
        strait_loop_ref_close(poster_ref);
    return NULL;
}

FIXTURE_TEST(timer, the_loop_sleeps_through_far_deadlines)
{
    static const uint64_t far[] = { UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 2,
        UINT64_MAX / 2 + 1, UINT64_C(1) << 62 };
    size_t i;

    for (i = 0; i < sizeof far / sizeof far[0]; i++) {
        strait_loop_stats_t before = STRAIT_LOOP_STATS_INIT;
        strait_loop_stats_t after = STRAIT_LOOP_STATS_INIT;
        strait_timer_t timer;
        strait_post_t post;
        pthread_t thread;

        note_init(&timer, 1);
        start(&timer, far[i]);
        strait_post_init(&post, stop_loop, NULL);
        check_err(strait_loop_ref_open(loop, &poster_ref), 0);
        check_err(strait_loop_stats(loop, &before), 0);
        pthread_create(&thread, NULL, post_later, &post);
        check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 1);
        pthread_join(thread, NULL);
        check_err(strait_loop_stats(loop, &after), 0);
        cr_assert(after.n_sleeps - before.n_sleeps < 20, "%llu sleeps",
            (unsigned long long)(after.n_sleeps - before.n_sleeps));
        check_err(strait_timer_stop(loop, &timer), 0);
        check_int(n_calls, 0);
    }
}

static void
free_own(strait_timer_t *timer, void *arg)
{
    note(timer, arg);
    free(timer);
}

static void
stop_and_free_own(strait_timer_t *timer, void *arg)
{
    note(timer, arg);
    if (strait_timer_stop(loop, timer) == 0)
        free(timer);
}

FIXTURE_TEST(timer, may_be_freed_in_its_own_callback)
{
    int i;

    for (i = 0; i < 100; i++) {
        strait_timer_t *timer = malloc(sizeof *timer);

        cr_assert(timer != NULL);
        strait_timer_init(
            timer, i % 2 == 0 ? free_own : stop_and_free_own, NULL);
        check_err(strait_timer_start(loop, timer, 0, (uint64_t)i % 2), 0);
    }
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n_calls, 100);
}

/* ----------------------------------------------------------------- order */

FIXTURE_TEST(timer, due_ones_run_by_deadline_whatever_the_order_of_starts)
{
    static const int deadlines[] = { 5, 3, 9, 1, 7, 0, 8, 2, 6, 4 };
    uint64_t base_ns = strait_loop_now_ns(loop) - 100;
    strait_timer_t timers[10];
    int i;

    for (i = 0; i < 10; i++) {
        note_init(&timers[i], deadlines[i]);
        start(&timers[i], base_ns + (uint64_t)deadlines[i]);
    }
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n_calls, 10);
    for (i = 0; i < 10; i++)
        check_int(calls[i], i);
}

FIXTURE_TEST(timer, equal_deadlines_run_in_the_order_of_starts)
{
    uint64_t deadline_ns = from_now(2 * STRAIT_NS_PER_MS);
    strait_timer_t timers[200];
    int i;

    for (i = 0; i < 200; i++) {
        note_init(&timers[i], i);
        start(&timers[i], deadline_ns);
    }
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    for (i = 0; i < 200; i++)
        check_int(calls[i], i);
}

FIXTURE_TEST(timer, starting_anew_moves_it_behind_its_equals)
{
    uint64_t deadline_ns = from_now(STRAIT_NS_PER_MS);
    strait_timer_t timers[3];
    int i;

    for (i = 0; i < 3; i++) {
        note_init(&timers[i], i);
        start(&timers[i], deadline_ns);
    }
    start(&timers[0], deadline_ns);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n_calls, 3);
    check_int(calls[0], 1);
    check_int(calls[1], 2);
    check_int(calls[2], 0);
}

FIXTURE_TEST(timer, starting_anew_replaces_the_deadline)
{
    strait_timer_t sooner;
    strait_timer_t later;

    note_init(&sooner, 1);
    note_init(&later, 2);
    start(&sooner, STRAIT_TIMER_NEVER);
    start(&later, 0);
    start(&sooner, 0);
    start(&later, STRAIT_TIMER_NEVER);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    check_int(n_calls, 1);
    check_int(calls[0], 1);
    check_err(strait_timer_stop(loop, &later), 0);
}

/* -------------------------------------------------------- from callbacks */

static strait_timer_t victims[3];

static void
stop_victims(strait_timer_t *timer, void *arg)
{
    int i;

    note(timer, arg);
    for (i = 0; i < 3; i++) {
        if (strait_timer_stop(loop, &victims[i]) != 0)
            n_calls += 1000;
    }
}

FIXTURE_TEST(timer, one_that_is_stopped_in_the_same_pass_does_not_run)
{
    strait_timer_t killer;
    strait_timer_t survivor;
    int i;

    strait_timer_init(&killer, stop_victims, (void *)(intptr_t)7);
    note_init(&survivor, 9);
    check_err(strait_timer_start(loop, &killer, 1, 0), 0);
    for (i = 0; i < 3; i++) {
        note_init(&victims[i], i);
        start(&victims[i], 2 + (uint64_t)i);
    }
    start(&survivor, 4);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n_calls, 2);
    check_int(calls[0], 7);
    check_int(calls[1], 9);
    for (i = 0; i < 3; i++)
        cr_assert(!strait_timer_is_active(&victims[i]));
}

static strait_timer_t young;

static void
start_young(strait_timer_t *timer, void *arg)
{
    note(timer, arg);
    if (strait_timer_start(loop, &young, 0, 0) != 0)
        n_calls += 1000;
}

FIXTURE_TEST(timer, one_that_a_callback_starts_never_runs_in_the_same_pass)
{
    strait_timer_t first;
    strait_timer_t second;

    strait_timer_init(&first, start_young, (void *)(intptr_t)1);
    note_init(&second, 2);
    note_init(&young, 3);
    start(&first, 1);
    start(&second, 5);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    check_int(n_calls, 2);
    check_int(calls[1], 2);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
    check_int(n_calls, 3);
    check_int(calls[2], 3);
}

static void
start_itself(strait_timer_t *timer, void *arg)
{
    note(timer, arg);
    if (n_calls < 5 && strait_timer_start(loop, timer, 0, 0) != 0)
        n_calls += 1000;
}

FIXTURE_TEST(timer, one_that_starts_itself_runs_once_per_turn)
{
    strait_timer_t timer;
    int i;

    strait_timer_init(&timer, start_itself, NULL);
    start(&timer, 0);
    for (i = 1; i < 5; i++) {
        check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
        check_int(n_calls, i);
    }
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
    check_int(n_calls, 5);
}

static void
note_post(strait_post_t *post, int status, void *arg)
{
    (void)post;
    (void)status;
    note(NULL, arg);
}

FIXTURE_TEST(timer, in_a_turn_timers_come_before_posts)
{
    strait_timer_t timer;
    strait_post_t post;

    strait_post_init(&post, note_post, (void *)(intptr_t)2);
    note_init(&timer, 1);
    check_err(strait_loop_post(strait_loop_self(loop), &post), 0);
    start(&timer, 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
    check_int(calls[0], 1);
    check_int(calls[1], 2);
}

/* --------------------------------------------------------------- repeating */

static uint64_t tick_base_ns;
static uint64_t tick_period_ns;
static uint64_t last_tick;
static int n_bad_ticks;
static unsigned tick_pause_us;

static void
tick(strait_timer_t *timer, void *arg)
{
    /* The time of the turn: by that of the clock the next tick may have come
     * before this callback runs. */
    uint64_t now_ns = strait_loop_now_ns(loop);
    uint64_t this_tick;

    note(timer, arg);
    if (now_ns < tick_base_ns || !strait_timer_is_active(timer)) {
        n_bad_ticks++;
        return;
    }
    this_tick = 1 + (now_ns - tick_base_ns) / tick_period_ns;
    if (this_tick <= last_tick)
        n_bad_ticks++; /* early, or one that was missed is caught up with */
    last_tick = this_tick;
    if (tick_pause_us != 0)
        usleep(tick_pause_us);
    if (n_calls == 8 && strait_timer_stop(loop, timer) != 0)
        n_bad_ticks++;
}

static void
run_ticks(unsigned pause_us)
{
    strait_timer_t timer;

    n_calls = 0;
    n_bad_ticks = 0;
    last_tick = 0;
    tick_pause_us = pause_us;
    tick_period_ns = 2 * STRAIT_NS_PER_MS;
    tick_base_ns = from_now(STRAIT_NS_PER_MS);
    strait_timer_init(&timer, tick, NULL);
    check_err(
        strait_timer_start(loop, &timer, tick_base_ns, tick_period_ns), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n_calls, 8);
    check_int(n_bad_ticks, 0);
    cr_assert(strait_now_ns() >= tick_base_ns + 7 * tick_period_ns);
}

FIXTURE_TEST(timer, repeats_on_its_grid)
{
    run_ticks(0);
}

FIXTURE_TEST(timer, leaves_out_what_a_late_loop_has_missed)
{
    run_ticks(7000);
}

FIXTURE_TEST(timer, missed_periods_are_one_call)
{
    strait_timer_t timer;

    note_init(&timer, 1);
    /* A thousand periods have passed since the first deadline; the next one is
     * an hour away, less what has passed of it. */
    check_err(strait_timer_start(loop, &timer, 1, 3600 * STRAIT_NS_PER_S), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    check_int(n_calls, 1);
    cr_assert(strait_timer_is_active(&timer));
    check_err(strait_timer_stop(loop, &timer), 0);
}

FIXTURE_TEST(timer, a_period_that_overflows_means_never_again)
{
    static const uint64_t periods[] = { UINT64_MAX, UINT64_MAX - 1,
        UINT64_MAX / 2 + 1, UINT64_C(1) << 63 };
    size_t i;

    for (i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        strait_timer_t timer;

        note_init(&timer, 1);
        n_calls = 0;
        check_err(strait_timer_start(
                      loop, &timer, strait_loop_now_ns(loop), periods[i]),
            0);
        check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
        check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
        check_int(n_calls, 1);
        check_err(strait_timer_stop(loop, &timer), 0);
    }
}

FIXTURE_TEST(timer, the_shortest_period_does_not_hold_the_loop)
{
    strait_timer_t timer;
    int i;

    note_init(&timer, 1);
    check_err(strait_timer_start(loop, &timer, 1, 1), 0);
    for (i = 1; i <= 10; i++) {
        check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
        check_int(n_calls, i);
    }
    check_err(strait_timer_stop(loop, &timer), 0);
}

FIXTURE_TEST(timer, starting_anew_replaces_the_period)
{
    strait_timer_t timer;

    note_init(&timer, 1);
    check_err(strait_timer_start(loop, &timer, 1, 1), 0);
    check_err(strait_timer_start(loop, &timer, 1, 0), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n_calls, 1);
}

/* ------------------------------------------------------------ very many */

#define N_MANY (100000 / SANITIZER_SLOWDOWN)

struct many {
    strait_timer_t timer;
    uint64_t deadline_ns;
    int number; /* of its start */
    bool active;
};

static struct many many[N_MANY];
static struct many *expected[N_MANY];
static int n_many_calls;
static int n_many_wrong;
static int n_many_early;

static void
note_many(strait_timer_t *timer, void *arg)
{
    struct many *this = arg;

    (void)timer;
    if (expected[n_many_calls] != this)
        n_many_wrong++;
    if (this->deadline_ns > strait_loop_now_ns(loop))
        n_many_early++;
    n_many_calls++;
}

static int
compare_many(const void *left, const void *right)
{
    const struct many *a = *(struct many *const *)left;
    const struct many *b = *(struct many *const *)right;

    if (a->deadline_ns != b->deadline_ns)
        return a->deadline_ns < b->deadline_ns ? -1 : 1;
    return a->number - b->number;
}

FIXTURE_TEST(timer, a_hundred_thousand_agree_with_a_sorted_array)
{
    struct rng rng = rng_make(test_seed("loop.timer", 1), 2);
    uint64_t base_ns = strait_loop_now_ns(loop) - STRAIT_NS_PER_MS;
    int n_starts = 0;
    int n_expected = 0;
    int i;

    for (i = 0; i < 2 * N_MANY; i++) {
        struct many *this =
            &many[i < N_MANY ? i : (int)rng_below(&rng, N_MANY)];

        if (i >= N_MANY && rng_one_in(&rng, 4)) {
            check_err(strait_timer_stop(loop, &this->timer),
                this->active ? 0 : -EALREADY);
            this->active = false;
            continue;
        }
        if (i < N_MANY)
            strait_timer_init(&this->timer, note_many, this);
        /* Some alone, some close together, many exactly equal. */
        this->deadline_ns = base_ns +
            (rng_one_in(&rng, 2) ? rng_below(&rng, 200 * STRAIT_NS_PER_MS)
                                 : rng_below(&rng, 200) * STRAIT_NS_PER_MS);
        this->number = n_starts++;
        this->active = true;
        start(&this->timer, this->deadline_ns);
    }
    for (i = 0; i < N_MANY; i++) {
        check_int(strait_timer_is_active(&many[i].timer), many[i].active);
        if (many[i].active)
            expected[n_expected++] = &many[i];
    }
    qsort(expected, (size_t)n_expected, sizeof expected[0], compare_many);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n_many_calls, n_expected);
    check_int(n_many_wrong, 0);
    check_int(n_many_early, 0);
}
