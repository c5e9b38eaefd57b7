/* SPDX-License-Identifier: MIT */
/*
 * test_stats.c - what pools, workers and lanes say about themselves.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <strait/clock.h>
#include <strait/pool.h>
#include <strait/request.h>

#include "job.h"
#include "one_pool.h"

static strait_lane_t *lane;
static struct mailbox mailbox;

static void
set_up(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = 2;
    config.max_queued = 16;
    lane = open_pool_as(config);
    mailbox_init(&mailbox);
}

static void
tear_down(void)
{
    close_pool();
}

TestSuite(stats, .timeout = 30);

static strait_worker_stats_t
worker_stats(uint32_t worker)
{
    strait_worker_stats_t stats = { .size = (uint32_t)sizeof stats };

    check_err(strait_worker_stats(pool, worker, &stats), 0);
    check_int(stats.size, sizeof stats);
    return stats;
}

static bool
await_all_parked(void)
{
    return await(worker_stats(0).parked && worker_stats(1).parked);
}

FIXTURE_TEST(stats, bad_arguments_are_named)
{
    strait_worker_stats_t worker = { .size = (uint32_t)sizeof worker };
    static strait_lane_stats_t stats;

    check_err(strait_worker_stats(NULL, 0, &worker), -EINVAL);
    check_err(strait_worker_stats(pool, 0, NULL), -EINVAL);
    check_err(strait_worker_stats(pool, 2, &worker), -EINVAL);
    check_err(strait_worker_stats(pool, UINT32_MAX, &worker), -EINVAL);
    worker.size--;
    worker.n_run = 77;
    check_err(strait_worker_stats(pool, 0, &worker), -EINVAL);
    check_int(worker.n_run, 77);
    check_err(strait_lane_stats(lane, NULL), -EINVAL);
    stats.size = 0;
    stats.n_run = 77;
    check_err(strait_lane_stats(lane, &stats), -EINVAL);
    check_int(stats.n_run, 77);
    stats.size = (uint32_t)sizeof stats;
    check_err(strait_lane_stats(NULL, &stats), -EINVAL);
    check_int(stats.n_run, 77);
}

FIXTURE_TEST(stats, a_new_lane_has_done_nothing)
{
    const strait_lane_stats_t *stats = lane_stats(lane);

    check_int(stats->size, sizeof *stats);
    check_int(stats->n_threads, 2);
    check_int(stats->n_submitted, 0);
    check_int(stats->n_rejected, 0);
    check_int(stats->n_run, 0);
    check_int(stats->n_removed, 0);
    check_int(stats->n_wakes, 0);
    check_int(stats->n_wakes_avoided, 0);
    check_int(stats->n_held, 0);
    check_int(stats->n_lost, 0);
    check_int(stats->queued, 0);
    check_int(stats->running, 0);
    check_int(stats->head_age_ns, 0);
    check_int(stats->longest_run_ns, 0);
    check_int(strait_histogram_total(&stats->wait), 0);
    check_int(strait_histogram_total(&stats->run), 0);
}

/* Everything that can become of an item, counted by hand. */
FIXTURE_TEST(stats, counts_of_a_lane_are_exact_once_it_is_idle)
{
    static struct job jobs[17];
    const strait_lane_stats_t *stats;
    struct stay stays[2];
    int i;

    cr_assert(stay_enter(&stays[0], lane, &mailbox));
    cr_assert(stay_enter(&stays[1], lane, &mailbox));
    for (i = 0; i < 17; i++) {
        job_init(&jobs[i]);
        check_err(job_submit(&jobs[i], lane, &mailbox), i < 16 ? 0 : -EAGAIN);
    }
    check_err(job_submit(&jobs[16], lane, &mailbox), -EAGAIN);
    for (i = 5; i < 9; i++)
        check_err(strait_work_cancel(&jobs[i].work), 0);
    stats = lane_stats(lane);
    check_int(stats->n_submitted, 18);
    check_int(stats->n_rejected, 2);
    check_int(stats->queued, 16);
    check_int(stats->running, 2);
    check_int(stats->n_removed, 4);
    check_int(stats->n_run, 0);
    cr_assert(stats->head_age_ns > 0);
    cr_assert(stats->longest_run_ns > 0);
    stay_leave(&stays[0]);
    stay_leave(&stays[1]);
    cr_assert(mailbox_take(&mailbox, 18));
    cr_assert(await_all_parked());
    stats = lane_stats(lane);
    check_int(stats->n_submitted, 18);
    check_int(stats->n_rejected, 2);
    check_int(stats->n_run, 14);
    check_int(stats->n_removed, 4);
    check_int(stats->queued, 0);
    check_int(stats->running, 0);
    check_int(stats->head_age_ns, 0);
    check_int(stats->longest_run_ns, 0);
    check_int(stats->n_wakes + stats->n_wakes_avoided, 18);
    check_int(strait_histogram_total(&stats->run), 14);
    check_int(strait_histogram_total(&stats->wait), 14);
    /* Another lane has seen nothing of it. */
    check_int(lane_stats(strait_pool_built_in(pool, 1))->n_submitted, 0);
}

