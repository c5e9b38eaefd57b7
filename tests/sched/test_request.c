/* SPDX-License-Identifier: MIT */
/*
 * test_request.c - work items that the library owns: given up in each state in
 * which they can be, and released once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <strait/pool.h>
#include <strait/progress.h>
#include <strait/request.h>

#include "child.h"
#include "job.h"
#include "one_pool.h"

static strait_lane_t *lane;
static struct mailbox mailbox;

/* What belongs to a request; outlives it here, so that it can be looked at. */
struct query {
    strait_work_t *work;
    sem_t entered;
    sem_t leave;
    sem_t released;
    strait_progress_t progress;
    bool stays;
    bool reports_late;
    bool token;
    int n_run;
    int n_done;
    int n_released;
    int n_reports;
    int status;
    int released_at_done; /* n_released when `done` was entered */
    int done_at_release;
    int result;
    int result_at_release;
};

static void
set_up(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = 1;
    config.max_queued = 8;
    lane = open_pool_as(config);
    mailbox_init(&mailbox);
}

static void
tear_down(void)
{
    close_pool();
}

TestSuite(request, .timeout = 30);

static void
look_up(strait_work_t *work, void *arg)
{
    struct query *query = arg;

    query->n_run++;
    sem_post(&query->entered);
    if (query->stays)
        (void)wait_for(&query->leave);
    query->token = strait_work_cancelled(work);
    if (query->reports_late) {
        strait_progress_report(&query->progress, 1);
        strait_progress_report(&query->progress, 2);
    }
    query->result = 42;
}

static void
found(strait_work_t *work, int status, void *arg)
{
    struct query *query = arg;

    (void)work;
    query->n_done++;
    query->status = status;
    query->released_at_done = query->n_released;
}

static void
forget(void *arg)
{
    struct query *query = arg;

    query->n_released++;
    query->done_at_release = query->n_done;
    query->result_at_release = query->result;
    sem_post(&query->released);
}

static void
show(strait_progress_t *progress, uint64_t value, void *arg)
{
    (void)progress;
    (void)value;
    ((struct query *)arg)->n_reports++;
}

static void
create(struct query *query, bool stays)
{
    memset(query, 0, sizeof *query);
    sem_init(&query->entered, 0, 0);
    sem_init(&query->leave, 0, 0);
    sem_init(&query->released, 0, 0);
    query->stays = stays;
    query->status = 1;
    check_err(strait_work_create(&query->work, look_up, found, forget, query,
                  blocks_allocator(&blocks)),
        0);
}

static void
submit(struct query *query)
{
    check_err(strait_work_submit(lane, query->work, &mailbox.sink), 0);
}

static void
check_over(const struct query *query, int n_run, int status)
{
    check_int(query->n_run, n_run);
    check_int(query->n_done, 1);
    check_err(query->status, status);
    check_int(query->n_released, 1);
    check_int(query->released_at_done, 0);
    check_int(query->done_at_release, 1);
}

/* ------------------------------------------------------------ the plain way */

FIXTURE_TEST(request, bad_arguments_are_named)
{
    strait_allocator_t half = *strait_allocator_default(NULL);
    strait_work_t *work = NULL;
    struct job job;

    check_err(
        strait_work_create(NULL, look_up, found, forget, NULL, NULL), -EINVAL);
    check_err(
        strait_work_create(&work, NULL, found, forget, NULL, NULL), -EINVAL);
    half.free = NULL;
    check_err(strait_work_create(&work, look_up, found, forget, NULL, &half),
        -EINVAL);
    check_ptr(work, NULL);
    check_err(strait_work_give_up(NULL, -ECANCELED), -EINVAL);
    job_init(&job);
    check_err(strait_work_give_up(&job.work, -ECANCELED), -EINVAL);
    check_err(strait_work_discard(NULL), 0);
}

FIXTURE_TEST(request, no_memory)
{
    strait_work_t *work = NULL;

    blocks.fail_at = 1;
    check_err(strait_work_create(&work, look_up, found, forget, NULL,
                  blocks_allocator(&blocks)),
        -ENOMEM);
    check_ptr(work, NULL);
}

FIXTURE_TEST(request, runs_is_done_and_is_released)
{
    struct query query;

    create(&query, false);
    cr_assert(!strait_work_in_flight(query.work));
    submit(&query);
    cr_assert(mailbox_take(&mailbox, 1));
    check_over(&query, 1, 0);
    check_int(query.result_at_release, 42);
}

