/* SPDX-License-Identifier: MIT */
/**
 * @file lane.h
 * A lane: a named, bounded queue of a pool, with its own urgency, limits and
 * order. Work from outside always goes to a lane.
 *
 *     strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
 *     config.name = "thumbnails";
 *     config.priority = 2;                 // gives way to the rest
 *     config.max_running = 1;              // never more than one worker
 *     int err = strait_lane_create(&lane, pool, &config);
 *
 * Which lane is served. Among the lanes of class CPU that have work and may run
 * more of it, the one with the highest priority; its oldest item gains one
 * priority for each STRAIT_LANE_AGING_NS that it has waited, so nobody starves.
 * Lanes of equal priority take turns, `weight` items each. A lane of class
 * BLOCKING has threads of its own, between min_threads and max_threads, for
 * work that waits in the kernel; CPU work never waits behind it.
 *
 * Guarantees: the items of one lane are taken in the order of their submits.
 * With STRAIT_ORDER_SUBMIT the `done` of each sink come in that order, too,
 * although items run side by side; with STRAIT_ORDER_SERIAL the next item
 * starts when the one before has returned, and sees what it wrote. A lane that
 * is full refuses with -EAGAIN, and says when it is worth trying again
 * (strait_lane_on_drain).
 */
#ifndef STRAIT_LANE_H
#define STRAIT_LANE_H

#include <strait/base.h>
#include <strait/histogram.h>
#include <strait/sink.h>
#include <strait/work.h>

STRAIT_BEGIN_DECLS

typedef struct strait_pool strait_pool_t;

/** How much may wait in a lane unless its configuration says otherwise. */
#define STRAIT_LANE_QUEUED_DEFAULT 4096
/** The most that can be made to wait. */
#define STRAIT_LANE_QUEUED_MAX ((uint32_t)1 << 20)
/** The highest priority. */
#define STRAIT_LANE_PRIORITY_MAX 7
/** The priority of a lane unless its configuration says otherwise. */
#define STRAIT_LANE_PRIORITY_DEFAULT 4
/** The largest weight. */
#define STRAIT_LANE_WEIGHT_MAX 1000
/** How long an item waits for one more priority: 10 ms. */
#define STRAIT_LANE_AGING_NS ((uint64_t)10 * 1000 * 1000)
/** How many items of one sink may be in flight in a lane of order SUBMIT unless
 * its configuration says otherwise. */
#define STRAIT_LANE_WINDOW_DEFAULT 256
/** The most sinks with items in flight in one lane of order SUBMIT. */
#define STRAIT_LANE_SINKS_MAX 64
/** The most threads of a lane of class BLOCKING. */
#define STRAIT_LANE_THREADS_MAX 1024
/** Its most threads unless its configuration says otherwise. */
#define STRAIT_LANE_THREADS_DEFAULT 16
/** How long its threads stay idle before they end unless it says otherwise. */
#define STRAIT_LANE_IDLE_MS_DEFAULT 10000

/** What the work of a lane needs. */
enum {
    STRAIT_LANE_CPU = 0,     /**< a core: it shares the pool's workers */
    STRAIT_LANE_BLOCKING = 1 /**< a thread that may wait: it has its own */
};

/** In which order the work of a lane runs and is delivered. */
enum {
    STRAIT_ORDER_NONE = 0,   /**< as it comes */
    STRAIT_ORDER_SUBMIT = 1, /**< side by side; delivered as submitted */
    STRAIT_ORDER_SERIAL = 2  /**< one at a time */
};

/** How a lane is made. Start from STRAIT_LANE_CONFIG_INIT. */
typedef struct strait_lane_config {
    uint32_t size;        /**< sizeof this struct, set by the initialiser */
    uint32_t max_queued;  /**< how much may wait; a power of two from 2 to
                               STRAIT_LANE_QUEUED_MAX; 0:
                               STRAIT_LANE_QUEUED_DEFAULT */
    const char *name;     /**< up to 15 characters; NULL: "lane" */
    uint32_t priority;    /**< 0 to 7; 7 is served first */
    uint32_t weight;      /**< items in a turn, 1 to STRAIT_LANE_WEIGHT_MAX; 0:
                               1. Class CPU */
    uint32_t max_running; /**< workers that may run its work at once; 0: all of
                               them. Class BLOCKING has max_threads instead */
    uint32_t lane_class;  /**< STRAIT_LANE_* */
    uint32_t order;       /**< STRAIT_ORDER_* */
    uint32_t window;      /**< order SUBMIT: the most items in flight for each
                               sink; a power of two from 2 to
                               STRAIT_LANE_QUEUED_MAX; 0:
                               STRAIT_LANE_WINDOW_DEFAULT */
    uint32_t low_water;   /**< drain callbacks come when no more than this is
                               queued; 0: a quarter of max_queued */
    uint32_t min_threads; /**< class BLOCKING: threads that never end; 0: the
                               first submit after a pause starts one itself */
    uint32_t max_threads; /**< class BLOCKING; 0: STRAIT_LANE_THREADS_DEFAULT or
                               min_threads, whichever is more */
    uint32_t idle_ms;     /**< class BLOCKING: how long a thread beyond
                               min_threads stays idle before it ends; 0:
                               STRAIT_LANE_IDLE_MS_DEFAULT */
    uint32_t reserved;    /**< 0 */
} strait_lane_config_t;

#define STRAIT_LANE_CONFIG_INIT                                                \
    {                                                                          \
        (uint32_t)sizeof(strait_lane_config_t), 0, NULL,                       \
            STRAIT_LANE_PRIORITY_DEFAULT, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0         \
    }

