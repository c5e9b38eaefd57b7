/* SPDX-License-Identifier: MIT */
/*
 * request.c - work items that the library owns and that can be given up while
 * they run. Everything is decided in the state word of the item:
 *
 *     RETURNED    the thread has left `run`, or will not enter it
 *     GIVEN_UP    somebody has sent the completion before that
 *     DELIVERED   `done` has returned
 *     PUSHING     the worker pushes a report of progress, and needs the sink,
 *                 which may be gone once `done` has been called
 *     upper half  reports on their way
 *
 * Whoever sets the first of RETURNED and GIVEN_UP sends the completion: so
 * there is one; but for a worker in PUSHING the giver leaves that to it.
 * Whoever makes the word say RETURNED, DELIVERED and no reports frees the
 * request: so it is freed once, and nobody uses it afterwards.
 *
 *     worker   run -------------------------> RETURNED: finds GIVEN_UP, sends
 *     giver        GIVEN_UP, sends                      nothing; last: releases
 *     sink                     done, DELIVERED
 *
 * Edges.
 *   X1  RMW of each of them -> RMW of the last one      all uses of the request
 *
 * Tests: tests/sched/test_request.c, stress_lanes.c.
 */
#include "sched/submit.h"

#include "base/memory.h"

#include <strait/request.h>

#define REPORT ((uint32_t)1 << 16)
#define OVER ((uint32_t)(STI_WORK_RETURNED | STI_WORK_DELIVERED))

typedef struct sti_request {
    strait_work_t work;
    strait_work_release_fn release;
    strait_allocator_t allocator;
} sti_request_t;

static void
free_request(strait_work_t *work)
{
    sti_request_t *request = STRAIT_CONTAINER_OF(work, sti_request_t, work);
    strait_allocator_t allocator = request->allocator;

    if (request->release != NULL)
        request->release(work->arg_);
    sti_free(&allocator, request, sizeof *request);
}

/* True if nobody needs a request in this state any more. */
static bool
is_over(uint32_t state)
{
    return (state & OVER) == OVER && state < REPORT;
}

int
strait_work_create(strait_work_t **ret_work, strait_work_fn run,
    strait_work_done_fn done, strait_work_release_fn release, void *arg,
    const strait_allocator_t *allocator)
{
    sti_request_t *request;

    allocator = sti_allocator_or_default(allocator);
    if (ret_work == NULL || run == NULL || allocator == NULL)
        return -EINVAL;
    request = sti_alloc(allocator, sizeof *request);
    if (request == NULL)
        return -ENOMEM;
    strait_work_init(&request->work, run, done, arg);
    /* rlx: not shared. */
    strait_store_rlx(&request->work.state_, STI_WORK_REQUEST);
    request->release = release;
    request->allocator = *allocator;
    *ret_work = &request->work;
    return 0;
}

int
strait_work_discard(strait_work_t *work)
{
    uint32_t state;

    if (work == NULL)
        return 0;
    /* rlx: the owner's own. */
    state = strait_load_rlx(&work->state_);
    if ((state & STI_WORK_REQUEST) == 0)
        return -EINVAL;
    if (state & (STI_WORK_IN_FLIGHT | STI_WORK_RETURNED | STI_WORK_GIVEN_UP))
        return -EBUSY;
    free_request(work);
    return 0;
}

bool
sti_request_ended(strait_work_t *work, uint32_t why)
{
    strait_lane_t *lane = sti_work_lane(work);
    /* [X1:ar] rel: our uses of it. acq: those of the others, if we are last. */
    uint32_t state = strait_or_acq_rel(&work->state_, why | STI_WORK_RETURNED);

    if ((state & STI_WORK_GIVEN_UP) == 0)
        return true;
    /* rlx: a statistic. */
    (void)strait_add_rlx(&lane->n_lost, 0 - (uint64_t)1);
    if (is_over(state | STI_WORK_RETURNED))
        free_request(work);
    return false;
}

