/* SPDX-License-Identifier: MIT */
/*
 * test_ring.c - behaviour of the bounded ring, one thread: boundaries, arming,
 * closing, answers while an operation is between its claim and its end, and
 * long random histories against an array. Linked with the point seam, through
 * which a test acts in the middle of an operation.
 *
 * Built a second time as queue.ring_late with STRAIT_RING_START: there the core
 * is compiled in, and positions start just below 2^32.
 */
#include <errno.h>
#include <strait/ring.h>

#ifdef STRAIT_RING_START
#include "queue/ring.c"
#endif

#include "rng.h"
#include "unit.h"

#define CAPACITY_MAX 64

static strait_ring_t ring;
static strait_ring_slot_t slots[CAPACITY_MAX];
/* Values are pointers into this; their index is what the tests talk about. */
static char values[1024];

static void
set_up(void)
{
    cr_assert(strait_ring_init(&ring, slots, 4) == 0);
    seam_point_hook = NULL;
}

TestSuite(ring, .init = set_up, .timeout = 20);

static int
push(int number)
{
    return strait_ring_push(&ring, &values[number]);
}

/* The number of the value that is popped, or minus what pop answered. */
static int
pop_number(void)
{
    void *value = NULL;
    int answer = strait_ring_pop(&ring, &value);

    return answer == STRAIT_RING_DONE ? (int)((char *)value - values) : -answer;
}

#define GOT_EMPTY (-STRAIT_RING_EMPTY)
#define GOT_PENDING (-STRAIT_RING_PENDING)

static const char *point_name;
static void (*point_act)(void);
static int n_points;

static void
on_point(const char *name)
{
    void (*act)(void) = point_act;

    if (act == NULL || strcmp(name, point_name) != 0)
        return;
    point_act = NULL;
    n_points++;
    act();
}

static void
at_point(const char *name, void (*act)(void))
{
    point_name = name;
    point_act = act;
    n_points = 0;
    seam_point_hook = on_point;
}

/* ------------------------------------------------------------- boundaries */

Test(ring, refuses_bad_arguments_and_touches_nothing)
{
    static const size_t bad[] = { 0, 1, 3, 5, 6, 7, 12, 1000, SIZE_MAX,
        SIZE_MAX / 2 + 1, STRAIT_RING_CAPACITY_MAX + 1,
        STRAIT_RING_CAPACITY_MAX * 2 };
    strait_ring_t before = ring;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check_err(strait_ring_init(&ring, slots, bad[i]), -EINVAL);
    check_err(strait_ring_init(NULL, slots, 4), -EINVAL);
    check_err(strait_ring_init(&ring, NULL, 4), -EINVAL);
    check_err(strait_ring_init((void *)((char *)&ring + 4), slots, 4), -EINVAL);
    check_err(strait_ring_init(&ring, (void *)((char *)slots + 4), 4), -EINVAL);
    check_int(memcmp(&before, &ring, sizeof ring), 0);
}

Test(ring, new_ring_is_empty_open_and_long_0)
{
    void *value = &values[9];

    cr_assert(strait_ring_is_empty(&ring));
    cr_assert(!strait_ring_is_closed(&ring));
    check_int(strait_ring_length(&ring), 0);
    check_int(strait_ring_pop(&ring, &value), STRAIT_RING_EMPTY);
    check_ptr(value, &values[9]);
}

Test(ring, takes_as_many_as_its_capacity)
{
    size_t capacity;

    for (capacity = 2; capacity <= CAPACITY_MAX; capacity *= 2) {
        int n = (int)capacity;
        int i;

        cr_assert(strait_ring_init(&ring, slots, capacity) == 0);
        for (i = 0; i < n; i++) {
            check_int(push(i), STRAIT_RING_DONE);
            check_int(strait_ring_length(&ring), i + 1);
        }
        check_int(push(n), STRAIT_RING_FULL);
        check_int(push(n), STRAIT_RING_FULL);
        check_int(strait_ring_length(&ring), n);
        check_int(pop_number(), 0);
        check_int(push(n), STRAIT_RING_DONE);
        check_int(push(n + 1), STRAIT_RING_FULL);
        for (i = 1; i <= n; i++)
            check_int(pop_number(), i);
        check_int(pop_number(), GOT_EMPTY);
        cr_assert(strait_ring_is_empty(&ring));
    }
}

Test(ring, goes_round_many_times)
{
    int i;

    cr_assert(strait_ring_init(&ring, slots, 2) == 0);
    for (i = 0; i < 1000; i++) {
        check_int(push(i), STRAIT_RING_DONE);
        check_int(pop_number(), i);
        check_int(pop_number(), GOT_EMPTY);
    }
    for (i = 0; i < 999; i++) {
        if (i == 0)
            check_int(push(0), STRAIT_RING_DONE);
        check_int(push(i + 1), STRAIT_RING_DONE);
        check_int(push(0), STRAIT_RING_FULL);
        check_int(pop_number(), i);
    }
}

Test(ring, carries_null)
{
    void *value = &values[1];

    check_int(strait_ring_push(&ring, NULL), STRAIT_RING_DONE);
    check_int(strait_ring_pop(&ring, &value), STRAIT_RING_DONE);
    check_ptr(value, NULL);
}