FIXTURE_TEST(stats, of_two_workers_and_all_their_lanes)
{
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;
    struct job jobs[3];
    uint64_t n_parks = 0;
    uint64_t n_run = 0;
    uint32_t i;
    int round;

    for (round = 0; round < 20; round++) {
        for (i = 0; i < 3; i++) {
            job_init(&jobs[i]);
            check_err(job_submit(&jobs[i], strait_pool_built_in(pool, (int)i),
                          &mailbox),
                0);
        }
        cr_assert(mailbox_take(&mailbox, 3));
    }
    cr_assert(await_all_parked());
    check_err(strait_pool_stats(pool, &stats), 0);
    check_int(stats.n_run, 60);
    check_int(stats.n_workers, 2);
    check_int(stats.n_start_failed, 0);
    cr_assert(stats.n_started >= 1);
    for (i = 0; i < 2; i++) {
        strait_worker_stats_t worker = worker_stats(i);

        n_run += worker.n_run;
        n_parks += worker.n_parks;
        cr_assert(worker.running == NULL);
        check_int(worker.running_ns, 0);
        cr_assert(worker.n_wakes <= worker.n_parks + 60);
    }
    check_int(n_run, 40);
    cr_assert(n_parks <= stats.n_parks);
}

FIXTURE_TEST(stats, what_a_worker_is_at)
{
    struct stay stay;
    uint64_t began_ns = strait_now_ns();
    uint32_t busy;

    cr_assert(stay_enter(&stay, lane, &mailbox));
    usleep(20000);
    busy = worker_stats(0).running == NULL;
    cr_assert(worker_stats(busy).running == stay_run);
    cr_assert(worker_stats(busy).running_ns >= 15 * STRAIT_NS_PER_MS);
    cr_assert(worker_stats(busy).running_ns <= strait_now_ns() - began_ns);
    check_int(worker_stats(busy).parked, 0);
    cr_assert(worker_stats(1 - busy).running == NULL);
    check_int(worker_stats(1 - busy).running_ns, 0);
    cr_assert(lane_stats(lane)->longest_run_ns >= 15 * STRAIT_NS_PER_MS);
    stay_leave(&stay);
    cr_assert(mailbox_take(&mailbox, 1));
    cr_assert(await(worker_stats(busy).running == NULL));
    check_int(worker_stats(busy).n_run, 1);
}

FIXTURE_TEST(stats, the_age_of_the_head)
{
    struct stay stays[2];
    struct job jobs[2];
    uint64_t age_ns;

    cr_assert(stay_enter(&stays[0], lane, &mailbox));
    cr_assert(stay_enter(&stays[1], lane, &mailbox));
    check_int(lane_stats(lane)->head_age_ns, 0);
    job_init(&jobs[0]);
    job_init(&jobs[1]);
    check_err(job_submit(&jobs[0], lane, &mailbox), 0);
    usleep(30000);
    check_err(job_submit(&jobs[1], lane, &mailbox), 0);
    age_ns = lane_stats(lane)->head_age_ns;
    cr_assert(
        age_ns >= 30 * STRAIT_NS_PER_MS, "%llu", (unsigned long long)age_ns);
    cr_assert(age_ns < 10 * STRAIT_NS_PER_S);
    /* The next one is younger. */
    check_err(strait_work_cancel(&jobs[0].work), 0);
    cr_assert(lane_stats(lane)->head_age_ns < age_ns);
    stay_leave(&stays[0]);
    stay_leave(&stays[1]);
    cr_assert(mailbox_take(&mailbox, 4));
}

static void
run_for_2_ms(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    usleep(2000);
}

FIXTURE_TEST(stats, durations_of_runs_and_waits)
{
    enum { N = 16 };
    static strait_work_t works[N];
    const strait_lane_stats_t *stats;
    uint64_t began_ns = strait_now_ns();
    uint64_t took_ns;
    int i;

    for (i = 0; i < N; i++) {
        strait_work_init(&works[i], run_for_2_ms, NULL, NULL);
        check_err(strait_work_submit(lane, &works[i], &mailbox.sink), 0);
    }
    cr_assert(mailbox_take(&mailbox, N));
    cr_assert(await_all_parked());
    took_ns = strait_now_ns() - began_ns;
    stats = lane_stats(lane);
    check_int(strait_histogram_total(&stats->run), N);
    check_int(strait_histogram_total(&stats->wait), N);
    cr_assert(
        strait_histogram_quantile(&stats->run, 0) >= 2 * STRAIT_NS_PER_MS);
    /* A bucket may be an eighth too long. */
    cr_assert(strait_histogram_quantile(&stats->run, 1) <= took_ns * 9 / 8);
    cr_assert(strait_histogram_quantile(&stats->wait, 1) <= took_ns * 9 / 8);
    /* The last two have waited for seven others. */
    cr_assert(
        strait_histogram_quantile(&stats->wait, 1) >= 14 * STRAIT_NS_PER_MS);
}

