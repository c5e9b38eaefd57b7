/* SPDX-License-Identifier: MIT */
/*
 * differential_mpsc.c - strait_mpsc_t against ck_fifo, by its spsc and by its
 * mpmc calls: nodes and chains, pops and chains of them, arming and disarming.
 *
 * Both are unbounded; the harness keeps them below DIFFERENTIAL_UNBOUNDED
 * values. A ck_fifo wants an entry for each value and keeps one when empty;
 * Strait's nodes are free as soon as they are popped.
 */
#include "plain.h"

#ifndef HAVE_CK

int
main(void)
{
    skip("Concurrency Kit's headers are not there (package libck-dev)");
}

#else

#include <strait/mpsc.h>

#include "ck_fifos.h"

#define NODES (DIFFERENTIAL_UNBOUNDED + 2 * DIFFERENTIAL_BATCH_MAX)

struct node {
    strait_mpsc_node_t node;
    uintptr_t value;
    struct node *next_free;
};

struct subject {
    strait_mpsc_t mpsc;
    enum { UNARMED, ARMED, TAKEN } armed;
    struct node *free;
    struct node nodes[NODES];
};

static void *
create(uint32_t capacity)
{
    struct subject *s = calloc(1, sizeof *s);
    size_t i;

    (void)capacity;
    if (s == NULL)
        return NULL;
    require(strait_mpsc_init(&s->mpsc) == 0);
    for (i = 0; i < NODES; i++) {
        s->nodes[i].next_free = s->free;
        s->free = &s->nodes[i];
    }
    return s;
}

static void
destroy(void *arg)
{
    free(arg);
}

static struct node *
take_node(struct subject *s, uintptr_t value)
{
    struct node *node = s->free;

    require(node != NULL);
    s->free = node->next_free;
    node->value = value;
    return node;
}

static uintptr_t
give_node(struct subject *s, strait_mpsc_node_t *popped)
{
    struct node *node = STRAIT_CONTAINER_OF(popped, struct node, node);

    node->next_free = s->free;
    s->free = node;
    return node->value;
}

static size_t
push(void *arg, const uintptr_t *values, size_t n, struct rng *rng)
{
    struct subject *s = arg;
    struct node *first = take_node(s, values[0]);
    struct node *last = first;
    size_t i;
    bool wakes;

    for (i = 1; i < n; i++) {
        struct node *node = take_node(s, values[i]);

        strait_mpsc_link(&last->node, &node->node);
        last = node;
    }
    wakes = n > 1 || rng_one_in(rng, 2)
        ? strait_mpsc_push_chain(&s->mpsc, &first->node, &last->node)
        : strait_mpsc_push(&s->mpsc, &first->node);
    require(wakes == (s->armed == ARMED));
    if (wakes)
        s->armed = TAKEN;
    return n;
}

static size_t
pop(void *arg, uintptr_t *values, size_t n, struct rng *rng)
{
    struct subject *s = arg;
    strait_mpsc_node_t *node;
    strait_mpsc_node_t *last;
    size_t n_popped = 1;
    size_t i;
    int answer;

    if (n > 1 || rng_one_in(rng, 2)) {
        answer = strait_mpsc_pop_chain(&s->mpsc, n, &node, &last, &n_popped);
    } else {
        answer = strait_mpsc_pop(&s->mpsc, &node);
        last = node;
    }
    if (answer == STRAIT_MPSC_EMPTY)
        return 0;
    require(answer == STRAIT_MPSC_ITEM);
    s->armed = UNARMED;
    for (i = 0; i < n_popped; i++) {
        strait_mpsc_node_t *next = i + 1 < n_popped ? strait_mpsc_next(node)
                                                    : NULL;

        require((i + 1 == n_popped) == (node == last));
        values[i] = give_node(s, node);
        node = next;
    }
    return n_popped;
}

static const char *
ask(void *arg, size_t n, struct rng *rng)
{
    struct subject *s = arg;

    if (strait_mpsc_is_empty(&s->mpsc) != (n == 0))
        return "is_empty is wrong";
    if (rng_one_in(rng, 2)) {
        if (strait_mpsc_arm(&s->mpsc) != (n == 0))
            return "arming is wrong";
        if (n == 0)
            s->armed = ARMED;
    }
    if (rng_one_in(rng, 2)) {
        if (strait_mpsc_disarm(&s->mpsc) != (s->armed != TAKEN))
            return "disarming is wrong";
        if (s->armed == ARMED)
            s->armed = UNARMED;
    }
    return NULL;
}

static const struct differential_queue mpsc = { "mpsc", create, destroy, push,
    pop, ask };

static const struct differential_pair pairs[] = {
    { &mpsc, &ck_fifo_spsc_queue, NULL },
    { &mpsc, &ck_fifo_mpmc_queue, NULL },
};

int
main(int argc, char **argv)
{
    return differential_main(argc, argv, "differential_mpsc",
        "The same operations into an mpsc queue and into ck_fifo.", pairs,
        sizeof pairs / sizeof pairs[0]);
}

#endif /* HAVE_CK */
