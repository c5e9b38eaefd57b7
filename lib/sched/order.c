/* SPDX-License-Identifier: MIT */
/*
 * order.c - the windows of a lane of order SUBMIT: how a sink gets one, and how
 * they end. The window itself, its invariants and edges are in order.h.
 *
 * A sink must not get two windows (I2), although any number of its submitters
 * may race for its first one. While the table has free entries a window is made
 * and put into the first free one on the way of its sink: who loses that CAS
 * finds the winner there. Entries are never emptied, so a table that is full
 * stays so, and only then are idle windows given away, one after another:
 *
 *     open     o = given_; opens the window that o names; looks for its sink
 *              claims an idle window: new generation, BUSY      X
 *              X.sink_ = sink
 *              given_: o -> X and its generation      this decides
 *              next_ of X without BUSY, by whoever comes first
 *
 * If given_ is still o, nobody has given away a window since the look, so there
 * is none for this sink. Whose CAS fails leaves its claim as nobody's window
 * and begins again. given_ never has the same value twice, because a window is
 * given once in each of its generations.
 *
 * A window that is BUSY is left alone, whoever has claimed it. If that is why
 * none was found, the answer is -EAGAIN and not -ENOSPC: the claim may yet come
 * to nothing.
 */
#include "sched/order.h"

#include "base/memory.h"

#include <errno.h>

_Static_assert(
    STI_WINDOW_FULL == -EAGAIN && STI_WINDOW_STALE == -ESTALE, "order.h");
_Static_assert((STI_ORDER_WINDOWS & (STI_ORDER_WINDOWS - 1)) == 0 &&
        STI_ORDER_WINDOWS <= 64,
    "given_ has room for 64 places");

/* given_: generation in the place it has in next_, GIVEN, place. 0: none. */
#define GIVEN ((uint64_t)1 << 32)
#define GIVEN_PLACE 33

void
sti_order_init(
    sti_order_t *order, uint32_t limit, const strait_allocator_t *allocator)
{
    uint32_t i;

    for (i = 0; i < STI_ORDER_WINDOWS; i++) {
        /* rlx: not shared yet. */
        strait_store_rlx(&order->windows_[i], NULL);
    }
    /* rlx: as above. */
    strait_store_rlx(&order->given_, 0);
    order->limit = limit;
    order->allocator = allocator;
}

static sti_window_t *
make(const sti_order_t *order, strait_sink_t *sink)
{
    size_t size = sizeof(sti_window_t) + order->limit * sizeof(strait_work_t *);
    sti_window_t *window = sti_alloc(order->allocator, size);

    if (window == NULL)
        return NULL;
    /* rlx: published by O1. */
    strait_store_rlx(&window->sink_, sink);
    window->mask = order->limit - 1;
    window->allocator.alloc = order->allocator->alloc;
    window->allocator.free = order->allocator->free;
    window->allocator.arg = order->allocator->arg;
    window->size_bytes = size;
    return window;
}

static void
unmake(sti_window_t *window)
{
    /* What it needs to know it reads before it frees. */
    sti_free(&window->allocator, window, window->size_bytes);
}

/* Ends the change of sinks that given_ names. */
static void
finish_given(sti_order_t *order, uint64_t given)
{
    sti_window_t *window;
    uint64_t next;

    if (given == 0)
        return;
    /* rlx: the entry came by O2, from who has read it by O1. */
    window = strait_load_rlx(&order->windows_[given >> GIVEN_PLACE]);
    /* rlx: by O2 no older than the claim. */
    next = strait_load_rlx(&window->next_);
    if ((next & (STI_WINDOW_GENERATION | STI_WINDOW_BUSY)) ==
        ((given & STI_WINDOW_GENERATION) | STI_WINDOW_BUSY)) {
        /* [O3:rel] sink_. If it fails, somebody else was faster. */
        (void)strait_cas_release(
            &window->next_, &next, next & ~STI_WINDOW_BUSY);
    }
}

enum { CLAIMED, IN_USE, CHANGING };

/* Claims a window if it is idle: nobody else changes it then. */
static int
claim(sti_window_t *window, uint64_t *ret_next)
{
    /* rlx: the CAS below confirms it. */
    uint64_t next = strait_load_rlx(&window->next_);

    for (;;) {
        uint64_t claimed = (next & ~STI_WINDOW_GENERATION) | STI_WINDOW_BUSY |
            ((next + 2) & STI_WINDOW_GENERATION);
        uint64_t head;

        if (next & STI_WINDOW_BUSY)
            return CHANGING;
        /* [O4:acq] the consumer is done with held_; O3 passes that on to
         * those who take tickets for another one. */
        head = strait_load_acquire(&window->head_);
        if ((uint32_t)(next >> 32) != (uint32_t)(head >> 32))
            return IN_USE;
        STRAIT_POINT("order.claim");
        /* [O3:acq] our store to sink_ comes after that of the one before. Not
         * a release, for nobody relies on a window that is BUSY. */
        if (strait_cas_acquire(&window->next_, &next, claimed)) {
            *ret_next = claimed;
            return CLAIMED;
        }
    }
}

