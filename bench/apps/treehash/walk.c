/* SPDX-License-Identifier: MIT */
/*
 * walk - see walk.h.
 *
 *   frames   0 ---- 1 ---- 2 -- ... -- lowest ---- ... ---- top
 *   handle   open   -      -           open   open   open   open
 *   listing  maybe thrown away to save memory ......        there
 *
 * Invariants.
 *   W1  frame 0 and the frames from `lowest` on are open, all others are not
 *   W2  a listing that was thrown away, or has run out while more names
 *       follow, is read again from the name of the frame above it on
 *   W3  held_bytes is the memory of all listings
 */
#define _GNU_SOURCE
#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limits.h"
#include "listing.h"
#include "result.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)

struct frame {
    struct th_dir *dir;
    struct th_handle *handle; /* NULL: closed for the time being */
    struct th_listing listing;
    dev_t dev;
    ino_t ino;
    bool must_read; /* the listing is not there */
    bool given_up;  /* reported; nothing more is read from it */
};

struct th_walk {
    char *const *args;
    size_t n_args;
    size_t next_arg;
    struct frame *frames;
    size_t depth;
    size_t n_frames;
    size_t lowest;
    size_t keep_open;
    size_t held_bytes;
    size_t evicted; /* frames below this one hold no listing */
    uint32_t n_open_max;
    STRAIT_ATOMIC(uint32_t) n_open;
    STRAIT_ATOMIC(uint32_t) * stop;
    struct th_passed passed;
    const char *after; /* where the top frame's listing goes on; NULL: start */
    struct th_text after_name;
};

struct th_walk *
th_walk_new(char *const *args, size_t n_args, uint32_t n_open_max,
    STRAIT_ATOMIC(uint32_t) * stop)
{
    struct th_walk *walk = th_alloc(1, sizeof(*walk));

    walk->args = args;
    walk->n_args = n_args;
    walk->n_open_max = n_open_max;
    walk->keep_open = n_open_max / 4 < TH_OPEN_PATH_MAX ? n_open_max / 4
                                                        : TH_OPEN_PATH_MAX;
    walk->stop = stop;
    /* rlx: nobody else knows it yet. */
    strait_store_rlx(&walk->n_open, 0);
    return walk;
}

static struct frame *
top_of(struct th_walk *walk)
{
    return &walk->frames[walk->depth - 1];
}

static void
found_error(
    struct th_walk *walk, struct th_found *found, const char *name, int error)
{
    struct frame *top = walk->depth > 0 ? top_of(walk) : NULL;

    found->kind = TH_FOUND_ERROR;
    found->error = error;
    found->bytes = 0;
    found->dir = top != NULL ? top->dir : NULL;
    found->handle = NULL;
    found->name = name;
}

static void
found_file(
    struct th_walk *walk, struct th_found *found, const char *name, off_t size)
{
    struct frame *top = walk->depth > 0 ? top_of(walk) : NULL;

    found->kind = TH_FOUND_FILE;
    found->error = 0;
    found->bytes = size > 0 ? (uint64_t)size : 0;
    found->dir = top != NULL ? top->dir : NULL;
    found->handle = top != NULL ? top->handle : NULL;
    found->name = name;
}

/* ------------------------------------------------------------ descending */

static void
throw_listing(struct th_walk *walk, struct frame *frame)
{
    walk->held_bytes -= th_listing_bytes(&frame->listing);
    th_listing_free(&frame->listing);
}

/* Makes an open directory the top frame. Answers false, with nothing done but
 * the descriptor closed, if it cannot be looked at. */
