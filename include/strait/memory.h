/* SPDX-License-Identifier: MIT */
/**
 * @file memory.h
 * Where the library gets its memory from: an allocator that you give to the
 * configuration of a pool or loop, or else jemalloc if the program has it, or
 * else the C library. A block always goes back to the allocator it came from.
 * Strait allocates when something is created, never in steady state.
 */
#ifndef STRAIT_MEMORY_H
#define STRAIT_MEMORY_H

#include <strait/base.h>

STRAIT_BEGIN_DECLS

/**
 * An allocator. It is copied into what is created with it; `arg` must outlive
 * that. Both functions may be called from any thread.
 */
typedef struct strait_allocator {
    /** Answers `size_bytes` aligned to `align_bytes` (a power of two), or NULL.
     * The contents are unspecified. */
    void *(*alloc)(size_t size_bytes, size_t align_bytes, void *arg);
    /** Takes back what alloc answered, with the same sizes. Never NULL. */
    void (*free)(void *block, size_t size_bytes, size_t align_bytes, void *arg);
    void *arg; /**< handed to both */
} strait_allocator_t;

/**
 * The allocator used when none is given, and a name for it: "jemalloc" if the
 * program was linked with jemalloc (found through weak symbols), else "libc".
 * @param[out] ret_name  static string; may be NULL
 * @threads any  @progress wait-free
 */
STRAIT_API const strait_allocator_t *strait_allocator_default(
    const char **ret_name) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_MEMORY_H */
