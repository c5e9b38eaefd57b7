/* SPDX-License-Identifier: MIT */
/*
 * test_deadline.c - work that must have started by a given time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/clock.h>
#include <strait/deadline.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <strait/request.h>

#include "child.h"
#include "job.h"
#include "one_pool.h"

#define MS STRAIT_NS_PER_MS

static strait_lane_t *lane;
static strait_loop_t *loop;
static struct mailbox mailbox; /* of the items that hold the worker */
static struct stay stay;

struct timed {
    struct job job; /* first, so that its functions may be used */
    strait_deadline_t deadline;
    uint64_t done_ns;
    struct stay stay;
};

static void
set_up(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_loop_config_t loop_config = STRAIT_LOOP_CONFIG_INIT;

    config.n_workers = 1;
    config.max_queued = 8;
    loop_config.allocator = blocks_allocator(&blocks);
    lane = open_pool_as(config);
    check_err(strait_loop_create(&loop, &loop_config), 0);
    mailbox_init(&mailbox);
}

static void
tear_down(void)
{
    check_err(strait_loop_destroy(loop), 0);
    close_pool();
}

TestSuite(deadline, .timeout = 30);

static void
timed_done(strait_work_t *work, int status, void *arg)
{
    struct timed *timed = arg;

    job_done(work, status, &timed->job);
    timed->done_ns = strait_now_ns();
}

static strait_work_t *
timed_init(struct timed *timed)
{
    memset(timed, 0x5a, sizeof *timed);
    job_init(&timed->job);
    timed->job.status = 1;
    strait_work_init(&timed->job.work, job_run, timed_done, timed);
    return &timed->job.work;
}

