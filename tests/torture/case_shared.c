/* SPDX-License-Identifier: MIT */
/*
 * case_shared.c - mpsc queues with references, each alive for a moment only:
 * closed in the middle of the pushes, freed by whoever holds it last. Every
 * item is popped once or discarded once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <strait/mpsc_shared.h>

#include "torture.h"

static struct {
    strait_mpsc_shared_t *s; /* freed by the last holder */
    struct torture_bell bell;
    STRAIT_ATOMIC(uint32_t) n_out; /* popped or discarded */
    STRAIT_ATOMIC(uint32_t) n_freed;
    uint32_t n_pushes; /* at most, of each producer */
    uint32_t n_pops;   /* after so many the consumer closes */
    struct torture_maker makers[TORTURE_THREADS_MAX];
    unsigned n_makers;
    uint64_t next[TORTURE_THREADS_MAX];
} t;

static void
take(strait_mpsc_node_t *node)
{
    /* The consumer's, and then the last holder's. */
    torture_take(
        STRAIT_CONTAINER_OF(node, struct torture_item, node), t.next, true);
    /* rlx: read when all have ended. */
    (void)strait_add_rlx(&t.n_out, 1);
}

static void
discard(strait_mpsc_node_t *node, void *arg)
{
    torture_require(arg == &t, "discard got another argument");
    torture_hit(RARE_SHARED_DISCARDED);
    take(node);
}

static void
given_back(int answer, enum torture_rare as)
{
    torture_require(answer == 0 || answer == 1, "gave back: %d", answer);
    if (answer == 1) {
        torture_hit(as);
        free(t.s);
        /* rlx: read when all have ended. */
        (void)strait_add_rlx(&t.n_freed, 1);
    }
}

/* Has a reference of its own from before it began. */
static void
produce(struct torture_role *role)
{
    struct torture_maker *maker = role->arg;
    uint32_t n = (uint32_t)rng_below(&role->rng, t.n_pushes + 1);

    while (n-- != 0) {
        struct torture_item *item = torture_maker_next(maker);
        bool closed;

        if (rng_one_in(&role->rng, 8)) {
            int err = strait_mpsc_shared_open(t.s);

            torture_require(err == 0 || err == -ESHUTDOWN, "open: %d", err);
            if (err == 0)
                torture_require(strait_mpsc_shared_release(t.s) == 0,
                    "the last holder, but there is another");
            else
                torture_hit(RARE_SHARED_OPEN_REFUSED);
        }
        if (item == NULL) {
            sched_yield();
            continue;
        }
        closed = strait_mpsc_shared_is_closed(t.s);
        if (strait_mpsc_push(&t.s->queue, &item->node))
            torture_require(torture_bell_ring(&t.bell),
                "two wakes were owed for one arming");
        if (closed)
            torture_hit(RARE_SHARED_PUSH_MET_CLOSE);
        if (rng_one_in(&role->rng, 16))
            torture_nap(&role->rng, 100);
    }
    given_back(strait_mpsc_shared_release(t.s), RARE_SHARED_PRODUCER_LAST);
}

static void
consume(struct torture_role *role)
{
    uint32_t n = t.n_pops;
    uint32_t patience = 64;

    while (n != 0 && patience != 0) {
        strait_mpsc_node_t *node;
        int popped = strait_mpsc_pop(&t.s->queue, &node);

        if (popped == STRAIT_MPSC_ITEM) {
            take(node);
            n--;
            continue;
        }
        patience--;
        if (popped == STRAIT_MPSC_EMPTY && strait_mpsc_arm(&t.s->queue)) {
            /* Before the close it must not be armed, nor a wake be owed. */
            if (!torture_bell_wait(&t.bell, 100) &&
                !strait_mpsc_disarm(&t.s->queue))
                (void)torture_bell_wait(&t.bell, 0);
        }
        if (rng_one_in(&role->rng, 4))
            sched_yield();
    }
    given_back(strait_mpsc_shared_close(t.s), RARE_SHARED_CONSUMER_LAST);
}

static void
one_life(struct rng *rng)
{
    static struct torture_role roles[TORTURE_THREADS_MAX];
    uint64_t n_pushed = 0;
    unsigned i;

    t.n_makers = 7 + (unsigned)rng_below(rng, 9);
    t.n_pushes = 1 + (uint32_t)rng_below(rng, 60);
    t.n_pops = (uint32_t)rng_below(rng, t.n_makers * t.n_pushes + 1);
    torture_phase("%u producers, up to %u pushes each, closed after %u pops",
        t.n_makers, t.n_pushes, t.n_pops);
    t.s = malloc(sizeof *t.s);
    torture_require(t.s != NULL, "no memory");
    torture_require(strait_mpsc_shared_init(t.s, discard, &t) == 0, "init");
    torture_bell_init(&t.bell);
    /* rlx: not shared yet. */
    strait_store_rlx(&t.n_out, 0);
    /* rlx: as above. */
    strait_store_rlx(&t.n_freed, 0);
    for (i = 0; i < t.n_makers; i++) {
        torture_maker_init(&t.makers[i], i);
        t.next[i] = 0;
        torture_require(strait_mpsc_shared_open(t.s) == 0, "open");
    }
    torture_spawn(&roles[0], 0, consume, NULL, rng);
    for (i = 0; i < t.n_makers; i++)
        torture_spawn(&roles[i + 1], i + 1, produce, &t.makers[i], rng);
    torture_wait_threads();
    for (i = 0; i < t.n_makers; i++)
        n_pushed += t.makers[i].n_made;
    /* rlx: twice; all threads have ended. */
    torture_require(strait_load_rlx(&t.n_freed) == 1, "nobody was the last");
    /* rlx: as above. */
    torture_require(strait_load_rlx(&t.n_out) == n_pushed,
        "%llu pushed, %u popped or discarded", (unsigned long long)n_pushed,
        strait_load_rlx(&t.n_out));
    torture_moved(n_pushed + 1);
}

static void
round_of(struct rng *rng)
{
    do
        one_life(rng);
    while (!torture_round_is_over());
}

const struct torture_case torture_shared = { "shared",
    "mpsc queues that are closed in the middle and freed by the last holder",
    round_of };
