/* SPDX-License-Identifier: MIT */
/*
 * test_ended.c - what lanes still send to a loop that has ended: each item and
 * each wish is told once, with -ECANCELED, by the thread that finds the loop
 * closed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <strait/progress.h>
#include <strait/request.h>

#include "job.h"
#include "one_pool.h"

#define N 8

static strait_loop_t *loop;
static strait_loop_ref_t *ref;
static strait_sink_t *sink;
static struct mailbox mailbox; /* of what holds the workers */
static struct stay stay;
static struct job jobs[N];
static int n_order;
static int order[N];

static void
set_up(void)
{
    strait_loop_config_t loop_config = STRAIT_LOOP_CONFIG_INIT;

    loop_config.allocator = blocks_allocator(&blocks);
    (void)open_pool(1);
    check_err(strait_loop_create(&loop, &loop_config), 0);
    check_err(strait_loop_ref_open(loop, &ref), 0);
    sink = strait_loop_ref_sink(ref);
    mailbox_init(&mailbox);
    n_order = 0;
}

static void
tear_down(void)
{
    strait_loop_ref_close(ref);
    close_pool();
}

TestSuite(ended, .timeout = 30);

static void
done_in_order(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;

    job_done(work, status, arg);
    order[n_order++] = (int)(job - jobs);
}

static void
submit_all(strait_lane_t *lane)
{
    int i;

    for (i = 0; i < N; i++) {
        job_init(&jobs[i]);
        strait_work_init(&jobs[i].work, job_run, done_in_order, &jobs[i]);
        check_err(strait_work_submit(lane, &jobs[i].work, sink), 0);
    }
}

/* The worker has come to the end of what there is; then it is ours to look. */
static void
let_worker_end(strait_lane_t *lane)
{
    struct stay last;

    stay_leave(&stay);
    cr_assert(stay_enter(&last, lane, &mailbox));
    stay_leave(&last);
    cr_assert(mailbox_take(&mailbox, 2));
}

static void
in_lane_of(uint32_t lane_order)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane;
    int i;

    config.order = lane_order;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    cr_assert(stay_enter(&stay, lane, &mailbox));
    submit_all(lane);
    check_err(strait_loop_destroy(loop), 0);
    check_int(n_order, 0);
    let_worker_end(lane);
    check_int(n_order, N);
    for (i = 0; i < N; i++) {
        check_int(order[i], i);
        check_int(jobs[i].n_run, 1);
        check_int(jobs[i].n_done, 1);
        check_err(jobs[i].status, -ECANCELED);
    }
}

FIXTURE_TEST(ended, items_of_a_plain_lane)
{
    in_lane_of(STRAIT_ORDER_NONE);
}

FIXTURE_TEST(ended, items_of_a_lane_that_keeps_the_order_of_submits)
{
    in_lane_of(STRAIT_ORDER_SUBMIT);
}

FIXTURE_TEST(ended, items_of_a_serial_lane)
{
    in_lane_of(STRAIT_ORDER_SERIAL);
}

/* Finished items that the loop holds back when it ends. */
FIXTURE_TEST(ended, items_that_wait_for_their_turn)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_lane_config_t lane_config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane;
    int i;

    check_err(strait_pool_destroy(pool), 0);
    config.n_workers = 2;
    config.allocator = blocks_allocator(&blocks);
    check_err(strait_pool_create(&pool, &config), 0);
    lane_config.order = STRAIT_ORDER_SUBMIT;
    check_err(strait_lane_create(&lane, pool, &lane_config), 0);
    stay_init(&stay);
    check_err(strait_work_submit(lane, &stay.work, sink), 0);
    cr_assert(wait_for(&stay.entered));
    submit_all(lane);
    cr_assert(await(lane_stats(lane)->n_run == N));
    while (lane_stats(lane)->n_held < N)
        cr_assert(strait_loop_run(loop, STRAIT_RUN_ONCE) == 1);
    check_int(n_order, 0);
    check_err(strait_loop_destroy(loop), 0);
    check_int(n_order, 0);
    stay_leave(&stay);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL), 0);
    check_int(stay.n_done, 1);
    check_err(stay.status, -ECANCELED);
    check_int(n_order, N);
    for (i = 0; i < N; i++) {
        check_int(order[i], i);
        check_int(jobs[i].n_done, 1);
        /* They came while the loop lived. */
        check_err(jobs[i].status, 0);
    }
}

