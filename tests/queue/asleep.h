/* SPDX-License-Identifier: MIT */
/*
 * asleep.h - waits until a thread of this process sleeps in the kernel.
 */
#ifndef STRAIT_TESTS_ASLEEP_H
#define STRAIT_TESTS_ASLEEP_H

#include "proc.h"

/* For as long as it takes; the frame of the test has a time limit. */
static inline void
wait_until_asleep(pid_t thread)
{
    int n_seen = 0;

    /* Several times in a row, so that a moment of waiting on the way, for a
     * page perhaps, is not taken for it. */
    while (n_seen < 5) {
        struct timespec pause = { 0, 1000000 };
        char path[64];
        char text[512];
        const char *state;

        nanosleep(&pause, NULL);
        snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
        proc_read(path, text, sizeof text);
        state = strrchr(text, ')');
        n_seen = state != NULL && state[2] == 'S' ? n_seen + 1 : 0;
    }
}

#endif /* STRAIT_TESTS_ASLEEP_H */
