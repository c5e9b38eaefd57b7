/* SPDX-License-Identifier: MIT */
/*
 * sort_radix.h - a radix sort for one kind of element. A template: sort_keys.c
 * includes it once for each, with
 *
 *     RADIX_NAME      a prefix for what it defines
 *     RADIX_ELEMENT   the type of an element
 *     RADIX_KEY(e)    its key, as a uint64_t that is to be ascending; `key`,
 *                     the struct sti_key, is in its reach
 *     RADIX_KERNEL    the kernel of sort_define.h for the same order
 *
 * Large arrays are cut by the highest eight bits in which keys differ, all
 * workers at once: each block counts its digits, and then knows where to put
 * what. What has the same digit, mostly little enough for a cache, is cut once
 * more, sorted by the remaining bits from the lowest digit up, or, if there is
 * hardly anything, merged. All of that keeps the order of equal elements.
 */

#ifndef STI_SCHED_SORT_RADIX_H
#define STI_SCHED_SORT_RADIX_H

#define RADIX_PASTE_(a, b) a##b
#define RADIX_PASTED_(a, b) RADIX_PASTE_(a, b)

#endif /* STI_SCHED_SORT_RADIX_H */

#define RADIX_(word) RADIX_PASTED_(RADIX_NAME, word)

/* Sorts by up to STI_RADIX_LOW_BITS low bits, digit by digit. */
static void
RADIX_(_by_digits)(RADIX_ELEMENT *in, RADIX_ELEMENT *other, size_t n,
    unsigned n_bits, bool into_other, const struct sti_key *key)
{
    uint32_t counts[STI_RADIX_LOW_BITS / 8][STI_RADIX_DIGITS];
    unsigned n_passes = (n_bits + 7) / 8;
    RADIX_ELEMENT *from = in;
    RADIX_ELEMENT *to = other;
    unsigned pass;
    size_t i;

    memset(counts, 0, n_passes * sizeof counts[0]);
    for (i = 0; i < n; i++) {
        uint64_t k = RADIX_KEY(in + i);

        for (pass = 0; pass < n_passes; pass++)
            counts[pass][(k >> (8 * pass)) % STI_RADIX_DIGITS]++;
    }
    for (pass = 0; pass < n_passes; pass++) {
        unsigned shift = 8 * pass;
        uint32_t *starts = counts[pass];
        RADIX_ELEMENT *swap = from;

        if (starts[(RADIX_KEY(from) >> shift) % STI_RADIX_DIGITS] == n)
            continue;
        sti_radix_starts(starts);
        for (i = 0; i < n; i++) {
            uint64_t k = RADIX_KEY(from + i);

            to[starts[(k >> shift) % STI_RADIX_DIGITS]++] = from[i];
        }
        from = to;
        to = swap;
    }
    to = into_other ? other : in;
    if (from != to)
        memcpy(to, from, n * sizeof *to);
}

static void
RADIX_(_count)(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    const struct sti_cut *cut = arg;
    const struct sti_key *key = cut->key;
    size_t block, i;

    (void)frame;
    for (block = begin; block < end; block++) {
        const RADIX_ELEMENT *in = cut->in;
        size_t last = sti_cut_end(cut, block);
        uint32_t counts[STI_RADIX_DIGITS] = { 0 };

        for (i = block * cut->block_n; i < last; i++)
            counts[(RADIX_KEY(in + i) >> cut->shift) % STI_RADIX_DIGITS]++;
        for (i = 0; i < STI_RADIX_DIGITS; i++)
            cut->places[block][i] = counts[i];
    }
}

static void
RADIX_(_scatter)(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    const struct sti_cut *cut = arg;
    const struct sti_key *key = cut->key;
    size_t block, i;

    (void)frame;
    for (block = begin; block < end; block++) {
        const RADIX_ELEMENT *in = cut->in;
        RADIX_ELEMENT *out = cut->out;
        size_t *places = cut->places[block];
        size_t last = sti_cut_end(cut, block);

        for (i = block * cut->block_n; i < last; i++) {
            uint64_t k = RADIX_KEY(in + i) >> cut->shift;

            out[places[k % STI_RADIX_DIGITS]++] = in[i];
        }
    }
}

