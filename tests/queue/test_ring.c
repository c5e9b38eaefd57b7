/* SPDX-License-Identifier: MIT */
/*
 * test_ring.c - behaviour of the bounded ring, nearly all of it in one thread:
 * boundaries, batches, the forms for one consumer, arming, closing, answers
 * while an operation is between its claim and its end, and long random
 * histories against an array. Linked with the point seam, through which a test
 * acts in the middle of an operation.
 *
 * Built a second time as queue.ring_late with STRAIT_RING_START: there the core
 * is compiled in, and positions start just below 2^32.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/ring.h>
#include <unistd.h>

#ifdef STRAIT_RING_START
#include "queue/ring.c"
#endif

#include "at_point.h"
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
    forget_points();
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

/* The same for the form of the only consumer. */
static int
pop_number_alone(void)
{
    void *value = NULL;
    int answer = strait_ring_pop_alone(&ring, &value);

    return answer == STRAIT_RING_DONE ? (int)((char *)value - values) : -answer;
}

#define UNTOUCHED 12345

/* Pushes the n numbers from `first` on; how many of them went in. */
static size_t
push_numbers(int first, size_t n, int expected)
{
    void *batch[CAPACITY_MAX + 1];
    size_t n_pushed = UNTOUCHED;
    size_t i;

    for (i = 0; i < n; i++)
        batch[i] = &values[first + (int)i];
    check_int(strait_ring_push_n(&ring, batch, n, &n_pushed), expected);
    return n_pushed;
}

