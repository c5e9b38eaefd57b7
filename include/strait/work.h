/* SPDX-License-Identifier: MIT */
/**
 * @file work.h
 * A piece of work: one function that runs on a pool, and one that is called
 * when it has finished, on the sink that the submitter named.
 *
 *     struct job { strait_work_t work; char *path; int result; };
 *     static void hash(strait_work_t *work, void *arg);  // on the pool
 *     static void hashed(strait_work_t *work, int status, void *arg);  // sink
 *
 *     strait_work_init(&job->work, hash, hashed, job);
 *     int err = strait_work_submit(lane, &job->work, sink);
 *
 * The work item is the caller's memory and allocates nothing. From a successful
 * submit until its `done` is entered it belongs to the library; from then on to
 * the caller again, who may free or submit it from inside `done`. An item that
 * must outlive its owner's interest is made by strait_work_create (request.h).
 *
 * Guarantees: exactly one `done` per successful submit, whatever cancels,
 * deadlines and shutdowns race with it, never from inside the call that caused
 * it, by whoever consumes the sink (after a loop has ended: loop.h). What the
 * submitter wrote before submit is visible in `run`; what `run` wrote is
 * visible in `done`. `run` may block, but it holds its worker while it does:
 * give it to a lane of class BLOCKING (lane.h). Neither function may unwind,
 * longjmp or end its thread.
 */
#ifndef STRAIT_WORK_H
#define STRAIT_WORK_H

#include <strait/base.h>
#include <strait/sink.h>

STRAIT_BEGIN_DECLS

typedef struct strait_work strait_work_t;
typedef struct strait_lane strait_lane_t;
typedef struct strait_group strait_group_t;

/** Runs on a worker of the pool. */
typedef void (*strait_work_fn)(strait_work_t *work, void *arg);

/**
 * Runs where the sink is consumed: once the work function has returned, or
 * without it.
 * @param status  0: `run` was called and has returned, even if its token was
 *   set meanwhile. -ECANCELED: it was never called, because the item or its
 *   group was cancelled, the pool was shut down, or the sink was closed (then
 *   called by the thread that found it closed, and `run` may have been called).
 *   -ETIMEDOUT: it was never called, because the deadline came first; or it is
 *   a request that was given up (request.h). -EAGAIN: it was never called,
 *   because its lane of class BLOCKING had no thread and the system granted
 *   none.
 */
typedef void (*strait_work_done_fn)(strait_work_t *work, int status, void *arg);

/** A work item. Complete, so that it can be embedded in the caller's struct. */
struct strait_work {
    /* What a worker touches. */
    strait_sink_entry_t entry_;
    strait_work_fn run_;
    void *arg_;
    strait_sink_t *sink_;           /* NULL: delivered by the worker itself */
    STRAIT_ATOMIC(uint32_t) state_; /* sched/submit.h */
    union {
        STRAIT_ATOMIC(uint32_t)
        place_;           /* low half of its position in the lane */
        uint32_t ticket_; /* its turn, in a lane that keeps the order */
    };
    /* What its owner touches. */
    strait_work_done_fn done_;
    void *
        home_; /* the lane of the last submit, or the window of its sink there */
    /* A hint: an item that was likely to be delivered soon after this one. It
     * may be gone. */
    STRAIT_ATOMIC(void *) ahead_;
    /* Touched only if it was asked for. */
    strait_group_t *group_;
    void *owner_; /* of whoever set the deliver function */
};

/**
 * Fills in a work item.
 * @param work  NULL is allowed and does nothing
 * @param run   not NULL: submit refuses an item without it
 * @param done  may be NULL if nobody wants to know
 * @param arg   handed to both
 * @threads owner of the item, while it is not in flight  @progress wait-free
 */
STRAIT_API void strait_work_init(strait_work_t *work, strait_work_fn run,
    strait_work_done_fn done, void *arg) STRAIT_NOEXCEPT;

