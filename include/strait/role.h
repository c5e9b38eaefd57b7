/* SPDX-License-Identifier: MIT */
/**
 * @file role.h
 * What checked builds look at in queues: two threads in a role that is for one
 * (the consumer of an mpsc, either side of an spsc, who pops a ring alone), and
 * arguments that would break a queue. Not for use of its own.
 *
 * A role may move from thread to thread, if the one has done with it before the
 * other begins, and the other knows that (a join, an armed queue, any acquire
 * of a release). So what is wrong is not another thread, but a second one at
 * the same time. Where STRAIT_DEBUG is 1 or more, each operation marks its role
 * as taken; who finds it taken reports and traps. So misuse shows when two
 * calls overlap, and only then. A handler of a signal that has interrupted the
 * same operation is found as well.
 *
 * What is inline in a header follows STRAIT_DEBUG of the program that includes
 * it, whatever the library was built with; arm, disarm and close follow the
 * library. Without checks all this is empty, and the layout is the same: code
 * with and without checks may share a queue. Set a reporter (error.h) to be
 * told before the trap; without one it is mute.
 */
#ifndef STRAIT_ROLE_H
#define STRAIT_ROLE_H

#include <strait/atomic.h>
#include <strait/base.h>

STRAIT_BEGIN_DECLS

/** The mark of a role: zero, or taken. */
typedef struct strait_role {
    STRAIT_ATOMIC(uint32_t) taken_;
} strait_role_t;

/**
 * Marks a role as taken; reports and traps if it is. Called by STRAIT_ROLE_.
 * @param function  whose operation this is, for the report
 * @return role
 * @threads any  @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD strait_role_t *strait_role_enter_(
    strait_role_t *role, const char *function) STRAIT_NOEXCEPT;

/** Takes the mark off again. @threads any  @progress wait-free */
STRAIT_API void strait_role_leave_(strait_role_t **role) STRAIT_NOEXCEPT;

/**
 * Reports and traps if a role is taken, without taking it.
 * @threads any  @progress wait-free
 */
STRAIT_API void strait_role_absent_(
    const strait_role_t *role, const char *function) STRAIT_NOEXCEPT;

/** Reports that `function` was called wrongly, and traps. @threads any */
__attribute__((noreturn, cold)) STRAIT_API void strait_misused_(
    const char *function, const char *what) STRAIT_NOEXCEPT;

#if defined(STRAIT_ROLE_)
/* Models see races by themselves. */
#elif defined(STRAIT_DEBUG) && STRAIT_DEBUG >= 1
/* From here to the end of the block the role is taken. It stands behind the
 * declarations. */
#define STRAIT_ROLE_(role)                                                     \
    strait_role_t *strait_in_role_ __attribute__((cleanup(strait_role_leave_), \
        unused)) = strait_role_enter_((role), __func__)
/* For operations of many, which may not run beside the one in the role. */
#define STRAIT_ROLE_ABSENT_(role) strait_role_absent_((role), __func__)
/* What the caller has to see to. */
#define STRAIT_DEMAND_(condition)                                              \
    ((condition) ? (void)0 : strait_misused_(__func__, #condition))
#else
#define STRAIT_ROLE_(role) ((void)0)
#define STRAIT_ROLE_ABSENT_(role) ((void)0)
#define STRAIT_DEMAND_(condition) ((void)0)
#endif

/* Only looks: for operations that may give the role away before they return. */
#define STRAIT_ROLE_LOOK_(role)                                                \
    do {                                                                       \
        STRAIT_ROLE_(role);                                                    \
    } while (0)

STRAIT_END_DECLS

#endif /* STRAIT_ROLE_H */
