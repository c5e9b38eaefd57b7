/* SPDX-License-Identifier: MIT */
/*
 * sched_priv.h - the structs of a pool and its lanes. Included by: the .c files
 * of lib/sched only; the layers above use include/strait/ and sched/submit.h.
 */
#ifndef STI_SCHED_PRIV_H
#define STI_SCHED_PRIV_H

#include <strait/pool.h>
#include <strait/ring.h>

#include "base/counter.h"
#include "base/spin.h"
#include "sched/parking.h"

#include <pthread.h>

struct strait_lane {
    strait_ring_t ring;
    strait_pool_t *pool;
    size_t size_bytes; /* of this block, slots included */
    char name[16];
    strait_ring_slot_t slots[]; /* max_queued of them */
};

/* What one worker writes; nobody else's line. */
typedef struct sti_worker {
    strait_pool_t *pool;
    pthread_t thread;
    uint32_t index;
    uint32_t next_lane; /* where the next look round begins */
    sti_counter_t n_run;
    sti_counter_t n_parks;
    sti_counter_t n_wakes;
    sti_counter_t n_gap_waits;
    char pad_[STRAIT_CACHE_LINE];
} sti_worker_t;

struct strait_pool {
    sti_parking_t parking;
    /* The lanes, oldest first, and their rings as the core wants them. Slots
     * behind n_lanes are NULL; an entry never changes once it is counted. */
    STRAIT_ATOMIC(uint32_t) n_lanes;
    strait_ring_t *rings[STRAIT_POOL_LANES_MAX];
    strait_lane_t *lanes[STRAIT_POOL_LANES_MAX];
    STRAIT_ATOMIC(uint32_t) closed;
    uint32_t n_workers;
    uint64_t spin_ns; /* what each worker's spinner begins with */
    uint64_t fork_generation;
    strait_allocator_t allocator;
    uint32_t n_seats; /* workers that were asked for: sizes of the arrays */
    sti_seat_t *seats;
    sti_worker_t *workers;
    char name[12];
};

/* The pool's worker that runs on this thread, or NULL. worker.c */
sti_worker_t *sti_worker_self(void);

/* The body of a worker thread; arg is its sti_worker_t. worker.c */
void *sti_worker_main(void *arg);

#endif /* STI_SCHED_PRIV_H */
