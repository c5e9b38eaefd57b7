/* SPDX-License-Identifier: MIT */
/*
 * differential_stack.c - the baseline bench/baselines/cas_stack.h against
 * ck_stack. It is a stack inside and a queue outside: its consumer takes the
 * whole stack and turns it round. So two things are compared: the chain from
 * the top down, which must be ck_stack's (newest first), and what comes out,
 * which must be ck_stack's batch from its far end.
 *
 * Mistakes planted first must be noticed: two nodes that change places in the
 * chain, a push that is lost, a batch that is not turned round.
 */
#define _GNU_SOURCE
#include "plain.h"

#ifndef HAVE_CK

int
main(void)
{
    skip("Concurrency Kit's headers are not there (package libck-dev)");
}

#else

#include <ck_stack.h>

#include "baselines/cas_stack.h"
#include "stress.h"

#define NODES 512

struct node {
    struct cas_node cas;
    ck_stack_entry_t ck;
    unsigned number;
};

enum defect { NO_DEFECT, SWAPS, LOSES, NOT_TURNED, DEFECTS };

static struct cas_stack stack;
static ck_stack_t oracle;
static struct node nodes[NODES];
static struct node *turned[NODES]; /* the oracle's batch, oldest last */
static unsigned n_turned;
static uint64_t n_steps;
static uint64_t n_compared;

/* True if both chains are the same from the top down. */
static bool
has_same_shape(void)
{
    /* rlx: there is one thread. */
    struct cas_node *mine = strait_load_rlx(&stack.top);
    ck_stack_entry_t *theirs;

    CK_STACK_FOREACH(&oracle, theirs)
    {
        struct node *node = STRAIT_CONTAINER_OF(theirs, struct node, ck);

        if (mine != &node->cas)
            return false;
        mine = mine->next;
        n_compared++;
    }
    return mine == NULL;
}

/* What the oracle gives out next: the oldest of what it was asked for last. */
static struct node *
pop_oracle(bool turns)
{
    if (n_turned == 0) {
        ck_stack_entry_t *entry = ck_stack_batch_pop_upmc(&oracle);

        for (; entry != NULL; entry = CK_STACK_NEXT(entry))
            turned[n_turned++] = STRAIT_CONTAINER_OF(entry, struct node, ck);
        if (!turns && n_turned > 1) {
            struct node *node = turned[0];

            turned[0] = turned[n_turned - 1];
            turned[n_turned - 1] = node;
        }
    }
    return n_turned > 0 ? turned[--n_turned] : NULL;
}

/* True if both agree all the way. */
static bool
compare(uint64_t seed, uint64_t n, enum defect defect)
{
    struct rng rng = rng_make(seed, 0);
    struct node *free_nodes[NODES];
    unsigned n_free = NODES;
    unsigned push_share = 8;
    bool is_planted = false;
    uint64_t step;
    unsigned i;

    cas_stack_init(&stack);
    ck_stack_init(&oracle);
    n_turned = 0;
    for (i = 0; i < NODES; i++) {
        nodes[i].number = i;
        free_nodes[i] = &nodes[i];
    }
    for (step = 0; step < n; step++, n_steps++) {
        if (rng_one_in(&rng, 100))
            push_share = 4 + 4 * (unsigned)rng_below(&rng, 3);
        if (n_free > 0 && rng_below(&rng, 16) < push_share) {
            struct node *node = free_nodes[--n_free];
            bool loses = defect == LOSES && !is_planted && step > n / 2;

            if (!loses)
                cas_stack_push(&stack, &node->cas);
            is_planted |= loses;
            ck_stack_push_upmc(&oracle, &node->ck);
        } else {
            struct node *wanted = pop_oracle(defect != NOT_TURNED);
            struct cas_node *mine = cas_stack_pop(&stack);

            if (mine != (wanted != NULL ? &wanted->cas : NULL)) {
                if (defect == NO_DEFECT)
                    fprintf(stderr,
                        "differential_stack: step %llu: node %d came out, %d of "
                        "the oracle\n  STRAIT_SEED=%llu\n",
                        (unsigned long long)step,
                        mine != NULL
                            ? (int)STRAIT_CONTAINER_OF(mine, struct node, cas)
                                  ->number
                            : -1,
                        wanted != NULL ? (int)wanted->number : -1,
                        (unsigned long long)stress.seed);
                return false;
            }
            if (wanted != NULL)
                free_nodes[n_free++] = wanted;
        }
        if (defect == SWAPS && !is_planted && step > n / 2) {
            /* rlx: there is one thread. */
            struct cas_node *top = strait_load_rlx(&stack.top);

            if (top != NULL && top->next != NULL) {
                struct cas_node *second = top->next;

                top->next = second->next;
                second->next = top;
                /* rlx: there is one thread. */
                strait_store_rlx(&stack.top, second);
                is_planted = true;
            }
        }
        if (rng_one_in(&rng, 64) && !has_same_shape()) {
            if (defect == NO_DEFECT)
                fprintf(stderr,
                    "differential_stack: step %llu: another chain\n"
                    "  STRAIT_SEED=%llu\n",
                    (unsigned long long)step, (unsigned long long)stress.seed);
            return false;
        }
    }
    return has_same_shape();
}

int
main(int argc, char **argv)
{
    enum defect defect;

    stress_begin(argc, argv, "differential_stack",
        "The same operations into the CAS stack of bench/ and into ck_stack.");
    for (defect = NO_DEFECT + 1; defect < DEFECTS; defect++) {
        if (compare(rng_next(&stress.rng), 4000, defect)) {
            fprintf(stderr, "planted mistake %d was not noticed\n", defect);
            return 1;
        }
    }
    n_steps = 0;
    n_compared = 0;
    while (stress_goes_on()) {
        stress_phase("cas_stack against ck_stack");
        if (!compare(rng_next(&stress.rng), stress_scaled(40000), NO_DEFECT))
            return 1;
    }
    fprintf(stderr,
        "differential_stack: %llu steps, %llu links compared; %d planted "
        "mistakes noticed\n",
        (unsigned long long)n_steps, (unsigned long long)n_compared,
        DEFECTS - 1);
    return stress_end();
}

#endif /* HAVE_CK */
