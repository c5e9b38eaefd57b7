/* SPDX-License-Identifier: MIT */
/*
 * test_loop.c - the life of a loop and its turn: run modes and what they
 * answer, stop, owner, bad input, memory, fork, statistics.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/timer.h>
#include <sys/resource.h>
#include <unistd.h>

#include "blocks.h"
#include "child.h"
#include "proc.h"
#include "unit.h"

static strait_loop_t *loop;
static unsigned n_fds_before;

static void
set_up(void)
{
    n_fds_before = proc_n_fds();
    check_err(strait_loop_create(&loop, NULL), 0);
}

static void
tear_down(void)
{
    check_err(strait_loop_destroy(loop), 0);
    check_int(proc_n_fds(), n_fds_before);
}

TestSuite(loop, .timeout = 30);

static void
count_timer(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (*(int *)arg)++;
}

static void
count_post(strait_post_t *post, int status, void *arg)
{
    (void)post;
    *(int *)arg += status == 0 ? 1 : 1000;
}

/* ------------------------------------------------------------ run modes */

FIXTURE_TEST(loop, without_work_every_mode_returns_0_at_once)
{
    strait_loop_stats_t stats = STRAIT_LOOP_STATS_INIT;

    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_ONCE), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
    check_err(strait_loop_stats(loop, &stats), 0);
    check_int(stats.n_sleeps, 0);
}

FIXTURE_TEST(loop, default_runs_until_there_is_no_work)
{
    strait_timer_t timers[3];
    int n = 0;
    int i;

    for (i = 0; i < 3; i++) {
        strait_timer_init(&timers[i], count_timer, &n);
        check_err(strait_timer_start(loop, &timers[i],
                      strait_now_ns() + (uint64_t)i * 3 * STRAIT_NS_PER_MS, 0),
            0);
    }
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n, 3);
}

FIXTURE_TEST(loop, nowait_does_not_sleep_and_says_that_work_is_left)
{
    strait_loop_stats_t stats = STRAIT_LOOP_STATS_INIT;
    strait_timer_t timer;
    int n = 0;

    strait_timer_init(&timer, count_timer, &n);
    check_err(strait_timer_start(
                  loop, &timer, strait_now_ns() + 3600 * STRAIT_NS_PER_S, 0),
        0);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    check_int(n, 0);
    check_err(strait_loop_stats(loop, &stats), 0);
    check_int(stats.n_sleeps, 0);
    check_int(stats.n_turns, 2);
    check_err(strait_timer_stop(loop, &timer), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
}

FIXTURE_TEST(loop, nowait_runs_what_is_due_and_what_is_queued)
{
    strait_post_t post;
    strait_timer_t timer;
    int n_timer = 0;
    int n_post = 0;

    strait_timer_init(&timer, count_timer, &n_timer);
    strait_post_init(&post, count_post, &n_post);
    check_err(strait_timer_start(loop, &timer, 0, 0), 0);
    check_err(strait_loop_post(strait_loop_self(loop), &post), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
    check_int(n_timer, 1);
    check_int(n_post, 1);
}

FIXTURE_TEST(loop, once_sleeps_until_a_deadline)
{
    uint64_t deadline_ns = strait_now_ns() + 20 * STRAIT_NS_PER_MS;
    strait_timer_t timer;
    int n = 0;
    int n_turns = 0;

    strait_timer_init(&timer, count_timer, &n);
    check_err(strait_timer_start(loop, &timer, deadline_ns, 0), 0);
    while (strait_loop_run(loop, STRAIT_RUN_ONCE) == 1)
        n_turns++;
    check_int(n, 1);
    cr_assert(strait_now_ns() >= deadline_ns);
    /* It slept: it did not spin through turns until the time had come. */
    cr_assert(n_turns < 50, "%d turns", n_turns);
}

/* What it waits for next may never come. */
FIXTURE_TEST(loop, once_does_not_sleep_after_a_callback)
{
    strait_loop_ref_t *ref;
    strait_timer_t timer;
    strait_timer_t far;
    strait_post_t post;
    int n = 0;

    check_err(strait_loop_ref_open(loop, &ref), 0);
    strait_timer_init(&far, count_timer, &n);
    check_err(strait_timer_start(loop, &far, STRAIT_TIMER_NEVER, 0), 0);
    strait_post_init(&post, count_post, &n);
    check_err(strait_loop_post(ref, &post), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_ONCE), 1);
    check_int(n, 1);
    strait_timer_init(&timer, count_timer, &n);
    check_err(strait_timer_start(loop, &timer, 0, 0), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_ONCE), 1);
    check_int(n, 2);
    check_err(strait_timer_stop(loop, &far), 0);
    strait_loop_ref_close(ref);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
}

