/* SPDX-License-Identifier: MIT */
/*
 * test_mpsc.c - behaviour of the mpsc queue, one thread: order, chains in and
 * out, the two dummies in every state, answers while a push is stopped in its
 * gap, and long random histories against an array. Linked with the point seam,
 * through which a test acts in the middle of a push.
 */
#include <errno.h>
#include <strait/mpsc.h>

#include "at_point.h"
#include "rng.h"
#include "unit.h"

#define N_NODES 64

static strait_mpsc_t queue;
static strait_mpsc_node_t nodes[N_NODES];

static void
set_up(void)
{
    strait_mpsc_init(&queue);
    forget_points();
}

TestSuite(mpsc, .init = set_up, .timeout = 20);

/* The number of the node that is popped, or minus what pop answered. */
static int
pop_number(void)
{
    strait_mpsc_node_t *node = NULL;
    int answer = strait_mpsc_pop(&queue, &node);

    return answer == STRAIT_MPSC_ITEM ? (int)(node - nodes) : -1 - answer;
}

#define GOT_EMPTY (-1 - STRAIT_MPSC_EMPTY)
#define GOT_PENDING (-1 - STRAIT_MPSC_PENDING)

struct chain {
    strait_mpsc_node_t *first;
    strait_mpsc_node_t *last;
    size_t n;
};

#define CHAIN_UNTOUCHED                                                        \
    {                                                                          \
        &nodes[7], &nodes[8], 12345                                            \
    }

/* The length of the chain that is popped, or minus what pop_chain answered;
 * its two ends and its length agree with a walk along it. */
static int
pop_chain(size_t max, struct chain *chain)
{
    struct chain before = CHAIN_UNTOUCHED;
    strait_mpsc_node_t *node;
    size_t n = 1;
    int answer;

    *chain = before;
    answer = strait_mpsc_pop_chain(
        &queue, max, &chain->first, &chain->last, &chain->n);
    if (answer != STRAIT_MPSC_ITEM) {
        check_int(memcmp(chain, &before, sizeof before), 0);
        return -1 - answer;
    }
    for (node = chain->first; strait_mpsc_next(node) != NULL; n++)
        node = strait_mpsc_next(node);
    check_ptr(chain->last, node);
    check_int(chain->n, n);
    return (int)n;
}

static void
push_numbers(int first, int n)
{
    int i;

    for (i = 0; i < n; i++)
        cr_assert(!strait_mpsc_push(&queue, &nodes[first + i]));
}

Test(mpsc, new_queue_is_empty)
{
    strait_mpsc_node_t *node = &nodes[7];

    cr_assert(strait_mpsc_is_empty(&queue));
    check_int(strait_mpsc_pop(&queue, &node), STRAIT_MPSC_EMPTY);
    check_ptr(node, &nodes[7]);
}

Test(mpsc, static_initialiser_makes_the_same_queue)
{
    static strait_mpsc_t fresh = STRAIT_MPSC_INIT(fresh);
    strait_mpsc_node_t *node;

    cr_assert(strait_mpsc_is_empty(&fresh));
    cr_assert(strait_mpsc_arm(&fresh));
    cr_assert(strait_mpsc_push(&fresh, &nodes[0]));
    check_int(strait_mpsc_pop(&fresh, &node), STRAIT_MPSC_ITEM);
    check_ptr(node, &nodes[0]);
    check_int(strait_mpsc_pop(&fresh, &node), STRAIT_MPSC_EMPTY);
}

Test(mpsc, gives_nodes_in_the_order_of_pushes)
{
    int i;

    for (i = 0; i < N_NODES; i++) {
        cr_assert(!strait_mpsc_push(&queue, &nodes[i]));
        cr_assert(!strait_mpsc_is_empty(&queue));
    }
    for (i = 0; i < N_NODES; i++)
        check_int(pop_number(), i);
    check_int(pop_number(), GOT_EMPTY);
    cr_assert(strait_mpsc_is_empty(&queue));
}

Test(mpsc, one_at_a_time_many_times)
{
    int i;

    for (i = 0; i < 1000; i++) {
        cr_assert(!strait_mpsc_push(&queue, &nodes[i % N_NODES]));
        check_int(pop_number(), i % N_NODES);
        check_int(pop_number(), GOT_EMPTY);
    }
}

