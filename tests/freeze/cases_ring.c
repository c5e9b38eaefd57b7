/* SPDX-License-Identifier: MIT */
/*
 * cases_ring.c - every operation of strait/ring.h, frozen, with room for four.
 *
 * Producers: 0 pushed before, 1 is the subject where it pushes, 2 is the
 * others.
 */
#include <strait/ring.h>

#include "freeze.h"

enum { BEFORE, SUBJECT, OTHER };

#define CAPACITY 4

struct item {
    unsigned producer;
    unsigned number;
};

static strait_ring_t ring;
static strait_ring_slot_t slots[CAPACITY];
static struct item items[FREEZE_PRODUCERS][FREEZE_ITEMS];
static unsigned n_items[FREEZE_PRODUCERS];
static unsigned n_owed; /* pushes of the others that answered WAKE */
static uint64_t
    claimable; /* the position that the subject's push would claim */
static bool was_armed;
static bool was_empty;
static int answer;
static bool truth;
static bool expected;
static void *pushed[CAPACITY];
static unsigned n_wanted; /* of the subject's push or pop */
static size_t n_done;     /* what it says */
static void *values[CAPACITY];

static struct item *
new_item(unsigned producer)
{
    struct item *item = &items[producer][n_items[producer]];

    item->producer = producer;
    item->number = n_items[producer];
    return item;
}

/* Pushes one; answers whether it was accepted. */
static bool
push(unsigned producer)
{
    struct item *item = new_item(producer);
    int said = strait_ring_push(&ring, item);

    if (said != STRAIT_RING_DONE && said != STRAIT_RING_WAKE)
        return false;
    n_items[producer]++;
    freeze_came_in(producer, item->number);
    n_owed += said == STRAIT_RING_WAKE;
    return true;
}

static void
take(void *value)
{
    struct item *item = value;

    freeze_came_out(item->producer, item->number);
}

/* What the subject got. */
static void
take_some_time(void *value)
{
    struct item *item = value;

    freeze_came_out_some_time(item->producer, item->number);
}

static int
pop(void)
{
    void *value;
    int said = strait_ring_pop(&ring, &value);

    if (said == STRAIT_RING_DONE)
        take(value);
    return said;
}

static int
pop_all(void)
{
    int end;

    while ((end = pop()) == STRAIT_RING_DONE) {}
    return end;
}

/* How many the ring takes until it refuses. */
static unsigned
push_all(unsigned producer)
{
    unsigned n = 0;

    while (n < 2 * CAPACITY && push(producer))
        n++;
    return n;
}

/* ------------------------------------------------------------------ states */

/* What the subject will push or pop. */
static void
want(unsigned n)
{
    unsigned i;

    n_wanted = n;
    n_done = 1;
    n_items[SUBJECT] = 0;
    for (i = 0; i < n; i++) {
        pushed[i] = new_item(SUBJECT);
        n_items[SUBJECT]++;
    }
}

static void
hold(unsigned n)
{
    freeze_check(strait_ring_init(&ring, slots, CAPACITY) == 0, "init failed");
    n_items[BEFORE] = n_items[SUBJECT] = n_items[OTHER] = 0;
    n_owed = 0;
    was_armed = false;
    was_empty = n == 0;
    /* Not the first round, so that slots carry old numbers. */
    freeze_check(push_all(BEFORE) == CAPACITY && pop_all() == STRAIT_RING_EMPTY,
        "the first round went wrong");
    while (n-- != 0)
        push(BEFORE);
    claimable = strait_load_rlx(&ring.producer_) >> STRAIT_RING_SHIFT_;
    want(1);
}

static void
be_empty(void)
{
    hold(0);
}

static void
hold_one(void)
{
    hold(1);
}

static void
hold_two(void)
{
    hold(2);
}

static void
hold_three(void)
{
    hold(3);
}

static void
be_full(void)
{
    hold(CAPACITY);
}

static void
be_armed(void)
{
    hold(0);
    was_armed = strait_ring_arm(&ring);
    freeze_check(was_armed, "an empty ring could not be armed");
}

