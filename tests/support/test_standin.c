/* SPDX-License-Identifier: MIT */
/*
 * test_standin.c - tests of which some must fail: they show that the stand-in
 * for Criterion, and the checks of unit.h, notice. Run by tests/base with the
 * expected count and exit status.
 */
#include <errno.h>

#include "unit.h"

static int n_inits;
static int n_finis;

static void
set_up(void)
{
    n_inits++;
}

static void
tear_down(void)
{
    n_finis++;
}

TestSuite(good, .init = set_up, .fini = tear_down, .timeout = 10);

Test(good, passes)
{
    cr_assert(1 + 1 == 2);
    cr_expect(2 + 2 == 4, "arithmetic");
    cr_assert_eq(3, 3);
    check_int(-7, -7);
    check_err(-EAGAIN, -EAGAIN);
    check_ptr(&n_inits, &n_inits);
    check_str("same", "same");
}

Test(good, comes_after_one_init_and_fini)
{
    check_int(n_inits, 2);
    check_int(n_finis, 1);
}

Test(good, is_skipped)
{
    cr_skip_test("to see that a skip is no failure");
}

static int n_reached;

Test(bad, a_false_assertion_ends_the_test)
{
    cr_assert(n_reached == 1, "n_reached is %d", n_reached);
    n_reached = 1000;
}

Test(bad, a_false_expectation_does_not)
{
    cr_expect(n_reached == 1, "n_reached is %d", n_reached);
    n_reached++;
}

Test(bad, a_wrong_number)
{
    check_int(1, 2);
}

Test(bad, a_wrong_error)
{
    check_err(-EAGAIN, -EBUSY);
}

Test(bad, a_wrong_pointer)
{
    check_ptr(&n_inits, &n_finis);
}

Test(bad, a_wrong_text)
{
    check_str("this", "that");
}

static void
fail_to_set_up(void)
{
    cr_assert(0);
}

Test(bad, its_init_fails, .init = fail_to_set_up)
{
    n_reached = 1000;
}

/* In a suite of its own, so that it can be asked for alone. */
Test(last, the_failed_ones_went_no_further)
{
    cr_assert(n_reached == 1 || n_reached == 0);
}
