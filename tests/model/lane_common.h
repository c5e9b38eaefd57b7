/* SPDX-License-Identifier: MIT */
/*
 * lane_common.h - the pool as the lane models run it: the real parking.h, ring
 * and worker.c, over lanes and seats in static memory. A model sets WORKERS and
 * LANES, includes this, and defines `work_body`, what an item does when it
 * runs.
 *
 * Not the real thing: creation and destruction of the pool, spinning (off), and
 * the sink, which counts.
 */
#ifndef STRAIT_MODEL_LANE_COMMON_H
#define STRAIT_MODEL_LANE_COMMON_H

#include "model.h"

#include <stdlib.h>

#include "base/gap.h"
#include "base/spin.h"

#include "sched/sched_priv.h"

#include "queue/ring.c"

/* Statistics are left out: they would multiply the executions. */
#define sti_counter_add(counter, n) ((void)(counter))

#define strait_sink_push(sink, entry) finished(sink, entry)
static void finished(strait_sink_t *sink, strait_sink_entry_t *entry);

#include "sched/worker.c"

#ifdef REAL_POOL
/* Creation and close as they are in the library, too; not for GenMC, which has
 * no variable-length memcpy and no signal.h. */
#include "sched/lane.c"
#include "sched/pool.c"
#endif

#ifndef M_GENMC
void
sti_check_failed(const char *condition, const char *file, int line)
{
    ex_assert(false, condition, file, line, "STI_CHECK");
    abort();
}
#endif

uint64_t
strait_now_ns(void)
{
    return 0;
}

#ifndef WORKERS
#define WORKERS 1
#endif
#ifndef LANES
#define LANES 1
#endif
/* The lane with a gap that GenMC's worker waits for. */
#ifndef GAP_LANE
#define GAP_LANE 0
#endif

M_STATE struct strait_pool pool;
M_STATE sti_seat_t seats[WORKERS];
M_STATE sti_worker_t workers[WORKERS];
M_STATE strait_ring_t rings[LANES];
M_STATE strait_ring_slot_t slots[LANES][2];
M_STATE STRAIT_ATOMIC(uint32_t) n_finished;

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
        strait_ring_t *ring = pool.rings[GAP_LANE];
        uint64_t c = strait_load_rlx(&ring->consumer_);
        /* What the slot holds while the gap is open: of the round before. */
        uint64_t open = c >= 2 ? c - 1 : 0;

        M_AWAIT(strait_load_rlx(&ring->slots_[c & 1].seq_) != open);
    }
#else
    M_PAUSE();
#endif
}

static void
finished(strait_sink_t *sink, strait_sink_entry_t *entry)
{
    (void)sink;
    (void)entry;
    (void)strait_add_release(&n_finished, 1);
}

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
    if (me->index != 0)
        goto take;
#endif
    park(me);
#ifdef PREARMED
take:
#endif
    M_AWAIT(strait_ring_pop(&rings[0], &value) == STRAIT_RING_DONE);
    sti_parking_duty(&pool.parking, pool.rings, LANES);
    run(me, value);
    return NULL;
}

static void
pool_init(void)
{
    int i;

    sti_parking_init(&pool.parking, seats);
    pool.n_workers = WORKERS;
    pool.n_seats = WORKERS;
    pool.seats = seats;
    pool.workers = workers;
    pool.fork_generation = 1;
    for (i = 0; i < LANES; i++) {
        M_ASSERT(strait_ring_init(&rings[i], slots[i], 2) == 0);
        pool.rings[i] = &rings[i];
    }
    strait_store_rlx(&pool.n_lanes, LANES);
    for (i = 0; i < WORKERS; i++) {
        workers[i].pool = &pool;
        workers[i].index = (uint32_t)i;
    }
#ifdef PREARMED
    M_ASSERT(strait_ring_arm(&rings[0]));
#endif
    M_NAME(&pool, "pool");
    M_NAME(&pool.parking.idle_, "idle");
    M_NAME(&pool.n_lanes, "n_lanes");
    M_NAME(&pool.closed, "closed");
    M_NAME(&n_finished, "n_finished");
    M_NAME(&rings[0], "lane0");
    M_NAME(&rings[0].consumer_, "lane0.consumer");
    M_NAME(&slots[0][0], "lane0.slot0");
    M_NAME(&slots[0][1], "lane0.slot1");
#if LANES > 1
    M_NAME(&rings[1], "lane1");
    M_NAME(&rings[1].consumer_, "lane1.consumer");
    M_NAME(&slots[1][0], "lane1.slot0");
    M_NAME(&slots[1][1], "lane1.slot1");
#endif
    M_NAME(&seats[0], "seat0");
#if WORKERS > 1
    M_NAME(&seats[1], "seat1");
#endif
#if WORKERS > 2
    M_NAME(&seats[2], "seat2");
#endif
}

/* As sti_work_submit does it, once the item is filled in. */
__attribute__((unused)) static int
submit(int lane, strait_work_t *work)
{
    int pushed = strait_ring_push(&rings[lane], work);

    if (pushed == STRAIT_RING_WAKE) {
#ifdef COVER_WAKE
        M_COVER("a submit wakes");
#endif
        (void)sti_parking_wake_one(&pool.parking);
    }
    return pushed;
}

/* As strait_pool_close does it. */
__attribute__((unused)) static void
close_pool(void)
{
    uint32_t n_lanes;
    uint32_t i;

#ifdef REAL_POOL
    M_ASSERT(strait_pool_close(&pool) == 0);
    return;
#endif
    M_ASSERT(strait_xchg_sc(&pool.closed, 1) == 0);
    n_lanes = strait_load_sc(&pool.n_lanes);
    for (i = 0; i < n_lanes; i++)
        (void)strait_ring_close(pool.rings[i]);
    sti_parking_wake_all(&pool.parking);
}

#endif /* STRAIT_MODEL_LANE_COMMON_H */
