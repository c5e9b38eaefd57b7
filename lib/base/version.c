/* SPDX-License-Identifier: MIT */
/*
 * version.c - which library is loaded.
 */
#include <strait/base.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

uint32_t
strait_version(void)
{
    return STRAIT_VERSION;
}

const char *
strait_version_string(void)
{
    return TEXT(STRAIT_VERSION_MAJOR) "." TEXT(STRAIT_VERSION_MINOR) "." TEXT(
        STRAIT_VERSION_PATCH);
}
