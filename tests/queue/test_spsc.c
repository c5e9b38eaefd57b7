/* SPDX-License-Identifier: MIT */
/*
 * test_spsc.c - behaviour of the queue between two threads, in one thread:
 * boundaries, places side by side, the end of the array, closing, what either
 * side sees while the other is about to publish, and long random histories
 * against an array. Linked with the point seam, through which a test acts in
 * the middle of an operation.
 *
 * Built again with STRAIT_SPSC_START, where the core is compiled in: as
 * queue.spsc_late positions start just below 2^32, as queue.spsc_wrap just
 * below 2^64.
 */
#include <errno.h>

/* Whoever steps back is seen by it. */
extern int n_pauses;
int n_pauses;
#define STRAIT_PAUSE() ((void)n_pauses++)
#include <strait/spsc.h>

#ifdef STRAIT_SPSC_START
#include "queue/spsc.c"
#define START ((uint64_t)STRAIT_SPSC_START)
#else
#define START ((uint64_t)0)
#endif

#include "at_point.h"
#include "rng.h"
#include "unit.h"

#define CAPACITY_MAX 64
#define UNTOUCHED 12345

static strait_spsc_t queue;
static void *slots[CAPACITY_MAX];
/* Values are pointers into this; their index is what the tests talk about. */
static char values[1024];

static void
set_up(void)
{
    cr_assert(strait_spsc_init(&queue, slots, 4) == 0);
    forget_points();
}

TestSuite(spsc, .init = set_up, .timeout = 20);

static int
push(int number)
{
    return strait_spsc_push(&queue, &values[number]);
}

#define GOT_EMPTY (-1000 - STRAIT_SPSC_EMPTY)
#define GOT_CLOSED (-1000 - STRAIT_SPSC_CLOSED)

/* The number of the value that is popped, or what pop answered. */
static int
pop_number(void)
{
    void *value = &values[1];
    int answer = strait_spsc_pop(&queue, &value);

    if (answer != STRAIT_SPSC_DONE) {
        check_ptr(value, &values[1]);
        return -1000 - answer;
    }
    return (int)((char *)value - values);
}

/* Where the array goes on: the index of the place with that position. */
static size_t
index_of(uint64_t position, size_t capacity)
{
    return (size_t)((START + position) & (capacity - 1));
}

/* ------------------------------------------------------------- boundaries */

Test(spsc, refuses_bad_arguments_and_touches_nothing)
{
    static const size_t bad[] = { 0, 1, 3, 5, 6, 7, 12, 1000, SIZE_MAX,
        SIZE_MAX / 2 + 1, STRAIT_SPSC_CAPACITY_MAX + 1,
        STRAIT_SPSC_CAPACITY_MAX * 2 };
    strait_spsc_t before = queue;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_err(strait_spsc_init(&queue, slots, bad[i]), -EINVAL);
        check_err(strait_spsc_init(&queue, NULL, bad[i]), -EINVAL);
    }
    check_err(strait_spsc_init(NULL, slots, 4), -EINVAL);
    check_err(
        strait_spsc_init((void *)((char *)&queue + 4), slots, 4), -EINVAL);
    check_err(
        strait_spsc_init(&queue, (void *)((char *)slots + 4), 4), -EINVAL);
    check_err(
        strait_spsc_init(&queue, (void *)((char *)slots + 1), 4), -EINVAL);
    check_int(memcmp(&before, &queue, sizeof queue), 0);
}

Test(spsc, takes_the_largest_capacity)
{
    size_t index = UNTOUCHED;

    check_err(strait_spsc_init(&queue, NULL, STRAIT_SPSC_CAPACITY_MAX), 0);
    check_int(strait_spsc_reserve(&queue, 3, &index), 3);
    check_int(index, index_of(0, STRAIT_SPSC_CAPACITY_MAX));
}

Test(spsc, closed_is_eshutdown)
{
    check_err(STRAIT_SPSC_CLOSED, -ESHUTDOWN);
}

