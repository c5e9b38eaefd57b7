/* SPDX-License-Identifier: MIT */
/**
 * @file loop.h
 * The event loop: one thread that runs callbacks in order and sleeps in epoll
 * when there are none. Other threads reach it through a counted reference.
 *
 *     strait_loop_t *loop;
 *     int err = strait_loop_create(&loop, NULL);
 *     ... start timers, submit work, hand references to other threads ...
 *     err = strait_loop_run(loop, STRAIT_RUN_DEFAULT);
 *     err = strait_loop_destroy(loop);
 *
 * A turn of the loop: update the cached time, run timers that are due, deliver
 * what other threads have sent (at most 256 entries), sleep until there is
 * something to do, deliver once more. Whatever a budget leaves over is done in
 * the next turn, which then does not sleep.
 *
 * The loop has work, and STRAIT_RUN_DEFAULT goes on, while a timer is active,
 * a work item of strait_loop_submit is in flight, something is queued, or a
 * reference of strait_loop_ref_open is held by somebody.
 *
 * The thread that created a loop owns it; functions marked `@threads loop`
 * answer -EPERM to any other.
 */
#ifndef STRAIT_LOOP_H
#define STRAIT_LOOP_H

#include <strait/base.h>
#include <strait/memory.h>
#include <strait/sink.h>
#include <strait/work.h>

STRAIT_BEGIN_DECLS

typedef struct strait_loop strait_loop_t;
typedef struct strait_loop_ref strait_loop_ref_t;

/** How a loop is made. Start from STRAIT_LOOP_CONFIG_INIT. */
typedef struct strait_loop_config {
    uint32_t size;     /**< sizeof this struct, set by the initialiser */
    uint32_t reserved; /**< 0 */
    const strait_allocator_t *allocator; /**< NULL: the default (memory.h) */
} strait_loop_config_t;

#define STRAIT_LOOP_CONFIG_INIT                                                \
    {                                                                          \
        (uint32_t)sizeof(strait_loop_config_t), 0, NULL                        \
    }

/**
 * Creates a loop that the calling thread owns.
 * @param[out] ret_loop  not NULL
 * @param config         NULL for the defaults
 * @retval 0 done; -EINVAL bad argument; -ENOMEM no memory; -EMFILE or -ENFILE
 *   no file descriptor; -ENOSPC no epoll watch
 * @threads any  @progress wait-free but for memory and system calls
 */
STRAIT_API STRAIT_NODISCARD int strait_loop_create(strait_loop_t **ret_loop,
    const strait_loop_config_t *config) STRAIT_NOEXCEPT;

/**
 * Makes the calling thread the owner. The caller sees to it that the loop does
 * not run and that the old owner is done with it.
 * @retval 0 done; -EINVAL NULL; -EBUSY it is running; -ECHILD after a fork
 * @threads any, synchronised by the caller  @progress wait-free
 */
STRAIT_API int strait_loop_adopt(strait_loop_t *loop) STRAIT_NOEXCEPT;

/** How long strait_loop_run runs. */
enum {
    STRAIT_RUN_DEFAULT = 0, /**< until it is stopped or has no work */
    STRAIT_RUN_ONCE =
        1, /**< until a callback has run; sleeps if none can yet */
    STRAIT_RUN_NOWAIT = 2 /**< one turn that does not sleep */
};

/**
 * Runs callbacks.
 * @return 1 if the loop still has work, 0 if not (STRAIT_RUN_DEFAULT answers 1
 *   only if it was stopped); or
 * @retval -EINVAL  NULL or an unknown mode
 * @retval -EPERM   not the owner
 * @retval -EBUSY   called from one of its callbacks
 * @retval -ECHILD  the loop stayed in the parent of a fork
 * @retval -EBADF, or another error of epoll_wait: somebody has closed the
 *   loop's descriptors
 * @threads loop  @progress sleeps
 */
STRAIT_API int strait_loop_run(strait_loop_t *loop, int mode) STRAIT_NOEXCEPT;

/**
 * Makes the current run, or the next one if none is running, return when the
 * callback at hand has returned. (From other threads: post.)
 * @retval 0 done; -EINVAL NULL; -EPERM not the owner; -ECHILD after a fork
 * @threads loop  @progress wait-free
 */
STRAIT_API int strait_loop_stop(strait_loop_t *loop) STRAIT_NOEXCEPT;

/**
 * Ends a loop. Timers become inactive without a call. What is queued, and what
 * other threads still send through references they hold, is delivered with
 * -ECANCELED: the former now, the latter by a thread that sends: one that
 * posts, gives a reference back, or finishes a work item; it delivers what
 * others send meanwhile as well. The last reference frees the inbox. Waits for
 * a thread that has just been chosen to wake this loop, until it has done so.
 * In the child of a fork it only frees.
 * @param loop  NULL is allowed and does nothing
 * @retval 0       done
 * @retval -EPERM  not the owner; nothing happened
 * @retval -EBUSY  running, or a work item of strait_loop_submit is in flight;
 *                 nothing happened
 * @threads loop  @progress blocking(see above)
 */
STRAIT_API int strait_loop_destroy(strait_loop_t *loop) STRAIT_NOEXCEPT;

/**
 * The cached time of this turn, in the unit of strait_now_ns; 0 for NULL.
 * @threads loop  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD uint64_t strait_loop_now_ns(
    const strait_loop_t *loop) STRAIT_NOEXCEPT;

/* ----------------------------------------------------------- references */

