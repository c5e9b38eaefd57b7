/* SPDX-License-Identifier: MIT */
/*
 * differential_spsc.c - strait_spsc_t against ck_ring by its spsc calls: single
 * pointers, and reserve, commit, peek, release with commits and releases in
 * pieces.
 *
 * Built a second time as history.differential_spsc_late, with the core compiled
 * in and positions that start just below 2^64.
 */
#include "plain.h"

#ifndef HAVE_CK

int
main(void)
{
    skip("Concurrency Kit's headers are not there (package libck-dev)");
}

#else

#include <strait/spsc.h>

#ifdef STRAIT_SPSC_START
#include "queue/spsc.c"
#endif

#include "ck.h"

struct subject {
    strait_spsc_t spsc;
    size_t capacity;
    size_t limit;
    void *slots[];
};

static void *
create_limited(uint32_t capacity, size_t limit)
{
    size_t bytes = sizeof(struct subject) + capacity * sizeof(void *);
    struct subject *s = aligned_alloc(64, (bytes + 63) / 64 * 64);

    if (s == NULL)
        return NULL;
    s->capacity = capacity;
    s->limit = limit;
    require(strait_spsc_init(&s->spsc, s->slots, capacity) == 0);
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

/* At most n values through reserve; 0 if there is no room. */
static size_t
push_reserved(
    struct subject *s, const uintptr_t *values, size_t n, struct rng *rng)
{
    size_t at;
    size_t again;
    size_t room = strait_spsc_reserve(&s->spsc, n, &at);
    size_t first;
    size_t i;

    if (room == 0)
        return 0;
    require(room <= n && at + room <= s->capacity);
    for (i = 0; i < room; i++)
        s->slots[at + i] = (void *)values[i];
    /* In two pieces; what was not committed is reserved again. */
    first = (size_t)rng_below(rng, room + 1);
    strait_spsc_commit(&s->spsc, first);
    if (first < room) {
        require(strait_spsc_reserve(&s->spsc, room - first, &again) ==
            room - first);
        require(again == at + first);
        strait_spsc_commit(&s->spsc, room - first);
    }
    return room;
}

static size_t
push(void *arg, const uintptr_t *values, size_t n, struct rng *rng)
{
    struct subject *s = arg;
    size_t length = strait_spsc_length(&s->spsc);
    size_t n_pushed = 0;

    /* Where ck_ring stops one value early. */
    if (s->limit != SIZE_MAX && n > s->limit - length)
        n = s->limit - length;
    while (n_pushed < n) {
        size_t more;

        if (rng_one_in(rng, 2)) {
            int answer = strait_spsc_push(&s->spsc, (void *)values[n_pushed]);

            require(answer == STRAIT_SPSC_DONE || answer == STRAIT_SPSC_FULL);
            more = answer == STRAIT_SPSC_DONE;
        } else {
            more = push_reserved(s, values + n_pushed, n - n_pushed, rng);
        }
        if (more == 0)
            break;
        n_pushed += more;
    }
    return n_pushed;
}

static size_t
pop_peeked(struct subject *s, uintptr_t *values, size_t n, struct rng *rng)
{
    size_t at;
    size_t again;
    size_t filled = strait_spsc_peek(&s->spsc, n, &at);
    size_t first;
    size_t i;

    if (filled == 0)
        return 0;
    require(filled <= n && at + filled <= s->capacity);
    for (i = 0; i < filled; i++)
        values[i] = (uintptr_t)s->slots[at + i];
    first = (size_t)rng_below(rng, filled + 1);
    strait_spsc_release(&s->spsc, first);
    if (first < filled) {
        require(strait_spsc_peek(&s->spsc, filled - first, &again) ==
            filled - first);
        require(again == at + first);
        strait_spsc_release(&s->spsc, filled - first);
    }
    return filled;
}

static size_t
pop(void *arg, uintptr_t *values, size_t n, struct rng *rng)
{
    struct subject *s = arg;
    size_t n_popped = 0;

    while (n_popped < n) {
        size_t more;

        if (rng_one_in(rng, 2)) {
            void *value;
            int answer = strait_spsc_pop(&s->spsc, &value);

            require(answer == STRAIT_SPSC_DONE || answer == STRAIT_SPSC_EMPTY);
            more = answer == STRAIT_SPSC_DONE;
            if (more)
                values[n_popped] = (uintptr_t)value;
        } else {
            more = pop_peeked(s, values + n_popped, n - n_popped, rng);
        }
        if (more == 0)
            break;
        n_popped += more;
    }
    return n_popped;
}

static const char *
ask(void *arg, size_t n, struct rng *rng)
{
    struct subject *s = arg;
    size_t at;

    (void)rng;
    if (strait_spsc_length(&s->spsc) != n)
        return "the length is wrong";
    if (strait_spsc_is_ended(&s->spsc))
        return "it says that it has ended";
    if ((strait_spsc_peek(&s->spsc, 1, &at) == 0) != (n == 0))
        return "peek is wrong";
    if ((strait_spsc_reserve(&s->spsc, 1, &at) == 0) != (n == s->capacity))
        return "reserve is wrong";
    return NULL;
}

/* At its end: closed, no push succeeds, and nothing is inside any more. */
static void
destroy(void *arg)
{
    struct subject *s = arg;
    size_t at;

    require(strait_spsc_close(&s->spsc));
    require(!strait_spsc_close(&s->spsc));
    require(strait_spsc_push(&s->spsc, s) == STRAIT_SPSC_CLOSED);
    require(strait_spsc_reserve(&s->spsc, 1, &at) == 0);
    free(s);
}

static const struct differential_queue spsc = { "spsc", create, destroy, push,
    pop, ask };
static const struct differential_queue spsc_less_one = {
    "spsc stopped at capacity - 1", create_less_one, destroy, push, pop, ask
};

CK_RINGS_CALLS(spsc)
static const struct differential_queue twice = CK_RINGS_TWICE(spsc);
static const struct differential_queue same = CK_RINGS_SAME(spsc);

static const uint32_t capacities[] = { 2, 4, 8, 16, 32, 64, 256, 1024, 4096,
    0 };

static const struct differential_pair pairs[] = {
    { &spsc, &twice, capacities },
    { &spsc_less_one, &same, capacities },
};

int
main(int argc, char **argv)
{
    return differential_main(argc, argv, "differential_spsc",
        "The same operations into an spsc queue and into ck_ring.", pairs,
        sizeof pairs / sizeof pairs[0]);
}

#endif /* HAVE_CK */
