/* SPDX-License-Identifier: MIT */
/*
 * count_lane.c - what an item costs on its way through a lane, for each order:
 * atomic operations of its submit, exactly; nothing allocated and no call of
 * the kernel on either side while nobody sleeps; and whom a burst wakes. Linked
 * with the counting seam; see costs.h.
 */
#define _GNU_SOURCE
#include <strait/lane.h>
#include <strait/pool.h>
#include <unistd.h>

#include "../queue/costs.h"
#include "mailbox.h"
#include "quiet.h"

#define N_ITEMS 1000
#define N_WORKERS 4

static strait_pool_t *pool;
static struct mailbox mailbox;
static strait_work_t items[N_ITEMS];

static void
open_pool(uint32_t n_workers)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = n_workers;
    mailbox_init(&mailbox);
    require(strait_pool_create(&pool, &config) == 0);
}

static strait_lane_t *
make_lane(const char *name, uint32_t order)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane;

    config.name = name;
    config.order = order;
    config.max_queued = 2048;
    if (order == STRAIT_ORDER_SUBMIT)
        config.window = 2048;
    require(strait_lane_create(&lane, pool, &config) == 0);
    return lane;
}

/* All workers have gone to sleep, in the pool's eyes and in the kernel's. */
static void
await_parked(void)
{
    strait_worker_stats_t stats = { .size = sizeof stats };
    uint32_t i;

    for (i = 0; i < strait_pool_workers(pool); i++) {
        do {
            usleep(1000);
            require(strait_worker_stats(pool, i, &stats) == 0);
        } while (!stats.parked);
    }
    usleep(20000);
}

static strait_lane_stats_t
stats_of(const strait_lane_t *lane)
{
    static strait_lane_stats_t stats; /* large */

    stats.size = sizeof stats;
    require(strait_lane_stats(lane, &stats) == 0);
    return stats;
}

/* ------------------------------------------------------- one item's costs */

static struct costs of_worker; /* from the first item's start to the last's */

