/* SPDX-License-Identifier: MIT */
/*
 * test_future.c - work whose end a thread without a loop waits for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/clock.h>
#include <strait/future.h>
#include <strait/loop.h>
#include <strait/timer.h>

#include "child.h"
#include "job.h"
#include "one_pool.h"

static strait_lane_t *lane;
static struct mailbox mailbox;
static struct stay stay;

static void
set_up(void)
{
    lane = open_pool(1);
    mailbox_init(&mailbox);
}

static void
tear_down(void)
{
    close_pool();
}

TestSuite(future, .timeout = 30);

static void
add_one(strait_work_t *work, void *arg)
{
    (void)work;
    ++*(int *)arg;
}

static void
hold_worker(void)
{
    cr_assert(stay_enter(&stay, lane, &mailbox));
}

static void
let_worker_go(void)
{
    stay_leave(&stay);
    cr_assert(mailbox_take(&mailbox, 1));
}

FIXTURE_TEST(future, bad_arguments_are_named)
{
    strait_future_t future;
    int n = 0;

    strait_future_init(NULL, add_one, NULL);
    check_ptr(strait_future_work(NULL), NULL);
    check_err(strait_future_submit(lane, NULL), -EINVAL);
    check_err(strait_future_wait(NULL, 0), -EINVAL);
    strait_future_init(&future, add_one, &n);
    check_err(strait_future_submit(NULL, &future), -EINVAL);
    check_err(strait_future_wait(&future, UINT64_MAX), -ESRCH);
    check_err(strait_future_wait(&future, 0), -ESRCH);
    strait_future_init(&future, NULL, &n);
    check_err(strait_future_submit(lane, &future), -EINVAL);
    check_err(strait_future_wait(&future, UINT64_MAX), -ESRCH);
    check_int(n, 0);
}

FIXTURE_TEST(future, waits_for_the_end)
{
    strait_future_t future;
    int n = 0;
    int i;

    strait_future_init(&future, add_one, &n);
    for (i = 1; i <= 500; i++) {
        check_err(strait_future_submit(lane, &future), 0);
        check_err(strait_future_wait(&future, UINT64_MAX), 0);
        check_int(n, i);
        /* As often as one likes. */
        check_err(strait_future_wait(&future, 0), 0);
        cr_assert(!strait_work_in_flight(strait_future_work(&future)));
    }
}

FIXTURE_TEST(future, a_time_limit)
{
    strait_future_t future;
    uint64_t began_ns;
    int n = 0;

    hold_worker();
    strait_future_init(&future, add_one, &n);
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_future_wait(&future, 0), -ETIMEDOUT);
    check_err(strait_future_wait(&future, 1), -ETIMEDOUT);
    began_ns = strait_now_ns();
    check_err(strait_future_wait(&future, began_ns + 20 * STRAIT_NS_PER_MS),
        -ETIMEDOUT);
    cr_assert(strait_now_ns() - began_ns >= 20 * STRAIT_NS_PER_MS);
    check_err(strait_future_submit(lane, &future), -EBUSY);
    let_worker_go();
    check_err(
        strait_future_wait(&future, strait_now_ns() + 10 * STRAIT_NS_PER_S), 0);
    check_int(n, 1);
}

FIXTURE_TEST(future, is_cancelled_while_it_is_queued)
{
    strait_future_t future;
    int n = 0;

    hold_worker();
    strait_future_init(&future, add_one, &n);
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_work_cancel(strait_future_work(&future)), 0);
    check_err(strait_future_wait(&future, UINT64_MAX), -ECANCELED);
    check_err(strait_future_wait(&future, 0), -ECANCELED);
    check_err(strait_work_cancel(strait_future_work(&future)), -ESRCH);
    /* And used again. */
    check_err(strait_future_submit(lane, &future), 0);
    let_worker_go();
    check_err(strait_future_wait(&future, UINT64_MAX), 0);
    check_int(n, 1);
}

