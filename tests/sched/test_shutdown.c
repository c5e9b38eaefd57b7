/* SPDX-License-Identifier: MIT */
/*
 * test_shutdown.c - the end of a pool, by drain or by cancel, with a limit.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/clock.h>
#include <strait/future.h>
#include <strait/pool.h>

#include "child.h"
#include "job.h"
#include "one_pool.h"
#include "proc.h"

#define N 12

static strait_lane_t *lanes[5];
static struct mailbox mailbox;
static struct job jobs[5][N];
static unsigned threads;

/* One lane of each kind. */
static void
set_up(void)
{
    strait_lane_config_t lane_config = STRAIT_LANE_CONFIG_INIT;

    threads = proc_n_threads();
    (void)open_pool(2);
    lanes[0] = strait_pool_lane(pool);
    lane_config.order = STRAIT_ORDER_SERIAL;
    check_err(strait_lane_create(&lanes[1], pool, &lane_config), 0);
    lane_config.order = STRAIT_ORDER_SUBMIT;
    check_err(strait_lane_create(&lanes[2], pool, &lane_config), 0);
    lane_config.order = STRAIT_ORDER_NONE;
    lane_config.max_running = 1;
    check_err(strait_lane_create(&lanes[3], pool, &lane_config), 0);
    lane_config.max_running = 0;
    lane_config.lane_class = STRAIT_LANE_BLOCKING;
    lane_config.max_threads = 1;
    check_err(strait_lane_create(&lanes[4], pool, &lane_config), 0);
    mailbox_init(&mailbox);
}

static void
tear_down(void)
{
    close_pool();
    check_int(proc_settle_threads(threads), threads);
}

TestSuite(shutdown, .timeout = 30);

/* Both workers and the thread of class BLOCKING are held, all lanes are full of
 * work. */
static void
fill(struct stay stays[3])
{
    int lane;
    int i;

    cr_assert(stay_enter(&stays[0], lanes[1], &mailbox));
    cr_assert(stay_enter(&stays[1], lanes[2], &mailbox));
    cr_assert(stay_enter(&stays[2], lanes[4], &mailbox));
    for (lane = 0; lane < 5; lane++) {
        for (i = 0; i < N; i++) {
            job_init(&jobs[lane][i]);
            check_err(job_submit(&jobs[lane][i], lanes[lane], &mailbox), 0);
        }
    }
}

static void
leave(struct stay stays[3])
{
    int i;

    for (i = 0; i < 3; i++)
        stay_leave(&stays[i]);
}

static void
check_jobs(int n_run, int status)
{
    int lane;
    int i;

    for (lane = 0; lane < 5; lane++) {
        for (i = 0; i < N; i++) {
            check_int(jobs[lane][i].n_run, n_run);
            check_int(jobs[lane][i].n_done, 1);
            check_err(jobs[lane][i].status, status);
        }
    }
}

FIXTURE_TEST(shutdown, bad_arguments_are_named)
{
    uint32_t n = 77;

    check_err(
        strait_pool_shutdown(NULL, STRAIT_SHUTDOWN_DRAIN, 0, &n), -EINVAL);
    check_err(strait_pool_shutdown(pool, -1, 0, &n), -EINVAL);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL + 1, 0, &n), -EINVAL);
    check_int(n, 77);
    /* Nothing happened. */
    job_init(&jobs[0][0]);
    check_err(job_submit(&jobs[0][0], lanes[0], &mailbox), 0);
    cr_assert(mailbox_take(&mailbox, 1));
}

FIXTURE_TEST(shutdown, of_an_idle_pool_by_drain)
{
    uint32_t n = 77;

    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, &n), 0);
    check_int(n, 0);
    check_int(proc_settle_threads(threads), threads);
}

FIXTURE_TEST(shutdown, of_an_idle_pool_by_cancel)
{
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, UINT64_MAX, NULL),
        0);
    check_int(proc_settle_threads(threads), threads);
}