void
sti_request_finish(strait_work_t *work, int status)
{
    uint32_t state;

    /* rlx: who asks from here on finds it no longer in flight. */
    (void)strait_and_rlx(&work->state_, ~(uint32_t)STI_WORK_IN_FLIGHT);
    if (work->done_ != NULL)
        work->done_(work, status, work->arg_);
    /* [X1:ar] as above. */
    state = strait_or_acq_rel(&work->state_, STI_WORK_DELIVERED);
    if (is_over(state | STI_WORK_DELIVERED))
        free_request(work);
}

bool
sti_request_report(strait_work_t *work, strait_sink_entry_t *entry)
{
    /* rlx: a guess; the CAS decides. */
    uint32_t state = strait_load_rlx(&work->state_);

    do {
        if (state & STI_WORK_GIVEN_UP)
            return false;
        /* rlx: ends in X1, below and in let_go. */
    } while (!strait_cas_weak_rlx(
        &work->state_, &state, (state + REPORT) | STI_WORK_PUSHING));
    STRAIT_POINT("request.report");
    strait_sink_push(work->sink_, entry);
    /* [X1:ar] as above. */
    state = strait_and_acq_rel(&work->state_, ~(uint32_t)STI_WORK_PUSHING);
    if (state & STI_WORK_GIVEN_UP)
        sti_work_hand_on(work);
    return true;
}

void
sti_request_let_go(strait_work_t *work)
{
    /* [X1:ar] as above. */
    uint32_t state = strait_add_acq_rel(&work->state_, 0 - REPORT);

    if (is_over(state - REPORT))
        free_request(work);
}

int
sti_request_give_up(strait_work_t *work, uint32_t why)
{
    uint32_t bits = STI_WORK_GIVEN_UP | STI_WORK_TOKEN | why;
    /* rlx: the caller knows of the submit. */
    uint32_t state = strait_load_rlx(&work->state_);
    strait_lane_t *lane;

    /* The pool may be gone: it has nothing to do with the request any more. */
    if (state & (STI_WORK_RETURNED | STI_WORK_GIVEN_UP))
        return -EALREADY;
    lane = sti_work_lane(work);

    if (sti_work_remove(work, why))
        return 0;
    /* Before, so that the thread that returns finds itself counted. rlx: a
     * statistic. */
    (void)strait_add_rlx(&lane->n_lost, 1);
    /* rlx: a guess; the CAS decides. */
    state = strait_load_rlx(&work->state_);
    do {
        if ((state & STI_WORK_IN_FLIGHT) == 0 ||
            (state & (STI_WORK_RETURNED | STI_WORK_GIVEN_UP)) != 0) {
            /* rlx: a statistic. */
            (void)strait_add_rlx(&lane->n_lost, 0 - (uint64_t)1);
            return (state & STI_WORK_IN_FLIGHT) == 0 ? -ESRCH : -EALREADY;
        }
        /* [X1:ar] as above. */
    } while (!strait_cas_weak_acq_rel(&work->state_, &state, state | bits));
    if ((state & STI_WORK_PUSHING) == 0)
        sti_work_hand_on(work);
    return 0;
}

int
strait_work_give_up(strait_work_t *work, int status)
{
    uint32_t state;

    if (work == NULL || (status != -ECANCELED && status != -ETIMEDOUT))
        return -EINVAL;
    /* rlx: the caller knows of the submit. */
    state = strait_load_rlx(&work->state_);
    if ((state & STI_WORK_REQUEST) == 0)
        return -EINVAL;
    if ((state & STI_WORK_IN_FLIGHT) == 0)
        return -ESRCH;
    if ((state & (STI_WORK_RETURNED | STI_WORK_GIVEN_UP)) == 0 &&
        sti_forked(sti_work_lane(work)->pool->fork_generation))
        return -ECHILD;
    return sti_request_give_up(
        work, status == -ETIMEDOUT ? STI_WORK_TIMED_OUT : STI_WORK_CANCELED);
}
