/* SPDX-License-Identifier: MIT */
/*
 * lane_common.h - the pool as its models run it: the real parking.h, gate.h,
 * removal.h, ring, choose.h and worker.c, over lanes and seats in static memory.
 * A model sets WORKERS and LANES, and which of the other files it wants to be
 * real (REAL_POOL, REAL_CREW, REAL_WORK, REAL_CANCEL with requests, REAL_PROGRESS,
 * REAL_DRAIN), includes
 * this, and gives its items to item_init.
 *
 * Not the real thing: creation and destruction of the pool, the clock, statistics,
 * spinning (off), and the sink, which counts unless the model brings its own
 * (REAL_SINK).
 */
#ifndef STRAIT_MODEL_LANE_COMMON_H
#define STRAIT_MODEL_LANE_COMMON_H

#include "model.h"

#include <stdlib.h>

/* Every search of a lane of order SUBMIT, which no model here has, is short. */
#define STI_ORDER_WINDOWS 1

#include "base/gap.h"
#include "base/spin.h"

#include "sched/sched_priv.h"

#include "queue/ring.c"

/* 1: every item that has run was one of a group of short ones, so that the
 * worker stays with its lane. */
#ifndef GROUP
#define GROUP 0
#endif
/* Statistics are left out: they would multiply the executions. */
#define sti_counter_add(counter, n) ((void)(counter))
#define STI_SCHED_STOPWATCH_H
#define sti_stopwatch_init(worker) ((void)(worker))
#define sti_stopwatch_taken(worker, lane, pos)                                 \
    ((void)(worker), (void)(lane), (void)(pos))
#define sti_stopwatch_lane(worker, lane) ((void)(worker), (void)(lane))
#define sti_stopwatch_start(worker, work) ((void)(worker), (void)(work))
#define sti_stopwatch_count(worker) ((void)(worker))
#define sti_stopwatch_stop(worker) ((void)((worker)->n_group = GROUP))
#define sti_stopwatch_flush(worker) ((void)((worker)->n_group = 0))
#define sti_stopwatch_skip(worker) ((void)(worker))
#define sti_stopwatch_idle(worker) ((void)((worker)->n_group = 0))
#define sti_stopwatch_woken(worker) ((void)(worker))

/* Tasks have models of their own: model_fork_*.c, by fork_common.h. */
#ifndef REAL_FORK
#define sti_fork_find(worker) ((void)(worker), (strait_frame_t *)NULL)
#define sti_fork_execute(worker, task) ((void)(worker), (void)(task))
#define sti_fork_spy(worker) ((void)(worker), false)
#define sti_fork_tell_all(worker) ((void)(worker), false)
#define sti_fork_duty(worker) ((void)(worker))
#define sti_fork_free(worker) ((void)(worker))
#define sti_forks(pool) ((void)(pool), false)
#endif

#ifndef REAL_SINK
#define strait_sink_push(sink, entry) finished(sink, entry)
static void finished(strait_sink_t *sink, strait_sink_entry_t *entry);
#endif

#include "sched/worker.c"

#ifdef REAL_WORK
#include "sched/order.c"
#include "sched/work.c"
#endif
#ifdef REAL_CANCEL
#include "sched/cancel.c"
#include "sched/request.c"
#endif
#ifdef REAL_DRAIN
#define deliver deliver_drain
#include "sched/drain.c"
#undef deliver
#endif
#ifdef REAL_PROGRESS
#define deliver deliver_progress
#include "sched/progress.c"
#undef deliver
#endif
#ifdef REAL_CREW
#include "crew_threads.h"

#define IDLE_NS 1
#define furnish furnish_worker
#include "sched/crew.c"
#undef furnish
#endif
#ifdef REAL_POOL
/* Creation and close as they are in the library, too; not for GenMC, which has
 * no variable-length memcpy and no signal.h. */
#include "sched/lane.c"
#define create create_pool
#define furnish furnish_pool
#include "sched/pool.c"
#undef create
#undef furnish
#endif

