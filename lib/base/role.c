/* SPDX-License-Identifier: MIT */
/*
 * role.c - marks the roles that are for one thread at a time, and speaks when
 * something is wrong. Called in checked builds only, by the operations
 * themselves.
 *
 * The mark is an exchange without an order: it may not make anything right that
 * is wrong without checks. A role that has moved properly, from thread to
 * thread, is seen to be free by coherence alone. It goes round the seam of
 * atomic.h, because it is no step of an algorithm: nobody counts it, and no
 * model knows of it.
 */
#include "base/check.h"

#include <strait/role.h>

static __attribute__((noreturn, cold)) void
in_the_way(const char *function)
{
    sti_report(STRAIT_REPORT_FATAL,
        "strait: %s: another thread is in this role, which is for one at a time",
        function);
    __builtin_trap();
}

strait_role_t *
strait_role_enter_(strait_role_t *role, const char *function)
{
    if (STRAIT_RAW_XCHG(&role->taken_, 1u, relaxed) != 0)
        in_the_way(function);
    return role;
}

void
strait_role_leave_(strait_role_t **role)
{
    STRAIT_RAW_STORE(&(*role)->taken_, 0u, relaxed);
}

void
strait_role_absent_(const strait_role_t *role, const char *function)
{
    if (STRAIT_RAW_LOAD(&role->taken_, relaxed) != 0)
        in_the_way(function);
}

void
strait_misused_(const char *function, const char *what)
{
    sti_report(
        STRAIT_REPORT_FATAL, "strait: %s: misused: not so: %s", function, what);
    __builtin_trap();
}
