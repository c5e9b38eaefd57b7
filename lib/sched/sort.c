/* SPDX-License-Identifier: MIT */
/*
 * sort.c - sorts by comparison. Merge sort: halves are spawned, and merges of
 * long runs are split, too, by a search for the middle of the longer one in the
 * other. Runs short enough are sorted and merged by a kernel, which
 * strait/sort_define.h makes for one size of element here, and for one type
 * in the programs of users.
 *
 * Elements for whose size there is no kernel are sorted by way of an array of
 * pointers to them: moving them once costs less than moving them log2(n) times.
 *
 * Tests: tests/sched/test_sort.c.
 */
#include "sched/sort_priv.h"

#include "base/fork.h"
#include "base/thread.h"

#include <errno.h>
#include <string.h>

/* Arrays of fewer elements are not worth the time until another thread is
 * awake; the calling one sorts them. */
#define CALLER_MAX 4096
/* Fewer elements are one task. */
#define TASK_MIN 2048
/* Fewer elements are merged by one thread. */
#define MERGE_MIN 8192

/* ---------------------------------------------------- the place, and memory */

const strait_allocator_t *
sti_sort_allocator(strait_frame_t *frame)
{
    const sti_worker_t *worker = strait_frame_deque_(frame)->worker_;

    return &worker->pool->allocator;
}

int
sti_sort_place(strait_place_t where, const strait_allocator_t **ret_allocator)
{
    const strait_lane_t *lane = where.lane_;

    if (where.frame_ != NULL) {
        *ret_allocator = sti_sort_allocator(where.frame_);
        return 0;
    }
    if (lane == NULL || lane->crew != &lane->pool->cpu)
        return -EINVAL;
    if (sti_forked(lane->pool->fork_generation))
        return -ECHILD;
    if (sti_worker_self() == NULL && sti_thread_runs_loop != 0)
        return -EDEADLK;
    *ret_allocator = &lane->pool->allocator;
    return 0;
}

void *
sti_sort_alloc(const strait_allocator_t *allocator, size_t size_bytes)
{
    int saved = errno;
    void *block = allocator->alloc(
        size_bytes, STRAIT_CACHE_LINE, allocator->arg);

    /* No error is ours to set. */
    errno = saved;
    return block;
}

void
sti_sort_free(
    const strait_allocator_t *allocator, void *block, size_t size_bytes)
{
    int saved = errno;

    allocator->free(block, size_bytes, STRAIT_CACHE_LINE, allocator->arg);
    errno = saved;
}

/* ------------------------------------------------------------------- merges */

struct merge {
    const strait_sort_kernel_t *kernel;
    char *to;
    const char *a, *b;
    size_t n_a, n_b;
    void *arg;
};

/* The first and the second half of a merge. */
static void
merge_halves(const struct merge *all, struct merge *first, struct merge *second)
{
    const strait_sort_kernel_t *kernel = all->kernel;
    size_t size_bytes = kernel->size_bytes;

    *first = *second = *all;
    if (all->n_a >= all->n_b) {
        /* What equals an element of a comes behind it. */
        first->n_a = all->n_a / 2;
        first->n_b = kernel->search_(all->b, all->n_b,
            all->a + first->n_a * size_bytes, false, all->arg);
    } else {
        first->n_b = all->n_b / 2;
        first->n_a = kernel->search_(
            all->a, all->n_a, all->b + first->n_b * size_bytes, true, all->arg);
    }
    second->a += first->n_a * size_bytes;
    second->b += first->n_b * size_bytes;
    second->to += (first->n_a + first->n_b) * size_bytes;
    second->n_a -= first->n_a;
    second->n_b -= first->n_b;
}

