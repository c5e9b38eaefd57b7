/* SPDX-License-Identifier: MIT */
/*
 * test_lane_order.c - lanes of order SUBMIT, whose items run side by side and
 * are done as submitted, and of order SERIAL, whose items run one at a time.
 * What is behind SUBMIT is tested in test_order.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/future.h>
#include <strait/pool.h>
#include <unistd.h>

#include "mailbox.h"
#include "one_pool.h"
#include "rng.h"

static struct mailbox mailbox;

static void
set_up(void)
{
    (void)open_pool(4);
    mailbox_init(&mailbox);
}

static void
tear_down(void)
{
    close_pool();
}

TestSuite(lane_order, .timeout = 60);

static strait_lane_t *
lane_of(uint32_t order, uint32_t window, uint32_t lane_class)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane = NULL;

    config.order = order;
    config.window = window;
    config.lane_class = lane_class;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    return lane;
}

struct job {
    strait_work_t work;
    unsigned number;
    unsigned delay_us;
    int status;
};

static unsigned n_done;
static unsigned done_numbers[8192];

static void
run(strait_work_t *work, void *arg)
{
    struct job *job = arg;

    (void)work;
    if (job->delay_us != 0)
        usleep(job->delay_us);
}

static void
done(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;

    (void)work;
    job->status = status;
    done_numbers[n_done++] = job->number;
}

static strait_work_t *
init_job(struct job *job, unsigned number)
{
    memset(job, 0, sizeof *job);
    job->number = number;
    job->status = 1;
    strait_work_init(&job->work, run, done, job);
    return &job->work;
}

/* Waits until so many items of the lane have left `run`. */
static bool
await_run(strait_lane_t *lane, uint64_t n)
{
    static strait_lane_stats_t stats;
    int patience;

    stats.size = (uint32_t)sizeof stats;
    for (patience = 0; patience < 10000; patience++) {
        check_err(strait_lane_stats(lane, &stats), 0);
        if (stats.n_run >= n)
            return true;
        usleep(1000);
    }
    return false;
}

static uint64_t
n_held(strait_lane_t *lane)
{
    static strait_lane_stats_t stats;

    stats.size = (uint32_t)sizeof stats;
    check_err(strait_lane_stats(lane, &stats), 0);
    return stats.n_held;
}

/* ---------------------------------------------------------------- SUBMIT */

FIXTURE_TEST(lane_order, done_comes_in_the_order_of_submits)
{
    enum { N = 500 };
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SUBMIT, 512, STRAIT_LANE_CPU);
    struct rng rng = rng_make(test_seed("test_lane_order", 1), 0);
    static struct job jobs[N];
    unsigned i;

    n_done = 0;
    for (i = 0; i < N; i++) {
        strait_work_t *work = init_job(&jobs[i], i);

        jobs[i].delay_us = rng_one_in(&rng, 4) ? (unsigned)rng_below(&rng, 300)
                                               : 0;
        check_err(strait_work_submit(lane, work, &mailbox.sink), 0);
    }
    cr_assert(mailbox_take(&mailbox, N));
    check_int(n_done, N);
    for (i = 0; i < N; i++) {
        check_int(done_numbers[i], i);
        check_err(jobs[i].status, 0);
    }
}

FIXTURE_TEST(lane_order, on_threads_of_class_blocking_too)
{
    enum { N = 100 };
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SUBMIT, 0, STRAIT_LANE_BLOCKING);
    static struct job jobs[N];
    unsigned i;

    n_done = 0;
    for (i = 0; i < N; i++) {
        init_job(&jobs[i], i);
        jobs[i].delay_us = (N - i) % 7 * 500;
        check_err(strait_work_submit(lane, &jobs[i].work, &mailbox.sink), 0);
    }
    cr_assert(mailbox_take(&mailbox, N));
    for (i = 0; i < N; i++)
        check_int(done_numbers[i], i);
}

