/* SPDX-License-Identifier: MIT */
/*
 * pool.c - the life of a pool: create, close, shutdown, destroy, and the one
 * that all libraries share. Its threads are in crew.c, what they do in
 * worker.c.
 *
 * Life.  create -> (submits) -> close -> workers drain the lanes and end
 *                                |          ^
 *                                '- shutdown: waits for them, with a limit; may
 *                                   end what is queued without running it
 *        destroy: shuts down without a limit, joins and frees
 * In the child of a fork there are no threads to join: destroy only frees.
 *
 * Edges: K2 is in crew.c, L1 in worker.c.
 *
 * Tests: tests/sched/test_pool.c, test_pool_threads.c, test_shutdown.c.
 */
#define _GNU_SOURCE
#include "sched/submit.h"

#include "base/futex.h"
#include "base/memory.h"

#include <limits.h>
#include <sched.h>
#include <strait/clock.h>
#include <strait/cpu.h>
#include <string.h>

/* The threads of the built-in lanes of class BLOCKING. */
#define FILE_THREADS 16
#define RESOLVE_THREADS 4
#define NICE_MAX 39

static void
free_pool(strait_pool_t *pool)
{
    strait_allocator_t allocator = pool->allocator;
    /* rlx: nobody else uses the pool any more. */
    uint32_t n_lanes = strait_load_rlx(&pool->n_lanes);
    uint32_t i;

    for (i = 0; i < n_lanes; i++)
        sti_lane_free(pool->lanes[i]);
    sti_crew_free(&pool->cpu);
    if (pool->config.cpus != NULL) {
        sti_free(&allocator, (void *)(uintptr_t)pool->config.cpus,
            pool->config.n_cpus * sizeof pool->config.cpus[0]);
    }
    sti_free(&allocator, pool, sizeof *pool);
}

/* False if one of the CPUs may not be used, or there are none. */
static bool
cpus_are_good(const strait_pool_config_t *config)
{
    cpu_set_t *set;
    size_t size;
    uint32_t i;

    if (config->cpus == NULL)
        return config->n_cpus == 0;
    /* The kernel's own limit. */
    set = CPU_ALLOC(8192);
    if (set == NULL || config->n_cpus == 0 || config->n_cpus > 8192) {
        CPU_FREE(set);
        return false;
    }
    size = CPU_ALLOC_SIZE(8192);
    CPU_ZERO_S(size, set);
    (void)sched_getaffinity(0, size, set);
    for (i = 0; i < config->n_cpus; i++) {
        if (config->cpus[i] >= 8192 ||
            !CPU_ISSET_S((size_t)config->cpus[i], size, set))
            break;
    }
    CPU_FREE(set);
    return i == config->n_cpus;
}

/* The lanes that every pool has, in the order of STRAIT_POOL_*. */
static int
create_lanes(strait_pool_t *pool)
{
    static const struct {
        const char *name;
        uint32_t max_threads; /* 0: class CPU */
    } built_in[STRAIT_POOL_BUILT_IN] = {
        { "user", 0 },
        { "cpu", 0 },
        { "file", FILE_THREADS },
        { "resolve", RESOLVE_THREADS },
    };
    int i;

    for (i = 0; i < STRAIT_POOL_BUILT_IN; i++) {
        strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
        strait_lane_t *lane;
        int err;

        config.name = built_in[i].name;
        config.max_queued = pool->config.max_queued;
        if (built_in[i].max_threads != 0) {
            config.lane_class = STRAIT_LANE_BLOCKING;
            config.max_threads = built_in[i].max_threads;
        }
        err = strait_lane_create(&lane, pool, &config);
        if (err != 0)
            return err;
    }
    return 0;
}

/* All that a pool has but its threads. */
static int
furnish(strait_pool_t *pool, uint32_t n_workers, const uint32_t *cpus)
{
    strait_pool_config_t *config = &pool->config;
    int err;

    if (cpus != NULL) {
        size_t bytes = config->n_cpus * sizeof cpus[0];
        uint32_t *copy = sti_alloc(&pool->allocator, bytes);

        if (copy == NULL)
            return -ENOMEM;
        memcpy(copy, cpus, bytes);
        config->cpus = copy;
    }
    err = sti_crew_init(&pool->cpu, pool, n_workers, "");
    return err != 0 ? err : create_lanes(pool);
}

