/* SPDX-License-Identifier: MIT */
/*
 * stress_fork.c - everything that fork-join promises, all at once: threads,
 * items of lanes of both classes and tasks run roots; trees of random shape
 * spawn, work, sleep, poll, hold locks in strait_join_alone and run roots of
 * their own; items of a lane come between; the pool ends in either of its ways.
 *
 * The shape of a tree follows from its seed alone, so that how many nodes there
 * are, and the sum of their numbers, is known before; each is counted as it
 * runs, and joined. A thread that waits alone runs nothing else, one that waits
 * in a join no items; a root that waits for a task of its own to start sees it
 * start; the statistics agree; in the end everybody sleeps.
 *
 * --plant NAME makes one mistake on purpose, which must be noticed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <strait/clock.h>
#include <strait/fork.h>
#include <strait/pool.h>

#include "blocks.h"
#include "mailbox.h"
#include "plant.h"

#define USERS_MAX 6
#define ITEMS 8
#define KIDS_MAX 4

static const struct plant plants[] = {
    { "twice", "a task runs twice" },
    { "lost", "a task does not run" },
    { "result", "a result is a wrong one" },
    { "alone", "a join that should be alone is not" },
    { "item", "an item runs within a task" },
    { "behind", "a task seems never to start" },
    { "books", "a spawn is not in the books" },
    { "cancel", "a root is said to be cancelled, and ran" },
    { NULL, NULL },
};

/* ------------------------------------------------------------------- trees */

struct tree {
    uint64_t seed;
    unsigned depth;
    /* As it runs. */
    STRAIT_ATOMIC(uint64_t) n_run;
    STRAIT_ATOMIC(uint64_t) sum;
    uint64_t result;
};

struct node {
    struct tree *tree;
    uint64_t seed;
    unsigned depth;
    uint64_t result; /* nodes below, and itself */
};

static struct blocks blocks = BLOCKS_INIT;
static strait_pool_t *pool;
static strait_lane_t *blocking;
static STRAIT_ATOMIC(uint32_t) is_closing;
static STRAIT_ATOMIC(uint64_t) n_spawned;

/* What the calling thread is in: how many tasks, and, if it waits alone, for
 * which one. */
static _Thread_local unsigned n_within;
static _Thread_local const struct node *alone_for;

static unsigned
n_kids(uint64_t seed, unsigned depth)
{
    return depth == 0 ? 0 : (unsigned)(rng_mix(seed) % (KIDS_MAX + 1));
}

static uint64_t
seed_of(uint64_t seed, unsigned kid)
{
    return rng_mix(seed * 7 + kid + 1);
}

/* What a tree must come to; answers the nodes. */
static uint64_t
foresee(uint64_t seed, unsigned depth, uint64_t *sum)
{
    unsigned n = n_kids(seed, depth);
    uint64_t nodes = 1;
    unsigned i;

    *sum += rng_mix(seed);
    for (i = 0; i < n; i++)
        nodes += foresee(seed_of(seed, i), depth - 1, sum);
    return nodes;
}

static void
count_spawn(void)
{
    if (!planted_now("books"))
        (void)strait_add_rlx(&n_spawned, 1);
}

static void
work_a_little(strait_frame_t *frame, struct rng *rng)
{
    unsigned spins = (unsigned)rng_below(rng, 400);

    switch (rng_below(rng, 32)) {
    case 0: usleep((useconds_t)rng_below(rng, 300)); break;
    case 1: sched_yield(); break;
    case 2:
    case 3:
        while (spins-- > 0)
            strait_worker_poll(frame);
        break;
    default:
        while (spins-- > 0)
            __asm__ __volatile__("");
    }
}

static void visit(strait_frame_t *frame, struct node *node);

static void
node_task(strait_frame_t *frame, void *arg)
{
    visit(frame, arg);
}

/* The same as a typed one. */
STRAIT_TASK_3(uint64_t, visit_typed, struct tree *, uint64_t, unsigned);

static uint64_t
visit_typed(
    strait_frame_t *frame, struct tree *tree, uint64_t seed, unsigned depth)
{
    struct node node = { tree, seed, depth, 0 };

    visit(frame, &node);
    return node.result;
}

/* A root within a task. */
static void
run_within(struct node *node)
{
    int err = strait_fork_run(strait_pool_lane(pool), node_task, node);

    /* Too many of them within one another. */
    stress_require(err == 0 || err == -ENOMEM, "a root within a task: %s",
        strait_error_name(err));
    if (err != 0) {
        uint64_t sum = 0;

        node->result = foresee(node->seed, node->depth, &sum);
        (void)strait_add_rlx(&node->tree->n_run, node->result);
        (void)strait_add_rlx(&node->tree->sum, sum);
    }
}

