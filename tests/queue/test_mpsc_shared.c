/* SPDX-License-Identifier: MIT */
/*
 * test_mpsc_shared.c - references to an mpsc queue and its end, in one thread:
 * who is told that he is the last, what is discarded then, what comes too late,
 * and long random histories against counts and an array.
 */
#include <errno.h>
#include <strait/mpsc_shared.h>

#include "rng.h"
#include "unit.h"

#define N_NODES 64

static strait_mpsc_shared_t shared;
static strait_mpsc_node_t nodes[N_NODES];

/* What was discarded, in order. */
static int discarded[N_NODES];
static int n_discarded;
static int argument;

static void
discard(strait_mpsc_node_t *node, void *arg)
{
    cr_assert(arg == &argument, "discard got another argument");
    cr_assert(n_discarded < N_NODES, "more discarded than there are");
    discarded[n_discarded++] = (int)(node - nodes);
}

static void
set_up(void)
{
    n_discarded = 0;
    cr_assert(strait_mpsc_shared_init(&shared, discard, &argument) == 0);
}

TestSuite(mpsc_shared, .init = set_up, .timeout = 20);

static void
push(int number)
{
    cr_assert(!strait_mpsc_push(&shared.queue, &nodes[number]));
}

/* The number of the node that is popped, or -1. */
static int
pop_number(void)
{
    strait_mpsc_node_t *node = NULL;
    int answer = strait_mpsc_pop(&shared.queue, &node);

    if (answer != STRAIT_MPSC_ITEM) {
        check_int(answer, STRAIT_MPSC_EMPTY);
        return -1;
    }
    return (int)(node - nodes);
}

Test(mpsc_shared, refuses_bad_arguments)
{
    strait_mpsc_shared_t other;

    check_err(strait_mpsc_shared_init(NULL, discard, NULL), -EINVAL);
    check_err(strait_mpsc_shared_init(&other, NULL, NULL), -EINVAL);
    check_err(strait_mpsc_shared_init(NULL, NULL, NULL), -EINVAL);
    check_err(strait_mpsc_shared_open(NULL), -EINVAL);
    check_err(strait_mpsc_shared_release(NULL), -EINVAL);
    check_err(strait_mpsc_shared_close(NULL), -EINVAL);
}

Test(mpsc_shared, refuses_memory_below_its_alignment)
{
    strait_mpsc_shared_t two[2];

    check_err(
        strait_mpsc_shared_init((void *)((char *)two + 4), discard, &argument),
        -EINVAL);
    check_err(
        strait_mpsc_shared_init((void *)((char *)two + 1), discard, &argument),
        -EINVAL);
}

Test(mpsc_shared, a_new_queue_is_open_and_empty)
{
    cr_assert(!strait_mpsc_shared_is_closed(&shared));
    cr_assert(strait_mpsc_is_empty(&shared.queue));
    check_int(pop_number(), -1);
}

Test(mpsc_shared, a_consumer_alone_is_the_last)
{
    check_int(strait_mpsc_shared_close(&shared), 1);
    cr_assert(strait_mpsc_shared_is_closed(&shared));
    check_int(n_discarded, 0);
}

Test(mpsc_shared, static_initialiser_makes_the_same_queue)
{
    static strait_mpsc_shared_t fresh = STRAIT_MPSC_SHARED_INIT(
        fresh, discard, &argument);

    cr_assert(!strait_mpsc_shared_is_closed(&fresh));
    check_err(strait_mpsc_shared_open(&fresh), 0);
    cr_assert(!strait_mpsc_push(&fresh.queue, &nodes[3]));
    check_int(strait_mpsc_shared_close(&fresh), 0);
    check_int(strait_mpsc_shared_release(&fresh), 1);
    check_int(n_discarded, 1);
    check_int(discarded[0], 3);
}

Test(mpsc_shared, the_consumer_is_the_last_when_all_producers_have_gone)
{
    check_err(strait_mpsc_shared_open(&shared), 0);
    check_err(strait_mpsc_shared_open(&shared), 0);
    push(0);
    check_int(strait_mpsc_shared_release(&shared), 0);
    push(1);
    push(2);
    check_int(strait_mpsc_shared_release(&shared), 0);
    check_int(pop_number(), 0);
    check_int(n_discarded, 0);
    check_int(strait_mpsc_shared_close(&shared), 1);
    check_int(n_discarded, 2);
    check_int(discarded[0], 1);
    check_int(discarded[1], 2);
}

Test(mpsc_shared, the_last_producer_is_the_last_when_the_consumer_has_gone)
{
    check_err(strait_mpsc_shared_open(&shared), 0);
    check_err(strait_mpsc_shared_open(&shared), 0);
    push(0);
    push(1);
    check_int(pop_number(), 0);
    check_int(strait_mpsc_shared_close(&shared), 0);
    check_int(strait_mpsc_shared_release(&shared), 0);
    check_int(n_discarded, 0);
    check_int(strait_mpsc_shared_release(&shared), 1);
    check_int(n_discarded, 1);
    check_int(discarded[0], 1);
}

Test(mpsc_shared, a_push_after_the_close_is_accepted_and_discarded)
{
    check_err(strait_mpsc_shared_open(&shared), 0);
    push(0);
    check_int(strait_mpsc_shared_close(&shared), 0);
    cr_assert(strait_mpsc_shared_is_closed(&shared));
    push(1);
    strait_mpsc_link(&nodes[2], &nodes[3]);
    cr_assert(!strait_mpsc_push_chain(&shared.queue, &nodes[2], &nodes[3]));
    check_int(strait_mpsc_shared_release(&shared), 1);
    check_int(n_discarded, 4);
    for (int i = 0; i < 4; i++)
        check_int(discarded[i], i);
}

