/* SPDX-License-Identifier: MIT */
/*
 * @obligation every node that is pushed is popped once or discarded once, with
 *   what its producer wrote; the one call that answers 1 is the last use of the
 *   memory; no reference is given out after the close, and none is lost
 * @core mpsc_shared
 * @case 1p -DPRODUCERS=1 -DPER=1 genmc unroll=4
 * @case 1x2 -DPRODUCERS=1 -DPER=2
 * @case 2p -DPRODUCERS=2 -DPER=1 genmc unroll=6
 * @case 2x2 -DPRODUCERS=2 -DPER=2
 * @case 3p -DPRODUCERS=3 -DPER=1
 * @case open -DPRODUCERS=1 -DPER=1 -DOPEN genmc unroll=4
 * @case open-2p -DPRODUCERS=2 -DPER=1 -DOPEN
 */
#include "model.h"

#ifdef M_GENMC
#include <stdlib.h>
#endif

#include <strait/mpsc_shared.h>

#include "queue/mpsc.c"
#include "queue/mpsc_shared.c"

/* How often the consumer looks before it leaves. */
#ifdef OPEN
#define LOOKS (2 * PRODUCERS * PER)
#else
#define LOOKS (PRODUCERS * PER)
#endif

struct item {
    strait_mpsc_node_t node;
    int payload;
    int gone;
};

M_STATE strait_mpsc_shared_t *s;
#ifdef M_GENMC
#define FREE(p) free(p)
#else
M_STATE strait_mpsc_shared_t block;
#define FREE(p) M_FREE((p), sizeof(*(p)))
#endif
M_STATE struct item items[2 * PRODUCERS][PER];
M_STATE int freed;
#ifdef OPEN
M_STATE STRAIT_ATOMIC(uint32_t) ended_by_now;
#endif
/* Each in one thread. */
M_STATE int n_pushed[2 * PRODUCERS];
M_STATE int n_popped;
M_STATE int n_discarded;

static void
take(strait_mpsc_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    M_ASSERT(M_GET(&item->payload) == 1);
    /* Plain, so that two who take it race. */
    M_ASSERT(M_GET(&item->gone) == 0);
    M_SET(&item->gone, 1);
    M_OWN(&item->node.next_);
}

/* Called by the last holder, before its call answers 1. */
static void
discard(strait_mpsc_node_t *node, void *arg)
{
    M_ASSERT(arg == &n_discarded);
    take(node);
    M_SET(&n_discarded, M_GET(&n_discarded) + 1);
    M_COVER("discarded");
}

/* Judges the answer of a release or close. */
static void
end(int answer)
{
    if (answer == 1) {
        M_ASSERT(M_GET(&freed) == 0);
        M_SET(&freed, 1);
        FREE(s);
        return;
    }
    M_ASSERT(answer == 0);
}

/* By who holds a reference. */
static void
push(int which)
{
    int i;

    for (i = 0; i < PER; i++) {
        M_SET(&items[which][i].payload, 1);
        M_ASSERT(!strait_mpsc_push(&s->queue, &items[which][i].node));
    }
    n_pushed[which] = PER;
}

M_THREAD(producer)
{
    int which = (int)((int *)arg - n_pushed);
#ifdef OPEN
    bool ended = strait_load_acquire(&ended_by_now) == 1;
    int opened = strait_mpsc_shared_open(s);

    M_ASSERT(!ended || opened == -STRAIT_ESHUTDOWN_);
    if (opened == 0) {
        M_COVER("opened in time");
        push(which + PRODUCERS);
        M_ASSERT(strait_mpsc_shared_release(s) == 0);
    } else {
        M_COVER("opened too late");
        M_ASSERT(opened == -STRAIT_ESHUTDOWN_);
        M_ASSERT(strait_mpsc_shared_is_closed(s));
    }
#endif
    push(which);
    end(strait_mpsc_shared_release(s));
    return NULL;
}

M_MAIN
{
    m_thread producers[PRODUCERS];
    strait_mpsc_node_t *node = NULL;
    int n = 0;
    int i;

    M_NAME(items, "items");
#ifdef M_GENMC
    s = malloc(sizeof(*s));
#else
    s = &block;
    M_NAME(s, "s");
    M_NAME(&s->holders_, "holders");
    M_NAME(&s->queue.stub_, "stub");
#endif
    M_ASSERT(strait_mpsc_shared_init(s, discard, &n_discarded) == 0);
    for (i = 0; i < PRODUCERS; i++)
        M_ASSERT(strait_mpsc_shared_open(s) == 0);
    for (i = 0; i < PRODUCERS; i++)
        M_SPAWN(&producers[i], producer, &n_pushed[i]);
    for (i = 0; i < LOOKS; i++) {
        if (strait_mpsc_pop(&s->queue, &node) == STRAIT_MPSC_ITEM) {
            take(node);
            n_popped++;
        }
    }
    M_ASSERT(!strait_mpsc_shared_is_closed(s));
    i = strait_mpsc_shared_close(s);
#ifdef OPEN
    strait_store_release(&ended_by_now, 1);
#endif
    if (i == 1)
        M_COVER("the consumer goes last");
    else
        M_COVER("the consumer goes earlier");
    end(i);
    for (i = 0; i < PRODUCERS; i++)
        M_JOIN(producers[i]);
    for (i = 0; i < 2 * PRODUCERS; i++)
        n += n_pushed[i];
    M_ASSERT(M_GET(&freed) == 1);
    M_ASSERT(n_popped + M_GET(&n_discarded) == n);
    if (n_popped == n)
        M_COVER("nothing left over");
}
