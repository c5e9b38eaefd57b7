/* SPDX-License-Identifier: MIT */
/* name - see name.h. */
#include "name.h"

#include <stdio.h>
#include <string.h>

bool
th_name_is_odd(const char *name, size_t n)
{
    return memchr(name, '\n', n) != NULL || memchr(name, '\\', n) != NULL ||
        memchr(name, '\r', n) != NULL;
}

void
th_name_put_sum(struct th_output *output, bool odd, const char *name, size_t n)
{
    if (!odd) {
        th_output_put(output, name, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        switch (name[i]) {
        case '\n': th_output_puts(output, "\\n"); break;
        case '\r': th_output_puts(output, "\\r"); break;
        case '\\': th_output_puts(output, "\\\\"); break;
        default: th_output_put(output, name + i, 1);
        }
    }
}

/*
 * The length of the UTF-8 character at the start, or 0 if there is none: no
 * overlong forms, no surrogates, nothing beyond U+10FFFF.
 */
static size_t
utf8_length(const unsigned char *at, size_t n)
{
    size_t len = at[0] < 0x80 ? 1
        : at[0] < 0xc2        ? 0
        : at[0] < 0xe0        ? 2
        : at[0] < 0xf0        ? 3
        : at[0] < 0xf5        ? 4
                              : 0;

    if (len == 0 || len > n) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) {
        return 0;
    }
    return len;
}

bool
th_name_is_utf8(const char *name, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t len = utf8_length((const unsigned char *)name + i, n - i);

        if (len == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

void
th_name_put_json(struct th_output *output, const char *name, size_t n)
{
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)name[i];
        size_t len = utf8_length((const unsigned char *)name + i, n - i);
        char text[8];

        if (len == 0) {
            th_output_puts(output, "\xef\xbf\xbd");
            len = 1;
        } else if (c < 0x20 || c == 0x7f) {
            snprintf(text, sizeof(text), "\\u%04x", c);
            th_output_puts(output, text);
        } else if (c == '"' || c == '\\') {
            text[0] = '\\';
            text[1] = (char)c;
            th_output_put(output, text, 2);
        } else {
            th_output_put(output, name + i, len);
        }
        i += len;
    }
}

void
th_name_put_hex(struct th_output *output, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *at = bytes;
    char text[128];
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        text[used++] = digits[at[i] >> 4];
        text[used++] = digits[at[i] & 15];
        if (used == sizeof(text)) {
            th_output_put(output, text, used);
            used = 0;
        }
    }
    th_output_put(output, text, used);
}

void
th_name_put_message(struct th_output *output, const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        char text[8];

        if (c < 0x20 || c == 0x7f) {
            snprintf(text, sizeof(text), "\\%03o", c);
            th_output_puts(output, text);
        } else if (c == '\\') {
            th_output_puts(output, "\\\\");
        } else {
            th_output_put(output, name + i, 1);
        }
    }
}
