/* SPDX-License-Identifier: MIT */
/*
 * @obligation a window that is given to another sink is idle, and its consumer
 *   done with it; who has found it before and is slow gets a turn of its own
 *   sink or is told; so each sink's items are delivered, and in order
 * @core order
 * @case direct genmc unroll=6
 * @case found -DFOUND genmc unroll=6
 * @case found-room -DFOUND -DROOM genmc unroll=6
 * @case slow -DSLOW genmc unroll=6
 * @case slow-found -DSLOW -DFOUND genmc unroll=6
 */
#define STI_ORDER_WINDOWS 1
#define LIMIT 2
#include "order_common.h"

#define A (&sinks[0])
#define B (&sinks[1])

M_STATE sti_window_t *window;
M_STATE struct item of_a[3];
M_STATE struct item of_b[2];
#ifdef SLOW
M_STATE struct arrivals arrivals;
#endif

static int
deliver(strait_work_t *work)
{
    strait_work_t *next;
    int n = 0;

    for (work = sti_window_arrive(window, work); work != NULL; work = next) {
        next = sti_window_pass(window);
        finish(work);
        n++;
    }
    return n;
}

/* Consumes A, which has two items in flight. */
M_THREAD(consumer)
{
    int n = 0;

    n += deliver(&of_a[1].work);
    M_ASSERT(n == 0);
    n += deliver(&of_a[0].work);
    M_ASSERT(n == 2);
#ifdef SLOW
    {
        struct item *item = receive(&arrivals, 0);

        if (M_GET(&item->is_taken))
            M_ASSERT(deliver(&item->work) == 1);
    }
#endif
    return NULL;
}

#ifdef SLOW
/* Submits to A by a window that it has found long ago. */
M_THREAD(slow)
{
    struct item *mine = &of_a[2];
    int err = sti_window_take(window, A, &mine->work.ticket_);

    M_ASSERT(err == 0 || err == STI_WINDOW_FULL || err == STI_WINDOW_STALE);
    if (err == 0)
        M_COVER("in time");
    if (err == STI_WINDOW_STALE)
        M_COVER("too late");
    M_SET(&mine->payload, 1);
    M_SET(&mine->is_taken, err == 0);
    send(&arrivals, mine);
    return NULL;
}
#endif

/* Two items to B, which this thread consumes as well; they arrive the other way
 * round. */
static void
use(sti_window_t *its)
{
    int err = STI_WINDOW_TAKEN;
    int n;

    M_ASSERT(its == window);
#ifdef ROOM
    M_ASSERT(sti_window_has_room(its, B));
#endif
    for (n = 0; n < 2; n++) {
        M_SET(&of_b[n].payload, 1);
        err = sti_window_take(its, B, &of_b[n].work.ticket_);
        if (err != STI_WINDOW_TAKEN)
            break;
    }
    /* Full it was with the items of A only. */
    M_ASSERT(err != STI_WINDOW_FULL);
    if (err == STI_WINDOW_STALE) {
#ifdef FOUND
        M_COVER("found too early");
        M_ASSERT(n == 0);
        return;
#endif
    }
    /* It is ours and was idle. */
    M_ASSERT(err == STI_WINDOW_TAKEN);
    M_COVER("used");
    M_ASSERT(of_b[1].work.ticket_ == of_b[0].work.ticket_ + 1);
    M_ASSERT(deliver(&of_b[1].work) == 0);
    M_ASSERT(deliver(&of_b[0].work) == 2);
}

M_THREAD(giver)
{
    sti_window_t *its = NULL;
    int err = sti_order_open(&order, B, &its);

    M_ASSERT(err == 0 || err == -ENOSPC);
    if (err != 0)
        M_COVER("all in use");
#ifndef FOUND
    if (err == 0)
        use(its);
#endif
    return NULL;
}

#ifdef FOUND
/* Finds what the other one has opened. */
M_THREAD(finder)
{
    sti_window_t *its = sti_order_find(&order, B);

    if (its != NULL)
        use(its);
    return NULL;
}
#endif

M_MAIN
{
    m_thread threads[4];
    int n = 0;
    int i;

    begin();
    M_ASSERT(sti_order_open(&order, A, &window) == 0);
    for (i = 0; i < 2; i++) {
        M_SET(&of_a[i].payload, 1);
        M_ASSERT(sti_window_take(window, A, &of_a[i].work.ticket_) == 0);
    }
    M_SPAWN(&threads[n++], consumer, NULL);
    M_SPAWN(&threads[n++], giver, NULL);
#ifdef FOUND
    M_SPAWN(&threads[n++], finder, NULL);
#endif
#ifdef SLOW
    M_SPAWN(&threads[n++], slow, NULL);
#endif
    for (i = 0; i < n; i++)
        M_JOIN(threads[i]);
    M_ASSERT(M_GET(&of_a[2].is_done) == M_GET(&of_a[2].is_taken));
    M_ASSERT(ticket_of(strait_load_rlx(&window->next_)) ==
        ticket_of(strait_load_rlx(&window->head_)));
    M_ASSERT((strait_load_rlx(&window->next_) & STI_WINDOW_BUSY) == 0);
    sti_order_close(&order);
    M_ASSERT(strait_load_rlx(&n_live) == 0);
}
