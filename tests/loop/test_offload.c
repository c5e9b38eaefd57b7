/* SPDX-License-Identifier: MIT */
/*
 * test_offload.c - work that a loop hands to a pool: its completion comes back
 * to the loop, which waits for it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <strait/timer.h>
#include <unistd.h>

#include "mailbox.h"
#include "unit.h"

static strait_loop_t *loop;
static strait_pool_t *pool;
static strait_lane_t *lane;

static void
set_up(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = 1;
    config.max_queued = 4;
    check_err(strait_pool_create(&pool, &config), 0);
    lane = strait_pool_lane(pool);
    check_err(strait_loop_create(&loop, NULL), 0);
}

static void
tear_down(void)
{
    check_err(strait_loop_destroy(loop), 0);
    check_err(strait_pool_destroy(pool), 0);
}

TestSuite(offload, .timeout = 60);

struct job {
    strait_work_t work;
    int input;
    int result;
    int n_done;
    int status;
    pthread_t run_thread;
    pthread_t done_thread;
};

static void
square(strait_work_t *work, void *arg)
{
    struct job *job = arg;

    (void)work;
    job->result = job->input * job->input;
    job->run_thread = pthread_self();
}

static void
squared(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;

    (void)work;
    job->n_done++;
    job->status = status;
    job->done_thread = pthread_self();
}

static void
job_init(struct job *job, int input)
{
    memset(job, 0, sizeof *job);
    job->input = input;
    strait_work_init(&job->work, square, squared, job);
}

FIXTURE_TEST(offload, runs_on_the_pool_and_is_done_on_the_loop)
{
    struct job job;

    job_init(&job, 12);
    check_err(strait_loop_submit(loop, lane, &job.work), 0);
    cr_assert(strait_work_in_flight(&job.work));
    check_int(job.n_done, 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(job.n_done, 1);
    check_err(job.status, 0);
    check_int(job.result, 144);
    cr_assert(pthread_equal(job.done_thread, pthread_self()));
    cr_assert(!pthread_equal(job.run_thread, pthread_self()));
}

FIXTURE_TEST(offload, the_loop_has_work_until_then_and_cannot_end)
{
    struct mailbox mailbox;
    struct gate gate;
    struct job job;

    mailbox_init(&mailbox);
    job_init(&job, 2);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    check_err(strait_loop_submit(loop, lane, &job.work), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    check_err(strait_loop_destroy(loop), -EBUSY);
    gate_open(&gate);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(job.n_done, 1);
    cr_assert(mailbox_take(&mailbox, 1));
}

FIXTURE_TEST(offload, refusals_leave_nothing_in_flight)
{
    struct mailbox mailbox;
    struct gate gate;
    struct job jobs[6];
    int i;

    mailbox_init(&mailbox);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    for (i = 0; i < 6; i++) {
        job_init(&jobs[i], i);
        check_err(
            strait_loop_submit(loop, lane, &jobs[i].work), i < 4 ? 0 : -EAGAIN);
    }
    check_err(strait_loop_submit(loop, lane, &jobs[0].work), -EBUSY);
    check_err(strait_loop_submit(loop, lane, NULL), -EINVAL);
    check_err(strait_loop_submit(loop, NULL, &jobs[5].work), -EINVAL);
    strait_work_init(&jobs[5].work, NULL, squared, &jobs[5]);
    check_err(strait_loop_submit(loop, lane, &jobs[5].work), -EINVAL);
    gate_open(&gate);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    for (i = 0; i < 6; i++)
        check_int(jobs[i].n_done, i < 4);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(strait_pool_close(pool), 0);
    check_err(strait_loop_submit(loop, lane, &jobs[4].work), -ESHUTDOWN);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
}

static int n_left;

static void
done_submits_again(strait_work_t *work, int status, void *arg)
{
    squared(work, status, arg);
    if (--n_left > 0 && strait_loop_submit(loop, lane, work) != 0)
        ((struct job *)arg)->status = -1;
}

FIXTURE_TEST(offload, done_may_submit_its_item_again)
{
    struct job job;

    job_init(&job, 3);
    strait_work_init(&job.work, square, done_submits_again, &job);
    n_left = 1000;
    check_err(strait_loop_submit(loop, lane, &job.work), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(job.n_done, 1000);
    check_err(job.status, 0);
}

static void
sleep_a_while(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    usleep(50000);
}

static void
count_timer(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (*(int *)arg)++;
}

FIXTURE_TEST(offload, timers_go_on_while_work_is_slow)
{
    strait_work_t work;
    strait_timer_t timer;
    int n = 0;

    strait_work_init(&work, sleep_a_while, NULL, NULL);
    strait_timer_init(&timer, count_timer, &n);
    check_err(strait_loop_submit(loop, lane, &work), 0);
    check_err(strait_timer_start(
                  loop, &timer, strait_now_ns() + 5 * STRAIT_NS_PER_MS, 0),
        0);
    while (strait_work_in_flight(&work))
        cr_assert(strait_loop_run(loop, STRAIT_RUN_ONCE) >= 0);
    check_int(n, 1);
}

struct loop_thread {
    pthread_t self; /* set by the thread itself */
    int n_done;
    int n_errors;
};

static void
count_done(strait_work_t *work, int status, void *arg)
{
    struct loop_thread *self = arg;

    (void)work;
    self->n_done++;
    if (status != 0 || !pthread_equal(self->self, pthread_self()))
        self->n_errors++;
}

static void
nothing(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

static void *
run_own_loop(void *arg)
{
    struct loop_thread *self = arg;
    strait_work_t works[20];
    strait_loop_t *own;
    int i;

    self->self = pthread_self();
    if (strait_loop_create(&own, NULL) != 0)
        return NULL;
    for (i = 0; i < 20; i++) {
        int err;

        strait_work_init(&works[i], nothing, count_done, self);
        while ((err = strait_loop_submit(own, lane, &works[i])) == -EAGAIN)
            (void)strait_loop_run(own, STRAIT_RUN_NOWAIT);
        self->n_errors += err != 0;
    }
    self->n_errors += strait_loop_run(own, STRAIT_RUN_DEFAULT) != 0;
    self->n_errors += strait_loop_destroy(own) != 0;
    return NULL;
}

FIXTURE_TEST(offload, several_loops_share_a_pool_and_each_gets_its_own_back)
{
    struct loop_thread loops[4] = { { .n_done = 0 } };
    pthread_t threads[4];
    int i;

    for (i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, run_own_loop, &loops[i]);
    for (i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        check_int(loops[i].n_done, 20);
        check_int(loops[i].n_errors, 0);
    }
}
