/* SPDX-License-Identifier: MIT */
/*
 * proc.h - what the kernel says about this process: open descriptors, threads,
 * context switches, memory. Read from /proc, without allocating.
 */
#ifndef STRAIT_TESTS_PROC_H
#define STRAIT_TESTS_PROC_H

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* Reads a whole small file into `text`; what is missing reads as "". */
static inline void
proc_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t n = 0;

    if (fd >= 0) {
        while (
            used + 1 < size && (n = read(fd, text + used, size - 1 - used)) > 0)
            used += (size_t)n;
        close(fd);
    }
    text[used] = '\0';
}

static inline unsigned
proc_count_entries(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    unsigned n = 0;

    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* How many descriptors are open. */
static inline unsigned
proc_n_fds(void)
{
    /* One is the directory that is being read. */
    return proc_count_entries("/proc/self/fd") - 1;
}

/* How many threads this process has. */
static inline unsigned
proc_n_threads(void)
{
    return proc_count_entries("/proc/self/task");
}

/*
 * Waits until the process has no more than `n` threads: the kernel takes a
 * moment to bury a thread that was joined. Answers how many there are.
 */
static inline unsigned
proc_settle_threads(unsigned n)
{
    unsigned found = proc_n_threads();
    int patience;

    for (patience = 0; found > n && patience < 1000; patience++) {
        struct timespec pause = { 0, 1000000 };

        nanosleep(&pause, NULL);
        found = proc_n_threads();
    }
    return found;
}

/* The number behind "name:" in the text of a status file; 0 if absent. */
static inline uint64_t
proc_field(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10);
}

/* Voluntary and involuntary context switches of one thread, together. */
static inline uint64_t
proc_switches(pid_t thread)
{
    char path[64];
    char text[4096];

    snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)thread);
    proc_read(path, text, sizeof text);
    return proc_field(text, "\nvoluntary_ctxt_switches:") +
        proc_field(text, "\nnonvoluntary_ctxt_switches:");
}

/* The same of every thread but the caller. */
static inline uint64_t
proc_switches_of_others(void)
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;
    uint64_t sum = 0;

    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL) {
        pid_t thread = (pid_t)atoi(entry->d_name);

        if (thread > 0 && thread != gettid())
            sum += proc_switches(thread);
    }
    closedir(dir);
    return sum;
}

/* Resident bytes that belong to this process alone. */
static inline uint64_t
proc_private_bytes(void)
{
    char text[4096];

    proc_read("/proc/self/smaps_rollup", text, sizeof text);
    return 1024 *
        (proc_field(text, "\nPrivate_Clean:") +
            proc_field(text, "\nPrivate_Dirty:"));
}

#endif /* STRAIT_TESTS_PROC_H */