/* --------------------------------------------------------- arm and close */

Test(ring, the_first_push_after_arm_owes_a_wake)
{
    cr_assert(strait_ring_arm(&ring));
    cr_assert(strait_ring_is_empty(&ring));
    check_int(pop_number(), GOT_EMPTY);
    check_int(push(0), STRAIT_RING_WAKE);
    check_int(push(1), STRAIT_RING_DONE);
    check_int(pop_number(), 0);
    check_int(pop_number(), 1);
    check_int(push(2), STRAIT_RING_DONE);
}

Test(ring, arm_twice_is_one_arming)
{
    cr_assert(strait_ring_arm(&ring));
    cr_assert(strait_ring_arm(&ring));
    check_int(push(0), STRAIT_RING_WAKE);
    check_int(push(1), STRAIT_RING_DONE);
}

Test(ring, arm_refuses_while_there_is_something)
{
    check_int(push(0), STRAIT_RING_DONE);
    cr_assert(!strait_ring_arm(&ring));
    check_int(pop_number(), 0);
    cr_assert(strait_ring_arm(&ring));
    check_int(push(1), STRAIT_RING_WAKE);
    cr_assert(!strait_ring_arm(&ring));
    check_int(pop_number(), 1);
    cr_assert(strait_ring_arm(&ring));
}

Test(ring, close_refuses_pushes_and_keeps_what_is_in)
{
    check_int(push(0), STRAIT_RING_DONE);
    check_int(push(1), STRAIT_RING_DONE);
    cr_assert(strait_ring_close(&ring));
    cr_assert(strait_ring_is_closed(&ring));
    check_int(push(2), STRAIT_RING_CLOSED);
    cr_assert(!strait_ring_is_empty(&ring));
    check_int(strait_ring_length(&ring), 2);
    check_int(pop_number(), 0);
    check_int(pop_number(), 1);
    check_int(pop_number(), GOT_EMPTY);
    cr_assert(strait_ring_is_empty(&ring));
    check_int(push(2), STRAIT_RING_CLOSED);
}

Test(ring, a_full_closed_ring_says_closed)
{
    int i;

    for (i = 0; i < 4; i++)
        check_int(push(i), STRAIT_RING_DONE);
    cr_assert(strait_ring_close(&ring));
    check_int(push(4), STRAIT_RING_CLOSED);
}

Test(ring, close_twice_says_so)
{
    cr_assert(strait_ring_close(&ring));
    cr_assert(!strait_ring_close(&ring));
    cr_assert(strait_ring_is_closed(&ring));
}

Test(ring, a_closed_ring_cannot_be_armed)
{
    cr_assert(strait_ring_close(&ring));
    cr_assert(!strait_ring_arm(&ring));
    cr_assert(strait_ring_init(&ring, slots, 4) == 0);
    cr_assert(strait_ring_arm(&ring));
    cr_assert(strait_ring_close(&ring));
    cr_assert(!strait_ring_arm(&ring));
    check_int(push(0), STRAIT_RING_CLOSED);
}

/* -------------------------------------- between the claim and the end */

static int seen;
static int seen_push;
static bool armed;
static bool empty;
static size_t length;

static void
look(void)
{
    seen = pop_number();
    armed = strait_ring_arm(&ring);
    empty = strait_ring_is_empty(&ring);
    length = strait_ring_length(&ring);
}

Test(ring, a_claimed_place_reads_as_pending)
{
    at_point("ring.push.claimed", look);
    check_int(push(0), STRAIT_RING_DONE);
    check_int(n_points, 1);
    check_int(seen, GOT_PENDING);
    cr_assert(!armed, "armed although something is about to appear");
    cr_assert(!empty);
    check_int(length, 1);
    check_int(pop_number(), 0);
}

static void
push_another_and_look(void)
{
    seen_push = push(1);
    look();
}

Test(ring, a_finished_push_hides_behind_a_claimed_place)
{
    at_point("ring.push.claimed", push_another_and_look);
    check_int(push(0), STRAIT_RING_DONE);
    check_int(seen_push, STRAIT_RING_DONE);
    check_int(seen, GOT_PENDING);
    cr_assert(!armed);
    check_int(pop_number(), 0);
    check_int(pop_number(), 1);
    check_int(pop_number(), GOT_EMPTY);
}

Test(ring, only_the_claim_that_took_the_arming_owes_a_wake)
{
    cr_assert(strait_ring_arm(&ring));
    at_point("ring.push.claimed", push_another_and_look);
    check_int(push(0), STRAIT_RING_WAKE);
    check_int(seen_push, STRAIT_RING_DONE);
}

static void
fill(void)
{
    int i;

    for (i = 1; i < 4; i++)
        (void)push(i);
    seen_push = push(4);
    seen = pop_number();
}

Test(ring, a_claimed_place_fills_the_ring_like_any_other)
{
    at_point("ring.push.claimed", fill);
    check_int(push(0), STRAIT_RING_DONE);
    check_int(seen_push, STRAIT_RING_FULL);
    check_int(seen, GOT_PENDING);
    check_int(pop_number(), 0);
}