Test(mpsc, a_popped_node_can_be_pushed_at_once)
{
    int i;

    cr_assert(!strait_mpsc_push(&queue, &nodes[0]));
    cr_assert(!strait_mpsc_push(&queue, &nodes[1]));
    for (i = 0; i < 100; i++) {
        int n = pop_number();

        check_int(n, i % 2);
        cr_assert(!strait_mpsc_push(&queue, &nodes[n]));
    }
}

Test(mpsc, a_chain_comes_out_in_its_own_order)
{
    int i;

    for (i = 1; i < 5; i++)
        strait_mpsc_link(&nodes[i], &nodes[i + 1]);
    cr_assert(!strait_mpsc_push(&queue, &nodes[0]));
    cr_assert(!strait_mpsc_push_chain(&queue, &nodes[1], &nodes[5]));
    cr_assert(!strait_mpsc_push(&queue, &nodes[6]));
    for (i = 0; i < 7; i++)
        check_int(pop_number(), i);
    check_int(pop_number(), GOT_EMPTY);
}

Test(mpsc, a_chain_ends_at_its_last_node_whatever_that_pointed_to)
{
    strait_mpsc_link(&nodes[0], &nodes[1]);
    strait_mpsc_link(&nodes[1], &nodes[9]); /* left over from another life */
    cr_assert(!strait_mpsc_push_chain(&queue, &nodes[0], &nodes[1]));
    check_int(pop_number(), 0);
    check_int(pop_number(), 1);
    check_int(pop_number(), GOT_EMPTY);
}

Test(mpsc, a_chain_takes_the_armed_dummy_once)
{
    strait_mpsc_link(&nodes[0], &nodes[1]);
    cr_assert(strait_mpsc_arm(&queue));
    cr_assert(strait_mpsc_push_chain(&queue, &nodes[0], &nodes[1]));
    cr_assert(!strait_mpsc_push(&queue, &nodes[2]));
    check_int(pop_number(), 0);
    check_int(pop_number(), 1);
    check_int(pop_number(), 2);
}

Test(mpsc, refuses_bad_memory_and_touches_nothing)
{
    strait_mpsc_t before = queue;

    check_err(strait_mpsc_init(NULL), -EINVAL);
    check_err(strait_mpsc_init((void *)((char *)&queue + 4)), -EINVAL);
    check_err(strait_mpsc_init((void *)((char *)&queue + 1)), -EINVAL);
    check_int(memcmp(&before, &queue, sizeof queue), 0);
    check_err(strait_mpsc_init(&queue), 0);
}

/* -------------------------------------------------------- chains out of it */

Test(mpsc, an_empty_queue_gives_no_chain)
{
    struct chain chain;

    check_int(pop_chain(8, &chain), GOT_EMPTY);
    cr_assert(strait_mpsc_arm(&queue));
    check_int(pop_chain(8, &chain), GOT_EMPTY);
}

Test(mpsc, a_chain_is_at_most_as_long_as_asked)
{
    struct chain chain;

    push_numbers(0, 10);
    check_int(pop_chain(3, &chain), 3);
    check_ptr(chain.first, &nodes[0]);
    check_ptr(strait_mpsc_next(chain.first), &nodes[1]);
    check_ptr(chain.last, &nodes[2]);
    check_int(pop_chain(1, &chain), 1);
    check_ptr(chain.first, &nodes[3]);
    check_ptr(chain.last, &nodes[3]);
    check_int(pop_number(), 4);
    check_int(pop_chain(SIZE_MAX, &chain), 5);
    check_ptr(chain.first, &nodes[5]);
    check_ptr(chain.last, &nodes[9]);
    cr_assert(strait_mpsc_is_empty(&queue));
    check_int(pop_chain(SIZE_MAX, &chain), GOT_EMPTY);
}

Test(mpsc, a_chain_of_at_most_0_is_one_node)
{
    struct chain chain;

    push_numbers(0, 2);
    check_int(pop_chain(0, &chain), 1);
    check_ptr(chain.first, &nodes[0]);
    check_int(pop_number(), 1);
}

