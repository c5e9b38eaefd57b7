/* SPDX-License-Identifier: MIT */
/*
 * @obligation what a reader reaches in a section is not freed before the
 *   section ends, whoever has made it unreachable, retired it and moved the
 *   epoch on, and whenever; freeing comes after all that the readers did
 * @core reclaim
 * @case 1x1 -DREADERS=1 -DSECTIONS=1 -DWRITERS=1 genmc
 * @case 1x1a -DREADERS=1 -DSECTIONS=1 -DWRITERS=1 -DPUSH=1 genmc
 * @case 1x1b -DREADERS=1 -DSECTIONS=1 -DWRITERS=1 -DPUSH=1 -DINSIDE=1 genmc
 * @case 1x1c -DREADERS=1 -DSECTIONS=1 -DWRITERS=1 -DPUSH=2 -DINSIDE=1 genmc
 * @case 1x1d -DREADERS=1 -DSECTIONS=1 -DWRITERS=1 -DPUSH=4 genmc
 * @case 1+1x1 -DREADERS=1 -DSECTIONS=2 -DWRITERS=1 genmc
 * @case 1+1x1a -DREADERS=1 -DSECTIONS=2 -DWRITERS=1 -DPUSH=1 -DINSIDE=1
 * @case 1+1x1all -DREADERS=1 -DSECTIONS=2 -DWRITERS=1 -DPUSH=7 -DINSIDE=1
 * @case 2x1 -DREADERS=2 -DSECTIONS=1 -DWRITERS=1 -DPUSH=1
 * @case 1x2 -DREADERS=1 -DSECTIONS=1 -DWRITERS=2
 * @case 2x2 -DREADERS=2 -DSECTIONS=2 -DWRITERS=2 -DPUSH=7 -DINSIDE=1
 */
#include "model.h"

#include "queue/reclaim_core.h"

/* When a reader moves the epoch on, too: 1 before, 2 in, 4 after a section. */
#ifndef PUSH
#define PUSH 0
#endif
/* The writer is in a section while it makes the item unreachable. */
#ifndef INSIDE
#define INSIDE 0
#endif

#define ITEMS (WRITERS + 1)
#define MEMBERS (READERS + WRITERS)

struct item {
    strait_reclaim_node_t node;
    int alive;
};

M_STATE sti_reclaim_t domain;
M_STATE strait_reclaim_member_t places[MEMBERS];
M_STATE struct item items[ITEMS];
M_STATE STRAIT_ATOMIC(struct item *) shared;

static void
bury(strait_reclaim_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    /* Plain: a reader that is not through with it races. */
    M_ASSERT(M_GET(&item->alive) == 1);
    M_SET(&item->alive, 0);
}

M_THREAD(reader)
{
    strait_reclaim_member_t *me = arg;
    struct item *item;
    int i;

    for (i = 0; i < SECTIONS; i++) {
        if (PUSH & 1)
            (void)sti_reclaim_advance(me);
        sti_reclaim_enter(me);
        item = strait_load_acquire(&shared);
        if (PUSH & 2)
            (void)sti_reclaim_advance(me);
        M_ASSERT(M_GET(&item->alive) == 1);
        sti_reclaim_exit(me);
        if (PUSH & 4)
            (void)sti_reclaim_advance(me);
    }
    return NULL;
}

static void
replace(strait_reclaim_member_t *me, struct item *by)
{
    struct item *old;
    int i;

    if (INSIDE)
        sti_reclaim_enter(me);
    old = strait_xchg_acq_rel(&shared, by);
    M_ASSERT(sti_reclaim_retire(me, &old->node, bury));
    if (INSIDE)
        sti_reclaim_exit(me);
    for (i = 0; i < STI_RECLAIM_GRACE; i++) {
        if (sti_reclaim_collect(me) > 0)
            M_COVER("freed");
    }
}

M_THREAD(writer)
{
    strait_reclaim_member_t *me = arg;

    replace(me, &items[me->index - READERS + 1]);
    return NULL;
}

M_MAIN
{
    m_thread threads[MEMBERS];
    int i;

    M_NAME(&domain.word_, "epoch");
    M_NAME(&shared, "shared");
    for (i = 0; i < ITEMS; i++)
        items[i].alive = 1;
    strait_store_rlx(&shared, &items[0]);
    /* So many that no retire tries to move on by itself. */
    sti_reclaim_init(&domain, places, MEMBERS, 64);
    for (i = 0; i < MEMBERS; i++) {
        M_NAME(&places[i].state_, i < READERS ? "reader" : "writer");
        M_ASSERT(sti_reclaim_join(&domain) == &places[i]);
    }
    for (i = 0; i < MEMBERS; i++)
        M_SPAWN(&threads[i], i < READERS ? reader : writer, &places[i]);
    for (i = 0; i < MEMBERS; i++)
        M_JOIN(threads[i]);
}
