/* SPDX-License-Identifier: MIT */
/*
 * @obligation however many submitters race for the first window of a sink, and
 *   whether it is made or given, all who get a ticket get it in one and the same
 *   window; a sink whose window is just being given away gets no second one;
 *   what was made in vain is freed, nothing stays BUSY
 * @core order
 * @case made -DTABLE=0 genmc unroll=8
 * @case made-apart -DTABLE=0 -DAPART genmc unroll=8
 * @case last -DTABLE=1 genmc unroll=8
 * @case given-once -DTABLE=2 -DONCE genmc unroll=3
 * @case given-once-apart -DTABLE=2 -DONCE -DAPART genmc unroll=3
 * @case given-once-away -DTABLE=2 -DONCE -DOLD genmc unroll=3
 * @case given -DTABLE=2
 * @case given-apart -DTABLE=2 -DAPART
 * @case given-away -DTABLE=2 -DOLD
 * @case made-counted -DTABLE=0 -DOPENERS=1 -DCOUNTER genmc unroll=8
 * @case made-3 -DTABLE=0 -DOPENERS=3 -DAPART
 * @case given-3 -DTABLE=2 -DOPENERS=3
 * @case given-3-apart -DTABLE=2 -DOPENERS=3 -DAPART
 */
#define STI_ORDER_WINDOWS 2
#define BLOCKS 5
#ifndef OPENERS
#define OPENERS 2
#endif
#define LIMIT (OPENERS > 2 ? 4 : 2)
#include "order_common.h"

#if TABLE == 2 && !defined(ONCE) &&                                            \
    (defined(APART) || defined(OLD) || OPENERS > 2)
#define GIVING
#endif

struct opener {
    strait_sink_t *sink;
    sti_window_t *window;
    uint32_t ticket;
    int err;
};

M_STATE struct opener openers[OPENERS];

M_THREAD(opener)
{
    struct opener *me = arg;

#if TABLE < 2
    me->window = sti_order_find(&order, me->sink);
#endif
    if (me->window == NULL)
        me->err = sti_order_open(&order, me->sink, &me->window);
    while (me->err == 0) {
        me->err = sti_window_take(me->window, me->sink, &me->ticket);
#ifdef ONCE
        break;
#endif
        if (me->err != STI_WINDOW_STALE)
            break;
#ifdef GIVING
        M_COVER("taken away again");
#endif
        me->err = sti_order_open(&order, me->sink, &me->window);
    }
    return NULL;
}

#ifdef COUNTER
/* Reads the statistics meanwhile. */
M_THREAD(counter)
{
    M_ASSERT(sti_order_held(&order) == 0);
    return NULL;
}
#endif

M_MAIN
{
#ifdef COUNTER
    m_thread other;
#endif
    m_thread threads[OPENERS];
    sti_window_t *window = NULL;
    int n_opened;
    int i;
    int k;

    begin();
    /* Others had windows, and have nothing in flight. */
    for (i = 0; i < TABLE; i++)
        M_ASSERT(sti_order_open(&order, &sinks[i], &window) == 0);
    for (i = 0; i < OPENERS; i++) {
        openers[i].sink = &sinks[2];
#ifdef APART
        if (i == OPENERS - 1)
            openers[i].sink = &sinks[3];
#endif
#ifdef OLD
        if (i == OPENERS - 1)
            openers[i].sink = &sinks[0];
#endif
        M_SPAWN(&threads[i], opener, &openers[i]);
    }
#ifdef COUNTER
    M_SPAWN(&other, counter, NULL);
    M_JOIN(other);
#endif
    for (i = 0; i < OPENERS; i++)
        M_JOIN(threads[i]);
    for (i = 0; i < OPENERS; i++) {
        struct opener *one = &openers[i];

        /* There are as many windows as sinks, so -ENOSPC is never true. */
        if (one->err == -EAGAIN) {
#if OPENERS > 2 && TABLE == 2
            M_COVER("refused");
#endif
            continue;
        }
#ifdef ONCE
        if (one->err == STI_WINDOW_STALE)
            continue;
#endif
        M_ASSERT(one->err == 0);
        M_ASSERT(strait_load_rlx(&one->window->sink_) == one->sink);
        for (k = 0; k < i; k++) {
            struct opener *other = &openers[k];

            if (other->err != 0)
                continue;
            M_ASSERT(
                (other->window == one->window) == (other->sink == one->sink));
            M_ASSERT(other->sink != one->sink || other->ticket != one->ticket);
        }
    }
    for (n_opened = i = 0; i < OPENERS; i++)
        n_opened += openers[i].err == 0;
    M_ASSERT(n_opened > 0);
    for (i = 0; i < STI_ORDER_WINDOWS; i++) {
        window = strait_load_rlx(&order.windows_[i]);
        if (window == NULL)
            continue;
        M_ASSERT((strait_load_rlx(&window->next_) & STI_WINDOW_BUSY) == 0);
        for (k = 0; k < i; k++) {
            strait_sink_t *sink = strait_load_rlx(&window->sink_);

            M_ASSERT(sink == NULL ||
                strait_load_rlx(&strait_load_rlx(&order.windows_[k])->sink_) !=
                    sink);
        }
        /* As if all had been delivered. */
        strait_store_rlx(&window->head_,
            strait_load_rlx(&window->next_) & ~(STI_WINDOW_TURN - 1));
    }
    sti_order_close(&order);
    M_ASSERT(strait_load_rlx(&n_live) == 0);
}
