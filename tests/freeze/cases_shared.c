/* SPDX-License-Identifier: MIT */
/*
 * cases_shared.c - every operation of strait/mpsc_shared.h, frozen. Whoever is
 * told that he was the last spoils the memory; nobody may touch it any more.
 *
 * References: the consumer's, one of the others, and one that is the subject's.
 */
#include <errno.h>
#include <strait/mpsc_shared.h>
#include <string.h>

#include "freeze.h"

enum { BEFORE, SUBJECT, OTHER };

struct item {
    strait_mpsc_node_t node;
    unsigned producer;
    unsigned number;
};

static strait_mpsc_shared_t shared;
static struct item items[FREEZE_PRODUCERS][FREEZE_ITEMS];
static unsigned n_items[FREEZE_PRODUCERS];
static unsigned n_last; /* how many were told that they were the last */
static int answer;

static void
push(unsigned producer)
{
    struct item *item = &items[producer][n_items[producer]];

    item->producer = producer;
    item->number = n_items[producer]++;
    freeze_came_in(producer, item->number);
    freeze_check(
        !strait_mpsc_push(&shared.queue, &item->node), "a wake, but not armed");
}

static void
take(strait_mpsc_node_t *node, void *arg)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    (void)arg;
    freeze_came_out(item->producer, item->number);
}

static void
given_back(int said)
{
    freeze_check(said == 0 || said == 1, "giving back went wrong");
    if (said == 1) {
        n_last++;
        memset(&shared, 0xa5, sizeof shared);
    }
}

static void
open_with_two(void)
{
    n_last = 0;
    n_items[BEFORE] = n_items[OTHER] = 0;
    freeze_check(strait_mpsc_shared_init(&shared, take, NULL) == 0 &&
            strait_mpsc_shared_open(&shared) == 0 &&
            strait_mpsc_shared_open(&shared) == 0,
        "init or open failed");
    push(BEFORE);
    push(BEFORE);
}

static void
closed_with_two(void)
{
    open_with_two();
    freeze_check(strait_mpsc_shared_close(&shared) == 0, "the last already");
}

static void
operate_open(void)
{
    answer = strait_mpsc_shared_open(&shared);
}

static void
operate_release(void)
{
    answer = strait_mpsc_shared_release(&shared);
}

static void
operate_close(void)
{
    answer = strait_mpsc_shared_close(&shared);
}

static void
others_open_and_push(void)
{
    bool closed = strait_mpsc_shared_is_closed(&shared);
    int opened = strait_mpsc_shared_open(&shared);

    freeze_check(opened == (closed ? -ESHUTDOWN : 0), "open went wrong");
    push(OTHER);
    if (opened == 0)
        given_back(strait_mpsc_shared_release(&shared));
}

/* The subject opens or releases; the consumer and the other producer end. */
static void
others_end(void)
{
    strait_mpsc_node_t *node;

    others_open_and_push();
    if (!strait_mpsc_shared_is_closed(&shared)) {
        if (strait_mpsc_pop(&shared.queue, &node) == STRAIT_MPSC_ITEM)
            take(node, NULL);
        else
            freeze_complain("a node was not to be had");
        given_back(strait_mpsc_shared_close(&shared));
        push(OTHER);
    }
    given_back(strait_mpsc_shared_release(&shared));
}

/* The subject is the consumer and closes; both producers end. */
static void
others_end_as_producers(void)
{
    others_open_and_push();
    given_back(strait_mpsc_shared_release(&shared));
    push(OTHER);
    given_back(strait_mpsc_shared_release(&shared));
}

static void
finish_open(void)
{
    if (answer == 0)
        given_back(strait_mpsc_shared_release(&shared));
    else
        freeze_check(answer == -ESHUTDOWN, "open went wrong");
    given_back(strait_mpsc_shared_release(&shared));
    freeze_check(n_last == 1, "nobody was the last, or two were");
}

static void
finish_giving_back(void)
{
    const unsigned char *byte = (const unsigned char *)&shared;
    size_t i;

    /* Spoilt by others: then the subject has not touched it since. */
    if (n_last != 0) {
        for (i = 0; i < sizeof shared; i++)
            freeze_check(byte[i] == 0xa5, "touched after the last was gone");
    }
    given_back(answer);
    freeze_check(n_last == 1, "nobody was the last, or two were");
}

#define CASE(of, st, set, oth, fin)                                            \
    {                                                                          \
        .operation = "shared " #of, .state = (st),                             \
        .contract = "delays nobody", .setup = (set), .operate = operate_##of,  \
        .others = (oth), .finish = (fin)                                       \
    }

const struct freeze_case freeze_shared_cases[] = {
    CASE(open, "open", open_with_two, others_end, finish_open),
    CASE(open, "closed", closed_with_two, others_end, finish_open),
    CASE(release, "open", open_with_two, others_end, finish_giving_back),
    CASE(release, "closed", closed_with_two, others_end, finish_giving_back),
    CASE(close, "open", open_with_two, others_end_as_producers,
        finish_giving_back),
    { .operation = NULL },
};
