/* SPDX-License-Identifier: MIT */
/*
 * case_mpsc.c - one mpsc queue: producers that push single nodes and chains and
 * come and go, a consumer that pops single nodes and chains, sleeps, changes
 * its mind, and hands its role to a new thread.
 *
 * The last item comes from whoever ends last, after all others: if it does not
 * arrive, a wake-up was lost.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <strait/mpsc.h>

#include "torture.h"

#define CHAIN_MAX 8

static struct {
    strait_mpsc_t q;
    struct torture_bell bell;
    STRAIT_ATOMIC(uint32_t) n_producing;
    uint32_t naps; /* a producer naps once in so many pushes */
    struct torture_maker makers[TORTURE_THREADS_MAX];
    unsigned n_makers;
    struct torture_item end;
    /* The consumer's, handed over with the role. */
    uint64_t next[TORTURE_THREADS_MAX + 1];
} t;

static void
wake_if(bool owed, unsigned n)
{
    if (!owed)
        return;
    if (n > 1)
        torture_hit(RARE_MPSC_CHAIN_TOOK_WAKE);
    torture_require(
        torture_bell_ring(&t.bell), "two wakes were owed for one arming");
}

/* One push of up to n nodes; answers how many. */
static unsigned
push_some(struct torture_maker *maker, unsigned n)
{
    struct torture_item *first = torture_maker_next(maker);
    struct torture_item *last = first;
    unsigned made = 1;

    if (first == NULL)
        return 0;
    while (made < n) {
        struct torture_item *item = torture_maker_next(maker);

        if (item == NULL)
            break;
        strait_mpsc_link(&last->node, &item->node);
        last = item;
        made++;
    }
    wake_if(made == 1 ? strait_mpsc_push(&t.q, &first->node)
                      : strait_mpsc_push_chain(&t.q, &first->node, &last->node),
        made);
    return made;
}

static void
produce(struct torture_role *role)
{
    struct torture_maker *maker = role->arg;

    while (!torture_round_is_over()) {
        unsigned n = rng_one_in(&role->rng, 3)
            ? 1 + (unsigned)rng_below(&role->rng, CHAIN_MAX)
            : 1;

        if (push_some(maker, n) == 0)
            sched_yield();
        if (rng_one_in(&role->rng, t.naps))
            torture_nap(&role->rng, 400);
        if (rng_one_in(&role->rng, 400)) {
            torture_hand_over(role);
            return;
        }
    }
    /* ar: the last one comes after all pushes of the others. */
    if (strait_add_acq_rel(&t.n_producing, (uint32_t)-1) == 1)
        wake_if(strait_mpsc_push(&t.q, &t.end.node), 1);
}

/* Takes a chain apart; true if it held the end. */
static bool
take_chain(strait_mpsc_node_t *first, strait_mpsc_node_t *last, size_t n)
{
    strait_mpsc_node_t *node = first;
    bool ended = false;

    while (node != NULL) {
        strait_mpsc_node_t *next = strait_mpsc_next(node);
        struct torture_item *item = STRAIT_CONTAINER_OF(
            node, struct torture_item, node);

        torture_require(n != 0, "a chain is longer than it says");
        n--;
        torture_require((next == NULL) == (node == last),
            "a chain does not end at its end");
        if (item == &t.end)
            ended = true;
        else
            torture_take(item, t.next, true);
        node = next;
    }
    torture_require(n == 0, "a chain is shorter than it says");
    return ended;
}

/* The queue was found empty: sleep, or not. */
static void
rest(struct rng *rng)
{
    if (!strait_mpsc_arm(&t.q)) {
        torture_hit(RARE_MPSC_ARM_REFUSED);
        sched_yield();
        return;
    }
    if (torture_bell_wait(&t.bell,
            rng_one_in(rng, 2) ? 1 + (uint32_t)rng_below(rng, 50) : 0)) {
        torture_hit(RARE_MPSC_SLEPT);
        return;
    }
    /* Something else has come up. */
    if (strait_mpsc_disarm(&t.q)) {
        torture_hit(RARE_MPSC_DISARMED);
        return;
    }
    torture_hit(RARE_MPSC_DISARM_LATE);
    (void)torture_bell_wait(&t.bell, 0);
}

static void
consume(struct torture_role *role)
{
    bool ended = false;

    while (!ended) {
        strait_mpsc_node_t *first;
        strait_mpsc_node_t *last;
        size_t n = 1;
        int popped;

        if (rng_one_in(&role->rng, 2)) {
            popped = strait_mpsc_pop_chain(
                &t.q, (size_t)rng_below(&role->rng, 20), &first, &last, &n);
            if (popped == STRAIT_MPSC_ITEM)
                ended = take_chain(first, last, n);
        } else {
            popped = strait_mpsc_pop(&t.q, &first);
            if (popped == STRAIT_MPSC_ITEM) {
                struct torture_item *item = STRAIT_CONTAINER_OF(
                    first, struct torture_item, node);

                ended = item == &t.end;
                if (!ended)
                    torture_take(item, t.next, true);
            }
        }
        if (popped == STRAIT_MPSC_ITEM) {
            torture_moved(n);
        } else if (popped == STRAIT_MPSC_PENDING) {
            torture_hit(RARE_MPSC_PENDING);
            sched_yield();
        } else {
            rest(&role->rng);
        }
        if (!ended && rng_one_in(&role->rng, 500)) {
            torture_hit(RARE_MPSC_HANDED_OVER);
            torture_hand_over(role);
            return;
        }
    }
    torture_require(strait_mpsc_is_empty(&t.q), "something is left");
}

static void
round_of(struct rng *rng)
{
    static struct torture_role roles[TORTURE_THREADS_MAX];
    unsigned i;

    t.n_makers = 7 + (unsigned)rng_below(rng, 9);
    t.naps = (uint32_t)2 << rng_below(rng, 8);
    torture_phase("%u producers, a nap in %u", t.n_makers, t.naps);
    torture_require(strait_mpsc_init(&t.q) == 0, "init");
    torture_bell_init(&t.bell);
    /* rlx: not shared yet. */
    strait_store_rlx(&t.n_producing, t.n_makers);
    for (i = 0; i < t.n_makers; i++) {
        torture_maker_init(&t.makers[i], i);
        t.next[i] = 0;
    }
    torture_spawn(&roles[0], 0, consume, NULL, rng);
    for (i = 0; i < t.n_makers; i++)
        torture_spawn(&roles[i + 1], i + 1, produce, &t.makers[i], rng);
    torture_wait_threads();
    for (i = 0; i < t.n_makers; i++)
        torture_require(t.next[i] == t.makers[i].n_made,
            "producer %u pushed %llu, %llu came out", i,
            (unsigned long long)t.makers[i].n_made,
            (unsigned long long)t.next[i]);
    torture_require(torture_bell_ring(&t.bell), "a wake too many");
}

const struct torture_case torture_mpsc = { "mpsc",
    "producers come and go, nodes and chains, a consumer that sleeps",
    round_of };
