/* SPDX-License-Identifier: MIT */
/**
 * @file error.h
 * Names and texts of error codes, and the one function through which the
 * library speaks when it must: the report function.
 */
#ifndef STRAIT_ERROR_H
#define STRAIT_ERROR_H

#include <strait/base.h>

STRAIT_BEGIN_DECLS

/**
 * The symbol of an error, e.g. "EAGAIN" for -EAGAIN (or EAGAIN); "OK" for 0;
 * "E?" for what it does not know. The string is static.
 * @threads any  @progress wait-free
 */
STRAIT_API const char *strait_error_name(int err) STRAIT_NOEXCEPT;

/**
 * What the error means when Strait answers it, in one line. Static string.
 * @threads any  @progress wait-free
 */
STRAIT_API const char *strait_error_text(int err) STRAIT_NOEXCEPT;

/** How bad a report is. */
enum {
    STRAIT_REPORT_WARNING = 1, /**< it went on, but look at this */
    STRAIT_REPORT_FATAL = 2 /**< a broken invariant or a misuse that a checked
                                 build found; the program is trapped next */
};

/**
 * Receives reports. `text` is one line without a newline and valid during the
 * call only. Called from whichever thread noticed; must not call the library.
 */
typedef void (*strait_report_fn)(int level, const char *text, void *arg);

/** A report function with its argument. */
typedef struct strait_reporter {
    strait_report_fn report;
    void *arg;
} strait_reporter_t;

/**
 * Sets who hears reports, for the whole process. With none set (the default)
 * they are dropped: the library never prints.
 * @param reporter  read at each report, so it must stay valid; NULL for none
 * @return the one that was set before, or NULL
 * @threads any  @progress wait-free
 */
STRAIT_API const strait_reporter_t *strait_set_reporter(
    const strait_reporter_t *reporter) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_ERROR_H */
