/* SPDX-License-Identifier: MIT */
/*
 * pool.c - the life of a pool: threads, close, destroy, statistics. What the
 * threads do is in worker.c.
 *
 * Life.  create -> (submits) -> close -> workers drain the lanes and end
 *                                        -> destroy joins and frees
 * destroy closes if nobody has. In the child of a fork there are no threads to
 * join: destroy only frees.
 */
#define _GNU_SOURCE
#include "sched/sched_priv.h"

#include "base/check.h"
#include "base/fork.h"
#include "base/memory.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <strait/cpu.h>
#include <string.h>

static void
free_pool(strait_pool_t *pool)
{
    strait_allocator_t allocator = pool->allocator;
    /* rlx: nobody else uses the pool any more. */
    uint32_t n_lanes = strait_load_rlx(&pool->n_lanes);
    uint32_t i;

    for (i = 0; i < n_lanes; i++)
        sti_free(&allocator, pool->lanes[i], pool->lanes[i]->size_bytes);
    if (pool->workers != NULL) {
        sti_free(
            &allocator, pool->workers, pool->n_seats * sizeof pool->workers[0]);
    }
    if (pool->seats != NULL)
        sti_free(
            &allocator, pool->seats, pool->n_seats * sizeof pool->seats[0]);
    sti_free(&allocator, pool, sizeof *pool);
}

/* All signals but those that report a fault of the thread itself: they are the
 * program's to receive, on its own threads. */
static void
block_signals(sigset_t *ret_old)
{
    sigset_t blocked;

    (void)sigfillset(&blocked);
    (void)sigdelset(&blocked, SIGSEGV);
    (void)sigdelset(&blocked, SIGBUS);
    (void)sigdelset(&blocked, SIGFPE);
    (void)sigdelset(&blocked, SIGILL);
    (void)sigdelset(&blocked, SIGTRAP);
    (void)sigdelset(&blocked, SIGSYS);
    (void)pthread_sigmask(SIG_SETMASK, &blocked, ret_old);
}

/* Starts as many workers as the system grants and leaves their number in
 * n_workers; answers the error of the first refusal. */
static int
start_workers(strait_pool_t *pool, size_t stack_bytes)
{
    pthread_attr_t attr;
    sigset_t old;
    uint32_t i;
    int err;

    err = pthread_attr_init(&attr);
    if (err != 0)
        return -err;
    if (stack_bytes != 0)
        err = pthread_attr_setstacksize(&attr, stack_bytes);
    if (err != 0) {
        (void)pthread_attr_destroy(&attr);
        return -err;
    }
    block_signals(&old);
    for (i = 0; i < pool->n_seats; i++) {
        sti_worker_t *worker = &pool->workers[i];
        char name[16];

        worker->pool = pool;
        worker->index = i;
        err = pthread_create(&worker->thread, &attr, sti_worker_main, worker);
        if (err != 0)
            break;
        (void)snprintf(name, sizeof name, "%.11s:%u", pool->name,
            i % STRAIT_POOL_WORKERS_MAX);
        (void)pthread_setname_np(worker->thread, name);
    }
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    (void)pthread_attr_destroy(&attr);
    pool->n_workers = i;
    return -err;
}

