/* SPDX-License-Identifier: MIT */
/*
 * seam_yield.h - a seam (see strait/atomic.h) that disturbs: now and then a
 * thread yields, spins or sleeps for a moment before an atomic operation, and
 * more often at a STRAIT_POINT. Windows of a few instructions grow until other
 * threads fall into them.
 *
 * Which operations are disturbed comes from the seed, thread by thread; how the
 * threads then interleave is still up to the kernel.
 */
#ifndef STRAIT_TESTS_SEAM_YIELD_H
#define STRAIT_TESTS_SEAM_YIELD_H

#include <stdint.h>

/* Sets the seed; call it before threads start. Threads that have been here
 * already start anew. */
void seam_yield_seed(uint64_t seed);

/* One operation is disturbed in about `n`; 0: none are. Default 64. */
void seam_yield_rate(uint32_t n);

/* How often this process was disturbed. */
uint64_t seam_yield_count(void);

void seam_yield_operation(void);
void seam_yield_point(void);

#define STRAIT_SEAM_LOAD(p, o) (seam_yield_operation(), STRAIT_RAW_LOAD(p, o))
#define STRAIT_SEAM_STORE(p, v, o)                                             \
    (seam_yield_operation(), STRAIT_RAW_STORE(p, v, o))
#define STRAIT_SEAM_XCHG(p, v, o)                                              \
    (seam_yield_operation(), STRAIT_RAW_XCHG(p, v, o))
#define STRAIT_SEAM_CAS(p, e, v, o)                                            \
    (seam_yield_operation(), STRAIT_RAW_CAS(p, e, v, o))
#define STRAIT_SEAM_CAS_WEAK(p, e, v, o)                                       \
    (seam_yield_operation(), STRAIT_RAW_CAS_WEAK(p, e, v, o))
#define STRAIT_SEAM_ADD(p, v, o)                                               \
    (seam_yield_operation(), STRAIT_RAW_ADD(p, v, o))
#define STRAIT_SEAM_OR(p, v, o) (seam_yield_operation(), STRAIT_RAW_OR(p, v, o))
#define STRAIT_SEAM_AND(p, v, o)                                               \
    (seam_yield_operation(), STRAIT_RAW_AND(p, v, o))
#define STRAIT_POINT(name) seam_yield_point()

#endif /* STRAIT_TESTS_SEAM_YIELD_H */
