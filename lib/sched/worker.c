/* SPDX-License-Identifier: MIT */
/*
 * worker.c - what a worker thread does: take an item from the lanes in turn,
 * run it, hand it on, and sleep when there is none.
 *
 * Order of things that must not change:
 *   - the duty (parking.h) comes after an item is in hand and before it runs;
 *   - the completion is published before the next user function is entered, so
 *     nothing finished waits for something slow;
 *   - sink_ is read before the push: after it the item is the consumer's.
 *
 * A submitter stopped between claiming its place in a ring and filling it hides
 * what came behind it in that lane. A worker that finds nothing else yields and
 * looks again; after STI_GAP_YIELDS yields it sleeps STI_GAP_SLEEP_MIN_NS to
 * STI_GAP_SLEEP_MAX_NS at a time until the gap closes (base/gap.h). It must not
 * park on such a lane: the submitter has found no ARMED to take.
 *
 * Edges (P and R are in parking.h and ring.c).
 *   L1  count of lanes, store in lane.c -> load here     the entries it counts
 *
 * Tests: tests/sched/test_pool.c, stress_pool.c, tests/model/model_lane_*.c.
 */
#include "sched/sched_priv.h"

#include "base/check.h"
#include "base/gap.h"
#include "base/spin.h"

#include <strait/clock.h>

static _Thread_local sti_worker_t *self;

sti_worker_t *
sti_worker_self(void)
{
    return self;
}

/* One look round the lanes, beginning where the last one ended, so that a busy
 * lane cannot keep others waiting. Answers a STRAIT_RING_* value. */
static int
take(sti_worker_t *worker, uint32_t n_lanes, strait_work_t **ret_work)
{
    strait_pool_t *pool = worker->pool;
    int found = STRAIT_RING_EMPTY;
    uint32_t i;

    for (i = 0; i < n_lanes; i++) {
        uint32_t lane = worker->next_lane;
        void *value;
        int popped;

        STI_CHECK(2, lane < n_lanes && pool->rings[lane] != NULL);
        worker->next_lane = lane + 1 < n_lanes ? lane + 1 : 0;
        popped = strait_ring_pop(pool->rings[lane], &value);
        if (popped == STRAIT_RING_DONE) {
            *ret_work = value;
            return STRAIT_RING_DONE;
        }
        if (popped == STRAIT_RING_PENDING)
            found = STRAIT_RING_PENDING;
    }
    return found;
}

static void
run(sti_worker_t *worker, strait_work_t *work)
{
    strait_sink_t *sink = work->sink_;

    work->run_(work, work->arg_);
    /* Before the push, so that who sees `done` finds it counted. */
    sti_counter_add(&worker->n_run, 1);
    strait_sink_push(sink, &work->entry_);
}

/*
 * True if no lane will ever have an item again. The lanes are counted after the
 * close was seen: a count from before could miss the last of them.
 */
static bool
drained(strait_pool_t *pool)
{
    uint32_t n_lanes;
    uint32_t i;

    /* SC: with the store of n_lanes in strait_lane_create, whose thread then
     * loads `closed`: either it finds the pool closed and closes its lane
     * itself, empty, or the count below includes it. */
    if (strait_load_sc(&pool->closed) == 0)
        return false;
    /* SC: the other half of the above. [L1:acq] the entries it counts. */
    n_lanes = strait_load_sc(&pool->n_lanes);
    for (i = 0; i < n_lanes; i++) {
        if (!strait_ring_is_closed(pool->rings[i]) ||
            !strait_ring_is_empty(pool->rings[i]))
            return false;
    }
    return true;
}

/* Looks around for as long as the policy allows; true if there may be an item. */
static bool
spin(strait_pool_t *pool, uint32_t n_lanes, sti_spinner_t *spinner)
{
    uint64_t end;
    bool hit = false;

    if (spinner->limit_ns == 0)
        return false;
    end = sti_spinner_begin(spinner, strait_now_ns());
    do {
        uint32_t i;

        for (i = 0; i < n_lanes && !hit; i++)
            hit = !strait_ring_is_empty(pool->rings[i]);
        STI_PAUSE();
    } while (!hit && strait_now_ns() < end);
    sti_spinner_ended(spinner, hit);
    return hit;
}

/* Leaves the running state until there may be an item, or the end has come. */
static void
park(sti_worker_t *worker)
{
    sti_parking_t *parking = &worker->pool->parking;
    uint32_t n_lanes;

    sti_parking_announce(parking, worker->index);
    /* [L1:acq] the entries; P3 in announce makes it current: whoever adds a
     * lane after it wakes us. */
    n_lanes = strait_load_acquire(&worker->pool->n_lanes);
    if (!sti_parking_arm_all(worker->pool->rings, n_lanes)) {
        if (!sti_parking_withdraw(parking, worker->index))
            sti_counter_add(&worker->n_wakes, 1);
        return;
    }
    sti_counter_add(&worker->n_parks, 1);
    sti_parking_sleep(parking, worker->index);
    if (!sti_parking_withdraw(parking, worker->index))
        sti_counter_add(&worker->n_wakes, 1);
}

void *
sti_worker_main(void *arg)
{
    sti_worker_t *worker = arg;
    strait_pool_t *pool = worker->pool;
    sti_gap_t gap = STI_GAP_INIT;
    sti_spinner_t spinner;
    bool was_idle = false;

    self = worker;
    sti_spinner_init(&spinner, pool->spin_ns);
    for (;;) {
        /* [L1:acq] the entries below the count. One that is not seen here is
         * seen after announce, or gets us woken (P3). */
        uint32_t n_lanes = strait_load_acquire(&pool->n_lanes);
        strait_work_t *work = NULL;
        int found;

        found = take(worker, n_lanes, &work);
        if (found == STRAIT_RING_DONE) {
            if (was_idle) {
                sti_parking_duty(&pool->parking, pool->rings, n_lanes);
                was_idle = false;
            }
            sti_gap_reset(&gap);
            run(worker, work);
        } else if (found == STRAIT_RING_PENDING) {
            sti_counter_add(&worker->n_gap_waits, 1);
            sti_gap_wait(&gap);
        } else if (drained(pool)) {
            return NULL;
        } else if (!spin(pool, n_lanes, &spinner)) {
            park(worker);
            sti_spinner_slept(&spinner, strait_now_ns());
            was_idle = true;
        }
    }
}
