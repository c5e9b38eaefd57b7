/* SPDX-License-Identifier: MIT */
/*
 * thread.c - see thread.h.
 */
#define _GNU_SOURCE
#include "base/thread.h"

#include <sched.h>

_Thread_local uint32_t sti_thread_runs_loop;

uint32_t
sti_cpu_mark(void)
{
    /* Reads a word that the kernel keeps up to date; no system call. */
    return STI_CPU_UNKNOWN + 1 + (uint32_t)sched_getcpu();
}