#ifndef WORKERS
#define WORKERS 1
#endif
#ifndef LANES
#define LANES 1
#endif
/* Places of a ring. */
#ifndef CAPACITY
#define CAPACITY 2
#endif
/* How far apart the workers' seats are: 64 puts each into a word of its own of
 * the idle set. */
#ifndef SEAT_STEP
#define SEAT_STEP 1
#endif
#define SEATS ((WORKERS - 1) * SEAT_STEP + 1)
/* The lane with a gap that GenMC's worker waits for. */
#ifndef GAP_LANE
#define GAP_LANE 0
#endif
/* max_running of each lane; 0: none. */
#ifndef LANE_MAX
#define LANE_MAX 0
#endif

M_STATE struct strait_pool pool;
M_STATE sti_seat_t seats[SEATS];
M_STATE sti_idle_t idle[STI_PARKING_WORDS(SEATS)];
M_STATE sti_worker_t workers[WORKERS];
M_STATE struct strait_lane lanes[LANES];
M_STATE strait_ring_slot_t slots[LANES][CAPACITY];
M_STATE sti_note_t notes[LANES][CAPACITY];
M_STATE STRAIT_ATOMIC(uint64_t) stamps[LANES][STI_STAMPS];
#ifndef REAL_SINK
M_STATE strait_sink_t the_sink;
M_STATE STRAIT_ATOMIC(uint32_t) n_finished;
#endif
M_STATE STRAIT_ATOMIC(uint64_t) fork_word = 1;

STRAIT_ATOMIC(uint64_t) *sti_fork_word = &fork_word;

#ifndef M_GENMC
void
sti_check_failed(const char *condition, const char *file, int line)
{
    ex_assert(false, condition, file, line, "STI_CHECK");
    abort();
}
#endif

/* Time stands still. When as many threads were started as a model can have, it
 * stands at its end, so that no sleep expires any more. */
#ifndef OWN_CLOCK
uint64_t
strait_now_ns(void)
{
#ifdef REAL_CREW
    if (n_threads_started == THREADS_MAX)
        return UINT64_MAX - IDLE_NS;
#endif
    return 0;
}
#endif

/*
 * A submitter is in the gap between claim and publication. For GenMC the wait
 * ends when the gap has closed, so that it is one spin and not a bounded number
 * of rounds; the explorer goes round.
 */
void
sti_gap_wait(sti_gap_t *gap)
{
    (void)gap;
#ifdef COVER_GAP
    M_COVER("a worker waits for a submitter in the gap");
#endif
#ifdef M_GENMC
    {
        strait_ring_t *ring = &pool.lanes[GAP_LANE]->outlet.ring;
        uint64_t c = strait_load_rlx(&ring->consumer_);
        /* What the slot holds while the gap is open: of the round before. */
        uint64_t open = c >= CAPACITY ? c - CAPACITY + 1 : 0;

        M_AWAIT(strait_load_rlx(&ring->slots_[c & ring->mask_].seq_) != open);
    }
#else
    M_PAUSE();
#endif
}

/* ------------------------------------------ what is not real in this model */

#ifndef REAL_CREW
bool
sti_crew_grow(sti_crew_t *crew)
{
    (void)crew;
    M_ASSERT(false);
    return false;
}

bool
sti_crew_find(sti_crew_t *crew)
{
    (void)crew;
    M_ASSERT(false);
    return false;
}

void
sti_crew_call(strait_lane_t *lane)
{
    (void)sti_parking_wake_one(&lane->crew->parking);
}

void
sti_thread_started(sti_worker_t *worker)
{
    (void)worker;
}

void
sti_thread_ended(sti_worker_t *worker)
{
    (void)worker;
}
#endif

#ifndef REAL_CANCEL
void
sti_work_end(strait_work_t *work, uint32_t why)
{
    (void)work;
    (void)why;
    M_ASSERT(false);
}
#endif

#ifndef REAL_DRAIN
void
sti_lane_drained(strait_lane_t *lane, int status)
{
    (void)lane;
    (void)status;
}
#endif

