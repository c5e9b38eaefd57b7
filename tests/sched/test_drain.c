/* SPDX-License-Identifier: MIT */
/*
 * test_drain.c - whoever finds a lane full hears when there is room again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/pool.h>

#include "child.h"
#include "job.h"
#include "one_pool.h"

#define QUEUED 16
#define LOW 4

static strait_lane_t *lane;
static struct mailbox mailbox;
static struct mailbox bell; /* where the drains arrive */
static struct job jobs[QUEUED];
static struct stay stay;

struct wish {
    strait_drain_t drain;
    int n_calls;
    int status;
};

static void
hear(strait_drain_t *drain, int status, void *arg)
{
    struct wish *wish = arg;

    (void)drain;
    wish->n_calls++;
    wish->status = status;
}

static strait_drain_t *
wish_init(struct wish *wish)
{
    memset(wish, 0, sizeof *wish);
    wish->status = 1;
    strait_drain_init(&wish->drain, hear, wish);
    return &wish->drain;
}

static void
set_up(void)
{
    strait_lane_config_t lane_config = STRAIT_LANE_CONFIG_INIT;

    (void)open_pool(1);
    lane_config.max_queued = QUEUED;
    lane_config.low_water = LOW;
    check_err(strait_lane_create(&lane, pool, &lane_config), 0);
    mailbox_init(&mailbox);
    mailbox_init(&bell);
}

static void
tear_down(void)
{
    close_pool();
}

TestSuite(drain, .timeout = 30);

/* The worker is held, and n items wait. */
static void
fill(int n)
{
    int i;

    cr_assert(stay_enter(&stay, lane, &mailbox));
    for (i = 0; i < n; i++) {
        job_init(&jobs[i]);
        check_err(job_submit(&jobs[i], lane, &mailbox), 0);
    }
}

static void
empty(size_t n)
{
    stay_leave(&stay);
    cr_assert(mailbox_take(&mailbox, 1 + n));
}

static size_t
n_rung(void)
{
    return strait_sink_drain(&bell.sink, 100, 0, NULL);
}

FIXTURE_TEST(drain, bad_arguments_are_named)
{
    struct wish wish;

    wish_init(&wish);
    check_err(strait_lane_on_drain(NULL, &wish.drain, &bell.sink), -EINVAL);
    check_err(strait_lane_on_drain(lane, NULL, &bell.sink), -EINVAL);
    check_err(strait_lane_on_drain(lane, &wish.drain, NULL), -EINVAL);
    strait_drain_init(&wish.drain, NULL, NULL);
    check_err(strait_lane_on_drain(lane, &wish.drain, &bell.sink), -EINVAL);
    strait_drain_init(NULL, hear, NULL);
    check_int(n_rung(), 0);
}

FIXTURE_TEST(drain, a_lane_with_room_calls_at_once_but_not_from_inside)
{
    struct wish wish;
    int i;

    wish_init(&wish);
    for (i = 1; i <= 3; i++) {
        check_err(strait_lane_on_drain(lane, &wish.drain, &bell.sink), 0);
        check_int(wish.n_calls, i - 1);
        check_int(n_rung(), 1);
        check_int(wish.n_calls, i);
        check_err(wish.status, 0);
    }
}

FIXTURE_TEST(drain, one_call_at_low_water)
{
    struct wish wish;
    int i;

    fill(QUEUED);
    check_err(job_submit(
                  &(struct job){ .work = { .run_ = job_run } }, lane, &mailbox),
        -EAGAIN);
    wish_init(&wish);
    check_err(strait_lane_on_drain(lane, &wish.drain, &bell.sink), 0);
    check_err(strait_lane_on_drain(lane, &wish.drain, &bell.sink), -EBUSY);
    check_int(n_rung(), 0);
    /* By removals, so that the moment can be seen. */
    for (i = 0; i < QUEUED - LOW - 1; i++) {
        check_err(strait_work_cancel(&jobs[i].work), 0);
        check_int(n_rung(), 0);
    }
    check_err(strait_work_cancel(&jobs[i].work), 0);
    check_int(strait_lane_queued(lane), LOW);
    check_int(n_rung(), 1);
    check_int(wish.n_calls, 1);
    check_err(wish.status, 0);
    /* The wish is used up. */
    check_err(strait_work_cancel(&jobs[i + 1].work), 0);
    check_int(n_rung(), 0);
    empty(QUEUED);
    check_int(n_rung(), 0);
}

FIXTURE_TEST(drain, workers_call_too)
{
    struct wish wish;

    fill(QUEUED);
    wish_init(&wish);
    check_err(strait_lane_on_drain(lane, &wish.drain, &bell.sink), 0);
    stay_leave(&stay);
    cr_assert(mailbox_take(&bell, 1));
    check_int(wish.n_calls, 1);
    cr_assert(mailbox_take(&mailbox, 1 + QUEUED));
}

FIXTURE_TEST(drain, all_who_wait_are_called)
{
    static struct wish wishes[40];
    struct mailbox other;
    int i;

    mailbox_init(&other);
    fill(QUEUED);
    for (i = 0; i < 40; i++) {
        wish_init(&wishes[i]);
        check_err(strait_lane_on_drain(lane, &wishes[i].drain,
                      i % 2 == 0 ? &bell.sink : &other.sink),
            0);
    }
    empty(QUEUED);
    check_int(n_rung(), 20);
    check_int(strait_sink_drain(&other.sink, 100, 0, NULL), 20);
    for (i = 0; i < 40; i++) {
        check_int(wishes[i].n_calls, 1);
        check_err(wishes[i].status, 0);
    }
}

