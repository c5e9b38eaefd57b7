/* SPDX-License-Identifier: MIT */
/*
 * loop_priv.h - the structs of a loop and of the reference through which other
 * threads reach it. Included by: the .c files of lib/loop only.
 */
#ifndef STI_LOOP_PRIV_H
#define STI_LOOP_PRIV_H

#include <strait/loop.h>
#include <strait/timer.h>

#include "base/fork.h"
#include "base/gap.h"
#include "base/spin.h"
#include "base/thread.h"
#include "loop/wheel.h"

#include <errno.h>

/*
 * What other threads touch: the inbox and the doorbell. It outlives the loop
 * for as long as somebody holds a reference. wake.c
 */
struct strait_loop_ref {
    strait_sink_t sink; /* the inbox; its consumer is the loop */
    /* {references held by users:32, reasons to keep the memory:32} */
    STRAIT_ATOMIC(uint64_t) holders;
    STRAIT_ATOMIC(uint32_t) closed; /* the loop is gone */
    STRAIT_ATOMIC(uint32_t) nudged; /* the entry below is queued */
    strait_sink_entry_t nudge;      /* sent when the last user lets go */
    strait_loop_t *loop;            /* for its own thread, while it lives */
    STRAIT_ATOMIC(uint32_t) ringer; /* mark of the CPU of the last write */
    int bell_fd;                    /* eventfd, edge-triggered, never read */
    uint64_t fork_generation;
    strait_allocator_t allocator;
};

struct strait_loop {
    strait_loop_ref_t *ref;
    int epoll_fd;
    bool running;
    bool stopping;
    bool no_pwait2;  /* the kernel lacks epoll_pwait2: milliseconds only */
    uintptr_t owner; /* base/thread.h */
    int poll_error;  /* why the loop cannot sleep any more; ends the run */
    uint64_t now_ns;
    uint64_t n_rings_owed; /* armings that a sender has taken out */
    size_t n_timers;       /* active ones */
    size_t n_in_flight;    /* work items of strait_loop_submit */
    sti_gap_t gap;
    bool may_spin; /* something was delivered since the last sleep */
    sti_spinner_t spinner;
    strait_loop_stats_t stats;
    uint64_t fork_generation;
    strait_allocator_t allocator;
    sti_wheel_t wheel;
};

/* 0, or why the calling thread may not touch the loop. */
static inline int
sti_loop_check(const strait_loop_t *loop)
{
    if (loop == NULL)
        return -EINVAL;
    if (sti_forked(loop->fork_generation))
        return -ECHILD;
    if (loop->owner != sti_thread_token())
        return -EPERM;
    return 0;
}

/* wake.c */
int sti_ref_create(
    strait_loop_ref_t **ret_ref, const strait_allocator_t *allocator);
bool sti_ref_in_use(strait_loop_ref_t *ref);
void sti_ref_abandon(strait_loop_ref_t *ref);
void sti_ref_shut(strait_loop_ref_t *ref, uint64_t n_rings);

/* timers.c: runs what is due; true if a budget left something over. */
bool sti_timers_run(strait_loop_t *loop);

/* poll.c: sleeps until the bell rings, a signal comes or the time-out has
 * passed; 0 then, or the error of a wait that is not possible. */
int sti_poll_create(strait_loop_t *loop);
void sti_poll_destroy(strait_loop_t *loop);
int sti_poll(strait_loop_t *loop, uint64_t timeout_ns);

#endif /* STI_LOOP_PRIV_H */
