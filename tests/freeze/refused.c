/* SPDX-License-Identifier: MIT */
/*
 * refused.c - what the freeze test says where ptrace is refused: that it was
 * skipped, and why; in CI it fails. The kernel is made to refuse by a filter on
 * system calls, which the program under test inherits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plain.h"

/* Every ptrace of this process and its children fails with this errno. */
static bool
refuse_ptrace(int err)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K,
            SECCOMP_RET_ERRNO | ((unsigned)err & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { sizeof steps / sizeof steps[0], steps };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* The status of the program where ptrace is refused, and what it said. CI is
 * unset if `ci` is NULL. */
static int
status_of(const char *program, int err, const char *ci, char *said, size_t size)
{
    size_t used = 0;
    ssize_t n;
    int ends[2];
    int status;
    pid_t child;

    require(pipe(ends) == 0);
    child = fork();
    require(child >= 0);
    if (child == 0) {
        if (dup2(ends[1], STDOUT_FILENO) < 0 ||
            dup2(ends[1], STDERR_FILENO) < 0 ||
            (ci != NULL ? setenv("CI", ci, 1) : unsetenv("CI")) != 0)
            _exit(126);
        close(ends[0]);
        close(ends[1]);
        if (refuse_ptrace(err))
            execl(program, program, "--only", "control", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while (used + 1 < size &&
        (n = read(ends[0], said + used, size - 1 - used)) > 0)
        used += (size_t)n;
    said[used] = '\0';
    close(ends[0]);
    require(waitpid(child, &status, 0) == child);
    require(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
see(const char *program, int err, const char *ci, int wanted)
{
    char said[4096];
    int status = status_of(program, err, ci, said, sizeof said);

    printf("%s, CI %s%s: status %d, %s", strerror(err),
        ci != NULL ? "= " : "unset", ci != NULL ? ci : "", status, said);
    fflush(stdout);
    require_count(status, wanted);
    require(strstr(said, "ptrace: ") != NULL);
    require(strstr(said, strerror(err)) != NULL);
    require((strstr(said, "skipped: ") != NULL) == (wanted == PLAIN_SKIPPED));
}

int
main(int argc, char **argv)
{
    pid_t child;
    int status;

    if (argc != 2 || strcmp(argv[1], "--help") == 0) {
        printf("usage: refused FREEZE\n\nRuns the freeze test where ptrace is "
               "refused.\n");
        return argc == 2 ? 0 : 2;
    }
    /* Not in this process: the filter would stay. */
    child = fork();
    require(child >= 0);
    if (child == 0)
        _exit(refuse_ptrace(EPERM) ? 0 : errno);
    require(waitpid(child, &status, 0) == child && WIFEXITED(status));
    if (WEXITSTATUS(status) != 0) {
        const char *ci = getenv("CI");

        printf("seccomp: %s\n", strerror(WEXITSTATUS(status)));
        require(ci == NULL || ci[0] == '\0');
        skip("seccomp is refused, so ptrace cannot be");
    }
    see(argv[1], EPERM, NULL, PLAIN_SKIPPED);
    see(argv[1], EPERM, "", PLAIN_SKIPPED);
    see(argv[1], ENOSYS, NULL, PLAIN_SKIPPED);
    see(argv[1], EPERM, "true", 1);
    see(argv[1], ENOSYS, "1", 1);
    return 0;
}
