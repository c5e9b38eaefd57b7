/* SPDX-License-Identifier: MIT */
/*
 * trace.h - system calls as strace sees them. A program runs itself once more
 * under strace, with a scenario to play, and looks at the lines.
 *
 *     int main(int argc, char **argv)
 *     {
 *         if (argc == 3 && strcmp(argv[1], "--scenario") == 0)
 *             return play(argv[2]);              // calls trace_mark()
 *         trace_check();
 *         trace_scenario(argv[0], "busy", "write,futex", look, &counts);
 *
 * Between two marks, writes to a descriptor that is not open, lie the calls in
 * question. One file of a program includes this, with _GNU_SOURCE defined.
 */
#ifndef STRAIT_TESTS_TRACE_H
#define STRAIT_TESTS_TRACE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plain.h"
#include "sanitizer.h"

/* In the trace: write(-1, "mark", 4) = -1 EBADF. */
static inline void
trace_mark(void)
{
    require(write(-1, "mark", 4) < 0);
}

/* Without strace: an excuse at home, a failure in CI, where nobody would miss
 * the figures. */
static inline void
trace_do_without(const char *reason)
{
    const char *ci = getenv("CI");

    if (ci == NULL || ci[0] == '\0')
        skip(reason);
    fprintf(stderr, "%s; not to be skipped in CI\n", reason);
    exit(1);
}

/* Ends the program with the reason if nothing can be traced here. */
static inline void
trace_check(void)
{
#if SANITIZER_THREAD || SANITIZER_ADDRESS
    skip("sanitizers do not run under strace");
#endif
    if (system("strace -V >/dev/null 2>&1") != 0)
        trace_do_without("strace is not installed");
    if (system("strace -qq -o /dev/null true >/dev/null 2>&1") != 0)
        trace_do_without("strace may not trace here");
}

/* Runs strace with the arguments; answers its exit status. */
static inline int
trace_run_(const char *self, const char *scenario, const char *calls,
    const char *output)
{
    /* The kernel can leave the other calls alone, if there are any. */
    bool is_all = strcmp(calls, "all") == 0;
    pid_t child = fork();
    char filter[128];
    int status;

    require(child >= 0);
    if (child == 0) {
        snprintf(filter, sizeof filter, "trace=%s", calls);
        execlp("strace", "strace", "-f", "-y", "-qq", "-o", output, "-e",
            filter, "-e", "signal=none", is_all ? "--" : "--seccomp-bpf", self,
            "--scenario", scenario, (char *)NULL);
        _exit(127);
    }
    require(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/*
 * Gets each line of a trace but the marks: "TID call(...) = ...". A call that
 * is interrupted in the output has a second line, "TID <... call resumed>...".
 * n_marks: how many marks came before; of_marker: it is of the thread that has
 * set the last one.
 */
typedef void (*trace_look_fn)(
    const char *line, unsigned n_marks, bool of_marker, void *arg);

/* Plays a scenario and shows its trace, of the calls named; answers how many
 * marks there were. */
static inline unsigned
trace_scenario(const char *self, const char *scenario, const char *calls,
    trace_look_fn look, void *arg)
{
    char path[] = "/tmp/strait-trace-XXXXXX";
    unsigned n_marks = 0;
    long marker = 0;
    int fd = mkstemp(path);
    char line[1024];
    int status;
    FILE *file;

    require(fd >= 0);
    close(fd);
    status = trace_run_(self, scenario, calls, path);
    if (status != 0) {
        fprintf(stderr, "strace of %s: status %d\n", scenario, status);
        exit(1);
    }
    file = fopen(path, "r");
    require(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strstr(line, " write(") != NULL &&
            strstr(line, "\"mark\"") != NULL) {
            n_marks++;
            marker = strtol(line, NULL, 10);
        } else {
            look(line, n_marks, strtol(line, NULL, 10) == marker, arg);
        }
    }
    fclose(file);
    unlink(path);
    return n_marks;
}

#endif /* STRAIT_TESTS_TRACE_H */
