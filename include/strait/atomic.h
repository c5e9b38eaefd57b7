/* SPDX-License-Identifier: MIT */
/**
 * @file atomic.h
 * The atomic shim: the only place where Strait touches atomics.
 *
 * Use it for two reasons. The order is part of the name, so each call says
 * what it relies on; and the same struct works from C (where the field is
 * `_Atomic`) and from C++11 on (where it is an equally laid out plain field
 * that is reached only through these macros).
 *
 *     STRAIT_ATOMIC(uint64_t) word;
 *     uint64_t w = strait_load_acquire(&word);
 *     strait_store_release(&word, w + 1);
 *     if (strait_cas_acq_rel(&word, &w, w + 1)) ...
 *
 * Rules of the house: there is no default order and no fence; the order of a
 * failed compare-and-swap is always relaxed (load again if you need more); one
 * atomic operation per line; each has its reason beside it.
 *
 * The seam. Every operation below expands to one of eight STRAIT_SEAM_*
 * macros. A build that defines STRAIT_SEAM to the name of a header gets that
 * header included here, and whatever it defines replaces the real operation:
 * that is how tests count operations, inject yields, or run a core under a
 * seeded scheduler with stale values, without a second copy of the core. The
 * real operations stay reachable as STRAIT_RAW_*. Production builds never
 * define STRAIT_SEAM.
 *
 * @threads any  @progress wait-free on machines with native atomics of 8 bytes
 */
#ifndef STRAIT_ATOMIC_H
#define STRAIT_ATOMIC_H

#include <strait/base.h>

#ifdef __cplusplus

#define STRAIT_ATOMIC(T) alignas(sizeof(T)) T

#define STRAIT_ORDER_relaxed __ATOMIC_RELAXED
#define STRAIT_ORDER_acquire __ATOMIC_ACQUIRE
#define STRAIT_ORDER_release __ATOMIC_RELEASE
#define STRAIT_ORDER_acq_rel __ATOMIC_ACQ_REL
#define STRAIT_ORDER_seq_cst __ATOMIC_SEQ_CST

