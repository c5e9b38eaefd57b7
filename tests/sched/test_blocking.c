/* SPDX-License-Identifier: MIT */
/*
 * test_blocking.c - lanes of class BLOCKING: threads come with the work and go
 * when they were idle for a while, and CPU work does not notice.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <strait/clock.h>
#include <strait/pool.h>

#include "job.h"
#include "one_pool.h"
#include "proc.h"

static struct mailbox mailbox;
static unsigned threads; /* of the process, before there was any of the lanes */

static void
set_up(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = 1;
    config.name = "sea";
    (void)open_pool_as(config);
    mailbox_init(&mailbox);
    threads = proc_n_threads();
}

static void
tear_down(void)
{
    close_pool();
    check_int(proc_settle_threads(threads - 1), threads - 1);
}

TestSuite(blocking, .timeout = 60);

static strait_lane_t *
lane_of(uint32_t min_threads, uint32_t max_threads, uint32_t idle_ms)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane = NULL;

    config.name = "deep";
    config.lane_class = STRAIT_LANE_BLOCKING;
    config.min_threads = min_threads;
    config.max_threads = max_threads;
    config.idle_ms = idle_ms;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    return lane;
}

static uint64_t
n_started(void)
{
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;

    check_err(strait_pool_stats(pool, &stats), 0);
    return stats.n_started;
}

/* Lets so many calls be in the lane at once, then ends them. */
static void
hold(strait_lane_t *lane, struct stay *stays, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        check_err(
            strait_work_submit(lane, stay_init(&stays[i]), &mailbox.sink), 0);
    }
    for (i = 0; i < n; i++)
        cr_assert(wait_for(&stays[i].entered), "call %u of %u", i, n);
}

/* Ends them, and takes them and so many others. */
static void
release(struct stay *stays, unsigned n, unsigned n_others)
{
    unsigned i;

    for (i = 0; i < n; i++)
        stay_leave(&stays[i]);
    cr_assert(mailbox_take(&mailbox, n + n_others));
    for (i = 0; i < n; i++) {
        cr_assert(stays[i].held, "call %u", i);
        check_int(stays[i].n_done, 1);
        check_err(stays[i].status, 0);
    }
}

/* --------------------------------------------------------- coming and going */

FIXTURE_TEST(blocking, the_built_in_ones_start_with_their_first_work)
{
    strait_lane_t *file = strait_pool_built_in(pool, STRAIT_POOL_FILE);
    strait_lane_t *resolve = strait_pool_built_in(pool, STRAIT_POOL_RESOLVE);
    static struct stay stays[20];

    check_int(proc_n_threads(), threads);
    check_int(lane_stats(file)->n_threads, 0);
    hold(file, stays, 16);
    check_int(lane_stats(file)->n_threads, 16);
    hold(resolve, &stays[16], 4);
    check_int(lane_stats(resolve)->n_threads, 4);
    check_int(proc_n_threads(), threads + 20);
    release(stays, 20, 0);
}

FIXTURE_TEST(blocking, it_grows_to_its_maximum_and_no_further)
{
    strait_lane_t *lane = lane_of(0, 5, 0);
    static struct stay stays[6];

    check_int(lane_stats(lane)->n_threads, 0);
    hold(lane, stays, 5);
    check_int(lane_stats(lane)->n_threads, 5);
    check_err(strait_work_submit(lane, stay_init(&stays[5]), &mailbox.sink), 0);
    usleep(20000);
    check_int(lane_stats(lane)->n_threads, 5);
    check_int(strait_lane_queued(lane), 1);
    check_int(n_started(), 5);
    /* Whoever returns takes the sixth. */
    stay_leave(&stays[3]);
    cr_assert(wait_for(&stays[5].entered));
    release(stays, 6, 0);
}

FIXTURE_TEST(blocking, a_maximum_of_one)
{
    strait_lane_t *lane = lane_of(0, 1, 20);
    static struct stay stays[1];
    struct job jobs[3];
    int round;
    int i;

    for (round = 0; round < 5; round++) {
        hold(lane, stays, 1);
        for (i = 0; i < 3; i++) {
            job_init(&jobs[i]);
            check_err(job_submit(&jobs[i], lane, &mailbox), 0);
        }
        check_int(lane_stats(lane)->n_threads, 1);
        stay_leave(&stays[0]);
        cr_assert(mailbox_take(&mailbox, 4));
        for (i = 0; i < 3; i++)
            check_int(jobs[i].n_run, 1);
        if (round % 2 == 0)
            cr_assert(await(lane_stats(lane)->n_threads == 0));
    }
}

