/* SPDX-License-Identifier: MIT */
/*
 * assertion - a unit test whose assertion fails, beside one that passes.
 */
#include <criterion/criterion.h>

Test(control, passes)
{
    cr_assert(1 + 1 == 2);
}

Test(control, fails)
{
    cr_assert(1 + 1 == 3, "this is not so");
}
