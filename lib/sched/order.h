/* SPDX-License-Identifier: MIT */
/*
 * order.h - a lane of order SUBMIT: its items run side by side, but their
 * `done` come in the order of their submits, for each sink. A core: it includes
 * the shim, the structs of public headers and base/counter.h only, so that
 * tests/model runs this very file. Included by: lib/sched.
 *
 * Source. Our own; the ticket counter is as old as bakeries. Reordering happens
 * on the thread that consumes the sink, where no second one looks: only the
 * count of tickets and the turn are shared, to keep the window bounded. A
 * reorder buffer that the workers fill would cost them an RMW on a line that
 * all of them fight over.
 *
 * Picture, limit 4, one sink; the items with tickets 5 and 7 ran faster than 4:
 *     next_   8                        head_   4
 *     held_   [5 & 3] = 5, [7 & 3] = 7
 *     4 arrives: its turn -> pass: turn 5, answers 5 -> `done` of 4
 *                            pass: turn 6, none held -> `done` of 5
 *   A submit finds 8 - 6 < 4 and takes ticket 8.
 *
 * Roles. find, open, has_room, take: any thread that submits. arrive, pass: who
 *     consumes the sink. close: who frees the lane; no submit runs beside it,
 *     and each of them is known to it.
 *
 * Invariants.
 *   I1  turn <= next ticket <= turn + limit, so no two items in flight share a
 *       place in held_.
 *   I2  a sink has at most one window that is not BUSY: the first items of a
 *       sink that race for one all end up there (order.c).
 *   I3  a window changes its sink only while it is idle, turn == next ticket;
 *       then the consumer is done with it. Each change takes a new generation,
 *       which fails the CAS of a submitter who has found it before.
 *   I4  the memory of a window stays until the lane closes and the last item is
 *       passed, whichever comes later, and is freed by that one: head_ decides.
 *   I5  pass comes before `done`: what `done` does, submit again or free the
 *       pool, meets a window that this item is no longer in. Nor does pass
 *       touch a window that is idle: it looks at held_ before it moves the
 *       turn.
 *
 * Edges.
 *   O1  table entry CAS -> its load      the window as its maker filled it in
 *   O2  given_ CAS -> its load in open      sink_ of all windows given until
 *       then, and that those given before the last are open
 *   O3  next_ of a window that has become open, or CAS of a take -> load by the
 *       next submitter, CAS by who claims it      sink_; the turns that those
 *       who took tickets knew of, so that FULL is true
 *   O4  head_ add in pass -> head_ load by who gives the window away, or or in
 *       close      the consumer is done with held_ and the rest
 *   O5  head_ or in close -> add in pass      all submits; the memory
 *   O6  sink_ store by who gives the window away -> its load by a submitter who
 *       has seen an older next_      the turn at which it was idle, as FULL of
 *       the sink before would be a lie
 *
 * The bound needs no edge: a take that saw a turn, and whose item arrived
 * before that turn came, would have read from a store that happens after it.
 *
 * Progress. find, has_room, arrive, pass: wait-free; take, open, close:
 *   lock-free, but for memory. A submitter stopped after take holds up the
 *   `done` of later items of its sink, at most `limit` of them; others get FULL
 *   then. One stopped while it gives a window away keeps that one window from
 *   others.
 * Cost. take: 1 RMW; pass: 1 RMW on a line that only submitters of this sink
 *   read; arrive: none. Nothing is allocated but the window of a new sink.
 *
 * Limits. STRAIT_LANE_SINKS_MAX windows of up to STRAIT_LANE_QUEUED_MAX places.
 *   A thread that is stopped in take or open for 2^31 changes of one window's
 *   sink is misled, if the window has also come back to the same ticket.
 *
 * Checked by tests/model/model_order_*.c, tests/sched/test_order.c.
 */
#ifndef STI_SCHED_ORDER_H
#define STI_SCHED_ORDER_H

#include <strait/atomic.h>
#include <strait/lane.h>
#include <strait/memory.h>
#include <strait/sink.h>
#include <strait/work.h>

#include "base/counter.h"

/* Windows in a lane; a power of two. Models make do with fewer. */
#ifndef STI_ORDER_WINDOWS
#define STI_ORDER_WINDOWS STRAIT_LANE_SINKS_MAX
#endif