Test(mpsc_shared, open_after_the_close_is_refused_and_counts_for_nothing)
{
    check_err(strait_mpsc_shared_open(&shared), 0);
    check_int(strait_mpsc_shared_close(&shared), 0);
    check_err(strait_mpsc_shared_open(&shared), -ESHUTDOWN);
    check_err(strait_mpsc_shared_open(&shared), -ESHUTDOWN);
    check_int(strait_mpsc_shared_release(&shared), 1);
}

Test(mpsc_shared, close_twice_says_so_and_counts_once)
{
    check_err(strait_mpsc_shared_open(&shared), 0);
    check_err(strait_mpsc_shared_open(&shared), 0);
    check_int(strait_mpsc_shared_close(&shared), 0);
    check_err(strait_mpsc_shared_close(&shared), -ESHUTDOWN);
    check_int(strait_mpsc_shared_release(&shared), 0);
    check_err(strait_mpsc_shared_close(&shared), -ESHUTDOWN);
    check_int(strait_mpsc_shared_release(&shared), 1);
}

Test(mpsc_shared, what_was_popped_half_way_is_not_discarded)
{
    int i;

    check_err(strait_mpsc_shared_open(&shared), 0);
    for (i = 0; i < 6; i++)
        push(i);
    check_int(pop_number(), 0); /* now a node, no dummy, is in front */
    check_int(strait_mpsc_shared_close(&shared), 0);
    check_int(strait_mpsc_shared_release(&shared), 1);
    check_int(n_discarded, 5);
    for (i = 0; i < 5; i++)
        check_int(discarded[i], i + 1);
}

Test(mpsc_shared, close_after_a_sleep_that_a_push_has_ended)
{
    check_err(strait_mpsc_shared_open(&shared), 0);
    cr_assert(strait_mpsc_arm(&shared.queue));
    cr_assert(strait_mpsc_push(&shared.queue, &nodes[0]));
    cr_assert(!strait_mpsc_disarm(&shared.queue));
    check_int(strait_mpsc_shared_close(&shared), 0);
    push(1);
    check_int(strait_mpsc_shared_release(&shared), 1);
    check_int(n_discarded, 2);
}

Test(mpsc_shared, after_a_disarm_nobody_owes_a_wake)
{
    check_err(strait_mpsc_shared_open(&shared), 0);
    cr_assert(strait_mpsc_arm(&shared.queue));
    cr_assert(strait_mpsc_disarm(&shared.queue));
    check_int(strait_mpsc_shared_close(&shared), 0);
    push(0);
    check_int(strait_mpsc_shared_release(&shared), 1);
    check_int(n_discarded, 1);
}

Test(mpsc_shared, the_memory_of_the_last_can_be_used_again)
{
    int i;

    for (i = 0; i < 100; i++) {
        set_up();
        check_err(strait_mpsc_shared_open(&shared), 0);
        push(i % N_NODES);
        if (i % 2 == 0) {
            check_int(strait_mpsc_shared_close(&shared), 0);
            check_int(strait_mpsc_shared_release(&shared), 1);
        } else {
            check_int(strait_mpsc_shared_release(&shared), 0);
            check_int(strait_mpsc_shared_close(&shared), 1);
        }
        check_int(n_discarded, 1);
        check_int(discarded[0], i % N_NODES);
    }
}

/* -------------------------------------------- random histories, an oracle */

struct oracle {
    int items[N_NODES]; /* numbers of the queued nodes, oldest first */
    int n;
    int n_references; /* of producers */
    int next;         /* the node that is pushed next */
    bool closed;
};

/* One step; true if somebody was told to be the last. */
static bool
random_step(struct oracle *oracle, struct rng *rng)
{
    int holders = oracle->n_references + !oracle->closed;

    switch (rng_below(rng, 8)) {
    case 0:
    case 1:
        check_err(
            strait_mpsc_shared_open(&shared), oracle->closed ? -ESHUTDOWN : 0);
        oracle->n_references += !oracle->closed;
        break;
    case 2:
        if (oracle->n_references == 0)
            break;
        check_int(strait_mpsc_shared_release(&shared), holders == 1);
        oracle->n_references--;
        return holders == 1;
    case 3:
        if (!rng_one_in(rng, 6))
            break;
        check_int(strait_mpsc_shared_close(&shared),
            oracle->closed ? -ESHUTDOWN : holders == 1);
        oracle->closed = true;
        return oracle->n_references == 0;
    case 4:
        if (oracle->closed)
            break;
        check_int(pop_number(), oracle->n > 0 ? oracle->items[0] : -1);
        if (oracle->n == 0)
            break;
        oracle->n--;
        memmove(oracle->items, oracle->items + 1,
            (size_t)oracle->n * sizeof oracle->items[0]);
        break;
    default:
        if (oracle->n_references == 0 || oracle->next == N_NODES)
            break;
        push(oracle->next);
        oracle->items[oracle->n++] = oracle->next++;
        break;
    }
    check_int(strait_mpsc_shared_is_closed(&shared), oracle->closed);
    check_int(n_discarded, 0);
    return false;
}

Test(mpsc_shared, random_histories_agree_with_counts, .timeout = 60)
{
    uint64_t seed = test_seed("queue.mpsc_shared", 1);
    int history;

    for (history = 0; history < 4000; history++) {
        struct rng rng = rng_make(seed, (uint64_t)history);
        struct oracle oracle = { .n = 0 };
        int i;

        set_up();
        for (i = 0; i < 10000 && !random_step(&oracle, &rng); i++) {}
        cr_assert(i < 10000, "a history without an end");
        check_int(n_discarded, oracle.n);
        for (i = 0; i < oracle.n; i++)
            check_int(discarded[i], oracle.items[i]);
    }
}