/* Pops up to n numbers, which must be those from `first` on; how many. */
static size_t
pop_numbers(int first, size_t n, bool alone)
{
    void *batch[CAPACITY_MAX + 1];
    size_t n_popped = UNTOUCHED;
    int answer = alone ? strait_ring_pop_n_alone(&ring, batch, n, &n_popped)
                       : strait_ring_pop_n(&ring, batch, n, &n_popped);
    size_t i;

    check_int(answer, STRAIT_RING_DONE);
    cr_assert(n_popped >= 1 && n_popped <= n, "%zu of %zu", n_popped, n);
    for (i = 0; i < n_popped; i++)
        check_ptr(batch[i], &values[first + (int)i]);
    return n_popped;
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

/* ---------------------------------------------------------------- batches */

Test(ring, a_batch_goes_in_and_comes_out_in_its_order)
{
    cr_assert(strait_ring_init(&ring, slots, 16) == 0);
    check_int(push_numbers(0, 5, STRAIT_RING_DONE), 5);
    check_int(push(5), STRAIT_RING_DONE);
    check_int(push_numbers(6, 10, STRAIT_RING_DONE), 10);
    check_int(pop_number(), 0);
    check_int(pop_numbers(1, 7, false), 7);
    check_int(pop_number_alone(), 8);
    check_int(pop_numbers(9, 20, true), 7);
    check_int(pop_number(), GOT_EMPTY);
}

Test(ring, a_batch_is_cut_to_the_room_there_is)
{
    check_int(push_numbers(0, 5, STRAIT_RING_DONE), 4);
    check_int(push_numbers(9, 1, STRAIT_RING_FULL), UNTOUCHED);
    check_int(push_numbers(9, 3, STRAIT_RING_FULL), UNTOUCHED);
    check_int(pop_number(), 0);
    check_int(push_numbers(4, 2, STRAIT_RING_DONE), 1);
    check_int(pop_numbers(1, 2, false), 2);
    check_int(push_numbers(5, 64, STRAIT_RING_DONE), 2);
    check_int(strait_ring_length(&ring), 4);
    check_int(pop_numbers(3, 65, false), 4);
    cr_assert(strait_ring_is_empty(&ring));
}

Test(ring, an_empty_batch_does_nothing)
{
    size_t n_pushed = UNTOUCHED;

    cr_assert(strait_ring_arm(&ring));
    check_int(strait_ring_push_n(&ring, NULL, 0, &n_pushed), STRAIT_RING_DONE);
    check_int(n_pushed, 0);
    cr_assert(strait_ring_is_empty(&ring));
    check_int(push_numbers(0, 4, STRAIT_RING_WAKE), 4);
    check_int(push_numbers(0, 0, STRAIT_RING_DONE), 0);
    cr_assert(strait_ring_close(&ring));
    check_int(push_numbers(0, 0, STRAIT_RING_DONE), 0);
    check_int(strait_ring_length(&ring), 4);
}

Test(ring, an_empty_ring_gives_no_batch)
{
    void *batch[2] = { &values[7], &values[8] };
    void *value = &values[9];
    size_t n = UNTOUCHED;

    check_int(strait_ring_pop_n(&ring, batch, 2, &n), STRAIT_RING_EMPTY);
    check_int(strait_ring_pop_n_alone(&ring, batch, 2, &n), STRAIT_RING_EMPTY);
    check_int(strait_ring_pop_alone(&ring, &value), STRAIT_RING_EMPTY);
    check_int(strait_ring_pop_strong(&ring, &value), STRAIT_RING_EMPTY);
    check_int(n, UNTOUCHED);
    check_ptr(batch[0], &values[7]);
    check_ptr(value, &values[9]);
}

Test(ring, a_batch_carries_null)
{
    void *batch[3] = { NULL, &values[1], NULL };
    void *value = &values[9];
    size_t n = 0;

    check_int(strait_ring_push_n(&ring, batch, 3, &n), STRAIT_RING_DONE);
    check_int(n, 3);
    check_int(strait_ring_pop_alone(&ring, &value), STRAIT_RING_DONE);
    check_ptr(value, NULL);
    check_int(strait_ring_pop_n(&ring, batch, 3, &n), STRAIT_RING_DONE);
    check_int(n, 2);
    check_ptr(batch[0], &values[1]);
    check_ptr(batch[1], NULL);
}

Test(ring, a_batch_owes_one_wake)
{
    cr_assert(strait_ring_arm(&ring));
    check_int(push_numbers(0, 3, STRAIT_RING_WAKE), 3);
    check_int(push_numbers(3, 1, STRAIT_RING_DONE), 1);
}

Test(ring, a_closed_ring_takes_no_batch_and_gives_what_is_in)
{
    check_int(push_numbers(0, 4, STRAIT_RING_DONE), 4);
    cr_assert(strait_ring_close(&ring));
    check_int(push_numbers(4, 2, STRAIT_RING_CLOSED), UNTOUCHED);
    check_int(pop_numbers(0, 3, false), 3);
    check_int(push_numbers(4, 2, STRAIT_RING_CLOSED), UNTOUCHED);
    check_int(pop_numbers(3, 3, true), 1);
    check_int(pop_number_alone(), GOT_EMPTY);
}

Test(ring, closed_is_eshutdown)
{
    check_err(STRAIT_RING_CLOSED, -ESHUTDOWN);
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
look_in_every_form(void)
{
    void *batch[4];
    size_t n = 0;

    seen = pop_number() == GOT_PENDING && pop_number_alone() == GOT_PENDING &&
        strait_ring_pop_n(&ring, batch, 4, &n) == STRAIT_RING_PENDING &&
        strait_ring_pop_n_alone(&ring, batch, 4, &n) == STRAIT_RING_PENDING;
    seen_push = strait_ring_push_n(
        &ring, (void *[]){ &values[8], &values[9] }, 2, &n);
    length = n;
}

Test(ring, a_claimed_place_reads_as_pending_in_every_form)
{
    at_point("ring.push.claimed", look_in_every_form);
    check_int(push(0), STRAIT_RING_DONE);
    check_int(n_points, 1);
    check_int(seen, true);
    check_int(seen_push, STRAIT_RING_DONE);
    check_int(length, 2);
    check_int(pop_number(), 0);
    check_int(pop_numbers(8, 2, false), 2);
}

Test(ring, a_claimed_batch_reads_as_pending)
{
    at_point("ring.push_n.claimed", look);
    check_int(push_numbers(0, 3, STRAIT_RING_DONE), 3);
    check_int(n_points, 1);
    check_int(seen, GOT_PENDING);
    cr_assert(!armed);
    cr_assert(!empty);
    check_int(length, 3);
    check_int(pop_numbers(0, 4, false), 3);
}

static void
push_another_and_look(void)
{
    seen_push = push(1);
    look();
}

static void
take_two(void)
{
    void *batch[4];
    size_t n = 0;

    seen_push = push_numbers(2, 2, STRAIT_RING_DONE) == 2;
    seen = strait_ring_pop_n(&ring, batch, 4, &n);
    length = n;
}

/* A batch ends before the first place that is claimed and not filled. */
Test(ring, a_batch_stops_at_a_claimed_place)
{
    check_int(push(0), STRAIT_RING_DONE);
    at_point("ring.push.claimed", take_two);
    check_int(push(1), STRAIT_RING_DONE);
    check_int(seen_push, true);
    check_int(seen, STRAIT_RING_DONE);
    check_int(length, 1);
    check_int(pop_numbers(1, 4, false), 3);
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
overtake_with_batches(void)
{
    seen = (int)pop_numbers(0, 3, false);
    seen_push = (int)push_numbers(4, 3, STRAIT_RING_DONE);
}

/* What it has read is gone, and it takes what is there now, all of it. */
Test(ring, a_batch_that_is_overtaken_starts_again)
{
    check_int(push_numbers(0, 4, STRAIT_RING_DONE), 4);
    at_point("ring.pop_n.read", overtake_with_batches);
    check_int(pop_numbers(3, 8, false), 4);
    check_int(n_points, 1);
    check_int(seen, 3);
    check_int(seen_push, 3);
    check_int(pop_number(), GOT_EMPTY);
}

static void
close_in_a_batch(void)
{
    armed = strait_ring_close(&ring);
    seen_push = push(9);
}

Test(ring, a_batch_claimed_before_the_close_still_counts)
{
    at_point("ring.push_n.claimed", close_in_a_batch);
    check_int(push_numbers(0, 4, STRAIT_RING_DONE), 4);
    cr_assert(armed);
    check_int(seen_push, STRAIT_RING_CLOSED);
    check_int(pop_numbers(0, 4, true), 4);
    cr_assert(strait_ring_is_empty(&ring));
}

static STRAIT_ATOMIC(uint32_t) is_held;
static STRAIT_ATOMIC(uint32_t) is_let_go;

static void
hold(void)
{
    strait_store_release(&is_held, 1);
    usleep(20000);
    strait_store_release(&is_let_go, 1);
}

static void *
push_and_be_held(void *arg)
{
    at_point("ring.push.claimed", hold);
    (*(int *)arg) = push(3);
    return NULL;
}

Test(ring, the_strong_pop_waits_for_a_claimed_place)
{
    void *value = NULL;
    int pushed = -1;
    pthread_t thread;

    strait_store_rlx(&is_held, 0);
    strait_store_rlx(&is_let_go, 0);
    cr_assert(pthread_create(&thread, NULL, push_and_be_held, &pushed) == 0);
    while (strait_load_acquire(&is_held) == 0)
        usleep(100);
    check_int(push(4), STRAIT_RING_DONE);
    check_int(pop_number(), GOT_PENDING);
    check_int(strait_ring_pop_strong(&ring, &value), STRAIT_RING_DONE);
    check_int(strait_load_acquire(&is_let_go), 1);
    check_ptr(value, &values[3]);
    check_int(strait_ring_pop_strong(&ring, &value), STRAIT_RING_DONE);
    check_ptr(value, &values[4]);
    check_int(strait_ring_pop_strong(&ring, &value), STRAIT_RING_EMPTY);
    pthread_join(thread, NULL);
    check_int(pushed, STRAIT_RING_DONE);
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
    bool alone; /* the ring has one consumer */
    bool armed;
    bool closed;
};

/* What a push of something must answer. */
static int
expected_of_push(const struct oracle *oracle)
{
    return oracle->closed               ? STRAIT_RING_CLOSED
        : oracle->n == oracle->capacity ? STRAIT_RING_FULL
        : oracle->armed                 ? STRAIT_RING_WAKE
                                        : STRAIT_RING_DONE;
}

static void
random_push(struct oracle *oracle, int number)
{
    int expected = expected_of_push(oracle);

    check_int(push(number), expected);
    if (expected == STRAIT_RING_WAKE || expected == STRAIT_RING_DONE) {
        oracle->items[oracle->n++] = number;
        oracle->armed = false;
    }
}

static void
random_push_n(struct oracle *oracle, struct rng *rng)
{
    int n = (int)rng_below(rng, (uint64_t)oracle->capacity + 2);
    int first = (int)rng_below(rng, sizeof values - CAPACITY_MAX - 1);
    int expected = n == 0 ? STRAIT_RING_DONE : expected_of_push(oracle);
    int room = oracle->capacity - oracle->n;
    size_t n_pushed = push_numbers(first, (size_t)n, expected);
    int i;

    if (expected != STRAIT_RING_WAKE && expected != STRAIT_RING_DONE) {
        check_int(n_pushed, UNTOUCHED);
        return;
    }
    check_int(n_pushed, n < room ? n : room);
    for (i = 0; i < (int)n_pushed; i++)
        oracle->items[oracle->n++] = first + i;
    oracle->armed = oracle->armed && n == 0;
}

static void
forget_oldest(struct oracle *oracle, int n)
{
    oracle->n -= n;
    memmove(oracle->items, oracle->items + n,
        (size_t)oracle->n * sizeof oracle->items[0]);
}

static void
random_pop(struct oracle *oracle, struct rng *rng)
{
    int expected = oracle->n > 0 ? oracle->items[0] : GOT_EMPTY;
    void *value = NULL;

    if (oracle->alone) {
        check_int(pop_number_alone(), expected);
    } else if (rng_one_in(rng, 4)) {
        int answer = strait_ring_pop_strong(&ring, &value);

        check_int(answer == STRAIT_RING_DONE ? (int)((char *)value - values)
                                             : -answer,
            expected);
    } else {
        check_int(pop_number(), expected);
    }
    if (oracle->n > 0)
        forget_oldest(oracle, 1);
}

static void
random_pop_n(struct oracle *oracle, struct rng *rng)
{
    void *batch[CAPACITY_MAX + 1];
    size_t n = 1 + rng_below(rng, (uint64_t)oracle->capacity + 1);
    int n_expected = oracle->n < (int)n ? oracle->n : (int)n;
    size_t n_popped = UNTOUCHED;
    int answer = oracle->alone
        ? strait_ring_pop_n_alone(&ring, batch, n, &n_popped)
        : strait_ring_pop_n(&ring, batch, n, &n_popped);
    int i;

    if (n_expected == 0) {
        check_int(answer, STRAIT_RING_EMPTY);
        check_int(n_popped, UNTOUCHED);
        return;
    }
    check_int(answer, STRAIT_RING_DONE);
    check_int(n_popped, n_expected);
    for (i = 0; i < n_expected; i++)
        check_ptr(batch[i], &values[oracle->items[i]]);
    forget_oldest(oracle, n_expected);
}

static void
random_arm(struct oracle *oracle)
{
    bool expected = oracle->n == 0 && !oracle->closed;

    check_int(strait_ring_arm(&ring), expected);
    oracle->armed = oracle->armed || expected;
}

static void
random_step(struct oracle *oracle, struct rng *rng, uint64_t pop_share)
{
    uint64_t dice = rng_below(rng, 6 + pop_share);

    if (dice < 3) {
        random_push(oracle, (int)rng_below(rng, sizeof values));
    } else if (dice == 3) {
        random_push_n(oracle, rng);
    } else if (dice == 4) {
        random_arm(oracle);
    } else if (dice == 5) {
        if (rng_one_in(rng, 40)) {
            check_int(strait_ring_close(&ring), !oracle->closed);
            oracle->closed = true;
        }
    } else if (rng_one_in(rng, 3)) {
        random_pop_n(oracle, rng);
    } else {
        random_pop(oracle, rng);
    }
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

        oracle.alone = rng_one_in(&rng, 2);
        cr_assert(strait_ring_init(&ring, slots, (size_t)oracle.capacity) == 0);
        for (step = 0; step < 200; step++) {
            random_step(&oracle, &rng, pop_share);
            check_int(strait_ring_length(&ring), oracle.n);
            check_int(strait_ring_is_empty(&ring), oracle.n == 0);
            check_int(strait_ring_is_closed(&ring), oracle.closed);
        }
        while (oracle.n > 0)
            random_pop_n(&oracle, &rng);
        check_int(pop_number(), GOT_EMPTY);
    }
}
