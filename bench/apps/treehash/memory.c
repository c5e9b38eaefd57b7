/* SPDX-License-Identifier: MIT */
/* memory - see memory.h. */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
out_of_memory(void)
{
    static const char text[] = "treehash: out of memory\n";
    ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

    (void)n; /* there is nobody else to tell */
    _exit(1);
}

void *
th_alloc(size_t n, size_t size_bytes)
{
    void *block = calloc(n, size_bytes);

    if (block == NULL) {
        out_of_memory();
    }
    return block;
}

void *
th_grow(void *block, size_t n, size_t size_bytes)
{
    void *grown = NULL;

    if (size_bytes == 0 || n <= SIZE_MAX / size_bytes) {
        grown = realloc(block, n * size_bytes);
    }
    if (grown == NULL) {
        out_of_memory();
    }
    return grown;
}

char *
th_text_room(struct th_text *text, size_t n)
{
    if (text->size - text->used < n) {
        size_t size = text->size < 128 ? 128 : text->size * 2;

        if (size < text->used + n) {
            size = text->used + n;
        }
        text->at = th_grow(text->at, size, 1);
        text->size = size;
    }
    return text->at + text->used;
}

void
th_text_put(struct th_text *text, const char *bytes, size_t n)
{
    if (n > 0) {
        memcpy(th_text_room(text, n), bytes, n);
        text->used += n;
    }
}

void
th_text_free(struct th_text *text)
{
    free(text->at);
    memset(text, 0, sizeof(*text));
}