static void
three_into_empty(void)
{
    hold(0);
    want(3);
}

static void
three_into_two(void)
{
    hold(2);
    want(3);
}

static void
three_into_armed(void)
{
    be_armed();
    want(3);
}

static void
three_of_two(void)
{
    hold(2);
    want(3);
}

static void
three_of_four(void)
{
    hold(4);
    want(3);
}

static void
be_closed(void)
{
    hold(2);
    strait_ring_close(&ring);
}

/* ----------------------------------------------------------- a frozen push */

static void
operate_push(void)
{
    answer = strait_ring_push(&ring, pushed[0]);
}

static void
operate_push_n(void)
{
    answer = strait_ring_push_n(&ring, pushed, n_wanted, &n_done);
}

static bool
has_claimed(void)
{
    return (strait_load_rlx(&ring.producer_) >> STRAIT_RING_SHIFT_) > claimable;
}

/* True if a place that was claimed up to now is not filled. */
static bool
is_hiding(void)
{
    uint64_t end = strait_load_rlx(&ring.producer_) >> STRAIT_RING_SHIFT_;
    uint64_t pos;

    for (pos = claimable; pos < end; pos++) {
        if (strait_load_rlx(&slots[pos & ring.mask_].seq_) != pos + 1)
            return true;
    }
    return false;
}

static unsigned
push_window(void)
{
    unsigned what = 0;

    if (has_claimed()) {
        if (is_hiding())
            what |= FREEZE_PENDING | FREEZE_FULL;
        if (was_armed)
            what |= FREEZE_OWED;
    }
    return what;
}

static void
others_of_push(void)
{
    bool claimed = has_claimed();
    bool hidden = (push_window() & FREEZE_PENDING) != 0;
    size_t length = strait_ring_length(&ring);
    unsigned n;
    int end;

    /* Producers go on until it is full, a claim counted as a place. */
    n = push_all(OTHER);
    freeze_check(n == CAPACITY - length, "FULL was not exact");
    if (was_armed && claimed)
        freeze_saw(FREEZE_OWED);
    freeze_check(
        n_owed == (was_armed && !claimed), "the wrong number of wakes is owed");
    /* Consumers get what is in front of the claim, or everything. */
    end = pop_all();
    if (end == STRAIT_RING_PENDING) {
        freeze_saw(FREEZE_PENDING);
        freeze_check(!strait_ring_arm(&ring), "armed although pending");
    }
    freeze_check(hidden == (end == STRAIT_RING_PENDING),
        "PENDING and the unpublished claim differ");
    /* Then one after the other, for more than a round. */
    for (n = 0; n < 2 * CAPACITY; n++) {
        if (!push(OTHER)) {
            freeze_saw(FREEZE_FULL);
            freeze_check(strait_ring_length(&ring) == CAPACITY,
                "FULL, but places are free");
        }
        (void)pop();
    }
    expected = was_armed && claimed;
    if (!hidden) {
        freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING for nothing");
        n_owed = 0;
        freeze_check(strait_ring_arm(&ring), "an empty ring refused to arm");
        if (claimed)
            freeze_check(push(OTHER) && n_owed == 1, "the arming was lost");
        else
            expected = true;
    }
}

static void
finish_push(void)
{
    freeze_check(answer == (expected ? STRAIT_RING_WAKE : STRAIT_RING_DONE),
        "the push answered something else");
    freeze_check(n_done > 0 && n_done <= n_wanted, "it pushed too many");
    while (n_done-- != 0)
        freeze_came_in(SUBJECT, (unsigned)n_done);
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING, but nobody pushes");
    freeze_check(push_all(OTHER) == CAPACITY, "places were lost");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING, but nobody pushes");
}

/* The ring was full: consumers make room while the subject looks. */
static void
others_of_push_full(void)
{
    bool claimed = has_claimed();

    freeze_check(!claimed, "a place was claimed in a full ring");
    freeze_check(!push(OTHER), "a push into a full ring was accepted");
    freeze_check(pop() == STRAIT_RING_DONE, "a full ring gave nothing");
    freeze_check(push(OTHER), "a place that was freed was not found");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING for nothing");
}

