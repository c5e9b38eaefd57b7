/* SPDX-License-Identifier: MIT */
/**
 * @file work.h
 * A piece of work: one function that runs on a pool, and one that is called
 * when it has finished, on the sink that the submitter named.
 *
 *     struct job { strait_work_t work; char *path; int result; };
 *     static void hash(strait_work_t *work, void *arg);              // on the pool
 *     static void hashed(strait_work_t *work, int status, void *arg); // on the sink
 *
 *     strait_work_init(&job->work, hash, hashed, job);
 *     int err = strait_work_submit(lane, &job->work, sink);
 *
 * The work item is the caller's memory, 64 bytes, and allocates nothing. From a
 * successful submit until its `done` is entered it belongs to the library; from
 * then on to the caller again, who may free or submit it from inside `done`.
 *
 * Guarantees: exactly one `done` per successful submit, never from inside the
 * call to submit, by whoever consumes the sink (after a loop has ended:
 * loop.h). What the submitter wrote before submit is visible in `run`; what
 * `run` wrote is visible in `done`. `run` may block, but it holds its worker
 * while it does. Neither function may unwind, longjmp or end its thread.
 */
#ifndef STRAIT_WORK_H
#define STRAIT_WORK_H

#include <strait/base.h>
#include <strait/sink.h>

STRAIT_BEGIN_DECLS

typedef struct strait_work strait_work_t;
typedef struct strait_lane strait_lane_t;

/** Runs on a worker of the pool. */
typedef void (*strait_work_fn)(strait_work_t *work, void *arg);

/**
 * Runs where the sink is consumed, once the work function has returned.
 * @param status  0, or -ECANCELED if the sink was closed in between: then it is
 *   called by the thread that found it closed
 */
typedef void (*strait_work_done_fn)(strait_work_t *work, int status, void *arg);

/** A work item. Complete, so that it can be embedded in the caller's struct. */
struct strait_work {
    strait_sink_entry_t entry_;
    strait_work_fn run_;
    strait_work_done_fn done_;
    void *arg_;
    strait_sink_t *sink_;
    void *owner_;                   /* the loop that counts it, or NULL */
    STRAIT_ATOMIC(uint32_t) state_; /* in flight or not; catches misuse */
    uint32_t reserved_;
};

/**
 * Fills in a work item.
 * @param run   not NULL
 * @param done  may be NULL if nobody wants to know
 * @param arg   handed to both
 * @threads owner of the item, while it is not in flight  @progress wait-free
 */
STRAIT_API void strait_work_init(strait_work_t *work, strait_work_fn run,
    strait_work_done_fn done, void *arg) STRAIT_NOEXCEPT;

/**
 * Hands the work to a lane of a pool, and wakes a worker if one sleeps.
 * @param lane  where it queues (pool.h)
 * @param work  initialised, not in flight
 * @param sink  where its completion goes; must stay valid until `done` has run
 *   and the wakes it is owed have come (sink.h).
 *   For a loop: strait_loop_ref_sink(), with the reference held until then. On
 *   the loop's own thread strait_loop_submit() is simpler.
 * @retval 0           accepted: `done` will be called once
 * @retval -EAGAIN     the lane is full; nothing happened, try again later
 * @retval -ESHUTDOWN  the pool was closed; nothing happened
 * @retval -EBUSY      this item is in flight
 * @retval -EINVAL     an argument is NULL, or the item has no `run`
 * @retval -ECHILD     the pool stayed in the parent of a fork
 * @threads any  @progress lock-free; 1 system call if a worker must be woken
 * @cost 1 RMW (3 with a wake-up), 0 allocations
 */
STRAIT_API STRAIT_NODISCARD int strait_work_submit(strait_lane_t *lane,
    strait_work_t *work, strait_sink_t *sink) STRAIT_NOEXCEPT;

/**
 * True from a successful submit until its `done` is entered.
 * @threads owner of the item  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD bool strait_work_in_flight(
    const strait_work_t *work) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_WORK_H */
