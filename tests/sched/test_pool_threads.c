/* SPDX-License-Identifier: MIT */
/*
 * test_pool_threads.c - what pools and lanes of class BLOCKING do when the
 * system grants fewer threads than they ask for. Linked with
 * -Wl,--wrap=pthread_create.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <strait/error.h>
#include <strait/future.h>
#include <strait/pool.h>
#include <strait/request.h>

#include "blocks.h"
#include "job.h"
#include "proc.h"
#include "unit.h"

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*body)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*body)(void *), void *arg);

static int n_granted = -1; /* threads still granted; -1: no limit */

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*body)(void *), void *arg)
{
    if (n_granted == 0)
        return EAGAIN;
    if (n_granted > 0)
        n_granted--;
    return __real_pthread_create(thread, attr, body, arg);
}

static int n_reports;
static int report_level;
static char report_text[300];

static void
hear(int level, const char *text, void *arg)
{
    (void)arg;
    n_reports++;
    report_level = level;
    snprintf(report_text, sizeof report_text, "%s", text);
}

static const strait_reporter_t reporter = { hear, NULL };

static void
set_up(void)
{
    strait_set_reporter(&reporter);
    n_reports = 0;
    n_granted = -1;
}

static void
tear_down(void)
{
    strait_set_reporter(NULL);
    n_granted = -1;
}

TestSuite(pool_threads, .init = set_up, .fini = tear_down, .timeout = 30);

static void
nothing(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

Test(pool_threads, it_works_with_those_it_got_and_says_so)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;
    unsigned threads = proc_n_threads();
    int granted;

    config.n_workers = 8;
    config.name = "hungry";
    config.allocator = blocks_allocator(&blocks);
    for (granted = 1; granted < 8; granted++) {
        struct mailbox mailbox;
        strait_work_t works[20];
        strait_pool_t *pool;
        int i;

        n_reports = 0;
        n_granted = granted;
        check_err(strait_pool_create(&pool, &config), 0);
        n_granted = -1;
        check_int(strait_pool_workers(pool), granted);
        check_int(n_reports, 1);
        check_int(report_level, STRAIT_REPORT_WARNING);
        cr_assert(strstr(report_text, "hungry") != NULL, "%s", report_text);
        cr_assert(strstr(report_text, "EAGAIN") != NULL, "%s", report_text);
        check_err(strait_pool_stats(pool, &stats), 0);
        check_int(stats.n_workers, granted);
        mailbox_init(&mailbox);
        for (i = 0; i < 20; i++) {
            strait_work_init(&works[i], nothing, NULL, NULL);
            check_err(strait_work_submit(
                          strait_pool_lane(pool), &works[i], &mailbox.sink),
                0);
        }
        cr_assert(mailbox_take(&mailbox, 20));
        check_err(strait_pool_destroy(pool), 0);
        check_blocks(&blocks);
        check_int(proc_settle_threads(threads), threads);
    }
}

Test(pool_threads, not_even_one_is_an_error)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_pool_t *pool = NULL;

    config.n_workers = 4;
    config.allocator = blocks_allocator(&blocks);
    n_granted = 0;
    check_err(strait_pool_create(&pool, &config), -EAGAIN);
    check_ptr(pool, NULL);
    check_blocks(&blocks);
}

Test(pool_threads, all_granted_is_no_report)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_pool_t *pool;

    config.n_workers = 3;
    n_granted = 3;
    check_err(strait_pool_create(&pool, &config), 0);
    check_int(strait_pool_workers(pool), 3);
    check_int(n_reports, 0);
    check_err(strait_pool_destroy(pool), 0);
}

/* -------------------------------------------------- lanes of class BLOCKING */

static strait_pool_t *
small_pool(struct blocks *blocks)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_pool_t *pool = NULL;

    config.n_workers = 1;
    config.allocator = blocks_allocator(blocks);
    check_err(strait_pool_create(&pool, &config), 0);
    return pool;
}