Test(mpsc, a_chain_of_all_there_is_leaves_an_empty_queue)
{
    struct chain chain;
    int n;

    for (n = 1; n < 8; n++) {
        push_numbers(0, n);
        check_int(pop_chain((size_t)n, &chain), n);
        cr_assert(strait_mpsc_is_empty(&queue));
        cr_assert(strait_mpsc_arm(&queue));
        cr_assert(strait_mpsc_push(&queue, &nodes[n]));
        check_int(pop_chain((size_t)n, &chain), 1);
        cr_assert(strait_mpsc_is_empty(&queue));
    }
}

Test(mpsc, a_popped_chain_can_be_pushed_as_it_is)
{
    struct chain chain;
    int i;

    push_numbers(0, 5);
    for (i = 0; i < 100; i++) {
        check_int(pop_chain(1 + (size_t)i % 4, &chain), 1 + i % 4);
        cr_assert(!strait_mpsc_push_chain(&queue, chain.first, chain.last));
    }
    for (i = 0; i < 5; i++)
        cr_assert(pop_number() >= 0);
    check_int(pop_number(), GOT_EMPTY);
}

Test(mpsc, a_popped_chain_carries_its_links_to_another_queue)
{
    static strait_mpsc_t other = STRAIT_MPSC_INIT(other);
    strait_mpsc_node_t *node;
    struct chain chain;
    int i;

    push_numbers(0, 6);
    check_int(pop_chain(4, &chain), 4);
    cr_assert(strait_mpsc_arm(&other));
    cr_assert(strait_mpsc_push_chain(&other, chain.first, chain.last));
    for (i = 0; i < 4; i++) {
        check_int(strait_mpsc_pop(&other, &node), STRAIT_MPSC_ITEM);
        check_ptr(node, &nodes[i]);
    }
    cr_assert(strait_mpsc_is_empty(&other));
    check_int(pop_number(), 4);
    check_int(pop_number(), 5);
}

Test(mpsc, next_goes_along_what_link_has_linked)
{
    strait_mpsc_link(&nodes[0], &nodes[1]);
    strait_mpsc_link(&nodes[1], NULL);
    check_ptr(strait_mpsc_next(&nodes[0]), &nodes[1]);
    check_ptr(strait_mpsc_next(&nodes[1]), NULL);
}

/* ------------------------------------------------------ arm and disarm */

Test(mpsc, the_first_push_after_arm_owes_the_wake)
{
    cr_assert(strait_mpsc_arm(&queue));
    cr_assert(strait_mpsc_is_empty(&queue));
    check_int(pop_number(), GOT_EMPTY);
    cr_assert(strait_mpsc_push(&queue, &nodes[0]));
    cr_assert(!strait_mpsc_push(&queue, &nodes[1]));
    check_int(pop_number(), 0);
    check_int(pop_number(), 1);
    check_int(pop_number(), GOT_EMPTY);
    /* Nothing of the arming is left. */
    cr_assert(!strait_mpsc_push(&queue, &nodes[2]));
    check_int(pop_number(), 2);
}

Test(mpsc, arm_twice_is_one_arming)
{
    cr_assert(strait_mpsc_arm(&queue));
    cr_assert(strait_mpsc_arm(&queue));
    cr_assert(strait_mpsc_push(&queue, &nodes[0]));
    cr_assert(!strait_mpsc_push(&queue, &nodes[1]));
}

Test(mpsc, arm_refuses_while_there_is_something)
{
    cr_assert(!strait_mpsc_push(&queue, &nodes[0]));
    cr_assert(!strait_mpsc_arm(&queue));
    cr_assert(!strait_mpsc_push(&queue, &nodes[1]));
    check_int(pop_number(), 0); /* now a node, no dummy, is in front */
    cr_assert(!strait_mpsc_arm(&queue));
    check_int(pop_number(), 1);
    cr_assert(strait_mpsc_arm(&queue));
    /* Taken by a push: not armed any more, and not empty. */
    cr_assert(strait_mpsc_push(&queue, &nodes[2]));
    cr_assert(!strait_mpsc_arm(&queue));
    check_int(pop_number(), 2);
    cr_assert(strait_mpsc_arm(&queue));
}

Test(mpsc, disarm_takes_the_announcement_back)
{
    cr_assert(strait_mpsc_arm(&queue));
    cr_assert(strait_mpsc_disarm(&queue));
    cr_assert(!strait_mpsc_push(&queue, &nodes[0]));
    check_int(pop_number(), 0);
    cr_assert(strait_mpsc_is_empty(&queue));
}

