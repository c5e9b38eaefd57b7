/* SPDX-License-Identifier: MIT */
/*
 * cas_stack.h - a baseline: the gap-free way to a completion queue. Producers
 * push onto a stack by compare-and-swap; the consumer takes all of it by one
 * exchange and turns it round. A node is visible as a whole or not at all, so
 * a stopped producer hides nothing; the price is a loop in push and a second
 * walk over every node.
 */
#ifndef BENCH_CAS_STACK_H
#define BENCH_CAS_STACK_H

#include <strait/atomic.h>

struct cas_node {
    struct cas_node *next;
};

struct cas_stack {
    STRAIT_ATOMIC(struct cas_node *) top;
    char padding[STRAIT_CACHE_LINE - sizeof(void *)];
    struct cas_node *taken; /* the consumer's, oldest first */
};

static inline void
cas_stack_init(struct cas_stack *stack)
{
    /* rlx: whoever shares the stack publishes this. */
    strait_store_rlx(&stack->top, NULL);
    stack->taken = NULL;
}

/* Pushes nodes that are linked from the newest to the oldest. */
static inline void
cas_stack_push_chain(
    struct cas_stack *stack, struct cas_node *newest, struct cas_node *oldest)
{
    /* rlx: a guess for the CAS. */
    struct cas_node *top = strait_load_rlx(&stack->top);

    do {
        oldest->next = top;
        /* [S1:rel] the node, its link and what it carries; the nodes below
         * were released by their own producers, whose releases this
         * read-modify-write continues. */
    } while (!strait_cas_weak_release(&stack->top, &top, newest));
}

static inline void
cas_stack_push(struct cas_stack *stack, struct cas_node *node)
{
    cas_stack_push_chain(stack, node, node);
}

static inline struct cas_node *
cas_stack_pop(struct cas_stack *stack)
{
    struct cas_node *node = stack->taken;

    if (node == NULL) {
        struct cas_node *top;

        /* rlx: a hint that keeps an empty stack's line shared. */
        if (strait_load_rlx(&stack->top) == NULL)
            return NULL;
        /* [S1:acq] all nodes and what they carry. */
        top = strait_xchg_acquire(&stack->top, NULL);
        while (top != NULL) {
            struct cas_node *below = top->next;

            top->next = node;
            node = top;
            top = below;
        }
        if (node == NULL)
            return NULL;
    }
    stack->taken = node->next;
    return node;
}

#endif /* BENCH_CAS_STACK_H */
