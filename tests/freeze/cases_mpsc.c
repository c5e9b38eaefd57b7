/* SPDX-License-Identifier: MIT */
/*
 * cases_mpsc.c - every operation of strait/mpsc.h, frozen.
 *
 * Producers: 0 pushed before, 1 is the subject where it pushes, 2 is the
 * others.
 */
#include <strait/mpsc.h>

#include "freeze.h"

enum { BEFORE, SUBJECT, OTHER };

struct item {
    strait_mpsc_node_t node;
    unsigned producer;
    unsigned number;
};

static strait_mpsc_t q;
static struct item items[FREEZE_PRODUCERS][FREEZE_ITEMS];
static unsigned n_items[FREEZE_PRODUCERS];
static unsigned n_owed; /* pushes of the others that answered true */

/* What the subject's operation met and answered. */
static strait_mpsc_node_t *predecessor; /* whom its chain will follow */
static struct item *first_of_chain;
static struct item *last_of_chain;
static bool was_armed;
static bool answer;
static bool expected; /* the answer that is right */
static int pop_answer;
static strait_mpsc_node_t *popped;
static strait_mpsc_node_t *last_popped;
static size_t n_popped;

static struct item *
next_item(unsigned producer)
{
    struct item *item = &items[producer][n_items[producer]];

    item->producer = producer;
    item->number = n_items[producer]++;
    freeze_came_in(producer, item->number);
    return item;
}

static void
push(unsigned producer)
{
    n_owed += strait_mpsc_push(&q, &next_item(producer)->node);
}

static void
take(strait_mpsc_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    freeze_came_out(item->producer, item->number);
}

/* Pops until there is nothing more; answers what ended it. */
static int
pop_all(void)
{
    strait_mpsc_node_t *node;
    int end;

    while ((end = strait_mpsc_pop(&q, &node)) == STRAIT_MPSC_ITEM)
        take(node);
    return end;
}

/* ------------------------------------------------------------------ states */

static void
clear(void)
{
    strait_mpsc_init(&q);
    n_items[BEFORE] = n_items[SUBJECT] = n_items[OTHER] = 0;
    n_owed = 0;
    was_armed = false;
    popped = NULL;
    predecessor = &q.stub_;
}

/* The subject will push a chain of n. */
static void
prepare_chain(unsigned n)
{
    first_of_chain = last_of_chain = next_item(SUBJECT);
    while (--n != 0) {
        struct item *item = next_item(SUBJECT);

        strait_mpsc_link(&last_of_chain->node, &item->node);
        last_of_chain = item;
    }
}

static void
push_into_empty(void)
{
    clear();
    prepare_chain(1);
}

static void
push_behind_one(void)
{
    clear();
    push(BEFORE);
    predecessor = &items[BEFORE][0].node;
    prepare_chain(1);
}

static void
push_into_armed(void)
{
    clear();
    was_armed = strait_mpsc_arm(&q);
    freeze_check(was_armed, "an empty queue could not be armed");
    predecessor = &q.armed_;
    prepare_chain(1);
}

static void
chain_into_empty(void)
{
    clear();
    prepare_chain(3);
}

static void
chain_into_armed(void)
{
    push_into_armed();
    n_items[SUBJECT] = 0;
    prepare_chain(3);
}

static void
be_empty(void)
{
    clear();
}

static void
be_armed(void)
{
    clear();
    was_armed = strait_mpsc_arm(&q);
    freeze_check(was_armed, "an empty queue could not be armed");
}

static void
hold_one(void)
{
    clear();
    push(BEFORE);
}

static void
hold_three(void)
{
    clear();
    push(BEFORE);
    push(BEFORE);
    push(BEFORE);
}

/* The consumer's cursor is on the node itself, no longer on a dummy. */
static void
hold_one_of_two(void)
{
    strait_mpsc_node_t *node;

    clear();
    push(BEFORE);
    push(BEFORE);
    if (strait_mpsc_pop(&q, &node) == STRAIT_MPSC_ITEM)
        take(node);
    else
        freeze_complain("the first of two nodes could not be popped");
}