static void
nothing(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

static void
first(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    costs_start();
}

static void
last(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    of_worker = costs_taken();
}

/* What must not happen unseen. */
static void
spend(strait_work_t *work, void *arg)
{
    (void)work;
    *(void **)arg = malloc(1);
    (void)syscall(SYS_getpid);
}

static void
submit(strait_lane_t *lane, strait_work_t *work)
{
    require(strait_work_submit(lane, work, &mailbox.sink) == 0);
}

/* Compares what the contract speaks of. */
static void
expect_calls(
    const char *what, struct costs costs, uint64_t rmws, uint64_t wakes)
{
    costs_print(stdout, what, &costs);
    require_count(costs.rmws, rmws);
    require_count(costs.seq_csts, 0);
    require_count(costs.waits, 0);
    require_count(costs.wakes, wakes);
    require_count(costs.others, 0);
    require_count(costs.blocks, 0);
}

static void
count_items(const char *name, uint32_t order, uint64_t rmws)
{
    strait_lane_t *lane = make_lane(name, order);
    struct gate gate;
    int i;

    for (i = 0; i < N_ITEMS; i++)
        strait_work_init(&items[i],
            i == 0                 ? first
                : i + 1 == N_ITEMS ? last
                                   : nothing,
            NULL, NULL);
    /* The first one may make room for the order. */
    submit(lane, &items[1]);
    require(mailbox_take(&mailbox, 1));
    await_parked();
    printf("lane of order %s:\n", name);
    costs_start();
    submit(lane, &items[1]);
    expect_calls("  submit, the worker sleeps", costs_taken(), rmws + 2, 1);
    require(mailbox_take(&mailbox, 1));

    require(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
    /* The worker was woken by way of another lane, and this one may still say
     * that somebody sleeps: the first submit finds out, once. */
    costs_start();
    submit(lane, &items[0]);
    require_count(costs_taken().wakes, 0);
    require(costs_taken().rmws <= rmws + 1);
    costs_start();
    for (i = 1; i < N_ITEMS; i++)
        submit(lane, &items[i]);
    expect_calls("  999 submits, the worker is awake", costs_taken(),
        (N_ITEMS - 1) * rmws, 0);
    gate_open(&gate);
    require(mailbox_take(&mailbox, N_ITEMS + 1));
    costs_print(stdout, "  the worker, 999 items", &of_worker);
    require(of_worker.rmws > 0);
    require_count(of_worker.waits, 0);
    require_count(of_worker.wakes, 0);
    require_count(of_worker.others, 0);
    require_count(of_worker.blocks, 0);
}

/* A worker that allocates and calls the kernel is seen. */
static void
count_planted(void)
{
    strait_work_t works[3];
    void *block = NULL;
    int i;

    strait_work_init(&works[0], first, NULL, NULL);
    strait_work_init(&works[1], spend, NULL, &block);
    strait_work_init(&works[2], last, NULL, NULL);
    for (i = 0; i < 3; i++)
        submit(strait_pool_lane(pool), &works[i]);
    require(mailbox_take(&mailbox, 3));
    free(block);
    require_count(of_worker.blocks, 1);
    require_count(of_worker.others, 1);
}

/* -------------------------------------------------------------------- wakes */

static sem_t hold;
static sem_t n_held;

static void
hold_worker(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    sem_post(&n_held);
    require(wait_for(&hold));
}

static void
let_go(uint64_t n)
{
    while (n-- > 0)
        sem_post(&hold);
}

/* A burst of n while all workers sleep; each item holds its worker until the
 * burst is over, so that nobody can be woken twice. */
static void
count_burst(strait_lane_t *lane, uint64_t n)
{
    uint64_t n_most = n < N_WORKERS ? n : N_WORKERS;
    strait_pool_stats_t before = STRAIT_POOL_STATS_INIT;
    strait_pool_stats_t after = STRAIT_POOL_STATS_INIT;
    strait_lane_stats_t lane_before;
    struct costs costs;
    uint64_t i;

    await_parked();
    lane_before = stats_of(lane);
    require(strait_pool_stats(pool, &before) == 0);
    for (i = 0; i < n; i++)
        strait_work_init(&items[i], hold_worker, NULL, NULL);
    costs_start();
    for (i = 0; i < n; i++)
        submit(lane, &items[i]);
    costs = costs_taken();
    /* As many as can run do, although each of them runs for ever. */
    for (i = 0; i < n_most; i++)
        require(wait_for(&n_held));
    require(strait_pool_stats(pool, &after) == 0);
    printf("burst of %llu, %d parked: %llu wakes, %llu of them by submits\n",
        (unsigned long long)n, N_WORKERS,
        (unsigned long long)(after.n_wakes - before.n_wakes),
        (unsigned long long)costs.wakes);
    require(costs.wakes >= 1 && costs.wakes <= n_most);
    require_count(after.n_wakes - before.n_wakes, n_most);
    require_count(stats_of(lane).n_wakes - lane_before.n_wakes, n_most);
    require_count(stats_of(lane).n_wakes_avoided - lane_before.n_wakes_avoided,
        n - n_most);
    let_go(n);
    require(mailbox_take(&mailbox, n));
    while (sem_trywait(&n_held) == 0)
        continue;
}

/* All workers are busy. */
static void
count_nobody(strait_lane_t *lane)
{
    strait_pool_stats_t before = STRAIT_POOL_STATS_INIT;
    strait_pool_stats_t after = STRAIT_POOL_STATS_INIT;
    struct gate gates[N_WORKERS];
    strait_lane_stats_t lane_before;
    struct costs costs;
    int i;

    for (i = 0; i < N_WORKERS; i++)
        require(gate_close(&gates[i], lane, &mailbox.sink));
    lane_before = stats_of(lane);
    require(strait_pool_stats(pool, &before) == 0);
    for (i = 0; i < N_ITEMS; i++)
        strait_work_init(&items[i], nothing, NULL, NULL);
    costs_start();
    for (i = 0; i < N_ITEMS; i++)
        submit(lane, &items[i]);
    costs = costs_taken();
    require(strait_pool_stats(pool, &after) == 0);
    expect_calls("1000 submits, nobody sleeps", costs, N_ITEMS, 0);
    require_count(after.n_wakes - before.n_wakes, 0);
    require_count(stats_of(lane).n_wakes - lane_before.n_wakes, 0);
    require_count(
        stats_of(lane).n_wakes_avoided - lane_before.n_wakes_avoided, N_ITEMS);
    for (i = 0; i < N_WORKERS; i++)
        gate_open(&gates[i]);
    require(mailbox_take(&mailbox, N_ITEMS + N_WORKERS));
}

static void
count_wakes(void)
{
    strait_lane_t *lane = make_lane("wakes", STRAIT_ORDER_NONE);
    const uint64_t sizes[] = { 1, 2, 3, 4, 5, 100, N_ITEMS };
    size_t i;

    sem_init(&hold, 0, 0);
    sem_init(&n_held, 0, 0);
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        count_burst(lane, sizes[i]);
    count_nobody(lane);
}

/* --------------------------------------------------------------------- idle */

/* A pool whose lanes have all worked, one with threads that stay. */
static void
count_idle(void)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lanes[4];
    uint64_t n_switches;
    int i;

    config.name = "blocking";
    config.lane_class = STRAIT_LANE_BLOCKING;
    config.min_threads = 2;
    config.max_threads = 2;
    require(strait_lane_create(&lanes[0], pool, &config) == 0);
    lanes[1] = make_lane("none", STRAIT_ORDER_NONE);
    lanes[2] = make_lane("submit", STRAIT_ORDER_SUBMIT);
    lanes[3] = make_lane("serial", STRAIT_ORDER_SERIAL);
    for (i = 0; i < N_ITEMS; i++) {
        strait_work_init(&items[i], nothing, NULL, NULL);
        submit(lanes[i % 4], &items[i]);
    }
    require(mailbox_take(&mailbox, N_ITEMS));
    quiet_await();
    quiet_require();
    /* One that wakes up is seen. */
    n_switches = proc_switches_of_others();
    submit(lanes[0], &items[0]);
    require(mailbox_take(&mailbox, 1));
    require(proc_switches_of_others() > n_switches);
}

int
main(void)
{
    open_pool(1);
    count_items("NONE", STRAIT_ORDER_NONE, 1);
    count_items("SUBMIT", STRAIT_ORDER_SUBMIT, 2);
    count_items("SERIAL", STRAIT_ORDER_SERIAL, 1);
    count_planted();
    require(strait_pool_destroy(pool) == 0);
    open_pool(N_WORKERS);
    count_wakes();
    count_idle();
    require(strait_pool_destroy(pool) == 0);
    return 0;
}