/* Part of its caller, who has spawned the task: checked builds look at that. */
__attribute__((always_inline)) static inline void
join_alone(strait_frame_t **frame, const struct node *kid)
{
    const struct node *before = alone_for;

    alone_for = kid;
    if (planted("alone"))
        strait_join(frame);
    else
        strait_join_alone(frame);
    alone_for = before;
}

static void
visit(strait_frame_t *frame, struct node *node)
{
    struct rng rng = rng_make(node->seed, 1);
    const struct node *alone_before = alone_for;
    struct node kids[KIDS_MAX];
    enum { PLAIN, TYPED, CALLED } how[KIDS_MAX];
    unsigned n = n_kids(node->seed, node->depth);
    unsigned i;

    stress_progress();
    stress_require(alone_for == NULL || alone_for == node,
        "a task runs in a join that should be alone");
    alone_for = NULL;
    n_within++;
    if (!planted_now("lost")) {
        (void)strait_add_rlx(&node->tree->n_run, 1);
        (void)strait_add_rlx(&node->tree->sum, rng_mix(node->seed));
    }
    if (planted_now("twice"))
        (void)strait_add_rlx(&node->tree->n_run, 1);
    node->result = 1;
    for (i = 0; i < n; i++) {
        kids[i] = (struct node){ node->tree, seed_of(node->seed, i),
            node->depth - 1, 0 };
        switch (rng_below(&rng, 8)) {
        case 0:
            how[i] = CALLED;
            if (rng_one_in(&rng, 4))
                run_within(&kids[i]);
            else
                visit(frame, &kids[i]);
            break;
        case 1:
        case 2:
            how[i] = TYPED;
            visit_typed_spawn(&frame, node->tree, kids[i].seed, kids[i].depth);
            count_spawn();
            break;
        default:
            how[i] = PLAIN;
            strait_spawn(&frame, node_task, &kids[i]);
            count_spawn();
        }
        work_a_little(frame, &rng);
    }
    while (i-- > 0) {
        if (how[i] == TYPED)
            kids[i].result = visit_typed_join(&frame);
        else if (how[i] == PLAIN && rng_one_in(&rng, 4))
            join_alone(&frame, &kids[i]);
        else if (how[i] == PLAIN)
            strait_join(&frame);
        node->result += kids[i].result;
        work_a_little(frame, &rng);
    }
    if (planted_now("result"))
        node->result++;
    n_within--;
    alone_for = alone_before;
}

static void
prepare_tree(struct tree *tree, struct rng *rng)
{
    tree->seed = rng_next(rng);
    tree->depth = (unsigned)rng_below(rng, 7);
    strait_store_rlx(&tree->n_run, 0);
    strait_store_rlx(&tree->sum, 0);
    tree->result = 0;
}

static void
tree_root(strait_frame_t *frame, void *arg)
{
    struct tree *tree = arg;
    struct node node = { tree, tree->seed, tree->depth, 0 };

    visit(frame, &node);
    tree->result = node.result;
}

/* After a root that ended with `err`. */
static void
judge_tree(struct tree *tree, int err)
{
    uint64_t sum = 0;
    uint64_t nodes = foresee(tree->seed, tree->depth, &sum);
    uint64_t n_run = strait_load_rlx(&tree->n_run);

    if (planted_now("cancel"))
        err = -ECANCELED;
    if (err != 0) {
        stress_require(strait_load_rlx(&is_closing) != 0 ||
                (n_run != 0 && err == -ECANCELED),
            "a root was refused: %s", strait_error_name(err));
        stress_require(err == -ECANCELED || err == -ESHUTDOWN, "a root: %s",
            strait_error_name(err));
        stress_require(n_run == 0, "a root ran, and is said to have %s",
            strait_error_name(err));
        return;
    }
    stress_require(n_run == nodes, "%llu nodes ran, should be %llu",
        (unsigned long long)n_run, (unsigned long long)nodes);
    stress_require(
        strait_load_rlx(&tree->sum) == sum, "other nodes ran than should");
    stress_require(tree->result == nodes, "the result is %llu, should be %llu",
        (unsigned long long)tree->result, (unsigned long long)nodes);
}

/* --------------------------------------------------- who sleeps beside what */

/* One at a time: a root that waits until somebody else has begun its task. */
static STRAIT_ATOMIC(uint32_t) meeting;
static STRAIT_ATOMIC(uint32_t) has_begun;