static void
merge(strait_frame_t *frame, void *arg)
{
    const struct merge *all = arg;
    const strait_sort_kernel_t *kernel = all->kernel;

    if (all->n_a == 0 || all->n_b == 0) {
        memcpy(all->to, all->n_a == 0 ? all->b : all->a,
            (all->n_a + all->n_b) * kernel->size_bytes);
    } else if (frame == NULL || all->n_a + all->n_b < MERGE_MIN) {
        kernel->merge_(all->to, all->a, all->n_a, all->b, all->n_b, all->arg);
    } else {
        struct merge first, second;

        merge_halves(all, &first, &second);
        strait_spawn(&frame, merge, &second);
        merge(frame, &first);
        strait_join(&frame);
    }
}

struct sort {
    const strait_sort_kernel_t *kernel;
    char *array, *buffer;
    size_t n;
    bool into_buffer;
    void *arg;
};

static void
sort(strait_frame_t *frame, void *arg)
{
    const struct sort *all = arg;
    const strait_sort_kernel_t *kernel = all->kernel;
    size_t size_bytes = kernel->size_bytes;
    struct sort first = *all;
    struct sort second = *all;
    struct merge merged;

    if (frame == NULL || all->n < TASK_MIN) {
        kernel->serial_(
            all->array, all->buffer, all->n, all->into_buffer, all->arg);
        return;
    }
    first.n = all->n / 2;
    second.n = all->n - first.n;
    second.array += first.n * size_bytes;
    second.buffer += first.n * size_bytes;
    first.into_buffer = second.into_buffer = !all->into_buffer;
    strait_spawn(&frame, sort, &second);
    sort(frame, &first);
    strait_join(&frame);
    merged.kernel = kernel;
    merged.to = all->into_buffer ? all->buffer : all->array;
    merged.a = all->into_buffer ? first.array : first.buffer;
    merged.b = all->into_buffer ? second.array : second.buffer;
    merged.n_a = first.n;
    merged.n_b = second.n;
    merged.arg = all->arg;
    merge(frame, &merged);
}

void
sti_sort_merge(strait_frame_t *frame, const strait_sort_kernel_t *kernel,
    void *array, void *buffer, size_t n, bool into_buffer, void *arg)
{
    struct sort all = { kernel, array, buffer, n, into_buffer, arg };

    sort(frame, &all);
}

/* ------------------------------------------------------------------ gathers */

struct gather {
    char *array, *buffer;
    const char *pointers;
    size_t step, size_bytes;
};

static void
gather(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    const struct gather *all = arg;
    size_t i;

    (void)frame;
    for (i = begin; i < end; i++) {
        const char *element;

        memcpy(&element, all->pointers + i * all->step, sizeof element);
        memcpy(all->buffer + i * all->size_bytes, element, all->size_bytes);
    }
}

static void
copy_back(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    const struct gather *all = arg;

    (void)frame;
    memcpy(all->array + begin * all->size_bytes,
        all->buffer + begin * all->size_bytes, (end - begin) * all->size_bytes);
}

void
sti_sort_gather(strait_frame_t *frame, char *array, char *buffer,
    const char *pointers, size_t step, size_t n, size_t size_bytes)
{
    struct gather all = { array, buffer, pointers, step, size_bytes };

    if (frame == NULL) {
        gather(NULL, 0, n, &all);
        copy_back(NULL, 0, n, &all);
        return;
    }
    (void)strait_parallel_for(
        strait_in_task(frame), strait_range(0, n), gather, &all);
    (void)strait_parallel_for(
        strait_in_task(frame), strait_range(0, n), copy_back, &all);
}

/* --------------------------------------------- kernels that call a function */

struct order {
    strait_compare_fn compare;
    void *arg;
};

/* Elements of so many bytes, whatever they are. */
#define ELEMENT(n)                                                             \
    typedef struct __attribute__((may_alias)) {                                \
        char bytes[n];                                                         \
    } element_##n##_t
ELEMENT(1);
ELEMENT(2);
ELEMENT(4);
ELEMENT(8);
ELEMENT(12);
ELEMENT(16);
ELEMENT(24);
ELEMENT(32);

static inline bool
is_less(const void *a, const void *b, const void *arg)
{
    const struct order *order = arg;

    return order->compare(a, b, order->arg) < 0;
}