/**
 * Hands the work to a lane of a pool, and wakes a worker if one sleeps.
 * @param lane  where it queues (lane.h)
 * @param work  initialised, not in flight
 * @param sink  where its completion goes; must stay valid until `done` has run
 *   and the wakes it is owed have come (sink.h).
 *   For a loop: strait_loop_ref_sink(), with the reference held until then. On
 *   the loop's own thread strait_loop_submit() is simpler.
 * @retval 0           accepted: `done` will be called once
 * @retval -EAGAIN     the lane is full, or so much is in flight for this sink
 *   that the order could not be kept (lane.h, window); nothing happened.
 *   If the lane is full strait_lane_on_drain() says when to try again. If it
 *   is not (strait_lane_queued), the order is the reason: then try again in the
 *   next `done` on this sink; a drain would come at once
 * @retval -ESHUTDOWN  the pool was closed; nothing happened
 * @retval -ECANCELED  its group was cancelled; nothing happened
 * @retval -EBUSY      this item is in flight, or is a request in its `done`
 * @retval -EINVAL     an argument is NULL, the item has no `run`, or its group
 *   belongs to another pool
 * @retval -ENOSPC, -ENOMEM  lanes of order SUBMIT: too many sinks, or no memory
 *   for the window of a new one
 * @retval -ECHILD     the pool stayed in the parent of a fork
 * @threads any  @progress lock-free; 1 system call if a worker must be woken. A
 *   lane of class BLOCKING without a thread starts one here: blocking(thread
 *   start). A thread stopped between claiming its place and filling it hides
 *   what comes behind it in that lane; one stopped before the wake-up that it
 *   owes delays the worker that it was to wake
 * @cost 1 RMW (2 with order SUBMIT, 2 more with a wake-up), 0 allocations (one
 *   for the first item of a sink in a lane of order SUBMIT)
 */
STRAIT_API STRAIT_NODISCARD int strait_work_submit(strait_lane_t *lane,
    strait_work_t *work, strait_sink_t *sink) STRAIT_NOEXCEPT;

/**
 * True from a successful submit until its `done` is entered.
 * @threads owner of the item  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD bool strait_work_in_flight(
    const strait_work_t *work) STRAIT_NOEXCEPT;

/**
 * Takes an item back. While it is queued it is removed at once and `done` is
 * called with -ECANCELED. Otherwise its token is set, for `run` to look at
 * (strait_work_cancelled); an item that has left the queue, but has not entered
 * `run` yet, still ends with -ECANCELED if the worker sees the token in time.
 * @param work  not NULL; its submit has returned, and it must stay valid during
 *   the call: ask from where the sink is consumed, or before `done` can have
 *   freed it
 * @retval 0          removed; `run` is never called, `done` gets -ECANCELED
 * @retval -EALREADY  it has left the queue; the token is set
 * @retval -ESRCH     it is not in flight: never submitted, or `done` was
 *   entered
 * @retval -EINVAL    NULL
 * @retval -ECHILD    the pool stayed in the parent of a fork
 * @threads any  @progress lock-free
 * @cost 5 RMW; looks through what is queued if the lane is of order SUBMIT
 */
STRAIT_API int strait_work_cancel(strait_work_t *work) STRAIT_NOEXCEPT;

/**
 * For `run`: true once the item, its group or the whole pool was cancelled.
 * Look at it between steps, and return early.
 * @threads the worker that runs it  @progress wait-free  @cost a few loads
 */
STRAIT_API STRAIT_NODISCARD bool strait_work_cancelled(
    const strait_work_t *work) STRAIT_NOEXCEPT;

/** Items of one pool that can be cancelled together. Complete; embed it. */
struct strait_group {
    STRAIT_ATOMIC(uint32_t) cancelled_;
    STRAIT_ATOMIC(uint32_t) lanes_; /* bit per lane that got a member */
    STRAIT_ATOMIC(void *) pool_;
};

/**
 * Makes an empty group. Again, once none of its members is in flight, to use a
 * cancelled one anew.
 * @threads init-only  @progress wait-free
 */
STRAIT_API void strait_group_init(strait_group_t *group) STRAIT_NOEXCEPT;

/**
 * Makes an item a member of a group from its next submit on.
 * @param group  NULL: of none; must stay valid while a member is in flight; of
 *   a request: until its `release`
 * @retval 0 done; -EBUSY the item is in flight; -EINVAL work is NULL
 * @threads owner of the item  @progress wait-free
 */
STRAIT_API int strait_work_set_group(strait_work_t *work, strait_group_t *group)
    STRAIT_NOEXCEPT;

/**
 * Cancels all members: those that are queued are removed, as by
 * strait_work_cancel; of those that run the token is set; later submits answer
 * -ECANCELED. A member whose submit runs beside this call may be accepted; it
 * ends with -ECANCELED unless it has already started.
 * @param group  not NULL; if it ever had a member, the pool of that one lives
 * @return how many were removed, or -EINVAL (NULL), -EALREADY (it was before),
 *   -ECHILD (the pool stayed in the parent of a fork)
 * @threads any  @progress lock-free  @cost looks at all that is queued in the
 *   lanes that got members
 */
STRAIT_API int strait_group_cancel(strait_group_t *group) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_WORK_H */