Test(spsc, a_new_queue_is_empty_open_and_long_0)
{
    size_t index = UNTOUCHED;

    check_int(pop_number(), GOT_EMPTY);
    check_int(strait_spsc_peek(&queue, 4, &index), 0);
    check_int(index, UNTOUCHED);
    check_int(strait_spsc_length(&queue), 0);
    cr_assert(!strait_spsc_is_ended(&queue));
}

Test(spsc, takes_as_many_as_its_capacity)
{
    size_t capacity;

    for (capacity = 2; capacity <= CAPACITY_MAX; capacity *= 2) {
        int n = (int)capacity;
        int i;

        check_err(strait_spsc_init(&queue, slots, capacity), 0);
        for (i = 0; i < n; i++) {
            check_int(push(i), STRAIT_SPSC_DONE);
            check_int(strait_spsc_length(&queue), i + 1);
        }
        check_int(push(n), STRAIT_SPSC_FULL);
        check_int(push(n), STRAIT_SPSC_FULL);
        check_int(pop_number(), 0);
        check_int(push(n), STRAIT_SPSC_DONE);
        check_int(push(n + 1), STRAIT_SPSC_FULL);
        for (i = 1; i <= n; i++)
            check_int(pop_number(), i);
        check_int(pop_number(), GOT_EMPTY);
    }
}

Test(spsc, goes_round_many_times)
{
    int i;

    check_err(strait_spsc_init(&queue, slots, 2), 0);
    for (i = 0; i < 1000; i++) {
        check_int(push(i), STRAIT_SPSC_DONE);
        check_int(pop_number(), i);
        check_int(pop_number(), GOT_EMPTY);
    }
    check_int(push(0), STRAIT_SPSC_DONE);
    for (i = 0; i < 999; i++) {
        check_int(push(i + 1), STRAIT_SPSC_DONE);
        check_int(push(0), STRAIT_SPSC_FULL);
        check_int(pop_number(), i);
    }
}

/* The builds with another start are worth something only if they cross it. */
Test(spsc, positions_start_where_the_build_says)
{
    /* rlx: this is the only thread. */
    check_int(strait_load_rlx(&queue.tail_), START);
    check_int(push(0), STRAIT_SPSC_DONE);
    check_int(pop_number(), 0);
    /* rlx: as above. */
    check_int(strait_load_rlx(&queue.head_), START + 1);
#ifdef STRAIT_SPSC_START
    cr_assert((uint32_t)(START + 20) < 20, "20 steps do not cross a border");
#endif
}

Test(spsc, carries_null)
{
    void *value = &values[1];

    check_int(strait_spsc_push(&queue, NULL), STRAIT_SPSC_DONE);
    check_int(strait_spsc_pop(&queue, &value), STRAIT_SPSC_DONE);
    check_ptr(value, NULL);
}

/* --------------------------------------------------- reserve and commit */

Test(spsc, works_without_an_array_of_pointers)
{
    static int numbers[8];
    size_t at = UNTOUCHED;
    int i;

    check_err(strait_spsc_init(&queue, NULL, 8), 0);
    for (i = 0; i < 100; i++) {
        check_int(strait_spsc_reserve(&queue, 1, &at), 1);
        check_int(at, index_of((uint64_t)i, 8));
        numbers[at] = i;
        strait_spsc_commit(&queue, 1);
        at = UNTOUCHED;
        check_int(strait_spsc_peek(&queue, 1, &at), 1);
        check_int(numbers[at], i);
        strait_spsc_release(&queue, 1);
    }
}

Test(spsc, asking_again_without_a_commit_answers_the_same_places)
{
    size_t first = UNTOUCHED;
    size_t second = UNTOUCHED;
    size_t n = strait_spsc_reserve(&queue, 2, &first);

    check_int(strait_spsc_reserve(&queue, 2, &second), n);
    check_int(first, second);
    check_int(strait_spsc_length(&queue), 0);
    check_int(pop_number(), GOT_EMPTY);
    strait_spsc_commit(&queue, 0);
    check_int(strait_spsc_reserve(&queue, 2, &second), n);
    check_int(first, second);
    check_int(pop_number(), GOT_EMPTY);
}