FIXTURE_TEST(lane_order, they_run_side_by_side_and_wait_for_the_first)
{
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SUBMIT, 8, STRAIT_LANE_CPU);
    struct job jobs[3];
    struct gate gate;
    unsigned i;

    n_done = 0;
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    for (i = 0; i < 3; i++) {
        check_err(
            strait_work_submit(lane, init_job(&jobs[i], i), &mailbox.sink), 0);
    }
    cr_assert(await_run(lane, 3));
    /* All three have arrived at the sink, none of them is done. */
    check_int(strait_sink_drain(&mailbox.sink, 3, 0, NULL), 3);
    check_int(n_held(lane), 3);
    check_int(n_done, 0);
    cr_assert(strait_work_in_flight(&jobs[0].work));
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(n_held(lane), 0);
    check_int(n_done, 3);
    for (i = 0; i < 3; i++)
        check_int(done_numbers[i], i);
}

FIXTURE_TEST(lane_order, each_sink_has_an_order_of_its_own)
{
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SUBMIT, 8, STRAIT_LANE_CPU);
    struct mailbox other;
    struct job mine;
    struct job others;
    struct gate gate;

    n_done = 0;
    mailbox_init(&other);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    check_err(strait_work_submit(lane, init_job(&mine, 1), &mailbox.sink), 0);
    check_err(strait_work_submit(lane, init_job(&others, 2), &other.sink), 0);
    cr_assert(mailbox_take(&other, 1));
    check_int(n_done, 1);
    check_int(done_numbers[0], 2);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(done_numbers[1], 1);
}

