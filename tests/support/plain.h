/* SPDX-License-Identifier: MIT */
/*
 * plain.h - the frame of plain test programs that count: a failed requirement
 * says what and where and ends the program; a skip says why.
 */
#ifndef STRAIT_TESTS_PLAIN_H
#define STRAIT_TESTS_PLAIN_H

#include <stdio.h>
#include <stdlib.h>

/* The exit status that ctest counts as skipped. */
#define PLAIN_SKIPPED 77

#define require(condition)                                                     \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,         \
                #condition);                                                   \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

#define require_count(count, wanted)                                           \
    do {                                                                       \
        unsigned long long plain_got_ = (unsigned long long)(count);           \
        unsigned long long plain_want_ = (unsigned long long)(wanted);         \
                                                                               \
        if (plain_got_ != plain_want_) {                                       \
            fprintf(stderr, "%s:%d: %s is %llu, should be %llu\n", __FILE__,   \
                __LINE__, #count, plain_got_, plain_want_);                    \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

__attribute__((noreturn)) static inline void
skip(const char *reason)
{
    printf("skipped: %s\n", reason);
    exit(PLAIN_SKIPPED);
}

#endif /* STRAIT_TESTS_PLAIN_H */