static inline bool
target_is_less(const void *a, const void *b, const void *arg)
{
    const struct order *order = arg;

    return order->compare(*(const void *const *)a, *(const void *const *)b,
               order->arg) < 0;
}

#define STRAIT_SORT_NAME sort_1
#define STRAIT_SORT_TYPE element_1_t
#define STRAIT_SORT_LESS(a, b) is_less(a, b, arg)
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_2
#define STRAIT_SORT_TYPE element_2_t
#define STRAIT_SORT_LESS(a, b) is_less(a, b, arg)
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_4
#define STRAIT_SORT_TYPE element_4_t
#define STRAIT_SORT_LESS(a, b) is_less(a, b, arg)
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_8
#define STRAIT_SORT_TYPE element_8_t
#define STRAIT_SORT_LESS(a, b) is_less(a, b, arg)
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_12
#define STRAIT_SORT_TYPE element_12_t
#define STRAIT_SORT_LESS(a, b) is_less(a, b, arg)
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_16
#define STRAIT_SORT_TYPE element_16_t
#define STRAIT_SORT_LESS(a, b) is_less(a, b, arg)
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_24
#define STRAIT_SORT_TYPE element_24_t
#define STRAIT_SORT_LESS(a, b) is_less(a, b, arg)
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_32
#define STRAIT_SORT_TYPE element_32_t
#define STRAIT_SORT_LESS(a, b) is_less(a, b, arg)
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_pointers
#define STRAIT_SORT_TYPE const char *
#define STRAIT_SORT_LESS(a, b) target_is_less(a, b, arg)
#include <strait/sort_define.h>

static const strait_sort_kernel_t *
kernel_for(size_t size_bytes)
{
    switch (size_bytes) {
    case 1: return &sort_1_kernel_;
    case 2: return &sort_2_kernel_;
    case 4: return &sort_4_kernel_;
    case 8: return &sort_8_kernel_;
    case 12: return &sort_12_kernel_;
    case 16: return &sort_16_kernel_;
    case 24: return &sort_24_kernel_;
    case 32: return &sort_32_kernel_;
    default: return NULL; /* by pointers */
    }
}

/* -------------------------------------------------------- by a given kernel */

struct kernel_args {
    const strait_sort_kernel_t *kernel;
    void *array;
    size_t n;
    void *arg;
};

/* Without a frame: on the calling thread alone. */
static int
sort_directly(strait_frame_t *frame, const strait_allocator_t *allocator,
    const struct kernel_args *args)
{
    const strait_sort_kernel_t *kernel = args->kernel;
    size_t size_bytes = args->n * kernel->size_bytes;
    _Alignas(STRAIT_CACHE_LINE) char space[STI_SORT_STACK];
    void *buffer = space;

    if (kernel->settle_(args->array, args->n, args->arg))
        return 0;
    if (size_bytes > sizeof space) {
        buffer = sti_sort_alloc(allocator, size_bytes);
        if (buffer == NULL)
            return -ENOMEM;
    }
    sti_sort_merge(
        frame, kernel, args->array, buffer, args->n, false, args->arg);
    if (buffer != space)
        sti_sort_free(allocator, buffer, size_bytes);
    return 0;
}

static int
kernel_call(strait_frame_t *frame, const void *args,
    const struct strait_caller_ *caller)
{
    (void)caller;
    return sort_directly(frame, sti_sort_allocator(frame), args);
}

int
strait_parallel_sort_kernel_(strait_place_t where,
    const strait_sort_kernel_t *kernel, void *array, size_t n, void *arg)
{
    struct kernel_args args = { kernel, array, n, arg };
    const strait_allocator_t *allocator;
    int err;

    if ((array == NULL && n != 0) || !sti_sort_fits(n, kernel->size_bytes))
        return -EINVAL;
    if (n >= (where.frame_ != NULL ? TASK_MIN : CALLER_MAX) ||
        where.job_ != NULL)
        return sti_parallel_call(where, kernel_call, &args, sizeof args);
    err = sti_sort_place(where, &allocator);
    return err != 0 ? err : sort_directly(NULL, allocator, &args);
}

