/* SPDX-License-Identifier: MIT */
/*
 * status - a test that says that it failed. If this one counts as passed, so
 * does everything.
 */
#include <stdio.h>

int
main(void)
{
    fputs("wrong on purpose\n", stderr);
    return 1;
}
