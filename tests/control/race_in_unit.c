/* SPDX-License-Identifier: MIT */
/*
 * race_in_unit - the same as race.c in a unit test.
 */
#include <criterion/criterion.h>
#include <pthread.h>

static int count;

static void *
add(void *arg)
{
    int i;

    for (i = 0; i < 1000; i++)
        count++;
    return arg;
}

Test(control, races)
{
    pthread_t thread;

    cr_assert(pthread_create(&thread, NULL, add, NULL) == 0);
    add(NULL);
    pthread_join(thread, NULL);
    cr_assert(count > 0);
}