FIXTURE_TEST(drain, a_group_cancel_makes_room)
{
    struct wish wish;
    strait_group_t group;
    int i;

    strait_group_init(&group);
    cr_assert(stay_enter(&stay, lane, &mailbox));
    for (i = 0; i < QUEUED; i++) {
        job_init(&jobs[i]);
        check_err(strait_work_set_group(&jobs[i].work, &group), 0);
        check_err(job_submit(&jobs[i], lane, &mailbox), 0);
    }
    wish_init(&wish);
    check_err(strait_lane_on_drain(lane, &wish.drain, &bell.sink), 0);
    check_int(strait_group_cancel(&group), QUEUED);
    check_int(n_rung(), 1);
    check_int(wish.n_calls, 1);
    empty(QUEUED);
}

FIXTURE_TEST(drain, by_default_at_a_quarter)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    struct wish wish;
    int i;

    config.max_queued = QUEUED;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    fill(QUEUED);
    wish_init(&wish);
    check_err(strait_lane_on_drain(lane, &wish.drain, &bell.sink), 0);
    for (i = 0; i < QUEUED; i++) {
        check_err(strait_work_cancel(&jobs[i].work), 0);
        check_int(n_rung(), i == QUEUED - QUEUED / 4 - 1);
    }
    empty(QUEUED);
}

FIXTURE_TEST(drain, its_function_may_wish_again)
{
    struct wish wish;
    int i;

    fill(LOW);
    wish_init(&wish);
    for (i = 0; i < 10; i++) {
        check_err(strait_lane_on_drain(lane, &wish.drain, &bell.sink), 0);
        check_int(n_rung(), 1);
    }
    check_int(wish.n_calls, 10);
    empty(LOW);
}

FIXTURE_TEST(drain, a_closed_pool_calls_all_who_wait)
{
    static struct wish wishes[5];
    int i;

    fill(QUEUED);
    for (i = 0; i < 4; i++) {
        wish_init(&wishes[i]);
        check_err(strait_lane_on_drain(lane, &wishes[i].drain, &bell.sink), 0);
    }
    check_err(strait_pool_close(pool), 0);
    check_int(n_rung(), 4);
    for (i = 0; i < 4; i++) {
        check_int(wishes[i].n_calls, 1);
        check_err(wishes[i].status, -ESHUTDOWN);
    }
    wish_init(&wishes[4]);
    check_err(
        strait_lane_on_drain(lane, &wishes[4].drain, &bell.sink), -ESHUTDOWN);
    check_int(n_rung(), 0);
    empty(QUEUED);
    check_int(n_rung(), 0);
}

FIXTURE_TEST(drain, a_closed_sink_says_so)
{
    struct wish wish;

    fill(0);
    wish_init(&wish);
    check_err(strait_lane_on_drain(lane, &wish.drain, &bell.sink), 0);
    check_int(strait_sink_drain(&bell.sink, 1, -ECANCELED, NULL), 1);
    check_err(wish.status, -ECANCELED);
    empty(0);
}

static void
wish_in_child(void *arg)
{
    child_check(strait_lane_on_drain(lane, arg, &bell.sink) == -ECHILD);
}

FIXTURE_TEST(drain, in_the_child_of_a_fork)
{
    struct wish wish;

    fill(0);
    cr_assert(child_run(wish_in_child, wish_init(&wish)) == NULL, "%s",
        child_complaint);
    empty(0);
}

/* --------------------------------------------- a producer that relies on it */

struct producer {
    struct mailbox mailbox;
    struct wish wish;
    struct job job[2 * QUEUED];
    unsigned n_refused;
    unsigned n_wrong;
};

/* Submits all its items again and again; when refused it waits for the call. */
static void *
produce(void *arg)
{
    struct producer *self = arg;
    int round;
    int i;

    for (round = 0; round < 300 / SANITIZER_SLOWDOWN; round++) {
        for (i = 0; i < 2 * QUEUED; i++) {
            int err;

            job_init(&self->job[i]);
            while ((err = job_submit(&self->job[i], lane, &self->mailbox)) ==
                -EAGAIN) {
                self->n_refused++;
                wish_init(&self->wish);
                err = strait_lane_on_drain(
                    lane, &self->wish.drain, &self->mailbox.sink);
                self->n_wrong += err != 0;
                while (self->wish.n_calls == 0 &&
                    mailbox_take(&self->mailbox, 1)) {}
                self->n_wrong += self->wish.status != 0;
            }
            self->n_wrong += err != 0;
        }
        for (i = 0; i < 2 * QUEUED; i++) {
            while (
                self->job[i].n_done == 0 && mailbox_take(&self->mailbox, 1)) {}
            self->n_wrong += self->job[i].n_run != 1;
        }
    }
    return NULL;
}

FIXTURE_TEST(drain, producers_that_wait_for_it_get_everything_done)
{
    static struct producer producers[3];
    pthread_t thread[3];
    unsigned n_refused = 0;
    int i;

    for (i = 0; i < 3; i++) {
        memset(&producers[i], 0, sizeof producers[i]);
        mailbox_init(&producers[i].mailbox);
        pthread_create(&thread[i], NULL, produce, &producers[i]);
    }
    for (i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
        check_int(producers[i].n_wrong, 0);
        n_refused += producers[i].n_refused;
    }
    cr_assert(n_refused > 0); /* it was really put to the test */
}