/* ---------------------------------------------------- by any element's size */

struct sort_args {
    char *array;
    size_t n, size_bytes;
    struct order order;
    uint32_t flags;
};

struct pointing {
    const char **pointers;
    const char *array;
    size_t size_bytes;
};

static void
point(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    const struct pointing *pointing = arg;
    size_t i;

    (void)frame;
    for (i = begin; i < end; i++)
        pointing->pointers[i] = pointing->array + i * pointing->size_bytes;
}

/* By pointers to the elements. */
static int
sort_indirectly(strait_frame_t *frame, const strait_allocator_t *allocator,
    const struct sort_args *args)
{
    struct order order = args->order;
    size_t n = args->n;
    /* The elements, then pointers, twice. */
    size_t elements_bytes = (n * args->size_bytes + 15) / 16 * 16;
    size_t size_bytes = elements_bytes + n * 2 * sizeof(char *);
    _Alignas(STRAIT_CACHE_LINE) char space[STI_SORT_STACK];
    struct pointing pointing = { NULL, args->array, args->size_bytes };
    char *buffer = space;

    if (n < 2)
        return 0;
    if (size_bytes > sizeof space) {
        buffer = sti_sort_alloc(allocator, size_bytes);
        if (buffer == NULL)
            return -ENOMEM;
    }
    pointing.pointers = (const char **)(void *)(buffer + elements_bytes);
    if (frame != NULL)
        (void)strait_parallel_for(
            strait_in_task(frame), strait_range(0, n), point, &pointing);
    else
        point(NULL, 0, n, &pointing);
    if (!sort_pointers_settle_(pointing.pointers, n, &order))
        sti_sort_merge(frame, &sort_pointers_kernel_, pointing.pointers,
            pointing.pointers + n, n, false, &order);
    sti_sort_gather(frame, args->array, buffer, (const char *)pointing.pointers,
        sizeof(char *), n, args->size_bytes);
    if (buffer != space)
        sti_sort_free(allocator, buffer, size_bytes);
    return 0;
}

static int
sort_any(strait_frame_t *frame, const strait_allocator_t *allocator,
    const struct sort_args *args)
{
    struct kernel_args direct = { kernel_for(args->size_bytes), args->array,
        args->n, NULL };
    struct order order = args->order;
    int err = -ENOMEM;

    if ((args->flags & STRAIT_SORT_IN_PLACE) == 0) {
        direct.arg = &order;
        err = direct.kernel != NULL ? sort_directly(frame, allocator, &direct)
                                    : sort_indirectly(frame, allocator, args);
    }
    if (err != -ENOMEM || args->flags & STRAIT_SORT_STABLE)
        return err;
    sti_sort_in_place(frame, args->array, args->n, args->size_bytes,
        order.compare, order.arg);
    return 0;
}

static int
sort_call(strait_frame_t *frame, const void *args,
    const struct strait_caller_ *caller)
{
    (void)caller;
    return sort_any(frame, sti_sort_allocator(frame), args);
}

int
strait_parallel_sort(strait_place_t where, void *array, size_t n,
    size_t size_bytes, strait_compare_fn compare, void *arg, uint32_t flags)
{
    struct sort_args args = { array, n, size_bytes, { compare, arg }, flags };
    const strait_allocator_t *allocator;
    int err;

    _Static_assert(sizeof args <= STRAIT_PARALLEL_WORDS_ * 8, "fits a job");
    if ((array == NULL && n != 0) || compare == NULL ||
        !sti_sort_fits(n, size_bytes) || flags > STRAIT_SORT_IN_PLACE)
        return -EINVAL;
    if (n >= (where.frame_ != NULL ? TASK_MIN : CALLER_MAX) ||
        where.job_ != NULL)
        return sti_parallel_call(where, sort_call, &args, sizeof args);
    err = sti_sort_place(where, &allocator);
    return err != 0 ? err : sort_any(NULL, allocator, &args);
}
