/* SPDX-License-Identifier: MIT */
/**
 * @file base.h
 * What every other header of Strait stands on: version, export and inline
 * marks, attributes. It declares two functions and holds no state.
 *
 * Words used in the contracts of all headers:
 *
 * - `@threads`  any | producer | consumer | worker | loop | owner | init-only.
 *   "loop" is the one thread that owns the loop; "consumer" is one thread at a
 *   time, and handing the role over needs a synchronising operation.
 * - `@progress` wait-free (a bounded number of own steps), lock-free (somebody
 *   always gets on), blocking(why and for how long), sleeps.
 * - `@return`   0 or a positive count, or a negative errno value; queues answer
 *   one of the words of their header: compare with its name. The library
 *   never sets errno, never prints and never exits. Outputs named `ret_*` are
 *   not touched on failure.
 * - Pointers are not NULL, and memory has its natural alignment, unless the
 *   contract allows it or names the errno that it answers.
 * - Units stand in names: `_ns` is nanoseconds of CLOCK_MONOTONIC, `_bytes`,
 *   `n_*` counts, `capacity` elements.
 * - Fields of complete structs whose names end in `_` are private. They are
 *   visible so that you can embed the struct, not so that you touch them.
 */
#ifndef STRAIT_BASE_H
#define STRAIT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STRAIT_VERSION_MAJOR 0
#define STRAIT_VERSION_MINOR 1
#define STRAIT_VERSION_PATCH 0
/** The version of these headers as one number, e.g. 0x000100 for 0.1.0. */
#define STRAIT_VERSION                                                         \
    ((STRAIT_VERSION_MAJOR << 16) | (STRAIT_VERSION_MINOR << 8) |              \
        STRAIT_VERSION_PATCH)

#ifdef __cplusplus
#define STRAIT_BEGIN_DECLS extern "C" {
#define STRAIT_END_DECLS }
#define STRAIT_NOEXCEPT noexcept
#else
#define STRAIT_BEGIN_DECLS
#define STRAIT_END_DECLS
#define STRAIT_NOEXCEPT
#endif

/** Exported from the shared library, whose default visibility is hidden. */
#define STRAIT_API __attribute__((visibility("default")))

/**
 * A fast path that lives in its header. The body is C99 `inline`: exactly one
 * .c file of the library emits it as an ordinary exported function too, so
 * that it can be called through a pointer and from other languages.
 */
#if defined(STRAIT_DEBUG) && STRAIT_DEBUG >= 1
/* With the checks of who includes it, not with those of the library. */
#define STRAIT_INLINE STRAIT_API __attribute__((always_inline)) inline
#else
#define STRAIT_INLINE STRAIT_API inline
#endif

/** The result must be looked at. */
#define STRAIT_NODISCARD __attribute__((warn_unused_result))

/** Bytes that two cores fight over as one; hot groups are kept this far
 * apart. */
#define STRAIT_CACHE_LINE 64

/* The errno values that inline functions and cores answer; a core needs nothing
 * of the C library. lib/base/error.c compares them with the system's. */
#define STRAIT_EINVAL_ 22
#define STRAIT_ESHUTDOWN_ 108
#define STRAIT_ETIMEDOUT_ 110

/** From a pointer to a member back to the struct that embeds it. */
#define STRAIT_CONTAINER_OF(ptr, type, member)                                 \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

STRAIT_BEGIN_DECLS

/**
 * The version of the library that is really loaded, in the form of
 * STRAIT_VERSION; differs from it when headers and library do not match.
 * @threads any  @progress wait-free
 */
STRAIT_API uint32_t strait_version(void) STRAIT_NOEXCEPT;

/**
 * The same as text, e.g. "0.1.0". The string is static.
 * @threads any  @progress wait-free
 */
STRAIT_API const char *strait_version_string(void) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_BASE_H */
