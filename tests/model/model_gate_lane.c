/* SPDX-License-Identifier: MIT */
/*
 * @obligation of a lane with max_running no more items run at once; with 1 they
 *   run and end in the order of their submits, each seeing what the one before
 *   has written; an item whose lane was full never waits beside a sleeping
 *   worker once somebody has left, whatever those who are awake run: items of
 *   another lane end only when all of this one have run, and as many as
 *   max_running end only when all of them have started
 * @core gate
 * @case serial-2w -DMAX=1 -DITEMS=2 -DWORKERS=2
 * @case serial-3w -DMAX=1 -DITEMS=3 -DWORKERS=3
 * @case beside-2w -DMAX=1 -DITEMS=2 -DWORKERS=2 -DLANES=2
 * @case beside-2w-3 -DMAX=1 -DITEMS=3 -DWORKERS=2 -DLANES=2
 * @case beside-3w -DMAX=1 -DITEMS=2 -DWORKERS=3 -DLANES=2 -DOTHERS=2
 * @case max2-3w -DMAX=2 -DITEMS=4 -DWORKERS=3
 * @case max2-beside -DMAX=2 -DITEMS=4 -DWORKERS=3 -DLANES=2
 */
#define REAL_SINK
#include "model.h"
#include <strait/sink.h>
static void hand_over(strait_sink_t *sink, strait_sink_entry_t *entry);
#define strait_sink_push(sink, entry) hand_over(sink, entry)
#define LANE_MAX (i == 0 ? MAX : 0)
#define CAPACITY 4
#include "lane_common.h"

#ifndef OTHERS
#define OTHERS (LANES - 1)
#endif

M_STATE strait_sink_t the_sink;
M_STATE strait_work_t items[ITEMS];
M_STATE STRAIT_ATOMIC(uint32_t) n_inside;
M_STATE STRAIT_ATOMIC(uint32_t) n_started;
M_STATE STRAIT_ATOMIC(uint32_t) n_ended;
M_STATE STRAIT_ATOMIC(uint32_t) n_finished;
#if MAX == 1
M_STATE int n_runs; /* plain: one after the other, seen by the next */
M_STATE int n_handed_over;
#endif

static void
run_item(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    M_ASSERT(strait_add_rlx(&n_inside, 1) < MAX);
#if MAX == 1
    M_ASSERT(M_GET(&n_runs) == (int)(work - items));
    M_SET(&n_runs, M_GET(&n_runs) + 1);
#else
    {
        uint32_t together = strait_add_rlx(&n_started, 1) / MAX + 1;

        M_AWAIT(strait_load_rlx(&n_started) >= together * MAX);
    }
#endif
    (void)strait_add_rlx(&n_inside, 0 - (uint32_t)1);
    (void)strait_add_rlx(&n_ended, 1);
}

static void
hand_over(strait_sink_t *sink, strait_sink_entry_t *entry)
{
    strait_work_t *work = STRAIT_CONTAINER_OF(entry, strait_work_t, entry_);

    (void)sink;
#if MAX == 1
    if (work->run_ == run_item) {
        M_ASSERT(M_GET(&n_handed_over) == (int)(work - items));
        M_SET(&n_handed_over, M_GET(&n_handed_over) + 1);
    }
#else
    (void)work;
#endif
    (void)strait_add_release(&n_finished, 1);
}

#if OTHERS > 0
M_STATE strait_work_t others[OTHERS];

/* Of the lane beside it. */
static void
run_other(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    M_AWAIT(strait_load_rlx(&n_ended) == ITEMS);
}

M_THREAD(submitter)
{
    int i;

    for (i = 0; i < OTHERS; i++)
        M_AWAIT(submit(1, &others[i]) != STRAIT_RING_FULL);
    return NULL;
}
#endif

M_MAIN
{
    m_thread threads[WORKERS];
    int i;

    pool_init();
    M_NAME(&n_inside, "n_inside");
    M_NAME(&n_started, "n_started");
    M_NAME(&n_ended, "n_ended");
    for (i = 0; i < ITEMS; i++) {
        item_init(&items[i], run_item);
        items[i].sink_ = &the_sink;
    }
    for (i = 0; i < WORKERS; i++)
        M_SPAWN(&threads[i], worker, &workers[i]);
#if OTHERS > 0
    {
        m_thread other;

        for (i = 0; i < OTHERS; i++) {
            item_init(&others[i], run_other);
            others[i].sink_ = &the_sink;
        }
        M_SPAWN(&other, submitter, NULL);
        for (i = 0; i < ITEMS; i++)
            M_AWAIT(submit(0, &items[i]) != STRAIT_RING_FULL);
        M_JOIN(other);
    }
#else
    for (i = 0; i < ITEMS; i++)
        M_AWAIT(submit(0, &items[i]) != STRAIT_RING_FULL);
#endif
    /* Before the close, which would wake everybody. */
    M_AWAIT(strait_load_acquire(&n_finished) == ITEMS + OTHERS);
    close_pool();
    for (i = 0; i < WORKERS; i++)
        M_JOIN(threads[i]);
    M_ASSERT(strait_load_rlx(&n_finished) == ITEMS + OTHERS);
}
