/* SPDX-License-Identifier: MIT */
/**
 * @file parallel.h
 * Loops whose iterations run on all workers of a pool: for, map, reduce. Sorts
 * are in sort.h.
 *
 *     static void scale(strait_frame_t *frame, size_t begin, size_t end, void *x)
 *     {
 *         size_t i;
 *
 *         for (i = begin; i < end; i++)
 *             ((float *)x)[i] *= 2;
 *     }
 *
 *     int err = strait_parallel_for(
 *         strait_on_lane(lane), strait_range(0, n), scale, x);
 *
 * Each function begins with the place where it is called:
 *
 *     strait_in_task(frame)      in a task, which has a frame (fork.h): a call
 *     strait_on_lane(lane)       on any thread that may wait: returns when all
 *                                is done; on a loop's thread -EDEADLK
 *     strait_as_job(&job, done, arg)
 *                                does nothing but write the call into the job,
 *                                whose work item is then submitted, to end on
 *                                the sink of a loop, say:
 *
 *     err = strait_parallel_for(strait_as_job(&job, scaled, x), range, scale, x);
 *     err = strait_loop_submit(loop, lane, strait_parallel_work(&job));
 *
 * How it is shared out. The worker that has a range runs it chunk by chunk, and
 * looks after each chunk whether somebody is idle: one load of a line that is
 * in its cache. Only then does it give away the second half of the rest. While
 * all are busy nothing is spawned, written or allocated. By itself a chunk is
 * made to take 1 to 5 us; a range says otherwise with `grain`. With
 * STRAIT_SCHEDULE_STATIC a range is cut into as many pieces as there are
 * workers to begin with, for bodies of which all take equally long.
 */
#ifndef STRAIT_PARALLEL_H
#define STRAIT_PARALLEL_H

#include <strait/atomic.h>
#include <strait/base.h>
#include <strait/fork.h>
#include <strait/lane.h>
#include <strait/work.h>

STRAIT_BEGIN_DECLS

/* -------------------------------------------------------------- the place */

typedef struct strait_parallel strait_parallel_t;

/** Where a parallel function is called. Made by the three below. */
typedef struct strait_place {
    strait_frame_t *frame_;
    strait_lane_t *lane_;
    strait_parallel_t *job_;
} strait_place_t;

/* What may call a loop off; for the library. */
struct strait_caller_;

/* Room for the arguments of a call, in words. */
#define STRAIT_PARALLEL_WORDS_ 16

/** A call that completes on a sink. Complete; embed it. */
struct strait_parallel {
    strait_fork_t fork_;
    int (*call_)(strait_frame_t *frame, const void *args,
        const struct strait_caller_ *caller); /* NULL: none was written */
    strait_work_done_fn done_;
    void *arg_;
    int err_;
    uint64_t args_[STRAIT_PARALLEL_WORDS_];
};

/**
 * In a task: the call runs here, and on whoever is idle.
 * @param frame  the calling function's; the same when the call returns
 * @threads owner of the frame  @progress wait-free
 */
STRAIT_NODISCARD STRAIT_INLINE strait_place_t
strait_in_task(strait_frame_t *frame) STRAIT_NOEXCEPT
{
    strait_place_t place = { NULL, NULL, NULL };

    place.frame_ = frame;
    return place;
}

/**
 * On a thread that waits: the call runs as strait_fork_run does it, and can
 * also answer what that one answers.
 * @param lane  of class CPU
 * @threads any  @progress wait-free
 */
STRAIT_NODISCARD STRAIT_INLINE strait_place_t
strait_on_lane(strait_lane_t *lane) STRAIT_NOEXCEPT
{
    strait_place_t place = { NULL, NULL, NULL };

    place.lane_ = lane;
    return place;
}

/**
 * Later, as a work item: the call is checked and written into the job, and
 * answers 0, or -EINVAL. What it points to must stay until `done`.
 * @param job   not in flight; may be submitted again afterwards
 * @param done  called where the sink is consumed, with the job's work item; its
 *   status is what the call would have answered, or as in work.h. May be NULL
 * @param arg   handed to `done`
 * @threads owner of the job  @progress wait-free
 */
STRAIT_NODISCARD STRAIT_INLINE strait_place_t
strait_as_job(strait_parallel_t *job, strait_work_done_fn done, void *arg)
    STRAIT_NOEXCEPT
{
    strait_place_t place = { NULL, NULL, NULL };

    place.job_ = job;
    if (job != NULL) {
        job->call_ = NULL;
        job->done_ = done;
        job->arg_ = arg;
    }
    return place;
}

/**
 * The work item of a job, to submit to a lane of class CPU, or cancel: while it
 * runs its loops stop as if their `stop` was asked for.
 * @return NULL for NULL, or if no call was written into it
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD strait_work_t *strait_parallel_work(
    strait_parallel_t *job) STRAIT_NOEXCEPT;

/* -------------------------------------------------------------- the range */

/** A request to stop, which loops look at before each chunk. Embed it. */
typedef struct strait_stop {
    STRAIT_ATOMIC(uint32_t) asked_;
} strait_stop_t;

/** Makes one that was not asked for. @threads init-only  @progress wait-free */
STRAIT_API void strait_stop_init(strait_stop_t *stop) STRAIT_NOEXCEPT;

