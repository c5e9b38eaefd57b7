/* SPDX-License-Identifier: MIT */
/**
 * @file cpu.h
 * How many processors this process may really use.
 */
#ifndef STRAIT_CPU_H
#define STRAIT_CPU_H

#include <strait/base.h>

STRAIT_BEGIN_DECLS

/**
 * The number of processors in the calling thread's affinity mask, or the CPU
 * quota of its control group (v1 or v2, rounded up, nearest limit towards the
 * root) if that is less; at least 1. Reads files: call it when you size
 * things, not in a loop.
 * @threads any  @progress blocking(file system)
 */
STRAIT_API uint32_t strait_cpu_usable(void) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_CPU_H */