FIXTURE_TEST(request, done_and_release_may_be_null)
{
    struct query query;

    create(&query, false);
    check_err(strait_work_discard(query.work), 0);
    check_int(query.n_released, 1);
    check_err(strait_work_create(&query.work, look_up, NULL, NULL, &query,
                  blocks_allocator(&blocks)),
        0);
    submit(&query);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(query.n_run, 1);
}

FIXTURE_TEST(request, that_was_never_accepted_is_discarded)
{
    struct query query;

    create(&query, false);
    check_err(strait_work_give_up(query.work, -ECANCELED), -ESRCH);
    check_err(strait_work_cancel(query.work), -ESRCH);
    check_err(strait_work_discard(query.work), 0);
    check_int(query.n_released, 1);
    check_int(query.n_run + query.n_done, 0);
    create(&query, false);
    check_err(strait_pool_close(pool), 0);
    check_err(strait_work_submit(lane, query.work, &mailbox.sink), -ESHUTDOWN);
    check_err(strait_work_discard(query.work), 0);
    check_int(query.n_released, 1);
}

FIXTURE_TEST(request, in_flight_is_not_discarded)
{
    struct query query;

    create(&query, true);
    submit(&query);
    check_err(strait_work_discard(query.work), -EBUSY);
    check_err(strait_work_submit(lane, query.work, &mailbox.sink), -EBUSY);
    sem_post(&query.leave);
    cr_assert(mailbox_take(&mailbox, 1));
    check_over(&query, 1, 0);
}

FIXTURE_TEST(request, a_refused_submit_can_be_tried_again)
{
    struct query queries[10];
    int i;

    create(&queries[0], true);
    submit(&queries[0]);
    cr_assert(wait_for(&queries[0].entered));
    for (i = 1; i <= 8; i++) {
        create(&queries[i], false);
        submit(&queries[i]);
    }
    create(&queries[9], false);
    check_err(
        strait_work_submit(lane, queries[9].work, &mailbox.sink), -EAGAIN);
    sem_post(&queries[0].leave);
    cr_assert(mailbox_take(&mailbox, 9));
    submit(&queries[9]);
    cr_assert(mailbox_take(&mailbox, 1));
    for (i = 0; i < 10; i++)
        check_over(&queries[i], 1, 0);
}

/* ----------------------------------------------------------------- given up */

static void
give_up_queued(int status)
{
    struct query query;
    struct gate gate;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    create(&query, false);
    submit(&query);
    check_err(strait_work_give_up(query.work, 0), -EINVAL);
    check_err(strait_work_give_up(query.work, -EIO), -EINVAL);
    check_err(strait_work_give_up(query.work, status), 0);
    check_int(query.n_done, 0);
    check_err(strait_work_give_up(query.work, status), -EALREADY);
    check_err(strait_work_cancel(query.work), -EALREADY);
    cr_assert(mailbox_take(&mailbox, 1));
    check_over(&query, 0, status);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 1));
}

FIXTURE_TEST(request, given_up_while_it_is_queued)
{
    give_up_queued(-ECANCELED);
    give_up_queued(-ETIMEDOUT);
}

static void
give_up_running(int status)
{
    struct query query;

    create(&query, true);
    submit(&query);
    cr_assert(wait_for(&query.entered));
    check_err(strait_work_give_up(query.work, status), 0);
    check_int(query.n_done, 0);
    check_err(strait_work_give_up(query.work, -ECANCELED), -EALREADY);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(query.n_done, 1);
    check_err(query.status, status);
    /* Its thread is still in there. */
    check_int(query.n_released, 0);
    check_int(lane_stats(lane)->n_lost, 1);
    sem_post(&query.leave);
    cr_assert(wait_for(&query.released));
    check_over(&query, 1, status);
    cr_assert(query.token);
    /* The late result was there for release to dispose of. */
    check_int(query.result_at_release, 42);
    cr_assert(await(lane_stats(lane)->n_lost == 0));
    check_int(strait_sink_drain(&mailbox.sink, 10, 0, NULL), 0);
}

FIXTURE_TEST(request, given_up_while_it_runs)
{
    give_up_running(-ECANCELED);
    give_up_running(-ETIMEDOUT);
}