/**
 * Has all loops that look at it begin no further chunk; for bodies, too, one of
 * which has found what was looked for. NULL is allowed and does nothing.
 * @threads any; signal handlers  @progress wait-free
 */
STRAIT_API void strait_stop_ask(strait_stop_t *stop) STRAIT_NOEXCEPT;

/** True once it was asked for; false for NULL. For long chunks to look at.
 * @threads any  @progress wait-free */
STRAIT_API STRAIT_NODISCARD bool strait_stop_asked(const strait_stop_t *stop)
    STRAIT_NOEXCEPT;

/** How a range is shared out. */
enum {
    STRAIT_SCHEDULE_DEMAND = 0, /**< in halves, when somebody is idle */
    STRAIT_SCHEDULE_STATIC = 1  /**< in equal pieces, one for each worker */
};

/** What a loop goes through. Start from strait_range(). */
typedef struct strait_range {
    size_t begin;
    size_t end;        /**< the first that does not belong to it */
    size_t grain;      /**< most iterations of a chunk; 0: as many as take 1 to
                             5 us, by the clock (STATIC: a 16th of a piece) */
    uint32_t schedule; /**< STRAIT_SCHEDULE_* */
    uint32_t reserved; /**< 0 */
    strait_stop_t *stop; /**< NULL: nobody will ask */
} strait_range_t;

/** begin to end, end excluded, with defaults for all else.
 * @threads any  @progress wait-free */
STRAIT_NODISCARD STRAIT_INLINE strait_range_t
strait_range(size_t begin, size_t end) STRAIT_NOEXCEPT
{
    strait_range_t range = { 0, 0, 0, 0, 0, NULL };

    range.begin = begin;
    range.end = end;
    return range;
}

/* -------------------------------------------------------------- the loops */

/**
 * A chunk of iterations.
 * @param frame  of whoever runs it, for what it spawns or calls in its turn
 * @param begin, end  never equal; within the range
 */
typedef void (*strait_range_fn)(
    strait_frame_t *frame, size_t begin, size_t end, void *arg);

/**
 * Calls body for chunks that together are the range, each iteration once, in
 * any order, on any workers at once. What they have written is visible
 * afterwards.
 * @retval 0           all of it was done; so for an empty range, too
 * @retval -ECANCELED  something was left out: stop was asked for, or, of a call
 *   that did not begin in a task, its job was cancelled, or the pool is being
 *   shut down with STRAIT_SHUTDOWN_CANCEL
 * @retval -EINVAL     body NULL; begin > end, an unknown schedule, reserved not
 *   0; a place without frame, lane or job
 * @threads as the place  @progress blocking(body)
 * @cost for each chunk a call by pointer and a load or two; a look at the clock
 *   (unless grain is given) in the first few, in every eighth, and in the last
 *   few if somebody is idle; no RMW and no
 *   allocation unless somebody is idle
 */
STRAIT_API int strait_parallel_for(strait_place_t where, strait_range_t range,
    strait_range_fn body, void *arg) STRAIT_NOEXCEPT;

/** One element of a map: from in to out. */
typedef void (*strait_map_fn)(void *out, const void *in, void *arg);

/**
 * out[i] = fn(in[i]) for all i of the range. Both are arrays that begin with
 * element 0; they are the same one, with
 * elements of one size, or do not overlap.
 * @param out_bytes, in_bytes  the size of an element of each, not 0
 * @retval  as strait_parallel_for; -EINVAL also for NULL or a size of 0
 * @threads as the place  @progress blocking(fn)
 * @cost a call by pointer for each element; if fn is a few instructions, write
 *   the loop yourself, as the body of a strait_parallel_for
 */
STRAIT_API int strait_parallel_map(strait_place_t where, strait_range_t range,
    void *out, size_t out_bytes, const void *in, size_t in_bytes,
    strait_map_fn fn, void *arg) STRAIT_NOEXCEPT;

/** How a range becomes one result. All three get the `arg` of the call. */
typedef struct strait_reduction {
    size_t size_bytes; /**< of a result; not 0 */
    /** Writes what changes nothing when it is joined: 0 for a sum. */
    void (*identity)(void *result, void *arg);
    /** Adds a chunk to a result, on its right side. */
    void (*fold)(strait_frame_t *frame, void *result, size_t begin, size_t end,
        void *arg);
    /** Adds a result to another, on its right side: left = left, right.
     * Whatever `right` owns is to be freed here. */
    void (*join)(void *left, void *right, void *arg);
} strait_reduction_t;

/** Results of more bytes are taken from the pool's allocator when a range is
 * split; if it has none, the range is not split. */
#define STRAIT_REDUCE_BYTES 256

/**
 * Reduces a range to one result. Everything is joined from left to right, so
 * that join need not be commutative, but associative: which neighbours come
 * together first depends on who is idle. (So the last bits of a sum of floats
 * do, too.)
 * @param how     copied
 * @param result  written: the identity, then all that is folded into it. While
 *   it runs there are as many others as pieces are stolen, aligned as a cache
 *   line
 * @retval  as strait_parallel_for; -EINVAL also for NULL or a size of 0. After
 *   -ECANCELED the result is that of what was not left out
 * @threads as the place  @progress blocking(fold, join)
 */
STRAIT_API int strait_parallel_reduce(strait_place_t where,
    strait_range_t range, const strait_reduction_t *how, void *result,
    void *arg) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_PARALLEL_H */