/* Gives one idle window to the sink. -ESTALE: begin again. */
static int
give(sti_order_t *order, strait_sink_t *sink, uint64_t given,
    sti_window_t **ret_window)
{
    uint32_t place = STI_ORDER_PLACE(sink);
    int err = -ENOSPC;
    uint32_t i;

    for (i = 0; i < STI_ORDER_WINDOWS; i++, place++) {
        uint32_t index = place & (STI_ORDER_WINDOWS - 1);
        /* rlx: the table is full; it came by O1 when we looked. */
        sti_window_t *window = strait_load_rlx(&order->windows_[index]);
        uint64_t before = given;
        uint64_t claimed = 0;
        uint64_t mine;
        int state = claim(window, &claimed);

        if (state == CHANGING)
            err = -EAGAIN;
        if (state != CLAIMED)
            continue;
        /* Published by O3. [O6:rel] for who sees it early: that it is idle. */
        strait_store_release(&window->sink_, sink);
        STRAIT_POINT("order.give");
        mine = (uint64_t)index << GIVEN_PLACE | GIVEN |
            (claimed & STI_WINDOW_GENERATION);
        /* [O2:rel] sink_, and that all those before are open. */
        if (strait_cas_release(&order->given_, &before, mine)) {
            STRAIT_POINT("order.given");
            finish_given(order, mine);
            *ret_window = window;
            return 0;
        }
        /* rlx: published by O3. Not the sink from which it was taken: that
         * one may have got another meanwhile. */
        strait_store_rlx(&window->sink_, NULL);
        /* [O3:rel] sink_. */
        strait_store_release(&window->next_, claimed & ~STI_WINDOW_BUSY);
        return -ESTALE;
    }
    /* rlx: if a window was given away meanwhile, it may be the one that we look
     * for, and in use for that reason. By RMW, which is never late. */
    return strait_cas_rlx(&order->given_, &given, given) ? err : -ESTALE;
}

int
sti_order_open(
    sti_order_t *order, strait_sink_t *sink, sti_window_t **ret_window)
{
    sti_window_t *made = NULL;
    int err = -ESTALE;

    while (err == -ESTALE) {
        /* [O2:acq] what was given to whom until now. */
        uint64_t given = strait_load_acquire(&order->given_);
        uint32_t place = STI_ORDER_PLACE(sink);
        sti_window_t *window = NULL;
        uint32_t i;

        finish_given(order, given);
        for (i = 0; i < STI_ORDER_WINDOWS; i++, place++) {
            uint32_t index = place & (STI_ORDER_WINDOWS - 1);

            /* [O1:acq] all that is in it. */
            window = strait_load_acquire(&order->windows_[index]);
            if (window == NULL) {
                if (made == NULL)
                    made = make(order, sink);
                if (made == NULL)
                    return -ENOMEM;
                /* [O1:rel] the window. A failure is relaxed, so that of who was
                 * faster is loaded once more. */
                if (strait_cas_release(
                        &order->windows_[index], &window, made)) {
                    *ret_window = made;
                    return 0;
                }
                /* [O1:acq] that of who was faster. */
                window = strait_load_acquire(&order->windows_[index]);
            }
            /* rlx: of what was given until now it is true by O2, of the rest a
             * guess, which take confirms. */
            if (strait_load_rlx(&window->sink_) == sink &&
                /* rlx: as above. */
                (strait_load_rlx(&window->next_) & STI_WINDOW_BUSY) == 0)
                break;
        }
        if (i != STI_ORDER_WINDOWS) {
            *ret_window = window;
            err = 0;
        } else {
            err = give(order, sink, given, ret_window);
        }
    }
    if (made != NULL)
        unmake(made);
    return err;
}

void
sti_window_reap(sti_window_t *window)
{
    /* rlx: no submit comes after the close, and by O5 we know all. */
    uint64_t next = strait_load_rlx(&window->next_);
    /* rlx: the caller has moved it, and nobody else does. */
    uint64_t head = strait_load_rlx(&window->head_);

    if ((uint32_t)(next >> 32) == (uint32_t)(head >> 32))
        unmake(window);
}

void
sti_order_close(sti_order_t *order)
{
    uint32_t i;

    for (i = 0; i < STI_ORDER_WINDOWS; i++) {
        /* rlx: this thread knows of all submits. */
        sti_window_t *window = strait_load_rlx(&order->windows_[i]);
        uint64_t next;
        uint64_t head;

        if (window == NULL)
            continue;
        /* rlx: as above. Before the next step, after which it may be gone. */
        next = strait_load_rlx(&window->next_);
        STRAIT_POINT("order.close");
        /* [O5:rel] all submits; whoever passes the last item frees it.
         * [O4:acq] if that one has come before us, we do. */
        head = strait_or_acq_rel(&window->head_, STI_WINDOW_ORPHAN);
        if ((uint32_t)(next >> 32) == (uint32_t)(head >> 32))
            unmake(window);
    }
}

uint64_t
sti_order_held(const sti_order_t *order)
{
    uint64_t n = 0;
    uint32_t i;

    for (i = 0; i < STI_ORDER_WINDOWS; i++) {
        /* [O1:acq] the window. */
        sti_window_t *window = strait_load_acquire(&order->windows_[i]);

        if (window != NULL)
            n += sti_counter_read(&window->n_held);
    }
    return n;
}
