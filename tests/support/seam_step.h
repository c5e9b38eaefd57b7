/* SPDX-License-Identifier: MIT */
/*
 * seam_step.h - a seam (see strait/atomic.h) that leaves the atomic operations
 * alone and calls the test before each of them, in the thread that is about to
 * do it. The test can stop that thread right there and let others go on.
 */
#ifndef STRAIT_TESTS_SEAM_STEP_H
#define STRAIT_TESTS_SEAM_STEP_H

#include <stddef.h>

/* Called before each operation; NULL (the default) for none. Set it while no
 * other thread is inside the library. What it does itself with the shim is
 * passed over. */
extern void (*seam_step_hook)(void);

#define SEAM_STEP_ (seam_step_hook != NULL ? seam_step_hook() : (void)0)

#define STRAIT_SEAM_LOAD(p, o) (SEAM_STEP_, STRAIT_RAW_LOAD(p, o))
#define STRAIT_SEAM_STORE(p, v, o) (SEAM_STEP_, STRAIT_RAW_STORE(p, v, o))
#define STRAIT_SEAM_XCHG(p, v, o) (SEAM_STEP_, STRAIT_RAW_XCHG(p, v, o))
#define STRAIT_SEAM_CAS(p, e, v, o) (SEAM_STEP_, STRAIT_RAW_CAS(p, e, v, o))
#define STRAIT_SEAM_CAS_WEAK(p, e, v, o)                                       \
    (SEAM_STEP_, STRAIT_RAW_CAS_WEAK(p, e, v, o))
#define STRAIT_SEAM_ADD(p, v, o) (SEAM_STEP_, STRAIT_RAW_ADD(p, v, o))
#define STRAIT_SEAM_OR(p, v, o) (SEAM_STEP_, STRAIT_RAW_OR(p, v, o))
#define STRAIT_SEAM_AND(p, v, o) (SEAM_STEP_, STRAIT_RAW_AND(p, v, o))

#endif /* STRAIT_TESTS_SEAM_STEP_H */
