/* SPDX-License-Identifier: MIT */
/*
 * test_gap.c - a submitter that is stopped between claiming its place in a lane
 * and filling it. What follows it in that lane is hidden until it goes on; the
 * workers neither lose it nor spin nor park, and serve other lanes meanwhile.
 * Linked with the point seam.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/clock.h>
#include <strait/pool.h>
#include <unistd.h>

#include "base/gap.h"

#include "job.h"
#include "unit.h"

static strait_pool_t *pool;
static struct mailbox mailbox;
static sem_t in_gap;
static sem_t go_on;
static _Thread_local bool is_slow;

static void
stop_in_gap(const char *name)
{
    if (is_slow && strcmp(name, "ring.push.claimed") == 0) {
        is_slow = false;
        sem_post(&in_gap);
        (void)wait_for(&go_on);
    }
}

static void
set_up(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    mailbox_init(&mailbox);
    sem_init(&in_gap, 0, 0);
    sem_init(&go_on, 0, 0);
    seam_point_hook = stop_in_gap;
    config.n_workers = 1;
    check_err(strait_pool_create(&pool, &config), 0);
}

static void
tear_down(void)
{
    if (pool != NULL)
        check_err(strait_pool_destroy(pool), 0);
    seam_point_hook = NULL;
}

TestSuite(gap, .timeout = 30);

static STRAIT_ATOMIC(uint32_t) n_run;

static void
count_run(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    strait_add_rlx(&n_run, 1);
}

static strait_work_t slow;
static strait_work_t hidden[3];
static int slow_answer;

static void *
submit_slowly(void *arg)
{
    is_slow = true;
    slow_answer = strait_work_submit(arg, &slow, &mailbox.sink);
    return NULL;
}

/* Starts the slow submitter and waits until it stands in its gap; then three
 * more items queue up behind it. */
static pthread_t
enter_gap(void)
{
    strait_lane_t *lane = strait_pool_lane(pool);
    pthread_t thread;
    int i;

    strait_store_rlx(&n_run, 0);
    strait_work_init(&slow, count_run, NULL, NULL);
    pthread_create(&thread, NULL, submit_slowly, lane);
    sem_wait(&in_gap);
    for (i = 0; i < 3; i++) {
        strait_work_init(&hidden[i], count_run, NULL, NULL);
        check_err(strait_work_submit(lane, &hidden[i], &mailbox.sink), 0);
    }
    return thread;
}

FIXTURE_TEST(gap, all_run_once_it_goes_on)
{
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;
    uint64_t started_ns = strait_now_ns();
    uint64_t ms;
    pthread_t thread;
    struct gate gate;

    /* The worker is awake when the submitter enters its gap: one that sleeps
     * is woken only when that submitter goes on. */
    cr_assert(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
    thread = enter_gap();
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 1));
    /* It yields, and then sleeps; a yield may last for a while. */
    cr_assert(await(__extension__({
        check_err(strait_pool_stats(pool, &stats), 0);
        stats.n_gap_waits > STI_GAP_YIELDS + 50;
    })));
    check_int(strait_load_rlx(&n_run), 0);
    check_int(strait_lane_queued(strait_pool_lane(pool)), 4);
    sem_post(&go_on);
    cr_assert(mailbox_take(&mailbox, 4));
    ms = (strait_now_ns() - started_ns) / STI_GAP_SLEEP_MAX_NS + 1;
    pthread_join(thread, NULL);
    check_err(slow_answer, 0);
    check_int(strait_load_rlx(&n_run), 4);
    check_err(strait_pool_stats(pool, &stats), 0);
    check_int(stats.n_run, 5);
    /* Yields, a few short sleeps, then one per millisecond. */
    cr_assert(stats.n_gap_waits < STI_GAP_YIELDS + 10 + ms, "%llu waits",
        (unsigned long long)stats.n_gap_waits);
}

FIXTURE_TEST(gap, other_lanes_are_served_meanwhile)
{
    strait_work_t works[10];
    strait_lane_t *other;
    pthread_t thread;
    int i;

    check_err(strait_lane_create(&other, pool, NULL), 0);
    thread = enter_gap();
    for (i = 0; i < 10; i++) {
        strait_work_init(&works[i], count_run, NULL, NULL);
        check_err(strait_work_submit(other, &works[i], &mailbox.sink), 0);
        cr_assert(mailbox_take(&mailbox, 1));
    }
    /* None of the ten was one of the hidden. */
    for (i = 0; i < 10; i++)
        cr_assert(!strait_work_in_flight(&works[i]));
    check_int(strait_load_rlx(&n_run), 10);
    sem_post(&go_on);
    cr_assert(mailbox_take(&mailbox, 4));
    pthread_join(thread, NULL);
    check_int(strait_load_rlx(&n_run), 14);
}

FIXTURE_TEST(gap, a_close_in_between_loses_nothing)
{
    pthread_t thread = enter_gap();
    strait_work_t late;

    check_err(strait_pool_close(pool), 0);
    strait_work_init(&late, count_run, NULL, NULL);
    check_err(strait_work_submit(strait_pool_lane(pool), &late, &mailbox.sink),
        -ESHUTDOWN);
    sem_post(&go_on);
    cr_assert(mailbox_take(&mailbox, 4));
    pthread_join(thread, NULL);
    check_err(slow_answer, 0);
    check_err(strait_pool_destroy(pool), 0);
    pool = NULL;
    check_int(strait_load_rlx(&n_run), 4);
}
