/* SPDX-License-Identifier: MIT */
/*
 * test_cancel.c - taking work back: one item and a group, in each state in
 * which it can be.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/clock.h>
#include <strait/pool.h>
#include <unistd.h>

#include "blocks.h"
#include "child.h"
#include "mailbox.h"
#include "sched/sched_priv.h"
#include "unit.h"

static struct blocks blocks = BLOCKS_INIT;
static strait_pool_t *pool;
static strait_lane_t *lane;
static struct mailbox mailbox;

struct job {
    strait_work_t work;
    int n_run;
    int n_done;
    int status;
};

static struct job jobs[64];

static strait_pool_t *
new_pool(uint32_t n_workers, uint32_t max_queued)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_pool_t *made = NULL;

    config.n_workers = n_workers;
    config.max_queued = max_queued;
    config.allocator = blocks_allocator(&blocks);
    check_err(strait_pool_create(&made, &config), 0);
    return made;
}

static void
set_up(void)
{
    pool = new_pool(1, 64);
    lane = strait_pool_lane(pool);
    mailbox_init(&mailbox);
    memset(jobs, 0, sizeof jobs);
}

static void
tear_down(void)
{
    check_err(strait_pool_destroy(pool), 0);
    check_blocks(&blocks);
}

TestSuite(cancel, .timeout = 30);

static void
run(strait_work_t *work, void *arg)
{
    (void)work;
    ((struct job *)arg)->n_run++;
}

static void
done(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;

    (void)work;
    job->n_done++;
    job->status = status;
}

static strait_work_t *
init_job(struct job *job)
{
    strait_work_init(&job->work, run, done, job);
    return &job->work;
}

static void
submit(strait_lane_t *to, struct job *job)
{
    check_err(strait_work_submit(to, init_job(job), &mailbox.sink), 0);
}

static uint64_t
n_removed(const strait_lane_t *of)
{
    static strait_lane_stats_t stats;

    stats.size = (uint32_t)sizeof stats;
    check_err(strait_lane_stats(of, &stats), 0);
    return stats.n_removed;
}

/* -------------------------------------------------------------- one item */

FIXTURE_TEST(cancel, bad_arguments_are_named)
{
    check_err(strait_work_cancel(NULL), -EINVAL);
    cr_assert(!strait_work_cancelled(NULL));
    check_err(strait_group_cancel(NULL), -EINVAL);
    strait_group_init(NULL);
    check_err(strait_work_set_group(NULL, NULL), -EINVAL);
}

FIXTURE_TEST(cancel, one_that_was_never_submitted)
{
    check_err(strait_work_cancel(init_job(&jobs[0])), -ESRCH);
    cr_assert(!strait_work_cancelled(&jobs[0].work));
    /* It is as good as new. */
    check_err(strait_work_submit(lane, &jobs[0].work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(jobs[0].status, 0);
    check_int(jobs[0].n_run, 1);
}

FIXTURE_TEST(cancel, one_that_was_refused)
{
    check_err(strait_pool_close(pool), 0);
    check_err(strait_work_submit(lane, init_job(&jobs[0]), &mailbox.sink),
        -ESHUTDOWN);
    check_err(strait_work_cancel(&jobs[0].work), -ESRCH);
}

FIXTURE_TEST(cancel, one_that_is_queued)
{
    struct gate gate;
    int i;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    for (i = 0; i < 3; i++)
        submit(lane, &jobs[i]);
    check_err(strait_work_cancel(&jobs[1].work), 0);
    /* Not from inside the call, but although the only worker is busy. */
    check_int(jobs[1].n_done, 0);
    cr_assert(strait_work_in_flight(&jobs[1].work));
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(jobs[1].n_done, 1);
    check_err(jobs[1].status, -ECANCELED);
    cr_assert(!strait_work_in_flight(&jobs[1].work));
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 3));
    check_int(jobs[1].n_run, 0);
    check_int(jobs[1].n_done, 1);
    for (i = 0; i < 3; i += 2) {
        check_int(jobs[i].n_run, 1);
        check_err(jobs[i].status, 0);
    }
    check_int(n_removed(lane), 1);
}

