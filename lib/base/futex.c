/* SPDX-License-Identifier: MIT */
/*
 * futex.c - see futex.h. The raw system call, because glibc offers no wrapper.
 */
#define _GNU_SOURCE
#include "base/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

void
sti_futex_wait(STRAIT_ATOMIC(uint32_t) * word, uint32_t value)
{
    int saved = errno;

    /* EAGAIN, EINTR and success are one to the caller: it looks again. */
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
    errno = saved;
}

void
sti_futex_wake_one(STRAIT_ATOMIC(uint32_t) * word)
{
    int saved = errno;

    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = saved;
}
