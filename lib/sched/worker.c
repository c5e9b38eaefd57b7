/* SPDX-License-Identifier: MIT */
/*
 * worker.c - what a worker thread does: take an item from the lane that comes
 * first, run it, hand it on, and sleep when there is none.
 *
 * Order of things that must not change:
 *   - the duty (parking.h) comes after an item is in hand and before it runs;
 *   - the completion is published before the next user function is entered, so
 *     nothing finished waits for something slow;
 *   - a gate is left after that, so that items of a SERIAL lane are delivered
 *     in their order, too;
 *   - sink_ is read before the push: after it the item is the consumer's.
 *
 * A submitter stopped between claiming its place in a ring and filling it hides
 * what came behind it in that lane. A worker that finds nothing else yields and
 * looks again; after STI_GAP_YIELDS yields it sleeps STI_GAP_SLEEP_MIN_NS to
 * STI_GAP_SLEEP_MAX_NS at a time until the gap closes (base/gap.h). It must not
 * park on such a lane: the submitter has found no ARMED to take.
 *
 * Which lane comes first is in choose.h, the clock in stopwatch.h, who keeps
 * out of the way of the others in nap.h.
 *
 * Edges (P, R, T, C are in parking.h, ring.c, gate.h, removal.h).
 *   L1  count of lanes, store in lane.c -> load here     the entries it counts
 *
 * Tests: tests/sched/test_pool.c, stress_pool.c, tests/model/model_lane_*.c.
 */
#include "sched/submit.h"

#include "base/check.h"
#include "base/gap.h"
#include "base/spin.h"
#include "sched/choose.h"
#include "sched/nap.h"
#include "sched/stopwatch.h"

#include <strait/clock.h>

static _Thread_local sti_worker_t *self;

sti_worker_t *
sti_worker_self(void)
{
    return self;
}

/* True if an item that is about to start must not. */
static bool
is_off(const strait_work_t *work, uint32_t state)
{
    /* rlx: here and below; who cancels now may come too late. */
    return (state & (STI_WORK_TOKEN | STI_WORK_GIVEN_UP)) != 0 ||
        ((state & STI_WORK_GROUPED) != 0 &&
            strait_load_rlx(&work->group_->cancelled_) != 0);
}

static void
run(sti_worker_t *worker, strait_work_t *work)
{
    /* rlx: the item came by R3; bits that are set beside it may come late. */
    uint32_t state = strait_load_rlx(&work->state_);

    /* rlx: a shutdown that comes now may come too late. */
    if (is_off(work, state) || strait_load_rlx(&worker->pool->cancelling)) {
        sti_stopwatch_skip(worker);
        sti_work_end(work,
            (state & STI_WORK_LATE) != 0 ? STI_WORK_TIMED_OUT
                                         : STI_WORK_CANCELED);
    } else {
        sti_stopwatch_start(worker, work);
        work->run_(work, work->arg_);
        /* Before the push, so that who sees `done` finds it counted. */
        sti_stopwatch_count(worker);
        if ((state & STI_WORK_REQUEST) == 0) {
            /* rlx: for a cancel that comes before `done` and after the pool's
             * end, which it must not touch. A token that is lost here is too
             * late. */
            strait_store_rlx(&work->state_, state | STI_WORK_RETURNED);
            sti_work_hand_on(work);
        } else if (sti_request_ended(work, 0)) {
            sti_work_hand_on(work);
        }
        sti_stopwatch_stop(worker);
    }
}

/* The rest of a group of short items. */
static void
run_on(sti_worker_t *worker, strait_lane_t *lane)
{
    strait_work_t *work;

    while (worker->n_group != 0) {
        if (!sti_lane_alone(worker, lane)) {
            sti_stopwatch_flush(worker);
            return;
        }
        if (sti_lane_pop(worker, lane, &work) != STRAIT_RING_DONE)
            return;
        run(worker, work);
    }
}

/*
 * True if no lane of the crew will ever have an item again. The lanes are
 * counted after the close was seen: a count from before could miss the last of
 * them.
 */
