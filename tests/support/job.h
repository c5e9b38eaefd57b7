/* SPDX-License-Identifier: MIT */
/*
 * job.h - a work item that counts what happens to it, and one that stays in its
 * `run` and looks at its token, as tests of the pool need them again and again.
 */
#ifndef STRAIT_TESTS_JOB_H
#define STRAIT_TESTS_JOB_H

#include <string.h>
#include <unistd.h>

#include <strait/pool.h>

#include "mailbox.h"

struct job {
    strait_work_t work;
    int n_run;
    int n_done;
    int status; /* of the last `done` */
};

static inline void
job_run(strait_work_t *work, void *arg)
{
    (void)work;
    ((struct job *)arg)->n_run++;
}

static inline void
job_done(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;

    (void)work;
    job->n_done++;
    job->status = status;
}

static inline strait_work_t *
job_init(struct job *job)
{
    memset(job, 0, sizeof *job);
    strait_work_init(&job->work, job_run, job_done, job);
    return &job->work;
}

/* Once more, or the first time after job_init. */
static inline int
job_submit(struct job *job, strait_lane_t *lane, struct mailbox *mailbox)
{
    return strait_work_submit(lane, &job->work, &mailbox->sink);
}

/* Stays in `run` until it is let go. */
struct stay {
    strait_work_t work;
    sem_t entered;
    sem_t leave;
    sem_t left;
    bool held; /* false in the end: nobody let it go */
    bool cancelled_before;
    bool cancelled_after;
    STRAIT_ATOMIC(uint32_t) * n_inside; /* NULL: not counted */
    int n_done;
    int status;
};

static inline void
stay_run(strait_work_t *work, void *arg)
{
    struct stay *stay = arg;

    stay->cancelled_before = strait_work_cancelled(work);
    if (stay->n_inside != NULL)
        strait_add_acq_rel(stay->n_inside, 1);
    sem_post(&stay->entered);
    stay->held = wait_for(&stay->leave);
    if (stay->n_inside != NULL)
        strait_add_acq_rel(stay->n_inside, (uint32_t)-1);
    stay->cancelled_after = strait_work_cancelled(work);
    sem_post(&stay->left);
}

static inline void
stay_done(strait_work_t *work, int status, void *arg)
{
    struct stay *stay = arg;

    (void)work;
    stay->n_done++;
    stay->status = status;
}

static inline strait_work_t *
stay_init(struct stay *stay)
{
    memset(stay, 0, sizeof *stay);
    sem_init(&stay->entered, 0, 0);
    sem_init(&stay->leave, 0, 0);
    sem_init(&stay->left, 0, 0);
    strait_work_init(&stay->work, stay_run, stay_done, stay);
    return &stay->work;
}

/* Submits it and waits until a thread is in it. */
static inline bool
stay_enter(struct stay *stay, strait_lane_t *lane, struct mailbox *mailbox)
{
    stay_init(stay);
    return strait_work_submit(lane, &stay->work, &mailbox->sink) == 0 &&
        wait_for(&stay->entered);
}

static inline void
stay_leave(struct stay *stay)
{
    sem_post(&stay->leave);
}

/* The statistics of a lane; a large struct, so there is one for all. */
static inline const strait_lane_stats_t *
lane_stats(const strait_lane_t *lane)
{
    static strait_lane_stats_t stats;

    stats.size = (uint32_t)sizeof stats;
    return strait_lane_stats(lane, &stats) == 0 ? &stats : NULL;
}

/* Waits, up to 10 seconds, until the condition holds; true if it does. */
#define await(condition)                                                       \
    __extension__({                                                            \
        int patience_ = 10000 * SANITIZER_SLOWDOWN;                            \
                                                                               \
        while (!(condition) && --patience_ > 0)                                \
            usleep(1000);                                                      \
        patience_ > 0;                                                         \
    })

#endif /* STRAIT_TESTS_JOB_H */
