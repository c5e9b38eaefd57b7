/* SPDX-License-Identifier: MIT */
/*
 * submit.h - both ends of a work item's path on the side of its owner: handing
 * it to a lane, and giving it back. In a header, because strait_work_submit and
 * strait_loop_submit are the two hot calls of the library and each call between
 * files of it costs them a twentieth. Included by: lib/sched, lib/loop.
 *
 *     submitter   sti_work_submit: one CAS into the lane's ring, wake if ARMED
 *     worker      sti_worker_main: pop, run, push onto the sink, wake if armed
 *     consumer    a deliver function, which ends in sti_work_finish: `done`
 *
 * state_ says in whose hand an item is, and how it ended. The item itself
 * travels along R3 (ring.c) and M2 (mpsc.c); those who look at state_ beside
 * that path (cancel.c, request.c) only set bits in it, by RMW, and only while
 * it is in flight; of items that are no request they set nothing but TOKEN,
 * which the worker may overwrite once `run` has returned.
 */
#ifndef STI_SCHED_SUBMIT_H
#define STI_SCHED_SUBMIT_H

#include <strait/work.h>

#include "base/check.h"
#include "base/fork.h"
#include "sched/sched_priv.h"

#include <errno.h>

enum {
    STI_WORK_IDLE = 0,           /* the owner's */
    STI_WORK_IN_FLIGHT = 1 << 0, /* the library's */
    STI_WORK_TOKEN = 1 << 1,     /* `run` is asked to return early */
    STI_WORK_CANCELED = 1 << 2,  /* ended without `run`, by cancel */
    STI_WORK_TIMED_OUT = 1 << 3, /* ... by its deadline */
    STI_WORK_REFUSED = 1 << 4,   /* ... because no thread could be started */
    STI_WORK_GROUPED = 1 << 5,   /* group_ is set */
    STI_WORK_REQUEST = 1 << 6,   /* made by strait_work_create (request.c) */
    STI_WORK_RETURNED = 1 << 7,  /* nobody is in `run`, or ever will be */
    STI_WORK_GIVEN_UP = 1 << 8,  /* a request that was given up meanwhile */
    STI_WORK_DELIVERED = 1 << 9, /* a request whose `done` has returned */
    STI_WORK_LATE = 1 << 10,     /* TOKEN was set by the deadline */
    STI_WORK_PUSHING = 1 << 11, /* a request that pushes a report of progress */
    STI_WORK_ORDERED = 1 << 12, /* home_ is a window, and ticket_ counts */
    STI_WORK_KIND = 1 << 13,    /* times an STI_DELIVER_* */
    /* What stays from submit to submit. */
    STI_WORK_KEPT = STI_WORK_GROUPED | STI_WORK_REQUEST
};

/* work.c: a group lets a member in, or says why not. */
int sti_group_admit(strait_group_t *group, strait_lane_t *lane);
/* work.c: delivers an item of a lane that keeps the order of submits. */
void sti_deliver_in_turn(strait_sink_entry_t *entry, int status);
/* work.c: where this sink's items wait for their turn, if one more may. */
int sti_window_admit(strait_lane_t *lane, strait_sink_t *sink,
    strait_sink_deliver_fn deliver, uint32_t kind, sti_window_t **ret_window);

/* The lane of an item that is in flight. */
static inline strait_lane_t *
sti_work_lane(const strait_work_t *work)
{
    /* rlx: set by the submit, here and below. */
    if (strait_load_rlx(&work->state_) & STI_WORK_ORDERED) {
        const sti_window_t *window = work->home_;

        /* rlx: as above. */
        return strait_load_rlx(&window->lane_);
    }
    return work->home_;
}

/* work.c: what a submit that was refused leaves behind; answers err. */
int sti_submit_refused(strait_lane_t *lane, strait_work_t *work, int err);

/*
 * strait_work_submit, but the completion is handed to `deliver`, which must end
 * in sti_work_finish; `kind` is its STI_DELIVER_*. Without a sink the worker
 * itself calls `deliver`.
 */
