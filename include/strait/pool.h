/* SPDX-License-Identifier: MIT */
/**
 * @file pool.h
 * A pool of worker threads that take work from named, bounded lanes and sleep
 * at no cost when there is none.
 *
 *     strait_pool_t *pool;
 *     int err = strait_pool_create(&pool, NULL);          // one worker per CPU
 *     strait_lane_t *lane = strait_pool_lane(pool);       // the built-in lane
 *     err = strait_work_submit(lane, &work, sink);        // work.h
 *     ...
 *     strait_pool_destroy(pool);                          // runs what is queued
 *
 * Guarantees: every accepted item runs exactly once. Items of one lane start in
 * the order of their submits; they may finish in any order. Lanes of one pool
 * are served in turn. While a worker is parked a submit wakes one, whatever the
 * others are doing, or one that was just woken does so before it runs anything;
 * while none is, a submit makes no system call. A worker hands on the
 * completion of one item before it starts the next. An idle pool uses no CPU
 * and never wakes up.
 *
 * Threads of the pool are named after it, block all signals but those that
 * report faults, and start in strait_pool_create.
 */
#ifndef STRAIT_POOL_H
#define STRAIT_POOL_H

#include <strait/base.h>
#include <strait/memory.h>
#include <strait/work.h>

STRAIT_BEGIN_DECLS

typedef struct strait_pool strait_pool_t;

/** The most workers a pool can have. */
#define STRAIT_POOL_WORKERS_MAX 64
/** The most lanes a pool can have, the built-in one included. */
#define STRAIT_POOL_LANES_MAX 16
/** How much may wait in a lane unless its configuration says otherwise. */
#define STRAIT_LANE_QUEUED_DEFAULT 4096

/** How a pool is made. Start from STRAIT_POOL_CONFIG_INIT. */
typedef struct strait_pool_config {
    uint32_t size;       /**< sizeof this struct, set by the initialiser */
    uint32_t n_workers;  /**< threads; 0: as many as usable CPUs (cpu.h) */
    const char *name;    /**< up to 11 characters, shown in thread names; NULL:
                             "strait" */
    size_t stack_bytes;  /**< of each worker; 0: the system's default */
    uint32_t max_queued; /**< of the built-in lane; as in the lane's config */
    uint32_t reserved;   /**< 0 */
    const strait_allocator_t *allocator; /**< NULL: the default (memory.h) */
} strait_pool_config_t;

#define STRAIT_POOL_CONFIG_INIT                                                \
    {                                                                          \
        (uint32_t)sizeof(strait_pool_config_t), 0, NULL, 0, 0, 0, NULL         \
    }

/** How a lane is made. Start from STRAIT_LANE_CONFIG_INIT. */
typedef struct strait_lane_config {
    uint32_t size;       /**< sizeof this struct, set by the initialiser */
    uint32_t max_queued; /**< how much may wait; a power of two from 2 to 2^20;
                              0: STRAIT_LANE_QUEUED_DEFAULT */
    const char *name;    /**< up to 15 characters; NULL: "lane" */
} strait_lane_config_t;

#define STRAIT_LANE_CONFIG_INIT                                                \
    {                                                                          \
        (uint32_t)sizeof(strait_lane_config_t), 0, NULL                        \
    }

/**
 * Creates a pool and starts its threads. If the system grants fewer threads
 * than asked for, the pool works with those it got, says so to the reporter
 * (error.h), and strait_pool_workers answers the true number.
 * @param[out] ret_pool  not NULL
 * @param config         NULL for the defaults
 * @retval 0        done
 * @retval -EINVAL  ret_pool NULL, an unknown size, more workers or a smaller
 *                  stack than allowed, a name that is too long, an allocator
 *                  without functions, a lane size that is no power of two
 * @retval -ENOMEM  no memory
 * @retval -EAGAIN  not even one thread could be started
 * @threads any  @progress blocking(thread start)
 */
STRAIT_API STRAIT_NODISCARD int strait_pool_create(strait_pool_t **ret_pool,
    const strait_pool_config_t *config) STRAIT_NOEXCEPT;

