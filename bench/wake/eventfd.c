/* SPDX-License-Identifier: MIT */
/*
 * wake/eventfd - what the kernel itself costs: write, epoll_wait, read, and no
 * library around them.
 */
#include "wake/wake.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct state {
    int event_fd;
    int epoll_fd;
    bool must_stop;
    wake_fn woken;
    void *arg;
};

static int
loop_init(void *state, wake_fn woken, void *arg)
{
    struct state *s = state;
    struct epoll_event interest = { .events = EPOLLIN };

    s->woken = woken;
    s->arg = arg;
    s->must_stop = false;
    s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->event_fd < 0 || s->epoll_fd < 0 ||
        epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->event_fd, &interest) != 0)
        return -errno;
    return 0;
}

static void
loop_send(void *state)
{
    struct state *s = state;
    uint64_t one = 1;

    if (write(s->event_fd, &one, sizeof(one)) != sizeof(one))
        abort();
}

static void
loop_run(void *state)
{
    struct state *s = state;

    while (!s->must_stop) {
        struct epoll_event event;
        uint64_t count;

        if (epoll_wait(s->epoll_fd, &event, 1, -1) == 1 &&
            read(s->event_fd, &count, sizeof(count)) == sizeof(count))
            s->woken(s->arg);
    }
}

static void
loop_stop(void *state)
{
    struct state *s = state;

    s->must_stop = true;
}

static void
loop_fini(void *state)
{
    struct state *s = state;

    close(s->event_fd);
    close(s->epoll_fd);
}

static const struct wake_loop loop = { sizeof(struct state), loop_init,
    loop_send, loop_run, loop_stop, loop_fini };

WAKE_SYSTEM(wake_eventfd, "eventfd", loop)
