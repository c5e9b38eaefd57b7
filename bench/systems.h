/* SPDX-License-Identifier: MIT */
/*
 * systems.h - all systems by name. Each is defined in a file of its own, or,
 * if its headers were not found at configure time, in absent.c.
 */
#ifndef BENCH_SYSTEMS_H
#define BENCH_SYSTEMS_H

#include "harness.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A queue answers several questions. */
#define BENCH_DECLARE_QUEUE(identifier)                                        \
    extern const struct bench_system identifier;                               \
    extern const struct bench_system identifier##_empty;                       \
    extern const struct bench_system identifier##_memory;
#define BENCH_DECLARE_RING(identifier)                                         \
    BENCH_DECLARE_QUEUE(identifier)                                            \
    extern const struct bench_system identifier##_trip;

BENCH_DECLARE_QUEUE(mpsc_strait)
BENCH_DECLARE_QUEUE(mpsc_strait_ring)
BENCH_DECLARE_QUEUE(mpsc_liburcu)
BENCH_DECLARE_QUEUE(mpsc_ck_fifo)
BENCH_DECLARE_QUEUE(mpsc_ck_ring)
BENCH_DECLARE_QUEUE(mpsc_moodycamel)
BENCH_DECLARE_QUEUE(mpsc_tbb)
BENCH_DECLARE_QUEUE(mpsc_boost)
BENCH_DECLARE_QUEUE(mpsc_mutex_list)
BENCH_DECLARE_QUEUE(mpsc_mutex_swap)
BENCH_DECLARE_QUEUE(mpsc_cas_stack)
BENCH_DECLARE_QUEUE(mpsc_bare)

BENCH_DECLARE_RING(spsc_strait)
BENCH_DECLARE_RING(spsc_hand)
BENCH_DECLARE_RING(spsc_moodycamel)
BENCH_DECLARE_RING(spsc_boost)
BENCH_DECLARE_RING(spsc_ck_ring)
BENCH_DECLARE_RING(spsc_limit_memcpy)
BENCH_DECLARE_RING(spsc_limit_line)

BENCH_DECLARE_RING(ring_strait)
BENCH_DECLARE_RING(ring_ck)
BENCH_DECLARE_RING(ring_boost)
BENCH_DECLARE_RING(ring_tbb)
BENCH_DECLARE_RING(ring_moodycamel)
BENCH_DECLARE_RING(ring_mutex)

extern const struct bench_system offload_strait;
extern const struct bench_system offload_strait_submit;
extern const struct bench_system offload_strait_serial;
extern const struct bench_system offload_strait_prio;
extern const struct bench_system offload_libuv;
extern const struct bench_system offload_asio;
extern const struct bench_system offload_cond_pool;

extern const struct bench_system parallel_strait;
extern const struct bench_system parallel_strait_static;
extern const struct bench_system parallel_strait_less;
extern const struct bench_system parallel_strait_compare;
extern const struct bench_system parallel_serial;
extern const struct bench_system parallel_qsort;
extern const struct bench_system parallel_std;
extern const struct bench_system parallel_tbb;
extern const struct bench_system parallel_openmp_static;
extern const struct bench_system parallel_openmp_dynamic;

extern const struct bench_system wake_strait;
extern const struct bench_system wake_libuv;
extern const struct bench_system wake_eventfd;

extern const struct bench_system timers_strait;
extern const struct bench_system timers_libuv;

extern const struct bench_system fork_strait;
extern const struct bench_system fork_lace;
extern const struct bench_system fork_tbb;
extern const struct bench_system fork_openmp;
extern const struct bench_system fork_taskflow;
extern const struct bench_system fork_serial;
extern const struct bench_system fork_serial_x2;
extern const struct bench_system fork_serial_cores;

extern const struct bench_system treehash_strait;
extern const struct bench_system treehash_strait_j1;
extern const struct bench_system treehash_openssl;
extern const struct bench_system treehash_sha256sum;

#ifdef __cplusplus
}
#endif

#endif /* BENCH_SYSTEMS_H */