FIXTURE_TEST(request, given_up_and_returned_before_done)
{
    struct query query;
    struct gate gate;

    create(&query, true);
    submit(&query);
    cr_assert(wait_for(&query.entered));
    check_err(strait_work_give_up(query.work, -ETIMEDOUT), 0);
    sem_post(&query.leave);
    /* The only worker has come out of it. */
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    check_int(query.n_released, 0);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_over(&query, 1, -ETIMEDOUT);
}

FIXTURE_TEST(request, given_up_when_it_has_returned)
{
    struct query query;
    struct gate gate;

    create(&query, false);
    submit(&query);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    check_err(strait_work_give_up(query.work, -ETIMEDOUT), -EALREADY);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_over(&query, 1, 0);
    check_int(lane_stats(lane)->n_lost, 0);
}

static int give_up_in_done;

static void
found_gives_up(strait_work_t *work, int status, void *arg)
{
    found(work, status, arg);
    give_up_in_done = strait_work_give_up(work, -ECANCELED);
}

FIXTURE_TEST(request, given_up_in_done)
{
    struct query query;

    create(&query, false);
    check_err(strait_work_discard(query.work), 0);
    memset(&query, 0, sizeof query);
    check_err(strait_work_create(&query.work, look_up, found_gives_up, NULL,
                  &query, blocks_allocator(&blocks)),
        0);
    submit(&query);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(give_up_in_done, -ESRCH);
    check_int(query.n_done, 1);
}

FIXTURE_TEST(request, cancelled_while_it_is_queued_or_runs)
{
    struct query query;
    struct gate gate;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    create(&query, false);
    submit(&query);
    check_err(strait_work_cancel(query.work), 0);
    check_err(strait_work_give_up(query.work, -ETIMEDOUT), -EALREADY);
    cr_assert(mailbox_take(&mailbox, 1));
    check_over(&query, 0, -ECANCELED);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 1));
    /* Cancel only asks it to return. */
    create(&query, true);
    submit(&query);
    cr_assert(wait_for(&query.entered));
    check_err(strait_work_cancel(query.work), -EALREADY);
    sem_post(&query.leave);
    cr_assert(mailbox_take(&mailbox, 1));
    check_over(&query, 1, 0);
    cr_assert(query.token);
}

FIXTURE_TEST(request, cancelled_and_then_given_up_while_it_runs)
{
    struct query query;

    create(&query, true);
    submit(&query);
    cr_assert(wait_for(&query.entered));
    check_err(strait_work_cancel(query.work), -EALREADY);
    check_err(strait_work_give_up(query.work, -ETIMEDOUT), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(query.status, -ETIMEDOUT);
    sem_post(&query.leave);
    cr_assert(wait_for(&query.released));
    check_over(&query, 1, -ETIMEDOUT);
}

FIXTURE_TEST(request, in_a_cancelled_group)
{
    struct query queued;
    struct query running;
    strait_group_t group;

    strait_group_init(&group);
    create(&running, true);
    create(&queued, false);
    check_err(strait_work_set_group(running.work, &group), 0);
    check_err(strait_work_set_group(queued.work, &group), 0);
    submit(&running);
    cr_assert(wait_for(&running.entered));
    submit(&queued);
    check_int(strait_group_cancel(&group), 1);
    cr_assert(mailbox_take(&mailbox, 1));
    check_over(&queued, 0, -ECANCELED);
    sem_post(&running.leave);
    cr_assert(mailbox_take(&mailbox, 1));
    check_over(&running, 1, 0);
    cr_assert(running.token);
}

FIXTURE_TEST(request, given_up_in_a_lane_that_keeps_the_order_of_submits)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    struct query first;
    struct query second;

    config.order = STRAIT_ORDER_SUBMIT;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    create(&first, true);
    create(&second, false);
    submit(&first);
    submit(&second);
    cr_assert(wait_for(&first.entered));
    check_err(strait_work_give_up(second.work, -ETIMEDOUT), 0);
    /* Not before the first. */
    check_int(strait_sink_drain(&mailbox.sink, 10, 0, NULL), 1);
    check_int(second.n_done, 0);
    check_err(strait_work_give_up(first.work, -ECANCELED), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(first.n_done, 1);
    check_over(&second, 0, -ETIMEDOUT);
    sem_post(&first.leave);
    cr_assert(wait_for(&first.released));
    check_over(&first, 1, -ECANCELED);
}

FIXTURE_TEST(request, one_that_is_lost_outlives_a_shutdown_with_a_limit)
{
    struct query query;
    uint32_t n_stuck = 0;

    create(&query, true);
    submit(&query);
    cr_assert(wait_for(&query.entered));
    check_err(strait_work_give_up(query.work, -ETIMEDOUT), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, 0, &n_stuck),
        -ETIMEDOUT);
    check_int(n_stuck, 1);
    sem_post(&query.leave);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL), 0);
    check_over(&query, 1, -ETIMEDOUT);
}

