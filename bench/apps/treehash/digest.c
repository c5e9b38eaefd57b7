/* SPDX-License-Identifier: MIT */
/* digest - see digest.h. */
#define _GNU_SOURCE
#include "digest.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "result.h"

/* Bytes per read: large enough to make the call cheap, small enough to stay in
 * a core's second-level cache between the copy and the hashing. */
#define BUFFER_BYTES ((size_t)128 << 10)

/* What one worker keeps from file to file. */
struct bench {
    EVP_MD_CTX *context;
    unsigned char *buffer;
};

struct th_digest {
    EVP_MD *algorithm;
    char *name;
    size_t n_bytes;
    uint32_t n_benches;
    STRAIT_ATOMIC(uint32_t) n_taken;
    struct bench benches[];
};

/* The calling worker's bench, and whose it is. */
static _Thread_local struct bench *own_bench;
static _Thread_local const struct th_digest *own_digest;

/* Names of the coreutils for what OpenSSL calls otherwise. */
static const char *
openssl_name(const char *name)
{
    static const char *const names[][2] = {
        { "b2", "blake2b512" },
        { "blake2b", "blake2b512" },
        { "blake2s", "blake2s256" },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(name, names[i][0]) == 0) {
            return names[i][1];
        }
    }
    return name;
}

struct th_digest *
th_digest_new(const char *name, uint32_t n_workers)
{
    EVP_MD *algorithm = EVP_MD_fetch(NULL, openssl_name(name), NULL);
    int n_bytes = algorithm != NULL ? EVP_MD_get_size(algorithm) : 0;
    struct th_digest *digest;
    size_t len = strlen(name);

    if (n_bytes <= 0 || n_bytes > TH_DIGEST_BYTES_MAX) {
        EVP_MD_free(algorithm);
        return NULL;
    }
    digest = th_alloc(1, sizeof(*digest) + n_workers * sizeof(struct bench));
    digest->algorithm = algorithm;
    digest->n_bytes = (size_t)n_bytes;
    digest->n_benches = n_workers;
    digest->name = th_alloc(len + 1, 1);
    for (size_t i = 0; i < len; i++) {
        digest->name[i] = (char)tolower((unsigned char)name[i]);
    }
    /* rlx: nobody else knows it yet. */
    strait_store_rlx(&digest->n_taken, 0);
    return digest;
}

const char *
th_digest_name(const struct th_digest *digest)
{
    return digest->name;
}

size_t
th_digest_bytes(const struct th_digest *digest)
{
    return digest->n_bytes;
}

/* The names as they were found, to be sorted. */
struct names {
    char **at;
    size_t n;
};

static void
collect(EVP_MD *algorithm, void *arg)
{
    struct names *names = arg;
    const char *name = EVP_MD_get0_name(algorithm);
    int n_bytes = EVP_MD_get_size(algorithm);

    if (name != NULL && n_bytes > 0 && n_bytes <= TH_DIGEST_BYTES_MAX) {
        char *copy = th_alloc(strlen(name) + 1, 1);

        for (size_t i = 0; name[i] != '\0'; i++) {
            copy[i] = (char)tolower((unsigned char)name[i]);
        }
        names->at = th_grow(names->at, names->n + 1, sizeof(*names->at));
        names->at[names->n++] = copy;
    }
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void
th_digest_print_names(FILE *stream)
{
    struct names names = { NULL, 0 };

    EVP_MD_do_all_provided(NULL, collect, &names);
    if (names.n > 0) {
        qsort(names.at, names.n, sizeof(*names.at), compare_names);
    }
    for (size_t i = 0; i < names.n; i++) {
        fprintf(stream, "%s\n", names.at[i]);
        free(names.at[i]);
    }
    free(names.at);
}

static struct bench *
bench_of_thread(struct th_digest *digest)
{
    uint32_t i;

    if (own_digest == digest) {
        return own_bench;
    }
    /* rlx: gives out numbers; the benches are read again only by a thread that
     * has waited for this one to end. */
    i = strait_add_rlx(&digest->n_taken, 1);
    if (i >= digest->n_benches) {
        return NULL;
    }
    own_bench = &digest->benches[i];
    own_bench->context = EVP_MD_CTX_new();
    own_bench->buffer = th_grow(NULL, BUFFER_BYTES, 1);
    own_digest = digest;
    return own_bench;
}

/* Hashes an open file to its end. */
static int
digest_fd(struct th_digest *digest, struct bench *bench, int fd,
    STRAIT_ATOMIC(uint32_t) * stop, STRAIT_ATOMIC(uint64_t) * n_bytes,
    unsigned char *ret_digest, uint64_t *ret_bytes)
{
    uint64_t n_all = 0;

    if (bench->context == NULL ||
        EVP_DigestInit_ex2(bench->context, digest->algorithm, NULL) != 1) {
        return TH_REFUSED;
    }
    for (;;) {
        ssize_t n = read(fd, bench->buffer, BUFFER_BYTES);

        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        if (n == 0) {
            break;
        }
        if (EVP_DigestUpdate(bench->context, bench->buffer, (size_t)n) != 1) {
            return TH_REFUSED;
        }
        n_all += (uint64_t)n;
        /* rlx: a figure for the eye. */
        strait_add_rlx(n_bytes, (uint64_t)n);
        /* rlx: a wish to end; nothing is read through it. */
        if (strait_load_rlx(stop)) {
            return TH_STOPPED;
        }
    }
    if (EVP_DigestFinal_ex(bench->context, ret_digest, NULL) != 1) {
        return TH_REFUSED;
    }
    *ret_bytes = n_all;
    return 0;
}

int
th_digest_file(struct th_digest *digest, int dir_fd, const char *name,
    STRAIT_ATOMIC(uint32_t) * stop, STRAIT_ATOMIC(uint64_t) * n_bytes,
    unsigned char *ret_digest, uint64_t *ret_bytes)
{
    struct bench *bench = bench_of_thread(digest);
    /* O_NONBLOCK: a file that has just become a pipe must not hold us. */
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    struct stat st;
    int result;
    int fd;

    if (bench == NULL) {
        return TH_REFUSED;
    }
    if (dir_fd != AT_FDCWD) {
        flags |= O_NOFOLLOW;
    }
    fd = openat(dir_fd, name, flags);
    if (fd < 0) {
        return errno == ELOOP ? TH_CHANGED : errno;
    }
    if (fstat(fd, &st) != 0) {
        result = errno;
    } else if (!S_ISREG(st.st_mode)) {
        result = TH_CHANGED;
    } else {
        if ((uint64_t)st.st_size > 2 * BUFFER_BYTES) {
            /* Advice only: its failure changes nothing. */
            posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        }
        result = digest_fd(
            digest, bench, fd, stop, n_bytes, ret_digest, ret_bytes);
    }
    close(fd);
    return result;
}

void
th_digest_free(struct th_digest *digest)
{
    if (digest == NULL) {
        return;
    }
    for (uint32_t i = 0; i < digest->n_benches; i++) {
        EVP_MD_CTX_free(digest->benches[i].context);
        free(digest->benches[i].buffer);
    }
    EVP_MD_free(digest->algorithm);
    free(digest->name);
    free(digest);
}