static void
begin(strait_frame_t *frame, void *arg)
{
    (void)frame;
    (void)arg;
    stress_require(
        alone_for == NULL, "a task runs in a join that should be alone");
    strait_store_release(&has_begun, !planted("behind"));
}

static void
meet(strait_frame_t *frame, void *arg)
{
    (void)arg;
    strait_store_rlx(&has_begun, 0);
    strait_spawn(&frame, begin, NULL);
    count_spawn();
    /* Of a pool that is closed the others may have ended. */
    while (strait_load_acquire(&has_begun) == 0 &&
        strait_load_rlx(&is_closing) == 0)
        strait_worker_poll(frame);
    strait_join(&frame);
}

/* -------------------------------------------------------------------- users */

struct item {
    strait_work_t work;
    strait_fork_t fork;
    struct tree tree;
    strait_lane_t *call; /* runs its root by strait_fork_run, on this lane */
    int call_err;
    int status;
    bool is_root;
};

struct user {
    unsigned n_rounds;
    uint64_t seed;
    struct mailbox mailbox;
    struct item items[ITEMS];
};

static struct user users[USERS_MAX];

static void
item_run(strait_work_t *work, void *arg)
{
    struct item *item = arg;

    (void)work;
    stress_progress();
    stress_require(n_within == 0 && alone_for == NULL && !planted_now("item"),
        "an item runs within a task");
    if (item->call != NULL)
        item->call_err = strait_fork_run(item->call, tree_root, &item->tree);
}

static void
item_done(strait_work_t *work, int status, void *arg)
{
    (void)work;
    ((struct item *)arg)->status = status;
}

static void
root_done(strait_work_t *work, int status, void *arg)
{
    /* Its argument is the root's. */
    struct item *item = STRAIT_CONTAINER_OF(
        (struct tree *)arg, struct item, tree);

    (void)work;
    item->status = status;
}

/* Items of all kinds, and all of them back. */
static void
submit_items(struct user *user, struct rng *rng)
{
    size_t n_out = 0;
    int errs[ITEMS];
    int i;

    for (i = 0; i < ITEMS; i++) {
        struct item *item = &user->items[i];
        strait_lane_t *lane = strait_pool_lane(pool);
        strait_work_t *work = &item->work;

        prepare_tree(&item->tree, rng);
        item->is_root = rng_one_in(rng, 2);
        item->call = NULL;
        item->call_err = 0;
        if (item->is_root) {
            work = strait_fork_init(
                &item->fork, tree_root, root_done, &item->tree);
        } else {
            strait_work_init(work, item_run, item_done, item);
            if (rng_one_in(rng, 2))
                item->call = lane;
            if (rng_one_in(rng, 2))
                lane = blocking;
        }
        errs[i] = strait_work_submit(lane, work, &user->mailbox.sink);
        stress_require(errs[i] == 0 ||
                (errs[i] == -ESHUTDOWN && strait_load_rlx(&is_closing) != 0),
            "submit: %s", strait_error_name(errs[i]));
        n_out += errs[i] == 0;
    }
    if (n_out > 0) {
        stress_require(
            mailbox_take(&user->mailbox, n_out), "no progress any more");
    }
    for (i = 0; i < ITEMS; i++) {
        struct item *item = &user->items[i];

        if (errs[i] != 0)
            continue;
        if (item->is_root)
            judge_tree(&item->tree, item->status);
        else if (item->status == 0 && item->call != NULL)
            judge_tree(&item->tree, item->call_err);
    }
}

static void *
use(void *arg)
{
    struct user *user = arg;
    struct rng rng = rng_make(user->seed, 2);
    unsigned i;

    for (i = 0; i < user->n_rounds; i++) {
        uint64_t dice = rng_below(&rng, 8);

        stress_progress();
        if (dice == 0) {
            submit_items(user, &rng);
        } else if (dice == 1 && strait_pool_workers(pool) > 1 &&
            strait_xchg_acquire(&meeting, 1) == 0) {
            int err = strait_fork_run(strait_pool_lane(pool), meet, NULL);

            stress_require(err == 0 || strait_load_rlx(&is_closing) != 0,
                "meet: %s", strait_error_name(err));
            strait_store_release(&meeting, 0);
        } else {
            struct tree tree;

            prepare_tree(&tree, &rng);
            judge_tree(&tree,
                strait_fork_run(strait_pool_lane(pool), tree_root, &tree));
        }
        if (rng_one_in(&rng, 4))
            usleep((useconds_t)rng_below(&rng, 1000));
    }
    return NULL;
}