FIXTURE_TEST(cancel, twice_while_it_is_queued)
{
    struct gate gate;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    submit(lane, &jobs[0]);
    submit(lane, &jobs[1]);
    check_err(strait_work_cancel(&jobs[1].work), 0);
    check_err(strait_work_cancel(&jobs[1].work), -EALREADY);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(jobs[1].status, -ECANCELED);
    check_err(strait_work_cancel(&jobs[1].work), -ESRCH);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(jobs[1].n_done, 1);
    check_int(jobs[1].n_run, 0);
}

FIXTURE_TEST(cancel, a_removed_item_can_be_submitted_at_once)
{
    struct gate gate;
    int i;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    submit(lane, &jobs[0]);
    for (i = 1; i <= 20; i++) {
        submit(lane, &jobs[1]);
        check_err(strait_work_cancel(&jobs[1].work), 0);
        cr_assert(mailbox_take(&mailbox, 1));
        check_int(jobs[1].n_done, i);
        check_err(jobs[1].status, -ECANCELED);
    }
    submit(lane, &jobs[1]);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 3));
    check_int(jobs[1].n_run, 1);
    check_int(jobs[1].n_done, 21);
    check_err(jobs[1].status, 0);
}

static void
done_frees(strait_work_t *work, int status, void *arg)
{
    (void)work;
    *(int *)((void **)arg)[1] += status == -ECANCELED;
    free(((void **)arg)[0]);
}

FIXTURE_TEST(cancel, a_removed_item_may_be_freed_in_done)
{
    struct gate gate;
    int n_freed = 0;
    int i;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    for (i = 0; i < 50; i++) {
        strait_work_t *work = malloc(sizeof *work);
        void *arg[2] = { work, &n_freed };

        strait_work_init(work, run, done_frees, arg);
        check_err(strait_work_submit(lane, work, &mailbox.sink), 0);
        check_err(strait_work_cancel(work), 0);
        cr_assert(mailbox_take(&mailbox, 1));
    }
    check_int(n_freed, 50);
    /* What is behind those places still comes. */
    submit(lane, &jobs[0]);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(jobs[0].n_run, 1);
}

FIXTURE_TEST(cancel, removal_at_the_head_frees_places_though_nobody_pops)
{
    struct gate gate;
    int i;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    for (i = 0; i < 64; i++)
        submit(lane, &jobs[i]);
    check_int(strait_lane_queued(lane), 64);
    /* From behind: nothing can be freed until the head goes. */
    for (i = 3; i > 0; i--)
        check_err(strait_work_cancel(&jobs[i].work), 0);
    check_int(strait_lane_queued(lane), 64);
    check_err(strait_work_cancel(&jobs[0].work), 0);
    check_int(strait_lane_queued(lane), 60);
    cr_assert(mailbox_take(&mailbox, 4));
    for (i = 0; i < 4; i++)
        submit(lane, &jobs[i]);
    check_err(strait_work_submit(
                  lane, &(strait_work_t){ .run_ = run }, &mailbox.sink),
        -EAGAIN);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 65));
    for (i = 0; i < 64; i++) {
        check_int(jobs[i].n_run, 1);
        check_int(jobs[i].n_done, i < 4 ? 2 : 1);
        check_err(jobs[i].status, 0);
    }
}

FIXTURE_TEST(cancel, all_of_a_full_lane_in_any_order)
{
    int step;

    /* All odd steps reach all places. */
    for (step = 1; step < 64; step += 6) {
        struct gate gate;
        int i;

        memset(jobs, 0, sizeof jobs);
        cr_assert(gate_close(&gate, lane, &mailbox.sink));
        for (i = 0; i < 64; i++)
            submit(lane, &jobs[i]);
        for (i = 0; i < 64; i++)
            check_err(strait_work_cancel(&jobs[i * step % 64].work), 0);
        check_int(strait_lane_queued(lane), 0);
        cr_assert(mailbox_take(&mailbox, 64));
        gate_open(&gate);
        cr_assert(mailbox_take(&mailbox, 1));
        for (i = 0; i < 64; i++) {
            check_int(jobs[i].n_run, 0);
            check_int(jobs[i].n_done, 1);
            check_err(jobs[i].status, -ECANCELED);
        }
    }
}

