/* SPDX-License-Identifier: MIT */
/*
 * leak - loses memory, and says that all is well. Several blocks, because the
 * address of the last one may survive in a register or on the stack; printed,
 * so that they are not optimised away.
 */
#include <stdio.h>
#include <stdlib.h>

int
main(void)
{
    int i;

    for (i = 0; i < 8; i++)
        printf("lost: %p\n", malloc(100));
    return 0;
}