/* ------------------------------------------------------------------- rounds */

static void
dump(void)
{
    strait_fork_stats_t stats = STRAIT_FORK_STATS_INIT;
    strait_worker_stats_t worker = STRAIT_WORKER_STATS_INIT;
    uint32_t i;

    if (pool == NULL)
        return;
    for (i = 0; i < strait_pool_workers(pool); i++) {
        (void)strait_fork_stats(pool, (int)i, &stats);
        (void)strait_worker_stats(pool, i, &worker);
        fprintf(stderr,
            "  worker %u: parked %u, %llu spawned, %llu stolen, %llu leapt, "
            "%llu exposed, %llu reclaimed, %llu waits, depth %u\n",
            i, worker.parked, (unsigned long long)stats.n_spawned,
            (unsigned long long)stats.n_stolen,
            (unsigned long long)stats.n_leapt,
            (unsigned long long)stats.n_exposed,
            (unsigned long long)stats.n_reclaimed,
            (unsigned long long)stats.n_waits, stats.max_depth);
    }
}

static void
await_sleep(void)
{
    strait_worker_stats_t stats = STRAIT_WORKER_STATS_INIT;
    uint32_t i;

    for (i = 0; i < strait_pool_workers(pool); i++) {
        do {
            stress_require(
                strait_worker_stats(pool, i, &stats) == 0, "statistics");
            if (!stats.parked)
                usleep(100);
        } while (!stats.parked);
    }
}

static void
round_of(unsigned n_rounds, struct rng *rng)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_lane_config_t lane_config = STRAIT_LANE_CONFIG_INIT;
    strait_fork_stats_t stats = STRAIT_FORK_STATS_INIT;
    unsigned n_users = 1 + (unsigned)rng_below(rng, USERS_MAX);
    bool early = rng_one_in(rng, 4);
    pthread_t threads[USERS_MAX];
    unsigned i;

    config.n_workers = 1 + (uint32_t)rng_below(rng, 16);
    config.allocator = blocks_allocator(&blocks);
    strait_store_rlx(&is_closing, 0);
    strait_store_rlx(&n_spawned, 0);
    stress_require(strait_pool_create(&pool, &config) == 0, "create");
    lane_config.lane_class = STRAIT_LANE_BLOCKING;
    stress_require(
        strait_lane_create(&blocking, pool, &lane_config) == 0, "lane");
    stress_phase("%u workers, %u users, %u roots each%s", config.n_workers,
        n_users, n_rounds, early ? ", closed early" : "");
    for (i = 0; i < n_users; i++) {
        users[i].n_rounds = n_rounds;
        users[i].seed = rng_next(rng);
        mailbox_init(&users[i].mailbox);
    }
    stress_start(threads, n_users, use, users, sizeof users[0]);
    if (early) {
        usleep((useconds_t)rng_below(rng, 5000));
        strait_store_rlx(&is_closing, 1);
        stress_require(strait_pool_shutdown(pool,
                           rng_one_in(rng, 2) ? STRAIT_SHUTDOWN_CANCEL
                                              : STRAIT_SHUTDOWN_DRAIN,
                           UINT64_MAX, NULL) == 0,
            "shutdown");
    }
    stress_join(threads, n_users);
    stress_phase("the end of %u workers", config.n_workers);
    if (!early)
        await_sleep();
    stress_require(strait_fork_stats(pool, -1, &stats) == 0, "statistics");
    stress_require(stats.n_spawned == strait_load_rlx(&n_spawned),
        "%llu tasks, %llu in the books",
        (unsigned long long)strait_load_rlx(&n_spawned),
        (unsigned long long)stats.n_spawned);
    stress_require(stats.n_stolen <= stats.n_spawned &&
            stats.n_leapt <= stats.n_stolen &&
            stats.n_exposed <= stats.n_spawned,
        "%llu tasks, %llu stolen, %llu leapt",
        (unsigned long long)stats.n_spawned, (unsigned long long)stats.n_stolen,
        (unsigned long long)stats.n_leapt);
    stress_require(strait_pool_destroy(pool) == 0, "destroy");
    pool = NULL;
    stress_require(blocks_complaint(&blocks) == NULL, "memory: %s",
        blocks_complaint(&blocks));
}

int
main(int argc, char **argv)
{
    plant_begin(argc, argv, "stress_fork",
        "Fork-join of all kinds on pools of all sizes.", plants);
    stress.dump = dump;
    while (stress_goes_on())
        round_of(1 + (unsigned)rng_below(&stress.rng, stress_scaled(300)),
            &stress.rng);
    return stress_end();
}
