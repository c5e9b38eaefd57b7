/* SPDX-License-Identifier: MIT */
/*
 * check.h - reports and levelled checks. Included by: every layer.
 *
 *   STRAIT_DEBUG 0  no checks (release)
 *   STRAIT_DEBUG 1  cheap checks at the border and on cold paths
 *   STRAIT_DEBUG 2  internal invariants on hot paths
 *   STRAIT_DEBUG 3  walks over whole structures
 *
 * A failed check reports and traps. The condition is compiled at every level,
 * so that it cannot rot, and evaluated only at its own level and above.
 */
#ifndef STI_BASE_CHECK_H
#define STI_BASE_CHECK_H

#include <strait/error.h>

#ifndef STRAIT_DEBUG
#define STRAIT_DEBUG 0
#endif

/* One line to the reporter, if there is one; cut at 255 characters. */
__attribute__((format(printf, 2, 3))) void sti_report(
    int level, const char *format, ...);

/* Reports a failed check and traps. */
__attribute__((noreturn, cold)) void sti_check_failed(
    const char *condition, const char *file, int line);

#define STI_CHECK(level, condition)                                            \
    ((STRAIT_DEBUG >= (level) && !(condition))                                 \
            ? sti_check_failed(#condition, __FILE__, __LINE__)                 \
            : (void)0)

#endif /* STI_BASE_CHECK_H */
