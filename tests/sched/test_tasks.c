/* SPDX-License-Identifier: MIT */
/*
 * test_tasks.c - groups of fork-join tasks: all members run once, or, after a
 * cancel, those that had begun.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <strait/pool.h>
#include <strait/tasks.h>

#include "one_pool.h"

#define MANY 1000

static strait_tasks_t group;
static STRAIT_ATOMIC(uint32_t) n_run[MANY];
static uint32_t n_begun;

static void
set_up(void)
{
    uint32_t i;

    n_begun = 0;
    for (i = 0; i < MANY; i++)
        strait_store_rlx(&n_run[i], 0);
}

static void
tear_down(void)
{
    close_pool();
}

TestSuite(tasks, .timeout = 60);

static void
run_on(uint32_t n_workers, strait_fork_fn fn, void *arg)
{
    check_err(strait_fork_run(open_pool(n_workers), fn, arg), 0);
}

static void
count(strait_frame_t *frame, void *arg)
{
    (void)frame;
    (void)strait_add_rlx((STRAIT_ATOMIC(uint32_t) *)arg, 1);
}

/* Roots complain by this; only the test's own thread asserts. */
struct verdict {
    int spawned;
    int joined;
    int joined_again;
    bool in_place;
};

static void
spawn_many(strait_frame_t *frame, void *arg)
{
    struct verdict *verdict = arg;
    strait_frame_t *before = frame;
    uint32_t i;

    strait_tasks_init(&group);
    for (i = 0; i < MANY; i++)
        verdict->spawned |= strait_tasks_spawn(
            &group, &frame, count, &n_run[i]);
    verdict->joined = strait_tasks_join(&group, &frame);
    verdict->in_place = frame == before;
    verdict->joined_again = strait_tasks_join(&group, &frame);
}

static void
check_many(uint32_t n_workers)
{
    struct verdict verdict = { 0, 1, 1, false };
    uint32_t i;

    run_on(n_workers, spawn_many, &verdict);
    check_err(verdict.spawned, 0);
    check_err(verdict.joined, 0);
    check_err(verdict.joined_again, 0);
    cr_assert(verdict.in_place);
    for (i = 0; i < MANY; i++)
        check_int(strait_load_rlx(&n_run[i]), 1);
}

FIXTURE_TEST(tasks, all_run_once_on_one_worker)
{
    check_many(1);
}

FIXTURE_TEST(tasks, all_run_once_on_eight_workers)
{
    check_many(8);
}

/* The last one spawned is the first to run: it calls the others off. */
static void
call_off(strait_frame_t *frame, void *arg)
{
    (void)frame;
    n_begun++;
    *(int *)arg = strait_tasks_cancel(&group);
}

static void
spawn_and_call_off(strait_frame_t *frame, void *arg)
{
    int *errs = arg;
    uint32_t i;

    strait_tasks_init(&group);
    for (i = 0; i < 10; i++)
        errs[0] |= strait_tasks_spawn(&group, &frame, count, &n_run[i]);
    errs[0] |= strait_tasks_spawn(&group, &frame, call_off, &errs[1]);
    errs[2] = strait_tasks_join(&group, &frame);
    errs[3] = strait_tasks_spawn(&group, &frame, count, &n_run[0]);
    errs[4] = strait_tasks_join(&group, &frame);
    errs[5] = strait_tasks_cancel(&group);
}

FIXTURE_TEST(tasks, a_cancel_keeps_from_running_what_has_not_begun)
{
    int errs[6] = { 0, 1, 0, 0, 0, 0 };
    uint32_t i;

    run_on(1, spawn_and_call_off, errs);
    check_err(errs[0], 0);
    check_err(errs[1], 0);
    check_err(errs[2], -ECANCELED);
    check_err(errs[3], -ECANCELED);
    check_err(errs[4], -ECANCELED);
    check_err(errs[5], -EALREADY);
    check_int(n_begun, 1);
    for (i = 0; i < 10; i++)
        check_int(strait_load_rlx(&n_run[i]), 0);
}

static void
spawn_inside(strait_frame_t *frame, void *arg)
{
    STRAIT_ATOMIC(uint32_t) *first = arg;
    strait_tasks_t tasks;
    uint32_t i;

    strait_tasks_init(&tasks);
    for (i = 0; i < 10; i++)
        (void)strait_tasks_spawn(&tasks, &frame, count, &first[i]);
    (void)strait_tasks_join(&tasks, &frame);
}

static void
spawn_nested(strait_frame_t *frame, void *arg)
{
    strait_tasks_t tasks;
    uint32_t i;

    strait_tasks_init(&tasks);
    for (i = 0; i < MANY / 10; i++)
        (void)strait_tasks_spawn(&tasks, &frame, spawn_inside, &n_run[i * 10]);
    *(int *)arg = strait_tasks_join(&tasks, &frame);
}

FIXTURE_TEST(tasks, members_have_groups_of_their_own)
{
    int err = 1;
    uint32_t i;

    run_on(4, spawn_nested, &err);
    check_err(err, 0);
    for (i = 0; i < MANY; i++)
        check_int(strait_load_rlx(&n_run[i]), 1);
}

FIXTURE_TEST(tasks, bad_input_is_refused)
{
    strait_frame_t *none = NULL;

    strait_tasks_init(NULL);
    strait_tasks_init(&group);
    check_err(strait_tasks_spawn(NULL, &none, count, NULL), -EINVAL);
    check_err(strait_tasks_spawn(&group, NULL, count, NULL), -EINVAL);
    check_err(strait_tasks_spawn(&group, &none, count, NULL), -EINVAL);
    check_err(strait_tasks_join(NULL, &none), -EINVAL);
    check_err(strait_tasks_join(&group, NULL), -EINVAL);
    check_err(strait_tasks_join(&group, &none), -EINVAL);
    check_err(strait_tasks_cancel(NULL), -EINVAL);
    cr_assert(!strait_tasks_cancelled(NULL));
}
