/* SPDX-License-Identifier: MIT */
/*
 * thread.h - who is asking: a token that tells the calling thread apart from
 * all others that live, at the price of one instruction. An API that belongs to
 * one thread compares it in every call; pthread_self is a call into the C
 * library, which was 5 % of what an offloaded job costs its loop. And what the
 * calling thread must not do, where it runs, and how it lets time pass. Included
 * by: every layer.
 */
#ifndef STI_BASE_THREAD_H
#define STI_BASE_THREAD_H

#include <stdint.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <pthread.h>
#endif

/* The thread pointer of the ABI. Tokens come again once a thread has ended. */
static inline uintptr_t
sti_thread_token(void)
{
    uintptr_t token;

#if defined(__x86_64__) && defined(__ILP32__)
    __asm__("movl %%fs:0, %0" : "=r"(token));
#elif defined(__x86_64__)
    __asm__("movq %%fs:0, %0" : "=r"(token));
#elif defined(__aarch64__)
    __asm__("mrs %0, tpidr_el0" : "=r"(token));
#else
    token = (uintptr_t)pthread_self();
#endif
    return token;
}

/* A mark of the CPU that this thread runs on, or did a moment ago. Never 0.
 * thread.c */
#define STI_CPU_UNKNOWN 1
uint32_t sti_cpu_mark(void);

/* Sleeps for so long, less than a second, or until a signal comes. thread.c */
void sti_thread_sleep(uint64_t ns);

/* How many loops run on this thread: while one does, it must not wait for
 * anything else. Written by loop, read by sched. thread.c */
extern _Thread_local uint32_t sti_thread_runs_loop;

#endif /* STI_BASE_THREAD_H */