/* FULL is right if it was full at one moment of the call, as it was. */
static void
finish_push_full(void)
{
    if (answer == STRAIT_RING_DONE)
        freeze_came_in(SUBJECT, 0);
    else
        freeze_check(answer == STRAIT_RING_FULL, "neither DONE nor FULL");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING, but nobody pushes");
}

static void
others_of_push_closed(void)
{
    freeze_check(!push(OTHER), "a push into a closed ring was accepted");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "a closed ring hides");
}

static void
finish_push_closed(void)
{
    freeze_check(answer == STRAIT_RING_CLOSED, "a push after the close");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "something came in later");
}

/* ------------------------------------------------------ a frozen consumer */

static void
operate_pop(void)
{
    answer = strait_ring_pop(&ring, values);
}

static void
operate_pop_n(void)
{
    answer = strait_ring_pop_n(&ring, values, n_wanted, &n_done);
}

static void
operate_pop_strong(void)
{
    answer = strait_ring_pop_strong(&ring, values);
}

static void
operate_pop_alone(void)
{
    answer = strait_ring_pop_alone(&ring, values);
}

static void
operate_pop_n_alone(void)
{
    answer = strait_ring_pop_n_alone(&ring, values, n_wanted, &n_done);
}

/* The only consumer is frozen: producers go on until it is full, exactly. */
static void
others_of_pop_alone(void)
{
    size_t length = strait_ring_length(&ring);

    freeze_check(push_all(OTHER) == CAPACITY - length, "FULL was not exact");
}

/* More than two rounds, in which nothing may be in the way. */
static void
others_push_and_pop(void)
{
    unsigned n;

    freeze_check(
        push_all(OTHER) + strait_ring_length(&ring) >= CAPACITY, "FULL early");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING for nothing");
    for (n = 0; n < 2 * CAPACITY; n++) {
        if (!push(OTHER))
            freeze_saw(FREEZE_FULL);
        if (pop() == STRAIT_RING_PENDING)
            freeze_saw(FREEZE_PENDING);
    }
    if (push_all(OTHER) != CAPACITY)
        freeze_saw(FREEZE_FULL);
    freeze_check(pop() == STRAIT_RING_DONE, "a full ring gave nothing");
}

static void
finish_pop(void)
{
    size_t i;

    if (answer == STRAIT_RING_DONE)
        for (i = 0; i < n_done; i++)
            take_some_time(values[i]);
    else
        freeze_check(was_empty, "nothing, but it was not empty");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING, but nobody pushes");
    freeze_check(push_all(OTHER) == CAPACITY, "places were lost");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING, but nobody pushes");
}

/* ------------------------------------------------------------ arm and close */

static void
operate_arm(void)
{
    truth = strait_ring_arm(&ring);
}

static void
operate_close(void)
{
    truth = strait_ring_close(&ring);
}

/* Each arming is answered by one WAKE, by now or by the next push. */
static void
finish_arm(void)
{
    bool armed = (strait_load_rlx(&ring.producer_) & STRAIT_RING_ARMED_) != 0;

    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING, but nobody pushes");
    freeze_check(!armed || truth || was_armed, "armed, but said it was not");
    if (was_armed)
        freeze_check(n_owed == 1, "the earlier arming was lost");
    else
        freeze_check(
            n_owed + armed == truth, "the arming was lost, or was two");
    n_owed = 0;
    freeze_check(push(OTHER) && n_owed == armed, "the arming was lost");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING, but nobody pushes");
}

/* Leaves the ring empty, so that the subject may arm it yet. */
static void
others_of_arm(void)
{
    others_push_and_pop();
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING for nothing");
}

static void
finish_arm_refused(void)
{
    freeze_check(!truth, "armed although it is closed");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING, but nobody pushes");
}