FIXTURE_TEST(loop, an_unknown_mode_is_refused)
{
    check_err(strait_loop_run(loop, -1), -EINVAL);
    check_err(strait_loop_run(loop, 3), -EINVAL);
    check_err(strait_loop_run(loop, 1000000), -EINVAL);
}

/* ----------------------------------------------------------- stop, nesting */

static int nested_run;
static int nested_destroy;
static int nested_adopt;
static int n_other;

static void
stop_it(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (void)arg;
    n_other += strait_loop_stop(loop) == 0 ? 1 : 1000;
}

FIXTURE_TEST(loop, stop_ends_the_run_after_the_callback_at_hand)
{
    strait_timer_t first;
    strait_timer_t second;
    int n = 0;

    n_other = 0;
    strait_timer_init(&first, stop_it, NULL);
    strait_timer_init(&second, count_timer, &n);
    check_err(strait_timer_start(loop, &first, 1, 0), 0);
    check_err(strait_timer_start(loop, &second, 2, 0), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 1);
    check_int(n_other, 1);
    check_int(n, 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n, 1);
}

static void
stop_by_post(strait_post_t *post, int status, void *arg)
{
    (void)post;
    (void)status;
    (void)arg;
    strait_loop_stop(loop);
}

FIXTURE_TEST(loop, stop_from_a_post_leaves_the_posts_behind_for_the_next_run)
{
    strait_post_t first;
    strait_post_t second;
    int n = 0;

    strait_post_init(&first, stop_by_post, NULL);
    strait_post_init(&second, count_post, &n);
    check_err(strait_loop_post(strait_loop_self(loop), &first), 0);
    check_err(strait_loop_post(strait_loop_self(loop), &second), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 1);
    check_int(n, 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n, 1);
}

FIXTURE_TEST(loop, stop_before_run_is_remembered_once)
{
    strait_timer_t timer;
    int n = 0;

    strait_timer_init(&timer, count_timer, &n);
    check_err(strait_timer_start(loop, &timer, 0, 0), 0);
    check_err(strait_loop_stop(loop), 0);
    check_err(strait_loop_stop(loop), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 1);
    check_int(n, 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n, 1);
}

static void
nest(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (void)arg;
    nested_run = strait_loop_run(loop, STRAIT_RUN_NOWAIT);
    nested_destroy = strait_loop_destroy(loop);
    nested_adopt = strait_loop_adopt(loop);
}