FIXTURE_TEST(future, in_a_group)
{
    strait_future_t futures[3];
    strait_group_t group;
    int n = 0;
    int i;

    strait_group_init(&group);
    hold_worker();
    for (i = 0; i < 3; i++) {
        strait_future_init(&futures[i], add_one, &n);
        check_err(
            strait_work_set_group(strait_future_work(&futures[i]), &group), 0);
        check_err(strait_future_submit(lane, &futures[i]), 0);
    }
    check_int(strait_group_cancel(&group), 3);
    for (i = 0; i < 3; i++)
        check_err(strait_future_wait(&futures[i], UINT64_MAX), -ECANCELED);
    let_worker_go();
    check_int(n, 0);
}

FIXTURE_TEST(future, a_refused_submit_leaves_it_as_it_was)
{
    strait_future_t future;
    int n = 0;

    strait_future_init(&future, add_one, &n);
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_future_wait(&future, UINT64_MAX), 0);
    check_err(strait_pool_close(pool), 0);
    check_err(strait_future_submit(lane, &future), -ESHUTDOWN);
    check_err(strait_future_wait(&future, UINT64_MAX), 0);
    check_int(n, 1);
}

FIXTURE_TEST(future, a_shutdown_by_cancel_ends_it)
{
    strait_future_t future;
    uint32_t n_stuck;
    int n = 0;

    hold_worker();
    strait_future_init(&future, add_one, &n);
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, 0, &n_stuck),
        -ETIMEDOUT);
    check_err(strait_future_wait(&future, UINT64_MAX), -ECANCELED);
    let_worker_go();
    check_int(n, 0);
}

FIXTURE_TEST(future, on_threads_of_class_blocking)
{
    strait_lane_t *file = strait_pool_built_in(pool, STRAIT_POOL_FILE);
    strait_future_t futures[40];
    int n[40] = { 0 };
    int i;

    for (i = 0; i < 40; i++) {
        strait_future_init(&futures[i], add_one, &n[i]);
        check_err(strait_future_submit(file, &futures[i]), 0);
    }
    for (i = 0; i < 40; i++) {
        check_err(strait_future_wait(&futures[i], UINT64_MAX), 0);
        check_int(n[i], 1);
    }
}

/* ------------------------------------------------------------- many waiters */

static strait_future_t shared;
static STRAIT_ATOMIC(uint32_t) n_awake;

static void *
wait_shared(void *arg)
{
    (void)arg;
    if (strait_future_wait(&shared, UINT64_MAX) == 0)
        strait_add_acq_rel(&n_awake, 1);
    return NULL;
}