/* ---------------------------------------------------------- a frozen push */

static void
operate_push(void)
{
    answer = strait_mpsc_push(&q, &first_of_chain->node);
}

static void
operate_push_chain(void)
{
    answer = strait_mpsc_push_chain(
        &q, &first_of_chain->node, &last_of_chain->node);
}

static bool
has_exchanged(void)
{
    return strait_load_rlx(&q.tail_) == &last_of_chain->node;
}

/* Between its exchange and its link it hides nodes; from the exchange on, if
 * the consumer slept, it owes the wake. */
static unsigned
push_window(void)
{
    unsigned what = 0;

    if (has_exchanged()) {
        if (strait_load_rlx(&predecessor->next_) == NULL)
            what |= FREEZE_PENDING;
        if (was_armed)
            what |= FREEZE_OWED;
    }
    return what;
}

static void
others_of_push(void)
{
    bool exchanged = has_exchanged();
    bool gap = (push_window() & FREEZE_PENDING) != 0;
    int end;

    expected = exchanged && was_armed;
    push(OTHER);
    push(OTHER);
    if (was_armed && !exchanged)
        freeze_check(n_owed == 1, "no push took the arming");
    else
        freeze_check(n_owed == 0, "a push took an arming that was not there");
    if (was_armed && exchanged) {
        /* The consumer sleeps; it gets on only because it wakes for another
         * reason, and is told then that a wake is still to come. */
        freeze_saw(FREEZE_OWED);
        freeze_check(!strait_mpsc_disarm(&q), "an arming was there twice");
    }
    end = pop_all();
    /* In front of everything pop calls a gap EMPTY, but is_empty does not. */
    if (end == STRAIT_MPSC_PENDING || !strait_mpsc_is_empty(&q)) {
        freeze_saw(FREEZE_PENDING);
        freeze_check(!strait_mpsc_is_empty(&q), "is_empty although pending");
        freeze_check(!strait_mpsc_arm(&q), "armed although pending");
        push(OTHER);
        freeze_check(
            pop_all() == end, "something came out from behind the gap");
        freeze_check(!strait_mpsc_is_empty(&q), "it went through the gap");
        return;
    }
    freeze_check(!gap, "empty in the gap");
    /* Nothing is in the way: the consumer may go to sleep, and whoever comes
     * next owes the wake: the subject, if it has not pushed yet. */
    n_owed = 0;
    freeze_check(strait_mpsc_arm(&q), "an empty queue could not be armed");
    if (exchanged) {
        push(OTHER);
        freeze_check(n_owed == 1, "no push took the arming");
    } else {
        expected = true;
    }
}

static void
finish_push(void)
{
    freeze_check(answer == expected, "the wake is owed by the wrong push");
    freeze_check(pop_all() == STRAIT_MPSC_EMPTY, "PENDING, but nobody pushes");
    freeze_check(strait_mpsc_arm(&q), "an empty queue could not be armed");
    push(OTHER);
    freeze_check(pop_all() == STRAIT_MPSC_EMPTY, "PENDING, but nobody pushes");
}

/* ------------------------------------------------------ a frozen consumer */

static void
operate_pop(void)
{
    pop_answer = strait_mpsc_pop(&q, &popped);
}

static void
operate_pop_chain(void)
{
    pop_answer = strait_mpsc_pop_chain(
        &q, 16, &popped, &last_popped, &n_popped);
}

static void
operate_arm(void)
{
    answer = strait_mpsc_arm(&q);
}

static void
operate_disarm(void)
{
    answer = strait_mpsc_disarm(&q);
}

/* Producers notice nothing of the consumer. */
static void
others_push(void)
{
    push(OTHER);
    push(OTHER);
    push(OTHER);
}

static void
finish_pop(void)
{
    freeze_check(n_owed == was_armed, "the wrong number of wakes is owed");
    if (pop_answer == STRAIT_MPSC_ITEM)
        take(popped);
    freeze_check(pop_all() == STRAIT_MPSC_EMPTY, "PENDING, but nobody pushes");
}