Test(spsc, asking_again_without_a_release_answers_the_same_places)
{
    size_t first = UNTOUCHED;
    size_t second = UNTOUCHED;

    check_int(push(1), STRAIT_SPSC_DONE);
    check_int(strait_spsc_peek(&queue, 1, &first), 1);
    strait_spsc_release(&queue, 0);
    check_int(strait_spsc_peek(&queue, 1, &second), 1);
    check_int(first, second);
    check_int(pop_number(), 1);
}

Test(spsc, what_is_reserved_and_not_committed_is_reserved_again)
{
    size_t at = UNTOUCHED;
    size_t n = strait_spsc_reserve(&queue, 4, &at);
    size_t again = UNTOUCHED;

    slots[at] = &values[5];
    strait_spsc_commit(&queue, 1);
    check_int(pop_number(), 5);
    if (n > 1) {
        check_int(strait_spsc_reserve(&queue, 1, &again), 1);
        check_int(again, at + 1);
    }
}

Test(spsc, places_end_at_the_end_of_the_array_and_go_on_at_0)
{
    size_t at = UNTOUCHED;

    check_err(strait_spsc_init(&queue, slots, 8), 0);
    while (index_of(strait_spsc_length(&queue), 8) != 6)
        check_int(push(0), STRAIT_SPSC_DONE);
    while (strait_spsc_length(&queue) > 0)
        check_int(pop_number(), 0);
    check_int(strait_spsc_reserve(&queue, 5, &at), 2);
    check_int(at, 6);
    strait_spsc_commit(&queue, 2);
    check_int(strait_spsc_reserve(&queue, 5, &at), 5);
    check_int(at, 0);
    check_int(strait_spsc_reserve(&queue, 9, &at), 6);
    strait_spsc_commit(&queue, 6);
    at = UNTOUCHED;
    check_int(strait_spsc_reserve(&queue, 1, &at), 0);
    check_int(at, UNTOUCHED);
    check_int(strait_spsc_peek(&queue, 8, &at), 2);
    check_int(at, 6);
    strait_spsc_release(&queue, 1);
    check_int(strait_spsc_peek(&queue, 8, &at), 1);
    check_int(at, 7);
    strait_spsc_release(&queue, 1);
    check_int(strait_spsc_peek(&queue, 8, &at), 6);
    check_int(at, 0);
    strait_spsc_release(&queue, 6);
    check_int(strait_spsc_peek(&queue, 8, &at), 0);
}

Test(spsc, both_ways_in_and_both_ways_out_can_be_mixed)
{
    size_t at = UNTOUCHED;

    check_int(push(1), STRAIT_SPSC_DONE);
    check_int(strait_spsc_reserve(&queue, 1, &at), 1);
    slots[at] = &values[2];
    strait_spsc_commit(&queue, 1);
    check_int(strait_spsc_peek(&queue, 1, &at), 1);
    check_ptr(slots[at], &values[1]);
    strait_spsc_release(&queue, 1);
    check_int(pop_number(), 2);
}

/* ---------------------------------------------------------------- closing */

Test(spsc, close_keeps_what_is_in_and_says_when_all_is_out)
{
    size_t at = UNTOUCHED;

    check_int(push(1), STRAIT_SPSC_DONE);
    check_int(push(2), STRAIT_SPSC_DONE);
    cr_assert(strait_spsc_close(&queue));
    check_int(push(3), STRAIT_SPSC_CLOSED);
    check_int(strait_spsc_reserve(&queue, 1, &at), 0);
    check_int(at, UNTOUCHED);
    cr_assert(!strait_spsc_is_ended(&queue));
    check_int(pop_number(), 1);
    cr_assert(!strait_spsc_is_ended(&queue));
    check_int(strait_spsc_peek(&queue, 4, &at), 1);
    check_ptr(slots[at], &values[2]);
    strait_spsc_release(&queue, 1);
    cr_assert(strait_spsc_is_ended(&queue));
    check_int(pop_number(), GOT_CLOSED);
    check_int(strait_spsc_peek(&queue, 4, &at), 0);
    check_int(pop_number(), GOT_CLOSED);
}

