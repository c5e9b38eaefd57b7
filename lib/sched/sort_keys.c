/* SPDX-License-Identifier: MIT */
/*
 * sort_keys.c - sorts by a number in each element. The number becomes an
 * unsigned one that is to be ascending, by flipping bits, and the sort is
 * sort_radix.h. Elements of 4, 8 and 16 bytes are moved themselves; of others,
 * pairs of key and pointer are sorted, and the elements moved once.
 *
 * Tests: tests/sched/test_sort.c.
 */
#include "sched/sort_priv.h"

#include "base/check.h"

#include <errno.h>
#include <string.h>

/* Arrays of fewer elements are not worth the time until another thread is
 * awake; the calling one sorts them. */
#define CALLER_MAX 32768

#define STI_RADIX_DIGITS 256
/* So many bits are sorted from the lowest digit up, at most. */
#define STI_RADIX_LOW_BITS 32
/* Up to so many elements a merge sort is as fast; and so many are in a
 * cache. */
#define STI_RADIX_FEW 128
#define STI_RADIX_CACHED 65536
/* Fewer elements are one thread's. */
#define STI_RADIX_PART 8192
/* From so many on a cut is in blocks of at least so many each. */
#define CUT_MIN 65536
#define CUT_BLOCK 16384
/* Blocks for each worker, so that they end at the same time. */
#define CUT_BLOCKS 4

/* How an element has its key. */
struct sti_key {
    size_t offset;
    bool is_wide;    /* 8 bytes, or 4 */
    uint64_t flip;   /* bits to turn round in negative ones */
    uint64_t toggle; /* bits to turn round in all */
};

/* The cut of an array by one digit. */
struct sti_cut {
    const struct sti_key *key;
    void *in, *out;
    size_t n;
    unsigned shift;  /* of the digit */
    bool into_other; /* where the elements are to be in the end: in `out` */
    size_t *starts;  /* of each digit in out, and the end */
    size_t block_n;  /* elements in a block */
    /* Counts of each block, then where its next element of each digit goes. */
    size_t (*places)[STI_RADIX_DIGITS];
};

static inline size_t
sti_cut_end(const struct sti_cut *cut, size_t block)
{
    size_t end = (block + 1) * cut->block_n;

    return end < cut->n ? end : cut->n;
}

/* From counts to where each digit begins. */
static inline void
sti_radix_starts(uint32_t *counts)
{
    uint32_t start = 0;
    unsigned i;

    for (i = 0; i < STI_RADIX_DIGITS; i++) {
        uint32_t n = counts[i];

        counts[i] = start;
        start += n;
    }
}

static void
sti_radix_for(
    strait_frame_t *frame, size_t n, strait_range_fn body, struct sti_cut *cut)
{
    strait_range_t range = strait_range(0, n);

    range.grain = 1;
    if (frame == NULL)
        body(NULL, 0, n, cut);
    else
        (void)strait_parallel_for(strait_in_task(frame), range, body, cut);
}

static void
cut_in_blocks(strait_frame_t *frame, struct sti_cut *cut, size_t n_blocks,
    strait_range_fn count, strait_range_fn scatter)
{
    size_t place = 0;
    size_t digit, block;

    sti_radix_for(frame, n_blocks, count, cut);
    for (digit = 0; digit < STI_RADIX_DIGITS; digit++) {
        cut->starts[digit] = place;
        for (block = 0; block < n_blocks; block++) {
            size_t n = cut->places[block][digit];

            cut->places[block][digit] = place;
            place += n;
        }
    }
    cut->starts[digit] = place;
    sti_radix_for(frame, n_blocks, scatter, cut);
}

/* Blocks of 2^32 elements each, without memory for their counts. */
#define ALONE_BLOCKS 4

/* Cuts by all workers if it is worth it and there is memory for their
 * counts. */
