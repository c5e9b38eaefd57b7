/* SPDX-License-Identifier: MIT */
/*
 * name - writes file names, which may hold any byte but zero, so that a line
 * stays a line.
 *
 * Each path is written in two parts, its directory with a slash behind it and
 * its last name; what is said of one part holds for the whole, as no character
 * of UTF-8 reaches across a slash.
 */
#ifndef TREEHASH_NAME_H
#define TREEHASH_NAME_H

#include "output.h"

/* As the coreutils' sums do since 9.0: a name with a newline, a backslash or a
 * carriage return has these three written \n, \\ and \r, and then its line
 * starts with a backslash. */
bool th_name_is_odd(const char *name, size_t n);
void th_name_put_sum(
    struct th_output *output, bool odd, const char *name, size_t n);

/* The inside of a JSON string. What is not UTF-8 becomes U+FFFD, one for each
 * byte; th_name_is_utf8 tells whether that happens. */
bool th_name_is_utf8(const char *name, size_t n);
void th_name_put_json(struct th_output *output, const char *name, size_t n);

/* Two lower-case hex digits per byte. */
void th_name_put_hex(struct th_output *output, const void *bytes, size_t n);

/* For messages: control characters as \ooo, and a backslash as \\, so that no
 * name can break the line or steer the terminal. */
void th_name_put_message(struct th_output *output, const char *name, size_t n);

#endif /* TREEHASH_NAME_H */
