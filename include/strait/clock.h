/* SPDX-License-Identifier: MIT */
/**
 * @file clock.h
 * The one clock of the library.
 */
#ifndef STRAIT_CLOCK_H
#define STRAIT_CLOCK_H

#include <strait/base.h>

STRAIT_BEGIN_DECLS

#define STRAIT_NS_PER_US UINT64_C(1000)
#define STRAIT_NS_PER_MS UINT64_C(1000000)
#define STRAIT_NS_PER_S UINT64_C(1000000000)

/** Nanoseconds of CLOCK_MONOTONIC. @threads any  @progress wait-free */
STRAIT_API uint64_t strait_now_ns(void) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_CLOCK_H */