static void RADIX_(_sort)(strait_frame_t *frame, RADIX_ELEMENT *in,
    RADIX_ELEMENT *other, size_t n, unsigned n_bits, bool into_other,
    const struct sti_key *key);

/* What has one digit, for each of them. */
static void
RADIX_(_sort_parts)(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    const struct sti_cut *cut = arg;
    RADIX_ELEMENT *from = cut->out;
    RADIX_ELEMENT *other = cut->in;
    size_t digit;

    for (digit = begin; digit < end; digit++) {
        size_t start = cut->starts[digit];

        RADIX_(_sort)
        (frame, from + start, other + start, cut->starts[digit + 1] - start,
            cut->shift, !cut->into_other, cut->key);
    }
}

/* Sorts by the lowest n_bits; all above them are equal. */
static void
RADIX_(_sort)(strait_frame_t *frame, RADIX_ELEMENT *in, RADIX_ELEMENT *other,
    size_t n, unsigned n_bits, bool into_other, const struct sti_key *key)
{
    size_t starts[STI_RADIX_DIGITS + 1];
    struct sti_cut cut;

    if (n <= STI_RADIX_FEW) {
        if (n != 0)
            RADIX_KERNEL.serial_(
                in, other, n, into_other, (void *)(uintptr_t)key);
        return;
    }
    if (n_bits == 0) {
        if (into_other)
            memcpy(other, in, n * sizeof *in);
        return;
    }
    if (n_bits <= STI_RADIX_LOW_BITS && n <= STI_RADIX_CACHED) {
        RADIX_(_by_digits)(in, other, n, n_bits, into_other, key);
        return;
    }
    /* Too few to be shared out. */
    if (n < STI_RADIX_PART)
        frame = NULL;
    cut.key = key;
    cut.in = in;
    cut.out = other;
    cut.n = n;
    cut.shift = n_bits > 8 ? n_bits - 8 : 0;
    cut.into_other = into_other;
    cut.starts = starts;
    sti_cut(frame, &cut, RADIX_(_count), RADIX_(_scatter));
    sti_radix_for(frame, STI_RADIX_DIGITS, RADIX_(_sort_parts), &cut);
}

/* The bits in which keys differ from the first one. */
static void
RADIX_(_fold)(
    strait_frame_t *frame, void *result, size_t begin, size_t end, void *arg)
{
    const struct sti_cut *cut = arg;
    const struct sti_key *key = cut->key;
    const RADIX_ELEMENT *in = cut->in;
    uint64_t first = RADIX_KEY(in);
    uint64_t bits = 0;
    size_t i;

    (void)frame;
    for (i = begin; i < end; i++)
        bits |= RADIX_KEY(in + i) ^ first;
    *(uint64_t *)result |= bits;
}

/* Sorts array, with as large a buffer. */
static void
RADIX_(_all)(strait_frame_t *frame, void *array, void *buffer, size_t n,
    const struct sti_key *key)
{
    struct sti_cut cut = { .key = key, .in = array };
    uint64_t bits = 0;

    if (frame == NULL) {
        RADIX_(_fold)(NULL, &bits, 0, n, &cut);
    } else {
        strait_reduction_t how = sti_radix_bits;

        how.fold = RADIX_(_fold);
        (void)strait_parallel_reduce(
            strait_in_task(frame), strait_range(0, n), &how, &bits, &cut);
    }
    RADIX_(_sort)
    (frame, array, buffer, n,
        bits != 0 ? 64 - (unsigned)__builtin_clzll(bits) : 0, false, key);
}

#undef RADIX_
#undef RADIX_NAME
#undef RADIX_ELEMENT
#undef RADIX_KEY
#undef RADIX_KERNEL
