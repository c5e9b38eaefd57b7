/* SPDX-License-Identifier: MIT */
/*
 * seam_count.h - a seam (see strait/atomic.h) that counts the atomic operations
 * of each thread, so that costs can be stated as exact numbers.
 *
 *     seam_count = (struct seam_count){ 0 };
 *     strait_mpsc_push(&q, &node);
 *     cr_assert(seam_count.rmws == 1 && seam_count.seq_csts == 0);
 */
#ifndef STRAIT_TESTS_SEAM_COUNT_H
#define STRAIT_TESTS_SEAM_COUNT_H

#include <stdint.h>

struct seam_count {
    uint64_t loads;
    uint64_t stores;
    uint64_t
        rmws; /* exchanges, compare-and-swaps (failed ones too), adds ... */
    uint64_t seq_csts; /* of all these, the sequentially consistent ones */
    uint64_t points;   /* STRAIT_POINTs passed */
};

/* What the calling thread has done. */
extern _Thread_local struct seam_count seam_count;

#define SEAM_IS_SC_relaxed 0u
#define SEAM_IS_SC_acquire 0u
#define SEAM_IS_SC_release 0u
#define SEAM_IS_SC_acq_rel 0u
#define SEAM_IS_SC_seq_cst 1u
#define SEAM_COUNT_(field, o)                                                  \
    ((void)seam_count.field++, (void)(seam_count.seq_csts += SEAM_IS_SC_##o))

#define STRAIT_SEAM_LOAD(p, o) (SEAM_COUNT_(loads, o), STRAIT_RAW_LOAD(p, o))
#define STRAIT_SEAM_STORE(p, v, o)                                             \
    (SEAM_COUNT_(stores, o), STRAIT_RAW_STORE(p, v, o))
#define STRAIT_SEAM_XCHG(p, v, o)                                              \
    (SEAM_COUNT_(rmws, o), STRAIT_RAW_XCHG(p, v, o))
#define STRAIT_SEAM_CAS(p, e, v, o)                                            \
    (SEAM_COUNT_(rmws, o), STRAIT_RAW_CAS(p, e, v, o))
#define STRAIT_SEAM_CAS_WEAK(p, e, v, o)                                       \
    (SEAM_COUNT_(rmws, o), STRAIT_RAW_CAS_WEAK(p, e, v, o))
#define STRAIT_SEAM_ADD(p, v, o) (SEAM_COUNT_(rmws, o), STRAIT_RAW_ADD(p, v, o))
#define STRAIT_SEAM_OR(p, v, o) (SEAM_COUNT_(rmws, o), STRAIT_RAW_OR(p, v, o))
#define STRAIT_SEAM_AND(p, v, o) (SEAM_COUNT_(rmws, o), STRAIT_RAW_AND(p, v, o))
#define STRAIT_POINT(name) ((void)seam_count.points++)

#endif /* STRAIT_TESTS_SEAM_COUNT_H */
