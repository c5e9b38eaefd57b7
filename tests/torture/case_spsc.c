/* SPDX-License-Identifier: MIT */
/*
 * case_spsc.c - several spsc queues at once, each between two roles that change
 * threads, as pointers or as places, with positions that start near 0, 2^32 and
 * 2^64; closed with values inside. Every value comes out, in order.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <strait/spsc.h>

#include "torture.h"

#define CAPACITY_MAX 64
#define QUEUES_MAX (TORTURE_THREADS_MAX / 2)

struct pair {
    strait_spsc_t q;
    size_t capacity;
    bool by_places;
    void *slots[CAPACITY_MAX];
    uint64_t places[CAPACITY_MAX];
    uint64_t n_pushed; /* producer's */
    uint64_t n_popped; /* consumer's */
};

static struct pair pairs[QUEUES_MAX];

static uint64_t
word_of(uint64_t number)
{
    return rng_mix(number) | 1;
}

/* One reserve and commit of a few places. */
static void
fill_some(struct torture_role *role, struct pair *pair)
{
    size_t wanted = 1 + (size_t)rng_below(&role->rng, pair->capacity);
    size_t at = 0;
    size_t n = strait_spsc_reserve(&pair->q, wanted, &at);
    size_t i;

    if (n == 0) {
        torture_hit(RARE_SPSC_FULL);
        sched_yield();
        return;
    }
    torture_require(n <= wanted && at + n <= pair->capacity,
        "reserve answered %zu places from %zu", n, at);
    if (n < wanted && at + n == pair->capacity)
        torture_hit(RARE_SPSC_RESERVE_SHORT);
    /* Not always all of them. */
    n = (size_t)rng_below(&role->rng, n + 1);
    for (i = 0; i < n; i++) {
        torture_require(pair->places[at + i] == 0, "a place is still in use");
        pair->places[at + i] = word_of(pair->n_pushed + i);
    }
    pair->n_pushed += n;
    strait_spsc_commit(&pair->q, n);
}

static void
push_one(struct pair *pair)
{
    int pushed = strait_spsc_push(
        &pair->q, (void *)(uintptr_t)word_of(pair->n_pushed));

    torture_require(pushed != STRAIT_SPSC_CLOSED, "CLOSED, but it is open");
    if (pushed == STRAIT_SPSC_DONE) {
        pair->n_pushed++;
    } else {
        torture_hit(RARE_SPSC_FULL);
        sched_yield();
    }
}

static void
produce(struct torture_role *role)
{
    struct pair *pair = role->arg;
    size_t at;

    while (!torture_round_is_over()) {
        if (torture_plant == PLANT_OVERRUN && rng_one_in(&role->rng, 100))
            pair->q.limit_++;
        if (pair->by_places)
            fill_some(role, pair);
        else
            push_one(pair);
        if (rng_one_in(&role->rng, 500)) {
            torture_hit(RARE_SPSC_HANDED_OVER);
            torture_hand_over(role);
            return;
        }
    }
    torture_require(strait_spsc_close(&pair->q), "it was closed already");
    torture_require(!strait_spsc_close(&pair->q), "closed twice");
    if (strait_spsc_length(&pair->q) != 0)
        torture_hit(RARE_SPSC_CLOSED_FULL);
    torture_require(strait_spsc_push(&pair->q, NULL) == STRAIT_SPSC_CLOSED &&
            strait_spsc_reserve(&pair->q, 1, &at) == 0,
        "a push after the close");
}

/* One peek and release; false at the end. */
static bool
use_some(struct torture_role *role, struct pair *pair)
{
    size_t wanted = 1 + (size_t)rng_below(&role->rng, pair->capacity);
    size_t at = 0;
    size_t n = strait_spsc_peek(&pair->q, wanted, &at);
    size_t i;

    if (n == 0) {
        torture_hit(RARE_SPSC_EMPTY);
        sched_yield();
        return !strait_spsc_is_ended(&pair->q);
    }
    torture_require(n <= wanted && at + n <= pair->capacity,
        "peek answered %zu places from %zu", n, at);
    if (n < wanted && at + n == pair->capacity)
        torture_hit(RARE_SPSC_PEEK_SHORT);
    n = (size_t)rng_below(&role->rng, n + 1);
    for (i = 0; i < n; i++) {
        torture_require(pair->places[at + i] == word_of(pair->n_popped + i),
            "another value where %llu was due",
            (unsigned long long)(pair->n_popped + i));
        pair->places[at + i] = 0;
    }
    pair->n_popped += n;
    strait_spsc_release(&pair->q, n);
    torture_moved(n);
    return true;
}

static bool
pop_one(struct pair *pair)
{
    void *value;
    int popped = strait_spsc_pop(&pair->q, &value);

    if (popped == STRAIT_SPSC_CLOSED)
        return false;
    if (popped == STRAIT_SPSC_DONE) {
        torture_require((uintptr_t)value == word_of(pair->n_popped),
            "another value where %llu was due",
            (unsigned long long)pair->n_popped);
        pair->n_popped++;
        torture_moved(1);
    } else {
        torture_hit(RARE_SPSC_EMPTY);
        sched_yield();
    }
    return true;
}

static void
consume(struct torture_role *role)
{
    struct pair *pair = role->arg;

    while (pair->by_places ? use_some(role, pair) : pop_one(pair)) {
        if (rng_one_in(&role->rng, 500)) {
            torture_hit(RARE_SPSC_HANDED_OVER);
            torture_hand_over(role);
            return;
        }
    }
}

static void
round_of(struct rng *rng)
{
    static const uint64_t starts[] = { 0, (UINT64_C(1) << 32) - 5,
        UINT64_MAX - 5, UINT64_MAX - 100 };
    static struct torture_role roles[TORTURE_THREADS_MAX];
    unsigned n_pairs = 4 + (unsigned)rng_below(rng, QUEUES_MAX - 3);
    unsigned i;

    torture_spsc_start = starts[rng_below(rng, 4)];
    torture_phase("%u queues from %#llx", n_pairs,
        (unsigned long long)torture_spsc_start);
    for (i = 0; i < n_pairs; i++) {
        struct pair *pair = &pairs[i];
        size_t k;

        pair->capacity = rng_one_in(rng, 2) ? 2
                                            : (size_t)2 << rng_below(rng, 6);
        pair->by_places = rng_one_in(rng, 2);
        pair->n_pushed = 0;
        pair->n_popped = 0;
        for (k = 0; k < CAPACITY_MAX; k++)
            pair->places[k] = 0;
        torture_require(
            strait_spsc_init(&pair->q, pair->slots, pair->capacity) == 0,
            "init");
        torture_spawn(&roles[2 * i], 2 * i, produce, pair, rng);
        torture_spawn(&roles[2 * i + 1], 2 * i + 1, consume, pair, rng);
    }
    torture_wait_threads();
    for (i = 0; i < n_pairs; i++) {
        torture_require(pairs[i].n_pushed == pairs[i].n_popped,
            "%llu pushed, %llu popped", (unsigned long long)pairs[i].n_pushed,
            (unsigned long long)pairs[i].n_popped);
        if (torture_spsc_start + pairs[i].n_pushed < torture_spsc_start)
            torture_hit(RARE_SPSC_WRAPPED);
    }
}

const struct torture_case torture_spsc = { "spsc",
    "several queues, pointers and places, positions that wrap", round_of };
