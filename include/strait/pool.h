/* SPDX-License-Identifier: MIT */
/**
 * @file pool.h
 * A pool of worker threads that take work from named, bounded lanes and sleep
 * at no cost when there is none.
 *
 *     strait_pool_t *pool;
 *     int err = strait_pool_create(&pool, NULL);        // one worker per CPU
 *     strait_lane_t *lane = strait_pool_lane(pool);     // the one named "user"
 *     err = strait_work_submit(lane, &work, sink);      // work.h
 *     ...
 *     strait_pool_destroy(pool);                        // runs what is queued
 *
 * A pool has four lanes to begin with: "user", for the program's own work;
 * "cpu", for what libraries compute; "file" and "resolve", of class BLOCKING,
 * whose threads start with the first submit. More are made as in lane.h.
 * Libraries that share a program share strait_pool_default().
 *
 * Guarantees: every accepted item runs, or ends without having run, exactly
 * once. While a worker is parked a submit wakes one, whatever the others are
 * doing, or one that was just woken does so before it runs anything; while none
 * is, a submit makes no system call. In a stream of items of less than half a
 * microsecond a worker that the others do not leave anything looks again after
 * 0.2 ms instead of being woken; an item that comes behind one that turns out
 * long may wait for that. A burst of n submits wakes at most as many
 * as are parked, and at most n. A worker hands on the completion of one item
 * before it starts the next. An idle pool uses no CPU and never wakes up, but
 * for threads of class BLOCKING that end after their idle_ms.
 *
 * Threads of the pool are named after it, block all signals but those that
 * report faults, and start in strait_pool_create; those of class BLOCKING when
 * there is work for them.
 */
#ifndef STRAIT_POOL_H
#define STRAIT_POOL_H

#include <strait/base.h>
#include <strait/lane.h>
#include <strait/memory.h>
#include <strait/work.h>

STRAIT_BEGIN_DECLS

/** The most workers a pool can have. */
#define STRAIT_POOL_WORKERS_MAX 64
/** The most lanes a pool can have, the four built-in ones included. */
#define STRAIT_POOL_LANES_MAX 20

/**
 * Called on each worker thread of a pool, those of class BLOCKING included,
 * before its first item and after its last.
 * @param worker  its number, as strait_worker_index()
 */
typedef void (*strait_pool_hook_fn)(uint32_t worker, void *arg);

/** How a pool is made. Start from STRAIT_POOL_CONFIG_INIT. */
typedef struct strait_pool_config {
    uint32_t size;       /**< sizeof this struct, set by the initialiser */
    uint32_t n_workers;  /**< threads; 0: as many as usable CPUs (cpu.h) */
    const char *name;    /**< up to 11 characters, shown in thread names; NULL:
                               "strait" */
    size_t stack_bytes;  /**< of each thread; 0: the system's default */
    uint32_t max_queued; /**< of the built-in lanes; as in the lane's config */
    int32_t nice;        /**< added to the threads' nice value, 0 to 39 */
    const strait_allocator_t *allocator; /**< NULL: the default (memory.h);
                               copied; must work until the last `done` */
    const uint32_t *cpus; /**< CPUs to pin workers to: worker i to cpus[i modulo
                               n_cpus], threads of class BLOCKING to all of
                               them; NULL: not pinned. Read by create only */
    uint32_t n_cpus;      /**< how many there are in cpus */
    uint32_t reserved;    /**< 0 */
    size_t scratch_bytes; /**< of strait_worker_scratch(); 0: none */
    strait_pool_hook_fn on_start; /**< NULL: none */
    strait_pool_hook_fn on_exit;  /**< NULL: none */
    void *hook_arg;               /**< handed to both */
} strait_pool_config_t;

#define STRAIT_POOL_CONFIG_INIT                                                \
    {                                                                          \
        (uint32_t)sizeof(strait_pool_config_t), 0, NULL, 0, 0, 0, NULL, NULL,  \
            0, 0, 0, NULL, NULL, NULL                                          \
    }