/* What sti_window_take answers; order.c compares them with errno.h. */
enum {
    STI_WINDOW_TAKEN = 0,
    STI_WINDOW_FULL = -11,  /* -EAGAIN: `limit` are in flight */
    STI_WINDOW_STALE = -116 /* -ESTALE: it was given to another sink */
};

/* How an item is delivered once it is its turn: by whom it was submitted. */
enum {
    STI_DELIVER_PLAIN = 0,   /* strait_work_submit */
    STI_DELIVER_COUNTED = 1, /* strait_loop_submit */
    STI_DELIVER_TIMED = 2,   /* strait_loop_submit_until */
    STI_DELIVER_KINDS = 3
};

/* next_: ticket << 32 | generation << 1 | BUSY. The ticket is on top, so that
 * what overflows is dropped. */
#define STI_WINDOW_BUSY ((uint64_t)1) /* it is being given away */
#define STI_WINDOW_GENERATION ((uint64_t)0xfffffffe)
#define STI_WINDOW_TICKET ((uint64_t)1 << 32)
/* head_: turn << 32 | ORPHAN. */
#define STI_WINDOW_ORPHAN ((uint64_t)1)
#define STI_WINDOW_TURN ((uint64_t)1 << 32)

/* What is in flight for one sink of a lane. */
typedef struct sti_window {
    /* Submitters. */
    STRAIT_ATOMIC(uint64_t) next_;
    STRAIT_ATOMIC(strait_sink_t *) sink_; /* NULL: nobody's */
    char pad_[STRAIT_CACHE_LINE - 2 * sizeof(uint64_t)];
    /* The consumer; submitters read head_. */
    STRAIT_ATOMIC(uint64_t) head_;
    sti_counter_t n_held;
    uint32_t mask; /* nobody writes this after it was made */
    uint32_t reserved;
    /* What its items have in common, kept here for them (submit.h): set by each
     * submit, and the same each time. */
    STRAIT_ATOMIC(void *) lane_;
    STRAIT_ATOMIC(strait_sink_deliver_fn) then_[STI_DELIVER_KINDS];
    strait_allocator_t allocator;
    size_t size_bytes;
    strait_work_t *held_[]; /* the consumer's, by ticket & mask */
} sti_window_t;

/* The windows of a lane: a hash table by sink, probed place by place. An entry
 * once set stays, and is shared by whichever sinks come; so a sink may have
 * moved to any place. */
typedef struct sti_order {
    STRAIT_ATOMIC(sti_window_t *) windows_[STI_ORDER_WINDOWS];
    /* The last window that was given to another sink; see order.c. */
    STRAIT_ATOMIC(uint64_t) given_;
    uint32_t limit;
    const strait_allocator_t *allocator; /* must outlive the lane's close */
} sti_order_t;

/* limit: a power of two, STRAIT_LANE_QUEUED_MAX at most. order.c */
void sti_order_init(
    sti_order_t *order, uint32_t limit, const strait_allocator_t *allocator);

/*
 * The window of a sink, found or made, or taken from a sink that has nothing in
 * flight. It may be somebody else's again when take gets there. 0; -ENOMEM no
 * memory for a new one; -ENOSPC all were in use; -EAGAIN of those that were not
 * another thread was just giving away each. order.c
 */
int sti_order_open(
    sti_order_t *order, strait_sink_t *sink, sti_window_t **ret_window);

/* The lane is gone: frees each window or leaves it to the last pass. order.c */
void sti_order_close(sti_order_t *order);

/* How many finished items wait for an earlier one; a statistic. order.c */
uint64_t sti_order_held(const sti_order_t *order);

/* Frees an orphan if it is idle; for pass. order.c */
void sti_window_reap(sti_window_t *window);

/* Where the search for a sink begins. */
#ifndef STI_ORDER_PLACE
#define STI_ORDER_PLACE(sink)                                                  \
    ((uint32_t)(((uint64_t)(uintptr_t)(sink)*0x9e3779b97f4a7c15u) >> 32))
#endif

/* The window of a sink, as far as this thread knows, or NULL. */
static inline sti_window_t *
sti_order_find(sti_order_t *order, const strait_sink_t *sink)
{
    uint32_t place = STI_ORDER_PLACE(sink);
    uint32_t i;

    for (i = 0; i < STI_ORDER_WINDOWS; i++, place++) {
        /* [O1:acq] sink_ and all the rest. */
        sti_window_t *window = strait_load_acquire(
            &order->windows_[place & (STI_ORDER_WINDOWS - 1)]);

        /* Entries are filled in the order of this search. */
        if (window == NULL)
            return NULL;
        /* rlx: a guess, which take confirms. */
        if (strait_load_rlx(&window->sink_) == sink)
            return window;
    }
    return NULL;
}