static void
sti_cut(strait_frame_t *frame, struct sti_cut *cut, strait_range_fn count,
    strait_range_fn scatter)
{
    size_t alone[ALONE_BLOCKS][STI_RADIX_DIGITS];
    size_t n_blocks = 1;

    if (frame != NULL && cut->n >= CUT_MIN) {
        const strait_allocator_t *allocator = sti_sort_allocator(frame);
        const sti_worker_t *worker = strait_frame_deque_(frame)->worker_;
        size_t size_bytes;

        n_blocks = worker->pool->n_workers * CUT_BLOCKS;
        if (n_blocks > cut->n / CUT_BLOCK)
            n_blocks = cut->n / CUT_BLOCK;
        /* A block counts in 32 bits. */
        if (cut->n / n_blocks >= UINT32_MAX)
            n_blocks = cut->n / UINT32_MAX + 1;
        cut->block_n = cut->n / n_blocks + 1;
        size_bytes = n_blocks * sizeof alone[0];
        cut->places = sti_sort_alloc(allocator, size_bytes);
        if (cut->places != NULL) {
            cut_in_blocks(frame, cut, n_blocks, count, scatter);
            sti_sort_free(allocator, cut->places, size_bytes);
            return;
        }
    }
    n_blocks = cut->n / UINT32_MAX + 1;
    STI_CHECK(1, n_blocks <= ALONE_BLOCKS);
    cut->block_n = cut->n / n_blocks + 1;
    cut->places = alone;
    cut_in_blocks(NULL, cut, n_blocks, count, scatter);
}

static void
no_bits(void *result, void *arg)
{
    (void)arg;
    *(uint64_t *)result = 0;
}

static void
join_bits(void *left, void *right, void *arg)
{
    (void)arg;
    *(uint64_t *)left |= *(uint64_t *)right;
}

static const strait_reduction_t sti_radix_bits = {
    .size_bytes = sizeof(uint64_t),
    .identity = no_bits,
    .join = join_bits,
};

/* ---------------------------------------------------------------- the keys */

static inline uint64_t
key_32(uint32_t raw, const struct sti_key *key)
{
    uint32_t negative = 0 - (raw >> 31);

    return raw ^ (negative & (uint32_t)key->flip) ^ (uint32_t)key->toggle;
}

static inline uint64_t
key_64(uint64_t raw, const struct sti_key *key)
{
    uint64_t negative = 0 - (raw >> 63);

    return raw ^ (negative & key->flip) ^ key->toggle;
}

static inline uint64_t
key_in(const void *element, const struct sti_key *key)
{
    const char *at = (const char *)element + key->offset;
    uint64_t wide;
    uint32_t narrow;

    if (key->is_wide) {
        memcpy(&wide, at, sizeof wide);
        return key_64(wide, key);
    }
    memcpy(&narrow, at, sizeof narrow);
    return key_32(narrow, key);
}

static inline uint64_t
key_in_8(const void *element, const struct sti_key *key)
{
    uint32_t narrow;

    memcpy(&narrow, (const char *)element + key->offset, sizeof narrow);
    return key_32(narrow, key);
}

static bool
key_init(struct sti_key *key, size_t offset, uint32_t kind)
{
    uint32_t type = kind & ~(uint32_t)STRAIT_KEY_DESCENDING;
    uint64_t sign;

    if (type > STRAIT_KEY_F64)
        return false;
    key->offset = offset;
    key->is_wide = type >= STRAIT_KEY_U64;
    sign = key->is_wide ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
    key->flip = type % 3 == STRAIT_KEY_F32 ? sign - 1 : 0;
    key->toggle = type % 3 == STRAIT_KEY_U32 ? 0 : sign;
    if (kind & STRAIT_KEY_DESCENDING)
        key->toggle ^= sign | (sign - 1);
    return true;
}

/* Numbers alone, which may lie in arrays of any type; records; and a key, as it
 * is to be sorted, with the element that it is of. */
typedef uint32_t __attribute__((may_alias)) number_32_t;
typedef uint64_t __attribute__((may_alias)) number_64_t;
typedef struct __attribute__((may_alias)) {
    char bytes[8];
} record_8_t;
typedef struct __attribute__((may_alias)) {
    char bytes[16];
} record_16_t;
typedef struct {
    uint64_t key;
    const char *element;
} pair_t;

