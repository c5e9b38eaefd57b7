/* SPDX-License-Identifier: MIT */
/*
 * test_pace.c - who waits for whom, as times with much room: each try that is
 * too slow may be the machine's fault, five of them are not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/clock.h>
#include <strait/pool.h>
#include <time.h>

#include "blocks.h"
#include "job.h"
#include "unit.h"

#define MS STRAIT_NS_PER_MS
#define N_WORKERS 4
#define N_TRIES 5

static strait_pool_t *pool;
static strait_lane_t *lane;
static struct mailbox mailbox;
static struct stay stays[N_WORKERS];

static void
make_pool(uint32_t n_workers)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = n_workers;
    check_err(strait_pool_create(&pool, &config), 0);
    lane = strait_pool_lane(pool);
    mailbox_init(&mailbox);
}

static void
destroy_pool(void)
{
    check_err(strait_pool_destroy(pool), 0);
}

TestSuite(pace, .timeout = 60);

/* Works on something for so long. */
static void
spend(uint64_t ns)
{
    uint64_t end_ns = strait_now_ns() + ns;

    while (strait_now_ns() < end_ns) {}
}

struct timed {
    strait_work_t work;
    uint64_t started_ns;
    uint64_t done_ns;
};

static void
run_timed(strait_work_t *work, void *arg)
{
    (void)work;
    ((struct timed *)arg)->started_ns = strait_now_ns();
    spend(1000);
}

static void
timed_done(strait_work_t *work, int status, void *arg)
{
    (void)work;
    (void)status;
    ((struct timed *)arg)->done_ns = strait_now_ns();
}