static int
create(strait_pool_t **ret_pool, const strait_pool_config_t *config)
{
    static const strait_pool_config_t defaults = STRAIT_POOL_CONFIG_INIT;
    strait_lane_config_t user = STRAIT_LANE_CONFIG_INIT;
    const strait_allocator_t *allocator;
    strait_pool_t *pool;
    strait_lane_t *lane;
    const char *name;
    uint32_t n_workers;
    int err;

    if (config == NULL)
        config = &defaults;
    if (ret_pool == NULL || config->size != sizeof *config ||
        config->n_workers > STRAIT_POOL_WORKERS_MAX || config->reserved != 0)
        return -EINVAL;
    allocator = sti_allocator_or_default(config->allocator);
    name = config->name != NULL ? config->name : "strait";
    if (allocator == NULL || strlen(name) >= sizeof pool->name ||
        (config->stack_bytes != 0 &&
            config->stack_bytes < (size_t)PTHREAD_STACK_MIN))
        return -EINVAL;
    n_workers = config->n_workers;
    if (n_workers == 0)
        n_workers = strait_cpu_usable();
    if (n_workers > STRAIT_POOL_WORKERS_MAX)
        n_workers = STRAIT_POOL_WORKERS_MAX;

    pool = sti_alloc(allocator, sizeof *pool);
    if (pool == NULL)
        return -ENOMEM;
    pool->allocator = *allocator;
    pool->n_seats = n_workers;
    pool->fork_generation = sti_fork_generation();
    memcpy(pool->name, name, strlen(name) + 1);
    pool->seats = sti_alloc(allocator, n_workers * sizeof pool->seats[0]);
    pool->workers = sti_alloc(allocator, n_workers * sizeof pool->workers[0]);
    if (pool->seats == NULL || pool->workers == NULL ||
        pool->fork_generation == 0) {
        free_pool(pool);
        return -ENOMEM;
    }
    sti_parking_init(&pool->parking, pool->seats);
    pool->spin_ns = sti_spin_first_limit_ns();
    user.name = "user";
    user.max_queued = config->max_queued;
    err = strait_lane_create(&lane, pool, &user);
    if (err != 0) {
        free_pool(pool);
        return err;
    }
    err = start_workers(pool, config->stack_bytes);
    if (pool->n_workers == 0) {
        free_pool(pool);
        return err;
    }
    if (pool->n_workers < n_workers) {
        sti_report(STRAIT_REPORT_WARNING,
            "strait: pool '%s' asked for %u threads and got %u (%s)",
            pool->name, n_workers, pool->n_workers, strait_error_name(err));
    }
    *ret_pool = pool;
    return 0;
}

int
strait_pool_create(strait_pool_t **ret_pool, const strait_pool_config_t *config)
{
    int saved = errno;
    int err = create(ret_pool, config);

    errno = saved;
    return err;
}

int
strait_pool_close(strait_pool_t *pool)
{
    uint32_t n_lanes;
    uint32_t i;

    if (pool == NULL)
        return -EINVAL;
    if (sti_forked(pool->fork_generation))
        return -ECHILD;
    /* SC: store-load with strait_lane_create, see there. */
    if (strait_xchg_sc(&pool->closed, 1) != 0)
        return -EALREADY;
    /* SC: the other half of the above. [L1:acq] the entries it counts. */
    n_lanes = strait_load_sc(&pool->n_lanes);
    for (i = 0; i < n_lanes; i++)
        (void)strait_ring_close(pool->rings[i]);
    sti_parking_wake_all(&pool->parking);
    return 0;
}

int
strait_pool_destroy(strait_pool_t *pool)
{
    sti_worker_t *own = sti_worker_self();
    uint32_t i;

    if (pool == NULL)
        return 0;
    if (sti_forked(pool->fork_generation)) {
        free_pool(pool);
        return 0;
    }
    if (own != NULL && own->pool == pool)
        return -EDEADLK;
    (void)strait_pool_close(pool);
    for (i = 0; i < pool->n_workers; i++)
        (void)pthread_join(pool->workers[i].thread, NULL);
    for (i = 0; i < STRAIT_POOL_LANES_MAX && pool->rings[i] != NULL; i++)
        STI_CHECK(1, strait_ring_is_empty(pool->rings[i]));
    free_pool(pool);
    return 0;
}

uint32_t
strait_pool_workers(const strait_pool_t *pool)
{
    return pool != NULL ? pool->n_workers : 0;
}

strait_lane_t *
strait_pool_lane(strait_pool_t *pool)
{
    return pool != NULL ? pool->lanes[0] : NULL;
}

int
strait_pool_stats(const strait_pool_t *pool, strait_pool_stats_t *stats)
{
    strait_pool_stats_t sum = STRAIT_POOL_STATS_INIT;
    uint32_t i;

    if (pool == NULL || stats == NULL || stats->size != sizeof *stats)
        return -EINVAL;
    sum.n_workers = pool->n_workers;
    for (i = 0; i < pool->n_workers; i++) {
        const sti_worker_t *worker = &pool->workers[i];

        sum.n_run += sti_counter_read(&worker->n_run);
        sum.n_parks += sti_counter_read(&worker->n_parks);
        sum.n_wakes += sti_counter_read(&worker->n_wakes);
        sum.n_gap_waits += sti_counter_read(&worker->n_gap_waits);
    }
    *stats = sum;
    return 0;
}
