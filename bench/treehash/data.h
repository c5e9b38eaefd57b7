/* SPDX-License-Identifier: MIT */
/*
 * data.h - the files that treehash and its rivals read.
 */
#ifndef BENCH_TREEHASH_DATA_H
#define BENCH_TREEHASH_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A tree of files under the data folder, whose name is also its path there. */
struct data_set {
    const char *name;
    size_t n_files;
    char **paths; /**< from the data folder, e.g. small/d003/f0042 */
    uint64_t n_bytes;
    char **lines; /**< what sha256sum prints for them, sorted */
};

enum { DATA_SMALL, DATA_LARGE, DATA_SETS };

extern struct data_set data_sets[DATA_SETS];

/** Makes a data folder with both sets, and hashes them with sha256sum.
 * @return 0, or a negative errno with the reason in why */
int data_make(bool long_form, char *why, size_t why_bytes);

/** Deletes all that data_make has made. */
void data_remove(void);

/** The data folder. */
const char *data_folder(void);

/** Starts a program with its output in a file. @return its pid or -errno */
int data_start(char *const *argv, const char *output);

/** Waits for it. @return its exit status, or 128 + signal */
int data_wait(int pid);

/** Reads a file of lines, sorted. @return how many, or -errno */
long data_lines(const char *path, char ***ret_lines);
void data_lines_free(char **lines, size_t n);

#endif /* BENCH_TREEHASH_DATA_H */
