/* SPDX-License-Identifier: MIT */
/*
 * futex.c - see futex.h. The raw system call, because glibc offers no wrapper.
 */
#define _GNU_SOURCE
#include "base/env.h"

#include <errno.h>
#include <linux/futex.h>
#include <strait/clock.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void
sti_futex_wait(STRAIT_ATOMIC(uint32_t) * word, uint32_t value)
{
    int saved = errno;

    /* EAGAIN, EINTR and success are one to the caller: it looks again. */
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
    errno = saved;
}

int
sti_futex_wait_until(
    STRAIT_ATOMIC(uint32_t) * word, uint32_t value, uint64_t deadline_ns)
{
    struct timespec deadline;
    int saved = errno;
    int ended = STI_FUTEX_LOOK;

    deadline.tv_sec = (time_t)(deadline_ns / STRAIT_NS_PER_S);
    deadline.tv_nsec = (long)(deadline_ns % STRAIT_NS_PER_S);
    /* The bit set form is the one with an absolute time-out. */
    if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value,
            deadline_ns != UINT64_MAX ? &deadline : NULL, NULL,
            sti_futex_class(value)) == 0)
        ended = STI_FUTEX_WOKEN;
    else if (errno == ETIMEDOUT)
        ended = STI_FUTEX_EXPIRED;
    else if (errno != EAGAIN && errno != EINTR) {
        /* No futex to be had: wait as well as one can without it. */
        STI_YIELD();
        if (strait_now_ns() >= deadline_ns)
            ended = STI_FUTEX_EXPIRED;
    }
    errno = saved;
    return ended;
}

int
sti_futex_wake(STRAIT_ATOMIC(uint32_t) * word, int n, uint32_t classes)
{
    int saved = errno;
    long n_woken = syscall(
        SYS_futex, word, FUTEX_WAKE_BITSET_PRIVATE, n, NULL, NULL, classes);

    errno = saved;
    return n_woken > 0 ? (int)n_woken : 0;
}

void
sti_futex_wake_one(STRAIT_ATOMIC(uint32_t) * word)
{
    (void)sti_futex_wake(word, 1, UINT32_MAX);
}
