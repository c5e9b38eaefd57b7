/* SPDX-License-Identifier: MIT */
/*
 * cases_spsc.c - every operation of strait/spsc.h, frozen, with room for four.
 * One party is the subject, the other one the rest of the world: it must find
 * FULL and EMPTY exactly where the positions are.
 */
#include <strait/spsc.h>

#include "freeze.h"

enum { BEFORE, SUBJECT, OTHER };

#define CAPACITY 4

static strait_spsc_t q;
static void *slots[CAPACITY];
static unsigned n_in[FREEZE_PRODUCERS];
static int answer;
static void *popped;
static size_t at;
static size_t n;
static bool was_closed;
static unsigned n_inside; /* before the operation */

/* A value is its producer and its number. */
static void *
value_of(unsigned producer, unsigned number)
{
    return (void *)(uintptr_t)(1000 * producer + number + 1);
}

static bool
push(unsigned producer)
{
    if (strait_spsc_push(&q, value_of(producer, n_in[producer])) !=
        STRAIT_SPSC_DONE)
        return false;
    freeze_came_in(producer, n_in[producer]++);
    return true;
}

static void
take(void *value)
{
    unsigned number = (unsigned)(uintptr_t)value - 1;

    freeze_came_out(number / 1000, number % 1000);
}

static int
pop_all(void)
{
    void *value;
    int end;

    while ((end = strait_spsc_pop(&q, &value)) == STRAIT_SPSC_DONE)
        take(value);
    return end;
}

static void
hold(unsigned n_values)
{
    freeze_check(strait_spsc_init(&q, slots, CAPACITY) == 0, "init failed");
    n_in[BEFORE] = n_in[SUBJECT] = n_in[OTHER] = 0;
    while (push(BEFORE)) {}
    freeze_check(pop_all() == STRAIT_SPSC_EMPTY, "the first round went wrong");
    n_inside = n_values;
    while (n_values-- != 0)
        push(BEFORE);
    answer = STRAIT_SPSC_EMPTY;
    was_closed = false;
}

static void
be_empty(void)
{
    hold(0);
}

static void
hold_two(void)
{
    hold(2);
}

static void
be_full(void)
{
    hold(CAPACITY);
}

static void
be_closed(void)
{
    hold(2);
    freeze_check(strait_spsc_close(&q), "it was closed already");
    was_closed = true;
}

/* Two places are filled, and to be committed. */
static void
fill_two(void)
{
    hold(1);
    n = strait_spsc_reserve(&q, 2, &at);
    freeze_check(n == 2, "no room in a queue of one");
    slots[at] = value_of(SUBJECT, 0);
    slots[at + 1] = value_of(SUBJECT, 1);
}

/* Two places are read, and to be released. */
static void
read_two(void)
{
    hold(3);
    n = strait_spsc_peek(&q, 2, &at);
    freeze_check(n == 2, "nothing in a queue of three");
    take(slots[at]);
    take(slots[at + 1]);
}

/* ------------------------------------------------------ a frozen producer */

static void
operate_push(void)
{
    answer = strait_spsc_push(&q, value_of(SUBJECT, 0));
}

static void
operate_reserve(void)
{
    n = strait_spsc_reserve(&q, 2, &at);
}

static void
operate_commit(void)
{
    strait_spsc_commit(&q, 2);
}

static void
operate_close(void)
{
    answer = strait_spsc_close(&q);
}

static void
others_pop(void)
{
    size_t length = strait_spsc_length(&q);
    void *value;
    size_t i;
    int end;

    for (i = 0; i < length; i++) {
        if (strait_spsc_pop(&q, &value) != STRAIT_SPSC_DONE) {
            freeze_complain("EMPTY was not exact");
            return;
        }
        take(value);
    }
    end = strait_spsc_pop(&q, &value);
    freeze_check(end == STRAIT_SPSC_EMPTY || end == STRAIT_SPSC_CLOSED,
        "more came out than there was");
    freeze_check((end == STRAIT_SPSC_CLOSED) == strait_spsc_is_ended(&q),
        "pop and is_ended differ");
}