FIXTURE_TEST(blocking, idle_threads_end_and_come_again)
{
    strait_lane_t *lane = lane_of(0, 8, 30);
    static struct stay stays[8];
    int round;

    for (round = 0; round < 3; round++) {
        hold(lane, stays, 8);
        check_int(lane_stats(lane)->n_threads, 8);
        release(stays, 8, 0);
        cr_assert(await(lane_stats(lane)->n_threads == 0));
        check_int(proc_settle_threads(threads), threads);
    }
    check_int(n_started(), 24);
}

FIXTURE_TEST(blocking, the_minimum_stays)
{
    strait_lane_t *lane = lane_of(2, 6, 30);
    static struct stay stays[6];

    check_int(lane_stats(lane)->n_threads, 2);
    check_int(proc_n_threads(), threads + 2);
    hold(lane, stays, 6);
    check_int(lane_stats(lane)->n_threads, 6);
    release(stays, 6, 0);
    cr_assert(await(lane_stats(lane)->n_threads == 2));
    usleep(100000);
    check_int(lane_stats(lane)->n_threads, 2);
    check_int(proc_settle_threads(threads + 2), threads + 2);
    /* They still work. */
    hold(lane, stays, 2);
    release(stays, 2, 0);
}

FIXTURE_TEST(blocking, minimum_and_maximum_may_be_equal)
{
    strait_lane_t *lane = lane_of(3, 3, 10);
    static struct stay stays[4];

    check_int(lane_stats(lane)->n_threads, 3);
    hold(lane, stays, 3);
    check_err(strait_work_submit(lane, stay_init(&stays[3]), &mailbox.sink), 0);
    usleep(30000);
    check_int(strait_lane_queued(lane), 1);
    check_int(n_started(), 0);
    release(stays, 4, 0);
    usleep(50000);
    check_int(lane_stats(lane)->n_threads, 3);
}

FIXTURE_TEST(blocking, an_idle_lane_does_not_move)
{
    strait_lane_t *lane = lane_of(2, 4, 20);
    static struct stay stays[4];
    strait_pool_stats_t before = STRAIT_POOL_STATS_INIT;
    strait_pool_stats_t after = STRAIT_POOL_STATS_INIT;

    hold(lane, stays, 4);
    release(stays, 4, 0);
    cr_assert(await(lane_stats(lane)->n_threads == 2));
    usleep(50000);
    check_err(strait_pool_stats(pool, &before), 0);
    usleep(200000);
    check_err(strait_pool_stats(pool, &after), 0);
    check_int(after.n_parks, before.n_parks);
    check_int(after.n_wakes, before.n_wakes);
    check_int(after.n_started, before.n_started);
}

/* Work that comes just when the last thread ends. */
FIXTURE_TEST(blocking, nothing_is_lost_at_the_moment_of_leaving)
{
    strait_lane_t *lane = lane_of(0, 3, 1);
    struct job jobs[3];
    int round;
    int i;

    for (round = 0; round < 300; round++) {
        for (i = 0; i < 3; i++)
            job_init(&jobs[i]);
        usleep((useconds_t)(900 + round * 7 % 400));
        for (i = 0; i <= round % 3; i++)
            check_err(job_submit(&jobs[i], lane, &mailbox), 0);
        cr_assert(
            mailbox_take(&mailbox, (size_t)(round % 3 + 1)), "round %d", round);
        for (i = 0; i <= round % 3; i++)
            check_int(jobs[i].n_run, 1);
    }
}

/* ------------------------------------------------------------- many of them */

FIXTURE_TEST(blocking, a_hundred_blocked_calls_and_the_cpu_lane_goes_on)
{
    enum { N = 100 };
    strait_lane_t *lane = lane_of(0, N, 0);
    static struct stay stays[N];
    int i;

    hold(lane, stays, N);
    check_int(lane_stats(lane)->n_threads, N);
    check_int(lane_stats(lane)->running, N);
    for (i = 0; i < 1000; i++) {
        struct job job;

        job_init(&job);
        check_err(job_submit(&job, strait_pool_lane(pool), &mailbox), 0);
        cr_assert(mailbox_take(&mailbox, 1));
        check_int(job.n_run, 1);
    }
    release(stays, N, 0);
}

