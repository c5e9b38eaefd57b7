/* SPDX-License-Identifier: MIT */
/*
 * @obligation FULL is true: a submitter who has found a ticket that was taken
 *   when there was room finds that room, however stale his look at the turn
 * @core order
 * @case take genmc
 * @case room -DROOM genmc
 */
#define LIMIT 2
#include "order_common.h"

M_STATE sti_window_t *window;
M_STATE struct item items[3];

/* Passes two of two, and so knows that there is room for the third. */
M_THREAD(consumer)
{
    int i;

    for (i = 0; i < 2; i++) {
        M_ASSERT(sti_window_arrive(window, &items[i].work) == &items[i].work);
        M_ASSERT(sti_window_pass(window) == NULL);
    }
    M_ASSERT(sti_window_take(window, &sinks[0], &items[2].work.ticket_) == 0);
    return NULL;
}

M_THREAD(submitter)
{
    /* Not an acquire: what follows from it is for the operation to see. */
    uint32_t found = ticket_of(strait_load_rlx(&window->next_));
#ifdef ROOM
    bool has_room = sti_window_has_room(window, &sinks[0]);
#else
    uint32_t ticket = 0;
    bool has_room = sti_window_take(window, &sinks[0], &ticket) == 0;
#endif
    if (found == 3) {
        M_COVER("late");
        M_ASSERT(has_room);
    } else if (!has_room) {
        M_COVER("too early");
    }
    return NULL;
}

M_MAIN
{
    m_thread a, b;
    int i;

    begin();
    M_ASSERT(sti_order_open(&order, &sinks[0], &window) == 0);
    for (i = 0; i < 2; i++) {
        M_ASSERT(
            sti_window_take(window, &sinks[0], &items[i].work.ticket_) == 0);
    }
    M_ASSERT(!sti_window_has_room(window, &sinks[0]));
    M_SPAWN(&a, consumer, NULL);
    M_SPAWN(&b, submitter, NULL);
    M_JOIN(a);
    M_JOIN(b);
}
