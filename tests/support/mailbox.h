/* SPDX-License-Identifier: MIT */
/*
 * mailbox.h - a sink for a thread that has no loop, as tests of the pool need
 * one, and a gate to hold workers at.
 */
#ifndef STRAIT_TESTS_MAILBOX_H
#define STRAIT_TESTS_MAILBOX_H

#include <errno.h>
#include <semaphore.h>
#include <stdbool.h>
#include <time.h>

#include <strait/sink.h>
#include <strait/work.h>

#include "sanitizer.h"

/* Waits for the semaphore, patiently but not for ever. */
static inline bool
wait_for(sem_t *semaphore)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 10 * SANITIZER_SLOWDOWN;
    while (sem_timedwait(semaphore, &end) != 0) {
        if (errno != EINTR)
            return false;
    }
    return true;
}

/* ------------------------------------------------------------- mailbox */

struct mailbox {
    strait_sink_t sink;
    sem_t bell;
    size_t n_wakes; /* owner only */
};

static inline void
mailbox_ring_(strait_sink_t *sink, void *arg)
{
    (void)sink;
    sem_post(arg);
}

static inline void
mailbox_init(struct mailbox *mailbox)
{
    sem_init(&mailbox->bell, 0, 0);
    mailbox->n_wakes = 0;
    strait_sink_init(&mailbox->sink, mailbox_ring_, &mailbox->bell);
}

/* Delivers exactly n entries; false if they do not come in good time. */
static inline bool
mailbox_take(struct mailbox *mailbox, size_t n)
{
    for (;;) {
        n -= strait_sink_drain(&mailbox->sink, n, 0, NULL);
        if (n == 0)
            return true;
        if (strait_mpsc_arm(&mailbox->sink.queue)) {
            if (!wait_for(&mailbox->bell))
                return false;
            mailbox->n_wakes++;
        }
    }
}

/* ---------------------------------------------------------------- gate */

/* A work item that waits in its `run` until it is let through. */
struct gate {
    strait_work_t work;
    sem_t entered;
    sem_t leave;
    bool held; /* `run` gave up waiting if false in the end */
};

static inline void
gate_run_(strait_work_t *work, void *arg)
{
    struct gate *gate = arg;

    (void)work;
    sem_post(&gate->entered);
    gate->held = wait_for(&gate->leave);
}

static inline void
gate_init(struct gate *gate)
{
    sem_init(&gate->entered, 0, 0);
    sem_init(&gate->leave, 0, 0);
    gate->held = false;
    strait_work_init(&gate->work, gate_run_, NULL, gate);
}

/* Submits it and waits until a worker is in it. */
static inline bool
gate_close(struct gate *gate, strait_lane_t *lane, strait_sink_t *sink)
{
    gate_init(gate);
    return strait_work_submit(lane, &gate->work, sink) == 0 &&
        wait_for(&gate->entered);
}

static inline void
gate_open(struct gate *gate)
{
    sem_post(&gate->leave);
}

#endif /* STRAIT_TESTS_MAILBOX_H */