FIXTURE_TEST(lane_order, a_full_window_says_again_and_nothing_happens)
{
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SUBMIT, 4, STRAIT_LANE_CPU);
    static strait_lane_stats_t stats;
    struct mailbox other;
    struct job jobs[5];
    struct job others;
    struct gate gate;
    unsigned i;

    n_done = 0;
    mailbox_init(&other);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    for (i = 0; i < 3; i++) {
        check_err(
            strait_work_submit(lane, init_job(&jobs[i], i), &mailbox.sink), 0);
    }
    for (i = 3; i < 5; i++) {
        check_err(
            strait_work_submit(lane, init_job(&jobs[i], i), &mailbox.sink),
            -EAGAIN);
        cr_assert(!strait_work_in_flight(&jobs[i].work));
    }
    stats.size = (uint32_t)sizeof stats;
    check_err(strait_lane_stats(lane, &stats), 0);
    check_int(stats.n_rejected, 2);
    check_int(stats.n_submitted, 4);
    /* The window of another sink is another one. */
    check_err(strait_work_submit(lane, init_job(&others, 9), &other.sink), 0);
    cr_assert(mailbox_take(&other, 1));
    /* Finished items that wait for the first one keep their places. */
    cr_assert(await_run(lane, 4));
    check_int(strait_sink_drain(&mailbox.sink, 3, 0, NULL), 3);
    check_err(strait_work_submit(lane, &jobs[3].work, &mailbox.sink), -EAGAIN);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(n_done, 4);
    check_err(strait_work_submit(lane, &jobs[3].work, &mailbox.sink), 0);
    check_err(strait_work_submit(lane, &jobs[4].work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(done_numbers[4], 3);
    check_int(done_numbers[5], 4);
}

FIXTURE_TEST(lane_order, no_memory_for_the_window_of_a_new_sink)
{
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SUBMIT, 4, STRAIT_LANE_CPU);
    unsigned n_calls;
    struct job job;

    n_done = 0;
    blocks.fail_at = 1;
    check_err(
        strait_work_submit(lane, init_job(&job, 1), &mailbox.sink), -ENOMEM);
    cr_assert(!strait_work_in_flight(&job.work));
    check_err(strait_work_submit(lane, &job.work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    /* Only the first submit needs memory. */
    n_calls = blocks.n_calls;
    blocks.fail_at = 1;
    check_err(strait_work_submit(lane, &job.work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    blocks.fail_at = 0;
    check_int(blocks.n_calls, n_calls);
}

FIXTURE_TEST(lane_order, too_many_sinks_at_a_time)
{
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SUBMIT, 2, STRAIT_LANE_CPU);
    static struct mailbox sinks[STRAIT_LANE_SINKS_MAX + 1];
    static struct job jobs[STRAIT_LANE_SINKS_MAX + 1];
    unsigned i;

    n_done = 0;
    for (i = 0; i < STRAIT_LANE_SINKS_MAX; i++) {
        mailbox_init(&sinks[i]);
        check_err(
            strait_work_submit(lane, init_job(&jobs[i], i), &sinks[i].sink), 0);
    }
    mailbox_init(&sinks[i]);
    check_err(strait_work_submit(lane, init_job(&jobs[i], i), &sinks[i].sink),
        -ENOSPC);
    cr_assert(!strait_work_in_flight(&jobs[i].work));
    /* One that has nothing in flight makes room for another. */
    cr_assert(mailbox_take(&sinks[7], 1));
    check_err(strait_work_submit(lane, &jobs[i].work, &sinks[i].sink), 0);
    check_err(strait_work_submit(lane, &jobs[7].work, &sinks[7].sink), -ENOSPC);
    cr_assert(mailbox_take(&sinks[i], 1));
    for (i = 0; i < STRAIT_LANE_SINKS_MAX; i++)
        cr_assert(i == 7 || mailbox_take(&sinks[i], 1));
}

FIXTURE_TEST(lane_order, a_removed_item_is_done_in_its_turn)
{
    strait_lane_t *lane;
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    struct job jobs[3];
    struct gate gate;
    unsigned i;

    config.order = STRAIT_ORDER_SUBMIT;
    config.max_running = 1;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    n_done = 0;
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    for (i = 0; i < 3; i++) {
        check_err(
            strait_work_submit(lane, init_job(&jobs[i], i), &mailbox.sink), 0);
    }
    check_err(strait_work_cancel(&jobs[1].work), 0);
    check_err(strait_work_cancel(&jobs[2].work), 0);
    check_int(strait_sink_drain(&mailbox.sink, 10, 0, NULL), 2);
    check_int(n_done, 0);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(n_done, 3);
    for (i = 0; i < 3; i++) {
        check_int(done_numbers[i], i);
        check_err(jobs[i].status, i == 0 ? 0 : -ECANCELED);
    }
}

FIXTURE_TEST(lane_order, done_may_submit_again_and_again)
{
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SUBMIT, 2, STRAIT_LANE_CPU);
    struct job jobs[2];
    unsigned i;

    n_done = 0;
    for (i = 0; i < 1000; i++) {
        struct job *job = &jobs[i % 2];

        while (i >= 2 && job->status == 1)
            cr_assert(mailbox_take(&mailbox, 1));
        check_err(strait_work_submit(lane, init_job(job, i), &mailbox.sink), 0);
    }
    while (n_done < 1000)
        cr_assert(mailbox_take(&mailbox, 1));
    for (i = 0; i < 1000; i++)
        check_int(done_numbers[i], i);
}

FIXTURE_TEST(lane_order, the_sink_may_be_consumed_after_the_pool_is_gone)
{
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SUBMIT, 64, STRAIT_LANE_CPU);
    static struct job jobs[64];
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    unsigned i;

    n_done = 0;
    for (i = 0; i < 64; i++) {
        init_job(&jobs[i], i);
        jobs[i].delay_us = i % 5 * 100;
        check_err(strait_work_submit(lane, &jobs[i].work, &mailbox.sink), 0);
    }
    check_err(strait_pool_destroy(pool), 0);
    check_int(n_done, 0);
    cr_assert(blocks.n_live == 1, "%u", blocks.n_live); /* the window */
    check_int(strait_sink_drain(&mailbox.sink, 100, 0, NULL), 64);
    check_int(n_done, 64);
    for (i = 0; i < 64; i++)
        check_int(done_numbers[i], i);
    check_blocks(&blocks);
    config.allocator = blocks_allocator(&blocks);
    check_err(strait_pool_create(&pool, &config), 0);
}

static void
run_future(strait_work_t *work, void *arg)
{
    (void)work;
    *(int *)arg += 1;
}

FIXTURE_TEST(lane_order, futures_have_no_sink_and_no_order)
{
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SUBMIT, 2, STRAIT_LANE_CPU);
    struct gate gate;
    strait_future_t future;
    int n = 0;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    strait_future_init(&future, run_future, &n);
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_future_wait(&future, UINT64_MAX), 0);
    check_int(n, 1);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 1));
}