/**
 * Creates a pool and starts its threads. If the system grants fewer threads
 * than asked for, the pool works with those it got, says so to the reporter
 * (error.h), and strait_pool_workers answers the true number.
 * @param[out] ret_pool  not NULL
 * @param config         NULL for the defaults; copied but for the hooks'
 *   argument
 * @retval 0        done
 * @retval -EINVAL  ret_pool NULL, an unknown size, more workers or a smaller
 *                  stack than allowed, a name that is too long, an allocator
 *                  without functions, a lane size that is no power of two, a
 *                  nice value out of its range, a CPU that may not be used
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
 * @retval -EBUSY     it is the default pool, which others use, too
 * @retval -EINVAL    pool is NULL
 * @retval -ECHILD    the pool stayed in the parent of a fork
 * @threads any  @progress wait-free; wakes the workers
 */
STRAIT_API int strait_pool_close(strait_pool_t *pool) STRAIT_NOEXCEPT;

/** What strait_pool_shutdown does with accepted work that has not started. */
enum {
    STRAIT_SHUTDOWN_DRAIN = 0, /**< it runs */
    STRAIT_SHUTDOWN_CANCEL = 1 /**< it ends with -ECANCELED; of what runs the
                                    tokens are set (strait_work_cancelled), and
                                    loops stop that began on a lane or as a job */
};

/**
 * Closes the pool and waits until its threads have ended, but not for ever.
 * Submits that have not returned are not waited for.
 * After a time-out it may be called again, also with CANCEL after DRAIN.
 * @param how          STRAIT_SHUTDOWN_*
 * @param deadline_ns  in the unit of strait_now_ns(); UINT64_MAX: no limit
 * @param[out] ret_n_stuck  how many threads still run an item; may be NULL
 * @retval 0           all work has run or was cancelled, and was handed to its
 *                     sinks; strait_pool_destroy will not wait
 * @retval -ETIMEDOUT  the deadline came first; *ret_n_stuck says how many
 * @retval -EINVAL     pool is NULL, or an unknown `how`
 * @retval -EDEADLK    called from one of its own threads
 * @retval -EBUSY      it is the default pool
 * @retval -ECHILD     the pool stayed in the parent of a fork
 * @threads any but its own  @progress blocking(until work has run or deadline)
 */
STRAIT_API int strait_pool_shutdown(strait_pool_t *pool, int how,
    uint64_t deadline_ns, uint32_t *ret_n_stuck) STRAIT_NOEXCEPT;

/**
 * Shuts down with DRAIN and without a limit, then frees the pool and its lanes.
 * Work functions that never return make it wait for ever: try
 * strait_pool_shutdown before. In the child of a fork it only frees memory. The
 * caller sees to it that nobody uses the pool any more: every submit has
 * returned, not just seen its item `done`.
 * @param pool  NULL is allowed and does nothing
 * @retval 0         done
 * @retval -EDEADLK  called from one of its own threads; nothing happened
 * @retval -EBUSY    it is the default pool, which is never destroyed
 * @threads any but its own  @progress blocking(until queued work has run)
 */
STRAIT_API int strait_pool_destroy(strait_pool_t *pool) STRAIT_NOEXCEPT;

/**
 * The pool that all libraries of a program share, made by the first call. It is
 * never destroyed: its threads end with the process, without being waited for.
 * In the child of a fork the first call makes a new one.
 * @param[out] ret_pool  not NULL
 * @retval 0  done; else as strait_pool_create
 * @threads any  @progress blocking(thread start, on the first call)
 */
STRAIT_API STRAIT_NODISCARD int strait_pool_default(strait_pool_t **ret_pool)
    STRAIT_NOEXCEPT;

/**
 * Says how the default pool is to be made. For the program, before the first
 * call of strait_pool_default; libraries leave it alone.
 * @param config  copied but for what it points to, which must stay
 * @retval 0 done; -EBUSY it has been made; -EINVAL NULL or an unknown size
 * @threads any  @progress wait-free
 */
STRAIT_API int strait_pool_default_configure(const strait_pool_config_t *config)
    STRAIT_NOEXCEPT;

/** How many workers it has; 0 for NULL. @threads any  @progress wait-free */
STRAIT_API STRAIT_NODISCARD uint32_t strait_pool_workers(
    const strait_pool_t *pool) STRAIT_NOEXCEPT;