Test(spsc, close_twice_says_so)
{
    cr_assert(strait_spsc_close(&queue));
    cr_assert(!strait_spsc_close(&queue));
    cr_assert(strait_spsc_is_ended(&queue));
    check_int(pop_number(), GOT_CLOSED);
    check_int(push(0), STRAIT_SPSC_CLOSED);
}

Test(spsc, a_full_closed_queue_says_closed)
{
    int i;

    for (i = 0; i < 4; i++)
        check_int(push(i), STRAIT_SPSC_DONE);
    check_int(push(4), STRAIT_SPSC_FULL);
    cr_assert(strait_spsc_close(&queue));
    check_int(push(4), STRAIT_SPSC_CLOSED);
    for (i = 0; i < 4; i++)
        check_int(pop_number(), i);
    check_int(pop_number(), GOT_CLOSED);
}

Test(spsc, init_opens_again)
{
    cr_assert(strait_spsc_close(&queue));
    check_err(strait_spsc_init(&queue, slots, 4), 0);
    check_int(pop_number(), GOT_EMPTY);
    check_int(push(1), STRAIT_SPSC_DONE);
    check_int(pop_number(), 1);
}

/* --------------------------------------------------------------- distance */

/* Without optimisation and checks it is the library that pauses. */
#if defined(__OPTIMIZE__) || (defined(STRAIT_DEBUG) && STRAIT_DEBUG >= 1)
#define check_pauses(expected) check_int(n_pauses, expected)
#else
#define check_pauses(expected) ((void)(expected))
#endif

#define ROOMY STRAIT_SPSC_ROOMY_
#define LOOKS STRAIT_SPSC_LOOKS_
#define MANY STRAIT_SPSC_MANY_

static void *roomy_slots[ROOMY];

/* Pushes n numbers and takes them again, by one look of the consumer, before
 * which it pauses so often. */
static void
pass(int n, int expected_pauses)
{
    int i;

    for (i = 0; i < n; i++)
        check_int(push(i), STRAIT_SPSC_DONE);
    n_pauses = 0;
    for (i = 0; i < n; i++)
        check_int(pop_number(), i);
    check_pauses(expected_pauses);
}

Test(spsc, steps_back_only_from_who_is_always_just_ahead)
{
    int i;

    check_err(strait_spsc_init(&queue, roomy_slots, ROOMY), 0);
    for (i = 0; i < LOOKS; i++)
        pass(1, 0);
    /* It goes on for as long as that brings many, */
    for (i = 0; i < 3; i++)
        pass(MANY, STRAIT_SPSC_PAUSES_);
    /* and then not for a while. */
    pass(MANY - 1, STRAIT_SPSC_PAUSES_);
    for (i = 0; i < STRAIT_SPSC_LOOKS_LATER_; i++)
        pass(1, 0);
    pass(1, STRAIT_SPSC_PAUSES_);
}

Test(spsc, a_look_in_vain_starts_the_count_anew)
{
    int i;

    check_err(strait_spsc_init(&queue, roomy_slots, ROOMY), 0);
    for (i = 0; i < LOOKS; i++)
        pass(1, 0);
    n_pauses = 0;
    check_int(pop_number(), GOT_EMPTY);
    check_pauses(STRAIT_SPSC_PAUSES_);
    for (i = 0; i < LOOKS; i++)
        pass(1, 0);
    pass(1, STRAIT_SPSC_PAUSES_);
}

Test(spsc, a_small_queue_has_no_room_to_step_back)
{
    int i;

    check_err(strait_spsc_init(&queue, roomy_slots, ROOMY / 2), 0);
    for (i = 0; i < 10 * LOOKS; i++)
        pass(1 + i % (ROOMY / 2), 0);
}

