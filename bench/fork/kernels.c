/* SPDX-License-Identifier: MIT */
/*
 * fork/kernels - what the programs do at their leaves: compiled once, so that
 * it is the same for every system.
 */
#include "fork/fork.h"

#include "support.h"

#include <string.h>

void
fork_product_leaf(const struct fork_product *product)
{
    double *restrict c = product->c;
    const double *restrict a = product->a;
    const double *restrict b = product->b;
    size_t stride = product->stride;

    for (size_t i = 0; i < product->n; i++)
        for (size_t k = 0; k < product->n; k++)
            for (size_t j = 0; j < product->n; j++)
                c[i * stride + j] += a[i * stride + k] * b[k * stride + j];
}

/* Below this many, insertion is quicker than partition. */
#define INSERT_BELOW 24

static void
insert_all(int32_t *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        int32_t item = items[i];
        size_t at = i;

        for (; at > 0 && items[at - 1] > item; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

static void
swap(int32_t *a, int32_t *b)
{
    int32_t t = *a;

    *a = *b;
    *b = t;
}

static int32_t
median_of(int32_t a, int32_t b, int32_t c)
{
    if (a > b)
        swap(&a, &b);
    return c <= a ? a : c >= b ? b : c;
}

void
fork_sort_leaf(int32_t *items, size_t n)
{
    while (n > INSERT_BELOW) {
        int32_t pivot = median_of(items[0], items[n / 2], items[n - 1]);
        size_t low = 0;
        size_t high = n - 1;

        for (;;) {
            while (items[low] < pivot)
                low++;
            while (items[high] > pivot)
                high--;
            if (low >= high)
                break;
            swap(&items[low++], &items[high--]);
        }
        /* Where both met upon the pivot, that stays where it is, in the upper
         * part. A median is never the only item of its part: low > 0. */
        fork_sort_leaf(items, low);
        items += low;
        n -= low;
    }
    insert_all(items, n);
}

void
fork_merge_leaf(
    const int32_t *a, size_t n_a, const int32_t *b, size_t n_b, int32_t *out)
{
    while (n_a > 0 && n_b > 0) {
        bool is_a = *a <= *b;

        *out++ = is_a ? *a : *b;
        a += is_a;
        n_a -= is_a;
        b += !is_a;
        n_b -= !is_a;
    }
    memcpy(out, a, n_a * sizeof(*a));
    memcpy(out + n_a, b, n_b * sizeof(*b));
}

size_t
fork_sort_below(const int32_t *items, size_t n, int32_t item)
{
    size_t low = 0;

    while (n > 0) {
        size_t half = n / 2;

        if (items[low + half] < item) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

void
fork_first_begin(struct fork_job *job)
{
    __atomic_store_n(&job->first_ns, 0, __ATOMIC_RELAXED);
    job->started_ns = bench_now_ns();
}

void
fork_first_mark(struct fork_job *job)
{
    uint64_t none = 0;

    if (__atomic_load_n(&job->first_ns, __ATOMIC_RELAXED) == 0)
        __atomic_compare_exchange_n(&job->first_ns, &none, bench_now_ns(),
            false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void
fork_first_compute(struct fork_job *job)
{
    uint64_t now;

    /* Nobody is to be kept waiting by what is measured: the computation ends
     * once its purpose is fulfilled. */
    do {
        for (volatile unsigned i = 0; i < 100; i++)
            continue;
        now = bench_now_ns();
    } while (__atomic_load_n(&job->first_ns, __ATOMIC_RELAXED) == 0 &&
        now - job->started_ns < FORK_FIRST_LIMIT_NS);
    if (__atomic_load_n(&job->first_ns, __ATOMIC_RELAXED) == 0)
        fork_first_mark(job);
}
