/* SPDX-License-Identifier: MIT */
/*
 * walk - goes through trees in order, one entry per call, in bounded memory.
 *
 * Order: the arguments as they were given; in a directory, all entries by the
 * bytes of their names (as strcmp), a directory's contents at its place.
 *
 * Symbolic links are followed where they are arguments, and counted and passed
 * over inside a tree; so are sockets, pipes and devices. Everything below an
 * argument is opened relative to its directory: no path is too long, and a
 * directory that is replaced by a link while we are at it leads nowhere else.
 *
 * Few directories are open at once. Those far above the current one are closed
 * and their listings thrown away when they grow large; on the way back they
 * are opened again through "..", or from the top if that has moved, and it is
 * checked that they are the same.
 *
 * One thread at a time uses a walk; the handles it gives out may be dropped by
 * any.
 */
#ifndef TREEHASH_WALK_H
#define TREEHASH_WALK_H

#include "dir.h"

struct th_walk;

enum th_found_kind {
    TH_FOUND_FILE,  /* a regular file */
    TH_FOUND_ERROR, /* something that could not be looked at */
    TH_FOUND_WAIT,  /* too many directories are open: drop handles, come back */
    TH_FOUND_END    /* that was all, or *stop is set */
};

struct th_found {
    enum th_found_kind kind;
    int error;                /* ERROR: see result.h */
    uint64_t bytes;           /* FILE: its size when it was seen */
    struct th_dir *dir;       /* where; NULL: the name is an argument */
    struct th_handle *handle; /* open dir; NULL: the working directory */
    const char *name;         /* ERROR: NULL if it is about dir itself */
};

/* What was passed over. */
struct th_passed {
    uint64_t n_links;
    uint64_t n_special;
};

/*
 * Starts a walk. `args` must stay valid. At most n_open_max directories, and
 * at least 8, are open or referred to by handles at once.
 */
struct th_walk *th_walk_new(char *const *args, size_t n_args,
    uint32_t n_open_max, STRAIT_ATOMIC(uint32_t) * stop);

/* Fills in the next entry. Its pointers are borrowed until the next call. */
void th_walk_next(struct th_walk *walk, struct th_found *ret_found);

/* True if the last WAIT is over. Any thread, approximately. */
bool th_walk_may_go_on(struct th_walk *walk);

struct th_passed th_walk_passed(const struct th_walk *walk);

void th_walk_free(struct th_walk *walk);

#endif /* TREEHASH_WALK_H */