static void
close_now(void)
{
    armed = strait_ring_close(&ring);
    empty = strait_ring_is_empty(&ring);
    seen = pop_number();
}

Test(ring, a_claim_before_the_close_still_counts)
{
    at_point("ring.push.claimed", close_now);
    check_int(push(0), STRAIT_RING_DONE);
    cr_assert(armed);
    cr_assert(!empty);
    check_int(seen, GOT_PENDING);
    check_int(push(1), STRAIT_RING_CLOSED);
    check_int(pop_number(), 0);
    check_int(pop_number(), GOT_EMPTY);
}

static void
overtake(void)
{
    seen = pop_number();
    seen_push = push(4);
}

/* A consumer that is stopped anywhere takes nothing from the others, and no
 * place: what it has read meanwhile is of the next round, and it drops that. */
Test(ring, a_pop_that_is_overtaken_delays_nobody)
{
    void *value = NULL;
    int i;

    for (i = 0; i < 4; i++)
        check_int(push(i), STRAIT_RING_DONE);
    at_point("ring.pop.read", overtake);
    check_int(strait_ring_pop(&ring, &value), STRAIT_RING_DONE);
    check_ptr(value, &values[1]);
    check_int(n_points, 1);
    check_int(seen, 0);
    check_int(seen_push, STRAIT_RING_DONE);
    check_int(push(5), STRAIT_RING_DONE);
    check_int(push(6), STRAIT_RING_FULL);
    for (i = 2; i < 6; i++)
        check_int(pop_number(), i);
}

static void
push_now(void)
{
    seen_push = push(7);
}

Test(ring, arm_loses_against_a_push_that_comes_first)
{
    at_point("ring.arm", push_now);
    cr_assert(!strait_ring_arm(&ring));
    check_int(n_points, 1);
    check_int(seen_push, STRAIT_RING_DONE);
    check_int(pop_number(), 7);
}

static void
push_pop_now(void)
{
    seen_push = push(7);
    seen = pop_number();
}

Test(ring, arm_is_not_fooled_by_a_ring_that_is_empty_again)
{
    at_point("ring.arm", push_pop_now);
    /* Refusing is right and so would be arming; what counts is the wake. */
    if (strait_ring_arm(&ring))
        check_int(push(0), STRAIT_RING_WAKE);
    else
        check_int(push(0), STRAIT_RING_DONE);
    check_int(seen, 7);
}

/* -------------------------------------------- random histories, an oracle */

struct oracle {
    int items[CAPACITY_MAX]; /* oldest first */
    int n;
    int capacity;
    bool armed;
    bool closed;
};

static void
random_push(struct oracle *oracle, int number)
{
    int expected = oracle->closed       ? STRAIT_RING_CLOSED
        : oracle->n == oracle->capacity ? STRAIT_RING_FULL
        : oracle->armed                 ? STRAIT_RING_WAKE
                                        : STRAIT_RING_DONE;

    check_int(push(number), expected);
    if (expected == STRAIT_RING_WAKE || expected == STRAIT_RING_DONE) {
        oracle->items[oracle->n++] = number;
        oracle->armed = false;
    }
}

static void
random_pop(struct oracle *oracle)
{
    if (oracle->n == 0) {
        check_int(pop_number(), GOT_EMPTY);
        return;
    }
    check_int(pop_number(), oracle->items[0]);
    oracle->n--;
    memmove(oracle->items, oracle->items + 1,
        (size_t)oracle->n * sizeof oracle->items[0]);
}

static void
random_arm(struct oracle *oracle)
{
    bool expected = oracle->n == 0 && !oracle->closed;

    check_int(strait_ring_arm(&ring), expected);
    oracle->armed = oracle->armed || expected;
}

Test(ring, random_histories_agree_with_an_array, .timeout = 60)
{
    uint64_t seed = test_seed("queue.ring", 1);
    int history;

    for (history = 0; history < 2000; history++) {
        struct rng rng = rng_make(seed, (uint64_t)history);
        struct oracle oracle = { .capacity = 2 << rng_below(&rng, 6) };
        uint64_t pop_share = 1 + rng_below(&rng, 8);
        int step;

        cr_assert(strait_ring_init(&ring, slots, (size_t)oracle.capacity) == 0);
        for (step = 0; step < 200; step++) {
            uint64_t dice = rng_below(&rng, 6 + pop_share);

            if (dice < 4) {
                random_push(&oracle, (int)rng_below(&rng, sizeof values));
            } else if (dice == 4) {
                random_arm(&oracle);
            } else if (dice == 5 && rng_one_in(&rng, 40)) {
                check_int(strait_ring_close(&ring), !oracle.closed);
                oracle.closed = true;
            } else if (dice >= 6) {
                random_pop(&oracle);
            }
            check_int(strait_ring_length(&ring), oracle.n);
            check_int(strait_ring_is_empty(&ring), oracle.n == 0);
            check_int(strait_ring_is_closed(&ring), oracle.closed);
        }
        while (oracle.n > 0)
            random_pop(&oracle);
        check_int(pop_number(), GOT_EMPTY);
    }
}