/* Whether one more may be in flight. The turn may be newer than the ticket. */
static inline bool
sti_window_fits(const sti_window_t *window, uint64_t next, uint64_t head)
{
    uint32_t n = (uint32_t)(next >> 32) - (uint32_t)(head >> 32);

    return (int32_t)n <= (int32_t)window->mask;
}

/* False: there was no room during the call. True: ask take, also if the window
 * was given to another sink meanwhile. */
static inline bool
sti_window_has_room(sti_window_t *window, const strait_sink_t *sink)
{
    /* [O3:acq] as in take. */
    uint64_t next = strait_load_acquire(&window->next_);
    uint64_t head;

    /* [O6:acq] as in take. */
    if (strait_load_acquire(&window->sink_) != sink)
        return true;
    /* rlx: as in take. */
    head = strait_load_rlx(&window->head_);
    return sti_window_fits(window, next, head);
}

/* Takes the next ticket of the sink: the item's turn. */
static inline int
sti_window_take(
    sti_window_t *window, const strait_sink_t *sink, uint32_t *ret_ticket)
{
    for (;;) {
        /* [O3:acq] sink_ of this generation, the turns that led to this
         * ticket. */
        uint64_t next = strait_load_acquire(&window->next_);
        uint64_t head;

        if (next & STI_WINDOW_BUSY)
            return STI_WINDOW_STALE;
        /* By O3 no older than next. [O6:acq] if it is newer: the turn with
         * which the window came to us, so that it is not full, and the CAS
         * fails. */
        if (strait_load_acquire(&window->sink_) != sink)
            return STI_WINDOW_STALE;
        /* rlx: no older than the turns above; an older one than there is now
         * only refuses. */
        head = strait_load_rlx(&window->head_);
        if (!sti_window_fits(window, next, head))
            return STI_WINDOW_FULL;
        STRAIT_POINT("order.take");
        /* [O3:rel] the turn that we know of. */
        if (strait_cas_weak_release(
                &window->next_, &next, next + STI_WINDOW_TICKET)) {
            *ret_ticket = (uint32_t)(next >> 32);
            return STI_WINDOW_TAKEN;
        }
    }
}

/* The item if it is its turn; else it is held, and the answer is NULL. */
static inline strait_work_t *
sti_window_arrive(sti_window_t *window, strait_work_t *work)
{
    uint32_t ticket = STRAIT_DATA_GET(&work->ticket_);
    strait_work_t **place;

    /* rlx: only the consumer moves the turn. */
    if ((uint32_t)(strait_load_rlx(&window->head_) >> 32) == ticket)
        return work;
    place = &window->held_[ticket & window->mask];
    STRAIT_DEMAND_(STRAIT_DATA_GET(place) == NULL);
    STRAIT_DATA_SET(place, work);
    sti_counter_add(&window->n_held, 1);
    return NULL;
}

/*
 * Moves the turn on: for the item whose turn it is, before it is finished. The
 * item that was waiting for this, whose turn it is now, or NULL; after NULL the
 * window may be gone.
 *
 *     for (work = sti_window_arrive(w, work); work != NULL; work = next) {
 *         next = sti_window_pass(w);
 *         finish(work);
 *     }
 */
static inline strait_work_t *
sti_window_pass(sti_window_t *window)
{
    /* rlx: only the consumer moves the turn. */
    uint32_t turn = (uint32_t)(strait_load_rlx(&window->head_) >> 32) + 1;
    strait_work_t **place = &window->held_[turn & window->mask];
    strait_work_t *next = STRAIT_DATA_GET(place);
    uint64_t head;

    if (next != NULL) {
        STRAIT_DATA_SET(place, NULL);
        sti_counter_add(&window->n_held, (uint64_t)-1);
    }
    STRAIT_POINT("order.pass");
    /* [O4:rel] we are done with it, unless something is held. [O5:acq] if it
     * is an orphan: it is ours. */
    head = strait_add_acq_rel(&window->head_, STI_WINDOW_TURN);
    if (__builtin_expect((head & STI_WINDOW_ORPHAN) != 0, 0) && next == NULL)
        sti_window_reap(window);
    return next;
}

#endif /* STI_SCHED_ORDER_H */
