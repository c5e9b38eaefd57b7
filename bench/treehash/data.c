/* SPDX-License-Identifier: MIT */
/*
 * treehash/data - makes trees of files with contents from a seeded generator,
 * in a folder of its own under $TMPDIR or /tmp, and knows what sha256sum says
 * about them. They have just been written, so they are read from the page
 * cache.
 */
#include "treehash/data.h"

#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define FILES_PER_FOLDER 100
#define KIB 1024u
#define MIB (1024u * KIB)

struct data_set data_sets[DATA_SETS] = {
    [DATA_SMALL] = { .name = "small" },
    [DATA_LARGE] = { .name = "large" },
};

static char folder[256];

const char *
data_folder(void)
{
    return folder;
}

static int
remove_one(
    const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

void
data_remove(void)
{
    for (int i = 0; i < DATA_SETS; i++) {
        struct data_set *set = &data_sets[i];

        data_lines_free(set->paths, set->n_files);
        data_lines_free(set->lines, set->n_files);
        set->paths = NULL;
        set->lines = NULL;
    }
    if (folder[0] != '\0')
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    folder[0] = '\0';
}

void
data_lines_free(char **lines, size_t n)
{
    for (size_t i = 0; lines != NULL && i < n; i++)
        free(lines[i]);
    free(lines);
}

/* ----------------------------------------------------------- making files */

static int
write_file(const char *path, size_t n_bytes, uint64_t *random, char *buffer)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int err = 0;

    if (fd < 0)
        return -errno;
    while (n_bytes > 0 && err == 0) {
        size_t part = n_bytes < MIB ? n_bytes : MIB;
        ssize_t n;

        for (size_t i = 0; i < part; i += 8) {
            uint64_t word = bench_random(random);

            memcpy(buffer + i, &word, 8);
        }
        n = write(fd, buffer, part);
        if (n < 0)
            err = -errno;
        else
            n_bytes -= (size_t)n;
    }
    close(fd);
    return err;
}

static int
make_set(struct data_set *set, size_t n_files, size_t least_bytes,
    size_t most_bytes, char *buffer)
{
    uint64_t random = n_files;
    char path[512];
    int err;

    set->n_bytes = 0;
    set->n_files = 0;
    set->paths = calloc(n_files + 1, sizeof(*set->paths));
    if (set->paths == NULL)
        return -ENOMEM;
    snprintf(path, sizeof(path), "%s/%s", folder, set->name);
    if (mkdir(path, 0700) != 0)
        return -errno;
    for (size_t i = 0; i < n_files; i++) {
        size_t n_bytes = least_bytes +
            (size_t)(bench_random(&random) % (most_bytes - least_bytes + 1));
        char name[64];

        if (i % FILES_PER_FOLDER == 0) {
            snprintf(path, sizeof(path), "%s/%s/d%03zu", folder, set->name,
                i / FILES_PER_FOLDER);
            if (mkdir(path, 0700) != 0)
                return -errno;
        }
        snprintf(name, sizeof(name), "%s/d%03zu/f%05zu", set->name,
            i / FILES_PER_FOLDER, i);
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        err = write_file(path, n_bytes, &random, buffer);
        if (err != 0)
            return err;
        set->paths[i] = strdup(name);
        if (set->paths[i] == NULL)
            return -ENOMEM;
        set->n_files++;
        set->n_bytes += n_bytes;
    }
    return 0;
}

/* ------------------------------------------------------------ the answers */

int
data_start(char *const *argv, const char *output)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int err;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(
        &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(
        &actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(
        &actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return err == 0 ? (int)pid : -err;
}

int
data_wait(int pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

long
data_lines(const char *path, char ***ret_lines)
{
    FILE *file = fopen(path, "re");
    char **lines = NULL;
    char *line = NULL;
    size_t size = 0;
    size_t n = 0;
    ssize_t length;

    if (file == NULL)
        return -errno;
    while ((length = getline(&line, &size, file)) > 0) {
        if (n % 1024 == 0) {
            char **more = realloc(lines, (n + 1024) * sizeof(*lines));

            if (more == NULL)
                break;
            lines = more;
        }
        lines[n++] = strdup(line);
    }
    free(line);
    fclose(file);
    if (n > 0)
        qsort(lines, n, sizeof(*lines), compare_lines);
    *ret_lines = lines;
    return (long)n;
}

static int
hash_set(struct data_set *set, char *why, size_t why_bytes)
{
    char **argv = calloc(set->n_files + 3, sizeof(*argv));
    char output[512];
    long n;
    int pid;

    if (argv == NULL)
        return -ENOMEM;
    argv[0] = (char *)"sha256sum";
    argv[1] = (char *)"--";
    memcpy(argv + 2, set->paths, set->n_files * sizeof(*argv));
    snprintf(output, sizeof(output), "%s/reference", folder);
    pid = data_start(argv, output);
    free(argv);
    if (pid < 0 || data_wait(pid) != 0) {
        snprintf(why, why_bytes, "sha256sum (coreutils) does not run");
        return pid < 0 ? pid : -EIO;
    }
    n = data_lines(output, &set->lines);
    if (n != (long)set->n_files) {
        snprintf(why, why_bytes, "sha256sum printed %ld lines for %zu files", n,
            set->n_files);
        return -EIO;
    }
    return 0;
}

int
data_make(bool long_form, char *why, size_t why_bytes)
{
    const char *tmp = getenv("TMPDIR");
    uint64_t needed = (long_form ? 2200u : 300u) * (uint64_t)MIB;
    struct statvfs space;
    char back[512];
    char *buffer = malloc(MIB);
    int err = 0;

    snprintf(folder, sizeof(folder), "%s/strait-bench.XXXXXX",
        tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
    if (buffer == NULL || mkdtemp(folder) == NULL) {
        err = -errno;
        folder[0] = '\0';
        snprintf(why, why_bytes,
            "no folder for its files in %s: %s; set TMPDIR",
            tmp != NULL ? tmp : "/tmp", strerror(-err));
        free(buffer);
        return err;
    }
    if (statvfs(folder, &space) == 0 &&
        (uint64_t)space.f_bavail * space.f_frsize < needed) {
        snprintf(why, why_bytes,
            "its files need %llu MB free; set TMPDIR to a folder with more",
            (unsigned long long)(needed / MIB));
        free(buffer);
        return -ENOSPC;
    }
    if (err == 0)
        err = make_set(&data_sets[DATA_SMALL], long_form ? 20000 : 2000,
            4 * KIB, 64 * KIB, buffer);
    if (err == 0)
        err = make_set(&data_sets[DATA_LARGE], 4,
            (long_form ? 256 : 24) * (size_t)MIB,
            (long_form ? 256 : 24) * (size_t)MIB, buffer);
    free(buffer);
    if (err != 0) {
        snprintf(why, why_bytes, "cannot write its files: %s", strerror(-err));
        return err;
    }
    if (getcwd(back, sizeof(back)) == NULL || chdir(folder) != 0)
        return -errno;
    for (int i = 0; i < DATA_SETS && err == 0; i++)
        err = hash_set(&data_sets[i], why, why_bytes);
    if (chdir(back) != 0)
        return -errno;
    return err;
}
