/* SPDX-License-Identifier: MIT */
/*
 * result - what became of a file: 0, a positive errno, or one of these.
 */
#ifndef TREEHASH_RESULT_H
#define TREEHASH_RESULT_H

enum {
    TH_OK = 0,
    TH_PENDING = -1,     /* not looked at yet */
    TH_STOPPED = -2,     /* the program was stopped first */
    TH_CHANGED = -3,     /* was a regular file when it was listed */
    TH_NOT_REGULAR = -4, /* an argument, neither a file nor a directory */
    TH_REFUSED = -5      /* by OpenSSL */
};

/* The reason, for people. Loop thread only. */
const char *th_result_text(int result);

#endif /* TREEHASH_RESULT_H */