static bool
drained(sti_crew_t *crew)
{
    strait_pool_t *pool = crew->pool;
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
        strait_ring_t *ring = &pool->lanes[i]->outlet.ring;

        if (pool->lanes[i]->crew == crew &&
            (!strait_ring_is_closed(ring) || !strait_ring_is_empty(ring)))
            return false;
    }
    return true;
}

/* True if tasks may be stolen: not by threads of class BLOCKING. */
static bool
steals(const sti_worker_t *worker)
{
    return sti_forks(worker->pool) && worker->crew == &worker->pool->cpu;
}

/* Looks around for as long as the policy allows; true: there may be an item. */
static bool
spin(sti_worker_t *worker, uint32_t n_lanes, sti_spinner_t *spinner)
{
    sti_crew_t *crew = worker->crew;
    bool tasks = steals(worker);
    uint64_t end;
    bool hit = false;

    if (spinner->limit_ns == 0)
        return false;
    end = sti_spinner_begin(spinner, strait_now_ns());
    do {
        uint32_t i;

        for (i = 0; i < n_lanes && !hit; i++)
            hit = sti_outlet_offers(crew->outlets[i]);
        if (tasks && !hit)
            hit = sti_fork_spy(worker);
        STI_PAUSE();
    } while (!hit && strait_now_ns() < end);
    sti_spinner_ended(spinner, hit);
    return hit;
}

/* Keeps out of the way of those who are enough for what there is; false if that
 * would not pay, or there are none. */
static bool
nap(sti_worker_t *worker, uint32_t n_lanes)
{
    sti_crew_t *crew = worker->crew;
    uint64_t now_ns;
    uint64_t n_taken;

    if (worker->n_short_sleeps < STI_NAP_SHORT_SLEEPS)
        return false;
    now_ns = strait_now_ns();
    if (!sti_nap_pays(worker, now_ns) || !sti_nap_enter(worker, now_ns))
        return false;
    sti_counter_add(&worker->n_naps, 1);
    n_taken = sti_nap_n_taken(crew, n_lanes);
    STI_SLEEP(STI_NAP_NS);
    n_taken = sti_nap_n_taken(crew, n_lanes) - n_taken;
    sti_nap_leave(worker, strait_now_ns(), n_taken);
    return true;
}

/* Sleeps until woken; false: it was idle for so long that it may end. */
static bool
doze(sti_worker_t *worker)
{
    sti_crew_t *crew = worker->crew;

    if (crew->idle_ns == 0 ||
        sti_gate_inside(&crew->size) <= crew->min_threads) {
        sti_parking_sleep(&crew->parking, worker->seat);
        return true;
    }
    return sti_parking_sleep_until(
        &crew->parking, worker->seat, strait_now_ns() + crew->idle_ns);
}

/* Leaves the running state until there may be an item, or the end has come.
 * False if nothing came for so long that this thread may end. */
static bool
park(sti_worker_t *worker)
{
    sti_crew_t *crew = worker->crew;
    sti_parking_t *parking = &crew->parking;
    uint64_t begun_ns;
    uint64_t now_ns;
    uint32_t n_lanes;
    bool woken = true;

    sti_parking_announce(parking, worker->seat);
    /* [L1:acq] the entries; P3 in announce makes it current: whoever adds a
     * lane after it wakes us. */
    n_lanes = strait_load_acquire(&crew->n_lanes);
    if (!sti_parking_arm_all(crew->outlets, n_lanes) ||
        (steals(worker) && sti_fork_tell_all(worker))) {
        if (!sti_parking_withdraw(parking, worker->seat)) {
            sti_counter_add(&worker->n_wakes, 1);
            worker->woken = true;
        }
        return true;
    }
    sti_counter_add(&worker->n_parks, 1);
    /* rlx: a statistic, as below. */
    strait_store_rlx(&worker->parked, 1);
    begun_ns = strait_now_ns();
    woken = doze(worker);
    now_ns = strait_now_ns();
    sti_nap_slept(worker, now_ns - begun_ns, now_ns);
    /* rlx: as above. */
    strait_store_rlx(&worker->parked, 0);
    if (!sti_parking_withdraw(parking, worker->seat)) {
        sti_counter_add(&worker->n_wakes, 1);
        worker->woken = true;
        return true;
    }
    return woken;
}

