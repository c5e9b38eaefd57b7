/* SPDX-License-Identifier: MIT */
/*
 * test_work.c - a work item from submit to `done`: exactly once, in order, with
 * what the contract says about bad arguments, full lanes and double submits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <strait/pool.h>
#include <strait/work.h>

#include "mailbox.h"
#include "unit.h"

#define N_JOBS 2000

struct job {
    strait_work_t work;
    int number;
    int n_run;
    int n_done;
    int status;
    bool in_flight_in_run;
    bool in_flight_in_done;
    pthread_t run_thread;
};

static strait_pool_t *pool;
static strait_lane_t *lane;
static struct mailbox mailbox;
static struct job jobs[N_JOBS];
static int n_started;
static int started[N_JOBS];

static void
set_up(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = 1;
    config.max_queued = 4;
    check_err(strait_pool_create(&pool, &config), 0);
    lane = strait_pool_lane(pool);
    mailbox_init(&mailbox);
    memset(jobs, 0, sizeof jobs);
    n_started = 0;
}

static void
tear_down(void)
{
    check_err(strait_pool_destroy(pool), 0);
}

TestSuite(work, .timeout = 30);

static void
run(strait_work_t *work, void *arg)
{
    struct job *job = arg;

    job->n_run++;
    job->in_flight_in_run = strait_work_in_flight(work);
    job->run_thread = pthread_self();
    started[n_started++] = job->number; /* one worker: no race */
}

static void
done(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;

    job->n_done++;
    job->status = status;
    job->in_flight_in_done = strait_work_in_flight(work);
}

static struct job *
new_job(int number)
{
    struct job *job = &jobs[number];

    job->number = number;
    strait_work_init(&job->work, run, done, job);
    return job;
}

/* Submits, and delivers completions while the lane is full. */
static void
submit_patiently(struct job *job, int *n_taken)
{
    int err;

    while ((err = strait_work_submit(lane, &job->work, &mailbox.sink)) ==
        -EAGAIN) {
        cr_assert(mailbox_take(&mailbox, 1));
        (*n_taken)++;
    }
    check_err(err, 0);
}

FIXTURE_TEST(work, runs_and_is_done_once)
{
    struct job *job = new_job(0);

    cr_assert(!strait_work_in_flight(&job->work));
    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), 0);
    cr_assert(strait_work_in_flight(&job->work));
    check_int(job->n_done, 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(job->n_run, 1);
    check_int(job->n_done, 1);
    check_err(job->status, 0);
    cr_assert(job->in_flight_in_run);
    cr_assert(!job->in_flight_in_done);
    cr_assert(!strait_work_in_flight(&job->work));
    cr_assert(!pthread_equal(job->run_thread, pthread_self()));
}

FIXTURE_TEST(work, many_start_in_the_order_of_their_submits)
{
    int n_taken = 0;
    int i;

    for (i = 0; i < N_JOBS; i++)
        submit_patiently(new_job(i), &n_taken);
    cr_assert(mailbox_take(&mailbox, (size_t)(N_JOBS - n_taken)));
    check_int(n_started, N_JOBS);
    for (i = 0; i < N_JOBS; i++) {
        check_int(started[i], i);
        check_int(jobs[i].n_run, 1);
        check_int(jobs[i].n_done, 1);
    }
}

FIXTURE_TEST(work, the_same_item_can_be_used_again)
{
    struct job *job = new_job(0);
    int i;

    for (i = 1; i <= 500; i++) {
        check_err(strait_work_submit(lane, &job->work, &mailbox.sink), 0);
        cr_assert(mailbox_take(&mailbox, 1));
        check_int(job->n_run, i);
        check_int(job->n_done, i);
    }
}

FIXTURE_TEST(work, done_may_be_null)
{
    struct job *job = new_job(0);

    strait_work_init(&job->work, run, NULL, job);
    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(job->n_run, 1);
    cr_assert(!strait_work_in_flight(&job->work));
}

/* ------------------------------------------------------------ bad input */

FIXTURE_TEST(work, bad_arguments_are_named)
{
    struct job *job = new_job(0);

    check_err(strait_work_submit(NULL, &job->work, &mailbox.sink), -EINVAL);
    check_err(strait_work_submit(lane, NULL, &mailbox.sink), -EINVAL);
    check_err(strait_work_submit(lane, &job->work, NULL), -EINVAL);
    strait_work_init(&job->work, NULL, done, job);
    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), -EINVAL);
    cr_assert(!strait_work_in_flight(&job->work));
    strait_work_init(NULL, run, done, job);
    cr_assert(!strait_work_in_flight(NULL));
    check_int(strait_sink_drain(&mailbox.sink, 10, 0, NULL), 0);
    check_int(job->n_run + job->n_done, 0);
}

FIXTURE_TEST(work, an_item_in_flight_cannot_be_submitted_again)
{
    struct gate gate;
    struct job *job = new_job(0);

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    check_err(strait_work_submit(lane, &gate.work, &mailbox.sink), -EBUSY);
    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), 0);
    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), -EBUSY);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(job->n_run, 1);
    check_int(job->n_done, 1);
}

