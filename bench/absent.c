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
    const struct bench_system identifier = { text, identifier##_absent, NULL,  \
        NULL, NULL };
#define INSTALL(package) "not found at configure time; install " package

#ifndef BENCH_HAVE_LIBURCU
ABSENT(mpsc_liburcu, "liburcu_wfcq", INSTALL("liburcu-dev"))
#endif

#ifndef BENCH_HAVE_CK
#if defined(__x86_64__)
#define CK_REASON INSTALL("libck-dev")
#else
#define CK_REASON "Debian's headers of it are made for x86-64 only"
#endif
ABSENT(mpsc_ck_fifo, "ck_fifo_mpmc", CK_REASON)
ABSENT(mpsc_ck_ring, "ck_ring", CK_REASON)
#endif

#ifndef BENCH_HAVE_MOODYCAMEL
ABSENT(mpsc_moodycamel, "moodycamel", INSTALL("g++ libconcurrentqueue-dev"))
#endif

#ifndef BENCH_HAVE_TBB
ABSENT(mpsc_tbb, "tbb", INSTALL("g++ libtbb-dev"))
#endif

#ifndef BENCH_HAVE_BOOST
ABSENT(mpsc_boost, "boost_lockfree", INSTALL("g++ libboost-dev"))
#endif

#ifndef BENCH_HAVE_LIBUV
ABSENT(offload_libuv, "libuv", INSTALL("libuv1-dev"))
ABSENT(wake_libuv, "uv_async", INSTALL("libuv1-dev"))
ABSENT(timers_libuv, "libuv", INSTALL("libuv1-dev"))
#endif

#ifndef BENCH_HAVE_ASIO
ABSENT(offload_asio, "asio", INSTALL("g++ libasio-dev"))
#endif