#define STRAIT_SORT_NAME sort_32
#define STRAIT_SORT_TYPE number_32_t
#define STRAIT_SORT_LESS(a, b) (key_32(*(a), arg) < key_32(*(b), arg))
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_64
#define STRAIT_SORT_TYPE number_64_t
#define STRAIT_SORT_LESS(a, b) (key_64(*(a), arg) < key_64(*(b), arg))
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_record_8
#define STRAIT_SORT_TYPE record_8_t
#define STRAIT_SORT_LESS(a, b) (key_in_8(a, arg) < key_in_8(b, arg))
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_record_16
#define STRAIT_SORT_TYPE record_16_t
#define STRAIT_SORT_LESS(a, b) (key_in(a, arg) < key_in(b, arg))
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_pair
#define STRAIT_SORT_TYPE pair_t
#define STRAIT_SORT_LESS(a, b) ((a)->key < (b)->key)
#include <strait/sort_define.h>

#define RADIX_NAME radix_32
#define RADIX_ELEMENT number_32_t
#define RADIX_KEY(e) key_32(*(e), key)
#define RADIX_KERNEL sort_32_kernel_
#include "sched/sort_radix.h"

#define RADIX_NAME radix_64
#define RADIX_ELEMENT number_64_t
#define RADIX_KEY(e) key_64(*(e), key)
#define RADIX_KERNEL sort_64_kernel_
#include "sched/sort_radix.h"

#define RADIX_NAME radix_record_8
#define RADIX_ELEMENT record_8_t
#define RADIX_KEY(e) key_in_8(e, key)
#define RADIX_KERNEL sort_record_8_kernel_
#include "sched/sort_radix.h"

#define RADIX_NAME radix_record_16
#define RADIX_ELEMENT record_16_t
#define RADIX_KEY(e) key_in(e, key)
#define RADIX_KERNEL sort_record_16_kernel_
#include "sched/sort_radix.h"

#define RADIX_NAME radix_pair
#define RADIX_ELEMENT pair_t
#define RADIX_KEY(e) ((void)key, (e)->key)
#define RADIX_KERNEL sort_pair_kernel_
#include "sched/sort_radix.h"

/* ---------------------------------------------------------------- the sorts */

/* A sort of elements that are moved themselves. */
struct direct {
    const strait_sort_kernel_t *kernel;
    void (*all)(strait_frame_t *frame, void *array, void *buffer, size_t n,
        const struct sti_key *key);
};

static const struct direct direct_32 = { &sort_32_kernel_, radix_32_all };
static const struct direct direct_64 = { &sort_64_kernel_, radix_64_all };
static const struct direct direct_8 = { &sort_record_8_kernel_,
    radix_record_8_all };
static const struct direct direct_16 = { &sort_record_16_kernel_,
    radix_record_16_all };

struct keys_args {
    char *array;
    size_t n, size_bytes;
    struct sti_key key;
};

static const struct direct *
direct_for(const struct keys_args *args)
{
    /* Numbers alone are loaded as such, which takes that they are aligned. */
    bool is_even = (uintptr_t)args->array % args->size_bytes == 0;

    switch (args->size_bytes) {
    case 4: return is_even ? &direct_32 : NULL;
    case 8:
        if (!args->key.is_wide)
            return &direct_8;
        return is_even ? &direct_64 : NULL;
    case 16: return &direct_16;
    default: return NULL;
    }
}

static int
sort_direct(strait_frame_t *frame, const strait_allocator_t *allocator,
    const struct keys_args *args, const struct direct *direct)
{
    size_t size_bytes = args->n * args->size_bytes;
    _Alignas(STRAIT_CACHE_LINE) char space[STI_SORT_STACK];
    void *buffer = space;

    if (direct->kernel->settle_(
            args->array, args->n, (void *)(uintptr_t)&args->key))
        return 0;
    if (size_bytes > sizeof space) {
        buffer = sti_sort_alloc(allocator, size_bytes);
        if (buffer == NULL)
            return -ENOMEM;
    }
    if (args->n <= STI_RADIX_FEW)
        direct->kernel->serial_(
            args->array, buffer, args->n, false, (void *)(uintptr_t)&args->key);
    else
        direct->all(frame, args->array, buffer, args->n, &args->key);
    if (buffer != space)
        sti_sort_free(allocator, buffer, size_bytes);
    return 0;
}

