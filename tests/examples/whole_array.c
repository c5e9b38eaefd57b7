/* SPDX-License-Identifier: MIT */
/*
 * whole_array.c - a million orders: filled in, added up and sorted by all
 * workers of a pool, one call each; the last one while a loop goes on.
 */
#include <stdio.h>
#include <strait/strait.h>

#define N 1000000

struct order {
    unsigned id;
    float price;
};

static struct order orders[N];

static void /* some of the iterations, on any worker */
fill_in(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    (void)frame, (void)arg;
    for (size_t i = begin; i < end; i++) {
        orders[i].id = (unsigned)i;
        orders[i].price = (float)(i * 7919 % 1000) / 4;
    }
}

static void
zero(void *sum, void *arg)
{
    (void)arg;
    *(double *)sum = 0;
}

static void /* of one worker: nobody else adds to this sum */
add_up(strait_frame_t *frame, void *sum, size_t begin, size_t end, void *arg)
{
    (void)frame, (void)arg;
    for (size_t i = begin; i < end; i++)
        *(double *)sum += (double)orders[i].price;
}

static void
join(void *left, void *right, void *arg)
{
    (void)arg;
    *(double *)left += *(double *)right;
}

static void /* on the loop */
sorted(strait_work_t *work, int status, void *arg)
{
    (void)work, (void)arg;
    printf("sorted: %s, the first costs %.2f, the last %.2f\n",
        strait_error_name(status), (double)orders[0].price,
        (double)orders[N - 1].price);
}

int
main(void)
{
    strait_reduction_t sum = { sizeof(double), zero, add_up, join };
    strait_range_t all = strait_range(0, N);
    strait_parallel_t job;
    strait_lane_t *lane;
    strait_pool_t *pool;
    strait_loop_t *loop;
    double total;

    if (strait_pool_create(&pool, NULL) || strait_loop_create(&loop, NULL))
        return 1;
    lane = strait_pool_lane(pool);
    if (strait_parallel_for(strait_on_lane(lane), all, fill_in, NULL) ||
        strait_parallel_reduce(strait_on_lane(lane), all, &sum, &total, NULL))
        return 1;
    printf("%d orders, %.0f in all\n", N, total);

    /* The loop's thread must not wait: the same call becomes a job. */
    if (strait_parallel_sort_keys(strait_as_job(&job, sorted, NULL), orders, N,
            sizeof *orders, offsetof(struct order, price),
            STRAIT_KEY_F32 | STRAIT_KEY_DESCENDING) ||
        strait_loop_submit(loop, lane, strait_parallel_work(&job)))
        return 1;
    strait_loop_run(loop, STRAIT_RUN_DEFAULT);
    strait_loop_destroy(loop);
    strait_pool_destroy(pool);
    return 0;
}