/* An item that looks at its token. */
struct watcher {
    strait_work_t work;
    sem_t entered;
    sem_t go_on;
    bool before;
    bool after;
    int n_done;
    int status;
};

static void
run_watcher(strait_work_t *work, void *arg)
{
    struct watcher *watcher = arg;

    watcher->before = strait_work_cancelled(work);
    sem_post(&watcher->entered);
    if (wait_for(&watcher->go_on))
        watcher->after = strait_work_cancelled(work);
}

static void
watcher_done(strait_work_t *work, int status, void *arg)
{
    struct watcher *watcher = arg;

    (void)work;
    watcher->n_done++;
    watcher->status = status;
}

static void
watcher_init(struct watcher *watcher)
{
    memset(watcher, 0, sizeof *watcher);
    sem_init(&watcher->entered, 0, 0);
    sem_init(&watcher->go_on, 0, 0);
    strait_work_init(&watcher->work, run_watcher, watcher_done, watcher);
}

FIXTURE_TEST(cancel, one_that_runs_sees_the_token)
{
    struct watcher watcher;
    int round;

    watcher_init(&watcher);
    for (round = 1; round <= 2; round++) {
        check_err(strait_work_submit(lane, &watcher.work, &mailbox.sink), 0);
        cr_assert(wait_for(&watcher.entered));
        check_err(strait_work_cancel(&watcher.work), -EALREADY);
        check_err(strait_work_cancel(&watcher.work), -EALREADY);
        sem_post(&watcher.go_on);
        cr_assert(mailbox_take(&mailbox, 1));
        /* The token of one round is not that of the next. */
        cr_assert(!watcher.before);
        cr_assert(watcher.after);
        check_int(watcher.n_done, round);
        check_err(watcher.status, 0);
        cr_assert(!strait_work_cancelled(&watcher.work));
    }
    check_int(n_removed(lane), 0);
}

FIXTURE_TEST(cancel, nobody_else_sees_the_token)
{
    struct watcher watcher;

    watcher_init(&watcher);
    check_err(strait_work_submit(lane, &watcher.work, &mailbox.sink), 0);
    cr_assert(wait_for(&watcher.entered));
    submit(lane, &jobs[0]);
    check_err(strait_work_cancel(&jobs[0].work), 0);
    sem_post(&watcher.go_on);
    cr_assert(mailbox_take(&mailbox, 2));
    cr_assert(!watcher.before && !watcher.after);
}

FIXTURE_TEST(cancel, one_that_has_run_but_is_not_delivered)
{
    struct gate gate;

    submit(lane, &jobs[0]);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    check_int(jobs[0].n_run, 1);
    check_err(strait_work_cancel(&jobs[0].work), -EALREADY);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_err(jobs[0].status, 0);
    check_int(jobs[0].n_done, 1);
}

static int cancel_in_done;

static void
done_cancels(strait_work_t *work, int status, void *arg)
{
    done(work, status, arg);
    cancel_in_done = strait_work_cancel(work);
}

