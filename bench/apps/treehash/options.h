/* SPDX-License-Identifier: MIT */
/* options - what the command line asks for. */
#ifndef TREEHASH_OPTIONS_H
#define TREEHASH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct th_options {
    uint32_t n_workers;
    const char *algorithm;
    bool json;
    bool quiet;
    bool stats;
    char *const *args;
    size_t n_args;
};

/* Exit statuses. */
enum {
    TH_EXIT_OK = 0,
    TH_EXIT_SOME_FAILED = 1,
    TH_EXIT_USAGE = 2,
    TH_EXIT_STOPPED = 130,
    TH_EXIT_NO_READER = 141
};

/*
 * Reads the command line. Answers -1 to go on, or the status to exit with:
 * it printed help or the version, or said on stderr what is wrong.
 */
int th_options_read(struct th_options *options, int argc, char **argv);

#endif /* TREEHASH_OPTIONS_H */
