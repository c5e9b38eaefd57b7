/* SPDX-License-Identifier: MIT */
/*
 * lin_spsc.c - histories of strait_spsc_t: single pointers by push and pop,
 * several by reserve and commit, peek and release; closed by its producer. The
 * long runs keep several pairs of threads busy at a time.
 *
 * Everything is exact: FULL, EMPTY, CLOSED. What reserve answers short of the
 * end of the array is all the room there was.
 */
#include <stdlib.h>

#include <strait/spsc.h>

#include "lin.h"

#define CAPACITY_MAX 256

struct queue {
    strait_spsc_t spsc;
    void *slots[CAPACITY_MAX];
    /* Of the producer: what it has done itself. */
    uint32_t capacity;
    uint32_t n_pushed;
    bool is_closed;
    /* Of the consumer. */
    uint32_t n_popped;
};

static void *
create(const struct lin_kind *kind, unsigned n_threads, uint32_t n_each)
{
    void *queue = aligned_alloc(64, (sizeof(struct queue) + 63) / 64 * 64);

    (void)kind;
    (void)n_threads;
    (void)n_each;
    if (queue == NULL)
        exit(2);
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

    if (strait_spsc_init(&queue->spsc, queue->slots, capacity) != 0)
        abort();
    queue->capacity = capacity;
    queue->n_pushed = 0;
    queue->n_popped = 0;
    queue->is_closed = false;
}

/* Not beyond the end of the array. */
static unsigned
fit(void *arg, unsigned n)
{
    struct queue *queue = arg;
    unsigned left = queue->capacity - queue->n_pushed % queue->capacity;

    return n < left ? n : left;
}

static int
push(void *arg, const uint32_t *values, unsigned n, unsigned *ret_n)
{
    struct queue *queue = arg;
    size_t at;
    size_t i;

    if (n == 1) {
        switch (strait_spsc_push(&queue->spsc, (void *)(uintptr_t)values[0])) {
        case STRAIT_SPSC_CLOSED: return HISTORY_CLOSED;
        case STRAIT_SPSC_FULL: return HISTORY_FULL;
        }
        *ret_n = 1;
    } else {
        size_t room = strait_spsc_reserve(&queue->spsc, n, &at);

        if (room == 0)
            return queue->is_closed ? HISTORY_CLOSED : HISTORY_FULL;
        if (room > n || at != queue->n_pushed % queue->capacity) {
            fprintf(stderr, "lin_spsc: reserved other places\n");
            abort();
        }
        for (i = 0; i < room; i++)
            queue->slots[at + i] = (void *)(uintptr_t)values[i];
        strait_spsc_commit(&queue->spsc, room);
        *ret_n = (unsigned)room;
    }
    queue->n_pushed += *ret_n;
    return HISTORY_DONE;
}

static int
pop(void *arg, uint32_t *values, unsigned n, unsigned *ret_n)
{
    struct queue *queue = arg;
    void *pointer;
    size_t at;
    size_t i;

    if (n == 1) {
        switch (strait_spsc_pop(&queue->spsc, &pointer)) {
        case STRAIT_SPSC_CLOSED: return HISTORY_CLOSED;
        case STRAIT_SPSC_EMPTY: return HISTORY_EMPTY;
        }
        values[0] = (uint32_t)(uintptr_t)pointer;
        *ret_n = 1;
    } else {
        size_t filled = strait_spsc_peek(&queue->spsc, n, &at);

        if (filled == 0)
            return strait_spsc_is_ended(&queue->spsc) ? HISTORY_CLOSED
                                                      : HISTORY_EMPTY;
        if (filled > n || at != queue->n_popped % queue->capacity) {
            fprintf(stderr, "lin_spsc: peeked at other places\n");
            abort();
        }
        for (i = 0; i < filled; i++)
            values[i] = (uint32_t)(uintptr_t)queue->slots[at + i];
        strait_spsc_release(&queue->spsc, filled);
        *ret_n = (unsigned)filled;
    }
    queue->n_popped += *ret_n;
    return HISTORY_DONE;
}

static bool
close_spsc(void *arg)
{
    struct queue *queue = arg;

    queue->is_closed = true;
    return strait_spsc_close(&queue->spsc);
}

static const uint32_t capacities[] = { 2, 4, 8, 64, CAPACITY_MAX };

static const struct lin_kind kinds[] = {
    { .name = "spsc",
        .contract = { .is_push_partial = true,
            .is_pop_partial = true,
            .pops_closed = true },
        .n_producers_max = 1,
        .n_consumers_max = 1,
        .push_max = 8,
        .pop_max = 16,
        .can_close = true,
        .is_closed_by_producers = true,
        .capacities = capacities,
        .n_capacities = 5,
        .create = create,
        .destroy = destroy,
        .reset = reset,
        .fit = fit,
        .push = push,
        .pop = pop,
        .close = close_spsc },
};

int
main(int argc, char **argv)
{
    return lin_main(argc, argv, "lin_spsc",
        "Histories of the spsc queue, checked against its contract.", kinds,
        sizeof kinds / sizeof kinds[0]);
}