FIXTURE_TEST(cancel, one_that_is_done)
{
    strait_work_init(&jobs[0].work, run, done_cancels, &jobs[0]);
    check_err(strait_work_submit(lane, &jobs[0].work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(cancel_in_done, -ESRCH);
    check_err(strait_work_cancel(&jobs[0].work), -ESRCH);
    check_int(jobs[0].n_done, 1);
}

FIXTURE_TEST(cancel, the_same_item_in_another_pool_and_lane)
{
    strait_pool_t *other = new_pool(1, 4);
    struct gate gate;
    struct gate other_gate;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    cr_assert(gate_close(&other_gate, strait_pool_lane(other), &mailbox.sink));
    /* Places of the same number in both. */
    submit(lane, &jobs[0]);
    submit(strait_pool_lane(other), &jobs[1]);
    check_err(strait_work_cancel(&jobs[1].work), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(jobs[1].n_done, 1);
    check_int(n_removed(lane), 0);
    submit(lane, &jobs[1]);
    check_err(strait_work_cancel(&jobs[1].work), 0);
    check_int(n_removed(lane), 1);
    gate_open(&gate);
    gate_open(&other_gate);
    cr_assert(mailbox_take(&mailbox, 4));
    check_int(jobs[0].n_run, 1);
    check_err(jobs[0].status, 0);
    check_int(jobs[1].n_run, 0);
    check_err(strait_pool_destroy(other), 0);
}

static struct job *to_cancel;
static int cancel_from_worker;

static void
run_cancels(strait_work_t *work, void *arg)
{
    run(work, arg);
    cancel_from_worker = strait_work_cancel(&to_cancel->work);
}

FIXTURE_TEST(cancel, a_worker_may_cancel)
{
    struct gate gate;

    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    to_cancel = &jobs[1];
    strait_work_init(&jobs[0].work, run_cancels, done, &jobs[0]);
    check_err(strait_work_submit(lane, &jobs[0].work, &mailbox.sink), 0);
    submit(lane, &jobs[1]);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 3));
    check_err(cancel_from_worker, 0);
    check_int(jobs[1].n_run, 0);
    check_err(jobs[1].status, -ECANCELED);
}

static void
run_cancels_itself(strait_work_t *work, void *arg)
{
    run(work, arg);
    cancel_from_worker = strait_work_cancel(work);
    ((struct job *)arg)->n_run += strait_work_cancelled(work) ? 10 : 0;
}

FIXTURE_TEST(cancel, an_item_may_cancel_itself)
{
    strait_work_init(&jobs[0].work, run_cancels_itself, done, &jobs[0]);
    check_err(strait_work_submit(lane, &jobs[0].work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(cancel_from_worker, -EALREADY);
    check_int(jobs[0].n_run, 11);
    check_err(jobs[0].status, 0);
}

FIXTURE_TEST(cancel, the_callback_comes_though_all_workers_are_stuck)
{
    strait_pool_t *stuck = new_pool(4, 64);
    struct gate gates[4];
    uint64_t began_ns;
    int i;

    for (i = 0; i < 4; i++)
        cr_assert(
            gate_close(&gates[i], strait_pool_lane(stuck), &mailbox.sink));
    for (i = 0; i < 8; i++)
        submit(strait_pool_lane(stuck), &jobs[i]);
    began_ns = strait_now_ns();
    for (i = 7; i >= 0; i--) {
        check_err(strait_work_cancel(&jobs[i].work), 0);
        cr_assert(mailbox_take(&mailbox, 1));
        check_int(jobs[i].n_done, 1);
    }
    /* The gates would open by themselves after 10 s. */
    cr_assert(strait_now_ns() - began_ns < 5 * STRAIT_NS_PER_S);
    for (i = 0; i < 4; i++)
        gate_open(&gates[i]);
    cr_assert(mailbox_take(&mailbox, 4));
    for (i = 0; i < 4; i++)
        cr_assert(gates[i].held);
    check_err(strait_pool_destroy(stuck), 0);
}

FIXTURE_TEST(cancel, in_lanes_of_class_blocking)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *blocking;
    struct gate gate;

    config.lane_class = STRAIT_LANE_BLOCKING;
    config.max_threads = 1;
    check_err(strait_lane_create(&blocking, pool, &config), 0);
    cr_assert(gate_close(&gate, blocking, &mailbox.sink));
    submit(blocking, &jobs[0]);
    submit(blocking, &jobs[1]);
    check_err(strait_work_cancel(&jobs[0].work), 0);
    check_err(strait_work_cancel(&gate.work), -EALREADY);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(jobs[0].status, -ECANCELED);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(jobs[0].n_run, 0);
    check_int(jobs[1].n_run, 1);
}

/* As if so many items had passed an empty lane. */
static void
let_pass(strait_lane_t *through, uint64_t n)
{
    strait_ring_t *ring = &through->outlet.ring;

    /* rlx: the only worker is held. */
    strait_add_rlx(&ring->producer_, n << STRAIT_RING_SHIFT_);
    strait_add_rlx(&ring->consumer_, n);
    strait_add_rlx(&ring->freed_, n);
}

/* An item knows the lower half of its position only. */
FIXTURE_TEST(cancel, one_that_has_run_while_billions_passed_its_lane)
{
    static const uint64_t counts[] = { (uint64_t)1 << 31,
        ((uint64_t)1 << 31) + 1, ((uint64_t)1 << 32) - 2,
        ((uint64_t)1 << 32) - 1, (uint64_t)1 << 32, ((uint64_t)1 << 33) - 2 };
    size_t round;

    for (round = 0; round < sizeof counts / sizeof counts[0]; round++) {
        struct watcher watcher;
        int i;

        memset(jobs, 0, sizeof jobs);
        watcher_init(&watcher);
        check_err(strait_work_submit(lane, &watcher.work, &mailbox.sink), 0);
        cr_assert(wait_for(&watcher.entered));
        let_pass(lane, counts[round]);
        /* One of these may be where the running one seems to be. */
        for (i = 0; i < 4; i++)
            submit(lane, &jobs[i]);
        check_err(strait_work_cancel(&watcher.work), -EALREADY);
        check_int(strait_sink_drain(&mailbox.sink, 10, 0, NULL), 0);
        check_err(strait_work_cancel(&jobs[2].work), 0);
        sem_post(&watcher.go_on);
        cr_assert(mailbox_take(&mailbox, 5));
        check_err(watcher.status, 0);
        cr_assert(watcher.after);
        for (i = 0; i < 4; i++) {
            check_int(jobs[i].n_done, 1);
            check_int(jobs[i].n_run, i != 2);
        }
    }
}

/* The end of an item is the end of what it has to do with its pool. */
FIXTURE_TEST(cancel, one_whose_pool_is_gone)
{
    strait_pool_t *other = new_pool(1, 4);
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *ordered;

    config.order = STRAIT_ORDER_SUBMIT;
    check_err(strait_lane_create(&ordered, other, &config), 0);
    submit(strait_pool_lane(other), &jobs[0]);
    submit(ordered, &jobs[1]);
    cr_assert(mailbox_take(&mailbox, 2));
    check_err(strait_pool_destroy(other), 0);
    check_err(strait_work_cancel(&jobs[0].work), -ESRCH);
    check_err(strait_work_cancel(&jobs[1].work), -ESRCH);
    cr_assert(!strait_work_cancelled(&jobs[0].work));
    cr_assert(!strait_work_cancelled(&jobs[1].work));
    submit(lane, &jobs[1]);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(jobs[1].n_run, 2);
}

/* ----------------------------------------------------------------- groups */

static strait_group_t group;

static void
submit_member(strait_lane_t *to, struct job *job)
{
    init_job(job);
    check_err(strait_work_set_group(&job->work, &group), 0);
    check_err(strait_work_submit(to, &job->work, &mailbox.sink), 0);
}

FIXTURE_TEST(cancel, an_empty_group)
{
    strait_group_init(&group);
    check_int(strait_group_cancel(&group), 0);
    check_err(strait_group_cancel(&group), -EALREADY);
    /* Its first member comes too late. */
    init_job(&jobs[0]);
    check_err(strait_work_set_group(&jobs[0].work, &group), 0);
    check_err(
        strait_work_submit(lane, &jobs[0].work, &mailbox.sink), -ECANCELED);
    cr_assert(!strait_work_in_flight(&jobs[0].work));
    check_int(jobs[0].n_done, 0);
}

FIXTURE_TEST(cancel, members_in_two_lanes_and_nobody_else)
{
    strait_lane_t *second;
    struct gate gate;
    int i;

    check_err(strait_lane_create(&second, pool, NULL), 0);
    strait_group_init(&group);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    for (i = 0; i < 24; i++) {
        strait_lane_t *to = i % 2 == 0 ? lane : second;

        if (i % 3 == 0)
            submit_member(to, &jobs[i]);
        else
            submit(to, &jobs[i]);
    }
    check_int(strait_group_cancel(&group), 8);
    cr_assert(mailbox_take(&mailbox, 8));
    check_int(n_removed(lane), 4);
    check_int(n_removed(second), 4);
    for (i = 0; i < 24; i++) {
        check_int(jobs[i].n_done, i % 3 == 0);
        check_int(strait_work_in_flight(&jobs[i].work), i % 3 != 0);
    }
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 17));
    for (i = 0; i < 24; i++) {
        check_int(jobs[i].n_run, i % 3 != 0);
        check_int(jobs[i].n_done, 1);
        check_err(jobs[i].status, i % 3 == 0 ? -ECANCELED : 0);
    }
}

