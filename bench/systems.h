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

extern const struct bench_system mpsc_strait;
extern const struct bench_system mpsc_strait_ring;
extern const struct bench_system mpsc_liburcu;
extern const struct bench_system mpsc_ck_fifo;
extern const struct bench_system mpsc_ck_ring;
extern const struct bench_system mpsc_moodycamel;
extern const struct bench_system mpsc_tbb;
extern const struct bench_system mpsc_boost;
extern const struct bench_system mpsc_mutex_list;
extern const struct bench_system mpsc_mutex_swap;
extern const struct bench_system mpsc_cas_stack;

extern const struct bench_system offload_strait;
extern const struct bench_system offload_libuv;
extern const struct bench_system offload_asio;
extern const struct bench_system offload_cond_pool;

extern const struct bench_system wake_strait;
extern const struct bench_system wake_libuv;
extern const struct bench_system wake_eventfd;

extern const struct bench_system timers_strait;
extern const struct bench_system timers_libuv;

extern const struct bench_system treehash_strait;
extern const struct bench_system treehash_strait_j1;
extern const struct bench_system treehash_openssl;
extern const struct bench_system treehash_sha256sum;

#ifdef __cplusplus
}
#endif

#endif /* BENCH_SYSTEMS_H */