/**
 * Refuses all later submits with -ESHUTDOWN. What was accepted still runs.
 * @retval 0          done
 * @retval -EALREADY  it was closed before
 * @retval -EINVAL    pool is NULL
 * @retval -ECHILD    the pool stayed in the parent of a fork
 * @threads any  @progress wait-free; wakes the workers
 */
STRAIT_API int strait_pool_close(strait_pool_t *pool) STRAIT_NOEXCEPT;

/**
 * Closes the pool, waits until all accepted work has run and been handed to
 * its sinks, ends the threads and frees the pool and its lanes. Work functions
 * that never return make it wait for ever. In the child of a fork it only
 * frees memory. The caller sees to it that nobody uses the pool any more: every
 * submit has returned, not just seen its item `done`.
 * @param pool  NULL is allowed and does nothing
 * @retval 0         done
 * @retval -EDEADLK  called from one of its own workers; nothing happened
 * @threads any but its workers  @progress blocking(until queued work has run)
 */
STRAIT_API int strait_pool_destroy(strait_pool_t *pool) STRAIT_NOEXCEPT;

/** How many workers it has; 0 for NULL. @threads any  @progress wait-free */
STRAIT_API STRAIT_NODISCARD uint32_t strait_pool_workers(
    const strait_pool_t *pool) STRAIT_NOEXCEPT;

/**
 * The built-in lane, named "user"; NULL for NULL. It lives as long as the pool.
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD strait_lane_t *strait_pool_lane(strait_pool_t *pool)
    STRAIT_NOEXCEPT;

/**
 * Adds a lane to a pool. It lives as long as the pool.
 * @param[out] ret_lane  not NULL
 * @param config         NULL for the defaults
 * @retval 0          done
 * @retval -EINVAL    NULL pool or ret_lane, an unknown size, a bad max_queued,
 *                    a name that is too long
 * @retval -ENOSPC    the pool has STRAIT_POOL_LANES_MAX lanes
 * @retval -ENOMEM    no memory
 * @retval -ESHUTDOWN the pool was closed
 * @retval -ECHILD    the pool stayed in the parent of a fork
 * @threads any, one at a time per pool  @progress wait-free but for memory
 */
STRAIT_API STRAIT_NODISCARD int strait_lane_create(strait_lane_t **ret_lane,
    strait_pool_t *pool, const strait_lane_config_t *config) STRAIT_NOEXCEPT;

/** The lane's name; "" for NULL. @threads any  @progress wait-free */
STRAIT_API const char *strait_lane_name(const strait_lane_t *lane)
    STRAIT_NOEXCEPT;

/**
 * About how many items wait in the lane; 0 for NULL.
 * @threads any  @progress wait-free
 */
STRAIT_API size_t strait_lane_queued(const strait_lane_t *lane) STRAIT_NOEXCEPT;

/** What a pool has done since it was created; each number only grows. */
typedef struct strait_pool_stats {
    uint32_t size;      /**< sizeof this struct; set it before the call */
    uint32_t n_workers; /**< threads that really run */
    uint64_t n_run;     /**< items whose `run` has returned */
    uint64_t n_parks;   /**< times a worker went to sleep */
    uint64_t n_wakes; /**< wake-ups sent to workers, by submitters or workers */
    uint64_t n_gap_waits; /**< yields and short sleeps because of a submitter
                               stopped between claiming its place and filling
                               it */
} strait_pool_stats_t;

#define STRAIT_POOL_STATS_INIT                                                 \
    {                                                                          \
        (uint32_t)sizeof(strait_pool_stats_t), 0, 0, 0, 0, 0                   \
    }

/**
 * Reads the statistics. Numbers are exact once the pool is idle.
 * @retval 0  done; -EINVAL  NULL or an unknown size
 * @threads any  @progress wait-free
 */
STRAIT_API int strait_pool_stats(
    const strait_pool_t *pool, strait_pool_stats_t *stats) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_POOL_H */
