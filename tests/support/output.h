/* SPDX-License-Identifier: MIT */
/*
 * output.h - for programs whose standard output is a result: it must not get
 * lost without a word and an exit status.
 */
#ifndef STRAIT_TESTS_OUTPUT_H
#define STRAIT_TESTS_OUTPUT_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* At the start: whatever is opened next would stand in its place. */
static inline void
output_begin(const char *program)
{
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
        fprintf(stderr, "%s: standard output is closed; send it somewhere\n",
            program);
        exit(1);
    }
}

/* At the end: the exit status, which is not 0 if something was lost. */
static inline int
output_end(const char *program, int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: standard output: %s\n", program,
        errno != 0 ? strerror(errno) : "some of it was lost");
    return status != 0 ? status : 1;
}

#endif /* STRAIT_TESTS_OUTPUT_H */