FIXTURE_TEST(work, a_finished_but_undelivered_item_is_still_in_flight)
{
    struct job *job = new_job(0);
    struct gate gate;

    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), 0);
    /* One worker: once it is in the gate, the job's run has returned. */
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    check_int(job->n_run, 1);
    cr_assert(strait_work_in_flight(&job->work));
    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), -EBUSY);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    cr_assert(!strait_work_in_flight(&job->work));
}

FIXTURE_TEST(work, a_full_lane_says_again_and_nothing_happens)
{
    struct gate gate;
    int i;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    for (i = 0; i < 4; i++) {
        check_err(
            strait_work_submit(lane, &new_job(i)->work, &mailbox.sink), 0);
    }
    for (i = 4; i < 10; i++) {
        check_err(strait_work_submit(lane, &new_job(i)->work, &mailbox.sink),
            -EAGAIN);
        cr_assert(!strait_work_in_flight(&jobs[i].work));
    }
    check_int(strait_lane_queued(lane), 4);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 5));
    cr_assert(gate.held);
    check_int(n_started, 4);
    check_int(jobs[4].n_run, 0);
    check_err(strait_work_submit(lane, &jobs[4].work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(jobs[4].n_run, 1);
}

FIXTURE_TEST(work, a_closed_pool_says_shutdown_and_nothing_happens)
{
    struct job *job = new_job(0);

    check_err(strait_pool_close(pool), 0);
    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), -ESHUTDOWN);
    cr_assert(!strait_work_in_flight(&job->work));
    check_int(job->n_run, 0);
}

FIXTURE_TEST(work, errno_is_never_touched)
{
    struct job *job = new_job(0);
    int i;

    for (i = 0; i < 100; i++) {
        errno = 12345;
        check_err(strait_work_submit(lane, &job->work, &mailbox.sink), 0);
        check_int(errno, 12345);
        cr_assert(mailbox_take(&mailbox, 1));
    }
    check_err(strait_pool_close(pool), 0);
    errno = 12345;
    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), -ESHUTDOWN);
    check_int(errno, 12345);
}

/* ------------------------------------------------------- from inside */

static int n_left;

static void
done_submits_again(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;

    done(work, status, arg);
    if (n_left-- > 0 && strait_work_submit(lane, work, &mailbox.sink) != 0)
        job->status = -1;
}

FIXTURE_TEST(work, done_may_submit_its_item_again)
{
    struct job *job = new_job(0);

    strait_work_init(&job->work, run, done_submits_again, job);
    n_left = 50;
    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 51));
    check_int(job->n_run, 51);
    check_int(job->n_done, 51);
    check_err(job->status, 0);
}

static int n_freed;

static void
nothing(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

static void
done_frees(strait_work_t *work, int status, void *arg)
{
    (void)work;
    n_freed += status == 0;
    free(arg);
}

FIXTURE_TEST(work, done_may_free_its_item)
{
    int i;

    n_freed = 0;
    for (i = 0; i < 300; i++) {
        struct job *job = malloc(sizeof *job);

        cr_assert(job != NULL);
        strait_work_init(&job->work, nothing, done_frees, job);
        check_err(strait_work_submit(lane, &job->work, &mailbox.sink), 0);
        cr_assert(mailbox_take(&mailbox, 1));
    }
    check_int(n_freed, 300);
}

static int submit_from_worker;

static void
run_submits_another(strait_work_t *work, void *arg)
{
    run(work, arg);
    submit_from_worker = strait_work_submit(lane, &jobs[1].work, &mailbox.sink);
}

FIXTURE_TEST(work, a_worker_may_submit)
{
    struct job *job = new_job(0);

    new_job(1);
    strait_work_init(&job->work, run_submits_another, done, job);
    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 2));
    check_err(submit_from_worker, 0);
    check_int(jobs[1].n_run, 1);
    check_int(started[1], 1);
}

FIXTURE_TEST(work, done_gets_the_status_of_the_drain)
{
    struct job *job = new_job(0);
    struct gate gate;

    check_err(strait_work_submit(lane, &job->work, &mailbox.sink), 0);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    check_int(strait_sink_drain(&mailbox.sink, 1, -ECANCELED, NULL), 1);
    check_err(job->status, -ECANCELED);
    check_int(job->n_run, 1);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 1));
}

FIXTURE_TEST(work, completions_go_to_the_sink_that_was_named)
{
    struct mailbox other;
    struct job *first = new_job(0);
    struct job *second = new_job(1);

    mailbox_init(&other);
    check_err(strait_work_submit(lane, &first->work, &other.sink), 0);
    check_err(strait_work_submit(lane, &second->work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(second->n_done, 1);
    check_int(first->n_done, 0);
    cr_assert(mailbox_take(&other, 1));
    check_int(first->n_done, 1);
}
