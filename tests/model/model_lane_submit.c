/* SPDX-License-Identifier: MIT */
/*
 * @obligation every accepted item runs, once, on a worker that sees what the
 *   submitter wrote; no worker sleeps while an item waits; a close ends all
 *   workers, parked ones too, after the last item
 * @core lane
 * @case 1s1w -DSUBMITTERS=1 -DWORKERS=1 -DITEMS=1 genmc live unroll=12
 * @case 1s2w -DSUBMITTERS=1 -DWORKERS=2 -DITEMS=1
 * @case 2s1w -DSUBMITTERS=2 -DWORKERS=1 -DITEMS=1 genmc live unroll=12 long=imm
 * @case 2s2w -DSUBMITTERS=2 -DWORKERS=2 -DITEMS=2
 * @case 2lanes1w -DSUBMITTERS=2 -DWORKERS=1 -DITEMS=2 -DLANES=2
 * @case 2lanes2w -DSUBMITTERS=2 -DWORKERS=2 -DITEMS=1 -DLANES=2
 * @case group-1w -DGROUP=1 -DSUBMITTERS=2 -DWORKERS=1 -DITEMS=2 -DLANES=2
 * @case group-2w -DGROUP=1 -DSUBMITTERS=2 -DWORKERS=2 -DITEMS=2 -DLANES=2
 */
#define COVER_GAP
#define COVER_WAKE
#include "lane_common.h"

#define TOTAL (SUBMITTERS * ITEMS)

struct item {
    strait_work_t work;
    int payload;
    int ran;
};

M_STATE struct item items[SUBMITTERS][ITEMS];

static void
run_item(strait_work_t *work, void *arg)
{
    struct item *item = STRAIT_CONTAINER_OF(work, struct item, work);

    (void)arg;
    M_ASSERT(M_GET(&item->payload) == 1);
    M_ASSERT(M_GET(&item->ran) == 0);
    M_SET(&item->ran, 1);
}

M_THREAD(submitter)
{
    struct item *mine = arg;
    int lane = (int)((mine - items[0]) / ITEMS) % LANES;
    int i;

    for (i = 0; i < ITEMS; i++) {
        M_SET(&mine[i].payload, 1);
        M_AWAIT(submit(lane, &mine[i].work) != STRAIT_RING_FULL);
    }
    return NULL;
}

M_MAIN
{
    m_thread submitters[SUBMITTERS];
    m_thread threads[WORKERS];
    int i;

    pool_init();
    for (i = 0; i < TOTAL; i++)
        item_init(&items[i / ITEMS][i % ITEMS].work, run_item);
    for (i = 0; i < WORKERS; i++)
        M_SPAWN(&threads[i], worker, &workers[i]);
    for (i = 1; i < SUBMITTERS; i++)
        M_SPAWN(&submitters[i], submitter, items[i]);
    (void)submitter(items[0]);
    /* Before the close, which would wake everybody. */
    M_AWAIT(strait_load_acquire(&n_finished) == TOTAL);
    for (i = 1; i < SUBMITTERS; i++)
        M_JOIN(submitters[i]);
    close_pool();
    for (i = 0; i < WORKERS; i++)
        M_JOIN(threads[i]);
    for (i = 0; i < TOTAL; i++)
        M_ASSERT(M_GET(&items[i / ITEMS][i % ITEMS].ran) == 1);
    M_ASSERT(strait_load_rlx(&n_finished) == TOTAL);
}