Test(mpsc, disarm_without_arm_is_fine)
{
    cr_assert(strait_mpsc_disarm(&queue));
    cr_assert(!strait_mpsc_push(&queue, &nodes[0]));
    cr_assert(strait_mpsc_disarm(&queue));
    check_int(pop_number(), 0);
    cr_assert(strait_mpsc_disarm(&queue));
}

Test(mpsc, disarm_says_when_a_wake_is_on_its_way)
{
    cr_assert(strait_mpsc_arm(&queue));
    cr_assert(strait_mpsc_push(&queue, &nodes[0]));
    cr_assert(!strait_mpsc_disarm(&queue));
    check_int(pop_number(), 0);
    /* The next arming is a new one. */
    cr_assert(strait_mpsc_arm(&queue));
    cr_assert(strait_mpsc_disarm(&queue));
}

Test(mpsc, many_sleeps)
{
    int i;

    for (i = 0; i < 1000; i++) {
        cr_assert(strait_mpsc_arm(&queue));
        if (i % 3 == 0)
            cr_assert(strait_mpsc_disarm(&queue));
        check_int(strait_mpsc_push(&queue, &nodes[0]), i % 3 != 0);
        cr_assert(!strait_mpsc_push(&queue, &nodes[1]));
        check_int(pop_number(), 0);
        check_int(pop_number(), 1);
        check_int(pop_number(), GOT_EMPTY);
    }
}

/* ------------------------------------------------- a push in its gap */

static int seen_in_gap[4];
static bool armed_in_gap;
static bool empty_in_gap;

static void
look(void)
{
    seen_in_gap[0] = pop_number();
    armed_in_gap = strait_mpsc_arm(&queue);
    empty_in_gap = strait_mpsc_is_empty(&queue);
}

/* To pop, which does not look at what producers write; arming knows better. */
Test(mpsc, the_first_push_in_its_gap_reads_as_empty)
{
    at_point("mpsc.push.gap", look);
    cr_assert(!strait_mpsc_push(&queue, &nodes[0]));
    check_int(n_points, 1);
    check_int(seen_in_gap[0], GOT_EMPTY);
    cr_assert(!armed_in_gap, "armed although something is about to appear");
    cr_assert(!empty_in_gap);
    check_int(pop_number(), 0);
    check_int(pop_number(), GOT_EMPTY);
}

Test(mpsc, the_node_before_a_gap_waits_too)
{
    cr_assert(!strait_mpsc_push(&queue, &nodes[0]));
    at_point("mpsc.push.gap", look);
    cr_assert(!strait_mpsc_push(&queue, &nodes[1]));
    check_int(seen_in_gap[0], GOT_PENDING);
    cr_assert(!armed_in_gap);
    check_int(pop_number(), 0);
    check_int(pop_number(), 1);
    check_int(pop_number(), GOT_EMPTY);
}

static void
take_two_and_look(void)
{
    seen_in_gap[0] = pop_number();
    seen_in_gap[1] = pop_number();
    seen_in_gap[2] = pop_number();
}

Test(mpsc, what_lies_well_before_a_gap_can_be_taken)
{
    cr_assert(!strait_mpsc_push(&queue, &nodes[0]));
    cr_assert(!strait_mpsc_push(&queue, &nodes[1]));
    at_point("mpsc.push.gap", take_two_and_look);
    cr_assert(!strait_mpsc_push(&queue, &nodes[2]));
    check_int(seen_in_gap[0], 0);
    check_int(seen_in_gap[1], GOT_PENDING);
    check_int(seen_in_gap[2], GOT_PENDING);
    check_int(pop_number(), 1);
    check_int(pop_number(), 2);
}

static struct chain chain_in_gap;
static int chain_1;
static int chain_2;

static void
take_chains(void)
{
    chain_1 = pop_chain(8, &chain_in_gap);
    seen_in_gap[0] = (int)(chain_in_gap.first - nodes);
    seen_in_gap[1] = (int)(chain_in_gap.last - nodes);
    chain_2 = pop_chain(8, &chain_in_gap);
}

