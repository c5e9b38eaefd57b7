/* SPDX-License-Identifier: MIT */
/*
 * poll.c - the system side of the loop: an epoll set with the doorbell in it,
 * edge-triggered. epoll_pwait2 takes nanoseconds; kernels before 5.11 lack it,
 * then the time-out is rounded up to milliseconds: late, never early.
 */
#define _GNU_SOURCE
#include "loop/loop_priv.h"

#include <errno.h>
#include <limits.h>
#include <strait/clock.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The longest time-out asked for. Longer waits, up to "never", are waits
 * without one: nobody sees the difference before 2^63 ns have passed. */
#define LONGEST_NS (UINT64_MAX / 2)

int
sti_poll_create(strait_loop_t *loop)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };

    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0)
        return -errno;
    event.data.ptr = loop->ref;
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->ref->bell_fd, &event) !=
        0) {
        int err = -errno;

        (void)close(loop->epoll_fd);
        return err;
    }
    return 0;
}

void
sti_poll_destroy(strait_loop_t *loop)
{
    (void)close(loop->epoll_fd);
}

/* epoll_wait with nanoseconds; UINT64_MAX: no time-out. */
static int
wait_ns(strait_loop_t *loop, struct epoll_event *event, uint64_t timeout_ns)
{
    uint64_t timeout_ms;

    if (!loop->no_pwait2) {
        struct timespec time;
        int n;

        time.tv_sec = (time_t)(timeout_ns / STRAIT_NS_PER_S);
        time.tv_nsec = (long)(timeout_ns % STRAIT_NS_PER_S);
        n = (int)syscall(SYS_epoll_pwait2, loop->epoll_fd, event, 1,
            timeout_ns > LONGEST_NS ? NULL : &time, NULL, (size_t)0);
        /* EPERM: what a filter of system calls answers that has not heard of
         * this one. epoll_wait itself never fails so. */
        if (n >= 0 || (errno != ENOSYS && errno != EPERM))
            return n;
        loop->no_pwait2 = true;
    }
    if (timeout_ns > LONGEST_NS)
        return epoll_wait(loop->epoll_fd, event, 1, -1);
    timeout_ms = timeout_ns / STRAIT_NS_PER_MS;
    timeout_ms += timeout_ns % STRAIT_NS_PER_MS != 0;
    return epoll_wait(loop->epoll_fd, event, 1,
        timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms);
}

/* An interrupted wait counts as one that is over: the turn that follows looks
 * at everything anyway. */
int
sti_poll(strait_loop_t *loop, uint64_t timeout_ns)
{
    struct epoll_event event;
    int saved = errno;
    int n = wait_ns(loop, &event, timeout_ns);
    int err = n < 0 && errno != EINTR ? -errno : 0;

    errno = saved;
    if (n > 0)
        loop->stats.n_bells++;
    return err;
}
