/* SPDX-License-Identifier: MIT */
/*
 * @obligation an item that is cancelled, by itself or with its group, while
 *   workers take it, ends once: either it ran, or it did not and its end says
 *   -ECANCELED; whoever ends it may free it at once; a place that is used again
 *   meanwhile, and what is not in the group, is not touched; a group that was
 *   cancelled takes no more members
 * @core removal
 * @case item-1w -DITEMS=1 -DWORKERS=1 -DCANCEL_ITEM
 * @case item-2w -DITEMS=2 -DWORKERS=2 -DCANCEL_ITEM
 * @case item-twice -DITEMS=2 -DWORKERS=1 -DCANCEL_ITEM -DCANCELLERS=2
 * @case group-1w -DITEMS=2 -DWORKERS=1
 * @case group-2w -DITEMS=2 -DWORKERS=2
 * @case group-lap -DITEMS=4 -DWORKERS=1
 * @case group-lap-2w -DITEMS=4 -DWORKERS=2
 * @case mixed-1w -DITEMS=4 -DMEMBERS=2 -DWORKERS=1
 * @case mixed-2w -DITEMS=4 -DMEMBERS=2 -DWORKERS=2
 * @case both -DITEMS=3 -DWORKERS=1 -DCANCEL_ITEM -DCANCEL_GROUP
 */
#define REAL_WORK
#define REAL_CANCEL
#define REAL_SINK
#include "model.h"
#include <strait/sink.h>
static void hand_over(strait_sink_t *sink, strait_sink_entry_t *entry);
#define strait_sink_push(sink, entry) hand_over(sink, entry)
#include "lane_common.h"

#include <string.h>

#ifndef CANCELLERS
#define CANCELLERS 1
#endif
#ifndef CANCEL_ITEM
#define CANCEL_GROUP
#endif
/* Those that come first are in the group. */
#ifndef MEMBERS
#define MEMBERS ITEMS
#endif

struct item {
    strait_work_t work;
    int ran;
    int ended;
};

M_STATE strait_sink_t the_sink;
M_STATE struct item items[ITEMS];
M_STATE strait_group_t group;
#ifdef CANCEL_GROUP
M_STATE strait_work_t late;
#endif
M_STATE STRAIT_ATOMIC(uint32_t) n_submitted;
M_STATE STRAIT_ATOMIC(uint32_t) n_ended;

static void
run_item(strait_work_t *work, void *arg)
{
    struct item *item = STRAIT_CONTAINER_OF(work, struct item, work);

    (void)arg;
    M_ASSERT(M_GET(&item->ran) == 0);
    M_SET(&item->ran, 1);
}

/* Of who ends the item; delivered on the spot. */
static void
hand_over(strait_sink_t *sink, strait_sink_entry_t *entry)
{
    strait_work_t *work = STRAIT_CONTAINER_OF(entry, strait_work_t, entry_);
    struct item *item = STRAIT_CONTAINER_OF(work, struct item, work);
    uint32_t state = strait_load_rlx(&work->state_);
    int status = sti_work_status(state, 0);

    M_ASSERT(sink == &the_sink);
    M_ASSERT(state & STI_WORK_IN_FLIGHT);
    M_ASSERT(M_GET(&item->ended) == 0);
    M_SET(&item->ended, 1);
    M_ASSERT(status == (M_GET(&item->ran) ? 0 : -ECANCELED));
    M_ASSERT(item < &items[MEMBERS] || status == 0);
#ifndef CANCEL_ITEM
    /* Who cancels an item must keep it; of a group nobody needs more. */
    M_FREE(item, sizeof(*item));
    memset(&item->work, 0xdb, sizeof(item->work));
#endif
    (void)strait_add_release(&n_ended, 1);
}

M_THREAD(taker)
{
    strait_work_t *work = NULL;

    while (strait_load_acquire(&n_ended) != ITEMS) {
        if (sti_lane_take(arg, &lanes[0], &work) == STRAIT_RING_DONE)
            run_taken(arg, &lanes[0], work);
        else
            M_PAUSE();
    }
    return NULL;
}

M_THREAD(canceller)
{
#ifdef CANCEL_ITEM
    int i;

    for (i = 0; i < ITEMS; i++) {
        int err;

        M_AWAIT(strait_load_acquire(&n_submitted) > (uint32_t)i);
        err = strait_work_cancel(&items[i].work);
        M_ASSERT(err == 0 || err == -EALREADY);
        if (err == 0)
            M_COVER("removed");
    }
#endif
#ifdef CANCEL_GROUP
#if ITEMS > 2
    M_AWAIT(strait_load_acquire(&n_submitted) >= 2);
#endif
    if (strait_group_cancel(&group) > 0) {
#ifndef CANCEL_ITEM
        M_COVER("some of a group removed");
#endif
    }
#endif
    return NULL;
}

M_MAIN
{
    m_thread threads[WORKERS];
    m_thread cancellers[CANCELLERS];
    int i;

    pool_init();
    strait_group_init(&group);
    M_NAME(&group, "group");
    M_NAME(items, "items");
    for (i = 0; i < WORKERS; i++)
        M_SPAWN(&threads[i], taker, &workers[i]);
    for (i = 0; i < CANCELLERS; i++)
        M_SPAWN(&cancellers[i], canceller, NULL);
    for (i = 0; i < ITEMS; i++) {
        int err;

        strait_work_init(&items[i].work, run_item, NULL, NULL);
        if (i < MEMBERS)
            M_ASSERT(strait_work_set_group(&items[i].work, &group) == 0);
        while ((err = strait_work_submit(
                    &lanes[0], &items[i].work, &the_sink)) == -EAGAIN)
            M_PAUSE();
        if (err != 0) {
            /* The group is gone; as if it had been removed. */
            M_ASSERT(err == -ECANCELED);
            M_SET(&items[i].ended, 1);
            (void)strait_add_release(&n_ended, 1);
        }
        (void)strait_add_release(&n_submitted, 1);
    }
    for (i = 0; i < CANCELLERS; i++)
        M_JOIN(cancellers[i]);
    for (i = 0; i < WORKERS; i++)
        M_JOIN(threads[i]);
    M_ASSERT(strait_load_rlx(&n_ended) == ITEMS);
    /* What was removed last may have been left for the next who looks. */
    {
        strait_work_t *work = NULL;

        M_ASSERT(
            sti_lane_take(&workers[0], &lanes[0], &work) == STRAIT_RING_EMPTY);
    }
#ifdef CANCEL_GROUP
    strait_work_init(&late, run_item, NULL, NULL);
    M_ASSERT(strait_work_set_group(&late, &group) == 0);
    M_ASSERT(strait_work_submit(&lanes[0], &late, &the_sink) == -ECANCELED);
#endif
    M_ASSERT(strait_ring_is_empty(&lanes[0].outlet.ring));
    M_ASSERT(strait_load_rlx(&lanes[0].removal.attention_) == 0);
}