Test(spsc, who_waits_for_a_batch_does_not_step_back_from_what_it_has_seen)
{
    size_t index;
    int i;

    check_err(strait_spsc_init(&queue, roomy_slots, ROOMY), 0);
    for (i = 0; i < ROOMY - MANY; i++)
        check_int(push(i), STRAIT_SPSC_DONE);
    n_pauses = 0;
    for (i = 0; i < 10 * LOOKS; i++) {
        cr_assert(strait_spsc_peek(&queue, ROOMY, &index) != 0);
        cr_assert(strait_spsc_reserve(&queue, ROOMY, &index) != 0);
    }
    check_pauses(0);
}

Test(spsc, a_producer_steps_back_from_a_consumer_just_ahead)
{
    int i;
    int j;

    check_err(strait_spsc_init(&queue, roomy_slots, ROOMY), 0);
    for (i = 0; i < ROOMY; i++)
        check_int(push(i), STRAIT_SPSC_DONE);
    check_int(push(0), STRAIT_SPSC_FULL);
    for (i = 0; i < LOOKS; i++) {
        check_int(pop_number(), i);
        n_pauses = 0;
        check_int(push(0), STRAIT_SPSC_DONE);
        check_pauses(0);
    }
    for (i = 0; i < 3; i++) {
        for (j = 0; j < MANY; j++)
            (void)pop_number();
        n_pauses = 0;
        for (j = 0; j < MANY; j++)
            check_int(push(0), STRAIT_SPSC_DONE);
        check_pauses(STRAIT_SPSC_PAUSES_);
    }
    for (i = 0; i < 3; i++) {
        size_t index;

        for (j = 0; j < MANY; j++)
            (void)pop_number();
        n_pauses = 0;
        for (j = 0; j < MANY; j++) {
            check_int(strait_spsc_reserve(&queue, 1, &index), 1);
            roomy_slots[index] = &values[0];
            strait_spsc_commit(&queue, 1);
        }
        check_pauses(STRAIT_SPSC_PAUSES_);
    }
    n_pauses = 0;
    check_int(push(0), STRAIT_SPSC_FULL);
    check_pauses(STRAIT_SPSC_PAUSES_);
}

/* ------------------------------------- between the work and its publication */

static size_t n_seen;
static size_t seen_at;
static int seen_answer;

static void
look_as_consumer(void)
{
    n_seen = strait_spsc_peek(&queue, 4, &seen_at);
    seen_answer = pop_number();
}

Test(spsc, what_is_about_to_be_committed_is_not_there_yet)
{
    size_t at = UNTOUCHED;

    check_int(strait_spsc_reserve(&queue, 1, &at), 1);
    slots[at] = &values[3];
    at_point("spsc.commit", look_as_consumer);
    strait_spsc_commit(&queue, 1);
    check_int(n_points, 1);
    check_int(n_seen, 0);
    check_int(seen_answer, GOT_EMPTY);
    check_int(pop_number(), 3);
}

static void
look_as_producer(void)
{
    n_seen = strait_spsc_reserve(&queue, 4, &seen_at);
    seen_answer = push(9);
}

Test(spsc, what_is_about_to_be_released_is_not_free_yet)
{
    size_t at = UNTOUCHED;
    int i;

    for (i = 0; i < 4; i++)
        check_int(push(i), STRAIT_SPSC_DONE);
    check_int(strait_spsc_peek(&queue, 1, &at), 1);
    at_point("spsc.release", look_as_producer);
    strait_spsc_release(&queue, 1);
    check_int(n_points, 1);
    check_int(n_seen, 0);
    check_int(seen_answer, STRAIT_SPSC_FULL);
    check_int(push(4), STRAIT_SPSC_DONE);
    for (i = 1; i < 5; i++)
        check_int(pop_number(), i);
}

/* -------------------------------------------- random histories, an oracle */

