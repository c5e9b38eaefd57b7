/* SPDX-License-Identifier: MIT */
/*
 * test_pool_threads.c - what a pool does when the system grants fewer threads
 * than it asks for. Linked with -Wl,--wrap=pthread_create.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <strait/error.h>
#include <strait/pool.h>

#include "blocks.h"
#include "mailbox.h"
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
        cr_assert(
            blocks_complaint(&blocks) == NULL, "%s", blocks_complaint(&blocks));
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
    cr_assert(
        blocks_complaint(&blocks) == NULL, "%s", blocks_complaint(&blocks));
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
