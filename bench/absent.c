/* SPDX-License-Identifier: MIT */
/*
 * absent - stands in for systems whose headers or libraries were not found when
 * this was configured, and says what to install. CMakeLists.txt defines a
 * BENCH_HAVE_* for each that was found and compiles its file.
 */
#include "systems.h"

#define ABSENT(identifier, text, reason)                                       \
    static const char *identifier##_absent(void)                               \
    {                                                                          \
        return reason;                                                         \
    }                                                                          \
    const struct bench_system identifier = BENCH_SYSTEM(                       \
        text, identifier##_absent, NULL, NULL, NULL);
#define ABSENT_QUEUE(identifier, text, reason)                                 \
    ABSENT(identifier, text, reason)                                           \
    ABSENT(identifier##_empty, text, reason)                                   \
    ABSENT(identifier##_memory, text, reason)
#define ABSENT_RING(identifier, text, reason)                                  \
    ABSENT_QUEUE(identifier, text, reason)                                     \
    ABSENT(identifier##_trip, text, reason)
#define INSTALL(package) "not found at configure time; install " package

#ifndef BENCH_HAVE_LIBURCU
ABSENT_QUEUE(mpsc_liburcu, "liburcu_wfcq", INSTALL("liburcu-dev"))
#endif

#ifndef BENCH_HAVE_CK
#if defined(__x86_64__)
#define CK_REASON INSTALL("libck-dev")
#else
#define CK_REASON "Debian's headers of it are made for x86-64 only"
#endif
ABSENT_QUEUE(mpsc_ck_fifo, "ck_fifo_mpmc", CK_REASON)
ABSENT_QUEUE(mpsc_ck_ring, "ck_ring", CK_REASON)
ABSENT_RING(spsc_ck_ring, "ck_ring", CK_REASON)
ABSENT_RING(ring_ck, "ck_ring", CK_REASON)
#endif

#ifndef BENCH_HAVE_MOODYCAMEL
ABSENT_QUEUE(
    mpsc_moodycamel, "moodycamel", INSTALL("g++ libconcurrentqueue-dev"))
ABSENT_RING(
    ring_moodycamel, "moodycamel", INSTALL("g++ libconcurrentqueue-dev"))
#endif

#ifndef BENCH_HAVE_READERWRITER
ABSENT_RING(
    spsc_moodycamel, "moodycamel_rw", INSTALL("g++ libreaderwriterqueue-dev"))
#endif

#ifndef BENCH_HAVE_TBB
ABSENT_RING(ring_tbb, "tbb_bounded", INSTALL("g++ libtbb-dev"))
ABSENT_QUEUE(mpsc_tbb, "tbb", INSTALL("g++ libtbb-dev"))
ABSENT(fork_tbb, "tbb", INSTALL("g++ libtbb-dev"))
ABSENT(parallel_tbb, "tbb", INSTALL("g++ libtbb-dev"))
#endif

#ifndef BENCH_HAVE_BOOST
ABSENT_RING(spsc_boost, "boost_spsc", INSTALL("g++ libboost-dev"))
ABSENT_RING(ring_boost, "boost_lockfree", INSTALL("g++ libboost-dev"))
ABSENT_QUEUE(mpsc_boost, "boost_lockfree", INSTALL("g++ libboost-dev"))
#endif

#ifndef BENCH_HAVE_LIBUV
ABSENT(offload_libuv, "libuv", INSTALL("libuv1-dev"))
ABSENT(wake_libuv, "uv_async", INSTALL("libuv1-dev"))
ABSENT(timers_libuv, "libuv", INSTALL("libuv1-dev"))
#endif

#ifndef BENCH_HAVE_ASIO
ABSENT(offload_asio, "asio", INSTALL("g++ libasio-dev"))
#endif

#ifndef BENCH_HAVE_OPENMP
#define OPENMP_REASON                                                          \
    "the C compiler has no OpenMP; use gcc, or install libomp-dev for clang"
ABSENT(fork_openmp, "openmp", OPENMP_REASON)
ABSENT(parallel_openmp_static, "openmp_static", OPENMP_REASON)
ABSENT(parallel_openmp_dynamic, "openmp_dynamic", OPENMP_REASON)
#endif

#ifndef BENCH_HAVE_CXX
ABSENT(parallel_std, "std_sort", "there is no C++ compiler; install g++")
#endif

/* Debian has no packages of these. */
#ifndef BENCH_HAVE_LACE
ABSENT(fork_lace, "lace",
    "not found at configure time; install Lace 1.4 and say -DLACE_ROOT=PREFIX")
#endif

#ifndef BENCH_HAVE_TASKFLOW
ABSENT(fork_taskflow, "taskflow",
    "not found at configure time; install Taskflow 4 and say "
    "-DTASKFLOW_ROOT=PREFIX")
#endif
