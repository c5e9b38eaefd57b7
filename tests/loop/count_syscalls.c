/* SPDX-License-Identifier: MIT */
/*
 * count_syscalls.c - system calls per post and per submit, as strace sees them.
 *
 *     a post to a sleeping loop      exactly one write to the doorbell, no read
 *     a million posts to a busy one  fewer than 100 writes
 *     a submit to a sleeping pool    exactly one futex wake
 *     a submit to a busy pool        none
 *
 * The program runs itself under strace, once per scenario (trace.h).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <strait/atomic.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <string.h>
#include <unistd.h>

#include "mailbox.h"
#include "plain.h"
#include "proc.h"
#include "trace.h"

#define N_SLOW 50
#define N_FAST 1000000

/* Waits until a thread of this process sleeps in the kernel. */
static void
wait_until_asleep(pid_t thread)
{
    int n_seen = 0;

    /* Twice in a row, so that a moment of waiting on the way is not taken for
     * it. */
    while (n_seen < 3) {
        char path[64];
        char text[512];
        const char *state;

        usleep(1000);
        snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
        proc_read(path, text, sizeof text);
        state = strrchr(text, ')');
        n_seen = state != NULL && state[2] == 'S' ? n_seen + 1 : 0;
    }
}

/* --------------------------------------------------------- the scenarios */

static strait_loop_ref_t *ref;
static pid_t loop_thread;
static STRAIT_ATOMIC(uint32_t) n_delivered;
static STRAIT_ATOMIC(uint32_t) stop_idling;

static void
count(strait_post_t *post, int status, void *arg)
{
    (void)post;
    (void)arg;
    require(status == 0);
    strait_add_release(&n_delivered, 1);
}

static void *
post_slowly(void *arg)
{
    strait_post_t post;
    uint32_t i;

    (void)arg;
    strait_post_init(&post, count, NULL);
    wait_until_asleep(loop_thread);
    trace_mark();
    for (i = 1; i <= N_SLOW; i++) {
        require(strait_loop_post(ref, &post) == 0);
        while (strait_load_acquire(&n_delivered) != i)
            sched_yield();
        wait_until_asleep(loop_thread);
    }
    trace_mark();
    strait_loop_ref_close(ref);
    return NULL;
}

static void *
post_fast(void *arg)
{
    strait_post_t *posts = arg;
    uint32_t i;

    trace_mark();
    for (i = 0; i < N_FAST; i++)
        require(strait_loop_post(ref, &posts[i]) == 0);
    while (strait_load_acquire(&n_delivered) != N_FAST)
        sched_yield();
    trace_mark();
    strait_store_release(&stop_idling, 1);
    strait_loop_ref_close(ref);
    return NULL;
}

/* A post that keeps the loop busy. */
static void
go_on(strait_post_t *post, int status, void *arg)
{
    require(status == 0);
    if (strait_load_acquire(&stop_idling) == 0)
        require(strait_loop_post(strait_loop_self(arg), post) == 0);
}

static void
run_posts(void *(*poster)(void *))
{
    strait_post_t *posts = calloc(N_FAST, sizeof *posts);
    strait_loop_t *loop;
    strait_post_t busy;
    pthread_t thread;
    int i;

    require(posts != NULL);
    for (i = 0; i < N_FAST; i++)
        strait_post_init(&posts[i], count, NULL);
    loop_thread = gettid();
    require(strait_loop_create(&loop, NULL) == 0);
    require(strait_loop_ref_open(loop, &ref) == 0);
    if (poster == post_fast) {
        strait_post_init(&busy, go_on, loop);
        require(strait_loop_post(ref, &busy) == 0);
    }
    require(pthread_create(&thread, NULL, poster, posts) == 0);
    require(strait_loop_run(loop, STRAIT_RUN_DEFAULT) >= 0);
    pthread_join(thread, NULL);
    require(strait_loop_destroy(loop) == 0);
    free(posts);
}