FIXTURE_TEST(request, a_shutdown_ends_the_queued_ones)
{
    struct query running;
    struct query queued;

    create(&running, true);
    create(&queued, false);
    submit(&running);
    cr_assert(wait_for(&running.entered));
    submit(&queued);
    check_err(strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, 0, NULL),
        -ETIMEDOUT);
    cr_assert(mailbox_take(&mailbox, 1));
    check_over(&queued, 0, -ECANCELED);
    sem_post(&running.leave);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, UINT64_MAX, NULL),
        0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_over(&running, 1, 0);
    cr_assert(running.token);
}

/* ----------------------------------------------------------------- progress */

FIXTURE_TEST(request, progress_after_it_was_given_up_is_dropped)
{
    struct query query;

    create(&query, true);
    query.reports_late = true;
    check_err(
        strait_progress_init(&query.progress, query.work, show, &query), 0);
    submit(&query);
    cr_assert(wait_for(&query.entered));
    check_err(strait_work_give_up(query.work, -ETIMEDOUT), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    sem_post(&query.leave);
    cr_assert(wait_for(&query.released));
    check_over(&query, 1, -ETIMEDOUT);
    check_int(query.n_reports, 0);
    check_int(strait_sink_drain(&mailbox.sink, 10, 0, NULL), 0);
}

FIXTURE_TEST(request, progress_of_one_that_returns_comes_before_done)
{
    struct query query;

    create(&query, false);
    query.reports_late = true;
    check_err(
        strait_progress_init(&query.progress, query.work, show, &query), 0);
    submit(&query);
    while (query.n_done == 0)
        cr_assert(mailbox_take(&mailbox, 1));
    check_over(&query, 1, 0);
    cr_assert(query.n_reports == 1 || query.n_reports == 2);
}

static void
report_then_stay(strait_work_t *work, void *arg)
{
    struct query *query = arg;

    (void)work;
    query->n_run++;
    strait_progress_report(&query->progress, 7);
    sem_post(&query->entered);
    (void)wait_for(&query->leave);
}

FIXTURE_TEST(request, progress_on_its_way_keeps_the_request)
{
    struct query query;

    create(&query, true);
    check_err(strait_work_discard(query.work), 0);
    memset(&query, 0, sizeof query);
    sem_init(&query.entered, 0, 0);
    sem_init(&query.leave, 0, 0);
    sem_init(&query.released, 0, 0);
    check_err(strait_work_create(&query.work, report_then_stay, found, forget,
                  &query, blocks_allocator(&blocks)),
        0);
    check_err(
        strait_progress_init(&query.progress, query.work, show, &query), 0);
    submit(&query);
    cr_assert(wait_for(&query.entered));
    check_err(strait_work_give_up(query.work, -ECANCELED), 0);
    sem_post(&query.leave);
    cr_assert(await(lane_stats(lane)->n_lost == 0));
    /* All is over but the delivery of the report and of the end. */
    check_int(query.n_released, 0);
    check_int(strait_sink_drain(&mailbox.sink, 10, 0, NULL), 2);
    check_over(&query, 1, -ECANCELED);
}

/* --------------------------------------------------------------------- fork */

static void
give_up_in_child(void *arg)
{
    struct query *query = arg;

    child_check(strait_work_give_up(query->work, -ECANCELED) == -ECHILD);
    child_check(strait_work_in_flight(query->work));
}

FIXTURE_TEST(request, in_the_child_of_a_fork)
{
    struct query query;

    create(&query, true);
    submit(&query);
    cr_assert(wait_for(&query.entered));
    cr_assert(
        child_run(give_up_in_child, &query) == NULL, "%s", child_complaint);
    sem_post(&query.leave);
    cr_assert(mailbox_take(&mailbox, 1));
    check_over(&query, 1, 0);
}
