/* SPDX-License-Identifier: MIT */
/*
 * test_version.c - the library says the version of the headers it was built
 * with.
 */
#include <stdio.h>
#include <strait/base.h>

#include "unit.h"

Test(version, number_is_that_of_the_headers)
{
    check_int(strait_version(), STRAIT_VERSION);
    check_int(strait_version() >> 16, STRAIT_VERSION_MAJOR);
    check_int(strait_version() >> 8 & 0xff, STRAIT_VERSION_MINOR);
    check_int(strait_version() & 0xff, STRAIT_VERSION_PATCH);
}

Test(version, text_says_the_same)
{
    char text[32];

    snprintf(text, sizeof text, "%d.%d.%d", STRAIT_VERSION_MAJOR,
        STRAIT_VERSION_MINOR, STRAIT_VERSION_PATCH);
    check_str(strait_version_string(), text);
}

Test(version, container_of_finds_the_way_back)
{
    struct outer {
        char before[24];
        int member;
    } outer;

    check_ptr(STRAIT_CONTAINER_OF(&outer.member, struct outer, member), &outer);
}