static inline __attribute__((always_inline)) int
sti_work_submit(strait_lane_t *lane, strait_work_t *work, strait_sink_t *sink,
    strait_sink_deliver_fn deliver, uint32_t kind, uint64_t now_ns)
{
    sti_window_t *window = NULL;
    uint32_t state;
    uint64_t pos;
    int claimed;
    int err = 0;

    if (lane == NULL || work == NULL || work->run_ == NULL)
        return -EINVAL;
    if (sti_forked(lane->pool->fork_generation))
        return -ECHILD;
    /* rlx: the owner asks about its own item. */
    state = strait_load_rlx(&work->state_);
    if (state & (STI_WORK_IN_FLIGHT | STI_WORK_RETURNED | STI_WORK_GIVEN_UP))
        return -EBUSY;
    if (state & STI_WORK_GROUPED) {
        err = sti_group_admit(work->group_, lane);
        if (err != 0)
            return err;
    }
    if (lane->ordered && sink != NULL) {
        err = sti_window_admit(lane, sink, deliver, kind, &window);
        if (err != 0)
            return sti_submit_refused(lane, work, err);
        deliver = sti_deliver_in_turn;
    }
    strait_sink_entry_init(&work->entry_, deliver);
    work->sink_ = sink;
    state = (state & STI_WORK_KEPT) | STI_WORK_IN_FLIGHT;
    work->home_ = lane;
    if (window != NULL) {
        state |= STI_WORK_ORDERED | kind * STI_WORK_KIND;
        work->home_ = window;
    }
    /* rlx: travels with the item by R3. */
    strait_store_rlx(&work->state_, state);

    claimed = strait_ring_claim_(&lane->outlet.ring, &pos);
    if (claimed != STRAIT_RING_DONE && claimed != STRAIT_RING_WAKE) {
        return sti_submit_refused(
            lane, work, claimed == STRAIT_RING_FULL ? -EAGAIN : -ESHUTDOWN);
    }
    sti_stamp_set(lane, pos, now_ns);
    if (window != NULL) {
        err = sti_window_take(window, sink, &work->ticket_);
    } else {
        /* rlx: travels by R3. */
        strait_store_rlx(&work->place_, (uint32_t)pos);
    }
    /* rlx: who has left a group in this place set it before: R3, R4, R5. */
    if (strait_load_rlx(&lane->grouped) != 0) {
        sti_note_t *note = sti_note(&lane->outlet.ring, &lane->removal, pos);

        /* rlx: travels by R3. */
        strait_store_rlx(&note->group_,
            err == 0 && (state & STI_WORK_GROUPED) ? work->group_ : NULL);
    }
    STRAIT_POINT("work.submit.claimed");
    /* A place for nothing, if the order could not be kept after all: another
     * thread was faster to the last place of the window. */
    strait_ring_publish_(&lane->outlet.ring, pos, err == 0 ? work : NULL);
    /* rlx: a hint; who sets it has just failed to do what we try now. */
    if (claimed == STRAIT_RING_WAKE ||
        strait_load_rlx(&lane->short_handed) != 0) {
        STRAIT_POINT("work.submit.wake");
        sti_crew_call(lane);
    }
    if (err != 0) {
        /* rlx: a statistic. */
        (void)strait_add_rlx(&lane->n_voided, 1);
        return sti_submit_refused(lane, work, -EAGAIN);
    }
    return 0;
}

/* Publishes the end of an item; it is the consumer's afterwards. */
static inline void
sti_work_hand_on(strait_work_t *work)
{
    strait_sink_t *sink = work->sink_;

    if (sink != NULL)
        strait_sink_push(sink, &work->entry_);
    else
        work->entry_.deliver_(&work->entry_, 0);
}

/* The status that `done` gets. */
static inline int
sti_work_status(uint32_t state, int status)
{
    if (status != 0 ||
        (state & (STI_WORK_CANCELED | STI_WORK_TIMED_OUT | STI_WORK_REFUSED)) ==
            0)
        return status;
    if (state & STI_WORK_TIMED_OUT)
        return -ETIMEDOUT;
    return (state & STI_WORK_REFUSED) ? -EAGAIN : -ECANCELED;
}

/* Gives the item back to its owner and calls `done`. */
static inline void
sti_work_finish(strait_work_t *work, int status)
{
    /* rlx: the item came to this thread by M2. */
    uint32_t state = strait_load_rlx(&work->state_);
    /* rlx: a hint; with a request that was given up it may still be written. */
    char *ahead = strait_load_rlx(&work->ahead_);

    /* Somebody has touched an item that was not his, otherwise. */
    STI_CHECK(1, state & STI_WORK_IN_FLIGHT);
    /* A worker has it now; it takes longer to come than one `done` (choose.h).
     * Perhaps it is gone, which a prefetch does not mind. */
    if (ahead != NULL) {
        STRAIT_PREFETCH_WRITE(ahead);
        STRAIT_PREFETCH_WRITE(ahead + STRAIT_CACHE_LINE);
    }
    status = sti_work_status(state, status);
    if (state & STI_WORK_REQUEST) {
        sti_request_finish(work, status);
        return;
    }
    /* rlx: as above. A cancel that comes later finds nothing in flight; one
     * that has just looked still has to know what home_ is. */
    strait_store_rlx(&work->state_, state & (STI_WORK_KEPT | STI_WORK_ORDERED));
    /* From here on the item may be freed by whoever owns it. */
    if (work->done_ != NULL)
        work->done_(work, status, work->arg_);
}

#endif /* STI_SCHED_SUBMIT_H */
