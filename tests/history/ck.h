/* SPDX-License-Identifier: MIT */
/*
 * ck.h - Concurrency Kit's rings as oracles (differential.h). Only
 * tests include its headers, never the library.
 *
 * A ck_ring of size s holds s - 1 values, where Strait holds its whole
 * capacity. That is levelled in two ways: CK_RINGS_TWICE gives ck_ring twice
 * the size and stops it by its own count at the capacity; with CK_RINGS_SAME it
 * has the same size, says FULL by itself, and the subject must be stopped at
 * capacity - 1 by its own count. ck_ring has no batches: its calls are
 * repeated.
 */
#ifndef STRAIT_TESTS_CK_H
#define STRAIT_TESTS_CK_H

#include <ck_ring.h>
#include <stdbool.h>
#include <stdlib.h>

#include "differential.h"

struct ck_rings {
    ck_ring_t ring;
    unsigned limit;
    ck_ring_buffer_t *buffer;
};

static inline void *
ck_rings_create(uint32_t size, unsigned limit)
{
    struct ck_rings *o = aligned_alloc(64, (sizeof *o + 63) / 64 * 64);

    if (o == NULL)
        return NULL;
    o->limit = limit;
    o->buffer = calloc(size, sizeof *o->buffer);
    ck_ring_init(&o->ring, size);
    return o;
}

static inline void *
ck_rings_create_twice(uint32_t capacity)
{
    return ck_rings_create(2 * capacity, capacity);
}

static inline void *
ck_rings_create_same(uint32_t capacity)
{
    return ck_rings_create(capacity, capacity);
}

static inline void
ck_rings_destroy(void *arg)
{
    struct ck_rings *o = arg;

    free(o->buffer);
    free(o);
}

/* Makes the functions for one family of calls, spsc or mpmc. */
#define CK_RINGS_CALLS(calls)                                                  \
    static size_t ck_rings_push_##calls(                                       \
        void *arg, const uintptr_t *values, size_t n, struct rng *rng)         \
    {                                                                          \
        struct ck_rings *o = arg;                                              \
        size_t i;                                                              \
                                                                               \
        (void)rng;                                                             \
        for (i = 0; i < n && ck_ring_size(&o->ring) < o->limit; i++) {         \
            if (!ck_ring_enqueue_##calls(                                      \
                    &o->ring, o->buffer, (void *)values[i]))                   \
                break;                                                         \
        }                                                                      \
        return i;                                                              \
    }                                                                          \
    static size_t ck_rings_pop_##calls(                                        \
        void *arg, uintptr_t *values, size_t n, struct rng *rng)               \
    {                                                                          \
        struct ck_rings *o = arg;                                              \
        void *value;                                                           \
        size_t i;                                                              \
                                                                               \
        (void)rng;                                                             \
        for (i = 0; i < n; i++) {                                              \
            if (!ck_ring_dequeue_##calls(&o->ring, o->buffer, &value))         \
                break;                                                         \
            values[i] = (uintptr_t)value;                                      \
        }                                                                      \
        return i;                                                              \
    }

#define CK_RINGS_TWICE(calls)                                                  \
    {                                                                          \
        .name = "ck_ring " #calls ", twice the size",                          \
        .create = ck_rings_create_twice, .destroy = ck_rings_destroy,          \
        .push = ck_rings_push_##calls, .pop = ck_rings_pop_##calls             \
    }
#define CK_RINGS_SAME(calls)                                                   \
    {                                                                          \
        .name = "ck_ring " #calls ", the same size",                           \
        .create = ck_rings_create_same, .destroy = ck_rings_destroy,           \
        .push = ck_rings_push_##calls, .pop = ck_rings_pop_##calls             \
    }

#endif /* STRAIT_TESTS_CK_H */
