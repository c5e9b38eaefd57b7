/* SPDX-License-Identifier: MIT */
/*
 * unit.h - what every unit test includes: Criterion, or the stand-in for it in
 * standin/ (which one, the include path decides), and checks that print what
 * they found:
 *
 *     check_int(f(x), 3);          any integer type
 *     check_err(f(x), -EAGAIN);    prints the names of errors
 *     check_ptr(f(x), &y);  check_str(f(x), "text");
 *     check_blocks(&blocks);       all memory came back (blocks.h)
 *
 *     FIXTURE_TEST(suite, name)    a Test() between the set_up() and the
 *     {                            tear_down() of its file
 *
 * Rules for tests, which keep both worlds working: assert only in the thread
 * that runs the test (others count their complaints and the test asserts on
 * the count); a forked child never returns from the test and never asserts
 * (child.h sees to both); do not count on a fresh process.
 */
#ifndef STRAIT_TESTS_UNIT_H
#define STRAIT_TESTS_UNIT_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <strait/error.h>
#include <string.h>

#define check_int(expression, wanted)                                          \
    do {                                                                       \
        long long check_got_ = (long long)(expression);                        \
        long long check_want_ = (long long)(wanted);                           \
        cr_assert(check_got_ == check_want_, "%s is %lld, should be %lld",     \
            #expression, check_got_, check_want_);                             \
    } while (0)

#define check_err(expression, wanted)                                          \
    do {                                                                       \
        int check_got_ = (expression);                                         \
        int check_want_ = (wanted);                                            \
        cr_assert(check_got_ == check_want_,                                   \
            "%s is %d (%s), should be %d (%s)", #expression, check_got_,       \
            strait_error_name(check_got_), check_want_,                        \
            strait_error_name(check_want_));                                   \
    } while (0)

#define check_ptr(expression, wanted)                                          \
    do {                                                                       \
        const void *check_got_ = (expression);                                 \
        const void *check_want_ = (wanted);                                    \
        cr_assert(check_got_ == check_want_, "%s is %p, should be %p",         \
            #expression, check_got_, check_want_);                             \
    } while (0)

#define check_str(expression, wanted)                                          \
    do {                                                                       \
        const char *check_got_ = (expression);                                 \
        const char *check_want_ = (wanted);                                    \
        cr_assert(check_got_ != NULL && strcmp(check_got_, check_want_) == 0,  \
            "%s is \"%s\", should be \"%s\"", #expression,                     \
            check_got_ != NULL ? check_got_ : "(null)", check_want_);          \
    } while (0)

#define check_blocks(blocks)                                                   \
    do {                                                                       \
        const char *check_got_ = blocks_complaint(blocks);                     \
        cr_assert(check_got_ == NULL, "%s", check_got_);                       \
    } while (0)

/* Both are part of the test: what fails in a .fini of Criterion fails nothing.
 * Behind a failure nothing is torn down. After the name may come what Test()
 * takes; `.disabled` only keeps that list from being empty. */
#define FIXTURE_TEST(...) FIXTURE_TEST_(__VA_ARGS__, .disabled = false)
#define FIXTURE_TEST_(suite, name, ...)                                        \
    static void suite##_##name##_body(void);                                   \
    Test(suite, name, __VA_ARGS__)                                             \
    {                                                                          \
        set_up();                                                              \
        suite##_##name##_body();                                               \
        tear_down();                                                           \
    }                                                                          \
    static void suite##_##name##_body(void)

#endif /* STRAIT_TESTS_UNIT_H */