static void
finish_pop_chain(void)
{
    freeze_check(n_owed == was_armed, "the wrong number of wakes is owed");
    if (pop_answer == STRAIT_MPSC_ITEM) {
        strait_mpsc_node_t *node = popped;

        while (n_popped-- != 0 && node != NULL) {
            take(node);
            if (n_popped == 0)
                freeze_check(node == last_popped && !strait_mpsc_next(node),
                    "the chain does not end where it says");
            node = strait_mpsc_next(node);
        }
    }
    freeze_check(pop_all() == STRAIT_MPSC_EMPTY, "PENDING, but nobody pushes");
}

/* Armed before the pushes came, or refused. */
static void
finish_arm(void)
{
    if (was_armed)
        freeze_check(n_owed == 1, "no push took the arming");
    else
        freeze_check(n_owed == answer, "wakes owed and armings differ");
    freeze_check(pop_all() == STRAIT_MPSC_EMPTY, "PENDING, but nobody pushes");
}

/* Refused from the start: the queue was not empty. */
static void
finish_arm_refused(void)
{
    freeze_check(!answer, "armed although a node was there");
    freeze_check(n_owed == 0, "a push took an arming that was not there");
    freeze_check(pop_all() == STRAIT_MPSC_EMPTY, "PENDING, but nobody pushes");
}

/* Taken back before the pushes came, or too late. */
static void
finish_disarm(void)
{
    freeze_check(n_owed + answer == 1, "an arming was lost, or was two");
    freeze_check(pop_all() == STRAIT_MPSC_EMPTY, "PENDING, but nobody pushes");
}

/* ------------------------------------------------------------------- cases */

#define HIDES "hides until it goes on"
#define HIDES_AND_OWES "hides until it goes on; owes the wake"
#define DELAYS_NOBODY "delays nobody"

#define PUSH_CASE(of, st, text, set)                                           \
    {                                                                          \
        .operation = "mpsc " #of, .state = (st), .contract = (text),           \
        .setup = (set), .operate = operate_##of, .window = push_window,        \
        .others = others_of_push, .finish = finish_push                        \
    }
#define CONSUMER_CASE(of, st, set, fin)                                        \
    {                                                                          \
        .operation = "mpsc " #of, .state = (st), .contract = DELAYS_NOBODY,    \
        .setup = (set), .operate = operate_##of, .others = others_push,        \
        .finish = (fin)                                                        \
    }

const struct freeze_case freeze_mpsc_cases[] = {
    PUSH_CASE(push, "empty", HIDES, push_into_empty),
    PUSH_CASE(push, "one node", HIDES, push_behind_one),
    PUSH_CASE(push, "armed", HIDES_AND_OWES, push_into_armed),
    PUSH_CASE(push_chain, "three into empty", HIDES, chain_into_empty),
    PUSH_CASE(push_chain, "three into armed", HIDES_AND_OWES, chain_into_armed),
    CONSUMER_CASE(pop, "empty", be_empty, finish_pop),
    CONSUMER_CASE(pop, "armed", be_armed, finish_pop),
    CONSUMER_CASE(pop, "one node", hold_one, finish_pop),
    CONSUMER_CASE(pop, "one node, no dummy", hold_one_of_two, finish_pop),
    CONSUMER_CASE(pop, "three nodes", hold_three, finish_pop),
    CONSUMER_CASE(pop_chain, "empty", be_empty, finish_pop_chain),
    CONSUMER_CASE(pop_chain, "one node", hold_one, finish_pop_chain),
    CONSUMER_CASE(pop_chain, "three nodes", hold_three, finish_pop_chain),
    CONSUMER_CASE(arm, "empty", be_empty, finish_arm),
    CONSUMER_CASE(arm, "armed", be_armed, finish_arm),
    CONSUMER_CASE(arm, "one node", hold_one, finish_arm_refused),
    CONSUMER_CASE(disarm, "armed", be_armed, finish_disarm),
    { .operation = NULL },
};