FIXTURE_TEST(
    loop, from_a_callback_it_can_be_neither_run_nor_destroyed_nor_adopted)
{
    strait_timer_t timer;

    strait_timer_init(&timer, nest, NULL);
    check_err(strait_timer_start(loop, &timer, 0, 0), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_err(nested_run, -EBUSY);
    check_err(nested_destroy, -EBUSY);
    check_err(nested_adopt, -EBUSY);
}

/* ------------------------------------------------------------- the owner */

struct answers {
    int run;
    int stop;
    int destroy;
    int ref_open;
    int timer_start;
    int timer_stop;
    int submit;
    int stats;
    int adopt;
};

static void
no_work(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

static void *
be_a_stranger(void *arg)
{
    struct answers *answers = arg;
    strait_loop_stats_t stats = STRAIT_LOOP_STATS_INIT;
    strait_loop_ref_t *ref;
    strait_timer_t timer;
    strait_work_t work;
    int n = 0;

    strait_timer_init(&timer, count_timer, &n);
    strait_work_init(&work, no_work, NULL, NULL);
    answers->run = strait_loop_run(loop, STRAIT_RUN_NOWAIT);
    answers->stop = strait_loop_stop(loop);
    answers->destroy = strait_loop_destroy(loop);
    answers->ref_open = strait_loop_ref_open(loop, &ref);
    answers->timer_start = strait_timer_start(loop, &timer, 0, 0);
    answers->timer_stop = strait_timer_stop(loop, &timer);
    answers->submit = strait_loop_submit(loop, NULL, &work);
    answers->stats = strait_loop_stats(loop, &stats);
    return NULL;
}

FIXTURE_TEST(loop, another_thread_may_not_touch_it)
{
    struct answers answers;
    pthread_t thread;

    pthread_create(&thread, NULL, be_a_stranger, &answers);
    pthread_join(thread, NULL);
    check_err(answers.run, -EPERM);
    check_err(answers.stop, -EPERM);
    check_err(answers.destroy, -EPERM);
    check_err(answers.ref_open, -EPERM);
    check_err(answers.timer_start, -EPERM);
    check_err(answers.timer_stop, -EPERM);
    check_err(answers.submit, -EPERM);
    check_err(answers.stats, -EPERM);
    /* Nothing happened: the owner's next run is not stopped. */
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
}

static void *
adopt_and_run(void *arg)
{
    struct answers *answers = arg;
    strait_timer_t timer;
    int n = 0;

    answers->adopt = strait_loop_adopt(loop);
    strait_timer_init(&timer, count_timer, &n);
    answers->timer_start = strait_timer_start(loop, &timer, 0, 0);
    answers->run = strait_loop_run(loop, STRAIT_RUN_DEFAULT);
    answers->stats = n;
    return NULL;
}

FIXTURE_TEST(loop, adopt_makes_another_thread_the_owner)
{
    struct answers answers;
    pthread_t thread;

    pthread_create(&thread, NULL, adopt_and_run, &answers);
    pthread_join(thread, NULL);
    check_err(answers.adopt, 0);
    check_err(answers.timer_start, 0);
    check_err(answers.run, 0);
    check_int(answers.stats, 1);
    check_err(strait_loop_run(loop, STRAIT_RUN_NOWAIT), -EPERM);
    check_err(strait_loop_destroy(loop), -EPERM);
    check_err(strait_loop_adopt(loop), 0);
    check_err(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
}

/* ---------------------------------------------------------- bad input */

FIXTURE_TEST(loop, null_is_answered)
{
    strait_loop_stats_t stats = STRAIT_LOOP_STATS_INIT;
    strait_loop_ref_t *ref = NULL;
    strait_work_t work;

    strait_work_init(&work, no_work, NULL, NULL);
    check_err(strait_loop_create(NULL, NULL), -EINVAL);
    check_err(strait_loop_adopt(NULL), -EINVAL);
    check_err(strait_loop_run(NULL, STRAIT_RUN_DEFAULT), -EINVAL);
    check_err(strait_loop_stop(NULL), -EINVAL);
    check_err(strait_loop_destroy(NULL), 0);
    check_int(strait_loop_now_ns(NULL), 0);
    check_err(strait_loop_ref_open(NULL, &ref), -EINVAL);
    check_err(strait_loop_ref_open(loop, NULL), -EINVAL);
    check_ptr(strait_loop_ref_dup(NULL), NULL);
    strait_loop_ref_close(NULL);
    check_ptr(strait_loop_self(NULL), NULL);
    check_ptr(strait_loop_ref_sink(NULL), NULL);
    check_err(strait_loop_submit(NULL, NULL, &work), -EINVAL);
    check_err(strait_loop_submit(loop, NULL, &work), -EINVAL);
    check_err(strait_loop_stats(NULL, &stats), -EINVAL);
    check_err(strait_loop_stats(loop, NULL), -EINVAL);
    /* A ref_open that failed has left no reference behind. */
    check_ptr(ref, NULL);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
}

FIXTURE_TEST(loop, bad_configurations_are_refused)
{
    strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;
    strait_allocator_t half = *strait_allocator_default(NULL);
    strait_loop_t *other = loop;

    config.size = 0;
    check_err(strait_loop_create(&other, &config), -EINVAL);
    config.size = sizeof config + 1;
    check_err(strait_loop_create(&other, &config), -EINVAL);
    config.size = sizeof config;
    config.reserved = 1;
    check_err(strait_loop_create(&other, &config), -EINVAL);
    config.reserved = 0;
    half.alloc = NULL;
    config.allocator = &half;
    check_err(strait_loop_create(&other, &config), -EINVAL);
    check_ptr(other, loop);
}

FIXTURE_TEST(loop, statistics_refuse_an_unknown_size)
{
    strait_loop_stats_t stats = STRAIT_LOOP_STATS_INIT;

    stats.size = 0;
    stats.n_turns = 77;
    check_err(strait_loop_stats(loop, &stats), -EINVAL);
    stats.size = sizeof stats + 8;
    check_err(strait_loop_stats(loop, &stats), -EINVAL);
    check_int(stats.n_turns, 77);
}

/* ------------------------------------------- memory, descriptors, errno */

FIXTURE_TEST(loop, all_memory_comes_from_the_given_allocator_and_goes_back)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;
    strait_loop_ref_t *ref;
    strait_loop_t *other;

    config.allocator = blocks_allocator(&blocks);
    check_err(strait_loop_create(&other, &config), 0);
    cr_assert(blocks.n_live > 0);
    check_err(strait_loop_ref_open(other, &ref), 0);
    check_err(strait_loop_destroy(other), 0);
    cr_assert(blocks.n_live > 0, "the reference is still held");
    strait_loop_ref_close(ref);
    check_blocks(&blocks);
}

FIXTURE_TEST(loop, every_failing_allocation_is_survived)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;
    unsigned fds = proc_n_fds();
    strait_loop_t *other = NULL;
    unsigned n_calls;
    unsigned k;

    config.allocator = blocks_allocator(&blocks);
    check_err(strait_loop_create(&other, &config), 0);
    check_err(strait_loop_destroy(other), 0);
    n_calls = blocks.n_calls;
    cr_assert(n_calls > 0);
    for (k = 1; k <= n_calls; k++) {
        other = NULL;
        blocks.fail_at = k;
        check_err(strait_loop_create(&other, &config), -ENOMEM);
        check_ptr(other, NULL);
        check_blocks(&blocks);
        check_int(proc_n_fds(), fds);
    }
}

static void
create_without_descriptors(void *arg)
{
    struct blocks *blocks = arg;
    strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;
    unsigned fds = proc_n_fds();
    unsigned allowed;
    struct rlimit limit;
    int n_failed = 0;

    config.allocator = blocks_allocator(blocks);
    getrlimit(RLIMIT_NOFILE, &limit);
    /* Let the limit rise until it suffices: each descriptor fails once. */
    for (allowed = 0; allowed < 64; allowed++) {
        strait_loop_t *other = NULL;
        int err;

        limit.rlim_cur = allowed;
        child_check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        err = strait_loop_create(&other, &config);
        limit.rlim_cur = limit.rlim_max < 256 ? limit.rlim_max : 256;
        child_check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        if (err == 0) {
            child_check(strait_loop_destroy(other) == 0);
            break;
        }
        n_failed++;
        child_check(err == -EMFILE);
        child_check(other == NULL);
        child_check(blocks_complaint(blocks) == NULL);
        child_check(proc_n_fds() == fds);
    }
    child_check(n_failed >= 2 && allowed < 64);
}

FIXTURE_TEST(loop, no_descriptors_is_an_error_and_nothing_stays_behind)
{
    static struct blocks blocks = BLOCKS_INIT;

    cr_assert(child_run(create_without_descriptors, &blocks) == NULL, "%s",
        child_complaint);
}

FIXTURE_TEST(loop, descriptors_close_on_exec)
{
    char path[64];
    char text[512];
    int fd;
    int n_checked = 0;

    for (fd = 0; fd < 1024; fd++) {
        char target[64] = "";

        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof target - 1) < 0)
            continue;
        if (strstr(target, "eventpoll") == NULL &&
            strstr(target, "eventfd") == NULL)
            continue;
        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
        proc_read(path, text, sizeof text);
        /* Octal 02000000 is O_CLOEXEC. */
        if (strtoull(strstr(text, "flags:") + 6, NULL, 8) & 02000000)
            n_checked++;
    }
    cr_assert(n_checked >= 2, "%d", n_checked);
}

