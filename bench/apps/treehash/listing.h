/* SPDX-License-Identifier: MIT */
/*
 * listing - the names of one directory in the order of their bytes, in bounded
 * memory however many there are.
 *
 * A listing holds the smallest names behind a given one, as many as fit. Who
 * has used them up asks for those behind the last; so a directory of any size
 * is read in a few passes, each in order, and a listing that was thrown away
 * to save memory is taken up again where it was left. A name that appears or
 * vanishes in between is seen or not, as with any reader of directories, but
 * no name is given out twice.
 */
#ifndef TREEHASH_LISTING_H
#define TREEHASH_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <strait/atomic.h>

/* Starts as all zeros. */
struct th_listing {
    char *bytes; /* records: a byte with the d_type, the name, a zero */
    size_t used;
    size_t size;
    uint32_t *index; /* where the records are, in order of their names */
    size_t n;
    size_t index_size;
    size_t next;    /* the first that was not given out */
    bool truncated; /* there are names behind the last one */
};

/*
 * Reads the names behind `after` (NULL: all), of at most max_bytes. Gives up
 * early, with a shorter listing, once *stop is set.
 * Answers 0 or a negative errno; what was read until then is there.
 */
int th_listing_read(struct th_listing *listing, int fd, const char *after,
    size_t max_bytes, STRAIT_ATOMIC(uint32_t) * stop);

/* The next name, or NULL. Valid until the listing is read anew or freed. */
const char *th_listing_next(
    struct th_listing *listing, unsigned char *ret_type);

/* Memory held, to keep account of it. */
size_t th_listing_bytes(const struct th_listing *listing);

void th_listing_free(struct th_listing *listing);

#endif /* TREEHASH_LISTING_H */
