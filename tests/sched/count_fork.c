/* SPDX-License-Identifier: MIT */
/*
 * count_fork.c - what fork-join costs: on one worker no RMW at all, nothing
 * allocated and no call of the kernel, however many tasks there are; per steal
 * four RMWs, those of both sides together. And that afterwards everybody
 * sleeps. Linked with the counting seam; see costs.h.
 */
#define _GNU_SOURCE
#include <strait/clock.h>
#include <strait/fork.h>
#include <strait/pool.h>
#include <unistd.h>

#include "../queue/costs.h"
#include "mailbox.h"
#include "quiet.h"

#define N_TASKS 1000
#define N_STEALS 2000
/* A sleep and its wake-up: announce, arm the lane, tell, withdraw; take the
 * bit, wake; the duty of who was woken. */
#define RMWS_OF_A_PARK 12
/* The root's way through its lane, its deques, the end of the pool. */
#define RMWS_OF_A_POOL 64

static strait_pool_t *pool;
static STRAIT_ATOMIC(uint64_t) n_rmws; /* of workers that have ended */

static void
count_worker(uint32_t index, void *arg)
{
    (void)index;
    (void)arg;
    (void)strait_add_rlx(&n_rmws, seam_count.rmws);
}

static void
open_pool(uint32_t n_workers)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = n_workers;
    config.on_exit = count_worker;
    strait_store_rlx(&n_rmws, 0);
    require(strait_pool_create(&pool, &config) == 0);
}

static void
run_root(strait_fork_fn fn, void *arg)
{
    require(strait_fork_run(strait_pool_lane(pool), fn, arg) == 0);
}

static strait_fork_stats_t
stats_of_all(void)
{
    strait_fork_stats_t stats = STRAIT_FORK_STATS_INIT;

    require(strait_fork_stats(pool, -1, &stats) == 0);
    return stats;
}

/* ------------------------------------------------------------- one worker */

static void
nothing(strait_frame_t *frame, void *arg)
{
    (void)frame;
    ++*(uint64_t *)arg;
}

struct one {
    uint64_t n_run;
    struct costs flat;    /* all spawned, then all joined */
    struct costs by_turn; /* one after the other */
    struct costs planted;
    void *block;
};

static void
one_root(strait_frame_t *frame, void *arg)
{
    struct one *one = arg;
    int i;

    costs_start();
    for (i = 0; i < N_TASKS; i++)
        strait_spawn(&frame, nothing, &one->n_run);
    for (i = 0; i < N_TASKS; i++)
        strait_join(&frame);
    one->flat = costs_taken();
    costs_start();
    for (i = 0; i < N_TASKS; i++) {
        strait_spawn(&frame, nothing, &one->n_run);
        strait_worker_poll(frame);
        strait_join(&frame);
    }
    one->by_turn = costs_taken();
    /* What must not happen unseen. */
    free(one->block);
    costs_start();
    one->block = malloc(1);
    (void)syscall(SYS_getpid);
    (void)strait_add_rlx(&n_rmws, 0);
    one->planted = costs_taken();
}

static void
expect_loads(const char *what, struct costs costs, uint64_t n_loads)
{
    costs_print(stdout, what, &costs);
    require_count(costs.rmws, 0);
    require_count(costs.seq_csts, 0);
    require_count(costs.waits, 0);
    require_count(costs.wakes, 0);
    require_count(costs.others, 0);
    require_count(costs.blocks, 0);
    require_count(costs.stores, 0);
    require_count(costs.loads, n_loads);
}

static void
count_one(void)
{
    struct one one = { .n_run = 0 };

    open_pool(1);
    /* Twice: the first root makes the deque. */
    run_root(one_root, &one);
    run_root(one_root, &one);
    free(one.block);
    require_count(one.n_run, 4 * N_TASKS);
    /* Each looks whether anybody is idle. */
    expect_loads("1000 spawns, then 1000 joins", one.flat, 2 * N_TASKS);
    expect_loads("1000 times spawn, poll, join", one.by_turn, 3 * N_TASKS);
    require_count(one.planted.rmws, 1);
    require_count(one.planted.others, 1);
    require_count(one.planted.blocks, 1);
    require_count(stats_of_all().n_stolen, 0);
    require(strait_pool_destroy(pool) == 0);
}

/* ------------------------------------------------------------ two workers */

struct two {
    STRAIT_ATOMIC(uint32_t) n_begun;
    bool lost;
};

static void
begin(strait_frame_t *frame, void *arg)
{
    struct two *two = arg;

    (void)frame;
    /* Not an RMW: one runs at a time. */
    strait_store_release(&two->n_begun, strait_load_rlx(&two->n_begun) + 1);
}

/* Has each task stolen. */
static void
two_root(strait_frame_t *frame, void *arg)
{
    struct two *two = arg;
    uint32_t i;

    for (i = 0; i < N_STEALS; i++) {
        uint64_t end_ns = strait_now_ns() +
            UINT64_C(10000000000) * SANITIZER_SLOWDOWN;

        strait_spawn(&frame, begin, two);
        while (strait_load_acquire(&two->n_begun) == i) {
            strait_worker_poll(frame);
            if (strait_now_ns() > end_ns)
                two->lost = true;
            if (two->lost)
                break;
        }
        strait_join(&frame);
    }
}

static void
count_steals(void)
{
    struct two two = { .lost = false };
    strait_pool_stats_t pool_stats = STRAIT_POOL_STATS_INIT;
    strait_fork_stats_t stats;
    uint64_t n_sleeps;
    uint64_t n;

    open_pool(2);
    run_root(two_root, &two);
    require(!two.lost);
    stats = stats_of_all();
    require(strait_pool_stats(pool, &pool_stats) == 0);
    n_sleeps = pool_stats.n_parks + stats.n_waits;
    require(strait_pool_destroy(pool) == 0);
    n = strait_load_rlx(&n_rmws);
    printf("two workers: %llu tasks, %llu stolen, %llu sleeps, %llu RMW: %.2f "
           "per steal\n",
        (unsigned long long)stats.n_spawned, (unsigned long long)stats.n_stolen,
        (unsigned long long)n_sleeps, (unsigned long long)n,
        (double)n / (double)stats.n_stolen);
    require_count(stats.n_stolen, N_STEALS);
    require(n >= 3 * stats.n_stolen); /* they were counted at all */
    require(
        n <= 4 * stats.n_stolen + RMWS_OF_A_PARK * n_sleeps + RMWS_OF_A_POOL);
}

/* -------------------------------------------------------------- afterwards */

static void
count_idle(void)
{
    struct two two = { .lost = false };

    open_pool(4);
    run_root(two_root, &two);
    quiet_await();
    quiet_require();
    require(strait_pool_destroy(pool) == 0);
}

int
main(void)
{
    count_one();
    count_steals();
    count_idle();
    return 0;
}