static int
create(strait_pool_t **ret_pool, const strait_pool_config_t *config)
{
    static const strait_pool_config_t defaults = STRAIT_POOL_CONFIG_INIT;
    const strait_allocator_t *allocator;
    strait_pool_t *pool;
    const char *name;
    uint32_t n_workers;
    int err;

    if (config == NULL)
        config = &defaults;
    if (ret_pool == NULL || config->size != sizeof *config ||
        config->n_workers > STRAIT_POOL_WORKERS_MAX || config->reserved != 0 ||
        config->nice < 0 || config->nice > NICE_MAX || !cpus_are_good(config))
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
    pool->config = *config;
    pool->config.cpus = NULL;
    pool->fork_generation = sti_fork_generation();
    pool->spin_ns = sti_spin_first_limit_ns();
    memcpy(pool->name, name, strlen(name) + 1);
    err = pool->fork_generation == 0 ? -ENOMEM
                                     : furnish(pool, n_workers, config->cpus);
    if (err == 0) {
        pool->n_workers = sti_crew_start(&pool->cpu, n_workers, &err);
        if (pool->n_workers != 0 && err != 0) {
            sti_report(STRAIT_REPORT_WARNING,
                "strait: pool '%s' asked for %u threads and got %u (%s)",
                pool->name, n_workers, pool->n_workers, strait_error_name(err));
            err = 0;
        }
    }
    if (err != 0) {
        free_pool(pool);
        return err;
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
    if (pool->is_default)
        return -EBUSY;
    /* SC: store-load with strait_lane_create, see there. */
    if (strait_xchg_sc(&pool->closed, 1) != 0)
        return -EALREADY;
    /* SC: the other half of the above. [L1:acq] the entries it counts. */
    n_lanes = strait_load_sc(&pool->n_lanes);
    for (i = 0; i < n_lanes; i++) {
        strait_lane_t *lane = pool->lanes[i];

        (void)strait_ring_close(&lane->outlet.ring);
        sti_lane_drained(lane, -ESHUTDOWN);
        sti_parking_wake_all(&lane->crew->parking);
    }
    return 0;
}

/* Ends what is queued, as a consumer of all lanes. */
static void
cancel_queued(strait_pool_t *pool, uint64_t deadline_ns)
{
    /* [L1:acq] the entries it counts. */
    uint32_t n_lanes = strait_load_acquire(&pool->n_lanes);
    uint32_t i;

    /* rlx: workers that do not see it yet run what they have taken. */
    strait_store_rlx(&pool->cancelling, 1);
    for (i = 0; i < n_lanes; i++) {
        /* What a stopped submitter hides is ended by the workers. */
        (void)sti_lane_end_all(pool->lanes[i], STI_WORK_CANCELED, deadline_ns);
        /* Whoever slept beside a full gate may end now. */
        sti_parking_wake_all(&pool->lanes[i]->crew->parking);
    }
}

/* How many threads of a crew run an item. */
static uint32_t
n_running(const sti_crew_t *crew)
{
    uint32_t n = 0;
    uint32_t i;

    for (i = 0; i < crew->n_seats; i++) {
        /* rlx: a statistic. */
        n += strait_load_rlx(&crew->workers[i].running) != NULL;
    }
    return n;
}

/* How many threads run an item; at least 1, as somebody asks. */
static uint32_t
n_stuck(strait_pool_t *pool)
{
    /* [L1:acq] the entries it counts. */
    uint32_t n_lanes = strait_load_acquire(&pool->n_lanes);
    uint32_t n = n_running(&pool->cpu);
    uint32_t i;

    for (i = 0; i < n_lanes; i++) {
        if (pool->lanes[i]->crew != &pool->cpu)
            n += n_running(&pool->lanes[i]->own);
    }
    return n != 0 ? n : 1;
}

int
strait_pool_shutdown(
    strait_pool_t *pool, int how, uint64_t deadline_ns, uint32_t *ret_n_stuck)
{
    sti_worker_t *own = sti_worker_self();
    uint32_t n_live;

    if (pool == NULL ||
        (how != STRAIT_SHUTDOWN_DRAIN && how != STRAIT_SHUTDOWN_CANCEL))
        return -EINVAL;
    if (sti_forked(pool->fork_generation))
        return -ECHILD;
    if (own != NULL && own->pool == pool)
        return -EDEADLK;
    if (pool->is_default)
        return -EBUSY;
    (void)strait_pool_close(pool);
    if (how == STRAIT_SHUTDOWN_CANCEL)
        cancel_queued(pool, deadline_ns);
    if (ret_n_stuck != NULL)
        *ret_n_stuck = 0;
    /* [K2:acq] */
    while ((n_live = strait_load_acquire(&pool->n_live)) != 0) {
        if (strait_now_ns() >= deadline_ns) {
            if (ret_n_stuck != NULL)
                *ret_n_stuck = n_stuck(pool);
            return -ETIMEDOUT;
        }
        (void)sti_futex_wait_until(&pool->n_live, n_live, deadline_ns);
    }
    return 0;
}

int
strait_pool_destroy(strait_pool_t *pool)
{
    sti_worker_t *own = sti_worker_self();
    uint32_t n_lanes;
    uint32_t i;

    if (pool == NULL)
        return 0;
    if (pool->is_default)
        return -EBUSY;
    if (sti_forked(pool->fork_generation)) {
        free_pool(pool);
        return 0;
    }
    if (own != NULL && own->pool == pool)
        return -EDEADLK;
    (void)strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL);
    sti_crew_join(&pool->cpu);
    /* rlx: nobody else uses the pool any more. */
    n_lanes = strait_load_rlx(&pool->n_lanes);
    for (i = 0; i < n_lanes; i++) {
        STI_CHECK(1, strait_ring_is_empty(&pool->lanes[i]->outlet.ring));
        if (pool->lanes[i]->crew != &pool->cpu)
            sti_crew_join(&pool->lanes[i]->own);
    }
    free_pool(pool);
    return 0;
}

uint32_t
strait_pool_workers(const strait_pool_t *pool)
{
    return pool != NULL ? pool->n_workers : 0;
}

strait_lane_t *
strait_pool_built_in(strait_pool_t *pool, int which)
{
    if (pool == NULL || which < 0 || which >= STRAIT_POOL_BUILT_IN)
        return NULL;
    return pool->lanes[which];
}

strait_lane_t *
strait_pool_lane(strait_pool_t *pool)
{
    return strait_pool_built_in(pool, STRAIT_POOL_USER);
}

int
strait_worker_index(void)
{
    const sti_worker_t *worker = sti_worker_self();

    return worker != NULL ? (int)(worker->crew->first_index + worker->seat)
                          : -1;
}

void *
strait_worker_scratch(size_t *ret_bytes)
{
    const sti_worker_t *worker = sti_worker_self();
    void *scratch = worker != NULL ? worker->scratch : NULL;

    if (ret_bytes != NULL)
        *ret_bytes = scratch != NULL ? worker->pool->config.scratch_bytes : 0;
    return scratch;
}