FIXTURE_TEST(loop, errno_is_never_touched)
{
    strait_timer_t timer;
    strait_post_t post;
    int n = 0;

    strait_timer_init(&timer, count_timer, &n);
    strait_post_init(&post, count_post, &n);
    errno = 12345;
    check_err(
        strait_timer_start(loop, &timer, strait_now_ns() + STRAIT_NS_PER_MS, 0),
        0);
    check_err(strait_loop_post(strait_loop_self(loop), &post), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n, 2);
    check_int(errno, 12345);
}

FIXTURE_TEST(loop, a_thousand_loops_leave_nothing_behind, .timeout = 60)
{
    unsigned fds = proc_n_fds();
    int i;

    for (i = 0; i < 1000; i++) {
        strait_loop_t *other;

        check_err(strait_loop_create(&other, NULL), 0);
        check_err(strait_loop_destroy(other), 0);
    }
    check_int(proc_n_fds(), fds);
}

/* ------------------------------------------------------------------ time */

static uint64_t seen_now[2];

static void
read_time_twice(strait_timer_t *timer, void *arg)
{
    struct timespec pause = { 0, 3000000 };

    (void)timer;
    (void)arg;
    seen_now[0] = strait_loop_now_ns(loop);
    nanosleep(&pause, NULL);
    seen_now[1] = strait_loop_now_ns(loop);
}