/**
 * Takes a reference, through which other threads reach the loop. While
 * anybody holds one the loop has work. It stays valid, and answers
 * -ESHUTDOWN to posts, after the loop was destroyed.
 * @retval 0 done; -EINVAL NULL; -EPERM not the owner; -ECHILD after a fork
 * @threads loop  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD int strait_loop_ref_open(
    strait_loop_t *loop, strait_loop_ref_t **ret_ref) STRAIT_NOEXCEPT;

/**
 * One more of a reference that the caller holds; answers `ref`.
 * @threads any  @progress wait-free  @cost 1 RMW
 */
STRAIT_API strait_loop_ref_t *strait_loop_ref_dup(strait_loop_ref_t *ref)
    STRAIT_NOEXCEPT;

/**
 * Gives a reference back; the last one wakes the loop so that it can end.
 * @param ref  NULL is allowed and does nothing
 * @threads any  @progress wait-free but for one system call at the last one; if
 *   the loop was destroyed it may run callbacks with -ECANCELED
 */
STRAIT_API void strait_loop_ref_close(strait_loop_ref_t *ref) STRAIT_NOEXCEPT;

/**
 * The loop's own reference, borrowed, not counted: for the loop's thread, while
 * the loop lives. NULL for NULL.
 * @threads loop  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD strait_loop_ref_t *strait_loop_self(
    strait_loop_t *loop) STRAIT_NOEXCEPT;

/**
 * The sink behind a reference, for strait_work_submit. Valid while the
 * reference is held. NULL for NULL.
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD strait_sink_t *strait_loop_ref_sink(
    strait_loop_ref_t *ref) STRAIT_NOEXCEPT;

/* ---------------------------------------------------------------- posts */

typedef struct strait_post strait_post_t;

/**
 * Runs on the loop. The post is the caller's again: it may be freed or posted
 * once more from inside.
 * @param status  0, or -ECANCELED if the loop was destroyed first: then the
 *   caller is the thread that destroys it, or one that posts to it later
 */
typedef void (*strait_post_fn)(strait_post_t *post, int status, void *arg);

/** A message to a loop. Complete, so that it can be embedded. */
struct strait_post {
    strait_sink_entry_t entry_;
    strait_post_fn fn_;
    void *arg_;
    STRAIT_ATOMIC(uint32_t) state_; /* queued or not; catches misuse */
    uint32_t reserved_;
};

/**
 * Fills in a post.
 * @param fn  not NULL  @param arg  handed to it
 * @threads owner of the post, while it is not queued  @progress wait-free
 */
STRAIT_API void strait_post_init(
    strait_post_t *post, strait_post_fn fn, void *arg) STRAIT_NOEXCEPT;

/**
 * Has `fn` called on the loop's thread, once. All that the caller did before
 * happens before that call. Posts of one thread arrive in their order.
 * @param ref   reference held by the caller (or strait_loop_self)
 * @param post  initialised, not queued; belongs to the loop until `fn` runs
 * @retval 0           `fn` will be called, exactly once
 * @retval -ESHUTDOWN  the loop was destroyed; nothing happened
 * @retval -EBUSY      this post is queued
 * @retval -EINVAL     NULL, or the post has no function
 * @retval -ECHILD     the loop stayed in the parent of a fork
 * @threads any; signal handlers while the loop lives  @progress wait-free; if
 *   the loop has just been destroyed it may run callbacks with -ECANCELED
 * @cost 1 RMW; 1 system call if, and only if, the loop sleeps
 */
STRAIT_API STRAIT_NODISCARD int strait_loop_post(
    strait_loop_ref_t *ref, strait_post_t *post) STRAIT_NOEXCEPT;

/* -------------------------------------------------------------- offload */

/**
 * Hands work to a lane; its `done` is called on this loop. The loop has work,
 * and cannot be destroyed, until then.
 * @retval see strait_work_submit; -EPERM if called by another thread;
 *   -ESHUTDOWN also while the loop is being destroyed
 * @threads loop  @progress lock-free; 1 system call if a worker must be woken
 * @cost 1 RMW (3 with a wake-up), 0 allocations
 */
STRAIT_API STRAIT_NODISCARD int strait_loop_submit(strait_loop_t *loop,
    strait_lane_t *lane, strait_work_t *work) STRAIT_NOEXCEPT;

/* ----------------------------------------------------------- statistics */

/** What a loop has done since it was created; each number only grows. */
typedef struct strait_loop_stats {
    uint32_t size;        /**< sizeof this struct; set it before the call */
    uint32_t reserved;    /**< 0 */
    uint64_t n_turns;     /**< turns */
    uint64_t n_sleeps;    /**< calls of epoll that were allowed to sleep */
    uint64_t n_bells;     /**< wake-ups by another thread that were seen */
    uint64_t n_delivered; /**< posts and completions, and news of references */
    uint64_t n_timers;    /**< timer callbacks */
    uint64_t n_gap_waits; /**< yields and timed sleeps because a sender was
                               stopped inside a push */
} strait_loop_stats_t;

#define STRAIT_LOOP_STATS_INIT                                                 \
    {                                                                          \
        (uint32_t)sizeof(strait_loop_stats_t), 0, 0, 0, 0, 0, 0, 0             \
    }

/**
 * Reads the statistics.
 * @retval 0 done; -EINVAL NULL or an unknown size; -EPERM not the owner
 * @threads loop  @progress wait-free
 */
STRAIT_API int strait_loop_stats(
    const strait_loop_t *loop, strait_loop_stats_t *stats) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_LOOP_H */
