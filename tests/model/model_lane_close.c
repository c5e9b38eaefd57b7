/* SPDX-License-Identifier: MIT */
/*
 * @obligation a close that races with submits and with workers on their way to
 *   sleep ends every worker; what was accepted has run by then, what was
 *   refused has not
 * @core lane
 * @case 0s1w -DSUBMITTERS=0 -DWORKERS=1 genmc live unroll=12
 * @case 0s2w -DSUBMITTERS=0 -DWORKERS=2
 * @case 1s1w -DSUBMITTERS=1 -DWORKERS=1 genmc live unroll=12
 * @case 1s2w -DSUBMITTERS=1 -DWORKERS=2
 * @case 2s2w -DSUBMITTERS=2 -DWORKERS=2
 * @case 2lanes2w -DSUBMITTERS=2 -DWORKERS=2 -DLANES=2
 */
#include "lane_common.h"

struct item {
    strait_work_t work;
    int ran;
    bool accepted;
};

M_STATE struct item items[SUBMITTERS + 1];

static void
run_item(strait_work_t *work, void *arg)
{
    struct item *item = STRAIT_CONTAINER_OF(work, struct item, work);

    (void)arg;
    M_ASSERT(M_GET(&item->ran) == 0);
    M_SET(&item->ran, 1);
}

#if SUBMITTERS > 0
M_THREAD(submitter)
{
    struct item *mine = arg;
    int pushed = submit((int)(mine - items) % LANES, &mine->work);

    M_ASSERT(pushed != STRAIT_RING_FULL);
    mine->accepted = pushed != STRAIT_RING_CLOSED;
    if (!mine->accepted)
        M_COVER("refused by the close");
    return NULL;
}
#endif

M_MAIN
{
    m_thread threads[WORKERS];
#if SUBMITTERS > 0
    m_thread submitters[SUBMITTERS];
#endif
    int i;

    pool_init();
    for (i = 0; i < SUBMITTERS; i++)
        item_init(&items[i].work, run_item);
    for (i = 0; i < WORKERS; i++)
        M_SPAWN(&threads[i], worker, &workers[i]);
#if SUBMITTERS > 0
    for (i = 0; i < SUBMITTERS; i++)
        M_SPAWN(&submitters[i], submitter, &items[i]);
#endif
    close_pool();
    for (i = 0; i < WORKERS; i++)
        M_JOIN(threads[i]);
#if SUBMITTERS > 0
    for (i = 0; i < SUBMITTERS; i++)
        M_JOIN(submitters[i]);
#endif
    for (i = 0; i < SUBMITTERS; i++)
        M_ASSERT(items[i].accepted == (M_GET(&items[i].ran) == 1));
}