static void
note_thread(strait_work_t *work, void *arg)
{
    (void)work;
    *(pid_t *)arg = gettid();
}

static void
nothing(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

static void
no_wake(strait_sink_t *sink, void *arg)
{
    (void)sink;
    (void)arg;
}

static void
take(strait_sink_t *sink)
{
    while (strait_sink_drain(sink, 1, 0, NULL) == 0)
        usleep(100);
}

static void
run_submits(bool busy)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    static strait_work_t works[N_SLOW];
    strait_sink_t sink;
    strait_pool_t *pool;
    strait_work_t work;
    struct gate gate;
    pid_t worker = 0;
    int i;

    config.n_workers = 1;
    strait_sink_init(&sink, no_wake, NULL);
    require(strait_pool_create(&pool, &config) == 0);
    strait_work_init(&work, note_thread, NULL, &worker);
    require(strait_work_submit(strait_pool_lane(pool), &work, &sink) == 0);
    take(&sink);
    wait_until_asleep(worker);
    if (busy)
        require(gate_close(&gate, strait_pool_lane(pool), &sink));
    trace_mark();
    for (i = 0; i < N_SLOW; i++) {
        strait_work_init(&works[i], nothing, NULL, NULL);
        require(
            strait_work_submit(strait_pool_lane(pool), &works[i], &sink) == 0);
        if (!busy) {
            take(&sink);
            wait_until_asleep(worker);
        }
    }
    trace_mark();
    if (busy)
        gate_open(&gate);
    require(strait_pool_destroy(pool) == 0);
}

static int
run_scenario(const char *name)
{
    if (strcmp(name, "sleeping-loop") == 0)
        run_posts(post_slowly);
    else if (strcmp(name, "busy-loop") == 0)
        run_posts(post_fast);
    else if (strcmp(name, "sleeping-pool") == 0)
        run_submits(false);
    else if (strcmp(name, "busy-pool") == 0)
        run_submits(true);
    else
        return 2;
    return 0;
}

/* ------------------------------------------------------------- the trace */

struct trace {
    unsigned bell_writes;
    unsigned bell_reads;
    unsigned futex_wakes;
};

static void
look(const char *line, unsigned n_marks, bool of_marker, void *arg)
{
    struct trace *trace = arg;

    (void)of_marker;
    if (n_marks != 1)
        return;
    if (strstr(line, " write(") != NULL && strstr(line, "[eventfd]") != NULL)
        trace->bell_writes++;
    if (strstr(line, " read(") != NULL && strstr(line, "[eventfd]") != NULL)
        trace->bell_reads++;
    if (strstr(line, " futex(") != NULL && strstr(line, "FUTEX_WAKE") != NULL)
        trace->futex_wakes++;
}

static struct trace
play(const char *self, const char *scenario)
{
    struct trace trace = { 0, 0, 0 };

    require_count(
        trace_scenario(self, scenario, "write,read,futex", look, &trace), 2);
    printf("%-14s %u doorbell writes, %u reads, %u futex wakes\n", scenario,
        trace.bell_writes, trace.bell_reads, trace.futex_wakes);
    return trace;
}

int
main(int argc, char **argv)
{
    struct trace trace;

    if (argc == 3 && strcmp(argv[1], "--scenario") == 0)
        return run_scenario(argv[2]);
    trace_check();
    trace = play(argv[0], "sleeping-loop");
    require_count(trace.bell_writes, N_SLOW);
    require_count(trace.bell_reads, 0);
    trace = play(argv[0], "busy-loop");
    require(trace.bell_writes < 100);
    require_count(trace.bell_reads, 0);
    trace = play(argv[0], "sleeping-pool");
    require_count(trace.futex_wakes, N_SLOW);
    trace = play(argv[0], "busy-pool");
    require_count(trace.futex_wakes, 0);
    return 0;
}
