/* SPDX-License-Identifier: MIT */
/*
 * dir - the two things that a file needs of its directory: its path, to be
 * printed, and an open descriptor, to be opened in.
 *
 * They live differently long. The path is needed until the line is printed, a
 * descriptor only until the file was opened; so many files may wait for their
 * turn to be printed while few directories are open. Both are counted; whoever
 * holds a reference may take another, in any thread.
 *
 * A path is a chain of names, so a million files in a deep tree share one copy
 * of it, and no length limit applies.
 */
#ifndef TREEHASH_DIR_H
#define TREEHASH_DIR_H

#include <strait/atomic.h>

#include "memory.h"

struct th_dir {
    struct th_dir *parent; /* NULL: an argument of the command line */
    STRAIT_ATOMIC(uint32_t) refs;
    uint32_t name_len;
    char name[];
};

struct th_handle {
    STRAIT_ATOMIC(uint32_t) refs;
    int fd;
    STRAIT_ATOMIC(uint32_t) * n_open; /* of the walk that opened it */
};

/* A directory inside `parent`, of which it takes a reference of its own. */
struct th_dir *th_dir_new(struct th_dir *parent, const char *name);

/* One more reference; NULL stays NULL. */
struct th_dir *th_dir_ref(struct th_dir *dir);

void th_dir_drop(struct th_dir *dir);

/* Replaces the text by the path; with a slash behind it if `slash`. */
void th_dir_path(const struct th_dir *dir, bool slash, struct th_text *path);

/* Takes charge of an open descriptor and counts it in *n_open. */
struct th_handle *th_handle_new(int fd, STRAIT_ATOMIC(uint32_t) * n_open);

struct th_handle *th_handle_ref(struct th_handle *handle);

/* The last one closes. NULL is allowed. */
void th_handle_drop(struct th_handle *handle);

#endif /* TREEHASH_DIR_H */
