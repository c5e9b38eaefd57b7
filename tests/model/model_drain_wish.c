/* SPDX-License-Identifier: MIT */
/*
 * @obligation a wish to hear of room in a lane is called once: with 0 when no
 *   more than low_water items are left, also if that is so already, or with
 *   -ESHUTDOWN by a close; none is left behind by a lane that has been drained
 *   or closed; whoever calls it sees what was written before, and nobody touches
 *   a wish after its call
 * @core drain
 * @case pop -DITEMS=1 -DWISHES=1
 * @case pop-2 -DITEMS=2 -DWISHES=1
 * @case pop-2w -DITEMS=2 -DWISHES=1 -DTAKERS=2
 * @case two -DITEMS=1 -DWISHES=2
 * @case two-2w -DITEMS=2 -DWISHES=2 -DTAKERS=2
 * @case close -DITEMS=1 -DWISHES=1 -DTAKERS=0 -DCLOSE
 * @case close-two -DITEMS=1 -DWISHES=2 -DTAKERS=0 -DCLOSE
 * @case close-pop -DITEMS=1 -DWISHES=1 -DCLOSE
 * @case removed -DITEMS=1 -DWISHES=1 -DTAKERS=0 -DREMOVE
 */
#define REAL_SINK
#include "model.h"
#include <strait/sink.h>
#define strait_sink_push(sink, entry) hand_over(sink, entry)
static void hand_over(strait_sink_t *sink, strait_sink_entry_t *entry);
#define REAL_DRAIN
#ifdef REMOVE
#define REAL_WORK
#define REAL_CANCEL
#endif
#ifndef TAKERS
#define TAKERS 1
#endif
#define WORKERS (TAKERS > 0 ? TAKERS : 1)
#include "lane_common.h"

#include <string.h>

M_STATE strait_sink_t the_sink;
M_STATE strait_work_t items[ITEMS];
M_STATE strait_drain_t wishes[WISHES];
M_STATE STRAIT_ATOMIC(uint32_t) n_calls[WISHES];
M_STATE STRAIT_ATOMIC(uint32_t) n_ended;
M_STATE int wished[WISHES];  /* what on_drain has answered */
M_STATE int payload[WISHES]; /* what goes with a wish */

static void
room(strait_drain_t *drain, int status, void *arg)
{
    (void)drain;
    (void)status;
    (void)arg;
}

static void
run_item(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

/* The end of an item, or the call of a wish, which is its owner's from here on:
 * he throws it away at once. */
static void
hand_over(strait_sink_t *sink, strait_sink_entry_t *entry)
{
    int i;

    M_ASSERT(sink == &the_sink);
    for (i = 0; i < WISHES; i++) {
        if (entry == &wishes[i].entry_) {
            int status = wishes[i].status_;

#ifdef CLOSE
            M_ASSERT(status == 0 || status == -ESHUTDOWN);
#else
            M_ASSERT(status == 0);
#endif
            M_ASSERT(M_GET(&payload[i]) == 1);
            M_ASSERT(strait_add_rlx(&n_calls[i], 1) == 0);
            memset(&wishes[i], 0xdb, sizeof(wishes[i]));
#if TAKERS > 0 || defined(REMOVE)
            if (status == 0)
                M_COVER("there is room");
#endif
            return;
        }
    }
    (void)strait_add_rlx(&n_ended, 1);
}

#if TAKERS > 0
M_THREAD(taker)
{
    strait_work_t *work = NULL;

    while (strait_load_rlx(&n_ended) != ITEMS) {
        if (sti_lane_take(arg, &lanes[0], &work) == STRAIT_RING_DONE)
            run_taken(arg, &lanes[0], work);
        else
            M_PAUSE();
    }
    return NULL;
}
#endif

M_THREAD(wisher)
{
    int i = (int)((strait_drain_t *)arg - wishes);

    M_SET(&payload[i], 1);
    wished[i] = strait_lane_on_drain(&lanes[0], &wishes[i], &the_sink);
    return NULL;
}

#ifdef CLOSE
M_THREAD(closer)
{
    close_pool();
    return NULL;
}
#endif

#ifdef REMOVE
M_THREAD(remover)
{
    M_ASSERT(strait_work_cancel(&items[0]) == 0);
    return NULL;
}
#endif

M_MAIN
{
#if TAKERS > 0
    m_thread threads[TAKERS];
#endif
    m_thread wishers[WISHES];
#if defined(CLOSE) || defined(REMOVE)
    m_thread other;
#endif
    int i;

    pool_init();
    M_NAME(wishes, "wishes");
    for (i = 0; i < ITEMS; i++) {
#ifdef REMOVE
        strait_work_init(&items[i], run_item, NULL, NULL);
        M_ASSERT(strait_work_submit(&lanes[0], &items[i], &the_sink) == 0);
#else
        item_init(&items[i], run_item);
        items[i].sink_ = &the_sink;
        M_ASSERT(submit(0, &items[i]) == STRAIT_RING_DONE);
#endif
    }
    for (i = 0; i < WISHES; i++)
        strait_drain_init(&wishes[i], room, NULL);
#if TAKERS > 0
    for (i = 0; i < TAKERS; i++)
        M_SPAWN(&threads[i], taker, &workers[i]);
#endif
#ifdef CLOSE
    M_SPAWN(&other, closer, NULL);
#endif
#ifdef REMOVE
    M_SPAWN(&other, remover, NULL);
#endif
    for (i = 1; i < WISHES; i++)
        M_SPAWN(&wishers[i], wisher, &wishes[i]);
    (void)wisher(&wishes[0]);
    for (i = 1; i < WISHES; i++)
        M_JOIN(wishers[i]);
#if TAKERS > 0
    for (i = 0; i < TAKERS; i++)
        M_JOIN(threads[i]);
#endif
#if defined(CLOSE) || defined(REMOVE)
    M_JOIN(other);
#endif
    for (i = 0; i < WISHES; i++) {
#ifdef CLOSE
        if (wished[i] != 0) {
            M_COVER("refused by the close");
            M_ASSERT(wished[i] == -ESHUTDOWN);
            M_ASSERT(strait_load_rlx(&n_calls[i]) == 0);
            continue;
        }
#endif
        M_ASSERT(wished[i] == 0);
        M_ASSERT(strait_load_rlx(&n_calls[i]) == 1);
    }
    M_ASSERT(strait_load_rlx(&lanes[0].removal.attention_) == 0);
}
