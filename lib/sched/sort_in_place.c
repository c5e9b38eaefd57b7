/* SPDX-License-Identifier: MIT */
/*
 * sort_in_place.c - a sort by comparison that needs no memory: quicksort with
 * the median of three or of nine, which spawns the larger part of what it has
 * cut; insertion for short parts; heapsort if cuts were bad too often, so that
 * no order of elements makes it slower than n log n. Not stable.
 *
 * Tests: tests/sched/test_sort.c.
 */
#include "sched/sort_priv.h"

#include <string.h>

/* Parts of fewer elements are sorted by insertion. */
#define INSERT_MAX 16
/* From so many on the median of nine is cut at. */
#define NINE_MIN 256
/* Parts of fewer elements are one task. */
#define TASK_MIN 2048

struct part {
    char *array;
    size_t n, size_bytes;
    strait_compare_fn compare;
    void *arg;
    unsigned n_cuts; /* that it may still take */
};

static inline char *
at(const struct part *part, size_t i)
{
    return part->array + i * part->size_bytes;
}

static inline bool
is_less(const struct part *part, const char *a, const char *b)
{
    return part->compare(a, b, part->arg) < 0;
}

static inline void
swap(const struct part *part, char *a, char *b)
{
    size_t left = part->size_bytes;
    uint64_t x, y;

    for (; left >= sizeof x; left -= sizeof x) {
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        memcpy(a, &y, sizeof y);
        memcpy(b, &x, sizeof x);
        a += sizeof x;
        b += sizeof x;
    }
    if (left >= sizeof(uint32_t)) {
        uint32_t u, v;

        memcpy(&u, a, sizeof u);
        memcpy(&v, b, sizeof v);
        memcpy(a, &v, sizeof v);
        memcpy(b, &u, sizeof u);
        a += sizeof u;
        b += sizeof u;
        left -= sizeof u;
    }
    for (; left > 0; left--) {
        char byte = *a;

        *a++ = *b;
        *b++ = byte;
    }
}

static void
insert(const struct part *part)
{
    size_t i, j;

    for (i = 1; i < part->n; i++) {
        for (j = i; j > 0 && is_less(part, at(part, j), at(part, j - 1)); j--)
            swap(part, at(part, j), at(part, j - 1));
    }
}

static void
sift(const struct part *part, size_t i, size_t n)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= n)
            return;
        if (child + 1 < n &&
            is_less(part, at(part, child), at(part, child + 1)))
            child++;
        if (!is_less(part, at(part, i), at(part, child)))
            return;
        swap(part, at(part, i), at(part, child));
        i = child;
    }
}

static void
heap_sort(const struct part *part)
{
    size_t i;

    for (i = part->n / 2; i-- > 0;)
        sift(part, i, part->n);
    for (i = part->n; i-- > 1;) {
        swap(part, at(part, 0), at(part, i));
        sift(part, 0, i);
    }
}

static char *
median(const struct part *part, char *a, char *b, char *c)
{
    if (is_less(part, a, b)) {
        if (is_less(part, b, c))
            return b;
        return is_less(part, a, c) ? c : a;
    }
    if (is_less(part, a, c))
        return a;
    return is_less(part, b, c) ? c : b;
}

static char *
choose(const struct part *part)
{
    size_t n = part->n;
    size_t step = n / 8;

    if (n < NINE_MIN)
        return median(part, at(part, 0), at(part, n / 2), at(part, n - 1));
    return median(part,
        median(part, at(part, 0), at(part, step), at(part, 2 * step)),
        median(
            part, at(part, 3 * step), at(part, 4 * step), at(part, 5 * step)),
        median(part, at(part, n - 1 - 2 * step), at(part, n - 1 - step),
            at(part, n - 1)));
}

/* Cuts a part at one of its elements: less or equal, that one, greater or
 * equal. Answers where it is. Bounds are looked at, for orders that are
 * none. */
static size_t
cut(const struct part *part)
{
    size_t low = 1;
    size_t high = part->n - 1;
    char *pivot = at(part, 0);

    swap(part, pivot, choose(part));
    for (;;) {
        while (low <= high && is_less(part, at(part, low), pivot))
            low++;
        while (low <= high && is_less(part, pivot, at(part, high)))
            high--;
        if (low >= high)
            break;
        swap(part, at(part, low++), at(part, high--));
    }
    swap(part, pivot, at(part, low - 1));
    return low - 1;
}

/* True if it is in order; it is, too, if it was in the reverse order. */
static bool
settle(const struct part *part)
{
    size_t n = part->n;
    size_t i;

    for (i = 1; i < n && !is_less(part, at(part, i), at(part, i - 1)); i++) {}
    if (i >= n)
        return true;
    if (i > 1)
        return false;
    for (; i < n && !is_less(part, at(part, i - 1), at(part, i)); i++) {}
    if (i < n)
        return false;
    for (i = 0; i < n / 2; i++)
        swap(part, at(part, i), at(part, n - 1 - i));
    return true;
}

static void
sort(strait_frame_t *frame, void *arg)
{
    struct part part = *(const struct part *)arg;

    while (part.n > INSERT_MAX) {
        struct part left = part;
        struct part right = part;

        if (part.n_cuts-- == 0) {
            heap_sort(&part);
            return;
        }
        left.n = cut(&part);
        right.array = at(&part, left.n + 1);
        right.n = part.n - left.n - 1;
        left.n_cuts = right.n_cuts = part.n_cuts;
        if (frame != NULL && left.n >= TASK_MIN && right.n >= TASK_MIN) {
            strait_spawn(&frame, sort, &right);
            sort(frame, &left);
            strait_join(&frame);
            return;
        }
        if (left.n < right.n) {
            sort(NULL, &left);
            part = right;
        } else {
            sort(NULL, &right);
            part = left;
        }
    }
    insert(&part);
}

void
sti_sort_in_place(strait_frame_t *frame, char *array, size_t n,
    size_t size_bytes, strait_compare_fn compare, void *arg)
{
    struct part all = { array, n, size_bytes, compare, arg, 0 };
    size_t i;

    if (settle(&all))
        return;
    for (i = n; i > 0; i /= 2)
        all.n_cuts += 2;
    sort(frame, &all);
}