FIXTURE_TEST(shutdown, drain_runs_all_that_is_queued)
{
    struct stay stays[3];
    uint32_t n = 77;

    fill(stays);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, 0, &n), -ETIMEDOUT);
    check_int(n, 3);
    leave(stays);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, &n), 0);
    check_int(n, 0);
    /* All has been handed to its sink. */
    check_int(strait_sink_drain(&mailbox.sink, 1000, 0, NULL), 5 * N + 3);
    check_jobs(1, 0);
    cr_assert(!stays[0].cancelled_after && !stays[2].cancelled_after);
}

FIXTURE_TEST(shutdown, cancel_ends_what_is_queued_and_sets_the_tokens)
{
    struct stay stays[3];
    uint32_t n = 77;
    int i;

    fill(stays);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, 0, &n), -ETIMEDOUT);
    check_int(n, 3);
    /* At once, although nobody is free: but for the window that the item which
     * runs holds up. */
    check_int(strait_sink_drain(&mailbox.sink, 1000, 0, NULL), 5 * N);
    for (i = 0; i < N; i++) {
        check_int(jobs[0][i].n_done, 1);
        check_int(jobs[2][i].n_done, 0);
    }
    leave(stays);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, UINT64_MAX, &n), 0);
    check_int(n, 0);
    check_int(strait_sink_drain(&mailbox.sink, 1000, 0, NULL), 3);
    check_jobs(0, -ECANCELED);
    for (i = 0; i < 3; i++) {
        cr_assert(stays[i].cancelled_after && !stays[i].cancelled_before);
        check_int(stays[i].n_done, 1);
        check_err(stays[i].status, 0);
    }
}

FIXTURE_TEST(shutdown, cancel_after_drain)
{
    struct stay stays[3];
    uint64_t began_ns;

    fill(stays);
    began_ns = strait_now_ns();
    check_err(strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN,
                  began_ns + 20 * STRAIT_NS_PER_MS, NULL),
        -ETIMEDOUT);
    cr_assert(strait_now_ns() - began_ns >= 20 * STRAIT_NS_PER_MS);
    check_err(strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, 0, NULL),
        -ETIMEDOUT);
    leave(stays);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL), 0);
    cr_assert(mailbox_take(&mailbox, 5 * N + 3));
    check_jobs(0, -ECANCELED);
}

FIXTURE_TEST(shutdown, again_and_again)
{
    int i;

    for (i = 0; i < 3; i++) {
        check_err(
            strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL),
            0);
        check_err(
            strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, 0, NULL), 0);
    }
    check_err(strait_pool_close(pool), -EALREADY);
}

FIXTURE_TEST(shutdown, closes_the_pool)
{
    strait_lane_t *lane = NULL;
    strait_future_t future;
    int i;

    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL), 0);
    job_init(&jobs[0][0]);
    for (i = 0; i < 5; i++)
        check_err(job_submit(&jobs[0][0], lanes[i], &mailbox), -ESHUTDOWN);
    strait_future_init(&future, job_run, &jobs[0][0]);
    check_err(strait_future_submit(lanes[0], &future), -ESHUTDOWN);
    check_err(strait_lane_create(&lane, pool, NULL), -ESHUTDOWN);
    check_ptr(lane, NULL);
    check_int(jobs[0][0].n_run, 0);
}

static int in_worker[3];

static void
end_own_pool(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    in_worker[0] = strait_pool_shutdown(
        pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL);
    in_worker[1] = strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, 0, NULL);
    in_worker[2] = strait_pool_destroy(pool);
}

