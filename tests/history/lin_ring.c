/* SPDX-License-Identifier: MIT */
/*
 * lin_ring.c - histories of strait_ring_t, in three ways of use: any thread
 * does anything (weak pops), any thread does anything and pops strongly, and
 * many producers against one consumer that uses the forms for that.
 *
 * FULL and CLOSED are exact. A weak pop may answer EMPTY or PENDING while the
 * oldest place is claimed by a push that is open; a strong one never answers
 * PENDING, and EMPTY exactly. A batch that did not go in as a whole found no
 * room for more at one moment of the call. Arming may be refused beside another
 * arming.
 */
#include <stdlib.h>

#include <strait/ring.h>

#include "lin.h"

#define CAPACITY_MAX 256

struct queue {
    strait_ring_t ring;
    strait_ring_slot_t slots[CAPACITY_MAX];
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

    if (0 != strait_ring_init(&queue->ring, queue->slots, capacity))
        abort();
}

static int
push(void *arg, const uint32_t *values, unsigned n, unsigned *ret_n)
{
    struct queue *queue = arg;
    void *pointers[16];
    size_t n_pushed = 1;
    unsigned i;
    int answer;

    for (i = 0; i < n; i++)
        pointers[i] = (void *)(uintptr_t)values[i];
    answer = n == 1 ? strait_ring_push(&queue->ring, pointers[0])
                    : strait_ring_push_n(&queue->ring, pointers, n, &n_pushed);
    switch (answer) {
    case STRAIT_RING_DONE: *ret_n = (unsigned)n_pushed; return HISTORY_DONE;
    case STRAIT_RING_WAKE: *ret_n = (unsigned)n_pushed; return HISTORY_WAKE;
    case STRAIT_RING_FULL: return HISTORY_FULL;
    default: return HISTORY_CLOSED;
    }
}

static int
hand_out(int answer, void *const *pointers, size_t n, uint32_t *values,
    unsigned *ret_n)
{
    size_t i;

    if (answer == STRAIT_RING_PENDING)
        return HISTORY_PENDING;
    if (answer != STRAIT_RING_DONE)
        return HISTORY_EMPTY;
    for (i = 0; i < n; i++)
        values[i] = (uint32_t)(uintptr_t)pointers[i];
    *ret_n = (unsigned)n;
    return HISTORY_DONE;
}

static int
pop(void *arg, uint32_t *values, unsigned n, unsigned *ret_n)
{
    struct queue *queue = arg;
    void *pointers[16];
    size_t n_popped = 1;
    int answer = n == 1
        ? strait_ring_pop(&queue->ring, pointers)
        : strait_ring_pop_n(&queue->ring, pointers, n, &n_popped);

    return hand_out(answer, pointers, n_popped, values, ret_n);
}

static int
pop_strong(void *arg, uint32_t *values, unsigned n, unsigned *ret_n)
{
    struct queue *queue = arg;
    void *pointers[1];
    int answer = strait_ring_pop_strong(&queue->ring, pointers);

    (void)n;
    return hand_out(answer, pointers, 1, values, ret_n);
}

static int
pop_alone(void *arg, uint32_t *values, unsigned n, unsigned *ret_n)
{
    struct queue *queue = arg;
    void *pointers[16];
    size_t n_popped = 1;
    int answer = n == 1
        ? strait_ring_pop_alone(&queue->ring, pointers)
        : strait_ring_pop_n_alone(&queue->ring, pointers, n, &n_popped);

    return hand_out(answer, pointers, n_popped, values, ret_n);
}

static bool
arm(void *arg)
{
    return strait_ring_arm(&((struct queue *)arg)->ring);
}

static bool
close_ring(void *arg)
{
    return strait_ring_close(&((struct queue *)arg)->ring);
}

static const uint32_t capacities[] = { 2, 4, 8, 64, CAPACITY_MAX };

#define KIND                                                                   \
    .push_max = 8, .can_arm = true, .can_close = true, .can_sleep = true,      \
    .capacities = capacities, .n_capacities = 5, .create = create,             \
    .destroy = destroy, .reset = reset, .push = push, .arm = arm,              \
    .close = close_ring

static const struct lin_kind kinds[] = {
    { .name = "ring, weak pops",
        .contract = { .is_empty_weak = true,
            .pending_reach = 1,
            .is_push_partial = true,
            .is_pop_partial = true },
        .pop_max = 16,
        .pop = pop,
        KIND },
    { .name = "ring, strong pops",
        .contract = { .is_push_partial = true },
        .pop_max = 1,
        .pop = pop_strong,
        KIND },
    { .name = "ring, one consumer",
        .contract = { .is_empty_weak = true,
            .pending_reach = 1,
            .is_push_partial = true,
            .is_pop_partial = true },
        .n_consumers_max = 1,
        .pop_max = 16,
        .pop = pop_alone,
        KIND },
};

int
main(int argc, char **argv)
{
    return lin_main(argc, argv, "lin_ring",
        "Histories of the ring, checked against its contract.", kinds,
        sizeof kinds / sizeof kinds[0]);
}
