/* SPDX-License-Identifier: MIT */
/*
 * memory.h - how the library allocates: always through an allocator, always
 * with the size at hand when it frees. Included by: every layer.
 */
#ifndef STI_BASE_MEMORY_H
#define STI_BASE_MEMORY_H

#include <strait/memory.h>

/* The allocator to copy into a new object: the caller's, or the default. NULL
 * if the caller's lacks a function. */
const strait_allocator_t *sti_allocator_or_default(
    const strait_allocator_t *allocator);

/* A zeroed block aligned to a cache line, or NULL. */
void *sti_alloc(const strait_allocator_t *allocator, size_t size_bytes);

/* Takes back what sti_alloc answered, with the same size. */
void sti_free(
    const strait_allocator_t *allocator, void *block, size_t size_bytes);

#endif /* STI_BASE_MEMORY_H */