static bool
push(struct th_walk *walk, int fd, const char *name)
{
    struct th_dir *parent = walk->depth > 0 ? top_of(walk)->dir : NULL;
    struct frame *frame;
    struct stat st;

    if (fstat(fd, &st) != 0) {
        int err = errno;

        close(fd);
        errno = err;
        return false;
    }
    if (walk->depth == walk->n_frames) {
        walk->n_frames = walk->n_frames < 32 ? 32 : walk->n_frames * 2;
        walk->frames = th_grow(
            walk->frames, walk->n_frames, sizeof(*walk->frames));
    }
    frame = &walk->frames[walk->depth];
    *frame = (struct frame){
        .dir = th_dir_new(parent, name),
        .handle = th_handle_new(fd, &walk->n_open),
        .dev = st.st_dev,
        .ino = st.st_ino,
        .must_read = true,
    };
    /* A parent with nothing left needs no memory while we are below it. */
    if (walk->depth > 0) {
        struct frame *below = top_of(walk);

        if (below->listing.next == below->listing.n) {
            below->must_read = below->listing.truncated;
            throw_listing(walk, below);
        }
    }
    walk->depth++;
    walk->after = NULL;
    if (walk->depth == 1) {
        walk->lowest = 1;
        walk->evicted = 0;
    } else if (walk->depth - walk->lowest > walk->keep_open) {
        th_handle_drop(walk->frames[walk->lowest].handle);
        walk->frames[walk->lowest].handle = NULL;
        walk->lowest++;
    }
    return true;
}

static bool
is_same(int fd, const struct frame *frame)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_dev == frame->dev &&
        st.st_ino == frame->ino;
}

/* Opens frame i again, step by step from the argument. */
static int
open_from_argument(struct th_walk *walk, size_t i)
{
    int fd = walk->frames[0].handle->fd;

    for (size_t k = 1; k <= i; k++) {
        int next = openat(fd, walk->frames[k].dir->name, OPEN_DIR | O_NOFOLLOW);
        int err = errno;

        if (k > 1) {
            close(fd);
        }
        if (next < 0) {
            errno = err;
            return -1;
        }
        fd = next;
    }
    return fd;
}

/* Sees to it that the top frame is open. Answers 0 or a positive errno. */
static int
reopen(struct th_walk *walk, int child_fd)
{
    struct frame *top = top_of(walk);
    int fd;

    if (top->handle != NULL) {
        return 0;
    }
    fd = child_fd >= 0 ? openat(child_fd, "..", OPEN_DIR) : -1;
    if (fd >= 0 && !is_same(fd, top)) {
        close(fd);
        fd = -1;
    }
    if (fd < 0) {
        fd = open_from_argument(walk, walk->depth - 1);
        if (fd < 0) {
            return errno;
        }
        if (!is_same(fd, top)) {
            close(fd);
            return ENOENT;
        }
    }
    top->handle = th_handle_new(fd, &walk->n_open);
    walk->lowest = walk->depth - 1;
    return 0;
}

/* Leaves the top frame. True if the one below could not be opened again, with
 * the reason. */
static bool
pop(struct th_walk *walk, int *ret_error)
{
    struct frame left = *top_of(walk);
    struct frame *top;

    throw_listing(walk, &left);
    walk->depth--;
    if (walk->lowest > walk->depth) {
        walk->lowest = walk->depth;
    }
    *ret_error = 0;
    if (walk->depth > 0) {
        top = top_of(walk);
        *ret_error = reopen(walk, left.handle != NULL ? left.handle->fd : -1);
        if (*ret_error != 0) {
            /* Nothing to report if nothing is missed by it. */
            bool rest = top->must_read || top->listing.next < top->listing.n;

            top->given_up = true;
            *ret_error = rest ? *ret_error : 0;
        } else if (top->must_read) {
            walk->after_name.used = 0;
            th_text_put(
                &walk->after_name, left.dir->name, left.dir->name_len + 1);
            walk->after = walk->after_name.at;
        }
        if (walk->evicted > walk->depth - 1) {
            walk->evicted = walk->depth - 1;
        }
    }
    th_handle_drop(left.handle);
    th_dir_drop(left.dir);
    return *ret_error != 0;
}

/* Reads the top frame's listing from walk->after on. */
static int
read_listing(struct th_walk *walk)
{
    struct frame *top = top_of(walk);
    int err;

    walk->held_bytes -= th_listing_bytes(&top->listing);
    err = th_listing_read(&top->listing, top->handle->fd, walk->after,
        TH_LISTING_BYTES_MAX, walk->stop);
    walk->held_bytes += th_listing_bytes(&top->listing);
    top->must_read = false;
    /* The outermost go first: it is longest until they are needed again. */
    while (walk->held_bytes > TH_LISTINGS_BYTES_MAX &&
        walk->evicted < walk->depth - 1) {
        struct frame *frame = &walk->frames[walk->evicted++];

        if (frame->listing.next < frame->listing.n ||
            frame->listing.truncated) {
            frame->must_read = true;
        }
        throw_listing(walk, frame);
    }
    return -err;
}

