/* SPDX-License-Identifier: MIT */
/*
 * count_costs.c - what posts, submits and timers cost their caller, in atomic
 * operations and allocations, and how large the structs are. Linked with the
 * counting seam, and with the C library's allocating functions wrapped: once a
 * pool and a loop exist, nothing allocates any more.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <strait/timer.h>
#include <unistd.h>

#include "blocks.h"
#include "mailbox.h"
#include "plain.h"

static _Atomic(unsigned) n_allocations;

#define COUNT_CALLS(type, name, parameters, arguments)                         \
    type __real_##name parameters;                                             \
    type __wrap_##name parameters;                                             \
    type __wrap_##name parameters                                              \
    {                                                                          \
        atomic_fetch_add(&n_allocations, 1);                                   \
        return __real_##name arguments;                                        \
    }

COUNT_CALLS(void *, malloc, (size_t size), (size))
COUNT_CALLS(void *, calloc, (size_t n, size_t size), (n, size))
COUNT_CALLS(void *, realloc, (void *block, size_t size), (block, size))
COUNT_CALLS(void *, aligned_alloc, (size_t align, size_t size), (align, size))

static struct blocks blocks = BLOCKS_INIT;
static strait_pool_t *pool;
static strait_loop_t *loop;

static void
start_counting(void)
{
    seam_count = (struct seam_count){ 0 };
}

static void
expect(const char *what, uint64_t rmws)
{
    printf("%-44s %llu RMW, %llu stores, %llu loads\n", what,
        (unsigned long long)seam_count.rmws,
        (unsigned long long)seam_count.stores,
        (unsigned long long)seam_count.loads);
    require_count(seam_count.rmws, rmws);
    require_count(seam_count.seq_csts, 0);
}

static void
nothing(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

static void
count_done(strait_work_t *work, int status, void *arg)
{
    (void)work;
    (*(unsigned *)arg) += status == 0;
}

static void
count_post(strait_post_t *post, int status, void *arg)
{
    (void)post;
    (*(unsigned *)arg) += status == 0;
}

static void
count_timer(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (*(unsigned *)arg)++;
}

/* Waits until every worker has gone to sleep. */
static void
wait_for_parked(uint64_t n_parks)
{
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;

    do {
        usleep(1000);
        require(strait_pool_stats(pool, &stats) == 0);
    } while (stats.n_parks < n_parks);
    usleep(20000);
}

static void
count_submits(void)
{
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;
    struct mailbox mailbox;
    struct gate gate;
    strait_work_t works[3];
    unsigned n_done = 0;
    int i;

    mailbox_init(&mailbox);
    for (i = 0; i < 3; i++)
        strait_work_init(&works[i], nothing, count_done, &n_done);
    wait_for_parked(1);
    start_counting();
    require(strait_work_submit(
                strait_pool_lane(pool), &works[0], &mailbox.sink) == 0);
    expect("work submit, the worker sleeps", 3);
    require(mailbox_take(&mailbox, 1));
    require(strait_pool_stats(pool, &stats) == 0);
    require(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
    start_counting();
    require(strait_work_submit(
                strait_pool_lane(pool), &works[1], &mailbox.sink) == 0);
    expect("work submit, the worker is awake", 1);
    start_counting();
    require(strait_loop_submit(loop, strait_pool_lane(pool), &works[2]) == 0);
    expect("loop submit, the worker is awake", 1);
    start_counting();
    require(strait_work_submit(
                strait_pool_lane(pool), &works[2], &mailbox.sink) == -EBUSY);
    require_count(seam_count.rmws, 0);
    gate_open(&gate);
    require(mailbox_take(&mailbox, 2));
    require(strait_loop_run(loop, STRAIT_RUN_DEFAULT) == 0);
    require_count(n_done, 3);
}

static void
count_posts_and_timers(void)
{
    strait_post_t posts[100];
    strait_timer_t timer;
    unsigned n = 0;
    int i;

    for (i = 0; i < 100; i++)
        strait_post_init(&posts[i], count_post, &n);
    start_counting();
    require(strait_loop_post(strait_loop_self(loop), &posts[0]) == 0);
    expect("post, the loop is awake", 1);
    for (i = 1; i < 100; i++)
        require(strait_loop_post(strait_loop_self(loop), &posts[i]) == 0);
    start_counting();
    require(strait_loop_run(loop, STRAIT_RUN_NOWAIT) >= 0);
    expect("a turn that delivers posts", n == 100 ? 1 : 0);
    require(strait_loop_run(loop, STRAIT_RUN_DEFAULT) == 0);
    require_count(n, 100);
    strait_timer_init(&timer, count_timer, &n);
    start_counting();
    require(strait_timer_start(loop, &timer, 1, 0) == 0);
    require(strait_timer_stop(loop, &timer) == 0);
    require(strait_timer_start(loop, &timer, 1, 0) == 0);
    expect("timer start, stop, start", 0);
    require(strait_loop_run(loop, STRAIT_RUN_DEFAULT) == 0);
    require_count(n, 101);
}

/* A thousand offloads, posts and timers without one allocation. */
static void
count_allocations(void)
{
    unsigned n_before = atomic_load(&n_allocations);
    unsigned n_calls = blocks.n_calls;
    unsigned n = 0;
    int i;

    require(n_before > 0); /* the wrapping works */
    for (i = 0; i < 1000; i++) {
        strait_loop_ref_t *ref;
        strait_timer_t timer;
        strait_work_t work;
        strait_post_t post;

        strait_work_init(&work, nothing, count_done, &n);
        strait_post_init(&post, count_post, &n);
        strait_timer_init(&timer, count_timer, &n);
        require(strait_loop_ref_open(loop, &ref) == 0);
        require(strait_loop_submit(loop, strait_pool_lane(pool), &work) == 0);
        require(strait_loop_post(ref, &post) == 0);
        require(strait_timer_start(loop, &timer, strait_now_ns(), 0) == 0);
        strait_loop_ref_close(ref);
        require(strait_loop_run(loop, STRAIT_RUN_DEFAULT) == 0);
    }
    require_count(n, 3000);
    require_count(atomic_load(&n_allocations), n_before);
    require_count(blocks.n_calls, n_calls);
    printf("%-44s 0 allocations\n", "1000 offloads, posts, timers, references");
}

int
main(void)
{
    strait_pool_config_t pool_config = STRAIT_POOL_CONFIG_INIT;
    strait_loop_config_t loop_config = STRAIT_LOOP_CONFIG_INIT;
    strait_loop_t *other;

    require(sizeof(strait_work_t) <= 128);
    require(sizeof(strait_timer_t) <= 96);
    printf("work item %zu, timer %zu, post %zu bytes\n", sizeof(strait_work_t),
        sizeof(strait_timer_t), sizeof(strait_post_t));
    /* Once through the default allocator, to see that calls are counted. */
    require(strait_loop_create(&other, NULL) == 0);
    require(strait_loop_destroy(other) == 0);
    pool_config.n_workers = 1;
    pool_config.allocator = blocks_allocator(&blocks);
    loop_config.allocator = blocks_allocator(&blocks);
    require(strait_pool_create(&pool, &pool_config) == 0);
    require(strait_loop_create(&loop, &loop_config) == 0);
    count_submits();
    count_posts_and_timers();
    count_allocations();
    require(strait_loop_destroy(loop) == 0);
    require(strait_pool_destroy(pool) == 0);
    require(blocks_complaint(&blocks) == NULL);
    return 0;
}
