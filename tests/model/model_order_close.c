/* SPDX-License-Identifier: MIT */
/*
 * @obligation when a lane is freed each of its windows is freed once, by the
 *   close if it is idle and by the pass of the last item if not, and nobody
 *   touches it afterwards; also if the close knows of a submit that the consumer
 *   does not know of yet
 * @core order
 * @case 1 -DITEMS=1 genmc
 * @case 2 -DITEMS=2 genmc
 * @case late -DITEMS=1 -DLATE genmc
 * @case late-2 -DITEMS=2 -DLATE genmc
 * @case given -DITEMS=1 -DANOTHER genmc unroll=6
 */
#define LIMIT 4
#include "order_common.h"

M_STATE sti_window_t *window;
M_STATE struct item items[ITEMS + 1];
#ifdef LATE
M_STATE struct arrivals arrivals;
M_STATE STRAIT_ATOMIC(uint32_t) known;
#endif

static void
deliver(strait_work_t *work)
{
    strait_work_t *next;

    for (work = sti_window_arrive(window, work); work != NULL; work = next) {
        next = sti_window_pass(window);
        finish(work);
    }
}

/* The last one first, so that all but that one are held. */
M_THREAD(consumer)
{
    int i;

    for (i = ITEMS; i-- > 0;)
        deliver(&items[i].work);
#ifdef LATE
    deliver(&receive(&arrivals, 0)->work);
#endif
    return NULL;
}

#ifdef LATE
/* The last submit. Who closes the lane knows of it. */
M_THREAD(submitter)
{
    struct item *mine = &items[ITEMS];

    M_SET(&mine->payload, 1);
    M_ASSERT(sti_window_take(window, &sinks[0], &mine->work.ticket_) == 0);
    strait_store_release(&known, 1);
    send(&arrivals, mine);
    return NULL;
}
#endif

M_THREAD(closer)
{
#ifdef LATE
    M_AWAIT(strait_load_acquire(&known) == 1);
#endif
#ifdef ANOTHER
    {
        sti_window_t *its = NULL;
        int err = sti_order_open(&order, &sinks[1], &its);

        M_ASSERT(err == 0 || err == -ENOSPC);
    }
#endif
    sti_order_close(&order);
    if (strait_load_rlx(&n_live) != 0)
        M_COVER("left to the last pass");
    return NULL;
}

M_MAIN
{
    m_thread threads[3];
    int n = 0;
    int i;

    begin();
    M_ASSERT(sti_order_open(&order, &sinks[0], &window) == 0);
    for (i = 0; i < ITEMS; i++) {
        M_SET(&items[i].payload, 1);
        M_ASSERT(
            sti_window_take(window, &sinks[0], &items[i].work.ticket_) == 0);
    }
    M_SPAWN(&threads[n++], consumer, NULL);
    M_SPAWN(&threads[n++], closer, NULL);
#ifdef LATE
    M_SPAWN(&threads[n++], submitter, NULL);
#endif
    for (i = 0; i < n; i++)
        M_JOIN(threads[i]);
    M_ASSERT(strait_load_rlx(&n_live) == 0);
}
