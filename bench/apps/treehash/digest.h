/* SPDX-License-Identifier: MIT */
/*
 * digest - hashes files with OpenSSL's EVP interface.
 *
 * Looking an algorithm up costs several microseconds in OpenSSL 3, as much as
 * hashing a small file, and so does making a context: the algorithm is looked
 * up once, and each worker keeps one context and one buffer.
 */
#ifndef TREEHASH_DIGEST_H
#define TREEHASH_DIGEST_H

#include <stdio.h>

#include <strait/atomic.h>

/* The longest digest of any algorithm. */
#define TH_DIGEST_BYTES_MAX 64

struct th_digest;

/*
 * Looks up an algorithm by OpenSSL's names or those of the coreutils, for up
 * to n_workers threads. NULL if there is none of that name.
 */
struct th_digest *th_digest_new(const char *name, uint32_t n_workers);

/* How it is called: what the caller asked for, in lower case. */
const char *th_digest_name(const struct th_digest *digest);

/* Length of a digest. */
size_t th_digest_bytes(const struct th_digest *digest);

/* Prints the names of all algorithms that this OpenSSL has, one per line. */
void th_digest_print_names(FILE *stream);

/*
 * Hashes the file `name` in the directory dir_fd (AT_FDCWD: an argument, whose
 * links are followed). Adds what it reads to *n_bytes while it goes on.
 * Threads: up to n_workers different ones in the life of the digest.
 * Answers as result.h says.
 */
int th_digest_file(struct th_digest *digest, int dir_fd, const char *name,
    STRAIT_ATOMIC(uint32_t) * stop, STRAIT_ATOMIC(uint64_t) * n_bytes,
    unsigned char *ret_digest, uint64_t *ret_bytes);

/* Once no worker uses it any more. */
void th_digest_free(struct th_digest *digest);

#endif /* TREEHASH_DIGEST_H */
