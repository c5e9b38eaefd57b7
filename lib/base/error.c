/* SPDX-License-Identifier: MIT */
/*
 * error.c - names and texts of the errors that Strait answers, and the report
 * function, the only way in which the library speaks.
 *
 * Edges.
 *   B1  exchange in strait_set_reporter -> load in sti_report     the reporter
 */
#include "base/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <strait/atomic.h>

_Static_assert(EINVAL == STRAIT_EINVAL_ && ESHUTDOWN == STRAIT_ESHUTDOWN_ &&
        ETIMEDOUT == STRAIT_ETIMEDOUT_,
    "base.h has the numbers of another system");

/* The codes the library answers, with what each means coming from it. */
#define ERRORS(X)                                                              \
    X(EAGAIN, "full for now, or no more threads to be had: try again later")   \
    X(EALREADY, "that has been done before")                                   \
    X(EBADF, "bad file descriptor")                                            \
    X(EBUSY, "in use or in flight: wait until that has ended")                 \
    X(ECANCELED, "given up before it could run or be delivered")               \
    X(ECHILD, "it belongs to the parent of this process")                      \
    X(EDEADLK, "waiting here would wait for oneself")                          \
    X(EINVAL, "bad argument: see the contract in the header")                  \
    X(EMFILE, "this process has too many open files")                          \
    X(ENFILE, "the system has too many open files")                            \
    X(ENOMEM, "out of memory")                                                 \
    X(ENOSPC, "a fixed limit is reached")                                      \
    X(ENOSYS, "this kernel cannot do that")                                    \
    X(EPERM, "only the thread that owns it may do that")                       \
    X(ESHUTDOWN, "closed: it takes nothing more")                              \
    X(ESRCH, "finished already, or never started")                             \
    X(ETIMEDOUT, "its time ran out")

static const struct {
    int code;
    const char *name;
    const char *text;
} errors[] = {
#define ROW(code, text) { code, #code, text },
    ERRORS(ROW)
#undef ROW
};

static STRAIT_ATOMIC(const strait_reporter_t *) reporter_now;

static size_t
find(int err)
{
    size_t i;

    for (i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i].code == err || -errors[i].code == err)
            break;
    }
    return i;
}

const char *
strait_error_name(int err)
{
    size_t i = find(err);

    if (err == 0)
        return "OK";
    return i < sizeof errors / sizeof errors[0] ? errors[i].name : "E?";
}

const char *
strait_error_text(int err)
{
    size_t i = find(err);

    if (err == 0)
        return "no error";
    return i < sizeof errors / sizeof errors[0]
        ? errors[i].text
        : "not an error of this library";
}

const strait_reporter_t *
strait_set_reporter(const strait_reporter_t *reporter)
{
    /* [B1:ar] rel: what the reporter points to, for the threads that report;
     * acq: the caller may free the old one's data once nobody reports. */
    return strait_xchg_acq_rel(&reporter_now, reporter);
}

void
sti_report(int level, const char *format, ...)
{
    /* [B1:acq] the reporter's fields. */
    const strait_reporter_t *reporter = strait_load_acquire(&reporter_now);
    char text[256];
    va_list args;

    if (reporter == NULL || reporter->report == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    reporter->report(level, text, reporter->arg);
}

void
sti_check_failed(const char *condition, const char *file, int line)
{
    sti_report(STRAIT_REPORT_FATAL, "strait: check failed: %s (%s:%d)",
        condition, file, line);
    __builtin_trap();
}
