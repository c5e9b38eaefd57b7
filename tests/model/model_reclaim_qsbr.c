/* SPDX-License-Identifier: MIT */
/*
 * @obligation what an online member has reached is not freed before it says
 *   quiescent or goes offline; in a section of its own quiescent says nothing;
 *   and who has said quiescent at the newest epoch does not hold it back
 * @core reclaim
 * @case 1x1 -DWRITERS=1 -DPIECES=2 genmc
 * @case 1x1push -DWRITERS=1 -DPIECES=1 -DPUSH=1 genmc
 * @case 1x1push2 -DWRITERS=1 -DPIECES=2 -DPUSH=1 genmc long=rc11,imm
 * @case 1x1stay -DWRITERS=1 -DPIECES=0 -DSTAY=1 genmc
 * @case 1x1nest -DWRITERS=1 -DPIECES=1 -DNEST=1 genmc
 * @case 1x1all -DWRITERS=1 -DPIECES=3 -DPUSH=1 -DNEST=1
 * @case 1x2 -DWRITERS=2 -DPIECES=3 -DPUSH=1
 */
#include "model.h"

#include "queue/reclaim_core.h"

/* The reader moves the epoch on, too. */
#ifndef PUSH
#define PUSH 0
#endif
/* It reads in a section inside, with a quiescent in the middle. */
#ifndef NEST
#define NEST 0
#endif

/* It is still online in the end. */
#ifndef STAY
#define STAY 0
#endif

#define MEMBERS (WRITERS + 1)

struct item {
    strait_reclaim_node_t node;
    int alive;
};

M_STATE sti_reclaim_t domain;
M_STATE strait_reclaim_member_t places[MEMBERS];
M_STATE struct item items[MEMBERS];
M_STATE STRAIT_ATOMIC(struct item *) shared;

static void
bury(strait_reclaim_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    M_ASSERT(M_GET(&item->alive) == 1);
    M_SET(&item->alive, 0);
}

M_THREAD(reader)
{
    strait_reclaim_member_t *me = arg;
    struct item *item;
    int i;

    sti_reclaim_online(me);
    for (i = 0; i < PIECES; i++) {
        if (NEST)
            sti_reclaim_enter(me);
        item = strait_load_acquire(&shared);
        if (NEST)
            sti_reclaim_quiescent(me);
        M_ASSERT(M_GET(&item->alive) == 1);
        if (NEST)
            sti_reclaim_exit(me);
        if (PUSH)
            (void)sti_reclaim_advance(me);
        sti_reclaim_quiescent(me);
    }
    item = strait_load_acquire(&shared);
    M_ASSERT(M_GET(&item->alive) == 1);
    if (!STAY)
        sti_reclaim_offline(me);
    return NULL;
}

M_THREAD(writer)
{
    strait_reclaim_member_t *me = arg;
    struct item *old;
    int i;

    old = strait_xchg_acq_rel(&shared, &items[me->index]);
    M_ASSERT(sti_reclaim_retire(me, &old->node, bury));
    for (i = 0; i < STI_RECLAIM_GRACE; i++) {
        if (sti_reclaim_collect(me) > 0)
            M_COVER("freed");
    }
    return NULL;
}

M_MAIN
{
    m_thread threads[MEMBERS];
    int i;

    M_NAME(&domain.word_, "epoch");
    M_NAME(&shared, "shared");
    for (i = 0; i < MEMBERS; i++)
        items[i].alive = 1;
    strait_store_rlx(&shared, &items[0]);
    sti_reclaim_init(&domain, places, MEMBERS, 64);
    for (i = 0; i < MEMBERS; i++) {
        M_NAME(&places[i].state_, i < 1 ? "reader" : "writer");
        M_ASSERT(sti_reclaim_join(&domain) == &places[i]);
    }
    for (i = 0; i < MEMBERS; i++)
        M_SPAWN(&threads[i], i < 1 ? reader : writer, &places[i]);
    for (i = 0; i < MEMBERS; i++)
        M_JOIN(threads[i]);
    /* All that the threads knew is known here. */
    sti_reclaim_quiescent(&places[0]);
    M_ASSERT(sti_reclaim_advance(&places[1]));
}
