/* SPDX-License-Identifier: MIT */
/*
 * test_wheel.c - the timing wheel alone, with a time of its own: long random
 * histories over the whole range of 64 bits against an array. Linked with a
 * static build of the library.
 */
#include <stdlib.h>

#include "loop/wheel.h"

#include "rng.h"
#include "unit.h"

#define N_TIMERS 60

TestSuite(wheel, .timeout = 60);

static sti_wheel_t wheel;

struct entry {
    strait_timer_t timer;
    uint64_t order; /* of its start */
    bool active;    /* somewhere in the wheel */
    bool due;       /* taken out by an advance, not popped yet */
};

static struct entry entries[N_TIMERS];
static uint64_t n_starts;
static uint64_t now_ns;

/* A number of random magnitude. */
static uint64_t
random_distance(struct rng *rng)
{
    return rng_next(rng) >> rng_below(rng, 64);
}

static uint64_t
random_deadline(struct rng *rng)
{
    uint64_t distance = random_distance(rng);

    switch (rng_below(rng, 8)) {
    case 0: return 0;
    case 1: return now_ns;
    case 2: return STRAIT_TIMER_NEVER;
    case 3: return now_ns > distance ? now_ns - distance : 0;
    default:
        return distance > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + distance;
    }
}

static void
add(struct entry *entry, uint64_t deadline_ns)
{
    entry->timer.deadline_ns_ = deadline_ns;
    entry->order = n_starts++;
    entry->active = true;
    entry->due = false;
    sti_wheel_add(&wheel, &entry->timer);
    cr_assert(strait_timer_is_active(&entry->timer));
}

static void
take_out(struct entry *entry)
{
    sti_wheel_remove(&wheel, &entry->timer);
    entry->active = false;
    cr_assert(!strait_timer_is_active(&entry->timer));
}

/* The due entry that must be popped next, or NULL. */
static struct entry *
first_due(void)
{
    struct entry *first = NULL;
    int i;

    for (i = 0; i < N_TIMERS; i++) {
        struct entry *entry = &entries[i];

        if (!entry->active || !entry->due)
            continue;
        if (first == NULL ||
            entry->timer.deadline_ns_ < first->timer.deadline_ns_ ||
            (entry->timer.deadline_ns_ == first->timer.deadline_ns_ &&
                entry->order < first->order))
            first = entry;
    }
    return first;
}

static void
advance(uint64_t to_ns)
{
    int i;

    now_ns = to_ns;
    sti_wheel_advance(&wheel, now_ns);
    for (i = 0; i < N_TIMERS; i++) {
        if (entries[i].active && entries[i].timer.deadline_ns_ <= now_ns)
            entries[i].due = true;
    }
}

/* next_ns is 0 if something is due, else no later than the first deadline, and
 * following it must lead there. */
static void
check_next(void)
{
    uint64_t first = STRAIT_TIMER_NEVER;
    uint64_t next = sti_wheel_next_ns(&wheel);
    bool any_due = false;
    int i;

    for (i = 0; i < N_TIMERS; i++) {
        if (!entries[i].active)
            continue;
        any_due = any_due || entries[i].due;
        if (entries[i].timer.deadline_ns_ < first)
            first = entries[i].timer.deadline_ns_;
    }
    if (any_due)
        check_int(next, 0);
    else
        cr_assert(next <= first, "next %llu, first deadline %llu",
            (unsigned long long)next, (unsigned long long)first);
}

static void
pop_some(uint64_t n)
{
    while (n-- > 0) {
        struct entry *expected = first_due();
        strait_timer_t *timer = sti_wheel_pop_due(&wheel);

        check_ptr(timer, expected != NULL ? &expected->timer : NULL);
        if (timer == NULL)
            return;
        expected->active = false;
    }
}

static void
run_history(struct rng *rng, int steps)
{
    uint64_t shift = rng_below(rng, 64);
    int step;

    memset(entries, 0, sizeof entries);
    n_starts = 0;
    now_ns = rng_next(rng) >> shift;
    sti_wheel_init(&wheel, now_ns);
    for (step = 0; step < steps; step++) {
        struct entry *entry = &entries[rng_below(rng, N_TIMERS)];

        switch (rng_below(rng, 8)) {
        case 0:
            if (entry->active)
                take_out(entry);
            break;
        case 1: {
            uint64_t distance = random_distance(rng);
            uint64_t to_ns =
                distance > UINT64_MAX - 1 - now_ns ? now_ns : now_ns + distance;

            /* Popped first, as the loop does: then an advance adds to an empty
             * list, and the order is over all of it. */
            pop_some(N_TIMERS + 1);
            advance(to_ns);
            break;
        }
        case 2: {
            uint64_t next = sti_wheel_next_ns(&wheel);

            pop_some(N_TIMERS + 1);
            if (next > now_ns && next != STRAIT_TIMER_NEVER)
                advance(next);
            break;
        }
        case 3: pop_some(rng_below(rng, 4)); break;
        default:
            if (!entry->active)
                add(entry, random_deadline(rng));
            break;
        }
        check_next();
    }
}

Test(wheel, random_histories_agree_with_an_array)
{
    uint64_t seed = test_seed("loop.wheel", 1);
    int history;

    for (history = 0; history < 2000; history++) {
        struct rng rng = rng_make(seed, (uint64_t)history);

        run_history(&rng, 300);
    }
}

Test(wheel, following_next_ns_reaches_every_deadline)
{
    struct rng rng = rng_make(test_seed("loop.wheel", 1), 99);
    int round;

    for (round = 0; round < 2000; round++) {
        uint64_t deadline_ns;
        int n_steps = 0;
        int i;

        memset(entries, 0, sizeof entries);
        now_ns = rng_next(&rng) >> 1;
        sti_wheel_init(&wheel, now_ns);
        deadline_ns = now_ns + (random_distance(&rng) >> 1);
        for (i = 0; i < N_TIMERS; i++)
            add(&entries[i], deadline_ns);
        for (;;) {
            uint64_t next = sti_wheel_next_ns(&wheel);

            cr_assert(next <= deadline_ns);
            if (next == 0)
                break;
            cr_assert(next >= now_ns || next == deadline_ns);
            advance(next > now_ns ? next : now_ns);
            cr_assert(++n_steps <= STI_WHEEL_LEVELS + 1);
        }
        cr_assert(now_ns >= deadline_ns);
        pop_some(N_TIMERS);
    }
}

Test(wheel, a_full_slot_is_found_in_few_steps)
{
    static strait_timer_t timers[500];
    uint64_t next;
    int n_steps = 0;
    int i;

    /* More timers in one slot than next_ns looks at. */
    sti_wheel_init(&wheel, 1000);
    for (i = 0; i < 500; i++) {
        timers[i].deadline_ns_ = (UINT64_C(1) << 40) + (uint64_t)i * 1000;
        sti_wheel_add(&wheel, &timers[i]);
    }
    while ((next = sti_wheel_next_ns(&wheel)) != 0) {
        cr_assert(next <= (UINT64_C(1) << 40));
        sti_wheel_advance(&wheel, next);
        cr_assert(++n_steps <= STI_WHEEL_LEVELS + 1);
    }
    check_ptr(sti_wheel_pop_due(&wheel), &timers[0]);
}