static strait_lane_t *
lane_of(strait_pool_t *pool, uint32_t min_threads, uint32_t max_threads)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane = NULL;

    config.name = "thirsty";
    config.lane_class = STRAIT_LANE_BLOCKING;
    config.min_threads = min_threads;
    config.max_threads = max_threads;
    config.idle_ms = 20;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    return lane;
}

static void
end(strait_pool_t *pool, struct blocks *blocks)
{
    check_err(strait_pool_destroy(pool), 0);
    check_blocks(blocks);
}

Test(pool_threads, a_lane_gets_by_with_fewer_threads_and_says_so)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_t *pool = small_pool(&blocks);
    int granted;

    for (granted = 1; granted < 4; granted++) {
        struct mailbox mailbox;
        struct job jobs[10];
        strait_lane_t *lane;
        int i;

        n_reports = 0;
        n_granted = granted;
        lane = lane_of(pool, 4, 4);
        n_granted = -1;
        check_int(n_reports, 1);
        check_int(report_level, STRAIT_REPORT_WARNING);
        cr_assert(strstr(report_text, "thirsty") != NULL, "%s", report_text);
        cr_assert(strstr(report_text, "EAGAIN") != NULL, "%s", report_text);
        check_int(lane_stats(lane)->n_threads, granted);
        mailbox_init(&mailbox);
        for (i = 0; i < 10; i++) {
            job_init(&jobs[i]);
            check_err(job_submit(&jobs[i], lane, &mailbox), 0);
        }
        cr_assert(mailbox_take(&mailbox, 10));
    }
    end(pool, &blocks);
}

Test(pool_threads, a_lane_without_its_first_thread_is_an_error)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_t *pool = small_pool(&blocks);
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane = NULL;
    unsigned n_live = blocks.n_live;
    int i;

    config.lane_class = STRAIT_LANE_BLOCKING;
    config.min_threads = 2;
    n_granted = 0;
    check_err(strait_lane_create(&lane, pool, &config), -EAGAIN);
    check_ptr(lane, NULL);
    check_int(blocks.n_live, n_live);
    n_granted = -1;
    /* It took no place. */
    for (i = STRAIT_POOL_BUILT_IN; i < STRAIT_POOL_LANES_MAX; i++)
        check_err(strait_lane_create(&lane, pool, NULL), 0);
    end(pool, &blocks);
}

Test(pool_threads, work_for_a_lane_that_gets_no_thread_ends_with_eagain)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_t *pool = small_pool(&blocks);
    strait_lane_t *lane = lane_of(pool, 0, 4);
    strait_pool_stats_t before = STRAIT_POOL_STATS_INIT;
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;
    struct mailbox mailbox;
    struct job job;
    int i;

    mailbox_init(&mailbox);
    for (i = 1; i <= 3; i++) {
        check_err(strait_pool_stats(pool, &before), 0);
        n_granted = 0;
        job_init(&job);
        errno = 12345;
        check_err(job_submit(&job, lane, &mailbox), 0);
        check_int(errno, 12345);
        check_int(job.n_done, 0); /* not from inside */
        cr_assert(mailbox_take(&mailbox, 1));
        check_int(job.n_run, 0);
        check_int(job.n_done, 1);
        check_err(job.status, -EAGAIN);
        check_err(strait_pool_stats(pool, &stats), 0);
        check_int(stats.n_start_failed, before.n_start_failed + 1);
        check_int(stats.n_started, before.n_started);
        check_int(lane_stats(lane)->n_removed, i);
        /* As soon as there is one it works again. */
        n_granted = -1;
        job_init(&job);
        check_err(job_submit(&job, lane, &mailbox), 0);
        cr_assert(mailbox_take(&mailbox, 1));
        check_int(job.n_run, 1);
        check_err(job.status, 0);
        cr_assert(await(lane_stats(lane)->n_threads == 0));
    }
    end(pool, &blocks);
}

static void
nobody(strait_work_t *work, void *arg)
{
    (void)work;
    ++*(int *)arg;
}