struct pairing {
    const struct keys_args *args;
    pair_t *pairs;
};

static void
make_pairs(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    const struct pairing *pairing = arg;
    const struct keys_args *args = pairing->args;
    size_t i;

    (void)frame;
    for (i = begin; i < end; i++) {
        const char *element = args->array + i * args->size_bytes;

        pairing->pairs[i].key = key_in(element, &args->key);
        pairing->pairs[i].element = element;
    }
}

static int
sort_pairs(strait_frame_t *frame, const strait_allocator_t *allocator,
    const struct keys_args *args)
{
    size_t n = args->n;
    /* The elements, then pairs, twice. */
    size_t elements_bytes = (n * args->size_bytes + 15) / 16 * 16;
    size_t size_bytes = elements_bytes + n * 2 * sizeof(pair_t);
    _Alignas(STRAIT_CACHE_LINE) char space[STI_SORT_STACK];
    struct pairing pairing = { args, NULL };
    char *buffer = space;

    if (n < 2)
        return 0;
    if (size_bytes > sizeof space) {
        buffer = sti_sort_alloc(allocator, size_bytes);
        if (buffer == NULL)
            return -ENOMEM;
    }
    pairing.pairs = (pair_t *)(void *)(buffer + elements_bytes);
    if (frame != NULL)
        (void)strait_parallel_for(
            strait_in_task(frame), strait_range(0, n), make_pairs, &pairing);
    else
        make_pairs(NULL, 0, n, &pairing);
    if (!sort_pair_settle_(pairing.pairs, n, NULL))
        radix_pair_all(frame, pairing.pairs, pairing.pairs + n, n, &args->key);
    sti_sort_gather(frame, args->array, buffer,
        (const char *)&pairing.pairs->element, sizeof(pair_t), n,
        args->size_bytes);
    if (buffer != space)
        sti_sort_free(allocator, buffer, size_bytes);
    return 0;
}

static int
sort_keys(strait_frame_t *frame, const strait_allocator_t *allocator,
    const struct keys_args *args)
{
    const struct direct *direct = direct_for(args);

    return direct != NULL ? sort_direct(frame, allocator, args, direct)
                          : sort_pairs(frame, allocator, args);
}

static int
keys_call(strait_frame_t *frame, const void *args,
    const struct strait_caller_ *caller)
{
    (void)caller;
    return sort_keys(frame, sti_sort_allocator(frame), args);
}

int
strait_parallel_sort_keys(strait_place_t where, void *array, size_t n,
    size_t size_bytes, size_t key_offset, uint32_t kind)
{
    struct keys_args args = {
        .array = array, .n = n, .size_bytes = size_bytes
    };
    const strait_allocator_t *allocator;
    size_t key_bytes;
    int err;

    _Static_assert(sizeof args <= STRAIT_PARALLEL_WORDS_ * 8, "fits a job");
    if ((array == NULL && n != 0) || !sti_sort_fits(n, size_bytes) ||
        !key_init(&args.key, key_offset, kind))
        return -EINVAL;
    key_bytes = args.key.is_wide ? sizeof(uint64_t) : sizeof(uint32_t);
    if (size_bytes < key_bytes || key_offset > size_bytes - key_bytes)
        return -EINVAL;
    if (n >= (where.frame_ != NULL ? STI_RADIX_PART : CALLER_MAX) ||
        where.job_ != NULL)
        return sti_parallel_call(where, keys_call, &args, sizeof args);
    err = sti_sort_place(where, &allocator);
    return err != 0 ? err : sort_keys(NULL, allocator, &args);
}