struct oracle {
    int items[CAPACITY_MAX]; /* oldest first */
    size_t n;
    size_t capacity;
    uint64_t tail; /* how many have ever been committed */
    uint64_t head; /* and released */
    bool closed;
};

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void
random_push(struct oracle *oracle, int number)
{
    int expected = oracle->closed       ? STRAIT_SPSC_CLOSED
        : oracle->n == oracle->capacity ? STRAIT_SPSC_FULL
                                        : STRAIT_SPSC_DONE;

    check_int(push(number), expected);
    if (expected == STRAIT_SPSC_DONE) {
        oracle->items[oracle->n++] = number;
        oracle->tail++;
    }
}

static void
random_reserve(struct oracle *oracle, struct rng *rng)
{
    size_t n = 1 + rng_below(rng, oracle->capacity + 1);
    size_t index = index_of(oracle->tail, oracle->capacity);
    size_t room = oracle->closed ? 0 : oracle->capacity - oracle->n;
    size_t expected = least(least(n, room), oracle->capacity - index);
    size_t at = UNTOUCHED;
    size_t i;

    check_int(strait_spsc_reserve(&queue, n, &at), expected);
    check_int(at, expected > 0 ? index : UNTOUCHED);
    if (expected == 0)
        return;
    n = rng_below(rng, expected + 1);
    for (i = 0; i < n; i++) {
        int number = (int)rng_below(rng, sizeof values);

        slots[at + i] = &values[number];
        oracle->items[oracle->n++] = number;
    }
    strait_spsc_commit(&queue, n);
    oracle->tail += n;
}

static void
forget_oldest(struct oracle *oracle, size_t n)
{
    oracle->n -= n;
    oracle->head += n;
    memmove(
        oracle->items, oracle->items + n, oracle->n * sizeof oracle->items[0]);
}

static void
random_pop(struct oracle *oracle)
{
    if (oracle->n == 0) {
        check_int(pop_number(), oracle->closed ? GOT_CLOSED : GOT_EMPTY);
        return;
    }
    check_int(pop_number(), oracle->items[0]);
    forget_oldest(oracle, 1);
}

static void
random_peek(struct oracle *oracle, struct rng *rng)
{
    size_t n = 1 + rng_below(rng, oracle->capacity + 1);
    size_t index = index_of(oracle->head, oracle->capacity);
    size_t expected = least(least(n, oracle->n), oracle->capacity - index);
    size_t at = UNTOUCHED;
    size_t i;

    check_int(strait_spsc_peek(&queue, n, &at), expected);
    check_int(at, expected > 0 ? index : UNTOUCHED);
    if (expected == 0)
        return;
    n = rng_below(rng, expected + 1);
    for (i = 0; i < n; i++)
        check_ptr(slots[at + i], &values[oracle->items[i]]);
    strait_spsc_release(&queue, n);
    forget_oldest(oracle, n);
}

Test(spsc, random_histories_agree_with_an_array, .timeout = 60)
{
    uint64_t seed = test_seed("queue.spsc", 1);
    int history;

    for (history = 0; history < 2000; history++) {
        struct rng rng = rng_make(seed, (uint64_t)history);
        struct oracle oracle = { .capacity = (size_t)2 << rng_below(&rng, 6) };
        uint64_t pop_share = 1 + rng_below(&rng, 8);
        int step;

        check_err(strait_spsc_init(&queue, slots, oracle.capacity), 0);
        for (step = 0; step < 200; step++) {
            uint64_t dice = rng_below(&rng, 5 + pop_share);

            if (dice < 3) {
                random_push(&oracle, (int)rng_below(&rng, sizeof values));
            } else if (dice == 3) {
                random_reserve(&oracle, &rng);
            } else if (dice == 4 && rng_one_in(&rng, 40)) {
                check_int(strait_spsc_close(&queue), !oracle.closed);
                oracle.closed = true;
            } else if (rng_one_in(&rng, 3)) {
                random_peek(&oracle, &rng);
            } else {
                random_pop(&oracle);
            }
            check_int(strait_spsc_length(&queue), oracle.n);
            check_int(
                strait_spsc_is_ended(&queue), oracle.closed && oracle.n == 0);
        }
        while (oracle.n > 0)
            random_peek(&oracle, &rng);
        random_pop(&oracle);
    }
}
