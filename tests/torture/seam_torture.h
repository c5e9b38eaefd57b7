/* SPDX-License-Identifier: MIT */
/*
 * seam_torture.h - a seam (see strait/atomic.h) that disturbs, that counts rare
 * paths of which no answer tells, and that can plant mistakes.
 *
 * Disturbances: before an atomic operation now and then, at a STRAIT_POINT
 * often, the thread yields, spins or sleeps for a moment.
 *
 * Planted mistakes are the negative controls of the torture (torture.c).
 */
#ifndef STRAIT_TESTS_SEAM_TORTURE_H
#define STRAIT_TESTS_SEAM_TORTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "rare.h"

/* Where the positions and epochs of the next init start. */
extern uint64_t torture_ring_start;
extern uint64_t torture_spsc_start;
extern uint64_t torture_event_start;
#define STRAIT_RING_START torture_ring_start
#define STRAIT_SPSC_START torture_spsc_start
#define STRAIT_EVENT_START torture_event_start

enum torture_plant {
    PLANT_NONE,
    PLANT_TORN_CAS, /* a CAS is a load, a pause and a store */
    PLANT_TRUE_ARM, /* an arming that is refused says that it was not */
    PLANT_BLIND,    /* a rare path is not counted */
    PLANT_OVERRUN,  /* the producer of an spsc believes in one place too many */
    PLANT_DEAF,     /* a notification is left out, now and then */
    PLANT_EARLY_FREE /* an object dies without having been retired */
};
/* Set before threads start. */
extern enum torture_plant torture_plant;

/* One operation in about n is disturbed, one point in about m. Set between
 * rounds. */
void torture_rates(uint32_t n, uint32_t m);
/* Begins the random stream of the calling thread. */
void torture_stream(uint64_t seed, uint64_t stream);
uint64_t torture_n_disturbed(void);

/* How often the calling thread has read the producer word at the end of a pop
 * of the ring: that is where EMPTY and PENDING part. */
extern _Thread_local uint64_t torture_n_looks;

void torture_operation(void);
void torture_point(void);
void torture_pause(void);
/* A compare-and-swap at `place` of `function` has ended so; answers what the
 * caller is told. */
bool torture_swapped(bool ok, const char *function, const char *place);

#define TORTURE_IS_(text, wanted) (__builtin_strcmp((text), (wanted)) == 0)

#define STRAIT_SEAM_LOAD(p, o)                                                 \
    (torture_operation(),                                                      \
        TORTURE_IS_(#p, "&ring->producer_") &&                                 \
                TORTURE_IS_(__func__, "strait_ring_take_")                     \
            ? (void)torture_n_looks++                                          \
            : (void)0,                                                         \
        STRAIT_RAW_LOAD(p, o))
#define STRAIT_SEAM_STORE(p, v, o)                                             \
    (torture_operation(),                                                      \
        TORTURE_IS_(#p, "&ring->freed_") &&                                    \
                !TORTURE_IS_(__func__, "strait_ring_init")                     \
            ? torture_hit(RARE_RING_FREED)                                     \
            : (void)0,                                                         \
        TORTURE_IS_(#p, "&me->state_") &&                                      \
                TORTURE_IS_(__func__, "sti_reclaim_announce")                  \
            ? torture_hit(RARE_RECLAIM_MOVED)                                  \
            : (void)0,                                                         \
        STRAIT_RAW_STORE(p, v, o))
#define STRAIT_SEAM_XCHG(p, v, o)                                              \
    (torture_operation(), STRAIT_RAW_XCHG(p, v, o))
#define TORTURE_TORN_(p, e, v)                                                 \
    (STRAIT_RAW_LOAD(p, relaxed) == *(e)                                       \
            ? (torture_pause(), STRAIT_RAW_STORE(p, v, relaxed), true)         \
            : (*(e) = STRAIT_RAW_LOAD(p, relaxed), false))
#define STRAIT_SEAM_CAS(p, e, v, o)                                            \
    (torture_operation(),                                                      \
        torture_swapped(torture_plant == PLANT_TORN_CAS                        \
                ? TORTURE_TORN_(p, e, v)                                       \
                : STRAIT_RAW_CAS(p, e, v, o),                                  \
            __func__, #p))
#define STRAIT_SEAM_CAS_WEAK(p, e, v, o) STRAIT_SEAM_CAS(p, e, v, o)
#define STRAIT_SEAM_ADD(p, v, o) (torture_operation(), STRAIT_RAW_ADD(p, v, o))
#define STRAIT_SEAM_OR(p, v, o) (torture_operation(), STRAIT_RAW_OR(p, v, o))
#define STRAIT_SEAM_AND(p, v, o) (torture_operation(), STRAIT_RAW_AND(p, v, o))
#define STRAIT_POINT(name) torture_point()

#endif /* STRAIT_TESTS_SEAM_TORTURE_H */
