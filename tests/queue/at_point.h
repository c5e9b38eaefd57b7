/* SPDX-License-Identifier: MIT */
/*
 * at_point.h - lets a unit test act once in the middle of an algorithm's step,
 * through the point seam.
 *
 *     at_point("mpsc.push.gap", look);    look() runs when a push is in its gap
 *     strait_mpsc_push(&queue, &node);
 *     check_int(n_points, 1);
 *
 * Only the thread that called at_point counts; others pass undisturbed.
 */
#ifndef STRAIT_TESTS_AT_POINT_H
#define STRAIT_TESTS_AT_POINT_H

#include <stddef.h>
#include <string.h>

/* Pulls in the seam. */
#include <strait/atomic.h>

static _Thread_local const char *point_name;
static _Thread_local void (*point_act)(void);
static _Thread_local int n_points; /* how often it acted: 0 or 1 */

static inline void
on_point(const char *name)
{
    void (*act)(void) = point_act;

    if (act == NULL || strcmp(name, point_name) != 0)
        return;
    point_act = NULL;
    n_points++;
    act();
}

/* Calls `act` when this thread passes the named point, once. */
static inline void
at_point(const char *name, void (*act)(void))
{
    point_name = name;
    point_act = act;
    n_points = 0;
    seam_point_hook = on_point;
}

/* For the set-up of a suite: nothing is left of the test before. */
static inline void
forget_points(void)
{
    point_act = NULL;
    seam_point_hook = NULL;
}

#endif /* STRAIT_TESTS_AT_POINT_H */
