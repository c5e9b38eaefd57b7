/* SPDX-License-Identifier: MIT */
/*
 * cases_control.c - negative controls: operations that do not keep what is
 * claimed for them. Each must be found out, for the reason that is named.
 */
#include <strait/mpsc.h>
#include <strait/ring.h>

#include "freeze.h"

enum { SUBJECT = 1, OTHER = 2 };

struct item {
    strait_mpsc_node_t node;
    unsigned producer;
    unsigned number;
};

static struct item items[FREEZE_PRODUCERS][FREEZE_ITEMS];
static unsigned n_items[FREEZE_PRODUCERS];
static struct item *mine;
static strait_mpsc_t q;
static bool owed; /* nobody sleeps here */

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
take(strait_mpsc_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    freeze_came_out(item->producer, item->number);
}

static void
set_up(void)
{
    n_items[SUBJECT] = n_items[OTHER] = 0;
    strait_mpsc_init(&q);
    mine = next_item(SUBJECT);
}

static void
take_all(void)
{
    strait_mpsc_node_t *node;

    while (strait_mpsc_pop(&q, &node) == STRAIT_MPSC_ITEM)
        take(node);
}

/* --- a push behind a spin lock */

static STRAIT_ATOMIC(uint32_t) lock;

static void
push_locked(struct item *item)
{
    /* acq: what the last holder did. */
    while (strait_xchg_acquire(&lock, 1) != 0) {}
    owed = strait_mpsc_push(&q, &item->node);
    /* rel: to the next holder. */
    strait_store_release(&lock, 0);
}

static void
operate_locked(void)
{
    push_locked(mine);
}

static void
others_locked(void)
{
    push_locked(next_item(OTHER));
}

/* --- a push that changes the tail by a load and a store */

static void
push_torn(struct item *item)
{
    strait_mpsc_node_t *prev;

    /* rlx: this push is wrong anyway. */
    strait_store_rlx(&item->node.next_, NULL);
    /* rlx: as above. */
    prev = strait_load_rlx(&q.tail_);
    /* rlx: as above. */
    strait_store_rlx(&q.tail_, &item->node);
    /* rel: hands the node over. */
    strait_store_release(&prev->next_, &item->node);
}

static void
operate_torn(void)
{
    push_torn(mine);
}

static void
others_torn(void)
{
    push_torn(next_item(OTHER));
}

/* --- a pop that waits for a producer in the gap */

static void
operate_push(void)
{
    owed = strait_mpsc_push(&q, &mine->node);
}

static void
others_wait(void)
{
    strait_mpsc_node_t *node;
    int said;

    while ((said = strait_mpsc_pop(&q, &node)) != STRAIT_MPSC_EMPTY ||
        !strait_mpsc_is_empty(&q))
        if (said == STRAIT_MPSC_ITEM)
            take(node);
}

/* --- a promise that leaves out the gap */

static void
others_look(void)
{
    strait_mpsc_node_t *node;
    int said = strait_mpsc_pop(&q, &node);

    if (said == STRAIT_MPSC_ITEM)
        take(node);
    else if (said == STRAIT_MPSC_PENDING || !strait_mpsc_is_empty(&q))
        freeze_saw(FREEZE_PENDING);
}

/* --- a ring whose pop claims first and frees the slot afterwards: a consumer
 * that stops in between takes a place away */

#define CAPACITY 4

static struct {
    STRAIT_ATOMIC(uint64_t) producer;
    STRAIT_ATOMIC(uint64_t) consumer;
    strait_ring_slot_t slots[CAPACITY];
} old;
static bool old_answer;
static void *old_value;

static bool
old_push(struct item *item)
{
    /* rlx: only one thread moves at a time here. */
    uint64_t p = strait_load_rlx(&old.producer);
    strait_ring_slot_t *slot = &old.slots[p % CAPACITY];

    /* acq: the slot was freed by whoever popped it a round ago. */
    if (strait_load_acquire(&slot->seq_) != p)
        return false;
    /* rlx: as above. */
    strait_store_rlx(&old.producer, p + 1);
    /* rlx: published by the next store. */
    strait_store_rlx(&slot->value_, item);
    /* rel: hands the value over. */
    strait_store_release(&slot->seq_, p + 1);
    return true;
}

static bool
old_pop(void **ret_value)
{
    /* rlx: only one thread moves at a time here. */
    uint64_t c = strait_load_rlx(&old.consumer);
    strait_ring_slot_t *slot = &old.slots[c % CAPACITY];

    /* acq: the value. */
    if (strait_load_acquire(&slot->seq_) != c + 1)
        return false;
    /* rlx: as above. */
    strait_store_rlx(&old.consumer, c + 1);
    /* rlx: came with seq. */
    *ret_value = strait_load_rlx(&slot->value_);
    /* rel: the slot is free. */
    strait_store_release(&slot->seq_, c + CAPACITY);
    return true;
}

static void
set_up_old(void)
{
    unsigned i;

    n_items[SUBJECT] = n_items[OTHER] = 0;
    /* rlx: nobody else looks yet. */
    strait_store_rlx(&old.producer, 0);
    /* rlx: as above. */
    strait_store_rlx(&old.consumer, 0);
    for (i = 0; i < CAPACITY; i++) {
        /* rlx: as above. */
        strait_store_rlx(&old.slots[i].seq_, i);
    }
    old_push(next_item(OTHER));
}

static void
operate_old_pop(void)
{
    old_answer = old_pop(&old_value);
}

static void
others_of_old_pop(void)
{
    unsigned n;

    for (n = 0; n < 2 * CAPACITY; n++) {
        void *value;

        if (old_push(&items[OTHER][n_items[OTHER]]))
            (void)next_item(OTHER);
        else
            freeze_saw(FREEZE_FULL);
        if (old_pop(&value))
            take(&((struct item *)value)->node);
    }
}

static void
take_all_old(void)
{
    void *value;

    struct item *item = old_value;

    if (old_answer)
        freeze_came_out_some_time(item->producer, item->number);
    while (old_pop(&value))
        take(&((struct item *)value)->node);
}

/* ------------------------------------------------------------------- cases */

const struct freeze_case freeze_controls[] = {
    { .operation = "control",
        .state = "push with a spin lock",
        .contract = "claims to delay nobody",
        .complaint = "the others wait",
        .setup = set_up,
        .operate = operate_locked,
        .others = others_locked,
        .finish = take_all },
    { .operation = "control",
        .state = "push without exchange",
        .contract = "claims to delay nobody",
        .complaint = "an item was lost, or came out although it was refused",
        .setup = set_up,
        .operate = operate_torn,
        .others = others_torn,
        .finish = take_all },
    { .operation = "control",
        .state = "pop waits for the gap",
        .contract = "claims to delay nobody",
        .complaint = "the others wait",
        .setup = set_up,
        .operate = operate_push,
        .others = others_wait,
        .finish = take_all },
    { .operation = "control",
        .state = "push, gap kept secret",
        .contract = "claims to delay nobody",
        .complaint = "others noticed it outside of the documented window",
        .setup = set_up,
        .operate = operate_push,
        .others = others_look,
        .finish = take_all },
    { .operation = "control",
        .state = "pop claims, then frees",
        .contract = "claims to delay nobody",
        .complaint = "others noticed it outside of the documented window",
        .setup = set_up_old,
        .operate = operate_old_pop,
        .others = others_of_old_pop,
        .finish = take_all_old },
    { .operation = NULL },
};
