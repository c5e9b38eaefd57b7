/* SPDX-License-Identifier: MIT */
/*
 * case_ring.c - rings of mostly two places between many producers and many
 * consumers, single and in batches, with positions that start near 0, 2^32,
 * 2^61 (the sign bit of the producer word) and 2^62, closed at the end or in
 * the middle. Every value that was accepted comes out once.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <strait/ring.h>

#include "torture.h"

#define CAPACITY_MAX 64
#define BATCH_MAX 6

static struct {
    strait_ring_t ring;
    strait_ring_slot_t slots[CAPACITY_MAX];
    bool early; /* closed in the middle */
    STRAIT_ATOMIC(uint32_t) n_producing;
    STRAIT_ATOMIC(uint64_t) n_taken;
    struct torture_maker makers[TORTURE_THREADS_MAX];
    unsigned n_makers;
    unsigned n_consumers;
} t;

/* What one consumer has seen; it stays with the role. */
struct consumer {
    uint64_t next[TORTURE_THREADS_MAX];
};

static struct consumer consumers[TORTURE_THREADS_MAX];

/* One push of n values; answers a STRAIT_RING_* value. */
static int
push_some(struct torture_maker *maker, unsigned n)
{
    void *values[BATCH_MAX];
    unsigned made;
    size_t n_pushed = 1;
    int pushed;

    for (made = 0; made < n; made++) {
        values[made] = torture_maker_next(maker);
        if (values[made] == NULL)
            break;
    }
    if (made == 0)
        return STRAIT_RING_FULL;
    if (made == 1) {
        pushed = strait_ring_push(&t.ring, values[0]);
    } else {
        pushed = strait_ring_push_n(&t.ring, values, made, &n_pushed);
        if (pushed == STRAIT_RING_DONE && n_pushed < made)
            torture_hit(RARE_RING_PUSH_N_SHORT);
    }
    if (pushed != STRAIT_RING_DONE)
        n_pushed = 0;
    torture_maker_keep(maker, made - (unsigned)n_pushed);
    return pushed;
}

static void
produce(struct torture_role *role)
{
    struct torture_maker *maker = role->arg;

    while (!torture_round_is_over()) {
        int pushed = push_some(maker,
            rng_one_in(&role->rng, 2)
                ? 1 + (unsigned)rng_below(&role->rng, BATCH_MAX)
                : 1);

        torture_require(pushed != STRAIT_RING_WAKE, "a wake, but none armed");
        if (pushed == STRAIT_RING_FULL) {
            torture_hit(RARE_RING_FULL);
            sched_yield();
        } else if (pushed == STRAIT_RING_CLOSED) {
            torture_hit(RARE_RING_MET_CLOSE);
            torture_require(
                strait_ring_is_closed(&t.ring), "CLOSED, but it is open");
            break;
        }
        if (rng_one_in(&role->rng, 500)) {
            torture_hand_over(role);
            return;
        }
    }
    /* ar: the last one closes after all pushes. */
    if (strait_add_acq_rel(&t.n_producing, (uint32_t)-1) == 1 && !t.early)
        torture_require(strait_ring_close(&t.ring), "it was closed already");
}

/* One pop of up to n; answers a STRAIT_RING_* value. */
static int
pop_some(struct torture_role *role, void **values, size_t *ret_n)
{
    uint64_t dice = rng_below(&role->rng, 8);

    *ret_n = 1;
    if (dice < 4)
        return strait_ring_pop(&t.ring, values);
    if (dice < 7)
        return strait_ring_pop_n(&t.ring, values,
            1 + (size_t)rng_below(&role->rng, BATCH_MAX), ret_n);
    torture_n_looks = 0;
    {
        int popped = strait_ring_pop_strong(&t.ring, values);

        torture_require(popped != STRAIT_RING_PENDING, "PENDING, strongly");
        /* A look at the producer word that was not the end of it. */
        if (torture_n_looks > (popped == STRAIT_RING_EMPTY))
            torture_hit(RARE_RING_STRONG_WAITED);
        return popped;
    }
}

static void
consume(struct torture_role *role)
{
    struct consumer *self = role->arg;

    for (;;) {
        void *values[BATCH_MAX];
        size_t n;
        size_t i;
        int popped = pop_some(role, values, &n);

        if (popped != STRAIT_RING_DONE) {
            if (popped == STRAIT_RING_PENDING)
                torture_hit(RARE_RING_PENDING);
            if (strait_ring_is_closed(&t.ring) && strait_ring_is_empty(&t.ring))
                return;
            sched_yield();
            continue;
        }
        for (i = 0; i < n; i++)
            torture_take(values[i], self->next, false);
        /* rlx: read when all have ended. */
        (void)strait_add_rlx(&t.n_taken, n);
        torture_moved(n);
        if (rng_one_in(&role->rng, 500)) {
            torture_hand_over(role);
            return;
        }
    }
}

static void
round_of(struct rng *rng)
{
    static const uint64_t starts[] = { 0, (UINT64_C(1) << 32) - 5,
        (UINT64_C(1) << 61) - 5, (UINT64_C(1) << 62) - (UINT64_C(1) << 40) };
    static struct torture_role roles[TORTURE_THREADS_MAX];
    size_t capacity = rng_one_in(rng, 2) ? 2 : (size_t)2 << rng_below(rng, 6);
    uint64_t n_pushed = 0;
    unsigned i;

    t.n_makers = 4 + (unsigned)rng_below(rng, 5);
    t.n_consumers = 4 + (unsigned)rng_below(rng, 5);
    t.early = rng_one_in(rng, 3);
    torture_ring_start = starts[rng_below(rng, 4)];
    torture_phase("%u producers, %u consumers, capacity %zu from %#llx%s",
        t.n_makers, t.n_consumers, capacity,
        (unsigned long long)torture_ring_start,
        t.early ? ", closed in the middle" : "");
    torture_require(strait_ring_init(&t.ring, t.slots, capacity) == 0, "init");
    /* rlx: not shared yet. */
    strait_store_rlx(&t.n_producing, t.n_makers);
    /* rlx: as above. */
    strait_store_rlx(&t.n_taken, 0);
    for (i = 0; i < t.n_makers; i++)
        torture_maker_init(&t.makers[i], i);
    for (i = 0; i < t.n_consumers; i++) {
        consumers[i] = (struct consumer){ { 0 } };
        torture_spawn(&roles[t.n_makers + i], t.n_makers + i, consume,
            &consumers[i], rng);
    }
    for (i = 0; i < t.n_makers; i++)
        torture_spawn(&roles[i], i, produce, &t.makers[i], rng);
    if (t.early) {
        torture_nap(rng, 10000);
        torture_require(strait_ring_close(&t.ring), "it was closed already");
        if (!strait_ring_is_empty(&t.ring))
            torture_hit(RARE_RING_CLOSED_FULL);
    }
    torture_wait_threads();
    for (i = 0; i < t.n_makers; i++)
        n_pushed += t.makers[i].n_made;
    /* rlx: all threads have ended. */
    torture_require(strait_load_rlx(&t.n_taken) == n_pushed,
        "%llu accepted, %llu taken", (unsigned long long)n_pushed,
        (unsigned long long)strait_load_rlx(&t.n_taken));
}

const struct torture_case torture_ring = { "ring",
    "many producers, many consumers, few places, batches, a close", round_of };