/* The producer in the gap keeps the node before it; the chain ends earlier. */
Test(mpsc, a_chain_ends_well_before_a_gap)
{
    push_numbers(0, 4);
    at_point("mpsc.push.gap", take_chains);
    cr_assert(!strait_mpsc_push(&queue, &nodes[4]));
    check_int(chain_1, 3);
    check_int(seen_in_gap[0], 0);
    check_int(seen_in_gap[1], 2);
    check_int(chain_2, GOT_PENDING);
    check_int(pop_chain(8, &chain_in_gap), 2);
    check_ptr(chain_in_gap.first, &nodes[3]);
    check_int(pop_number(), GOT_EMPTY);
}

Test(mpsc, a_gap_right_at_the_front_gives_no_chain)
{
    at_point("mpsc.push.gap", take_chains);
    cr_assert(!strait_mpsc_push(&queue, &nodes[0]));
    check_int(chain_1, GOT_EMPTY);
    check_int(chain_2, GOT_EMPTY);
    push_numbers(1, 1);
    check_int(pop_chain(8, &chain_in_gap), 2);
}

static bool inner_owes;

static void
push_another(void)
{
    inner_owes = strait_mpsc_push(&queue, &nodes[1]);
    look();
}

Test(mpsc, a_finished_push_hides_behind_one_in_its_gap)
{
    at_point("mpsc.push.gap", push_another);
    cr_assert(!strait_mpsc_push(&queue, &nodes[0]));
    check_int(seen_in_gap[0], GOT_EMPTY);
    cr_assert(!armed_in_gap);
    cr_assert(!empty_in_gap);
    cr_assert(!inner_owes);
    check_int(pop_number(), 0);
    check_int(pop_number(), 1);
    check_int(pop_number(), GOT_EMPTY);
}

Test(mpsc, only_the_push_that_took_the_armed_dummy_owes_the_wake)
{
    cr_assert(strait_mpsc_arm(&queue));
    at_point("mpsc.push.gap", push_another);
    cr_assert(strait_mpsc_push(&queue, &nodes[0]));
    cr_assert(!inner_owes);
    check_int(seen_in_gap[0], GOT_EMPTY);
    cr_assert(!armed_in_gap);
    check_int(pop_number(), 0);
    check_int(pop_number(), 1);
}

static bool disarmed_in_gap;

static void
disarm_in_gap(void)
{
    disarmed_in_gap = strait_mpsc_disarm(&queue);
}

Test(mpsc, disarm_during_the_gap_knows_that_the_wake_comes)
{
    cr_assert(strait_mpsc_arm(&queue));
    at_point("mpsc.push.gap", disarm_in_gap);
    cr_assert(strait_mpsc_push(&queue, &nodes[0]));
    cr_assert(!disarmed_in_gap);
    check_int(pop_number(), 0);
}

static void
push_now(void)
{
    inner_owes = strait_mpsc_push(&queue, &nodes[3]);
}

Test(mpsc, arm_loses_against_a_push_that_comes_first)
{
    at_point("mpsc.arm", push_now);
    cr_assert(!strait_mpsc_arm(&queue));
    check_int(n_points, 1);
    cr_assert(!inner_owes);
    check_int(pop_number(), 3);
}

Test(mpsc, disarm_loses_against_a_push_that_comes_first)
{
    cr_assert(strait_mpsc_arm(&queue));
    at_point("mpsc.disarm", push_now);
    cr_assert(!strait_mpsc_disarm(&queue));
    check_int(n_points, 1);
    cr_assert(inner_owes);
    check_int(pop_number(), 3);
}

/* -------------------------------------------- random histories, an oracle */

struct oracle {
    int items[N_NODES]; /* numbers of the queued nodes, oldest first */
    int n;
    bool queued[N_NODES];
    bool announced; /* arm succeeded, and nobody has popped or disarmed yet */
    bool taken;     /* ... but a push has taken the announcement */
};

static int
free_node(const struct oracle *oracle, struct rng *rng)
{
    int n = (int)rng_below(rng, N_NODES);

    while (oracle->queued[n])
        n = (n + 1) % N_NODES;
    return n;
}

