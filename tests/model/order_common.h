/* SPDX-License-Identifier: MIT */
/*
 * order_common.h - the window of a lane of order SUBMIT as its models run it:
 * the real order.h and order.c over memory whose end the tools see. A model may
 * set STI_ORDER_WINDOWS and LIMIT before it includes this.
 *
 * Not the real thing: the table has one or two places and every search begins in
 * the first one, so that sinks get in each other's way; statistics are left out;
 * what is between a submit and the consumer is a short list of arrivals.
 */
#ifndef STRAIT_MODEL_ORDER_COMMON_H
#define STRAIT_MODEL_ORDER_COMMON_H

#include "model.h"

#include <stdlib.h>

#include "base/counter.h"

#define sti_counter_add(counter, n) ((void)(counter))

#ifndef STI_ORDER_WINDOWS
#define STI_ORDER_WINDOWS 1
#endif
#define STI_ORDER_PLACE(sink) ((void)(sink), 0u)
#ifndef LIMIT
#define LIMIT 2
#endif
#ifndef BLOCKS
#define BLOCKS 3
#endif

#include "sched/order.h"

#include "sched/order.c"

M_STATE sti_order_t order;
M_STATE strait_sink_t sinks[4];
M_STATE STRAIT_ATOMIC(uint32_t) n_live;
M_STATE strait_allocator_t no_allocator;

#ifdef M_GENMC

void *
sti_alloc(const strait_allocator_t *allocator, size_t size_bytes)
{
    sti_window_t *window = malloc(
        sizeof(sti_window_t) + LIMIT * sizeof(strait_work_t *));
    int i;

    (void)allocator;
    (void)size_bytes;
    strait_store_rlx(&window->next_, 0);
    strait_store_rlx(&window->head_, 0);
    strait_store_rlx(&window->n_held.value_, 0);
    for (i = 0; i < LIMIT; i++)
        window->held_[i] = NULL;
    (void)strait_add_rlx(&n_live, 1);
    return window;
}

void
sti_free(const strait_allocator_t *allocator, void *block, size_t size_bytes)
{
    (void)allocator;
    (void)size_bytes;
    (void)strait_add_rlx(&n_live, (uint32_t)-1);
    free(block);
}

#else

struct block {
    _Alignas(64) char bytes[sizeof(sti_window_t) + LIMIT * sizeof(void *)];
};
M_STATE struct block blocks[BLOCKS];
M_STATE int n_blocks;

void *
sti_alloc(const strait_allocator_t *allocator, size_t size_bytes)
{
    sti_window_t *window = (void *)blocks[n_blocks++].bytes;

    (void)allocator;
    M_ASSERT(n_blocks <= BLOCKS && size_bytes <= sizeof(blocks[0]));
    M_NAME(window, "window");
    M_NAME(&window->next_, "next");
    M_NAME(&window->sink_, "sink");
    M_NAME(&window->head_, "head");
    (void)strait_add_rlx(&n_live, 1);
    return window;
}

void
sti_free(const strait_allocator_t *allocator, void *freed, size_t size_bytes)
{
    (void)allocator;
    (void)size_bytes;
    (void)strait_add_rlx(&n_live, (uint32_t)-1);
    M_FREE((struct block *)freed, sizeof(struct block));
}

#endif

/* An item, and what becomes of it. */
struct item {
    strait_work_t work;
    int payload;
    int is_taken;
    int is_done;
};

/* What has been run and waits for the consumer of one sink. */
struct arrivals {
    STRAIT_ATOMIC(uint32_t) n;
    STRAIT_ATOMIC(struct item *) items[5];
};

__attribute__((unused)) static void
send(struct arrivals *arrivals, struct item *item)
{
    uint32_t i = strait_add_rlx(&arrivals->n, 1);

    strait_store_release(&arrivals->items[i], item);
}

__attribute__((unused)) static struct item *
receive(struct arrivals *arrivals, int i)
{
    M_AWAIT(strait_load_acquire(&arrivals->items[i]) != NULL);
    return strait_load_acquire(&arrivals->items[i]);
}

/* The `done` of an item: once, and the submitter's writes are there. */
__attribute__((unused)) static void
finish(strait_work_t *work)
{
    struct item *item = STRAIT_CONTAINER_OF(work, struct item, work);

    M_ASSERT(M_GET(&item->payload) == 1);
    M_ASSERT(M_GET(&item->is_done) == 0);
    M_SET(&item->is_done, 1);
}

static void
begin(void)
{
    sti_order_init(&order, LIMIT, &no_allocator);
    M_NAME(&order, "windows");
    M_NAME(&order.given_, "given");
    M_NAME(sinks, "sinks");
}

__attribute__((unused)) static uint32_t
ticket_of(uint64_t next)
{
    return (uint32_t)(next >> 32);
}

#endif /* STRAIT_MODEL_ORDER_COMMON_H */