#define STRAIT_RAW_LOAD(p, o) __atomic_load_n((p), STRAIT_ORDER_##o)
#define STRAIT_RAW_STORE(p, v, o) __atomic_store_n((p), (v), STRAIT_ORDER_##o)
#define STRAIT_RAW_XCHG(p, v, o) __atomic_exchange_n((p), (v), STRAIT_ORDER_##o)
#define STRAIT_RAW_CAS(p, e, v, o)                                             \
    __atomic_compare_exchange_n(                                               \
        (p), (e), (v), false, STRAIT_ORDER_##o, __ATOMIC_RELAXED)
#define STRAIT_RAW_CAS_WEAK(p, e, v, o)                                        \
    __atomic_compare_exchange_n(                                               \
        (p), (e), (v), true, STRAIT_ORDER_##o, __ATOMIC_RELAXED)
#define STRAIT_RAW_ADD(p, v, o) __atomic_fetch_add((p), (v), STRAIT_ORDER_##o)
#define STRAIT_RAW_OR(p, v, o) __atomic_fetch_or((p), (v), STRAIT_ORDER_##o)
#define STRAIT_RAW_AND(p, v, o) __atomic_fetch_and((p), (v), STRAIT_ORDER_##o)

#else

#include <stdatomic.h>

/** An atomic field of type T: natural alignment, the size of T. */
#define STRAIT_ATOMIC(T) _Atomic(T)

#define STRAIT_RAW_LOAD(p, o) atomic_load_explicit((p), memory_order_##o)
#define STRAIT_RAW_STORE(p, v, o)                                              \
    atomic_store_explicit((p), (v), memory_order_##o)
#define STRAIT_RAW_XCHG(p, v, o)                                               \
    atomic_exchange_explicit((p), (v), memory_order_##o)
#define STRAIT_RAW_CAS(p, e, v, o)                                             \
    atomic_compare_exchange_strong_explicit(                                   \
        (p), (e), (v), memory_order_##o, memory_order_relaxed)
#define STRAIT_RAW_CAS_WEAK(p, e, v, o)                                        \
    atomic_compare_exchange_weak_explicit(                                     \
        (p), (e), (v), memory_order_##o, memory_order_relaxed)
#define STRAIT_RAW_ADD(p, v, o)                                                \
    atomic_fetch_add_explicit((p), (v), memory_order_##o)
#define STRAIT_RAW_OR(p, v, o)                                                 \
    atomic_fetch_or_explicit((p), (v), memory_order_##o)
#define STRAIT_RAW_AND(p, v, o)                                                \
    atomic_fetch_and_explicit((p), (v), memory_order_##o)

#endif

/* ------------------------------------------------------------- the seam */

#ifdef STRAIT_SEAM
#include STRAIT_SEAM
#endif

#ifndef STRAIT_SEAM_LOAD
#define STRAIT_SEAM_LOAD STRAIT_RAW_LOAD
#endif
#ifndef STRAIT_SEAM_STORE
#define STRAIT_SEAM_STORE STRAIT_RAW_STORE
#endif
#ifndef STRAIT_SEAM_XCHG
#define STRAIT_SEAM_XCHG STRAIT_RAW_XCHG
#endif
#ifndef STRAIT_SEAM_CAS
#define STRAIT_SEAM_CAS STRAIT_RAW_CAS
#endif
#ifndef STRAIT_SEAM_CAS_WEAK
#define STRAIT_SEAM_CAS_WEAK STRAIT_RAW_CAS_WEAK
#endif
#ifndef STRAIT_SEAM_ADD
#define STRAIT_SEAM_ADD STRAIT_RAW_ADD
#endif
#ifndef STRAIT_SEAM_OR
#define STRAIT_SEAM_OR STRAIT_RAW_OR
#endif
#ifndef STRAIT_SEAM_AND
#define STRAIT_SEAM_AND STRAIT_RAW_AND
#endif

/**
 * A named step of an algorithm: nothing in production; a yield, crash or
 * freeze point in tests.
 */
#ifndef STRAIT_POINT
#define STRAIT_POINT(name) ((void)0)
#endif

/**
 * Brings the cache line at `p`, any address, here to be written soon. prefetchw
 * by hand: compilers fall back to a prefetch for reading unless told of a newer
 * processor; every x86-64 one takes it, the oldest as a no-op.
 */
#ifndef STRAIT_PREFETCH_WRITE
#if defined(__x86_64__)
#define STRAIT_PREFETCH_WRITE(p)                                               \
    __asm__ __volatile__("prefetchw %0" : : "m"(*(const char *)(p)))
#else
#define STRAIT_PREFETCH_WRITE(p) __builtin_prefetch((p), 1)
#endif
#endif

/** One step of a bounded spin: some 10 to 50 ns, and no load of any memory. */
#ifndef STRAIT_PAUSE
#if defined(__x86_64__)
#define STRAIT_PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define STRAIT_PAUSE() __asm__ __volatile__("isb" ::: "memory")
#else
#define STRAIT_PAUSE() ((void)0)
#endif
#endif

/**
 * Plain access to data that travels along a labelled edge, such as the value
 * in a ring's slot. Plain in production; a race detector in model builds.
 */
#ifndef STRAIT_DATA_GET
#define STRAIT_DATA_GET(p) (*(p))
#endif
#ifndef STRAIT_DATA_SET
#define STRAIT_DATA_SET(p, v) ((void)(*(p) = (v)))
#endif

/* ------------------------------------------------------- the operations */

#define strait_load_rlx(p) STRAIT_SEAM_LOAD(p, relaxed)
#define strait_load_acquire(p) STRAIT_SEAM_LOAD(p, acquire)
#define strait_load_sc(p) STRAIT_SEAM_LOAD(p, seq_cst)

#define strait_store_rlx(p, v) STRAIT_SEAM_STORE(p, v, relaxed)
#define strait_store_release(p, v) STRAIT_SEAM_STORE(p, v, release)
#define strait_store_sc(p, v) STRAIT_SEAM_STORE(p, v, seq_cst)

#define strait_xchg_rlx(p, v) STRAIT_SEAM_XCHG(p, v, relaxed)
#define strait_xchg_acquire(p, v) STRAIT_SEAM_XCHG(p, v, acquire)
#define strait_xchg_release(p, v) STRAIT_SEAM_XCHG(p, v, release)
#define strait_xchg_acq_rel(p, v) STRAIT_SEAM_XCHG(p, v, acq_rel)
#define strait_xchg_sc(p, v) STRAIT_SEAM_XCHG(p, v, seq_cst)

/* strait_cas_*(p, &expected, desired): true if swapped, else *expected is what
 * was found. The weak forms may fail for no reason and belong in loops. */
#define strait_cas_rlx(p, e, v) STRAIT_SEAM_CAS(p, e, v, relaxed)
#define strait_cas_acquire(p, e, v) STRAIT_SEAM_CAS(p, e, v, acquire)
#define strait_cas_release(p, e, v) STRAIT_SEAM_CAS(p, e, v, release)
#define strait_cas_acq_rel(p, e, v) STRAIT_SEAM_CAS(p, e, v, acq_rel)
#define strait_cas_weak_rlx(p, e, v) STRAIT_SEAM_CAS_WEAK(p, e, v, relaxed)
#define strait_cas_weak_acquire(p, e, v) STRAIT_SEAM_CAS_WEAK(p, e, v, acquire)
#define strait_cas_weak_release(p, e, v) STRAIT_SEAM_CAS_WEAK(p, e, v, release)
#define strait_cas_weak_acq_rel(p, e, v) STRAIT_SEAM_CAS_WEAK(p, e, v, acq_rel)

/* Read-modify-writes that answer the value found before. */
#define strait_add_rlx(p, v) STRAIT_SEAM_ADD(p, v, relaxed)
#define strait_add_acquire(p, v) STRAIT_SEAM_ADD(p, v, acquire)
#define strait_add_release(p, v) STRAIT_SEAM_ADD(p, v, release)
#define strait_add_acq_rel(p, v) STRAIT_SEAM_ADD(p, v, acq_rel)
#define strait_add_sc(p, v) STRAIT_SEAM_ADD(p, v, seq_cst)
#define strait_or_rlx(p, v) STRAIT_SEAM_OR(p, v, relaxed)
#define strait_or_acquire(p, v) STRAIT_SEAM_OR(p, v, acquire)
#define strait_or_release(p, v) STRAIT_SEAM_OR(p, v, release)
#define strait_or_acq_rel(p, v) STRAIT_SEAM_OR(p, v, acq_rel)
#define strait_or_sc(p, v) STRAIT_SEAM_OR(p, v, seq_cst)
#define strait_and_rlx(p, v) STRAIT_SEAM_AND(p, v, relaxed)
#define strait_and_acquire(p, v) STRAIT_SEAM_AND(p, v, acquire)
#define strait_and_release(p, v) STRAIT_SEAM_AND(p, v, release)
#define strait_and_acq_rel(p, v) STRAIT_SEAM_AND(p, v, acq_rel)

#endif /* STRAIT_ATOMIC_H */