/* Pushes 1 to 4 nodes as one chain. */
static void
random_push(struct oracle *oracle, struct rng *rng)
{
    int length = 1 + (int)rng_below(rng, 4);
    bool owes = oracle->announced && !oracle->taken;
    strait_mpsc_node_t *first = NULL;
    strait_mpsc_node_t *last = NULL;
    int i;

    if (oracle->n + length > N_NODES)
        return;
    for (i = 0; i < length; i++) {
        int number = free_node(oracle, rng);

        oracle->queued[number] = true;
        oracle->items[oracle->n++] = number;
        if (last != NULL)
            strait_mpsc_link(last, &nodes[number]);
        else
            first = &nodes[number];
        last = &nodes[number];
    }
    if (length == 1)
        check_int(strait_mpsc_push(&queue, first), owes);
    else
        check_int(strait_mpsc_push_chain(&queue, first, last), owes);
    oracle->taken = oracle->taken || owes;
}

static void
random_pop(struct oracle *oracle)
{
    int number;

    if (oracle->n == 0) {
        check_int(pop_number(), GOT_EMPTY);
        return;
    }
    number = oracle->items[0];
    check_int(pop_number(), number);
    oracle->n--;
    memmove(oracle->items, oracle->items + 1,
        (size_t)oracle->n * sizeof oracle->items[0]);
    oracle->queued[number] = false;
    oracle->announced = false;
    oracle->taken = false;
}

/* Pops up to a few nodes as one chain; now and then pushes them as they are. */
static void
random_pop_chain(struct oracle *oracle, struct rng *rng)
{
    size_t max = rng_below(rng, 8);
    int n = max > 0 ? (int)max : 1;
    strait_mpsc_node_t *node;
    struct chain chain;
    int i;

    if (oracle->n == 0) {
        check_int(pop_chain(max, &chain), GOT_EMPTY);
        return;
    }
    n = n < oracle->n ? n : oracle->n;
    check_int(pop_chain(max, &chain), n);
    for (i = 0, node = chain.first; i < n; i++, node = strait_mpsc_next(node))
        check_ptr(node, &nodes[oracle->items[i]]);
    oracle->announced = false;
    oracle->taken = false;
    if (rng_one_in(rng, 3)) {
        int moved[8];

        memcpy(moved, oracle->items, (size_t)n * sizeof moved[0]);
        memmove(oracle->items, oracle->items + n,
            (size_t)(oracle->n - n) * sizeof moved[0]);
        memcpy(
            oracle->items + oracle->n - n, moved, (size_t)n * sizeof moved[0]);
        cr_assert(!strait_mpsc_push_chain(&queue, chain.first, chain.last));
        return;
    }
    for (i = 0; i < n; i++)
        oracle->queued[oracle->items[i]] = false;
    oracle->n -= n;
    memmove(oracle->items, oracle->items + n,
        (size_t)oracle->n * sizeof oracle->items[0]);
}

static void
random_arm(struct oracle *oracle)
{
    check_int(strait_mpsc_arm(&queue), oracle->n == 0);
    if (oracle->n == 0) {
        oracle->announced = true;
        oracle->taken = false;
    }
}

static void
random_disarm(struct oracle *oracle)
{
    check_int(strait_mpsc_disarm(&queue), !oracle->taken);
    if (!oracle->taken)
        oracle->announced = false;
}

Test(mpsc, random_histories_agree_with_an_array, .timeout = 60)
{
    uint64_t seed = test_seed("queue.mpsc", 1);
    int history;

    for (history = 0; history < 2000; history++) {
        struct rng rng = rng_make(seed, (uint64_t)history);
        struct oracle oracle = { .n = 0 };
        uint64_t pop_share = 1 + rng_below(&rng, 8);
        int step;

        strait_mpsc_init(&queue);
        for (step = 0; step < 200; step++) {
            switch (rng_below(&rng, 5 + pop_share)) {
            case 0:
            case 1: random_push(&oracle, &rng); break;
            case 2: random_arm(&oracle); break;
            case 3: random_disarm(&oracle); break;
            case 4: random_pop_chain(&oracle, &rng); break;
            default: random_pop(&oracle); break;
            }
            check_int(strait_mpsc_is_empty(&queue), oracle.n == 0);
        }
        while (oracle.n > 0)
            random_pop(&oracle);
        check_int(pop_number(), GOT_EMPTY);
    }
}
