/* SPDX-License-Identifier: MIT */
/*
 * quiet.h - whether the other threads of this process really sleep: how often
 * the kernel has switched to or from any of them.
 */
#ifndef STRAIT_TESTS_QUIET_H
#define STRAIT_TESTS_QUIET_H

#include <stdlib.h>
#include <unistd.h>

#include "plain.h"
#include "proc.h"
#include "sanitizer.h"

/* Everybody has gone to sleep: nobody has moved for a while. On a machine that
 * is busy with other things this takes a moment. */
static inline void
quiet_await(void)
{
    uint64_t before;
    int patience = SANITIZER_THREAD ? 1 : 50; /* its own thread never rests */

    do {
        before = proc_switches_of_others();
        usleep(200000);
    } while (proc_switches_of_others() != before && --patience > 0);
}

/* Says who has moved: thread, and switches since it was made. */
static inline void
quiet_complain_(void)
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[300];
        char name[32];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        proc_read(path, name, sizeof name);
        fprintf(stderr, "  %6s, %llu switches in all: %s", entry->d_name,
            (unsigned long long)proc_switches((pid_t)atoi(entry->d_name)),
            name);
    }
    if (dir != NULL)
        closedir(dir);
}

/* Requires that nobody moves for 2 seconds, or 10 if STRAIT_STRESS_SECONDS is
 * 10 or more. */
static inline void
quiet_require(void)
{
    const char *text = getenv("STRAIT_STRESS_SECONDS");
    unsigned seconds = text != NULL && atof(text) >= 10 ? 10 : 2;
    uint64_t before = proc_switches_of_others();
    uint64_t after;

    sleep(seconds);
    after = proc_switches_of_others();
    printf("idle for %u s: %u threads, %llu context switches\n", seconds,
        proc_n_threads() - 1, (unsigned long long)(after - before));
    require(before > 0); /* the numbers are really there */
#if SANITIZER_THREAD
    printf("  (not judged: the sanitizer has a thread of its own)\n");
#else
    if (after != before)
        quiet_complain_();
    require_count(after - before, 0);
#endif
}

#endif /* STRAIT_TESTS_QUIET_H */
