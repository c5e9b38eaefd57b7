/* SPDX-License-Identifier: MIT */
/*
 * parallel/bed - data, clocks, and what is right, for loops and sorts.
 */
#include "parallel/parallel.h"

#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bed {
    const struct parallel_ops *ops;
    const struct parallel_shape *shape;
    struct parallel_loop loop;
    int32_t *given;
    int32_t *items;
    int32_t *wanted;
    bool is_open;
};

static int32_t
item_at(enum parallel_pattern pattern, size_t i, uint64_t *state)
{
    switch (pattern) {
    case PARALLEL_SORTED: return (int32_t)i;
    case PARALLEL_FEW: return (int32_t)(bench_random(state) % 16);
    default: return (int32_t)(uint32_t)bench_random(state);
    }
}

static int
compare_items(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

static void
close_bed(struct bed *bed)
{
    if (bed->is_open && bed->ops->close != NULL)
        bed->ops->close();
    free(bed->loop.out);
    free(bed->given);
    free(bed->items);
    free(bed->wanted);
    free(bed);
}

static int
make_items(struct bed *bed)
{
    size_t n = bed->shape->n;
    uint64_t state = 1;

    bed->given = malloc(n * sizeof(*bed->given));
    bed->items = malloc(n * sizeof(*bed->items));
    bed->wanted = malloc(n * sizeof(*bed->wanted));
    if (bed->given == NULL || bed->items == NULL || bed->wanted == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        bed->given[i] = item_at(bed->shape->pattern, i, &state);
    memcpy(bed->wanted, bed->given, n * sizeof(*bed->wanted));
    qsort(bed->wanted, n, sizeof(*bed->wanted), compare_items);
    return 0;
}

int
parallel_setup(const struct bench_case *which, const struct parallel_ops *ops,
    void **ret_state)
{
    struct bed *bed = calloc(1, sizeof(*bed));
    int err = 0;

    if (bed == NULL)
        return -ENOMEM;
    bed->ops = ops;
    bed->shape = which->detail;
    bed->loop.body = bed->shape->body;
    bed->loop.n = bed->shape->n;
    if (bed->shape->is_sort) {
        err = make_items(bed);
    } else {
        bed->loop.out = malloc(bed->shape->n * sizeof(*bed->loop.out));
        if (bed->loop.out == NULL)
            err = -ENOMEM;
    }
    if (err == 0 && ops->open != NULL)
        err = ops->open(which->arg);
    bed->is_open = err == 0;
    if (err != 0) {
        close_bed(bed);
        return err;
    }
    *ret_state = bed;
    return 0;
}

static void
run_loop(struct bed *bed, struct bench_result *result)
{
    struct parallel_loop *loop = &bed->loop;
    uint64_t n_wrong = 0;
    uint64_t began;

    memset(loop->out, 0, loop->n * sizeof(*loop->out));
    loop->n_failed = 0;
    began = bench_now_ns();
    bed->ops->loop(loop);
    result->ns = bench_now_ns() - began;
    for (size_t i = 0; i < loop->n; i++)
        n_wrong += loop->out[i] != parallel_value(i, loop->n, loop->body);
    result->verified = n_wrong == 0 && loop->n_failed == 0;
    if (!result->verified)
        snprintf(result->note, sizeof(result->note),
            "%llu elements are wrong, %llu rounds were refused",
            (unsigned long long)n_wrong, (unsigned long long)loop->n_failed);
}

static void
run_sort(struct bed *bed, struct bench_result *result)
{
    size_t n = bed->shape->n;
    size_t bytes = n * sizeof(*bed->items);
    uint64_t n_wrong = 0;

    for (uint64_t i = 0; i < bed->loop.n_rounds; i++) {
        uint64_t began;
        int err;

        memcpy(bed->items, bed->given, bytes);
        began = bench_now_ns();
        err = bed->ops->sort(bed->items, n);
        result->ns += bench_now_ns() - began;
        n_wrong += err != 0 || memcmp(bed->items, bed->wanted, bytes) != 0;
    }
    result->verified = n_wrong == 0;
    if (!result->verified)
        snprintf(result->note, sizeof(result->note),
            "%llu of %llu sorts were wrong", (unsigned long long)n_wrong,
            (unsigned long long)bed->loop.n_rounds);
}

void
parallel_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct bed *bed = state;

    bed->loop.n_rounds = n_ops / bed->shape->n;
    if (bed->loop.n_rounds == 0)
        bed->loop.n_rounds = 1;
    result->n_ops = bed->loop.n_rounds * bed->shape->n;
    if (bed->shape->is_sort)
        run_sort(bed, result);
    else
        run_loop(bed, result);
}

void
parallel_teardown(void *state)
{
    close_bed(state);
}
