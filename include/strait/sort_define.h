/* SPDX-License-Identifier: MIT */
/**
 * @file sort_define.h
 * Makes a parallel sort for one type and one order, with the comparison
 * inlined: two to three times as fast as one that calls a function for it.
 * Include it once for each, anywhere outside of functions:
 *
 *     struct point { float x, y; };
 *
 *     #define STRAIT_SORT_NAME sort_points
 *     #define STRAIT_SORT_TYPE struct point
 *     #define STRAIT_SORT_LESS(a, b) ((a)->x < (b)->x)
 *     #include <strait/sort_define.h>
 *
 * declares and defines
 *
 *     static int sort_points(
 *         strait_place_t where, struct point *array, size_t n, void *arg);
 *
 * which is stable, and answers what strait_parallel_sort does. STRAIT_SORT_LESS
 * gets pointers to two elements that are const; `arg` is in its reach, and must
 * stay as long as the array. It must be a strict weak order; if it is none, the
 * array holds afterwards anything made of its elements, but nothing outside of
 * it was touched. Elements are copied by plain assignment into raw memory: in
 * C++ they must be trivially copyable. The three macros are undefined again.
 *
 * It is a merge sort in which no branch depends on what the elements are; the
 * merges go from both ends at once, so that a processor has two comparisons to
 * work on.
 */
#ifndef STRAIT_SORT_DEFINE_H
#define STRAIT_SORT_DEFINE_H

#include <strait/sort.h>

/* Up to so many are sorted without a merge: 4 by a network, the rest
 * inserted. */
#define STRAIT_SORT_LEAF_ 8
/* From so many on, a merge looks whether there is anything to do. */
#define STRAIT_SORT_LOOK_ 32

#define STRAIT_SORT_PASTE_(a, b) a##b
#define STRAIT_SORT_PASTED_(a, b) STRAIT_SORT_PASTE_(a, b)
#define STRAIT_SORT_MADE_ __attribute__((unused)) static

#endif /* STRAIT_SORT_DEFINE_H */

#if defined(STRAIT_SORT_NAME) && defined(STRAIT_SORT_TYPE) &&                  \
    defined(STRAIT_SORT_LESS)

#define STRAIT_SORT_(word) STRAIT_SORT_PASTED_(STRAIT_SORT_NAME, word)
#define STRAIT_SORT_ELEMENT_ STRAIT_SORT_(_element_t_)

typedef STRAIT_SORT_TYPE STRAIT_SORT_ELEMENT_;
/* The buffer is aligned to a cache line. */
typedef char STRAIT_SORT_(
    _fits_t_)[__alignof__(STRAIT_SORT_ELEMENT_) <= STRAIT_CACHE_LINE ? 1 : -1];

/* b if takes_b, else a. Written so, because compilers make a branch of `?:`,
 * and half of those are mispredicted. */
STRAIT_SORT_MADE_ inline const STRAIT_SORT_ELEMENT_ *
STRAIT_SORT_(_pick_)(
    bool takes_b, const STRAIT_SORT_ELEMENT_ *b, const STRAIT_SORT_ELEMENT_ *a)
{
    uintptr_t mask = (uintptr_t)0 - takes_b;

    return (const STRAIT_SORT_ELEMENT_ *)((uintptr_t)a ^
        (((uintptr_t)a ^ (uintptr_t)b) & mask));
}

/* Sorts 4 elements from one place to another. */
STRAIT_SORT_MADE_ inline void
STRAIT_SORT_(_four_)(
    STRAIT_SORT_ELEMENT_ *out, const STRAIT_SORT_ELEMENT_ *in, void *arg)
{
    /* Two pairs; then the least and the greatest, and what is left. */
    bool swap1 = STRAIT_SORT_LESS(in + 1, in);
    bool swap2 = STRAIT_SORT_LESS(in + 3, in + 2);
    const STRAIT_SORT_ELEMENT_ *low1 = in + swap1;
    const STRAIT_SORT_ELEMENT_ *high1 = in + !swap1;
    const STRAIT_SORT_ELEMENT_ *low2 = in + 2 + swap2;
    const STRAIT_SORT_ELEMENT_ *high2 = in + 2 + !swap2;
    bool swap3 = STRAIT_SORT_LESS(low2, low1);
    bool swap4 = STRAIT_SORT_LESS(high2, high1);
    const STRAIT_SORT_ELEMENT_ *left = STRAIT_SORT_(_pick_)(
        swap3, low1, STRAIT_SORT_(_pick_)(swap4, low2, high1));
    const STRAIT_SORT_ELEMENT_ *right = STRAIT_SORT_(_pick_)(
        swap4, high2, STRAIT_SORT_(_pick_)(swap3, high1, low2));
    bool swap5 = STRAIT_SORT_LESS(right, left);

    (void)arg;
    out[0] = *STRAIT_SORT_(_pick_)(swap3, low2, low1);
    out[1] = *STRAIT_SORT_(_pick_)(swap5, right, left);
    out[2] = *STRAIT_SORT_(_pick_)(swap5, left, right);
    out[3] = *STRAIT_SORT_(_pick_)(swap4, high1, high2);
}