static int
submit_until(struct timed *timed, uint64_t deadline_ns)
{
    return strait_loop_submit_until(
        loop, lane, &timed->job.work, &timed->deadline, deadline_ns);
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

/* Runs the loop until it has nothing to do any more. */
static void
run_loop(void)
{
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
}

static void *
submit_elsewhere(void *arg)
{
    static struct timed timed;

    timed_init(&timed);
    *(int *)arg = submit_until(&timed, UINT64_MAX);
    return NULL;
}

FIXTURE_TEST(deadline, bad_arguments_are_named)
{
    struct timed timed;
    pthread_t thread;
    int err = 0;

    timed_init(&timed);
    check_err(strait_loop_submit_until(
                  NULL, lane, &timed.job.work, &timed.deadline, UINT64_MAX),
        -EINVAL);
    check_err(strait_loop_submit_until(
                  loop, NULL, &timed.job.work, &timed.deadline, UINT64_MAX),
        -EINVAL);
    check_err(
        strait_loop_submit_until(loop, lane, NULL, &timed.deadline, UINT64_MAX),
        -EINVAL);
    check_err(
        strait_loop_submit_until(loop, lane, &timed.job.work, NULL, UINT64_MAX),
        -EINVAL);
    strait_work_init(&timed.job.work, NULL, timed_done, &timed);
    check_err(submit_until(&timed, UINT64_MAX), -EINVAL);
    pthread_create(&thread, NULL, submit_elsewhere, &err);
    pthread_join(thread, NULL);
    check_err(err, -EPERM);
    run_loop();
    check_int(timed.job.n_done, 0);
}

FIXTURE_TEST(deadline, done_long_before)
{
    struct timed timed;
    uint64_t began_ns = strait_now_ns();
    int i;

    timed_init(&timed);
    for (i = 1; i <= 100; i++) {
        check_err(
            submit_until(&timed, strait_now_ns() + 1000 * STRAIT_NS_PER_S), 0);
        run_loop();
        check_int(timed.job.n_run, i);
        check_int(timed.job.n_done, i);
        check_err(timed.job.status, 0);
    }
    /* The loop has not waited for any of the timers. */
    cr_assert(strait_now_ns() - began_ns < 10 * STRAIT_NS_PER_S);
}

FIXTURE_TEST(deadline, no_limit)
{
    struct timed timed;

    timed_init(&timed);
    check_err(submit_until(&timed, UINT64_MAX), 0);
    run_loop();
    check_int(timed.job.n_run, 1);
    check_err(timed.job.status, 0);
}

FIXTURE_TEST(deadline, queued_too_long)
{
    struct timed timed;
    uint64_t deadline_ns;

    hold_worker();
    timed_init(&timed);
    deadline_ns = strait_now_ns() + 20 * MS;
    check_err(submit_until(&timed, deadline_ns), 0);
    check_err(submit_until(&timed, deadline_ns), -EBUSY);
    check_err(strait_loop_destroy(loop), -EBUSY);
    run_loop();
    check_int(timed.job.n_done, 1);
    check_err(timed.job.status, -ETIMEDOUT);
    cr_assert(timed.done_ns >= deadline_ns);
    /* Though the worker is still held. */
    check_int(stay.n_done, 0);
    let_worker_go();
    check_int(timed.job.n_run, 0);
    /* Once more, in time. */
    check_err(submit_until(&timed, strait_now_ns() + 100 * STRAIT_NS_PER_S), 0);
    run_loop();
    check_int(timed.job.n_run, 1);
    check_err(timed.job.status, 0);
}

FIXTURE_TEST(deadline, that_has_passed_already)
{
    struct timed timed;

    hold_worker();
    timed_init(&timed);
    check_err(submit_until(&timed, 0), 0);
    check_int(timed.job.n_done, 0); /* not from inside */
    run_loop();
    check_err(timed.job.status, -ETIMEDOUT);
    check_err(submit_until(&timed, strait_now_ns() - 1), 0);
    run_loop();
    check_int(timed.job.n_done, 2);
    check_err(timed.job.status, -ETIMEDOUT);
    let_worker_go();
    check_int(timed.job.n_run, 0);
}

FIXTURE_TEST(deadline, many_with_different_ones)
{
    static struct timed timed[8];
    uint64_t base_ns;
    int i;

    hold_worker();
    base_ns = strait_now_ns();
    for (i = 0; i < 8; i++) {
        timed_init(&timed[i]);
        check_err(
            submit_until(&timed[i], base_ns + (uint64_t)(i * 5 % 8) * 5 * MS),
            0);
    }
    run_loop();
    for (i = 0; i < 8; i++) {
        check_int(timed[i].job.n_done, 1);
        check_err(timed[i].job.status, -ETIMEDOUT);
        cr_assert(timed[i].done_ns >= base_ns + (uint64_t)(i * 5 % 8) * 5 * MS);
    }
    let_worker_go();
}

/* ----------------------------------------------------------------- running */

static void
run_until_cancelled(strait_work_t *work, void *arg)
{
    struct timed *timed = arg;

    timed->job.n_run++;
    if (await(strait_work_cancelled(work)))
        timed->job.n_run += 10;
}

FIXTURE_TEST(deadline, one_that_runs_sees_the_token)
{
    struct timed timed;

    timed_init(&timed);
    strait_work_init(&timed.job.work, run_until_cancelled, timed_done, &timed);
    check_err(submit_until(&timed, strait_now_ns() + 20 * MS), 0);
    run_loop();
    check_int(timed.job.n_run, 11);
    check_int(timed.job.n_done, 1);
    check_err(timed.job.status, 0);
}

static void
on_timer(strait_timer_t *timer, void *arg)
{
    (void)timer;
    stay_leave(arg);
}

FIXTURE_TEST(deadline, that_has_returned_is_not_late)
{
    struct timed timed;

    timed_init(&timed);
    check_err(submit_until(&timed, strait_now_ns() + 20 * MS), 0);
    /* It runs at once, but the loop looks only when the time is over. */
    cr_assert(await(lane_stats(lane)->n_run == 1));
    usleep(40000);
    run_loop();
    check_int(timed.job.n_done, 1);
    check_err(timed.job.status, 0);
}

FIXTURE_TEST(deadline, a_request_is_given_up_at_once)
{
    struct timed timed;
    strait_timer_t timer;
    strait_work_t *work;
    uint64_t deadline_ns;

    timed_init(&timed);
    stay_init(&timed.stay);
    check_err(strait_work_create(&work, stay_run, stay_done, NULL, &timed.stay,
                  blocks_allocator(&blocks)),
        0);
    deadline_ns = strait_now_ns() + 20 * MS;
    check_err(strait_loop_submit_until(
                  loop, lane, work, &timed.deadline, deadline_ns),
        0);
    cr_assert(wait_for(&timed.stay.entered));
    run_loop();
    check_int(timed.stay.n_done, 1);
    check_err(timed.stay.status, -ETIMEDOUT);
    cr_assert(strait_now_ns() >= deadline_ns);
    check_int(lane_stats(lane)->n_lost, 1);
    /* The loop is free of it. */
    strait_timer_init(&timer, on_timer, &timed.stay);
    check_err(strait_timer_start(loop, &timer, 0, 0), 0);
    run_loop();
    cr_assert(wait_for(&timed.stay.left));
    cr_assert(timed.stay.cancelled_after);
    cr_assert(await(lane_stats(lane)->n_lost == 0));
}

FIXTURE_TEST(deadline, a_queued_request_times_out)
{
    struct timed timed;
    strait_work_t *work;

    hold_worker();
    timed_init(&timed);
    check_err(strait_work_create(&work, job_run, job_done, NULL, &timed.job,
                  blocks_allocator(&blocks)),
        0);
    check_err(strait_loop_submit_until(
                  loop, lane, work, &timed.deadline, strait_now_ns() + 5 * MS),
        0);
    run_loop();
    check_int(timed.job.n_done, 1);
    check_err(timed.job.status, -ETIMEDOUT);
    let_worker_go();
    check_int(timed.job.n_run, 0);
}

FIXTURE_TEST(deadline, a_request_that_returns_in_time)
{
    struct timed timed;
    strait_work_t *work;

    timed_init(&timed);
    check_err(strait_work_create(&work, job_run, job_done, NULL, &timed.job,
                  blocks_allocator(&blocks)),
        0);
    check_err(strait_loop_submit_until(loop, lane, work, &timed.deadline,
                  strait_now_ns() + 100 * STRAIT_NS_PER_S),
        0);
    run_loop();
    check_int(timed.job.n_run, 1);
    check_err(timed.job.status, 0);
}

/* ---------------------------------------------------- others come before it */

FIXTURE_TEST(deadline, cancelled_before)
{
    struct timed timed;
    uint64_t began_ns = strait_now_ns();

    hold_worker();
    timed_init(&timed);
    check_err(submit_until(&timed, began_ns + 1000 * STRAIT_NS_PER_S), 0);
    check_err(strait_work_cancel(&timed.job.work), 0);
    run_loop();
    check_int(timed.job.n_done, 1);
    check_err(timed.job.status, -ECANCELED);
    cr_assert(strait_now_ns() - began_ns < 10 * STRAIT_NS_PER_S);
    let_worker_go();
}

FIXTURE_TEST(deadline, of_members_of_a_cancelled_group)
{
    struct timed timed;
    strait_group_t group;

    strait_group_init(&group);
    hold_worker();
    timed_init(&timed);
    check_err(strait_work_set_group(&timed.job.work, &group), 0);
    check_err(
        submit_until(&timed, strait_now_ns() + 1000 * STRAIT_NS_PER_S), 0);
    check_int(strait_group_cancel(&group), 1);
    run_loop();
    check_err(timed.job.status, -ECANCELED);
    let_worker_go();
}

FIXTURE_TEST(deadline, a_refused_submit_starts_no_timer)
{
    static struct timed timed[9];
    int i;

    hold_worker();
    for (i = 0; i < 9; i++) {
        timed_init(&timed[i]);
        check_err(
            submit_until(&timed[i], strait_now_ns() + 1000 * STRAIT_NS_PER_S),
            i < 8 ? 0 : -EAGAIN);
    }
    let_worker_go();
    run_loop();
    for (i = 0; i < 9; i++)
        check_int(timed[i].job.n_done, i < 8);
    check_err(strait_pool_close(pool), 0);
    check_err(submit_until(&timed[8], strait_now_ns() + MS), -ESHUTDOWN);
    usleep(3000);
    run_loop();
    check_int(timed[8].job.n_done, 0);
}

FIXTURE_TEST(deadline, in_a_lane_that_keeps_the_order_of_submits)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    struct timed first;
    struct timed second;
    strait_timer_t timer;

    config.order = STRAIT_ORDER_SUBMIT;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    timed_init(&first);
    stay_init(&first.stay);
    check_err(strait_loop_submit(loop, lane, &first.stay.work), 0);
    cr_assert(wait_for(&first.stay.entered));
    timed_init(&second);
    check_err(submit_until(&second, strait_now_ns() + 5 * MS), 0);
    strait_timer_init(&timer, on_timer, &first.stay);
    check_err(
        strait_timer_start(loop, &timer, strait_now_ns() + 30 * MS, 0), 0);
    run_loop();
    check_int(first.stay.n_done, 1);
    check_err(first.stay.status, 0);
    check_int(second.job.n_done, 1);
    check_err(second.job.status, -ETIMEDOUT);
    check_int(second.job.n_run, 0);
}

