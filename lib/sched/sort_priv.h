/* SPDX-License-Identifier: MIT */
/*
 * sort_priv.h - what both sorts need: the place, memory, merges of large
 * arrays. Included by: sort.c, sort_keys.c.
 */
#ifndef STI_SCHED_SORT_PRIV_H
#define STI_SCHED_SORT_PRIV_H

#include <strait/sort.h>

#include "sched/parallel_priv.h"
#include "sched/sched_priv.h"

/* A buffer of up to so many bytes is on the stack. */
#define STI_SORT_STACK 4096

/* 0 if the calling thread could run a call in that place, or what the call
 * answers otherwise; and the allocator of its pool. */
int sti_sort_place(
    strait_place_t where, const strait_allocator_t **ret_allocator);

/* The allocator of the pool that a frame is of. */
const strait_allocator_t *sti_sort_allocator(strait_frame_t *frame);

/* Memory that is not zeroed; NULL if there is none. */
void *sti_sort_alloc(const strait_allocator_t *allocator, size_t size_bytes);
void sti_sort_free(
    const strait_allocator_t *allocator, void *block, size_t size_bytes);

/* True if n such elements, and what goes with each, can be in memory. */
static inline bool
sti_sort_fits(size_t n, size_t size_bytes)
{
    return size_bytes != 0 && size_bytes <= SIZE_MAX / 4 &&
        n <= SIZE_MAX / 4 / (size_bytes + 64);
}

/* Sorts array by the kernel, with as large a buffer, into one of them. Without
 * a frame on the calling thread alone. */
void sti_sort_merge(strait_frame_t *frame, const strait_sort_kernel_t *kernel,
    void *array, void *buffer, size_t n, bool into_buffer, void *arg);

/* Copies elements from where pointers point to, in their order, then back over
 * the array that they came from. `step` bytes from pointer to pointer. */
void sti_sort_gather(strait_frame_t *frame, char *array, char *buffer,
    const char *pointers, size_t step, size_t n, size_t size_bytes);

/* sort_in_place.c: a sort that needs no memory. */
void sti_sort_in_place(strait_frame_t *frame, char *array, size_t n,
    size_t size_bytes, strait_compare_fn compare, void *arg);

#endif /* STI_SCHED_SORT_PRIV_H */
