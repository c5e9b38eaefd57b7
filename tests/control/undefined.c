/* SPDX-License-Identifier: MIT */
/*
 * undefined - overflows a signed number, and says that all is well.
 */
#include <limits.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    int sum = INT_MAX;

    (void)argv;
    sum += argc;
    printf("%d\n", sum);
    return 0;
}
