/* SPDX-License-Identifier: MIT */
/*
 * bare_list.h - a baseline: the exchange-linked list of D. Vyukov with one
 * dummy, for many producers and one consumer, written down as plainly as it
 * goes: no arming, no answers but a node or NULL, nothing of the library's.
 * What Strait's queue costs more than this is what its features cost.
 */
#ifndef BENCH_BARE_LIST_H
#define BENCH_BARE_LIST_H

#include <stdatomic.h>
#include <stddef.h>

struct bare_node {
    _Atomic(struct bare_node *) next;
};

struct bare_list {
    _Atomic(struct bare_node *) tail;
    char padding[64 - sizeof(void *)];
    struct bare_node *first; /* the consumer's: the dummy or the oldest node */
    struct bare_node dummy;
};

static inline void
bare_list_init(struct bare_list *list)
{
    atomic_init(&list->dummy.next, NULL);
    atomic_init(&list->tail, &list->dummy);
    list->first = &list->dummy;
}

/* Pushes nodes that are linked from the oldest to the newest. */
static inline void
bare_list_push_chain(
    struct bare_list *list, struct bare_node *oldest, struct bare_node *newest)
{
    struct bare_node *last;

    atomic_store_explicit(&newest->next, NULL, memory_order_relaxed);
    last = atomic_exchange_explicit(&list->tail, newest, memory_order_acq_rel);
    atomic_store_explicit(&last->next, oldest, memory_order_release);
}

static inline void
bare_list_push(struct bare_list *list, struct bare_node *node)
{
    bare_list_push_chain(list, node, node);
}

static inline struct bare_node *
bare_list_pop(struct bare_list *list)
{
    struct bare_node *node = list->first;
    struct bare_node *next = atomic_load_explicit(
        &node->next, memory_order_acquire);

    if (node == &list->dummy) {
        if (next == NULL)
            return NULL;
        atomic_store_explicit(&node->next, NULL, memory_order_relaxed);
        list->first = node = next;
        next = atomic_load_explicit(&node->next, memory_order_acquire);
    }
    if (next == NULL) {
        struct bare_node *expected = node;

        if (!atomic_compare_exchange_strong_explicit(&list->tail, &expected,
                &list->dummy, memory_order_release, memory_order_relaxed))
            return NULL;
        next = &list->dummy;
    }
    list->first = next;
    return node;
}

#endif /* BENCH_BARE_LIST_H */
