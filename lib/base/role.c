/* SPDX-License-Identifier: MIT */
/*
 * role.c - marks the roles that are for one thread at a time. Called in checked
 * builds only, by the operations themselves.
 *
 * The mark is an exchange without an order: it may not make anything right that
 * is wrong without checks. A role that has moved properly, from thread to
 * thread, is seen to be free by coherence alone. It goes round the seam of
 * atomic.h, because it is no step of an algorithm: nobody counts it, and no
 * model knows of it.
 */
#include "base/check.h"

#include <strait/role.h>

strait_role_t *
strait_role_enter_(strait_role_t *role, const char *function)
{
    if (STRAIT_RAW_XCHG(&role->taken_, 1u, relaxed) != 0) {
        sti_report(STRAIT_REPORT_FATAL,
            "strait: %s: another thread is in this role, which is for one at a "
            "time",
            function);
        __builtin_trap();
    }
    return role;
}

void
strait_role_leave_(strait_role_t **role)
{
    STRAIT_RAW_STORE(&(*role)->taken_, 0u, relaxed);
}
