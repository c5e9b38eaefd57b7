/* SPDX-License-Identifier: MIT */
/*
 * test_ref.c - references: they keep the loop going, the last one wakes it, and
 * they outlive it; what is queued when the loop ends comes back as cancelled.
 * Linked with the point seam, through which a sender can be held in the middle.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/atomic.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <strait/timer.h>
#include <unistd.h>

#include "blocks.h"
#include "mailbox.h"
#include "proc.h"
#include "unit.h"

static struct blocks blocks = BLOCKS_INIT;
static strait_loop_t *loop;
static unsigned n_fds_before;

static void
set_up(void)
{
    strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;

    n_fds_before = proc_n_fds();
    config.allocator = blocks_allocator(&blocks);
    check_err(strait_loop_create(&loop, &config), 0);
}

static void
tear_down(void)
{
    check_err(strait_loop_destroy(loop), 0);
    check_int(proc_n_fds(), n_fds_before);
    check_blocks(&blocks);
}

TestSuite(ref, .timeout = 60);

/* Ends the loop in the middle of a test; tear_down then has NULL to destroy. */
static void
destroy_now(void)
{
    check_err(strait_loop_destroy(loop), 0);
    loop = NULL;
}

FIXTURE_TEST(ref, an_open_reference_is_work)
{
    strait_loop_ref_t *ref;
    strait_loop_ref_t *again;

    check_err(strait_loop_ref_open(loop, &ref), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    again = strait_loop_ref_dup(ref);
    check_ptr(again, ref);
    strait_loop_ref_close(ref);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    strait_loop_ref_close(again);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
}

FIXTURE_TEST(ref, the_loops_own_is_not_counted)
{
    cr_assert(strait_loop_self(loop) != NULL);
    cr_assert(strait_loop_ref_sink(strait_loop_self(loop)) != NULL);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
}

FIXTURE_TEST(ref, open_and_close_many_times)
{
    strait_loop_ref_t *refs[100];
    int round;
    int i;

    for (round = 0; round < 50; round++) {
        for (i = 0; i < 100; i++)
            check_err(strait_loop_ref_open(loop, &refs[i]), 0);
        for (i = 0; i < 100; i++)
            strait_loop_ref_close(refs[i]);
        check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    }
}

static void *
close_later(void *arg)
{
    usleep(30000);
    strait_loop_ref_close(arg);
    return NULL;
}

FIXTURE_TEST(ref, closing_the_last_wakes_the_sleeping_loop)
{
    int round;

    for (round = 0; round < 5; round++) {
        strait_loop_ref_t *ref;
        pthread_t thread;

        check_err(strait_loop_ref_open(loop, &ref), 0);
        pthread_create(&thread, NULL, close_later, ref);
        check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
        pthread_join(thread, NULL);
    }
}

FIXTURE_TEST(ref, closing_one_of_several_does_not_end_the_run)
{
    strait_loop_ref_t *refs[4];
    pthread_t threads[4];
    int i;

    for (i = 0; i < 4; i++)
        check_err(strait_loop_ref_open(loop, &refs[i]), 0);
    for (i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, close_later, refs[i]);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

/* ----------------------------------------------- the end of the loop */

struct message {
    strait_post_t post;
    int n_calls;
    int status;
    pthread_t thread;
};

static void
remember(strait_post_t *post, int status, void *arg)
{
    struct message *message = arg;

    (void)post;
    message->n_calls++;
    message->status = status;
    message->thread = pthread_self();
}

static void
message_init(struct message *message)
{
    memset(message, 0, sizeof *message);
    strait_post_init(&message->post, remember, message);
}

FIXTURE_TEST(ref, queued_posts_come_back_cancelled_when_the_loop_ends)
{
    static struct message messages[600];
    size_t i;

    for (i = 0; i < 600; i++) {
        message_init(&messages[i]);
        check_err(
            strait_loop_post(strait_loop_self(loop), &messages[i].post), 0);
    }
    destroy_now();
    for (i = 0; i < 600; i++) {
        check_int(messages[i].n_calls, 1);
        check_err(messages[i].status, -ECANCELED);
    }
}

FIXTURE_TEST(ref, posts_after_the_end_are_refused)
{
    struct message message;
    strait_loop_ref_t *ref;

    message_init(&message);
    check_err(strait_loop_ref_open(loop, &ref), 0);
    destroy_now();
    check_err(strait_loop_post(ref, &message.post), -ESHUTDOWN);
    check_err(strait_loop_post(ref, &message.post), -ESHUTDOWN);
    check_int(message.n_calls, 0);
    strait_loop_ref_close(ref);
}

FIXTURE_TEST(ref, references_may_be_copied_and_closed_after_the_end)
{
    strait_loop_ref_t *first;
    strait_loop_ref_t *second;

    check_err(strait_loop_ref_open(loop, &first), 0);
    destroy_now();
    second = strait_loop_ref_dup(first);
    strait_loop_ref_close(first);
    cr_assert(blocks.n_live > 0);
    strait_loop_ref_close(second);
    check_int(blocks.n_live, 0);
}

static int cancel_run;
static int cancel_destroy;
static int cancel_post;

static void
use_while_cancelled(strait_post_t *post, int status, void *arg)
{
    remember(post, status, arg);
    cancel_run = strait_loop_run(loop, STRAIT_RUN_NOWAIT);
    cancel_destroy = strait_loop_destroy(loop);
    cancel_post = strait_loop_post(strait_loop_self(loop), post);
}

FIXTURE_TEST(ref, a_cancelled_callback_finds_a_loop_that_is_busy_ending)
{
    struct message message;

    message_init(&message);
    strait_post_init(&message.post, use_while_cancelled, &message);
    check_err(strait_loop_post(strait_loop_self(loop), &message.post), 0);
    destroy_now();
    check_int(message.n_calls, 1);
    check_err(cancel_run, -EBUSY);
    check_err(cancel_destroy, -EBUSY);
    check_err(cancel_post, -ESHUTDOWN);
}

static void
count_timer(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (*(int *)arg)++;
}

FIXTURE_TEST(ref, timers_are_forgotten_when_the_loop_ends)
{
    strait_timer_t timers[3];
    int n = 0;
    int i;

    for (i = 0; i < 3; i++) {
        strait_timer_init(&timers[i], count_timer, &n);
        check_err(strait_timer_start(loop, &timers[i], (uint64_t)i, 0), 0);
    }
    destroy_now();
    check_int(n, 0);
}

/* --------------------------------------- racing with the end of the loop */

#define N_RACERS 3
#define N_RACES 60

static STRAIT_ATOMIC(uint32_t) go;

struct racer {
    strait_loop_ref_t *ref;
    struct message messages[40];
    int n_accepted;
    int n_refused;
    int n_other;
};

static void *
race(void *arg)
{
    struct racer *racer = arg;
    int i;

    while (strait_load_acquire(&go) == 0) {}
    for (i = 0; i < 40; i++) {
        int err = strait_loop_post(racer->ref, &racer->messages[i].post);

        if (err == 0)
            racer->n_accepted++;
        else if (err == -ESHUTDOWN)
            racer->n_refused++;
        else
            racer->n_other++;
    }
    strait_loop_ref_close(racer->ref);
    return NULL;
}

FIXTURE_TEST(ref, posts_that_race_with_the_end_get_exactly_one_callback)
{
    static struct racer racers[N_RACERS];
    int round;
    int i;
    int k;

    for (round = 0; round < N_RACES; round++) {
        pthread_t threads[N_RACERS];
        strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;
        strait_loop_t *victim;

        config.allocator = blocks_allocator(&blocks);
        check_err(strait_loop_create(&victim, &config), 0);
        strait_store_rlx(&go, 0);
        memset(racers, 0, sizeof racers);
        for (i = 0; i < N_RACERS; i++) {
            for (k = 0; k < 40; k++)
                message_init(&racers[i].messages[k]);
            check_err(strait_loop_ref_open(victim, &racers[i].ref), 0);
            pthread_create(&threads[i], NULL, race, &racers[i]);
        }
        strait_store_release(&go, 1);
        if (round % 4 != 0)
            usleep((useconds_t)(round % 4) * 20);
        cr_assert(strait_loop_run(victim, STRAIT_RUN_NOWAIT) >= 0);
        check_err(strait_loop_destroy(victim), 0);
        for (i = 0; i < N_RACERS; i++)
            pthread_join(threads[i], NULL);
        for (i = 0; i < N_RACERS; i++) {
            struct racer *racer = &racers[i];
            int n_calls = 0;

            check_int(racer->n_other, 0);
            check_int(racer->n_accepted + racer->n_refused, 40);
            for (k = 0; k < 40; k++) {
                n_calls += racer->messages[k].n_calls;
                check_int(racer->messages[k].n_calls, k < racer->n_accepted);
                cr_assert(racer->messages[k].status == 0 ||
                    racer->messages[k].status == -ECANCELED);
            }
            check_int(n_calls, racer->n_accepted);
        }
    }
}

/* ------------------------ a sender that is stopped before it rings the bell */

static struct message slow_message;
static int slow_answer;

static void
stop_before_the_bell(const char *name)
{
    if (strcmp(name, "sink.push.wake") == 0)
        usleep(150000);
}

static void *
post_slowly(void *arg)
{
    usleep(30000); /* the loop is asleep by now */
    slow_answer = strait_loop_post(arg, &slow_message.post);
    strait_loop_ref_close(arg);
    return NULL;
}

static void
stop_the_loop(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (void)arg;
    strait_loop_stop(loop);
}

FIXTURE_TEST(
    ref, the_end_waits_for_a_sender_that_is_about_to_ring, .timeout = 20)
{
    strait_loop_ref_t *ref;
    strait_timer_t timer;
    pthread_t thread;
    int called;

    message_init(&slow_message);
    check_err(strait_loop_ref_open(loop, &ref), 0);
    strait_timer_init(&timer, stop_the_loop, NULL);
    check_err(strait_timer_start(
                  loop, &timer, strait_now_ns() + 80 * STRAIT_NS_PER_MS, 0),
        0);
    seam_point_hook = stop_before_the_bell;
    pthread_create(&thread, NULL, post_slowly, ref);
    /* The timer, not the bell, ends the sleep and the run. */
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 1);
    destroy_now();
    called = slow_message.n_calls;
    pthread_join(thread, NULL);
    seam_point_hook = NULL;
    check_err(slow_answer, 0);
    check_int(called, 1);
    check_int(slow_message.n_calls, 1);
}

/* ------------------------------- completions that come after the end */

static void
nothing(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

struct late {
    strait_work_t work;
    strait_loop_ref_t *ref;
    sem_t done;
    int n_done;
    int status;
    pthread_t thread;
};

static void
note_late(strait_work_t *work, int status, void *arg)
{
    struct late *late = arg;

    (void)work;
    late->n_done++;
    late->status = status;
    late->thread = pthread_self();
    sem_post(&late->done);
}

FIXTURE_TEST(
    ref, a_completion_for_a_loop_that_has_ended_is_cancelled_by_its_worker)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    struct mailbox mailbox;
    struct gate gate;
    struct late late = { .n_done = 0 };
    strait_pool_t *pool;

    mailbox_init(&mailbox);
    sem_init(&late.done, 0, 0);
    config.n_workers = 1;
    check_err(strait_pool_create(&pool, &config), 0);
    check_err(strait_loop_ref_open(loop, &late.ref), 0);
    cr_assert(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
    strait_work_init(&late.work, nothing, note_late, &late);
    check_err(strait_work_submit(strait_pool_lane(pool), &late.work,
                  strait_loop_ref_sink(late.ref)),
        0);
    destroy_now();
    check_int(late.n_done, 0);
    gate_open(&gate);
    cr_assert(wait_for(&late.done));
    check_err(strait_pool_destroy(pool), 0);
    check_int(late.n_done, 1);
    check_err(late.status, -ECANCELED);
    cr_assert(!pthread_equal(late.thread, pthread_self()));
    strait_loop_ref_close(late.ref);
}