FIXTURE_TEST(cancel, a_running_member_sees_the_token_of_its_group)
{
    struct watcher watcher;

    strait_group_init(&group);
    watcher_init(&watcher);
    check_err(strait_work_set_group(&watcher.work, &group), 0);
    check_err(strait_work_submit(lane, &watcher.work, &mailbox.sink), 0);
    cr_assert(wait_for(&watcher.entered));
    check_int(strait_group_cancel(&group), 0);
    sem_post(&watcher.go_on);
    cr_assert(mailbox_take(&mailbox, 1));
    cr_assert(!watcher.before && watcher.after);
    check_err(watcher.status, 0);
}

FIXTURE_TEST(cancel, a_cancelled_group_admits_nobody_until_it_is_made_anew)
{
    struct gate gate;

    strait_group_init(&group);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    submit_member(lane, &jobs[0]);
    check_int(strait_group_cancel(&group), 1);
    check_err(strait_group_cancel(&group), -EALREADY);
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(
        strait_work_submit(lane, &jobs[0].work, &mailbox.sink), -ECANCELED);
    strait_group_init(&group);
    check_err(strait_work_submit(lane, &jobs[0].work, &mailbox.sink), 0);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(jobs[0].n_run, 1);
    check_err(jobs[0].status, 0);
}

