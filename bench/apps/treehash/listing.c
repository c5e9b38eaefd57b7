/* SPDX-License-Identifier: MIT */
/* listing - see listing.h. */
#define _GNU_SOURCE
#include "listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

static const char *
name_at(const struct th_listing *listing, size_t i)
{
    return listing->bytes + listing->index[i] + 1;
}

static int
compare(const void *a, const void *b, void *bytes)
{
    const char *base = bytes;

    return strcmp(
        base + *(const uint32_t *)a + 1, base + *(const uint32_t *)b + 1);
}

/* Sorts, and drops a name that the file system reported twice. */
static void
sort(struct th_listing *listing)
{
    size_t n = 0;

    if (listing->n > 1) {
        qsort_r(listing->index, listing->n, sizeof(*listing->index), compare,
            listing->bytes);
    }
    for (size_t i = 0; i < listing->n; i++) {
        if (n == 0 ||
            strcmp(name_at(listing, n - 1), name_at(listing, i)) != 0) {
            listing->index[n++] = listing->index[i];
        }
    }
    listing->n = n;
}

static void
add(struct th_listing *listing, unsigned char type, const char *name)
{
    size_t len = strlen(name) + 1;

    if (listing->size - listing->used < len + 1) {
        size_t size = listing->size < 256 ? 512 : listing->size * 2;

        while (size - listing->used < len + 1) {
            size *= 2;
        }
        listing->bytes = th_grow(listing->bytes, size, 1);
        listing->size = size;
    }
    if (listing->n == listing->index_size) {
        size_t size = listing->n < 16 ? 16 : listing->n * 2;

        listing->index = th_grow(listing->index, size, sizeof(uint32_t));
        listing->index_size = size;
    }
    listing->index[listing->n++] = (uint32_t)listing->used;
    listing->bytes[listing->used] = (char)type;
    memcpy(listing->bytes + listing->used + 1, name, len);
    listing->used += len + 1;
}

/*
 * Keeps the smaller half, so that the other half of the memory is free again.
 * Nothing behind the last name kept is wanted any more in this pass.
 */
static void
halve(struct th_listing *listing, struct th_text *ceiling)
{
    char *bytes = th_alloc(listing->size, 1);
    size_t used = 0;
    const char *last;

    sort(listing);
    listing->n -= listing->n / 2;
    last = name_at(listing, listing->n - 1);
    ceiling->used = 0;
    th_text_put(ceiling, last, strlen(last) + 1);
    for (size_t i = 0; i < listing->n; i++) {
        const char *record = listing->bytes + listing->index[i];
        size_t len = strlen(record + 1) + 2;

        memcpy(bytes + used, record, len);
        listing->index[i] = (uint32_t)used;
        used += len;
    }
    free(listing->bytes);
    listing->bytes = bytes;
    listing->used = used;
    listing->truncated = true;
}

static bool
is_dots(const char *name)
{
    return name[0] == '.' &&
        (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

int
th_listing_read(struct th_listing *listing, int fd, const char *after,
    size_t max_bytes, STRAIT_ATOMIC(uint32_t) * stop)
{
    union {
        struct dirent64 align;
        char bytes[32768];
    } buffer;
    struct th_text floor = { NULL, 0, 0 };
    struct th_text ceiling = { NULL, 0, 0 };
    int err = 0;

    if (after != NULL) {
        /* A copy: it may stand in the listing that is overwritten now. */
        th_text_put(&floor, after, strlen(after) + 1);
    }
    listing->used = 0;
    listing->n = 0;
    listing->next = 0;
    listing->truncated = false;
    if (lseek(fd, 0, SEEK_SET) < 0) {
        err = -errno;
    }
    /* rlx: a wish to end; nothing is read through it. */
    while (err == 0 && !strait_load_rlx(stop)) {
        ssize_t n = getdents64(fd, buffer.bytes, sizeof(buffer.bytes));

        if (n <= 0) {
            err = n < 0 ? -errno : 0;
            break;
        }
        for (ssize_t at = 0; at < n;) {
            struct dirent64 *entry = (void *)(buffer.bytes + at);

            at += entry->d_reclen;
            if (is_dots(entry->d_name) ||
                (floor.used > 0 && strcmp(entry->d_name, floor.at) <= 0) ||
                (ceiling.used > 0 && strcmp(entry->d_name, ceiling.at) >= 0)) {
                continue;
            }
            add(listing, entry->d_type, entry->d_name);
            if (listing->used + listing->n * sizeof(uint32_t) > max_bytes) {
                halve(listing, &ceiling);
            }
        }
    }
    sort(listing);
    th_text_free(&floor);
    th_text_free(&ceiling);
    return err;
}

const char *
th_listing_next(struct th_listing *listing, unsigned char *ret_type)
{
    const char *name = NULL;

    if (listing->next < listing->n) {
        name = name_at(listing, listing->next++);
        *ret_type = (unsigned char)name[-1];
    }
    return name;
}

size_t
th_listing_bytes(const struct th_listing *listing)
{
    return listing->size + listing->index_size * sizeof(uint32_t);
}

void
th_listing_free(struct th_listing *listing)
{
    free(listing->bytes);
    free(listing->index);
    memset(listing, 0, sizeof(*listing));
}
