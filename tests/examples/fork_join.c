/* SPDX-License-Identifier: MIT */
/*
 * fork_join.c - the README's program with tasks that spawn tasks.
 */
#include <stdio.h>
#include <strait/strait.h>

STRAIT_TASK_4(long, place, int, int, int, int);

/* How many ways there are to put queens into the rows that are left. */
static long
place(strait_frame_t *frame, int n_left, int columns, int left, int right)
{
    int free_columns = columns & ~(left | right);
    int n_spawned = 0;
    long n = 0;

    if (n_left == 0)
        return 1;
    for (; free_columns != 0; free_columns &= free_columns - 1) {
        int queen = free_columns & -free_columns;

        place_spawn(&frame, n_left - 1, columns & ~queen, (left | queen) << 1,
            (right | queen) >> 1);
        n_spawned++;
    }
    while (n_spawned-- > 0)
        n += place_join(&frame); /* the last one first: a call, or a wait */
    return n;
}

static void
count(strait_frame_t *frame, void *arg)
{
    int size = 10;

    *(long *)arg = place(frame, size, (1 << size) - 1, 0, 0);
}

int
main(void)
{
    strait_pool_t *pool;
    long n = 0;

    if (strait_pool_create(&pool, NULL) ||
        strait_fork_run(strait_pool_lane(pool), count, &n))
        return 1;
    printf("10 queens on a board: %ld ways\n", n);
    strait_pool_destroy(pool);
    return 0;
}
