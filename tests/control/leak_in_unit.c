/* SPDX-License-Identifier: MIT */
/*
 * leak_in_unit - the same as leak.c in a unit test that asserts nothing wrong.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

Test(control, leaks)
{
    int i;

    for (i = 0; i < 8; i++)
        fprintf(stderr, "lost: %p\n", malloc(100));
    cr_assert(1);
}
