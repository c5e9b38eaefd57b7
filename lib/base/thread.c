/* SPDX-License-Identifier: MIT */
/*
 * thread.c - see thread.h.
 */
#define _GNU_SOURCE
#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

_Thread_local uint32_t sti_thread_runs_loop;

uint32_t
sti_cpu_mark(void)
{
    int saved = errno;
    /* Where the C library has registered with the kernel (rseq) a load; where
     * not, the vDSO or a system call, which may be refused. */
    int cpu = sched_getcpu();

    errno = saved;
    return STI_CPU_UNKNOWN + 1 + (uint32_t)cpu;
}

void
sti_thread_sleep(uint64_t ns)
{
    struct timespec time = { 0, (long)ns };

    /* Answers an error, and leaves errno alone. */
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}
