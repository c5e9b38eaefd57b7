/* SPDX-License-Identifier: MIT */
/*
 * race - two threads count in one plain variable, and all is said to be well.
 */
#include <pthread.h>
#include <stddef.h>

static int count;

static void *
add(void *arg)
{
    int i;

    for (i = 0; i < 1000; i++)
        count++;
    return arg;
}

int
main(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, add, NULL) != 0)
        return 77;
    add(NULL);
    pthread_join(thread, NULL);
    return 0;
}
