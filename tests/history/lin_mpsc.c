/* SPDX-License-Identifier: MIT */
/*
 * lin_mpsc.c - histories of strait_mpsc_t: pushes and chains of many producers
 * against one consumer that pops, pops chains, arms and disarms.
 *
 * The contract allows EMPTY while a push that has returned is hidden behind one
 * that has not, and PENDING while a push is between its two stores: that of the
 * oldest node, or of its successor, through whose link the oldest leaves.
 */
#include <stdlib.h>

#include <strait/mpsc.h>

#include "lin.h"

/* What travels. The number is plain memory, which must come along. */
struct item {
    strait_mpsc_node_t node;
    uint32_t value;
};

struct queue {
    strait_mpsc_t mpsc;
    uint32_t n_each;
    struct item items[];
};

static void *
create(const struct lin_kind *kind, unsigned n_threads, uint32_t n_each)
{
    struct queue *queue;
    size_t n = (size_t)n_threads * n_each;

    (void)kind;
    queue = calloc(1, sizeof *queue + n * sizeof queue->items[0]);
    if (queue == NULL)
        exit(2);
    queue->n_each = n_each;
    return queue;
}

static void
destroy(void *arg)
{
    free(arg);
}

static void
reset(void *arg, uint32_t capacity)
{
    struct queue *queue = arg;

    (void)capacity;
    if (strait_mpsc_init(&queue->mpsc) != 0)
        abort();
}

static int
push(void *arg, const uint32_t *values, unsigned n, unsigned *ret_n)
{
    struct queue *queue = arg;
    struct item *items =
        &queue->items[(size_t)HISTORY_VALUE_THREAD(values[0]) * queue->n_each +
            HISTORY_VALUE_NUMBER(values[0])];
    unsigned i;
    bool wakes;

    for (i = 0; i < n; i++) {
        items[i].value = values[i];
        if (i > 0)
            strait_mpsc_link(&items[i - 1].node, &items[i].node);
    }
    wakes = n == 1 ? strait_mpsc_push(&queue->mpsc, &items->node)
                   : strait_mpsc_push_chain(
                         &queue->mpsc, &items->node, &items[n - 1].node);
    *ret_n = n;
    return wakes ? HISTORY_WAKE : HISTORY_DONE;
}

static int
translate(int answer)
{
    switch (answer) {
    case STRAIT_MPSC_ITEM: return HISTORY_DONE;
    case STRAIT_MPSC_PENDING: return HISTORY_PENDING;
    default: return HISTORY_EMPTY;
    }
}

static uint32_t
take(strait_mpsc_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);
    uint32_t value = item->value;

    item->value = UINT32_MAX; /* twice would show */
    return value;
}

static int
pop(void *arg, uint32_t *values, unsigned n, unsigned *ret_n)
{
    struct queue *queue = arg;
    strait_mpsc_node_t *node;
    strait_mpsc_node_t *last;
    size_t n_popped;
    int answer;

    if (n == 1) {
        answer = strait_mpsc_pop(&queue->mpsc, &node);
        if (answer == STRAIT_MPSC_ITEM)
            values[(*ret_n)++] = take(node);
        return translate(answer);
    }
    answer = strait_mpsc_pop_chain(&queue->mpsc, n, &node, &last, &n_popped);
    if (answer == STRAIT_MPSC_ITEM) {
        bool is_whole = n_popped <= n;

        while (node != NULL && *ret_n < n) {
            strait_mpsc_node_t *next = strait_mpsc_next(node);

            is_whole &= (next == NULL) == (node == last);
            values[(*ret_n)++] = take(node);
            node = next;
        }
        if (!is_whole || node != NULL || *ret_n != n_popped) {
            fprintf(stderr, "lin_mpsc: a chain is not what it says\n");
            abort();
        }
    }
    return translate(answer);
}

static bool
arm(void *arg)
{
    return strait_mpsc_arm(&((struct queue *)arg)->mpsc);
}

static bool
disarm(void *arg)
{
    return strait_mpsc_disarm(&((struct queue *)arg)->mpsc);
}

static const struct lin_kind kinds[] = {
    { .name = "mpsc",
        .contract = { .is_empty_weak = true,
            .pending_reach = 2,
            .is_pop_partial = true },
        .n_consumers_max = 1,
        .push_max = 8,
        .pop_max = 16,
        .can_arm = true,
        .can_disarm = true,
        .can_sleep = true,
        .create = create,
        .destroy = destroy,
        .reset = reset,
        .push = push,
        .pop = pop,
        .arm = arm,
        .disarm = disarm },
};

int
main(int argc, char **argv)
{
    return lin_main(argc, argv, "lin_mpsc",
        "Histories of the mpsc queue, checked against its contract.", kinds,
        sizeof kinds / sizeof kinds[0]);
}