static void
others_of_close(void)
{
    bool closed = strait_ring_is_closed(&ring);
    unsigned n = push_all(OTHER);

    freeze_check(n == (closed ? 0 : CAPACITY - 2), "the close was not exact");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING for nothing");
    freeze_check(push(OTHER) == !closed, "the close was not exact");
}

static void
finish_close(void)
{
    freeze_check(truth, "closed by somebody else");
    freeze_check(!push(OTHER), "a push after the close");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING, but nobody pushes");
}

static void
finish_close_again(void)
{
    freeze_check(!truth, "closed twice");
    freeze_check(pop_all() == STRAIT_RING_EMPTY, "PENDING, but nobody pushes");
}

/* ------------------------------------------------------------------- cases */

#define HIDES "hides until it goes on, fills up"
#define HIDES_AND_OWES "hides until it goes on; owes the wake"
#define DELAYS_NOBODY "delays nobody"

#define CASE(of, st, text, set, win, oth, fin)                                 \
    {                                                                          \
        .operation = "ring " #of, .state = (st), .contract = (text),           \
        .setup = (set), .operate = operate_##of, .window = (win),              \
        .others = (oth), .finish = (fin)                                       \
    }
#define PUSH_CASE(st, text, set)                                               \
    CASE(push, st, text, set, push_window, others_of_push, finish_push)
#define POP_CASE(of, st, set)                                                  \
    CASE(of, st, DELAYS_NOBODY, set, NULL, others_push_and_pop, finish_pop)
#define ALONE_CASE(of, st, set)                                                \
    CASE(of, st, DELAYS_NOBODY, set, NULL, others_of_pop_alone, finish_pop)

const struct freeze_case freeze_ring_cases[] = {
    PUSH_CASE("empty", HIDES, be_empty),
    PUSH_CASE("two inside", HIDES, hold_two),
    PUSH_CASE("last place", HIDES, hold_three),
    PUSH_CASE("armed", HIDES_AND_OWES, be_armed),
    CASE(push_n, "three into empty", HIDES, three_into_empty, push_window,
        others_of_push, finish_push),
    CASE(push_n, "three, room for two", HIDES, three_into_two, push_window,
        others_of_push, finish_push),
    CASE(push_n, "three into armed", HIDES_AND_OWES, three_into_armed,
        push_window, others_of_push, finish_push),
    CASE(push, "full", DELAYS_NOBODY, be_full, NULL, others_of_push_full,
        finish_push_full),
    CASE(push, "closed", DELAYS_NOBODY, be_closed, NULL, others_of_push_closed,
        finish_push_closed),
    POP_CASE(pop, "empty", be_empty),
    POP_CASE(pop, "one inside", hold_one),
    POP_CASE(pop, "two inside", hold_two),
    POP_CASE(pop, "full", be_full),
    POP_CASE(pop_n, "empty", be_empty),
    POP_CASE(pop_n, "three wanted of two", three_of_two),
    POP_CASE(pop_n, "three wanted of four", three_of_four),
    POP_CASE(pop_strong, "empty", be_empty),
    POP_CASE(pop_strong, "one inside", hold_one),
    ALONE_CASE(pop_alone, "empty", be_empty),
    ALONE_CASE(pop_alone, "two inside", hold_two),
    ALONE_CASE(pop_n_alone, "three wanted of two", three_of_two),
    ALONE_CASE(pop_n_alone, "three wanted of four", three_of_four),
    CASE(
        arm, "empty", DELAYS_NOBODY, be_empty, NULL, others_of_arm, finish_arm),
    CASE(
        arm, "armed", DELAYS_NOBODY, be_armed, NULL, others_of_arm, finish_arm),
    CASE(arm, "closed", DELAYS_NOBODY, be_closed, NULL, others_of_push_closed,
        finish_arm_refused),
    CASE(close, "two inside", DELAYS_NOBODY, hold_two, NULL, others_of_close,
        finish_close),
    CASE(close, "closed", DELAYS_NOBODY, be_closed, NULL, others_of_push_closed,
        finish_close_again),
    { .operation = NULL },
};
