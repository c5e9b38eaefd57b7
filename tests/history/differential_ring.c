/* SPDX-License-Identifier: MIT */
/*
 * differential_ring.c - strait_ring_t against ck_ring, by its spsc and by its
 * mpmc calls. The ring is asked in every way it has: single values and batches,
 * weak, strong and lone pops, arming, length.
 *
 * Built a second time as history.differential_ring_late, with the core compiled
 * in and positions that start just below 2^32.
 */
#include "plain.h"

#ifndef HAVE_CK

int
main(void)
{
    skip("Concurrency Kit's headers are not there (package libck-dev)");
}

#else

#include <strait/ring.h>

#ifdef STRAIT_RING_START
#include "queue/ring.c"
#endif

#include "ck.h"

struct subject {
    strait_ring_t ring;
    size_t limit;
    bool is_armed;
    strait_ring_slot_t slots[];
};

static void *
create_limited(uint32_t capacity, size_t limit)
{
    size_t bytes = sizeof(struct subject) +
        capacity * sizeof(strait_ring_slot_t);
    struct subject *s = aligned_alloc(64, (bytes + 63) / 64 * 64);

    if (s == NULL)
        return NULL;
    s->limit = limit;
    s->is_armed = false;
    require(strait_ring_init(&s->ring, s->slots, capacity) == 0);
    return s;
}

static void *
create(uint32_t capacity)
{
    return create_limited(capacity, SIZE_MAX);
}

static void *
create_less_one(uint32_t capacity)
{
    return create_limited(capacity, capacity - 1);
}

static size_t
push(void *arg, const uintptr_t *values, size_t n, struct rng *rng)
{
    struct subject *s = arg;
    void *pointers[DIFFERENTIAL_BATCH_MAX];
    size_t length = strait_ring_length(&s->ring);
    size_t n_pushed = 1;
    size_t i;
    int answer;

    /* Where ck_ring stops one value early. */
    if (s->limit != SIZE_MAX && n > s->limit - length)
        n = s->limit - length;
    if (n == 0)
        return 0;
    for (i = 0; i < n; i++)
        pointers[i] = (void *)values[i];
    answer = n > 1 || rng_one_in(rng, 2)
        ? strait_ring_push_n(&s->ring, pointers, n, &n_pushed)
        : strait_ring_push(&s->ring, pointers[0]);
    if (answer == STRAIT_RING_FULL)
        return 0;
    /* The wake is owed by the first push after an arming, by no other. */
    require(answer == (s->is_armed ? STRAIT_RING_WAKE : STRAIT_RING_DONE));
    s->is_armed = false;
    return n_pushed;
}

static size_t
pop(void *arg, uintptr_t *values, size_t n, struct rng *rng)
{
    struct subject *s = arg;
    void *pointers[DIFFERENTIAL_BATCH_MAX];
    size_t n_popped = 1;
    unsigned way = (unsigned)rng_below(rng, n == 1 ? 5 : 2);
    size_t i;
    int answer = STRAIT_RING_EMPTY;

    switch (way) {
    case 0: answer = strait_ring_pop_n(&s->ring, pointers, n, &n_popped); break;
    case 1:
        answer = strait_ring_pop_n_alone(&s->ring, pointers, n, &n_popped);
        break;
    case 2: answer = strait_ring_pop(&s->ring, pointers); break;
    case 3: answer = strait_ring_pop_alone(&s->ring, pointers); break;
    case 4: answer = strait_ring_pop_strong(&s->ring, pointers); break;
    }
    if (answer == STRAIT_RING_EMPTY)
        return 0;
    require(answer == STRAIT_RING_DONE);
    for (i = 0; i < n_popped; i++)
        values[i] = (uintptr_t)pointers[i];
    return n_popped;
}

static const char *
ask(void *arg, size_t n, struct rng *rng)
{
    struct subject *s = arg;

    if (strait_ring_length(&s->ring) != n)
        return "the length is wrong";
    if (strait_ring_is_empty(&s->ring) != (n == 0))
        return "is_empty is wrong";
    if (strait_ring_is_closed(&s->ring))
        return "it says that it is closed";
    if (rng_one_in(rng, 2)) {
        if (strait_ring_arm(&s->ring) != (n == 0))
            return "arming is wrong";
        s->is_armed = n == 0;
    }
    return NULL;
}

/* At its end: closed, no push succeeds, and nothing is inside any more. */
static void
destroy(void *arg)
{
    struct subject *s = arg;

    require(strait_ring_close(&s->ring));
    require(!strait_ring_close(&s->ring));
    require(strait_ring_push(&s->ring, s) == STRAIT_RING_CLOSED);
    require(!strait_ring_arm(&s->ring));
    free(s);
}

static const struct differential_queue ring = { "ring", create, destroy, push,
    pop, ask };
static const struct differential_queue ring_less_one = {
    "ring stopped at capacity - 1", create_less_one, destroy, push, pop, ask
};

CK_RINGS_CALLS(spsc)
CK_RINGS_CALLS(mpmc)
static const struct differential_queue spsc_twice = CK_RINGS_TWICE(spsc);
static const struct differential_queue mpmc_twice = CK_RINGS_TWICE(mpmc);
static const struct differential_queue spsc_same = CK_RINGS_SAME(spsc);
static const struct differential_queue mpmc_same = CK_RINGS_SAME(mpmc);

static const uint32_t capacities[] = { 2, 4, 8, 16, 32, 64, 256, 1024, 4096,
    0 };

static const struct differential_pair pairs[] = {
    { &ring, &spsc_twice, capacities },
    { &ring, &mpmc_twice, capacities },
    { &ring_less_one, &spsc_same, capacities },
    { &ring_less_one, &mpmc_same, capacities },
};

int
main(int argc, char **argv)
{
    return differential_main(argc, argv, "differential_ring",
        "The same operations into a ring and into ck_ring.", pairs,
        sizeof pairs / sizeof pairs[0]);
}

#endif /* HAVE_CK */