FIXTURE_TEST(ended, cancelled_items)
{
    strait_lane_t *lane = strait_pool_lane(pool);
    int i;

    cr_assert(stay_enter(&stay, lane, &mailbox));
    submit_all(lane);
    check_err(strait_loop_destroy(loop), 0);
    /* Nobody else can tell them but this thread. */
    for (i = 0; i < N; i++) {
        check_err(strait_work_cancel(&jobs[i].work), 0);
        check_int(jobs[i].n_done, 1);
        check_err(jobs[i].status, -ECANCELED);
        check_int(jobs[i].n_run, 0);
    }
    let_worker_end(lane);
    check_int(n_order, N);
}

static int n_released;

static void
release(void *arg)
{
    (void)arg;
    n_released++;
}

static strait_progress_t progress;
static int n_shown;

static void
show(strait_progress_t *which, uint64_t value, void *arg)
{
    (void)which;
    (void)value;
    (void)arg;
    n_shown++;
}

static void
report_twice(strait_work_t *work, void *arg)
{
    job_run(work, arg);
    strait_progress_report(&progress, 1);
    strait_progress_report(&progress, 2);
}

FIXTURE_TEST(ended, requests_and_their_progress)
{
    strait_lane_t *lane = strait_pool_lane(pool);
    strait_work_t *work;

    n_released = 0;
    n_shown = 0;
    job_init(&jobs[0]);
    check_err(strait_work_create(&work, report_twice, job_done, release,
                  &jobs[0], blocks_allocator(&blocks)),
        0);
    check_err(strait_progress_init(&progress, work, show, NULL), 0);
    cr_assert(stay_enter(&stay, lane, &mailbox));
    check_err(strait_work_submit(lane, work, sink), 0);
    check_err(strait_loop_destroy(loop), 0);
    let_worker_end(lane);
    check_int(n_shown, 0);
    check_int(jobs[0].n_run, 1);
    check_int(jobs[0].n_done, 1);
    check_err(jobs[0].status, -ECANCELED);
    check_int(n_released, 1);
}

FIXTURE_TEST(ended, a_request_that_is_given_up)
{
    strait_lane_t *lane = strait_pool_lane(pool);
    strait_work_t *work;

    n_released = 0;
    stay_init(&stay);
    check_err(strait_work_create(&work, stay_run, stay_done, release, &stay,
                  blocks_allocator(&blocks)),
        0);
    check_err(strait_work_submit(lane, work, sink), 0);
    cr_assert(wait_for(&stay.entered));
    check_err(strait_loop_destroy(loop), 0);
    check_err(strait_work_give_up(work, -ETIMEDOUT), 0);
    check_int(stay.n_done, 1);
    cr_assert(stay.status == -ECANCELED || stay.status == -ETIMEDOUT);
    check_int(n_released, 0);
    stay_leave(&stay);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL), 0);
    check_int(n_released, 1);
    check_int(stay.n_done, 1);
}

static int n_called;
static int called_with;

static void
called(strait_drain_t *drain, int status, void *arg)
{
    (void)drain;
    (void)arg;
    n_called++;
    called_with = status;
}

FIXTURE_TEST(ended, a_wish_for_room)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_drain_t wish;
    strait_lane_t *lane;
    int i;

    n_called = 0;
    config.max_queued = N;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    cr_assert(stay_enter(&stay, lane, &mailbox));
    submit_all(lane);
    strait_drain_init(&wish, called, NULL);
    check_err(strait_lane_on_drain(lane, &wish, sink), 0);
    check_err(strait_loop_destroy(loop), 0);
    check_int(n_called, 0);
    for (i = 0; i < N; i++)
        check_err(strait_work_cancel(&jobs[i].work), 0);
    check_int(n_called, 1);
    check_err(called_with, -ECANCELED);
    let_worker_end(lane);
}
