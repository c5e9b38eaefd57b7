/* SPDX-License-Identifier: MIT */
/*
 * seam_point.h - a seam (see strait/atomic.h) that leaves the atomic operations
 * alone and calls the test at each STRAIT_POINT, in the thread that passes it.
 * The test can then act in the middle of an algorithm's step, from inside: pop
 * while a push is in its gap, say.
 */
#ifndef STRAIT_TESTS_SEAM_POINT_H
#define STRAIT_TESTS_SEAM_POINT_H

/* Called with the point's name; NULL (the default) for none. Set it while no
 * other thread is inside the library. */
extern void (*seam_point_hook)(const char *name);

#define STRAIT_POINT(name)                                                     \
    (seam_point_hook != NULL ? seam_point_hook(name) : (void)0)

#endif /* STRAIT_TESTS_SEAM_POINT_H */
