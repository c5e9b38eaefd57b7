/* SPDX-License-Identifier: MIT */
/*
 * count_idle.c - an idle pool and an idle loop do nothing at all: no context
 * switch of any of their threads for 2 seconds (10 with STRAIT_STRESS_SECONDS
 * of 10 or more). And they are small: less than 1 MiB of memory together.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <strait/timer.h>
#include <unistd.h>

#include "plain.h"
#include "proc.h"
#include "quiet.h"
#include "sanitizer.h"

static strait_pool_t *pool;
static strait_loop_t *loop;
static strait_loop_ref_t *ref;
static pthread_barrier_t ready;

static void
nothing(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

static void
offload_some(void)
{
    strait_work_t works[32];
    int i;

    for (i = 0; i < 32; i++) {
        strait_work_init(&works[i], nothing, NULL, NULL);
        require(
            strait_loop_submit(loop, strait_pool_lane(pool), &works[i]) == 0);
    }
    require(strait_loop_run(loop, STRAIT_RUN_DEFAULT) == 0);
}

static void
measure_memory(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    uint64_t before = proc_private_bytes();
    uint64_t after;

    config.n_workers = 2;
    require(strait_pool_create(&pool, &config) == 0);
    require(strait_loop_create(&loop, NULL) == 0);
    offload_some();
    after = proc_private_bytes();
    require(strait_loop_destroy(loop) == 0);
    require(strait_pool_destroy(pool) == 0);
    if (before == 0) {
        printf("memory: not measured, no /proc/self/smaps_rollup\n");
        return;
    }
    printf("pool of 2 and loop: %llu KiB resident\n",
        (unsigned long long)(after - before) / 1024);
#if SANITIZER_THREAD || SANITIZER_ADDRESS
    printf("  (not judged: the sanitizer's own memory is in it)\n");
#else
    require(after - before < 1024 * 1024);
#endif
}

static void
never_called(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (void)arg;
    abort();
}

/* A loop that has worked, and now waits with a far timer and a reference. */
static void *
run_loop(void *arg)
{
    strait_timer_t timer;

    (void)arg;
    require(strait_loop_create(&loop, NULL) == 0);
    offload_some();
    require(strait_loop_ref_open(loop, &ref) == 0);
    strait_timer_init(&timer, never_called, NULL);
    require(strait_timer_start(loop, &timer,
                strait_now_ns() + 3600 * STRAIT_NS_PER_S, 0) == 0);
    pthread_barrier_wait(&ready);
    require(strait_loop_run(loop, STRAIT_RUN_DEFAULT) == 1);
    require(strait_loop_destroy(loop) == 0);
    return NULL;
}

static void
stop(strait_post_t *post, int status, void *arg)
{
    (void)post;
    (void)arg;
    require(status == 0);
    require(strait_loop_stop(loop) == 0);
}

int
main(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_post_t post;
    pthread_t thread;

    measure_memory();
    config.n_workers = 8;
    require(strait_pool_create(&pool, &config) == 0);
    pthread_barrier_init(&ready, NULL, 2);
    require(pthread_create(&thread, NULL, run_loop, NULL) == 0);
    pthread_barrier_wait(&ready);
    quiet_await();
    quiet_require();
    strait_post_init(&post, stop, NULL);
    require(strait_loop_post(ref, &post) == 0);
    strait_loop_ref_close(ref);
    pthread_join(thread, NULL);
    require(strait_pool_destroy(pool) == 0);
    return 0;
}