FIXTURE_TEST(loop, the_time_is_that_of_the_turn)
{
    uint64_t created_ns = strait_loop_now_ns(loop);
    uint64_t before_ns = strait_now_ns();
    strait_timer_t timer;

    cr_assert(created_ns > 0 && created_ns <= before_ns);
    strait_timer_init(&timer, read_time_twice, NULL);
    check_err(strait_timer_start(loop, &timer, 0, 0), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(seen_now[0], seen_now[1]);
    cr_assert(seen_now[0] >= before_ns && seen_now[0] <= strait_now_ns());
}

/* ----------------------------------------------------------------- fork */

struct forked {
    strait_loop_t *loop;
    strait_loop_ref_t *ref;
    struct blocks *blocks;
};

static void
use_in_child(void *arg)
{
    struct forked *forked = arg;
    unsigned fds = proc_n_fds();
    strait_loop_ref_t *ref = NULL;
    strait_timer_t timer;
    strait_post_t post;
    strait_work_t work;
    strait_loop_t *mine;
    int n = 0;

    strait_timer_init(&timer, count_timer, &n);
    strait_post_init(&post, count_post, &n);
    strait_work_init(&work, no_work, NULL, NULL);
    child_check(strait_loop_run(forked->loop, STRAIT_RUN_DEFAULT) == -ECHILD);
    child_check(strait_loop_stop(forked->loop) == -ECHILD);
    child_check(strait_loop_adopt(forked->loop) == -ECHILD);
    child_check(strait_timer_start(forked->loop, &timer, 0, 0) == -ECHILD);
    child_check(strait_timer_stop(forked->loop, &timer) == -ECHILD);
    child_check(strait_loop_ref_open(forked->loop, &ref) == -ECHILD);
    child_check(strait_loop_post(forked->ref, &post) == -ECHILD);
    child_check(strait_loop_submit(forked->loop, NULL, &work) == -ECHILD);
    strait_loop_ref_close(forked->ref);
    child_check(strait_loop_destroy(forked->loop) == 0);
    child_check(proc_n_fds() == fds - 2);
    child_check(n == 0);
    /* A loop of the child's own works. */
    child_check(strait_loop_create(&mine, NULL) == 0);
    child_check(strait_timer_start(mine, &timer, 0, 0) == 0);
    child_check(strait_loop_run(mine, STRAIT_RUN_DEFAULT) == 0);
    child_check(n == 1);
    child_check(strait_loop_destroy(mine) == 0);
}

FIXTURE_TEST(
    loop, in_the_child_of_a_fork_it_answers_echild_and_destroy_only_frees)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;
    struct forked forked = { NULL, NULL, &blocks };
    strait_post_t post;
    int n = 0;

    config.allocator = blocks_allocator(&blocks);
    check_err(strait_loop_create(&forked.loop, &config), 0);
    check_err(strait_loop_ref_open(forked.loop, &forked.ref), 0);
    strait_post_init(&post, count_post, &n);
    check_err(strait_loop_post(forked.ref, &post), 0);
    cr_assert(child_run(use_in_child, &forked) == NULL, "%s", child_complaint);
    /* The parent has noticed nothing: post and reference are as they were. */
    strait_loop_ref_close(forked.ref);
    check_int(strait_loop_run(forked.loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n, 1);
    check_err(strait_loop_destroy(forked.loop), 0);
    check_blocks(&blocks);
}

static void
free_in_child(void *arg)
{
    struct forked *forked = arg;

    child_check(strait_loop_destroy(forked->loop) == 0);
    child_check(blocks_complaint(forked->blocks) == NULL);
}

FIXTURE_TEST(
    loop, in_the_child_destroy_gives_all_memory_back_if_no_reference_is_held)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;
    struct forked forked = { NULL, NULL, &blocks };

    config.allocator = blocks_allocator(&blocks);
    check_err(strait_loop_create(&forked.loop, &config), 0);
    cr_assert(child_run(free_in_child, &forked) == NULL, "%s", child_complaint);
    check_err(strait_loop_destroy(forked.loop), 0);
}

/* ----------------------------------------------------------- statistics */

FIXTURE_TEST(loop, statistics_count)
{
    strait_loop_stats_t stats = STRAIT_LOOP_STATS_INIT;
    strait_timer_t timers[5];
    strait_post_t posts[7];
    int n = 0;
    int i;

    for (i = 0; i < 5; i++) {
        strait_timer_init(&timers[i], count_timer, &n);
        check_err(strait_timer_start(loop, &timers[i], 0, 0), 0);
    }
    for (i = 0; i < 7; i++) {
        strait_post_init(&posts[i], count_post, &n);
        check_err(strait_loop_post(strait_loop_self(loop), &posts[i]), 0);
    }
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n, 12);
    check_err(strait_loop_stats(loop, &stats), 0);
    check_int(stats.size, sizeof stats);
    check_int(stats.n_timers, 5);
    check_int(stats.n_delivered, 7);
    check_int(stats.n_sleeps, 0);
    check_int(stats.n_bells, 0);
    check_int(stats.n_gap_waits, 0);
    cr_assert(stats.n_turns >= 1);
}