/** The lanes that every pool has. */
enum {
    STRAIT_POOL_USER = 0,    /**< "user": the program's own work */
    STRAIT_POOL_CPU = 1,     /**< "cpu": what libraries compute */
    STRAIT_POOL_FILE = 2,    /**< "file": files; up to 16 threads */
    STRAIT_POOL_RESOLVE = 3, /**< "resolve": names; up to 4 threads */
    STRAIT_POOL_BUILT_IN = 4
};

/**
 * A built-in lane, STRAIT_POOL_*; NULL if there is no such one, or for NULL. It
 * lives as long as the pool.
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD strait_lane_t *strait_pool_built_in(
    strait_pool_t *pool, int which) STRAIT_NOEXCEPT;

/**
 * The lane "user"; NULL for NULL. It lives as long as the pool.
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD strait_lane_t *strait_pool_lane(strait_pool_t *pool)
    STRAIT_NOEXCEPT;

/**
 * The number of the calling thread in its pool, or -1 if it is none of a pool.
 * Workers have 0 to strait_pool_workers() - 1; threads of class BLOCKING have
 * higher numbers, which are given again when a thread has ended.
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD int strait_worker_index(void) STRAIT_NOEXCEPT;

/**
 * Memory of the calling thread of a pool, scratch_bytes of it, aligned to 64
 * bytes; zeroed when the thread starts, then left as it is from item to item.
 * @param[out] ret_bytes  may be NULL
 * @return NULL if the thread is none of a pool or the pool has no scratch
 * @threads any  @progress wait-free
 */
STRAIT_API void *strait_worker_scratch(size_t *ret_bytes) STRAIT_NOEXCEPT;

/** What a pool has done since it was created; each number only grows. */
typedef struct strait_pool_stats {
    uint32_t size;      /**< sizeof this struct; set it before the call */
    uint32_t n_workers; /**< workers that really run */
    uint64_t n_run;     /**< items whose `run` has returned */
    uint64_t n_parks;   /**< times a worker went to sleep */
    uint64_t n_wakes; /**< wake-ups sent to workers, by submitters or workers */
    uint64_t n_gap_waits; /**< yields and short sleeps because of a submitter
                               stopped between claiming its place and filling
                               it */
    uint64_t n_naps;      /**< times a worker that a stream of short items did
                               not need kept away from them for 0.2 ms */
    uint64_t n_started;   /**< threads of class BLOCKING that were started */
    uint64_t n_start_failed; /**< threads that the system refused */
} strait_pool_stats_t;

#define STRAIT_POOL_STATS_INIT                                                 \
    {                                                                          \
        (uint32_t)sizeof(strait_pool_stats_t), 0, 0, 0, 0, 0, 0, 0, 0          \
    }

/**
 * Reads the statistics: workers and threads of class BLOCKING together. Numbers
 * are exact once the pool is idle. Those of a lane: lane.h.
 * @retval 0  done; -EINVAL  NULL or an unknown size
 * @threads any  @progress wait-free
 */
STRAIT_API int strait_pool_stats(
    const strait_pool_t *pool, strait_pool_stats_t *stats) STRAIT_NOEXCEPT;

/** What one worker of class CPU has done and what it is at. */
typedef struct strait_worker_stats {
    uint32_t size;          /**< sizeof this struct; set it before the call */
    uint32_t parked;        /**< 1: it sleeps */
    uint64_t n_run;         /**< as in strait_pool_stats_t, of this worker */
    uint64_t n_parks;       /**< as there */
    uint64_t n_wakes;       /**< times somebody woke it */
    uint64_t n_gap_waits;   /**< as in strait_pool_stats_t */
    uint64_t n_naps;        /**< as there */
    uint64_t running_ns;    /**< how long its item runs; 0: it runs none */
    strait_work_fn running; /**< the function of that item, or NULL */
} strait_worker_stats_t;

#define STRAIT_WORKER_STATS_INIT                                               \
    {                                                                          \
        (uint32_t)sizeof(strait_worker_stats_t), 0, 0, 0, 0, 0, 0, 0, NULL     \
    }

/**
 * Reads the statistics of one worker.
 * @param worker  0 to strait_pool_workers() - 1
 * @retval 0  done; -EINVAL  NULL, an unknown size, no such worker
 * @threads any  @progress wait-free
 */
STRAIT_API int strait_worker_stats(const strait_pool_t *pool, uint32_t worker,
    strait_worker_stats_t *stats) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_POOL_H */
