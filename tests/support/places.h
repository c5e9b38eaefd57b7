/* SPDX-License-Identifier: MIT */
/*
 * places.h - one call in each of the places where an operation over many items
 * can begin: in a task, on a thread that waits, as a job that ends on a loop.
 *
 *     for (place = 0; place < N_PLACES; place++)
 *         check_err(call_at(place, sort, &subject), 0);
 */
#ifndef STRAIT_TESTS_PLACES_H
#define STRAIT_TESTS_PLACES_H

#include <strait/loop.h>
#include <strait/parallel.h>

#include "one_pool.h"

enum { IN_TASK, ON_LANE, AS_JOB, N_PLACES };

struct call {
    int (*fn)(strait_place_t where, void *arg);
    void *arg;
    int answer;
};

static inline void
call_in_task(strait_frame_t *frame, void *arg)
{
    struct call *call = arg;

    call->answer = call->fn(strait_in_task(frame), call->arg);
}

static inline void
call_done(strait_work_t *work, int status, void *arg)
{
    (void)work;
    *(int *)arg = status;
}

static inline int
call_as_job(struct call *call)
{
    strait_parallel_t job;
    strait_loop_t *loop;
    int status = 1;
    int err;

    check_err(strait_loop_create(&loop, NULL), 0);
    err = call->fn(strait_as_job(&job, call_done, &status), call->arg);
    if (err == 0) {
        check_err(strait_loop_submit(
                      loop, strait_pool_lane(pool), strait_parallel_work(&job)),
            0);
        check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
        err = status;
    }
    check_err(strait_loop_destroy(loop), 0);
    return err;
}

/* What it answers, or ends with. */
static inline int
call_at(int place, int (*fn)(strait_place_t where, void *arg), void *arg)
{
    struct call call = { fn, arg, 1 };

    if (place == ON_LANE)
        return fn(strait_on_lane(strait_pool_lane(pool)), arg);
    if (place == AS_JOB)
        return call_as_job(&call);
    check_err(strait_fork_run(strait_pool_lane(pool), call_in_task, &call), 0);
    return call.answer;
}

#endif /* STRAIT_TESTS_PLACES_H */
