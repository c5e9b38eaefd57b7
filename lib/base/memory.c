/* SPDX-License-Identifier: MIT */
/*
 * memory.c - the default allocator, and the two calls the library makes.
 *
 * jemalloc is found through weak symbols: a library must not choose malloc for
 * its host, and a libstrait.so that needed libjemalloc.so could not be loaded
 * with dlopen (static TLS) and would mix two heaps in one process. If the
 * program has jemalloc, its aligned and sized calls are used; if not, the C
 * library's. The choice is fixed by the link, so a block always returns to the
 * heap it came from.
 */
#define _GNU_SOURCE
#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* jemalloc's own prototypes, declared here so that its header is not needed. */
extern void *mallocx(size_t size, int flags) __attribute__((weak));
extern void sdallocx(void *block, size_t size, int flags) __attribute__((weak));

/* jemalloc's flag for an alignment is its base-2 logarithm. */
static int
align_flag(size_t align_bytes)
{
    return __builtin_ctzll((unsigned long long)align_bytes);
}

static void *
default_alloc(size_t size_bytes, size_t align_bytes, void *arg)
{
    (void)arg;
    /* Rounding up must not wrap, and neither library promises sense for 0. */
    if (size_bytes == 0 || size_bytes > PTRDIFF_MAX - align_bytes)
        return NULL;
    if (mallocx != NULL && sdallocx != NULL)
        return mallocx(size_bytes, align_flag(align_bytes));
    /* C11 wants a multiple of the alignment. */
    return aligned_alloc(
        align_bytes, (size_bytes + align_bytes - 1) & ~(align_bytes - 1));
}

static void
default_free(void *block, size_t size_bytes, size_t align_bytes, void *arg)
{
    (void)arg;
    if (mallocx != NULL && sdallocx != NULL)
        sdallocx(block, size_bytes, align_flag(align_bytes));
    else
        free(block);
}

static const strait_allocator_t default_allocator = {
    default_alloc,
    default_free,
    NULL,
};

const strait_allocator_t *
strait_allocator_default(const char **ret_name)
{
    if (ret_name != NULL) {
        *ret_name = mallocx != NULL && sdallocx != NULL ? "jemalloc" : "libc";
    }
    return &default_allocator;
}

const strait_allocator_t *
sti_allocator_or_default(const strait_allocator_t *allocator)
{
    if (allocator == NULL)
        return &default_allocator;
    if (allocator->alloc == NULL || allocator->free == NULL)
        return NULL;
    return allocator;
}

void *
sti_alloc(const strait_allocator_t *allocator, size_t size_bytes)
{
    int saved = errno;
    void *block = allocator->alloc(
        size_bytes, STRAIT_CACHE_LINE, allocator->arg);

    /* An allocator that fails may set it; the error is ours to answer. */
    errno = saved;
    if (block != NULL)
        memset(block, 0, size_bytes);
    return block;
}

void
sti_free(const strait_allocator_t *allocator, void *block, size_t size_bytes)
{
    int saved = errno;

    allocator->free(block, size_bytes, STRAIT_CACHE_LINE, allocator->arg);
    errno = saved;
}