static void
finish_push(void)
{
    if (answer == STRAIT_SPSC_DONE)
        freeze_came_in(SUBJECT, 0);
    else if (was_closed)
        freeze_check(answer == STRAIT_SPSC_CLOSED, "a push after the close");
    else
        freeze_check(answer == STRAIT_SPSC_FULL && n_inside == CAPACITY,
            "FULL although there was a place");
    freeze_check(
        pop_all() == (was_closed ? STRAIT_SPSC_CLOSED : STRAIT_SPSC_EMPTY),
        "the end is another one");
}

static void
finish_reserve(void)
{
    freeze_check(n >= 1 || n_inside == CAPACITY, "no place, but there was");
    freeze_check(pop_all() == STRAIT_SPSC_EMPTY, "closed by nobody");
}

static void
finish_commit(void)
{
    freeze_came_in(SUBJECT, 0);
    freeze_came_in(SUBJECT, 1);
    freeze_check(pop_all() == STRAIT_SPSC_EMPTY, "closed by nobody");
}

static void
finish_close(void)
{
    freeze_check(answer == 1, "closed by somebody else");
    freeze_check(!push(OTHER), "a push after the close");
    freeze_check(pop_all() == STRAIT_SPSC_CLOSED, "it is not closed");
}

/* ------------------------------------------------------ a frozen consumer */

static void
operate_pop(void)
{
    answer = strait_spsc_pop(&q, &popped);
}

static void
operate_peek(void)
{
    n = strait_spsc_peek(&q, 2, &at);
}

static void
operate_release(void)
{
    strait_spsc_release(&q, 2);
}

static void
others_push(void)
{
    size_t room = CAPACITY - strait_spsc_length(&q);

    if (was_closed)
        room = 0;
    while (room-- != 0)
        freeze_check(push(OTHER), "FULL was not exact");
    freeze_check(!push(OTHER), "pushed into a full or closed queue");
}

static void
finish_pop(void)
{
    if (answer == STRAIT_SPSC_DONE)
        take(popped);
    else
        freeze_check(n_inside == 0, "nothing, but it was not empty");
    freeze_check(
        pop_all() == (was_closed ? STRAIT_SPSC_CLOSED : STRAIT_SPSC_EMPTY),
        "the end is another one");
}

static void
finish_peek(void)
{
    freeze_check(n >= 1 || n_inside == 0, "nothing, but it was not empty");
    freeze_check(pop_all() == STRAIT_SPSC_EMPTY, "closed by nobody");
}

#define CASE(of, st, set, oth, fin)                                            \
    {                                                                          \
        .operation = "spsc " #of, .state = (st), .contract = "delays nobody",  \
        .setup = (set), .operate = operate_##of, .others = (oth),              \
        .finish = (fin)                                                        \
    }

const struct freeze_case freeze_spsc_cases[] = {
    CASE(push, "empty", be_empty, others_pop, finish_push),
    CASE(push, "two inside", hold_two, others_pop, finish_push),
    CASE(push, "full", be_full, others_pop, finish_push),
    CASE(push, "closed", be_closed, others_pop, finish_push),
    CASE(reserve, "two inside", hold_two, others_pop, finish_reserve),
    CASE(reserve, "full", be_full, others_pop, finish_reserve),
    CASE(commit, "of two", fill_two, others_pop, finish_commit),
    CASE(close, "two inside", hold_two, others_pop, finish_close),
    CASE(pop, "empty", be_empty, others_push, finish_pop),
    CASE(pop, "two inside", hold_two, others_push, finish_pop),
    CASE(pop, "closed", be_closed, others_push, finish_pop),
    CASE(peek, "empty", be_empty, others_push, finish_peek),
    CASE(peek, "two inside", hold_two, others_push, finish_peek),
    CASE(release, "two of three", read_two, others_push, finish_peek),
    { .operation = NULL },
};