FIXTURE_TEST(blocking, the_cpu_worker_never_takes_blocking_work)
{
    strait_lane_t *lane = lane_of(0, 2, 0);
    static struct stay stays[2];
    struct job job;
    int i;

    hold(lane, stays, 2);
    job_init(&job);
    check_err(job_submit(&job, lane, &mailbox), 0);
    /* The only worker of the class CPU is idle, and leaves it alone. */
    for (i = 0; i < 20; i++) {
        usleep(1000);
        check_int(job.n_run, 0);
    }
    release(stays, 2, 1);
    check_int(job.n_run, 1);
}

FIXTURE_TEST(blocking, more_threads_than_fit_into_one_word_of_the_idle_set)
{
    enum { N = 200 };
    strait_lane_t *lane = lane_of(0, N, 0);
    static struct stay stays[N];
    int round;

    for (round = 0; round < 3; round++) {
        hold(lane, stays, N);
        release(stays, N, 0);
    }
    cr_assert(n_started() <= N);
}

/* --------------------------------------------------------- what a thread is */

struct look {
    strait_work_t work;
    char name[32];
    int index;
    unsigned char *scratch;
    size_t scratch_bytes;
    bool scratch_was_zero;
};

static void
run_look(strait_work_t *work, void *arg)
{
    struct look *look = arg;
    size_t i;

    (void)work;
    pthread_getname_np(pthread_self(), look->name, sizeof look->name);
    look->index = strait_worker_index();
    look->scratch = strait_worker_scratch(&look->scratch_bytes);
    look->scratch_was_zero = true;
    for (i = 0; i < look->scratch_bytes; i++)
        look->scratch_was_zero = look->scratch_was_zero && !look->scratch[i];
    if (look->scratch != NULL)
        memset(look->scratch, 0x77, look->scratch_bytes);
}

FIXTURE_TEST(blocking, threads_are_named_after_pool_and_lane)
{
    struct look look;

    strait_work_init(&look.work, run_look, NULL, &look);
    check_err(
        strait_work_submit(lane_of(0, 4, 0), &look.work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    cr_assert(strncmp(look.name, "sea/deep", 8) == 0, "%s", look.name);
}

FIXTURE_TEST(
    blocking, threads_have_numbers_beyond_the_workers_and_give_them_back)
{
    strait_lane_t *first = lane_of(0, 3, 20);
    strait_lane_t *second = lane_of(0, 3, 20);
    struct look looks[2];
    int round;
    int number[2] = { 0, 0 };
    int i;

    for (round = 0; round < 3; round++) {
        for (i = 0; i < 2; i++) {
            strait_work_init(&looks[i].work, run_look, NULL, &looks[i]);
            check_err(strait_work_submit(i == 0 ? first : second,
                          &looks[i].work, &mailbox.sink),
                0);
        }
        cr_assert(mailbox_take(&mailbox, 2));
        for (i = 0; i < 2; i++) {
            cr_assert(looks[i].index >= (int)strait_pool_workers(pool), "%d",
                looks[i].index);
            if (round == 0)
                number[i] = looks[i].index;
            check_int(looks[i].index, number[i]);
        }
        cr_assert(number[0] != number[1]);
        cr_assert(await(lane_stats(first)->n_threads == 0 &&
            lane_stats(second)->n_threads == 0));
    }
}

FIXTURE_TEST(blocking, scratch_is_zero_in_each_new_thread)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    struct look look;
    strait_lane_t *lane;
    int round;

    check_err(strait_pool_destroy(pool), 0);
    config.n_workers = 1;
    config.allocator = blocks_allocator(&blocks);
    config.scratch_bytes = 1000;
    check_err(strait_pool_create(&pool, &config), 0);
    lane = lane_of(0, 1, 20);
    for (round = 0; round < 4; round++) {
        strait_work_init(&look.work, run_look, NULL, &look);
        check_err(strait_work_submit(lane, &look.work, &mailbox.sink), 0);
        cr_assert(mailbox_take(&mailbox, 1));
        check_int(look.scratch_bytes, 1000);
        check_int((uintptr_t)look.scratch % 64, 0);
        /* The same thread finds what it left, a new one zeros. */
        check_int(look.scratch_was_zero, round % 2 == 0);
        if (round % 2 != 0)
            cr_assert(await(lane_stats(lane)->n_threads == 0));
    }
}
