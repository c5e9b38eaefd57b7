/* SPDX-License-Identifier: MIT */
/*
 * hello_offload.c - the smallest whole program: a loop hands work to a pool,
 * goes on with something else, and is called back when the work is done.
 */
#include <stdio.h>
#include <strait/strait.h>

static void /* on a thread of the pool: it may take its time */
add_up(strait_work_t *work, void *arg)
{
    unsigned long *sum = arg;

    (void)work;
    for (unsigned long i = 1; i <= 10000000; i++)
        *sum += i;
}

static void /* back on the loop */
print_sum(strait_work_t *work, int status, void *arg)
{
    (void)work;
    if (status == 0)
        printf("the sum is %lu\n", *(unsigned long *)arg);
}

static void
greet(strait_timer_t *timer, void *arg)
{
    (void)timer;
    printf("%s\n", (const char *)arg);
}

int
main(void)
{
    unsigned long sum = 0;
    strait_work_t work; /* both are the caller's memory */
    strait_timer_t timer;
    strait_pool_t *pool;
    strait_loop_t *loop;

    if (strait_pool_create(&pool, NULL) || strait_loop_create(&loop, NULL))
        return 1;
    strait_work_init(&work, add_up, print_sum, &sum);
    strait_timer_init(&timer, greet, "the loop is free meanwhile");
    if (strait_loop_submit(loop, strait_pool_lane(pool), &work) ||
        strait_timer_start(loop, &timer, strait_loop_now_ns(loop), 0))
        return 1;
    strait_loop_run(loop, STRAIT_RUN_DEFAULT); /* until both are done */
    strait_loop_destroy(loop);
    strait_pool_destroy(pool);
    return 0;
}
