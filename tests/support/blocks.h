/* SPDX-License-Identifier: MIT */
/*
 * blocks.h - an allocator that keeps books: every block must come back once,
 * with the size and alignment it was asked with. It can be told to fail.
 *
 *     struct blocks blocks = BLOCKS_INIT;
 *     config.allocator = blocks_allocator(&blocks);
 *     blocks.fail_at = 3;           // the third call from now on ...
 *     blocks.fail_on = true;        // ... and all later ones
 *     ...
 *     blocks_complaint(&blocks)     // NULL if all came back in order
 *
 * New blocks are filled with 0xa5, so that nobody relies on zeros; returned
 * ones with 0x5a before they are freed.
 */
#ifndef STRAIT_TESTS_BLOCKS_H
#define STRAIT_TESTS_BLOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strait/memory.h>

#define BLOCKS_MAX 1024

struct blocks_entry {
    void *block;
    size_t size_bytes;
    size_t align_bytes;
};

struct blocks {
    pthread_mutex_t lock;
    struct blocks_entry live[BLOCKS_MAX];
    unsigned n_live;
    unsigned n_calls; /* calls of alloc */
    unsigned n_frees;
    size_t live_bytes;
    unsigned fail_at;    /* 0: never; n: the n-th call of alloc from now */
    bool fail_on;        /* and every call after that */
    const char *trouble; /* the first thing that was wrong */
    strait_allocator_t allocator;
};

#define BLOCKS_INIT                                                            \
    {                                                                          \
        .lock = PTHREAD_MUTEX_INITIALIZER                                      \
    }

static inline void *
blocks_alloc_(size_t size_bytes, size_t align_bytes, void *arg)
{
    struct blocks *blocks = arg;
    void *block = NULL;
    bool fail = false;

    pthread_mutex_lock(&blocks->lock);
    blocks->n_calls++;
    if (blocks->fail_at != 0) {
        fail = --blocks->fail_at == 0;
        if (fail && blocks->fail_on)
            blocks->fail_at = 1;
    }
    if (size_bytes == 0)
        blocks->trouble = "a block of 0 bytes was asked for";
    if (align_bytes == 0 || (align_bytes & (align_bytes - 1)) != 0) {
        blocks->trouble = "an alignment is no power of two";
        fail = true;
    }
    if (blocks->n_live == BLOCKS_MAX) {
        blocks->trouble = "more live blocks than the books have room for";
        fail = true;
    }
    if (!fail) {
        size_t least = align_bytes < sizeof(void *) ? sizeof(void *)
                                                    : align_bytes;

        if (posix_memalign(&block, least, size_bytes) != 0)
            block = NULL;
    }
    if (block != NULL) {
        struct blocks_entry *entry = &blocks->live[blocks->n_live++];

        memset(block, 0xa5, size_bytes);
        entry->block = block;
        entry->size_bytes = size_bytes;
        entry->align_bytes = align_bytes;
        blocks->live_bytes += size_bytes;
    }
    pthread_mutex_unlock(&blocks->lock);
    return block;
}

static inline void
blocks_free_(void *block, size_t size_bytes, size_t align_bytes, void *arg)
{
    struct blocks *blocks = arg;
    unsigned i;

    pthread_mutex_lock(&blocks->lock);
    blocks->n_frees++;
    for (i = 0; i < blocks->n_live && blocks->live[i].block != block; i++) {}
    if (block == NULL) {
        blocks->trouble = "NULL was freed";
    } else if (i == blocks->n_live) {
        blocks->trouble = "a block was freed that is not of this allocator";
    } else {
        struct blocks_entry *entry = &blocks->live[i];

        if (entry->size_bytes != size_bytes)
            blocks->trouble = "a block came back with another size";
        if (entry->align_bytes != align_bytes)
            blocks->trouble = "a block came back with another alignment";
        memset(block, 0x5a, entry->size_bytes);
        blocks->live_bytes -= entry->size_bytes;
        *entry = blocks->live[--blocks->n_live];
        free(block);
    }
    pthread_mutex_unlock(&blocks->lock);
}

/* The allocator to hand to a configuration. */
static inline const strait_allocator_t *
blocks_allocator(struct blocks *blocks)
{
    blocks->allocator.alloc = blocks_alloc_;
    blocks->allocator.free = blocks_free_;
    blocks->allocator.arg = blocks;
    return &blocks->allocator;
}

/* What is wrong with the books once all should have come back, or NULL. */
static inline const char *
blocks_complaint(struct blocks *blocks)
{
    if (blocks->trouble != NULL)
        return blocks->trouble;
    return blocks->n_live != 0 ? "a block was not given back" : NULL;
}

#endif /* STRAIT_TESTS_BLOCKS_H */
