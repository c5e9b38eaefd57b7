/* SPDX-License-Identifier: MIT */
/*
 * @obligation an item never waits beside a sleeping worker, whatever the awake
 *   ones are running: as many items as workers, each of which ends only when
 *   all others have started
 * @core lane
 * @case once-1s2w -DONCE -DSUBMITTERS=1 -DWORKERS=2 -DITEMS=2
 * @case once-2s2w -DONCE -DSUBMITTERS=2 -DWORKERS=2 -DITEMS=1
 * @case armed-1s2w -DONCE -DPREARMED -DSUBMITTERS=1 -DWORKERS=2 -DITEMS=2
 * @case 1s2w -DSUBMITTERS=1 -DWORKERS=2 -DITEMS=2
 * @case 2s2w -DSUBMITTERS=2 -DWORKERS=2 -DITEMS=1
 * @case 3s3w -DSUBMITTERS=3 -DWORKERS=3 -DITEMS=1
 * @case warm-2s2w -DWARM=2 -DSUBMITTERS=2 -DWORKERS=2 -DITEMS=1
 * @case warm-3s3w -DWARM=1 -DSUBMITTERS=3 -DWORKERS=3 -DITEMS=1
 * @case 1s3w -DSUBMITTERS=1 -DWORKERS=3 -DITEMS=3
 * @case 2lanes2w -DSUBMITTERS=2 -DWORKERS=2 -DITEMS=1 -DLANES=2
 * @case group-2w -DGROUP=1 -DWARM=2 -DSUBMITTERS=2 -DWORKERS=2 -DITEMS=1 -DLANES=2
 */
/* Not under GenMC 0.11: it does not know the wait for a place that is claimed
 * as a spin loop, cuts it off, and then takes the other worker for stuck. */
#define COVER_WAKE
#include "lane_common.h"

#define TOTAL (SUBMITTERS * ITEMS)

/* Each submitter may begin with some items that wait for nobody, so that wakes
 * of old come late. */
#ifndef WARM
#define WARM 0
#endif
#define WARM_ROW (WARM > 0 ? WARM : 1)

M_STATE strait_work_t items[SUBMITTERS][ITEMS];
M_STATE strait_work_t warm[SUBMITTERS][WARM_ROW];
M_STATE STRAIT_ATOMIC(uint32_t) n_started;

static void
run_item(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    (void)strait_add_rlx(&n_started, 1);
    M_AWAIT(strait_load_rlx(&n_started) >= TOTAL);
}

static void
run_warm(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

M_THREAD(submitter)
{
    strait_work_t *mine = arg;
    int me = (int)((mine - items[0]) / ITEMS);
    int lane = me % LANES;
    int i;

    for (i = 0; i < WARM; i++)
        M_AWAIT(submit(lane, &warm[me][i]) != STRAIT_RING_FULL);
    for (i = 0; i < ITEMS; i++)
        M_AWAIT(submit(lane, &mine[i]) != STRAIT_RING_FULL);
    return NULL;
}

M_MAIN
{
    m_thread submitters[SUBMITTERS];
    m_thread threads[WORKERS];
    int i;

    pool_init();
    M_NAME(&n_started, "n_started");
    for (i = 0; i < TOTAL; i++)
        item_init(&items[i / ITEMS][i % ITEMS], run_item);
    for (i = 0; i < SUBMITTERS * WARM; i++)
        item_init(&warm[i / WARM_ROW][i % WARM_ROW], run_warm);
    for (i = 0; i < WORKERS; i++) {
#ifdef ONCE
        M_SPAWN(&threads[i], worker_once, &workers[i]);
#else
        M_SPAWN(&threads[i], worker, &workers[i]);
#endif
    }
    for (i = 1; i < SUBMITTERS; i++)
        M_SPAWN(&submitters[i], submitter, items[i]);
    (void)submitter(items[0]);
#ifndef ONCE
    /* Before the close, which would wake everybody. */
    M_AWAIT(strait_load_acquire(&n_finished) == TOTAL + SUBMITTERS * WARM);
#endif
    for (i = 1; i < SUBMITTERS; i++)
        M_JOIN(submitters[i]);
#ifndef ONCE
    close_pool();
#endif
    for (i = 0; i < WORKERS; i++)
        M_JOIN(threads[i]);
}
