/* SPDX-License-Identifier: MIT */
/*
 * dir - see dir.h.
 *
 * Edges.
 *   D1  drop's decrement -> the last drop's decrement    all uses by others
 *       happen before the free or the close
 */
#include "dir.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct th_dir *
th_dir_new(struct th_dir *parent, const char *name)
{
    size_t len = strlen(name);
    struct th_dir *dir = th_alloc(1, sizeof(*dir) + len + 1);

    dir->parent = th_dir_ref(parent);
    dir->name_len = (uint32_t)len;
    memcpy(dir->name, name, len);
    /* rlx: nobody else knows it yet. */
    strait_store_rlx(&dir->refs, 1);
    return dir;
}

struct th_dir *
th_dir_ref(struct th_dir *dir)
{
    if (dir != NULL) {
        /* rlx: the caller holds one, so it cannot reach zero meanwhile. */
        strait_add_rlx(&dir->refs, 1);
    }
    return dir;
}

void
th_dir_drop(struct th_dir *dir)
{
    /* A loop, because the chain may be longer than a stack is deep. */
    while (dir != NULL) {
        /* [D1:ar] ours is released to the last one, theirs acquired by it. */
        uint32_t before = strait_add_acq_rel(&dir->refs, (uint32_t)-1);
        struct th_dir *parent = dir->parent;

        if (before != 1) {
            break;
        }
        free(dir);
        dir = parent;
    }
}

static bool
ends_in_slash(const struct th_dir *dir)
{
    return dir->name_len > 0 && dir->name[dir->name_len - 1] == '/';
}

void
th_dir_path(const struct th_dir *dir, bool slash, struct th_text *path)
{
    size_t len = 0;
    char *end;

    path->used = 0;
    for (const struct th_dir *d = dir; d != NULL; d = d->parent) {
        len += d->name_len + 1;
    }
    /* Written from its end, as the chain runs upwards. */
    end = th_text_room(path, len) + len;
    for (const struct th_dir *d = dir; d != NULL; d = d->parent) {
        if ((d != dir || slash) && !ends_in_slash(d)) {
            *--end = '/';
        }
        end -= d->name_len;
        memcpy(end, d->name, d->name_len);
    }
    path->used = len - (size_t)(end - path->at);
    memmove(path->at, end, path->used);
}

struct th_handle *
th_handle_new(int fd, STRAIT_ATOMIC(uint32_t) * n_open)
{
    struct th_handle *handle = th_alloc(1, sizeof(*handle));

    handle->fd = fd;
    handle->n_open = n_open;
    /* rlx: nobody else knows it yet. */
    strait_store_rlx(&handle->refs, 1);
    /* rlx: a count that decides nothing but how far to walk ahead. */
    strait_add_rlx(n_open, 1);
    return handle;
}

struct th_handle *
th_handle_ref(struct th_handle *handle)
{
    if (handle != NULL) {
        /* rlx: as th_dir_ref. */
        strait_add_rlx(&handle->refs, 1);
    }
    return handle;
}

void
th_handle_drop(struct th_handle *handle)
{
    uint32_t before;

    if (handle == NULL) {
        return;
    }
    /* [D1:ar] as th_dir_drop. */
    before = strait_add_acq_rel(&handle->refs, (uint32_t)-1);
    if (before == 1) {
        close(handle->fd);
        /* rlx: as th_handle_new. */
        strait_add_rlx(handle->n_open, (uint32_t)-1);
        free(handle);
    }
}
