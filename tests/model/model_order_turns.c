/* SPDX-License-Identifier: MIT */
/*
 * @obligation what several threads submit to one sink is delivered once each, in
 *   the order of the tickets, in whatever order it arrives; tickets follow the
 *   order in which submits know of each other; never more than the limit is in
 *   flight, so nothing held is overwritten; `done` may submit again into a window
 *   that was full
 * @core order
 * @case 2x1 -DPER=1 genmc
 * @case 2x1-again -DPER=1 -DAGAIN genmc
 * @case 2x2 -DPER=2 genmc
 * @case 2x2-wide -DPER=2 -DLIMIT=4
 * @case 2x2-again -DPER=2 -DAGAIN
 * @case 3x1 -DSUBMITTERS=3 -DPER=1
 */
#include "order_common.h"

#ifndef SUBMITTERS
#define SUBMITTERS 2
#endif

M_STATE sti_window_t *window;
M_STATE struct item items[SUBMITTERS][PER];
M_STATE struct item again;
M_STATE struct arrivals arrivals;
/* The ticket + 1 of the first submitter's first item, once it is there. */
M_STATE STRAIT_ATOMIC(uint32_t) told;
M_STATE uint32_t expected;
M_STATE int n_expected;

static int
submit(struct item *item)
{
    int err = STI_WINDOW_FULL;

    M_SET(&item->payload, 1);
    if (sti_window_has_room(window, &sinks[0]))
        err = sti_window_take(window, &sinks[0], &item->work.ticket_);
    M_ASSERT(err == 0 || err == STI_WINDOW_FULL);
    M_SET(&item->is_taken, err == 0);
    return err;
}

M_THREAD(submitter)
{
    struct item *mine = arg;
    uint32_t before = strait_load_acquire(&told);
    int i;

    for (i = 0; i < PER; i++) {
        if (submit(&mine[i]) != 0) {
#if LIMIT < SUBMITTERS * PER
            M_COVER("refused");
#endif
            continue;
        }
        if (before != 0)
            M_ASSERT(mine[i].work.ticket_ >= before);
        if (i == 0 && mine == items[0])
            strait_store_release(&told, mine[i].work.ticket_ + 1);
    }
    /* The later one has run faster. */
    for (i = PER; i-- > 0;)
        send(&arrivals, &mine[i]);
    return NULL;
}

/* What `done` of the first one does besides. */
static void
done(strait_work_t *work)
{
    M_ASSERT(M_GET(&work->ticket_) == expected);
    expected++;
#ifdef AGAIN
    if (expected == 1) {
        if (submit(&again) == 0) {
            send(&arrivals, &again);
            n_expected++;
        } else {
            /* Of the others, no more than limit - 1 can be in flight. */
            M_ASSERT(LIMIT < SUBMITTERS * PER);
        }
    }
#endif
    finish(work);
}

static void
deliver(strait_work_t *work)
{
    strait_work_t *next;

    /* It was so when the ticket was taken, if it is so now. */
    M_ASSERT(M_GET(&work->ticket_) - expected < LIMIT);
    work = sti_window_arrive(window, work);
    if (work == NULL)
        M_COVER("held");
    while (work != NULL) {
        next = sti_window_pass(window);
        done(work);
        if (next != NULL)
            M_COVER("its turn has come");
        work = next;
    }
}

M_MAIN
{
    m_thread submitters[SUBMITTERS];
    int n_done = 0;
    int i;
    int k;

    begin();
    M_ASSERT(sti_order_open(&order, &sinks[0], &window) == 0);
    M_ASSERT(sti_order_find(&order, &sinks[0]) == window);
    n_expected = SUBMITTERS * PER;
    for (i = 0; i < SUBMITTERS; i++)
        M_SPAWN(&submitters[i], submitter, items[i]);
    for (i = 0; i < n_expected; i++) {
        struct item *item = receive(&arrivals, i);

        if (M_GET(&item->is_taken))
            deliver(&item->work);
    }
    for (i = 0; i < SUBMITTERS; i++)
        M_JOIN(submitters[i]);
    for (i = 0; i < SUBMITTERS; i++) {
        for (k = 0; k < PER; k++) {
            M_ASSERT(
                M_GET(&items[i][k].is_done) == M_GET(&items[i][k].is_taken));
            n_done += M_GET(&items[i][k].is_done);
        }
    }
    M_ASSERT(M_GET(&again.is_done) == M_GET(&again.is_taken));
    n_done += M_GET(&again.is_done);
    M_ASSERT(n_done >= LIMIT || n_done == n_expected);
    M_ASSERT(expected == (uint32_t)n_done);
    M_ASSERT(ticket_of(strait_load_rlx(&window->next_)) == expected);
}
