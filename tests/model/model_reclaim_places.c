/* SPDX-License-Identifier: MIT */
/*
 * @obligation who joins while the epoch moves is waited for; what a member
 *   leaves behind is freed once, by who helps or by the next one in its place,
 *   and never under a reader; when all have left, one flush frees the rest
 * @core reclaim
 * @case late -DPLACES=2 -DSETTLED=2 genmc unroll=6 long=imm
 * @case both -DPLACES=2
 * @case hand -DPLACES=2 -DREADERS=0 -DHELPERS=1
 * @case heir -DPLACES=1 -DREADERS=0 -DHELPERS=1 genmc unroll=6
 * @case inherit -DPLACES=2 -DHELPERS=1 -DSETTLED=1
 * @case settled -DPLACES=3 -DHELPERS=1 -DSETTLED=1
 * @case help -DPLACES=3 -DHELPERS=1
 * @case many -DPLACES=4 -DHELPERS=2
 */
#include "model.h"

#include "queue/reclaim_core.h"

#ifndef READERS
#define READERS 1
#endif
#ifndef HELPERS
#define HELPERS 0
#endif
/* Who has joined before the others begin: 1 the reader, 2 the writer. */
#ifndef SETTLED
#define SETTLED 0
#endif

struct item {
    strait_reclaim_node_t node;
    int alive;
};

M_STATE sti_reclaim_t domain;
M_STATE strait_reclaim_member_t places[PLACES];
M_STATE struct item items[2];
M_STATE STRAIT_ATOMIC(struct item *) shared;
M_STATE STRAIT_ATOMIC(uint32_t) n_buried;

static void
bury(strait_reclaim_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    M_ASSERT(M_GET(&item->alive) == 1);
    M_SET(&item->alive, 0);
    (void)strait_add_rlx(&n_buried, 1);
}

#if READERS > 0
M_THREAD(reader)
{
    strait_reclaim_member_t *me = arg;
    struct item *item;

    if (me == NULL)
        me = sti_reclaim_join(&domain);
    if (me == NULL)
        return NULL;
    sti_reclaim_enter(me);
    item = strait_load_acquire(&shared);
    M_ASSERT(M_GET(&item->alive) == 1);
    sti_reclaim_exit(me);
    sti_reclaim_leave(me);
    return NULL;
}
#endif

M_THREAD(writer)
{
    strait_reclaim_member_t *me = arg;
    struct item *old;
    int i;

    if (me == NULL)
        me = sti_reclaim_join(&domain);
    if (me == NULL)
        return NULL;
    old = strait_xchg_acq_rel(&shared, &items[1]);
    M_ASSERT(sti_reclaim_retire(me, &old->node, bury));
    for (i = 0; i < (HELPERS ? 1 : STI_RECLAIM_GRACE); i++)
        (void)sti_reclaim_collect(me);
    if (sti_reclaim_waiting(me) != 0)
        M_COVER("left behind");
    sti_reclaim_leave(me);
    return NULL;
}

#if HELPERS > 0
M_THREAD(helper)
{
    strait_reclaim_member_t *me = sti_reclaim_join(&domain);
    int i;

    if (me == NULL)
        return NULL;
    if (sti_reclaim_waiting(me) != 0)
        M_COVER("inherited");
    for (i = 0; i < STI_RECLAIM_GRACE; i++) {
        if (sti_reclaim_collect(me) > 0)
            M_COVER("freed");
    }
    sti_reclaim_leave(me);
    return NULL;
}
#endif

M_MAIN
{
    m_thread threads[READERS + 1 + HELPERS];
    strait_reclaim_member_t *me = NULL;
    int n = 0;
    int i;

    M_NAME(&domain.word_, "epoch");
    M_NAME(&shared, "shared");
    items[0].alive = 1;
    items[1].alive = 1;
    strait_store_rlx(&shared, &items[0]);
    sti_reclaim_init(&domain, places, PLACES, 64);
    if (SETTLED != 0)
        me = sti_reclaim_join(&domain);
#if READERS > 0
    M_SPAWN(&threads[n++], reader, SETTLED == 1 ? me : NULL);
#endif
    M_SPAWN(&threads[n++], writer, SETTLED == 2 ? me : NULL);
#if HELPERS > 0
    for (i = 0; i < HELPERS; i++)
        M_SPAWN(&threads[n++], helper, NULL);
#endif
    for (i = 0; i < n; i++)
        M_JOIN(threads[i]);
    me = sti_reclaim_join(&domain);
    M_ASSERT(me != NULL && sti_reclaim_flush(me));
    if (strait_load_rlx(&shared) == &items[1])
        M_ASSERT(
            strait_load_rlx(&n_buried) == 1 && M_GET(&items[0].alive) == 0);
    M_ASSERT(M_GET(&items[1].alive) == 1);
}