/* Sorts fewer than STRAIT_SORT_LEAF_ elements from one place to another. */
STRAIT_SORT_MADE_ inline void
STRAIT_SORT_(_leaf_)(STRAIT_SORT_ELEMENT_ *out, const STRAIT_SORT_ELEMENT_ *in,
    size_t n, void *arg)
{
    size_t i = 0;

    if (n >= 4) {
        STRAIT_SORT_(_four_)(out, in, arg);
        i = 4;
    }
    for (; i < n; i++) {
        const STRAIT_SORT_ELEMENT_ *element = in + i;
        size_t at = i;

        while (at > 0 && STRAIT_SORT_LESS(element, out + at - 1)) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = *element;
    }
}

/* Merges a and b, neither of them empty, to a place that is neither. */
STRAIT_SORT_MADE_ void
STRAIT_SORT_(_merge_)(void *to, const void *from_a, size_t n_a,
    const void *from_b, size_t n_b, void *arg)
{
    STRAIT_SORT_ELEMENT_ *out = (STRAIT_SORT_ELEMENT_ *)to;
    const STRAIT_SORT_ELEMENT_ *a = (const STRAIT_SORT_ELEMENT_ *)from_a;
    const STRAIT_SORT_ELEMENT_ *b = (const STRAIT_SORT_ELEMENT_ *)from_b;
    const STRAIT_SORT_ELEMENT_ *a_last = a + n_a - 1;
    const STRAIT_SORT_ELEMENT_ *b_last = b + n_b - 1;
    STRAIT_SORT_ELEMENT_ *out_last = out + n_a + n_b - 1;
    size_t n_both = n_a < n_b ? n_a : n_b;
    size_t n_rest = n_a + n_b - 2 * n_both;
    size_t i;

    (void)arg;
    if (n_a + n_b >= STRAIT_SORT_LOOK_) {
        /* One of them as a whole before the other? */
        bool b_first = STRAIT_SORT_LESS(b_last, a);

        if (b_first || !STRAIT_SORT_LESS(b, a_last)) {
            STRAIT_SORT_ELEMENT_ *out_a = b_first ? out + n_b : out;
            STRAIT_SORT_ELEMENT_ *out_b = b_first ? out : out + n_a;

            for (i = 0; i < n_a; i++)
                out_a[i] = a[i];
            for (i = 0; i < n_b; i++)
                out_b[i] = b[i];
            return;
        }
    }
    /* In so many steps none of them can be used up, from either end. */
    for (i = 0; i < n_both; i++) {
        bool takes_b = STRAIT_SORT_LESS(b, a);
        bool takes_a = STRAIT_SORT_LESS(b_last, a_last);

        *out++ = *STRAIT_SORT_(_pick_)(takes_b, b, a);
        a += !takes_b;
        b += takes_b;
        *out_last-- = *STRAIT_SORT_(_pick_)(takes_a, a_last, b_last);
        a_last -= takes_a;
        b_last -= !takes_a;
    }
    for (i = 0; i < n_rest; i++) {
        bool has_a = (intptr_t)a <= (intptr_t)a_last;
        bool has_b = (intptr_t)b <= (intptr_t)b_last;

        if (has_b && (!has_a || STRAIT_SORT_LESS(b, a))) {
            *out++ = *b++;
        } else if (has_a) {
            *out++ = *a++;
        } else {
            return; /* no order at all */
        }
    }
}