/**
 * Adds a lane to a pool. It lives as long as the pool.
 * @param[out] ret_lane  not NULL
 * @param config         NULL for the defaults; copied
 * @retval 0          done
 * @retval -EINVAL    NULL pool or ret_lane, an unknown size, a value out of its
 *                    range or of the other class, a name that is too long
 * @retval -ENOSPC    the pool has STRAIT_POOL_LANES_MAX lanes
 * @retval -ENOMEM    no memory
 * @retval -EAGAIN    class BLOCKING: not even one of min_threads could be
 *   started
 * @retval -ESHUTDOWN the pool was closed
 * @retval -ECHILD    the pool stayed in the parent of a fork
 * @threads any, one at a time per pool  @progress wait-free but for memory and
 *   thread start
 */
STRAIT_API STRAIT_NODISCARD int strait_lane_create(strait_lane_t **ret_lane,
    strait_pool_t *pool, const strait_lane_config_t *config) STRAIT_NOEXCEPT;

/**
 * The oldest lane of a pool with that name, or NULL. It lives as long as the
 * pool.
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD strait_lane_t *strait_lane_find(
    strait_pool_t *pool, const char *name) STRAIT_NOEXCEPT;

/**
 * The lane's name, valid as long as the lane; "" for NULL.
 * @threads any  @progress wait-free
 */
STRAIT_API const char *strait_lane_name(const strait_lane_t *lane)
    STRAIT_NOEXCEPT;

/**
 * About how many items wait in the lane; 0 for NULL. A removed item counts
 * until those before it have been taken.
 * @threads any  @progress wait-free
 */
STRAIT_API size_t strait_lane_queued(const strait_lane_t *lane) STRAIT_NOEXCEPT;

typedef struct strait_drain strait_drain_t;

/**
 * Runs where its sink is consumed.
 * @param status  0: the lane has room again; -ESHUTDOWN: the pool was closed;
 *   -ECANCELED: the sink was closed
 */
typedef void (*strait_drain_fn)(strait_drain_t *drain, int status, void *arg);

/** One wish to be told. Complete, so that it can be embedded. */
struct strait_drain {
    strait_sink_entry_t entry_;
    strait_drain_t *next_;
    strait_sink_t *sink_;
    strait_drain_fn fn_;
    void *arg_;
    int status_;
    STRAIT_ATOMIC(uint32_t) waiting_;
};

/** Fills in a drain; fn is not NULL. @threads init-only  @progress wait-free */
STRAIT_API void strait_drain_init(
    strait_drain_t *drain, strait_drain_fn fn, void *arg) STRAIT_NOEXCEPT;

/**
 * Asks for one call when no more than low_water items wait in the lane (not
 * when the window of a sink has room again: then its next `done` is the time);
 * at once, but never from inside this call, if that is so already. Any number
 * may wait; all of them are called.
 * @param drain  initialised; belongs to the library until its function is
 *   entered
 * @param sink   where the call comes; valid until then
 * @retval 0         it will be called once
 * @retval -EBUSY    it is waiting already
 * @retval -EINVAL   an argument is NULL, or drain has no function
 * @retval -ESHUTDOWN the pool was closed; it will not be called
 * @retval -ECHILD   the pool stayed in the parent of a fork
 * @threads any  @progress lock-free  @cost 0 allocations
 */
STRAIT_API STRAIT_NODISCARD int strait_lane_on_drain(strait_lane_t *lane,
    strait_drain_t *drain, strait_sink_t *sink) STRAIT_NOEXCEPT;

/** What a lane has done and what it is at. */
typedef struct strait_lane_stats {
    uint32_t size;        /**< sizeof this struct; set it before the call */
    uint32_t n_threads;   /**< threads that serve it now */
    uint64_t n_submitted; /**< accepted submits */
    uint64_t n_rejected;  /**< submits that were answered -EAGAIN */
    uint64_t n_run;       /**< items whose `run` has returned */
    uint64_t n_removed;   /**< items that ended without `run` */
    uint64_t n_wakes;     /**< times a worker was woken and began with an item
                              of this lane */
    uint64_t n_wakes_avoided; /**< submits that woke nobody: n_submitted less
                                   n_wakes */
    uint64_t n_held;          /**< order SUBMIT: finished items that wait for an
                              earlier one, now */
    uint64_t n_lost;          /**< threads that run an item which was given up
                              (request.h), now */
    uint64_t queued;          /**< waiting items, now */
    uint64_t running;         /**< items that run now */
    uint64_t head_age_ns;    /**< how long the oldest waiting item waits, now */
    uint64_t longest_run_ns; /**< how long the longest running item runs, now */
    strait_histogram_t wait; /**< from submit to start */
    strait_histogram_t run;  /**< from start to return */
} strait_lane_stats_t;

#define STRAIT_LANE_STATS_INIT                                                 \
    {                                                                          \
        (uint32_t)sizeof(strait_lane_stats_t), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
            0, 0, 0, STRAIT_HISTOGRAM_INIT, STRAIT_HISTOGRAM_INIT              \
    }

/**
 * Reads the statistics of a lane. Counts are exact once the lane is idle.
 * Durations: items of up to 2 us are timed up to 32 at a time, and share the
 * mean, while only one lane has work; if they turn long, the first such 32 count
 * as one long one and short ones, and since when one of them runs is since when
 * the first of them did. A submit by strait_loop_submit() counts
 * from the loop's idea of now.
 * @retval 0  done; -EINVAL  NULL or an unknown size
 * @threads any  @progress wait-free  @cost reads about 5 KiB for each thread
 */
STRAIT_API int strait_lane_stats(
    const strait_lane_t *lane, strait_lane_stats_t *stats) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_LANE_H */