FIXTURE_TEST(cancel, a_group_belongs_to_one_pool)
{
    strait_pool_t *other = new_pool(1, 4);

    strait_group_init(&group);
    submit_member(lane, &jobs[0]);
    init_job(&jobs[1]);
    check_err(strait_work_set_group(&jobs[1].work, &group), 0);
    check_err(strait_work_submit(
                  strait_pool_lane(other), &jobs[1].work, &mailbox.sink),
        -EINVAL);
    cr_assert(!strait_work_in_flight(&jobs[1].work));
    cr_assert(mailbox_take(&mailbox, 1));
    check_err(strait_pool_destroy(other), 0);
}

FIXTURE_TEST(cancel, set_group_while_in_flight_and_back)
{
    struct gate gate;

    strait_group_init(&group);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    submit(lane, &jobs[0]);
    check_err(strait_work_set_group(&jobs[0].work, &group), -EBUSY);
    submit_member(lane, &jobs[1]);
    check_err(strait_work_set_group(&jobs[1].work, NULL), -EBUSY);
    check_int(strait_group_cancel(&group), 1);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 3));
    check_int(jobs[0].n_run, 1);
    /* Out of the group: the cancel is nothing to it any more. */
    check_err(strait_work_set_group(&jobs[1].work, NULL), 0);
    check_err(strait_work_submit(lane, &jobs[1].work, &mailbox.sink), 0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(jobs[1].n_run, 1);
    check_err(jobs[1].status, 0);
}

FIXTURE_TEST(cancel, one_member_before_its_group)
{
    struct gate gate;

    strait_group_init(&group);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    submit_member(lane, &jobs[0]);
    submit_member(lane, &jobs[1]);
    check_err(strait_work_cancel(&jobs[0].work), 0);
    check_int(strait_group_cancel(&group), 1);
    check_err(strait_work_cancel(&jobs[1].work), -EALREADY);
    cr_assert(mailbox_take(&mailbox, 2));
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(jobs[0].n_done, 1);
    check_int(jobs[1].n_done, 1);
    check_int(jobs[0].n_run + jobs[1].n_run, 0);
}

/* ------------------------------------------------------------------- fork */

static void
cancel_in_child(void *arg)
{
    (void)arg;
    child_check(strait_work_cancel(&jobs[0].work) == -ECHILD);
    child_check(strait_group_cancel(&group) == -ECHILD);
    child_check(strait_work_in_flight(&jobs[0].work));
    child_check(
        strait_work_submit(lane, init_job(&jobs[1]), &mailbox.sink) == -ECHILD);
}

FIXTURE_TEST(cancel, in_the_child_of_a_fork)
{
    struct gate gate;

    strait_group_init(&group);
    cr_assert(gate_close(&gate, lane, &mailbox.sink));
    submit_member(lane, &jobs[0]);
    cr_assert(child_run(cancel_in_child, NULL) == NULL, "%s", child_complaint);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 2));
    check_err(jobs[0].status, 0);
}
