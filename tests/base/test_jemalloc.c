/* SPDX-License-Identifier: MIT */
/*
 * test_jemalloc.c - in a program that is linked with jemalloc the library finds
 * it, and its blocks really come from there.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <strait/memory.h>
#include <strait/pool.h>
#include <string.h>

/* jemalloc's own call: the usable size of a block of its heap. */
extern size_t sallocx(const void *block, int flags);

#define REQUIRE(condition)                                                     \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);            \
            return 1;                                                          \
        }                                                                      \
    } while (0)

int
main(void)
{
    const char *name = NULL;
    const strait_allocator_t *allocator = strait_allocator_default(&name);
    strait_pool_t *pool;
    size_t align;

    REQUIRE(strcmp(name, "jemalloc") == 0);
    for (align = 1; align <= 4096; align *= 2) {
        char *block = allocator->alloc(1000, align, allocator->arg);

        REQUIRE(block != NULL);
        REQUIRE((uintptr_t)block % align == 0);
        REQUIRE(sallocx(block, 0) >= 1000);
        memset(block, 1, 1000);
        allocator->free(block, 1000, align, allocator->arg);
    }
    REQUIRE(strait_pool_create(&pool, NULL) == 0);
    REQUIRE(sallocx(pool, 0) > 0);
    REQUIRE(strait_pool_destroy(pool) == 0);
    return 0;
}