static void
count_release(void *arg)
{
    *(int *)arg += 100;
}

Test(pool_threads, futures_and_requests_end_with_eagain_too)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_t *pool = small_pool(&blocks);
    strait_lane_t *lane = lane_of(pool, 0, 4);
    struct mailbox mailbox;
    strait_future_t future;
    strait_work_t *request;
    int n = 0;

    mailbox_init(&mailbox);
    n_granted = 0;
    strait_future_init(&future, nobody, &n);
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_future_wait(&future, UINT64_MAX), -EAGAIN);
    check_err(strait_work_create(&request, nobody, NULL, count_release, &n,
                  blocks_allocator(&blocks)),
        0);
    check_err(strait_work_submit(lane, request, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(n, 100);
    n_granted = -1;
    check_err(strait_future_submit(lane, &future), 0);
    check_err(strait_future_wait(&future, UINT64_MAX), 0);
    check_int(n, 101);
    end(pool, &blocks);
}

/* Each thread that it would grow by may be refused. */
Test(pool_threads, a_lane_that_cannot_grow_works_with_what_it_has)
{
    static struct blocks blocks = BLOCKS_INIT;
    static struct stay stays[8];
    strait_pool_t *pool = small_pool(&blocks);
    int granted;

    for (granted = 1; granted < 8; granted++) {
        strait_lane_t *lane = lane_of(pool, 0, 8);
        struct mailbox mailbox;
        int i;

        mailbox_init(&mailbox);
        n_granted = granted;
        for (i = 0; i < 8; i++) {
            check_err(
                strait_work_submit(lane, stay_init(&stays[i]), &mailbox.sink),
                0);
        }
        for (i = 0; i < granted; i++)
            cr_assert(wait_for(&stays[i].entered), "%d of %d", i, granted);
        usleep(2000);
        check_int(lane_stats(lane)->n_threads, granted);
        check_int(strait_lane_queued(lane), 8 - granted);
        for (i = 0; i < 8; i++)
            stay_leave(&stays[i]);
        cr_assert(mailbox_take(&mailbox, 8));
        for (i = 0; i < 8; i++)
            check_err(stays[i].status, 0);
        n_granted = -1;
        cr_assert(await(lane_stats(lane)->n_threads == 0));
    }
    end(pool, &blocks);
}

/* What waits behind a stuck call starts as soon as a thread is granted, with
 * the next submit at the latest. */
Test(pool_threads, a_lane_that_could_not_grow_tries_again)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_t *pool = small_pool(&blocks);
    strait_lane_t *lane = lane_of(pool, 0, 4);
    struct mailbox mailbox;
    struct stay stay;
    struct job jobs[2];

    mailbox_init(&mailbox);
    n_granted = 1;
    cr_assert(stay_enter(&stay, lane, &mailbox));
    job_init(&jobs[0]);
    job_init(&jobs[1]);
    check_err(job_submit(&jobs[0], lane, &mailbox), 0);
    usleep(2000);
    check_int(strait_lane_queued(lane), 1);
    n_granted = -1;
    check_err(job_submit(&jobs[1], lane, &mailbox), 0);
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(jobs[0].n_run + jobs[1].n_run, 2);
    stay_leave(&stay);
    cr_assert(mailbox_take(&mailbox, 1));
    end(pool, &blocks);
}

/* No memory for what a thread needs is like no thread. */
Test(pool_threads, no_memory_for_a_new_thread)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_t *pool = small_pool(&blocks);
    strait_lane_t *lane = lane_of(pool, 0, 4);
    struct mailbox mailbox;
    struct job job;

    mailbox_init(&mailbox);
    blocks.fail_at = 1;
    blocks.fail_on = true;
    job_init(&job);
    check_err(job_submit(&job, lane, &mailbox), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(job.status, -EAGAIN);
    blocks.fail_at = 0;
    job_init(&job);
    check_err(job_submit(&job, lane, &mailbox), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(job.status, 0);
    end(pool, &blocks);
}
