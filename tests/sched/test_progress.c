/* SPDX-License-Identifier: MIT */
/*
 * test_progress.c - how far a running item is, told to its sink.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <strait/future.h>
#include <strait/pool.h>
#include <strait/progress.h>

#include "job.h"
#include "one_pool.h"

static strait_lane_t *lane;
static struct mailbox mailbox;

struct long_job {
    strait_work_t work;
    strait_progress_t progress;
    uint64_t n_steps;
    sem_t step; /* posted: report once more; not used if n_steps is not 0 */
    sem_t stepped;
    /* On the sink. */
    uint64_t n_reports;
    uint64_t last;
    bool backwards;
    bool after_done;
    bool done;
    int status;
};

static struct long_job job;

static void
set_up(void)
{
    lane = open_pool(2);
    mailbox_init(&mailbox);
    memset(&job, 0, sizeof job);
}

static void
tear_down(void)
{
    close_pool();
}

TestSuite(progress, .timeout = 30);

static void
run(strait_work_t *work, void *arg)
{
    struct long_job *self = arg;
    uint64_t i;

    (void)work;
    for (i = 1; i <= self->n_steps; i++)
        strait_progress_report(&self->progress, i);
}

/* Reports 1, 2, 3, ... whenever it is told to; ends when `n_steps` is set. */
static void
run_step_by_step(strait_work_t *work, void *arg)
{
    struct long_job *self = arg;
    uint64_t i;

    (void)work;
    for (i = 1; wait_for(&self->step) && self->n_steps == 0; i++) {
        strait_progress_report(&self->progress, i);
        sem_post(&self->stepped);
    }
}

static void
show(strait_progress_t *progress, uint64_t value, void *arg)
{
    struct long_job *self = arg;

    (void)progress;
    self->n_reports++;
    self->backwards = self->backwards || value < self->last;
    self->after_done = self->after_done || self->done;
    self->last = value;
}

static void
done(strait_work_t *work, int status, void *arg)
{
    struct long_job *self = arg;

    (void)work;
    self->done = true;
    self->status = status;
}

static void
init_job(strait_work_fn body)
{
    sem_init(&job.step, 0, 0);
    sem_init(&job.stepped, 0, 0);
    strait_work_init(&job.work, body, done, &job);
    check_err(strait_progress_init(&job.progress, &job.work, show, &job), 0);
}

static void
step(void)
{
    sem_post(&job.step);
    cr_assert(wait_for(&job.stepped));
}

static void
end_steps(void)
{
    job.n_steps = 1;
    sem_post(&job.step);
}

FIXTURE_TEST(progress, bad_arguments_are_named)
{
    strait_progress_t progress;

    check_err(strait_progress_init(NULL, &job.work, show, &job), -EINVAL);
    check_err(strait_progress_init(&progress, NULL, show, &job), -EINVAL);
    check_err(strait_progress_init(&progress, &job.work, NULL, &job), -EINVAL);
    check_err(strait_progress_init(&progress, &job.work, show, NULL), 0);
    strait_progress_report(NULL, 1);
}

FIXTURE_TEST(progress, each_report_arrives_if_the_sink_is_faster)
{
    uint64_t i;

    init_job(run_step_by_step);
    check_err(strait_work_submit(lane, &job.work, &mailbox.sink), 0);
    for (i = 1; i <= 20; i++) {
        step();
        cr_assert(mailbox_take(&mailbox, 1));
        check_int(job.n_reports, i);
        check_int(job.last, i);
    }
    end_steps();
    cr_assert(mailbox_take(&mailbox, 1));
    cr_assert(job.done && !job.after_done);
    check_int(job.n_reports, 20);
}

FIXTURE_TEST(progress, reports_are_merged_if_the_sink_is_slower)
{
    int i;

    init_job(run_step_by_step);
    check_err(strait_work_submit(lane, &job.work, &mailbox.sink), 0);
    for (i = 0; i < 100; i++)
        step();
    /* One entry carries the newest value. */
    check_int(strait_sink_drain(&mailbox.sink, 1000, 0, NULL), 1);
    check_int(job.n_reports, 1);
    check_int(job.last, 100);
    step();
    end_steps();
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(job.n_reports, 2);
    check_int(job.last, 101);
    cr_assert(job.done && !job.after_done);
}

FIXTURE_TEST(progress, the_last_value_arrives_before_done)
{
    int round;

    init_job(run);
    for (round = 0; round < 200; round++) {
        job.n_reports = 0;
        job.last = 0;
        job.done = false;
        job.n_steps = 1 + (uint64_t)round * 5;
        check_err(strait_work_submit(lane, &job.work, &mailbox.sink), 0);
        while (!job.done)
            cr_assert(mailbox_take(&mailbox, 1));
        cr_assert(!job.after_done && !job.backwards);
        check_int(job.last, job.n_steps);
        cr_assert(job.n_reports >= 1 && job.n_reports <= job.n_steps);
        check_int(strait_sink_drain(&mailbox.sink, 10, 0, NULL), 0);
    }
}

FIXTURE_TEST(progress, without_a_report_there_is_no_call)
{
    init_job(run);
    check_err(strait_work_submit(lane, &job.work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    cr_assert(job.done);
    check_int(job.n_reports, 0);
}

FIXTURE_TEST(progress, in_a_lane_that_keeps_the_order_of_submits)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *ordered;
    struct stay stay;

    config.order = STRAIT_ORDER_SUBMIT;
    check_err(strait_lane_create(&ordered, pool, &config), 0);
    cr_assert(stay_enter(&stay, ordered, &mailbox));
    init_job(run_step_by_step);
    check_err(strait_work_submit(ordered, &job.work, &mailbox.sink), 0);
    /* It is not its turn, but its progress is told. */
    step();
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(job.last, 1);
    step();
    end_steps();
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(job.last, 2);
    cr_assert(!job.done);
    stay_leave(&stay);
    cr_assert(mailbox_take(&mailbox, 1));
    cr_assert(job.done && !job.after_done);
}

FIXTURE_TEST(progress, a_closed_sink_gets_no_calls)
{
    init_job(run_step_by_step);
    check_err(strait_work_submit(lane, &job.work, &mailbox.sink), 0);
    step();
    check_int(strait_sink_drain(&mailbox.sink, 10, -ECANCELED, NULL), 1);
    check_int(job.n_reports, 0);
    end_steps();
    cr_assert(mailbox_take(&mailbox, 1));
}

static void
run_future(strait_work_t *work, void *arg)
{
    (void)work;
    strait_progress_report(arg, 1);
}

FIXTURE_TEST(progress, a_future_has_nobody_to_tell)
{
    strait_future_t future;

    strait_future_init(&future, run_future, &job.progress);
    check_err(strait_progress_init(
                  &job.progress, strait_future_work(&future), show, &job),
        0);
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_future_wait(&future, UINT64_MAX), 0);
    check_int(job.n_reports, 0);
}