/* ---------------------------------------------------------------- SERIAL */

#define SUBMITTERS 3
#define EACH 1000

/* Shared by all items without a lock: only SERIAL keeps them apart. */
static unsigned in_serial;
static unsigned n_overlaps;
static unsigned n_run;
static unsigned last_number[SUBMITTERS];
static unsigned n_misplaced;

struct serial_job {
    strait_work_t work;
    unsigned submitter;
    unsigned number;
};

struct submitter {
    unsigned index;
    strait_lane_t *lane;
    struct mailbox mailbox;
    struct serial_job jobs[EACH];
    unsigned n_done;
    unsigned n_wrong;
};

static struct submitter submitters[SUBMITTERS];

static void
run_serial(strait_work_t *work, void *arg)
{
    struct serial_job *job = arg;

    (void)work;
    n_overlaps += in_serial++ != 0;
    n_misplaced += job->number != last_number[job->submitter]++;
    n_run++;
    n_overlaps += --in_serial != 0;
}

static void
serial_done(strait_work_t *work, int status, void *arg)
{
    struct serial_job *job = arg;
    struct submitter *submitter = &submitters[job->submitter];

    (void)work;
    submitter->n_wrong += status != 0 || job->number != submitter->n_done;
    submitter->n_done++;
}

static void *
submit_serial(void *arg)
{
    struct submitter *self = arg;
    unsigned n_taken = 0;
    unsigned i;

    for (i = 0; i < EACH; i++) {
        struct serial_job *job = &self->jobs[i];
        int err;

        job->submitter = self->index;
        job->number = i;
        strait_work_init(&job->work, run_serial, serial_done, job);
        while ((err = strait_work_submit(
                    self->lane, &job->work, &self->mailbox.sink)) == -EAGAIN &&
            mailbox_take(&self->mailbox, 1))
            n_taken++;
        self->n_wrong += err != 0;
        if (i % 64 == 0)
            usleep(100);
    }
    self->n_wrong += !mailbox_take(&self->mailbox, EACH - n_taken);
    return NULL;
}

static void
serial_on(uint32_t lane_class)
{
    strait_lane_t *lane = lane_of(STRAIT_ORDER_SERIAL, 0, lane_class);
    pthread_t threads[SUBMITTERS];
    unsigned i;

    in_serial = n_overlaps = n_run = n_misplaced = 0;
    for (i = 0; i < SUBMITTERS; i++) {
        memset(&submitters[i], 0, sizeof submitters[i]);
        submitters[i].index = i;
        submitters[i].lane = lane;
        last_number[i] = 0;
        mailbox_init(&submitters[i].mailbox);
    }
    for (i = 0; i < SUBMITTERS; i++)
        pthread_create(&threads[i], NULL, submit_serial, &submitters[i]);
    for (i = 0; i < SUBMITTERS; i++)
        pthread_join(threads[i], NULL);
    for (i = 0; i < SUBMITTERS; i++) {
        check_int(submitters[i].n_done, EACH);
        check_int(submitters[i].n_wrong, 0);
    }
    check_int(n_overlaps, 0);
    check_int(n_misplaced, 0);
    check_int(n_run, SUBMITTERS * EACH);
}

FIXTURE_TEST(lane_order, serial_items_run_one_at_a_time_in_order)
{
    serial_on(STRAIT_LANE_CPU);
}

FIXTURE_TEST(lane_order, serial_items_of_class_blocking_do_so_too)
{
    serial_on(STRAIT_LANE_BLOCKING);
}