/* How long a submit takes to start; the rest of the pool sleeps for good. */
static uint64_t
time_to_start(void)
{
    struct timed timed;
    uint64_t began_ns;

    strait_work_init(&timed.work, run_timed, NULL, &timed);
    began_ns = strait_now_ns();
    check_err(strait_work_submit(lane, &timed.work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    return timed.started_ns - began_ns;
}

static bool
await_one_parked(void)
{
    return await(__extension__({
        strait_worker_stats_t stats = { .size = (uint32_t)sizeof stats };
        unsigned n = 0;
        uint32_t i;

        for (i = 0; i < strait_pool_workers(pool); i++) {
            check_err(strait_worker_stats(pool, i, &stats), 0);
            n += stats.parked;
        }
        n > 0;
    }));
}

Test(pace, a_submit_starts_at_once_while_one_worker_sleeps)
{
    uint64_t best_ns = UINT64_MAX;
    int i;

    make_pool(N_WORKERS);
    for (i = 0; i < N_WORKERS - 1; i++)
        cr_assert(stay_enter(&stays[i], lane, &mailbox));
    for (i = 0; i < N_TRIES && best_ns > 1 * MS; i++) {
        uint64_t ns;

        cr_assert(await_one_parked());
        ns = time_to_start();
        best_ns = ns < best_ns ? ns : best_ns;
    }
    for (i = 0; i < N_WORKERS - 1; i++)
        stay_leave(&stays[i]);
    cr_assert(mailbox_take(&mailbox, N_WORKERS - 1));
    cr_assert(best_ns <= 1 * MS * SANITIZER_SLOWDOWN, "%llu ns",
        (unsigned long long)best_ns);
    destroy_pool();
}

/* Also when the wake-up comes from a worker that has just taken something
 * long. */
Test(pace, of_two_submits_both_start_though_the_first_is_long)
{
    uint64_t best_ns = UINT64_MAX;
    int i;

    make_pool(2);
    for (i = 0; i < N_TRIES && best_ns > 5 * MS; i++) {
        struct timed timed;
        uint64_t began_ns;

        cr_assert(await_one_parked());
        usleep(2000);
        strait_work_init(&timed.work, run_timed, NULL, &timed);
        check_err(
            strait_work_submit(lane, stay_init(&stays[0]), &mailbox.sink), 0);
        began_ns = strait_now_ns();
        check_err(strait_work_submit(lane, &timed.work, &mailbox.sink), 0);
        cr_assert(mailbox_take(&mailbox, 1));
        if (timed.started_ns - began_ns < best_ns)
            best_ns = timed.started_ns - began_ns;
        stay_leave(&stays[0]);
        cr_assert(mailbox_take(&mailbox, 1));
        cr_assert(stays[0].held);
    }
    cr_assert(best_ns <= 5 * MS * SANITIZER_SLOWDOWN, "%llu ns",
        (unsigned long long)best_ns);
    destroy_pool();
}

#define N_STREAM 64

/* A stream of short items, in which a worker may nap (nap.h), and then a long
 * one: what comes behind that waits for no more than the rest of a nap. */
Test(pace, behind_a_stream_a_submit_does_not_wait_for_what_has_turned_long)
{
    static struct job jobs[N_STREAM];
    uint64_t best_ns = UINT64_MAX;
    int i;

    make_pool(2);
    for (i = 0; i < N_STREAM; i++)
        job_init(&jobs[i]);
    for (i = 0; i < N_TRIES && best_ns > 1 * MS; i++) {
        uint64_t end_ns = strait_now_ns() + 50 * MS;
        struct timed timed;
        uint64_t began_ns;
        int j;

        do {
            for (j = 0; j < N_STREAM; j++)
                check_err(job_submit(&jobs[j], lane, &mailbox), 0);
            cr_assert(mailbox_take(&mailbox, N_STREAM));
        } while (strait_now_ns() < end_ns);
        strait_work_init(&timed.work, run_timed, NULL, &timed);
        check_err(
            strait_work_submit(lane, stay_init(&stays[0]), &mailbox.sink), 0);
        cr_assert(wait_for(&stays[0].entered));
        began_ns = strait_now_ns();
        check_err(strait_work_submit(lane, &timed.work, &mailbox.sink), 0);
        cr_assert(mailbox_take(&mailbox, 1));
        if (timed.started_ns - began_ns < best_ns)
            best_ns = timed.started_ns - began_ns;
        stay_leave(&stays[0]);
        cr_assert(mailbox_take(&mailbox, 1));
        cr_assert(stays[0].held);
    }
    cr_assert(best_ns <= 1 * MS * SANITIZER_SLOWDOWN, "%llu ns",
        (unsigned long long)best_ns);
    destroy_pool();
}

Test(pace, what_is_done_arrives_though_the_worker_goes_on_with_something_long)
{
    uint64_t best_ns = UINT64_MAX;
    int i;

    make_pool(1);
    for (i = 0; i < N_TRIES && best_ns > 5 * MS; i++) {
        struct timed timed;
        uint64_t ns;

        timed.done_ns = 0;
        strait_work_init(&timed.work, run_timed, timed_done, &timed);
        check_err(strait_work_submit(lane, &timed.work, &mailbox.sink), 0);
        check_err(
            strait_work_submit(lane, stay_init(&stays[0]), &mailbox.sink), 0);
        cr_assert(mailbox_take(&mailbox, 1));
        /* The long one has started, and is not over. */
        cr_assert(wait_for(&stays[0].entered));
        cr_assert(timed.done_ns != 0);
        ns = timed.done_ns - timed.started_ns;
        best_ns = ns < best_ns ? ns : best_ns;
        stay_leave(&stays[0]);
        cr_assert(mailbox_take(&mailbox, 1));
        cr_assert(stays[0].held);
    }
    cr_assert(best_ns <= 5 * MS * SANITIZER_SLOWDOWN, "%llu ns",
        (unsigned long long)best_ns);
    destroy_pool();
}

/* The same in each kind of lane: a limit, an order, a class of its own. */
Test(pace, in_every_kind_of_lane)
{
    int kind;

    make_pool(2);
    for (kind = 0; kind < 4; kind++) {
        strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
        uint64_t best_ns = UINT64_MAX;
        int i;

        if (kind == 0)
            config.max_running = 1;
        if (kind == 1)
            config.order = STRAIT_ORDER_SERIAL;
        if (kind == 2)
            config.order = STRAIT_ORDER_SUBMIT;
        if (kind == 3)
            config.lane_class = STRAIT_LANE_BLOCKING;
        check_err(strait_lane_create(&lane, pool, &config), 0);
        /* One worker is busy elsewhere. */
        cr_assert(stay_enter(&stays[0], strait_pool_lane(pool), &mailbox));
        for (i = 0; i < N_TRIES && best_ns > 5 * MS; i++) {
            uint64_t ns = time_to_start();

            best_ns = ns < best_ns ? ns : best_ns;
        }
        stay_leave(&stays[0]);
        cr_assert(mailbox_take(&mailbox, 1));
        cr_assert(best_ns <= 5 * MS * SANITIZER_SLOWDOWN, "kind %d: %llu ns",
            kind, (unsigned long long)best_ns);
    }
    destroy_pool();
}

/* Processor time of the whole process. */
static uint64_t
cpu_ns(void)
{
    struct timespec now;

    check_int(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (uint64_t)now.tv_sec * STRAIT_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Nobody spins beside what may not start: a full limit, a stuck lane. */
Test(pace, workers_beside_a_full_limit_cost_nothing)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    static struct job jobs[100];
    uint64_t best_ns = UINT64_MAX;
    int i;

    make_pool(N_WORKERS);
    config.max_running = 1;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    cr_assert(stay_enter(&stays[0], lane, &mailbox));
    for (i = 0; i < 100; i++) {
        job_init(&jobs[i]);
        check_err(job_submit(&jobs[i], lane, &mailbox), 0);
    }
    for (i = 0; i < N_TRIES && best_ns > 10 * MS; i++) {
        uint64_t began_ns = cpu_ns();

        usleep(200000);
        if (cpu_ns() - began_ns < best_ns)
            best_ns = cpu_ns() - began_ns;
    }
    stay_leave(&stays[0]);
    cr_assert(mailbox_take(&mailbox, 101));
    cr_assert(best_ns <= 10 * MS * SANITIZER_SLOWDOWN, "%llu ns of 200 ms",
        (unsigned long long)best_ns);
    destroy_pool();
}