/* Sorts array, with as large a buffer, into one of them. */
STRAIT_SORT_MADE_ void
STRAIT_SORT_(_serial_)(
    void *array, void *buffer, size_t n, bool into_buffer, void *arg)
{
    STRAIT_SORT_ELEMENT_ *in = (STRAIT_SORT_ELEMENT_ *)array;
    STRAIT_SORT_ELEMENT_ *other = (STRAIT_SORT_ELEMENT_ *)buffer;

    if (n < STRAIT_SORT_LEAF_) {
        size_t i;

        STRAIT_SORT_(_leaf_)(other, in, n, arg);
        for (i = 0; i < n && !into_buffer; i++)
            in[i] = other[i];
    } else {
        size_t n_a = n / 2 / 4 * 4;
        STRAIT_SORT_ELEMENT_ *from = into_buffer ? in : other;

        STRAIT_SORT_(_serial_)(in, other, n_a, !into_buffer, arg);
        STRAIT_SORT_(_serial_)
        (in + n_a, other + n_a, n - n_a, !into_buffer, arg);
        STRAIT_SORT_(_merge_)
        (into_buffer ? other : in, from, n_a, from + n_a, n - n_a, arg);
    }
}

/* How many elements are less than that one; or, if `or_equal`, not greater. */
STRAIT_SORT_MADE_ size_t
STRAIT_SORT_(_search_)(
    const void *array, size_t n, const void *element, bool or_equal, void *arg)
{
    const STRAIT_SORT_ELEMENT_ *in = (const STRAIT_SORT_ELEMENT_ *)array;
    const STRAIT_SORT_ELEMENT_ *pivot = (const STRAIT_SORT_ELEMENT_ *)element;
    size_t low = 0;

    (void)arg;
    while (n > 0) {
        size_t half = n / 2;
        const STRAIT_SORT_ELEMENT_ *at = in + low + half;
        bool before = or_equal ? !STRAIT_SORT_LESS(pivot, at)
                               : STRAIT_SORT_LESS(at, pivot);

        low = before ? low + half + 1 : low;
        n = before ? n - half - 1 : half;
    }
    return low;
}

/* True if it is in order; it is, too, if it was in the strict reverse order. */
STRAIT_SORT_MADE_ bool
STRAIT_SORT_(_settle_)(void *array, size_t n, void *arg)
{
    STRAIT_SORT_ELEMENT_ *in = (STRAIT_SORT_ELEMENT_ *)array;
    size_t i;

    (void)arg;
    if (n < 2)
        return true;
    if (!STRAIT_SORT_LESS(in + 1, in)) {
        for (i = 2; i < n && !STRAIT_SORT_LESS(in + i, in + i - 1); i++) {}
        return i == n;
    }
    for (i = 2; i < n && STRAIT_SORT_LESS(in + i, in + i - 1); i++) {}
    if (i < n)
        return false;
    for (i = 0; i < n / 2; i++) {
        STRAIT_SORT_ELEMENT_ element = in[i];

        in[i] = in[n - 1 - i];
        in[n - 1 - i] = element;
    }
    return true;
}

static const strait_sort_kernel_t STRAIT_SORT_(_kernel_) = {
    sizeof(STRAIT_SORT_ELEMENT_),
    STRAIT_SORT_(_serial_),
    STRAIT_SORT_(_merge_),
    STRAIT_SORT_(_search_),
    STRAIT_SORT_(_settle_),
};

STRAIT_SORT_MADE_ int
STRAIT_SORT_NAME(
    strait_place_t where, STRAIT_SORT_ELEMENT_ *array, size_t n, void *arg)
{
    return strait_parallel_sort_kernel_(
        where, &STRAIT_SORT_(_kernel_), array, n, arg);
}

#undef STRAIT_SORT_
#undef STRAIT_SORT_ELEMENT_
#undef STRAIT_SORT_NAME
#undef STRAIT_SORT_TYPE
#undef STRAIT_SORT_LESS

#elif defined(STRAIT_SORT_NAME) || defined(STRAIT_SORT_TYPE) ||                \
    defined(STRAIT_SORT_LESS)
#error "define STRAIT_SORT_NAME, STRAIT_SORT_TYPE and STRAIT_SORT_LESS"
#endif
