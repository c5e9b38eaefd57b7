/* SPDX-License-Identifier: MIT */
/*
 * overflow - reads one byte behind a block.
 */
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
    /* Volatile, so that only a check at run time can see the size. */
    char *volatile block = calloc(1, 16);

    (void)argv;
    if (block == NULL)
        return 77;
    printf("%d\n", block[15 + argc]);
    free(block);
    return 0;
}
