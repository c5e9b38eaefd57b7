/* SPDX-License-Identifier: MIT */
/*
 * test_gap.c - a sender that is stopped inside a push, between its exchange and
 * its link. What follows it is hidden until it goes on; the loop neither loses
 * it nor spins, and its timers run meanwhile. Linked with the point seam.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/timer.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/gap.h"

#include "mailbox.h"
#include "unit.h"

static strait_loop_t *loop;
static sem_t in_gap;
static sem_t go_on;
static _Thread_local bool is_slow;

static void
stop_in_gap(const char *name)
{
    if (is_slow && strcmp(name, "mpsc.push.gap") == 0) {
        is_slow = false;
        sem_post(&in_gap);
        (void)wait_for(&go_on);
    }
}

static void
set_up(void)
{
    check_err(strait_loop_create(&loop, NULL), 0);
    sem_init(&in_gap, 0, 0);
    sem_init(&go_on, 0, 0);
    seam_point_hook = stop_in_gap;
}

static void
tear_down(void)
{
    check_err(strait_loop_destroy(loop), 0);
    seam_point_hook = NULL;
}

TestSuite(gap, .timeout = 30);

struct message {
    strait_post_t post;
    int n_calls;
    int status;
};

static void
remember(strait_post_t *post, int status, void *arg)
{
    struct message *message = arg;

    (void)post;
    message->n_calls++;
    message->status = status;
}

static struct message slow;
static struct message quick;
static int answers[2];

static void *
post_slowly(void *arg)
{
    is_slow = true;
    answers[0] = strait_loop_post(arg, &slow.post);
    strait_loop_ref_close(arg);
    return NULL;
}

/* Starts the slow sender and waits until it stands in its gap; then a quick
 * post queues up behind it. */
static pthread_t
enter_gap(void)
{
    strait_loop_ref_t *ref;
    pthread_t thread;

    memset(&slow, 0, sizeof slow);
    memset(&quick, 0, sizeof quick);
    strait_post_init(&slow.post, remember, &slow);
    strait_post_init(&quick.post, remember, &quick);
    check_err(strait_loop_ref_open(loop, &ref), 0);
    pthread_create(&thread, NULL, post_slowly, ref);
    sem_wait(&in_gap);
    answers[1] = strait_loop_post(strait_loop_self(loop), &quick.post);
    return thread;
}

static double
cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
        (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint64_t called_at_ns;

static void
note_time(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (void)arg;
    called_at_ns = strait_now_ns();
}

#define GAP_MS 150

FIXTURE_TEST(gap, both_arrive_and_the_loop_does_not_spin)
{
    strait_loop_stats_t stats = STRAIT_LOOP_STATS_INIT;
    strait_timer_t timer;
    double cpu;
    pthread_t thread;

    thread = enter_gap();
    cpu = cpu_seconds();
    check_int(strait_loop_run(loop, STRAIT_RUN_NOWAIT), 1);
    strait_timer_init(&timer, note_time, NULL);
    check_err(strait_timer_start(
                  loop, &timer, strait_now_ns() + GAP_MS * STRAIT_NS_PER_MS, 0),
        0);
    check_int(strait_loop_run(loop, STRAIT_RUN_ONCE), 1);
    cr_assert(!strait_timer_is_active(&timer));
    check_int(slow.n_calls + quick.n_calls, 0);
    check_err(strait_loop_stats(loop, &stats), 0);
    /* Yields at first, in the end a millisecond each. */
    cr_assert(stats.n_gap_waits > STI_GAP_YIELDS);
    cr_assert(stats.n_gap_waits < STI_GAP_YIELDS + 10 + GAP_MS, "%llu waits",
        (unsigned long long)stats.n_gap_waits);
    check_int(stats.n_sleeps, 0);
    cr_assert(cpu_seconds() - cpu < 0.05 * SANITIZER_SLOWDOWN, "%.3f s of CPU",
        cpu_seconds() - cpu);
    sem_post(&go_on);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    pthread_join(thread, NULL);
    check_err(answers[0], 0);
    check_err(answers[1], 0);
    check_int(slow.n_calls, 1);
    check_int(quick.n_calls, 1);
}

FIXTURE_TEST(gap, timers_run_meanwhile)
{
    uint64_t deadline_ns;
    strait_timer_t timer;
    pthread_t thread;

    thread = enter_gap();
    deadline_ns = strait_now_ns() + 20 * STRAIT_NS_PER_MS;
    strait_timer_init(&timer, note_time, NULL);
    check_err(strait_timer_start(loop, &timer, deadline_ns, 0), 0);
    while (strait_timer_is_active(&timer))
        check_int(strait_loop_run(loop, STRAIT_RUN_ONCE), 1);
    cr_assert(called_at_ns >= deadline_ns);
    check_int(slow.n_calls + quick.n_calls, 0);
    sem_post(&go_on);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    pthread_join(thread, NULL);
    check_int(slow.n_calls, 1);
    check_int(quick.n_calls, 1);
}

static void *
let_go_later(void *arg)
{
    (void)arg;
    usleep(50000);
    sem_post(&go_on);
    return NULL;
}

FIXTURE_TEST(gap, the_end_of_the_loop_waits_for_it)
{
    pthread_t thread = enter_gap();
    pthread_t helper;
    strait_loop_t *ending = loop;

    loop = NULL;
    pthread_create(&helper, NULL, let_go_later, NULL);
    check_err(strait_loop_destroy(ending), 0);
    pthread_join(helper, NULL);
    pthread_join(thread, NULL);
    check_err(answers[0], 0);
    check_int(slow.n_calls, 1);
    check_err(slow.status, -ECANCELED);
    check_int(quick.n_calls, 1);
    check_err(quick.status, -ECANCELED);
}
