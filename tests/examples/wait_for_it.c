/* SPDX-License-Identifier: MIT */
/*
 * wait_for_it.c - a thread without a loop uses the pool that all libraries of a
 * program share: it waits for its work, but not for ever.
 */
#include <errno.h>
#include <stdio.h>
#include <strait/strait.h>

struct sum {
    strait_future_t future;
    unsigned from;
    unsigned to;
    unsigned long long result;
};

static void /* on a worker */
add_up(strait_work_t *work, void *arg)
{
    struct sum *sum = arg;
    unsigned i;

    sum->result = 0;
    for (i = sum->from; i < sum->to; i++) {
        if (i % 65536 == 0 && strait_work_cancelled(work))
            return;
        sum->result += i;
    }
}

int
main(void)
{
    struct sum parts[4];
    unsigned long long total = 0;
    strait_pool_t *pool;
    unsigned i;

    if (strait_pool_default(&pool) != 0)
        return 1;
    for (i = 0; i < 4; i++) {
        parts[i].from = i * 1000000;
        parts[i].to = (i + 1) * 1000000;
        strait_future_init(&parts[i].future, add_up, &parts[i]);
        if (strait_future_submit(strait_pool_built_in(pool, STRAIT_POOL_CPU),
                &parts[i].future) != 0)
            return 1;
    }
    for (i = 0; i < 4; i++) {
        uint64_t limit_ns = strait_now_ns() + 10000000000; /* 10 s */

        if (strait_future_wait(&parts[i].future, limit_ns) == -ETIMEDOUT) {
            /* It stays ours to wait for: the worker may still be at it. */
            strait_work_cancel(strait_future_work(&parts[i].future));
            if (strait_future_wait(&parts[i].future, UINT64_MAX) != 0)
                parts[i].result = 0;
        }
        total += parts[i].result;
    }
    printf("the sum is %llu\n", total);
    return 0; /* the default pool is never destroyed */
}
