/* SPDX-License-Identifier: MIT */
/*
 * memory - allocation that answers or ends the program, and a growing text.
 *
 * The program's demand is bounded and small, so a refusal means that the
 * machine has nothing left: it says so and ends with status 1. Any thread.
 */
#ifndef TREEHASH_MEMORY_H
#define TREEHASH_MEMORY_H

#include <stddef.h>

/* Zeroed memory for n elements. Never NULL. */
void *th_alloc(size_t n, size_t size_bytes);

/* realloc that never answers NULL. */
void *th_grow(void *block, size_t n, size_t size_bytes);

/* Bytes that grow at their end; not terminated. Starts as all zeros. */
struct th_text {
    char *at;
    size_t used;
    size_t size;
};

/* Makes room for n more bytes and answers where they go. */
char *th_text_room(struct th_text *text, size_t n);

void th_text_put(struct th_text *text, const char *bytes, size_t n);

void th_text_free(struct th_text *text);

#endif /* TREEHASH_MEMORY_H */