#ifndef REAL_CANCEL
bool
sti_request_ended(strait_work_t *work, uint32_t why)
{
    (void)work;
    (void)why;
    M_ASSERT(false);
    return true;
}

void
sti_request_finish(strait_work_t *work, int status)
{
    (void)work;
    (void)status;
    M_ASSERT(false);
}
#endif

#ifndef REAL_WORK
int
sti_group_admit(strait_group_t *group, strait_lane_t *lane)
{
    (void)group;
    (void)lane;
    return 0;
}

int
sti_window_admit(strait_lane_t *lane, strait_sink_t *sink,
    strait_sink_deliver_fn deliver, uint32_t kind, sti_window_t **ret_window)
{
    (void)lane;
    (void)sink;
    (void)deliver;
    (void)kind;
    (void)ret_window;
    M_ASSERT(false);
    return 0;
}

int
sti_submit_refused(strait_lane_t *lane, strait_work_t *work, int err)
{
    (void)lane;
    strait_store_rlx(
        &work->state_, strait_load_rlx(&work->state_) & STI_WORK_KEPT);
    return err;
}

void
sti_deliver_in_turn(strait_sink_entry_t *entry, int status)
{
    (void)entry;
    (void)status;
    M_ASSERT(false);
}
#endif

#if (defined(REAL_WORK) || defined(REAL_CANCEL)) && !defined(OWN_MEMORY)
const strait_allocator_t *
sti_allocator_or_default(const strait_allocator_t *allocator)
{
    return allocator;
}

void *
sti_alloc(const strait_allocator_t *allocator, size_t size_bytes)
{
    (void)allocator;
    (void)size_bytes;
    M_ASSERT(false);
    return NULL;
}

void
sti_free(const strait_allocator_t *allocator, void *block, size_t size_bytes)
{
    (void)allocator;
    (void)block;
    (void)size_bytes;
    M_ASSERT(false);
}
#endif

/* -------------------------------------------------------------- the model */

#ifndef REAL_SINK
static void
finished(strait_sink_t *sink, strait_sink_entry_t *entry)
{
    (void)sink;
    (void)entry;
    (void)strait_add_release(&n_finished, 1);
}
#endif

__attribute__((unused)) M_THREAD(worker)
{
    return sti_worker_main(arg);
}

/*
 * A worker that parks once, takes one item and ends: small enough for GenMC
 * with two workers. After its sleep, or if it may not sleep, there is an item
 * for it, because each worker takes one of as many items.
 */
__attribute__((unused)) M_THREAD(worker_once)
{
    sti_worker_t *me = arg;
    void *value = NULL;

#ifdef PREARMED
    /* One comes from elsewhere, and has armed the lane some time ago. */
    if (me->seat != 0)
        goto take;
#endif
    (void)park(me);
#ifdef PREARMED
take:
#endif
    M_AWAIT(strait_ring_pop(&lanes[0].outlet.ring, &value) == STRAIT_RING_DONE);
    sti_parking_duty(&pool.cpu.parking, pool.cpu.outlets, LANES);
    run(me, value);
    return NULL;
}

/* What a worker does with what it has taken from a lane. */
__attribute__((unused)) static void
run_taken(sti_worker_t *me, strait_lane_t *lane, strait_work_t *work)
{
    run(me, work);
    sti_lane_leave(me, lane);
}

__attribute__((unused)) static void
item_init(strait_work_t *work, strait_work_fn run_fn)
{
    work->run_ = run_fn;
#ifndef REAL_SINK
    work->sink_ = &the_sink;
#endif
}

static void
lane_init(int i)
{
    strait_lane_t *lane = &lanes[i];

    M_ASSERT(strait_ring_init(&lane->outlet.ring, slots[i], CAPACITY) == 0);
    sti_gate_init(&lane->outlet.gate, LANE_MAX);
    lane->removal.notes = notes[i];
    lane->stamps = stamps[i];
    lane->n_stamps = STI_STAMPS;
    lane->pool = &pool;
    lane->crew = &pool.cpu;
    lane->number = (uint32_t)i;
    lane->priority = STRAIT_LANE_PRIORITY_DEFAULT;
    lane->weight = 1;
    lane->max_queued = CAPACITY;
    pool.lanes[i] = lane;
    pool.cpu.lanes[i] = lane;
    pool.cpu.outlets[i] = &lane->outlet;
}