/* What a thread does for the others before it enters a user function. */
static void
duty(sti_worker_t *worker, uint32_t n_lanes)
{
    sti_crew_t *crew = worker->crew;

    /* The last one awake of a crew that can grow leaves one behind, or, if none
     * can be started, has the next submit try. */
    if (crew->idle_ns == 0) {
        sti_parking_duty(&crew->parking, crew->outlets, n_lanes);
        if (sti_forks(crew->pool))
            sti_fork_duty(worker);
        return;
    }
    if (!sti_parking_any(&crew->parking) && sti_crew_grow(crew))
        return;
    /* Whoever is idle may be about to end: so not by waking alone. */
    if (!sti_parking_arm_all(crew->outlets, n_lanes) &&
        !strait_ring_is_empty(&crew->outlets[0]->ring))
        (void)sti_crew_find(crew);
}

static void
serve(sti_worker_t *worker)
{
    sti_crew_t *crew = worker->crew;
    sti_gap_t gap = STI_GAP_INIT;
    sti_spinner_t spinner;
    bool was_idle = crew->idle_ns != 0;

    sti_spinner_init(&spinner, crew->pool->spin_ns);
    for (;;) {
        /* [L1:acq] the entries below the count. One that is not seen here is
         * seen after announce, or gets us woken (P3). */
        uint32_t n_lanes = strait_load_acquire(&crew->n_lanes);
        strait_frame_t *task = NULL;
        strait_lane_t *lane = NULL;
        strait_work_t *work = NULL;
        int found;

        found = sti_choose(worker, n_lanes, &lane, &work);
        if (found == STRAIT_RING_DONE) {
            sti_stopwatch_lane(worker, lane);
        } else {
            sti_stopwatch_idle(worker);
            if (steals(worker))
                task = sti_fork_find(worker);
        }
        if (work != NULL || task != NULL) {
            if (was_idle || worker->owes != NULL) {
                if (worker->woken && work != NULL)
                    sti_stopwatch_woken(worker);
                worker->woken = false;
                duty(worker, n_lanes);
                was_idle = false;
                worker->owes = NULL;
            }
            sti_gap_reset(&gap);
        }
        if (task != NULL) {
            sti_fork_execute(worker, task);
        } else if (found == STRAIT_RING_DONE) {
            run(worker, work);
            run_on(worker, lane);
            sti_lane_leave(worker, lane);
        } else if (found == STRAIT_RING_PENDING) {
            sti_counter_add(&worker->n_gap_waits, 1);
            sti_gap_wait(&gap);
        } else if (drained(crew)) {
            /* Whoever sleeps beside a lane that has ended meanwhile must end,
             * too. */
            sti_parking_wake_all(&crew->parking);
            return;
        } else if (!nap(worker, n_lanes) && !spin(worker, n_lanes, &spinner)) {
            bool wanted = false;
            bool stays = park(worker);

            sti_spinner_slept(&spinner, strait_now_ns(),
                sti_parking_waker(&crew->parking, worker->seat));
            was_idle = true;
            worker->owes = NULL;
            if (!stays &&
                sti_gate_leave_above(&crew->size, crew->min_threads, &wanted) &&
                !(wanted && sti_gate_enter(&crew->size)))
                return;
        }
    }
}

void *
sti_worker_main(void *arg)
{
    sti_worker_t *worker = arg;
    strait_pool_t *pool = worker->pool;
    const strait_pool_config_t *config = &pool->config;
    uint32_t index = worker->crew->first_index + worker->seat;

    self = worker;
    sti_stopwatch_init(worker);
    sti_nap_init(worker);
    sti_thread_started(worker);
    if (config->on_start != NULL)
        config->on_start(index, config->hook_arg);
    serve(worker);
    if (config->on_exit != NULL)
        config->on_exit(index, config->hook_arg);
    self = NULL;
    sti_thread_ended(worker);
    return NULL;
}
