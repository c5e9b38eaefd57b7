/* SPDX-License-Identifier: MIT */
/*
 * test_post.c - messages to a loop: once, in order, from threads and from a
 * signal handler, while it runs, sleeps and ends; budgets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/timer.h>
#include <unistd.h>

#include "sanitizer.h"
#include "unit.h"

#ifdef STRAIT_TINY
#define BUDGET 2
#else
#define BUDGET 256
#endif

static strait_loop_t *loop;

static void
set_up(void)
{
    check_err(strait_loop_create(&loop, NULL), 0);
}

static void
tear_down(void)
{
    check_err(strait_loop_destroy(loop), 0);
}

TestSuite(post, .timeout = 60);

/* A post that remembers what happened to it. */
struct message {
    strait_post_t post;
    unsigned producer;
    unsigned number;
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
message_init(struct message *message, strait_post_fn fn)
{
    memset(message, 0, sizeof *message);
    strait_post_init(&message->post, fn, message);
}

/* --------------------------------------------------------- on one thread */

FIXTURE_TEST(post, is_called_once_and_never_inside_the_call)
{
    struct message message;

    message_init(&message, remember);
    check_err(strait_loop_post(strait_loop_self(loop), &message.post), 0);
    check_int(message.n_calls, 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(message.n_calls, 1);
    check_err(message.status, 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
    check_int(message.n_calls, 1);
}

FIXTURE_TEST(post, bad_arguments_are_named)
{
    struct message message;

    message_init(&message, remember);
    check_err(strait_loop_post(NULL, &message.post), -EINVAL);
    check_err(strait_loop_post(strait_loop_self(loop), NULL), -EINVAL);
    strait_post_init(&message.post, NULL, NULL);
    check_err(strait_loop_post(strait_loop_self(loop), &message.post), -EINVAL);
    strait_post_init(NULL, remember, NULL);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(message.n_calls, 0);
}

FIXTURE_TEST(post, a_queued_post_is_busy)
{
    struct message message;

    message_init(&message, remember);
    check_err(strait_loop_post(strait_loop_self(loop), &message.post), 0);
    check_err(strait_loop_post(strait_loop_self(loop), &message.post), -EBUSY);
    check_err(strait_loop_post(strait_loop_self(loop), &message.post), -EBUSY);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(message.n_calls, 1);
    check_err(strait_loop_post(strait_loop_self(loop), &message.post), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(message.n_calls, 2);
}

static int n_again;

static void
post_again(strait_post_t *post, int status, void *arg)
{
    remember(post, status, arg);
    if (n_again-- > 0 && strait_loop_post(strait_loop_self(loop), post) != 0)
        ((struct message *)arg)->status = -1;
}

FIXTURE_TEST(post, may_post_itself_again)
{
    struct message message;

    message_init(&message, post_again);
    n_again = 1000;
    check_err(strait_loop_post(strait_loop_self(loop), &message.post), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(message.n_calls, 1001);
    check_err(message.status, 0);
}

static int n_freed;

static void
free_it(strait_post_t *post, int status, void *arg)
{
    (void)post;
    n_freed += status == 0;
    free(arg);
}

FIXTURE_TEST(post, may_be_freed_in_its_callback)
{
    int i;

    n_freed = 0;
    for (i = 0; i < 1000; i++) {
        struct message *message = malloc(sizeof *message);

        cr_assert(message != NULL);
        message_init(message, free_it);
        check_err(strait_loop_post(strait_loop_self(loop), &message->post), 0);
    }
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_int(n_freed, 1000);
}

/* --------------------------------------------------------------- budget */

static unsigned n_flood;
static unsigned n_flood_at_timer;
static unsigned n_flood_errors;

static void
flood(strait_post_t *post, int status, void *arg)
{
    (void)status;
    /* Started by the first post: it is never due before there is a flood. */
    if (n_flood++ == 0 &&
        strait_timer_start(loop, arg, strait_now_ns() + STRAIT_NS_PER_MS, 0) !=
            0)
        n_flood_errors++;
    if (n_flood_at_timer == 0 &&
        strait_loop_post(strait_loop_self(loop), post) != 0)
        n_flood_errors++;
}

static void
note_flood(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (void)arg;
    n_flood_at_timer = n_flood;
}

FIXTURE_TEST(post, posts_without_end_do_not_starve_timers)
{
    strait_post_t post;
    strait_timer_t timer;

    n_flood = 0;
    n_flood_at_timer = 0;
    strait_post_init(&post, flood, &timer);
    strait_timer_init(&timer, note_flood, NULL);
    check_err(strait_loop_post(strait_loop_self(loop), &post), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    cr_assert(n_flood_at_timer > 0);
    check_int(n_flood_errors, 0);
}

FIXTURE_TEST(post, a_turn_delivers_no_more_than_its_budget)
{
    static struct message messages[3 * BUDGET + 1];
    strait_loop_stats_t stats = STRAIT_LOOP_STATS_INIT;
    unsigned n = sizeof messages / sizeof messages[0];
    unsigned i;

    for (i = 0; i < n; i++) {
        message_init(&messages[i], remember);
        check_err(
            strait_loop_post(strait_loop_self(loop), &messages[i].post), 0);
    }
    for (i = 1; i <= 3; i++) {
        check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
        check_err(strait_loop_stats(loop, &stats), 0);
        check_int(stats.n_delivered, i * BUDGET);
    }
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 0);
    for (i = 0; i < n; i++)
        check_int(messages[i].n_calls, 1);
}

/* -------------------------------------------------------------- threads */

#define N_PER_THREAD 2000

struct producer {
    strait_loop_ref_t *ref;
    unsigned index;
    struct message *messages;
    int n_errors;
};

static unsigned n_seen[8];
static int n_out_of_order;

static void
see(strait_post_t *post, int status, void *arg)
{
    struct message *message = arg;

    remember(post, status, arg);
    if (n_seen[message->producer]++ != message->number)
        n_out_of_order++;
}

static void *
produce(void *arg)
{
    struct producer *producer = arg;
    unsigned i;

    for (i = 0; i < N_PER_THREAD; i++) {
        struct message *message = &producer->messages[i];

        message_init(message, see);
        message->producer = producer->index;
        message->number = i;
        if (strait_loop_post(producer->ref, &message->post) != 0)
            producer->n_errors++;
        /* Let the loop fall asleep now and then. */
        if (i % 500 == 499)
            usleep(1000);
    }
    strait_loop_ref_close(producer->ref);
    return NULL;
}

FIXTURE_TEST(post, from_one_to_eight_threads_each_once_and_in_order)
{
    static struct message messages[8][N_PER_THREAD];
    unsigned n;
    unsigned i;
    unsigned k;

    for (n = 1; n <= 8; n *= 2) {
        struct producer producers[8];
        pthread_t threads[8];

        memset(n_seen, 0, sizeof n_seen);
        n_out_of_order = 0;
        for (i = 0; i < n; i++) {
            producers[i].index = i;
            producers[i].messages = messages[i];
            producers[i].n_errors = 0;
            check_err(strait_loop_ref_open(loop, &producers[i].ref), 0);
            pthread_create(&threads[i], NULL, produce, &producers[i]);
        }
        check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
        for (i = 0; i < n; i++) {
            pthread_join(threads[i], NULL);
            check_int(producers[i].n_errors, 0);
            check_int(n_seen[i], N_PER_THREAD);
            for (k = 0; k < N_PER_THREAD; k++) {
                check_int(messages[i][k].n_calls, 1);
                check_err(messages[i][k].status, 0);
                cr_assert(pthread_equal(messages[i][k].thread, pthread_self()));
            }
        }
        check_int(n_out_of_order, 0);
    }
}

/* -------------------------------------------------------- signal handler */

static struct message signal_message;
static strait_loop_ref_t *signal_ref;
static int signal_answer;

static void
on_signal(int number)
{
    (void)number;
    signal_answer = strait_loop_post(signal_ref, &signal_message.post);
}

static void *
send_signal(void *arg)
{
    usleep(30000);
    pthread_kill(*(pthread_t *)arg, SIGUSR1);
    return NULL;
}

static void
close_signal_ref(strait_post_t *post, int status, void *arg)
{
    remember(post, status, arg);
    strait_loop_ref_close(signal_ref);
}

FIXTURE_TEST(post, from_a_signal_handler_on_the_sleeping_loop)
{
    struct sigaction action = { .sa_handler = on_signal };
    pthread_t self = pthread_self();
    pthread_t thread;
    int round;

    sigaction(SIGUSR1, &action, NULL);
    for (round = 0; round < 5; round++) {
        message_init(&signal_message, close_signal_ref);
        signal_answer = -1;
        check_err(strait_loop_ref_open(loop, &signal_ref), 0);
        pthread_create(&thread, NULL, send_signal, &self);
        check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
        pthread_join(thread, NULL);
        check_err(signal_answer, 0);
        check_int(signal_message.n_calls, 1);
    }
    signal(SIGUSR1, SIG_DFL);
}

static void
ignore_signal(int number)
{
    (void)number;
}

FIXTURE_TEST(post, a_signal_that_interrupts_the_sleep_changes_nothing)
{
    struct sigaction action = { .sa_handler = ignore_signal };
    uint64_t deadline_ns = strait_now_ns() + 80 * STRAIT_NS_PER_MS;
    pthread_t self = pthread_self();
    strait_timer_t timer;
    pthread_t thread;

    sigaction(SIGUSR1, &action, NULL);
    strait_timer_init(&timer, note_flood, NULL);
    check_err(strait_timer_start(loop, &timer, deadline_ns, 0), 0);
    pthread_create(&thread, NULL, send_signal, &self);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    cr_assert(strait_now_ns() >= deadline_ns);
    pthread_join(thread, NULL);
    signal(SIGUSR1, SIG_DFL);
}