FIXTURE_TEST(shutdown, a_thread_of_the_pool_cannot)
{
    strait_work_t work;
    int lane;

    /* Of either class. */
    for (lane = 0; lane < 5; lane += 4) {
        memset(in_worker, 0, sizeof in_worker);
        strait_work_init(&work, end_own_pool, NULL, NULL);
        check_err(strait_work_submit(lanes[lane], &work, &mailbox.sink), 0);
        cr_assert(mailbox_take(&mailbox, 1));
        check_err(in_worker[0], -EDEADLK);
        check_err(in_worker[1], -EDEADLK);
        check_err(in_worker[2], -EDEADLK);
    }
    /* Nothing happened. */
    job_init(&jobs[0][0]);
    check_err(job_submit(&jobs[0][0], lanes[0], &mailbox), 0);
    cr_assert(mailbox_take(&mailbox, 1));
}

static void
submit_after(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    for (;;) {
        in_worker[0] = job_submit(&jobs[0][0], lanes[0], &mailbox);
        if (in_worker[0] != 0)
            return;
        in_worker[1]++;
        if (!mailbox_take(&mailbox, 1))
            return;
    }
}

/* A worker that goes on submitting hears of the end, and what was accepted from
 * it still runs. */
FIXTURE_TEST(shutdown, workers_that_submit_are_refused)
{
    strait_work_t work;
    struct mailbox own;

    mailbox_init(&own);
    memset(in_worker, 0, sizeof in_worker);
    job_init(&jobs[0][0]);
    strait_work_init(&work, submit_after, NULL, NULL);
    check_err(strait_work_submit(lanes[0], &work, &own.sink), 0);
    usleep(5000);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL), 0);
    cr_assert(mailbox_take(&own, 1));
    check_err(in_worker[0], -ESHUTDOWN);
    check_int(jobs[0][0].n_run, in_worker[1]);
    check_int(jobs[0][0].n_done, in_worker[1]);
}

static void *
shut_down(void *arg)
{
    int *err = arg;

    *err = strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL);
    return NULL;
}

FIXTURE_TEST(shutdown, by_several_threads_at_once)
{
    struct stay stays[3];
    pthread_t ends[4];
    int errs[4] = { 1, 1, 1, 1 };
    int i;

    fill(stays);
    for (i = 0; i < 4; i++)
        pthread_create(&ends[i], NULL, shut_down, &errs[i]);
    usleep(10000);
    leave(stays);
    for (i = 0; i < 4; i++) {
        pthread_join(ends[i], NULL);
        check_err(errs[i], 0);
    }
    cr_assert(mailbox_take(&mailbox, 5 * N + 3));
    check_jobs(1, 0);
}

FIXTURE_TEST(shutdown, idle_threads_of_class_blocking_end_at_once)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    static struct stay stays[6];
    strait_lane_t *lane;
    uint64_t began_ns;
    int i;

    config.lane_class = STRAIT_LANE_BLOCKING;
    config.min_threads = 2;
    config.max_threads = 6;
    config.idle_ms = 60000;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    for (i = 0; i < 6; i++)
        cr_assert(stay_enter(&stays[i], lane, &mailbox));
    for (i = 0; i < 6; i++)
        stay_leave(&stays[i]);
    cr_assert(mailbox_take(&mailbox, 6));
    began_ns = strait_now_ns();
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL), 0);
    cr_assert(strait_now_ns() - began_ns < 10 * STRAIT_NS_PER_S);
}

static void
shut_down_in_child(void *arg)
{
    uint32_t n = 77;

    (void)arg;
    child_check(strait_pool_shutdown(
                    pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, &n) == -ECHILD);
    child_check(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, 0, &n) == -ECHILD);
    child_check(n == 77);
}

FIXTURE_TEST(shutdown, in_the_child_of_a_fork)
{
    struct stay stay;

    cr_assert(stay_enter(&stay, lanes[0], &mailbox));
    cr_assert(await(lane_stats(lanes[0])->running == 1));
    usleep(20000);
    cr_assert(
        child_run(shut_down_in_child, NULL) == NULL, "%s", child_complaint);
    stay_leave(&stay);
    cr_assert(mailbox_take(&mailbox, 1));
    cr_assert(!stay.cancelled_after);
}
