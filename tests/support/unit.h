/* SPDX-License-Identifier: MIT */
/*
 * unit.h - what every unit test includes: Criterion, or the stand-in for it in
 * standin/ (which one, the include path decides), and checks that print what
 * they found:
 *
 *     check_int(f(x), 3);          any integer type
 *     check_err(f(x), -EAGAIN);    prints the names of errors
 *     check_ptr(f(x), &y);  check_str(f(x), "text");
 *
 * Rules for tests, which keep both worlds working: assert only in the thread
 * that runs the test (others count their complaints and the test asserts on
 * the count); a forked child never returns from the test and never asserts
 * (child.h sees to both); do not count on a fresh process.
 */
#ifndef STRAIT_TESTS_UNIT_H
#define STRAIT_TESTS_UNIT_H

#include <criterion/criterion.h>
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

#endif /* STRAIT_TESTS_UNIT_H */
