/* SPDX-License-Identifier: MIT */
/*
 * child.h - run a function in a forked child that can neither return into the
 * test nor outlive it.
 *
 * A child that came back from the test, or asserted, would talk to Criterion's
 * runner in its parent's name and hang it. So the child only says where it is
 * unhappy, through child_check(), and the parent asserts:
 *
 *     static void in_child(void *arg) { child_check(f(arg) == -ECHILD); }
 *     ...
 *     cr_assert(child_run(in_child, &x) == NULL, "%s", child_complaint);
 */
#ifndef STRAIT_TESTS_CHILD_H
#define STRAIT_TESTS_CHILD_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sanitizer.h"

/* What the last child had to say; "" if nothing. */
static char child_complaint[256];
static int child_pipe_ = -1;

#define CHILD_TEXT_(x) #x
#define CHILD_LINE_(x) CHILD_TEXT_(x)

/* In the child: ends it unhappily unless the condition holds. */
#define child_check(condition)                                                 \
    do {                                                                       \
        if (!(condition))                                                      \
            child_fail_("line " CHILD_LINE_(__LINE__) ": " #condition);        \
    } while (0)

__attribute__((noreturn)) static inline void
child_fail_(const char *text)
{
    /* A complaint that cannot be written shows as the exit status alone. */
    if (write(child_pipe_, text, strlen(text)) < 0)
        _exit(4);
    _exit(3);
}

/*
 * Runs `function` in a child, for at most 20 seconds. Answers NULL if it
 * returned, else child_complaint.
 */
static inline const char *
child_run(void (*function)(void *), void *arg)
{
    struct pollfd waiting;
    size_t used = 0;
    ssize_t n;
    int ends[2];
    int status = 0;
    pid_t child;

    child_complaint[0] = '\0';
    if (pipe(ends) != 0)
        return strcpy(child_complaint, "pipe failed");
    child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return strcpy(child_complaint, "fork failed");
    }
    if (child == 0) {
        close(ends[0]);
        child_pipe_ = ends[1];
        function(arg);
        _exit(0);
    }
    close(ends[1]);
    waiting.fd = ends[0];
    waiting.events = POLLIN;
    while (used + 1 < sizeof child_complaint) {
        if (poll(&waiting, 1, 20000 * SANITIZER_SLOWDOWN) == 0) {
            kill(child, SIGKILL);
            used = (size_t)snprintf(
                child_complaint, sizeof child_complaint, "child hung");
            break;
        }
        n = read(
            ends[0], child_complaint + used, sizeof child_complaint - 1 - used);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        used += n > 0 ? (size_t)n : 0;
    }
    child_complaint[used] = '\0';
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && used == 0)
        return NULL;
    if (used == 0) {
        if (WIFSIGNALED(status))
            snprintf(child_complaint, sizeof child_complaint,
                "child killed by signal %d", WTERMSIG(status));
        else
            snprintf(child_complaint, sizeof child_complaint,
                "child exited with %d", WEXITSTATUS(status));
    }
    return child_complaint;
}

#endif /* STRAIT_TESTS_CHILD_H */
