/* SPDX-License-Identifier: MIT */
/*
 * test_memory.c - the default allocator keeps its contract. That the library
 * takes all its memory from a given allocator and gives it back is tested where
 * it allocates: tests/sched, tests/loop.
 */
#include <stdint.h>
#include <stdlib.h>
#include <strait/memory.h>
#include <string.h>

#include "sanitizer.h"
#include "unit.h"

#if SANITIZER_ADDRESS
/* Let its allocator answer NULL as the C library's does, instead of
 * aborting. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
#endif

#if SANITIZER_THREAD
const char *__tsan_default_options(void);

const char *
__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}
#endif

Test(memory, the_default_is_one_object_with_a_name)
{
    const char *name = NULL;
    const strait_allocator_t *allocator = strait_allocator_default(&name);

    cr_assert(allocator != NULL);
    cr_assert(allocator->alloc != NULL && allocator->free != NULL);
    check_ptr(strait_allocator_default(NULL), allocator);
    check_str(name, "libc");
}

Test(memory, blocks_are_aligned_apart_and_writable)
{
    const strait_allocator_t *allocator = strait_allocator_default(NULL);
    size_t align;

    for (align = 1; align <= 65536; align *= 2) {
        static const size_t sizes[] = { 1, 7, 8, 63, 64, 65, 4096, 100001 };
        char *blocks[8];
        size_t i;

        for (i = 0; i < 8; i++) {
            blocks[i] = allocator->alloc(sizes[i], align, allocator->arg);
            cr_assert(blocks[i] != NULL, "%zu bytes at %zu", sizes[i], align);
            check_int((uintptr_t)blocks[i] % align, 0);
            memset(blocks[i], (int)i + 1, sizes[i]);
        }
        for (i = 0; i < 8; i++) {
            check_int(blocks[i][0], i + 1);
            check_int(blocks[i][sizes[i] - 1], i + 1);
            allocator->free(blocks[i], sizes[i], align, allocator->arg);
        }
    }
}

Test(memory, sizes_that_cannot_be_had_answer_null)
{
    static const size_t absurd[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 62,
        SIZE_MAX - 63, SIZE_MAX - 64, SIZE_MAX / 2 };
    const strait_allocator_t *allocator = strait_allocator_default(NULL);
    size_t i;

    for (i = 0; i < sizeof absurd / sizeof absurd[0]; i++)
        check_ptr(allocator->alloc(absurd[i], 64, allocator->arg), NULL);
}