FIXTURE_TEST(deadline, a_shutdown_of_the_pool_ends_it)
{
    struct timed timed;

    hold_worker();
    timed_init(&timed);
    check_err(
        submit_until(&timed, strait_now_ns() + 1000 * STRAIT_NS_PER_S), 0);
    check_err(strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, 0, NULL),
        -ETIMEDOUT);
    run_loop();
    check_err(timed.job.status, -ECANCELED);
    let_worker_go();
}

static int n_refused;

static void
done_submits_again(strait_work_t *work, int status, void *arg)
{
    struct timed *timed = arg;

    timed_done(work, status, arg);
    if (timed->job.n_done < 50) {
        n_refused += submit_until(timed,
                         timed->job.n_done % 2 == 0
                             ? 0
                             : strait_now_ns() + 100 * STRAIT_NS_PER_S) != 0;
    }
}

FIXTURE_TEST(deadline, done_may_submit_again)
{
    struct timed timed;

    timed_init(&timed);
    strait_work_init(&timed.job.work, job_run, done_submits_again, &timed);
    check_err(submit_until(&timed, strait_now_ns() + 100 * STRAIT_NS_PER_S), 0);
    run_loop();
    check_int(timed.job.n_done, 50);
    check_int(n_refused, 0);
    cr_assert(
        timed.job.n_run >= 25 && timed.job.n_run <= 50, "%d", timed.job.n_run);
}

static void
submit_in_child(void *arg)
{
    child_check(submit_until(arg, UINT64_MAX) == -ECHILD);
}

FIXTURE_TEST(deadline, in_the_child_of_a_fork)
{
    struct timed timed;

    timed_init(&timed);
    hold_worker();
    cr_assert(
        child_run(submit_in_child, &timed) == NULL, "%s", child_complaint);
    let_worker_go();
}
