/* SPDX-License-Identifier: MIT */
/**
 * @file sort.h
 * Sorting an array on all workers of a pool.
 *
 *     int err = strait_parallel_sort(
 *         strait_on_lane(lane), names, n, sizeof *names, by_length, NULL, 0);
 *     int err = strait_parallel_sort_keys(strait_on_lane(lane), prices, n,
 *         sizeof *prices, 0, STRAIT_KEY_F64);
 *
 * Which one: if the order is that of a number in the element, strait_parallel_
 * sort_keys, which never compares. If it is an expression of a type that you
 * know, sort_define.h, which inlines it. Else strait_parallel_sort, which calls
 * a function as qsort_r does.
 *
 * The places are those of parallel.h. Arrays that are too small to be shared
 * out are sorted by the calling thread, also if the place is a lane. A sort
 * that has begun runs to its end.
 */
#ifndef STRAIT_SORT_H
#define STRAIT_SORT_H

#include <strait/base.h>
#include <strait/parallel.h>

STRAIT_BEGIN_DECLS

/** Answers less than, equal to, or more than 0, as for qsort_r. Called on any
 * workers at once. It must be consistent: if it is not, the array holds
 * afterwards anything made of its elements, but nothing outside of it was
 * touched. */
typedef int (*strait_compare_fn)(const void *a, const void *b, void *arg);

/** Flags of strait_parallel_sort. */
enum {
    STRAIT_SORT_STABLE = 1,  /**< equal elements keep their order */
    STRAIT_SORT_IN_PLACE = 2 /**< without memory; slower, and not stable */
};

/**
 * Sorts n elements. Without flags it is as fast as it can be: by merging if
 * there is memory, else in place.
 * @param array  not NULL unless n is 0
 * @param size_bytes  of an element, not 0
 * @param flags  STRAIT_SORT_STABLE or STRAIT_SORT_IN_PLACE or 0
 * @retval 0        done
 * @retval -EINVAL  compare or array NULL, a size of 0, n * size_bytes more than
 *   there are addresses, an unknown flag or both; a place without frame, lane
 *   or job
 * @retval -ENOMEM  STABLE, and no memory; the array is as it was
 * @threads as the place  @progress blocking(compare)
 * @cost about n log2(n) - n comparisons, n - 1 if it is in order, or in
 *   reverse without equal ones;
 *   n * size_bytes from the pool's allocator, for elements of more than 32 or
 *   of odd sizes n * (size_bytes + 16); from the stack if that is below 4 KiB
 */
STRAIT_API int strait_parallel_sort(strait_place_t where, void *array, size_t n,
    size_t size_bytes, strait_compare_fn compare, void *arg, uint32_t flags)
    STRAIT_NOEXCEPT;

/** What a key is. For floats -0 comes before 0, and NaN before or after all
 * others, by its sign. */
enum {
    STRAIT_KEY_U32 = 0,
    STRAIT_KEY_I32 = 1,
    STRAIT_KEY_F32 = 2, /**< float */
    STRAIT_KEY_U64 = 3,
    STRAIT_KEY_I64 = 4,
    STRAIT_KEY_F64 = 5,        /**< double */
    STRAIT_KEY_DESCENDING = 16 /**< or'ed to one of them: the greatest first */
};

/**
 * Sorts n elements by a number in each of them. Stable.
 * @param array  not NULL unless n is 0
 * @param size_bytes  of an element
 * @param key_offset  of the key in it; it need not be aligned
 * @param kind  STRAIT_KEY_*
 * @retval 0        done
 * @retval -EINVAL  array NULL, a key that is not within its element, an unknown
 *   kind; n * size_bytes more than there are addresses; a place without frame,
 *   lane or job
 * @retval -ENOMEM  no memory; the array is as it was
 * @threads as the place  @progress blocking(the sort)
 * @cost no comparison if n is large: a radix sort, of those bits in which keys
 *   differ; n * size_bytes from the pool's allocator, for elements of other
 *   sizes than 4, 8 and 16 n * (size_bytes + 32)
 */
STRAIT_API int strait_parallel_sort_keys(strait_place_t where, void *array,
    size_t n, size_t size_bytes, size_t key_offset, uint32_t kind)
    STRAIT_NOEXCEPT;

/* What sort_define.h makes for one type. */
typedef struct strait_sort_kernel {
    size_t size_bytes;
    void (*serial_)(
        void *array, void *buffer, size_t n, bool into_buffer, void *arg);
    void (*merge_)(void *to, const void *from_a, size_t n_a, const void *from_b,
        size_t n_b, void *arg);
    size_t (*search_)(const void *array, size_t n, const void *element,
        bool or_equal, void *arg);
    bool (*settle_)(void *array, size_t n, void *arg);
} strait_sort_kernel_t;

/** The sort of sort_define.h. @threads as the place */
STRAIT_API int strait_parallel_sort_kernel_(strait_place_t where,
    const strait_sort_kernel_t *kernel, void *array, size_t n, void *arg)
    STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_SORT_H */