FIXTURE_TEST(future, all_who_wait_are_woken)
{
    pthread_t threads[8];
    int n = 0;
    int i;

    strait_store_rlx(&n_awake, 0);
    hold_worker();
    strait_future_init(&shared, add_one, &n);
    check_err(strait_future_submit(lane, &shared), 0);
    for (i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, wait_shared, NULL);
    usleep(20000);
    check_int(strait_load_acquire(&n_awake), 0);
    let_worker_go();
    for (i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    check_int(strait_load_acquire(&n_awake), 8);
}

struct chaser {
    strait_future_t future;
    int n;
};

/* The memory of a future is the waiter's as soon as a wait has answered. */
static void *
chase(void *arg)
{
    int i;

    (void)arg;
    for (i = 0; i < 2000 / SANITIZER_SLOWDOWN; i++) {
        struct chaser *chaser = malloc(sizeof *chaser);

        chaser->n = 0;
        strait_future_init(&chaser->future, add_one, &chaser->n);
        while (strait_future_submit(lane, &chaser->future) == -EAGAIN) {}
        if (strait_future_wait(&chaser->future, UINT64_MAX) == 0 &&
            chaser->n == 1)
            strait_add_acq_rel(&n_awake, 1);
        free(chaser);
    }
    return NULL;
}

FIXTURE_TEST(future, it_may_be_freed_at_once)
{
    pthread_t threads[3];
    int i;

    strait_store_rlx(&n_awake, 0);
    for (i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, chase, NULL);
    for (i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    check_int(strait_load_acquire(&n_awake), 3 * (2000 / SANITIZER_SLOWDOWN));
}

/* ------------------------------------------------------ who must not wait */

static strait_future_t other;
static int wait_in_worker;
static int look_in_worker;

static void
run_waits(strait_work_t *work, void *arg)
{
    (void)work;
    look_in_worker = strait_future_wait(&other, 0);
    wait_in_worker = strait_future_wait(&other, *(uint64_t *)arg);
}

FIXTURE_TEST(future, a_worker_of_the_same_pool_must_not_wait)
{
    uint64_t limit_ns = UINT64_MAX;
    strait_future_t future;
    int n = 0;

    strait_future_init(&future, run_waits, &limit_ns);
    strait_future_init(&other, add_one, &n);
    hold_worker();
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_future_submit(lane, &other), 0);
    let_worker_go();
    check_err(strait_future_wait(&other, UINT64_MAX), 0);
    check_err(strait_future_wait(&future, UINT64_MAX), 0);
    check_err(look_in_worker, -ETIMEDOUT);
    check_err(wait_in_worker, -EDEADLK);
    /* What is over may be asked for. */
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_future_wait(&future, UINT64_MAX), 0);
    check_err(wait_in_worker, 0);
}

FIXTURE_TEST(future, a_worker_of_another_pool_may_wait)
{
    uint64_t limit_ns = UINT64_MAX;
    strait_pool_t *second;
    strait_future_t future;
    int n = 0;

    check_err(strait_pool_create(&second, NULL), 0);
    strait_future_init(&future, run_waits, &limit_ns);
    strait_future_init(&other, add_one, &n);
    hold_worker();
    check_err(strait_future_submit(lane, &other), 0);
    check_err(strait_future_submit(strait_pool_lane(second), &future), 0);
    usleep(20000);
    let_worker_go();
    check_err(strait_future_wait(&future, UINT64_MAX), 0);
    check_err(wait_in_worker, 0);
    check_int(n, 1);
    check_err(strait_pool_destroy(second), 0);
}

static int wait_in_loop;

static void
on_timer(strait_timer_t *timer, void *arg)
{
    (void)timer;
    wait_in_loop = strait_future_wait(arg, UINT64_MAX);
}

FIXTURE_TEST(future, a_running_loop_must_not_wait)
{
    strait_future_t future;
    strait_timer_t timer;
    strait_loop_t *loop;
    int n = 0;

    hold_worker();
    strait_future_init(&future, add_one, &n);
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_loop_create(&loop, NULL), 0);
    strait_timer_init(&timer, on_timer, &future);
    check_err(strait_timer_start(loop, &timer, 0, 0), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_err(wait_in_loop, -EDEADLK);
    let_worker_go();
    /* Outside of the run the thread is one like any other. */
    check_err(strait_future_wait(&future, UINT64_MAX), 0);
    /* And in the next run it is over. */
    check_err(strait_timer_start(loop, &timer, 0, 0), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_err(wait_in_loop, 0);
    check_err(strait_loop_destroy(loop), 0);
}

/* ------------------------------------------------------------------- fork */

static void
submit_in_child(void *arg)
{
    child_check(strait_future_submit(lane, arg) == -ECHILD);
    child_check(strait_future_wait(arg, UINT64_MAX) == -ESRCH);
}

FIXTURE_TEST(future, in_the_child_of_a_fork)
{
    strait_future_t future;
    int n = 0;

    hold_worker();
    strait_future_init(&future, add_one, &n);
    cr_assert(
        child_run(submit_in_child, &future) == NULL, "%s", child_complaint);
    let_worker_go();
}
