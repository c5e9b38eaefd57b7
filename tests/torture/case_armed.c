/* SPDX-License-Identifier: MIT */
/*
 * case_armed.c - a ring whose one consumer pops without an RMW, arms it and
 * sleeps; many producers; closed at the end or in the middle.
 *
 * A lost wake-up shows: before the close at the end, the ring has to be emptied
 * by a consumer that nobody wakes but the pushes.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <strait/ring.h>

#include "torture.h"

#define CAPACITY_MAX 16
#define BATCH_MAX 5

static struct {
    strait_ring_t ring;
    strait_ring_slot_t slots[CAPACITY_MAX];
    struct torture_bell bell;
    bool early;
    uint32_t naps;
    STRAIT_ATOMIC(uint32_t) n_producing;
    STRAIT_ATOMIC(uint32_t) asleep;
    STRAIT_ATOMIC(uint64_t) n_wakes; /* pushes that answered WAKE */
    struct torture_maker makers[TORTURE_THREADS_MAX];
    unsigned n_makers;
    /* The consumer's. */
    uint64_t next[TORTURE_THREADS_MAX];
    uint64_t n_armed;
    uint64_t n_taken;
} t;

static void
close_it(void)
{
    torture_require(strait_ring_close(&t.ring), "it was closed already");
    /* rlx: a hint; the bell is rung in any case. */
    if (strait_load_rlx(&t.asleep) != 0)
        torture_hit(RARE_ARMED_CLOSED_ASLEEP);
    (void)torture_bell_ring(&t.bell);
}

static void
produce(struct torture_role *role)
{
    struct torture_maker *maker = role->arg;

    while (!torture_round_is_over()) {
        void *values[BATCH_MAX];
        unsigned wanted = rng_one_in(&role->rng, 3)
            ? 1 + (unsigned)rng_below(&role->rng, BATCH_MAX)
            : 1;
        unsigned made;
        size_t n = 1;
        int pushed = STRAIT_RING_FULL;

        for (made = 0; made < wanted; made++) {
            values[made] = torture_maker_next(maker);
            if (values[made] == NULL)
                break;
        }
        if (made == 1)
            pushed = strait_ring_push(&t.ring, values[0]);
        else if (made != 0)
            pushed = strait_ring_push_n(&t.ring, values, made, &n);
        if (pushed == STRAIT_RING_WAKE) {
            if (made > 1)
                torture_hit(RARE_ARMED_BATCH_WOKE);
            /* rlx: read when all have ended. */
            (void)strait_add_rlx(&t.n_wakes, 1);
            (void)torture_bell_ring(&t.bell);
        } else if (pushed != STRAIT_RING_DONE) {
            n = 0;
            sched_yield();
        }
        torture_maker_keep(maker, made - (made != 0 ? (unsigned)n : 0));
        if (pushed == STRAIT_RING_CLOSED)
            break;
        if (rng_one_in(&role->rng, t.naps))
            torture_nap(&role->rng, 300);
        if (rng_one_in(&role->rng, 500)) {
            torture_hand_over(role);
            return;
        }
    }
    /* ar: the last one comes after all pushes. */
    if (strait_add_acq_rel(&t.n_producing, (uint32_t)-1) == 1 && !t.early) {
        while (!strait_ring_is_empty(&t.ring))
            torture_nap(&role->rng, 100);
        close_it();
    }
}

static int
pop_some(struct torture_role *role, void **values, size_t *ret_n)
{
    *ret_n = 1;
    return rng_one_in(&role->rng, 2)
        ? strait_ring_pop_alone(&t.ring, values)
        : strait_ring_pop_n_alone(&t.ring, values,
              1 + (size_t)rng_below(&role->rng, BATCH_MAX), ret_n);
}

static void
consume(struct torture_role *role)
{
    for (;;) {
        void *values[BATCH_MAX];
        size_t n;
        size_t i;
        int popped = pop_some(role, values, &n);

        if (popped == STRAIT_RING_DONE) {
            for (i = 0; i < n; i++)
                torture_take(values[i], t.next, true);
            t.n_taken += n;
            torture_moved(n);
            if (rng_one_in(&role->rng, 500)) {
                torture_hand_over(role);
                return;
            }
            continue;
        }
        if (strait_ring_is_closed(&t.ring) && strait_ring_is_empty(&t.ring))
            return;
        if (popped == STRAIT_RING_PENDING) {
            torture_hit(RARE_ARMED_ALONE_PENDING);
            sched_yield();
        } else if (strait_ring_arm(&t.ring)) {
            t.n_armed++;
            /* rlx: a hint for the statistics. */
            strait_store_rlx(&t.asleep, 1);
            (void)torture_bell_wait(&t.bell, 0);
            torture_hit(RARE_ARMED_SLEPT);
            /* rlx: as above. */
            strait_store_rlx(&t.asleep, 0);
        } else {
            torture_hit(RARE_ARMED_REFUSED);
        }
    }
}

static void
round_of(struct rng *rng)
{
    static const uint64_t starts[] = { 0, (UINT64_C(1) << 32) - 5,
        (UINT64_C(1) << 61) - 5, (UINT64_C(1) << 62) - (UINT64_C(1) << 40) };
    static struct torture_role roles[TORTURE_THREADS_MAX];
    size_t capacity = rng_one_in(rng, 2) ? 2 : (size_t)2 << rng_below(rng, 4);
    uint64_t n_pushed = 0;
    uint64_t n_wakes;
    unsigned i;

    t.n_makers = 7 + (unsigned)rng_below(rng, 9);
    t.early = rng_one_in(rng, 3);
    t.naps = (uint32_t)1 << rng_below(rng, 8);
    torture_ring_start = starts[rng_below(rng, 4)];
    torture_phase("%u producers, a nap in %u, capacity %zu from %#llx%s",
        t.n_makers, t.naps, capacity, (unsigned long long)torture_ring_start,
        t.early ? ", closed in the middle" : "");
    torture_require(strait_ring_init(&t.ring, t.slots, capacity) == 0, "init");
    torture_bell_init(&t.bell);
    t.n_armed = 0;
    t.n_taken = 0;
    /* rlx: three times; not shared yet. */
    strait_store_rlx(&t.n_producing, t.n_makers);
    /* rlx: as above. */
    strait_store_rlx(&t.asleep, 0);
    /* rlx: as above. */
    strait_store_rlx(&t.n_wakes, 0);
    for (i = 0; i < t.n_makers; i++) {
        torture_maker_init(&t.makers[i], i);
        t.next[i] = 0;
    }
    torture_spawn(&roles[0], 0, consume, NULL, rng);
    for (i = 0; i < t.n_makers; i++)
        torture_spawn(&roles[i + 1], i + 1, produce, &t.makers[i], rng);
    if (t.early) {
        torture_nap(rng, 10000);
        close_it();
    }
    torture_wait_threads();
    for (i = 0; i < t.n_makers; i++)
        n_pushed += t.makers[i].n_made;
    torture_require(t.n_taken == n_pushed, "%llu accepted, %llu taken",
        (unsigned long long)n_pushed, (unsigned long long)t.n_taken);
    /* rlx: all threads have ended. The close may have ended the last sleep. */
    n_wakes = strait_load_rlx(&t.n_wakes);
    torture_require(n_wakes == t.n_armed || n_wakes + 1 == t.n_armed,
        "%llu wakes for %llu armings", (unsigned long long)n_wakes,
        (unsigned long long)t.n_armed);
}

const struct torture_case torture_armed = { "armed",
    "a ring with one consumer that arms it and sleeps", round_of };