/* --------------------------------------------------------------- entries */

/* The next argument. False if it led into a directory: look again. */
static bool
next_arg(struct th_walk *walk, struct th_found *found)
{
    const char *arg = walk->args[walk->next_arg];
    struct stat st;

    if (stat(arg, &st) != 0) {
        walk->next_arg++;
        found_error(walk, found, arg, errno);
        return true;
    }
    walk->next_arg++;
    if (S_ISREG(st.st_mode)) {
        found_file(walk, found, arg, st.st_size);
        return true;
    }
    if (S_ISDIR(st.st_mode)) {
        int fd = open(arg, OPEN_DIR);

        if (fd < 0 || !push(walk, fd, arg)) {
            found_error(walk, found, arg, errno);
            return true;
        }
        return false;
    }
    found_error(walk, found, arg, TH_NOT_REGULAR);
    return true;
}

/* An entry of the top frame. False if there is nothing to tell of it. */
static bool
enter(struct th_walk *walk, struct th_found *found, const char *name,
    unsigned char type)
{
    int dir_fd = top_of(walk)->handle->fd;
    struct stat st;

    if (type == DT_DIR) {
        int fd = openat(dir_fd, name, OPEN_DIR | O_NOFOLLOW);

        if (fd < 0 || !push(walk, fd, name)) {
            found_error(walk, found, name, errno);
            return true;
        }
        return false;
    }
    if (type == DT_LNK) {
        walk->passed.n_links++;
        return false;
    }
    if (type != DT_REG && type != DT_UNKNOWN) {
        walk->passed.n_special++;
        return false;
    }
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        found_error(walk, found, name, errno);
        return true;
    }
    if (!S_ISREG(st.st_mode)) {
        return enter(walk, found, name,
            S_ISDIR(st.st_mode)       ? DT_DIR
                : S_ISLNK(st.st_mode) ? DT_LNK
                                      : DT_SOCK);
    }
    found_file(walk, found, name, st.st_size);
    return true;
}

void
th_walk_next(struct th_walk *walk, struct th_found *ret_found)
{
    /* rlx: a wish to end; nothing is read through it. */
    while (!strait_load_rlx(walk->stop)) {
        struct frame *top;
        const char *name;
        unsigned char type;
        int error;

        if (!th_walk_may_go_on(walk)) {
            ret_found->kind = TH_FOUND_WAIT;
            return;
        }
        if (walk->depth == 0) {
            if (walk->next_arg == walk->n_args) {
                break;
            }
            if (next_arg(walk, ret_found)) {
                return;
            }
            continue;
        }
        top = top_of(walk);
        if (top->must_read && !top->given_up) {
            error = read_listing(walk);
            if (error != 0) {
                found_error(walk, ret_found, NULL, error);
                return;
            }
        }
        name = top->given_up ? NULL : th_listing_next(&top->listing, &type);
        if (name != NULL) {
            if (enter(walk, ret_found, name, type)) {
                return;
            }
        } else if (top->listing.truncated && !top->given_up) {
            /* The last one that was given out is where to go on. */
            const char *last = top->listing.bytes +
                top->listing.index[top->listing.n - 1] + 1;

            walk->after_name.used = 0;
            th_text_put(&walk->after_name, last, strlen(last) + 1);
            walk->after = walk->after_name.at;
            top->must_read = true;
        } else if (pop(walk, &error)) {
            found_error(walk, ret_found, NULL, error);
            return;
        }
    }
    ret_found->kind = TH_FOUND_END;
}

bool
th_walk_may_go_on(struct th_walk *walk)
{
    /* rlx: a count that decides nothing but how far to walk ahead. */
    return strait_load_rlx(&walk->n_open) < walk->n_open_max;
}

struct th_passed
th_walk_passed(const struct th_walk *walk)
{
    return walk->passed;
}

void
th_walk_free(struct th_walk *walk)
{
    if (walk == NULL) {
        return;
    }
    while (walk->depth > 0) {
        struct frame *top = &walk->frames[--walk->depth];

        th_listing_free(&top->listing);
        th_handle_drop(top->handle);
        th_dir_drop(top->dir);
    }
    th_text_free(&walk->after_name);
    free(walk->frames);
    free(walk);
}