static void
pool_init(void)
{
    sti_crew_t *crew = &pool.cpu;
    int i;

    pool.n_workers = WORKERS;
    pool.fork_generation = 1;
    sti_parking_init(&crew->parking, idle, seats, SEATS);
    crew->pool = &pool;
    crew->n_seats = WORKERS;
    crew->workers = workers;
    crew->seats = seats;
    crew->idle = idle;
    for (i = 0; i < LANES; i++)
        lane_init(i);
    strait_store_rlx(&crew->n_lanes, LANES);
    strait_store_rlx(&pool.n_lanes, LANES);
    for (i = 0; i < WORKERS; i++) {
        workers[i].pool = &pool;
        workers[i].crew = crew;
        workers[i].seat = (uint32_t)i * SEAT_STEP;
    }
#ifdef PREARMED
    M_ASSERT(strait_ring_arm(&lanes[0].outlet.ring));
#endif
    M_NAME(&pool, "pool");
    M_NAME(&pool.cpu.n_lanes, "cpu.n_lanes");
    M_NAME(&pool.n_lanes, "n_lanes");
    M_NAME(&pool.closed, "closed");
    M_NAME(&idle[0], "idle");
#ifndef REAL_SINK
    M_NAME(&n_finished, "n_finished");
#endif
    M_NAME(&lanes[0], "lane0");
    M_NAME(&lanes[0].outlet.ring.consumer_, "lane0.consumer");
    M_NAME(&lanes[0].outlet.gate, "lane0.gate");
    M_NAME(&lanes[0].removal.attention_, "lane0.attention");
    M_NAME(&lanes[0].drains, "lane0.drains");
    M_NAME(&slots[0][0], "lane0.slot0");
    M_NAME(&slots[0][1], "lane0.slot1");
    M_NAME(&notes[0][0], "lane0.note0");
    M_NAME(&notes[0][1], "lane0.note1");
#if LANES > 1
    M_NAME(&lanes[1], "lane1");
    M_NAME(&lanes[1].outlet.ring.consumer_, "lane1.consumer");
    M_NAME(&lanes[1].outlet.gate, "lane1.gate");
    M_NAME(&slots[1][0], "lane1.slot0");
    M_NAME(&slots[1][1], "lane1.slot1");
#endif
    M_NAME(&seats[0], "seat0");
#if WORKERS > 1
    M_NAME(&seats[SEAT_STEP], "seat1");
#endif
#if WORKERS > 2
    M_NAME(&seats[2 * SEAT_STEP], "seat2");
#endif
}

/* As sti_work_submit does it, once the item is filled in. */
__attribute__((unused)) static int
submit(int lane, strait_work_t *work)
{
    int pushed = strait_ring_push(&lanes[lane].outlet.ring, work);

    if (pushed == STRAIT_RING_WAKE) {
#ifdef COVER_WAKE
        M_COVER("a submit wakes");
#endif
        sti_crew_call(&lanes[lane]);
    }
    return pushed;
}

/* As strait_pool_close does it. */
__attribute__((unused)) static void
close_pool(void)
{
#ifdef REAL_POOL
    M_ASSERT(strait_pool_close(&pool) == 0);
#else
    uint32_t n_lanes;
    uint32_t i;

    M_ASSERT(strait_xchg_sc(&pool.closed, 1) == 0);
    n_lanes = strait_load_sc(&pool.n_lanes);
    for (i = 0; i < n_lanes; i++) {
        strait_lane_t *lane = pool.lanes[i];

        (void)strait_ring_close(&lane->outlet.ring);
        sti_lane_drained(lane, -ESHUTDOWN);
        sti_parking_wake_all(&lane->crew->parking);
    }
#endif
}

#endif /* STRAIT_MODEL_LANE_COMMON_H */
