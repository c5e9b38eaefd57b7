/* SPDX-License-Identifier: MIT */
/*
 * ck_fifos.c - see ck_fifos.h. Nothing but calls of ck_fifo, because this file
 * is compiled without one check: ck_fifo_mpmc counts generations in a char
 * pointer that starts at NULL, which is undefined in C and reported by
 * -fsanitize=pointer-overflow. (An attribute of the callers would not do, since
 * functions of a header are checked by themselves even where they are inlined.)
 */
#include "ck_fifos.h"

#ifdef HAVE_CK

#include <ck_fifo.h>
#include <stdbool.h>
#include <stdlib.h>

#define ENTRIES (2 * DIFFERENTIAL_UNBOUNDED)

struct fifo_spsc {
    ck_fifo_spsc_t fifo;
    size_t next;
    ck_fifo_spsc_entry_t entries[ENTRIES];
};

static void *
create_spsc(uint32_t capacity)
{
    struct fifo_spsc *o = calloc(1, sizeof *o);

    (void)capacity;
    if (o != NULL)
        ck_fifo_spsc_init(&o->fifo, &o->entries[o->next++]);
    return o;
}

static size_t
push_spsc(void *arg, const uintptr_t *values, size_t n, struct rng *rng)
{
    struct fifo_spsc *o = arg;
    size_t i;

    (void)rng;
    for (i = 0; i < n; i++) {
        ck_fifo_spsc_enqueue(&o->fifo, &o->entries[o->next], (void *)values[i]);
        o->next = (o->next + 1) % ENTRIES;
    }
    return n;
}

static size_t
pop_spsc(void *arg, uintptr_t *values, size_t n, struct rng *rng)
{
    struct fifo_spsc *o = arg;
    void *value;
    size_t i;

    (void)rng;
    for (i = 0; i < n && ck_fifo_spsc_dequeue(&o->fifo, &value); i++)
        values[i] = (uintptr_t)value;
    return i;
}

static void
destroy(void *arg)
{
    free(arg);
}

struct fifo_mpmc {
    ck_fifo_mpmc_t fifo;
    size_t next;
    ck_fifo_mpmc_entry_t entries[ENTRIES];
};

static void *
create_mpmc(uint32_t capacity)
{
    struct fifo_mpmc *o = aligned_alloc(64, (sizeof *o + 63) / 64 * 64);

    (void)capacity;
    if (o != NULL) {
        o->next = 1;
        ck_fifo_mpmc_init(&o->fifo, &o->entries[0]);
    }
    return o;
}

static size_t
push_mpmc(void *arg, const uintptr_t *values, size_t n, struct rng *rng)
{
    struct fifo_mpmc *o = arg;
    size_t i;

    (void)rng;
    for (i = 0; i < n; i++) {
        ck_fifo_mpmc_enqueue(&o->fifo, &o->entries[o->next], (void *)values[i]);
        o->next = (o->next + 1) % ENTRIES;
    }
    return n;
}

static size_t
pop_mpmc(void *arg, uintptr_t *values, size_t n, struct rng *rng)
{
    struct fifo_mpmc *o = arg;
    ck_fifo_mpmc_entry_t *garbage;
    void *value;
    size_t i;

    (void)rng;
    for (i = 0; i < n && ck_fifo_mpmc_dequeue(&o->fifo, &value, &garbage); i++)
        values[i] = (uintptr_t)value;
    return i;
}

const struct differential_queue ck_fifo_spsc_queue = { "ck_fifo spsc",
    create_spsc, destroy, push_spsc, pop_spsc, NULL };
const struct differential_queue ck_fifo_mpmc_queue = { "ck_fifo mpmc",
    create_mpmc, destroy, push_mpmc, pop_mpmc, NULL };

#endif /* HAVE_CK */