FIXTURE_TEST(stats, short_items_are_all_counted_in_groups)
{
    enum { N = 2000 };
    static struct job jobs[N];
    const strait_lane_stats_t *stats;
    int n_out = 0;
    int i;

    for (i = 0; i < N; i++) {
        job_init(&jobs[i]);
        while (job_submit(&jobs[i], lane, &mailbox) == -EAGAIN) {
            cr_assert(mailbox_take(&mailbox, 1));
            n_out++;
        }
    }
    cr_assert(mailbox_take(&mailbox, (size_t)(N - n_out)));
    cr_assert(await_all_parked());
    stats = lane_stats(lane);
    check_int(stats->n_run, N);
    check_int(strait_histogram_total(&stats->run), N);
    check_int(strait_histogram_total(&stats->wait), N);
    check_int(stats->n_wakes + stats->n_wakes_avoided, N);
}

/* A long item among short ones is not hidden by their mean. */
FIXTURE_TEST(stats, a_long_item_behind_short_ones_is_seen)
{
    static struct job jobs[15];
    strait_work_t work;
    struct stay stays[2];
    const strait_lane_stats_t *stats;
    uint64_t n_long = 0;
    uint32_t i;

    cr_assert(stay_enter(&stays[0], lane, &mailbox));
    cr_assert(stay_enter(&stays[1], lane, &mailbox));
    for (i = 0; i < 15; i++) {
        job_init(&jobs[i]);
        check_err(job_submit(&jobs[i], lane, &mailbox), 0);
    }
    strait_work_init(&work, run_for_2_ms, NULL, NULL);
    check_err(strait_work_submit(lane, &work, &mailbox.sink), 0);
    stay_leave(&stays[0]);
    stay_leave(&stays[1]);
    cr_assert(mailbox_take(&mailbox, 18));
    cr_assert(await_all_parked());
    stats = lane_stats(lane);
    check_int(strait_histogram_total(&stats->run), 18);
    for (i = strait_histogram_bucket(1900000); i < STRAIT_HISTOGRAM_BUCKETS;
         i++)
        n_long += stats->run.count[i];
    cr_assert(n_long >= 1 && n_long <= 18);
}

FIXTURE_TEST(stats, a_given_up_request_is_lost_until_it_returns)
{
    struct stay stay;
    strait_work_t *work;

    stay_init(&stay);
    check_err(
        strait_work_create(&work, stay_run, stay_done, NULL, &stay, NULL), 0);
    check_err(strait_work_submit(lane, work, &mailbox.sink), 0);
    cr_assert(wait_for(&stay.entered));
    check_int(lane_stats(lane)->n_lost, 0);
    check_err(strait_work_give_up(work, -ETIMEDOUT), 0);
    check_int(lane_stats(lane)->n_lost, 1);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(lane_stats(lane)->n_lost, 1);
    stay_leave(&stay);
    cr_assert(await(lane_stats(lane)->n_lost == 0));
    cr_assert(await_all_parked());
    check_int(lane_stats(lane)->n_run, 1);
    check_int(lane_stats(lane)->n_removed, 0);
}

FIXTURE_TEST(stats, wakes_are_those_that_were_sent)
{
    struct stay stays[2];
    struct job jobs[4];
    uint64_t n_wakes;
    int i;

    cr_assert(await_all_parked());
    n_wakes = lane_stats(lane)->n_wakes;
    cr_assert(stay_enter(&stays[0], lane, &mailbox));
    cr_assert(stay_enter(&stays[1], lane, &mailbox));
    cr_assert(lane_stats(lane)->n_wakes <= n_wakes + 2);
    n_wakes = lane_stats(lane)->n_wakes;
    /* Nobody sleeps. */
    for (i = 0; i < 4; i++) {
        job_init(&jobs[i]);
        check_err(job_submit(&jobs[i], lane, &mailbox), 0);
    }
    check_int(lane_stats(lane)->n_wakes, n_wakes);
    check_int(lane_stats(lane)->n_wakes_avoided, 6 - n_wakes);
    stay_leave(&stays[0]);
    stay_leave(&stays[1]);
    cr_assert(mailbox_take(&mailbox, 6));
}
