/* SPDX-License-Identifier: MIT */
/*
 * @obligation in a lane of class BLOCKING no item waits while fewer threads than
 *   max_threads have one, whatever those wait for, and whether threads are just
 *   being started or time out: as many items as threads, each of which ends only
 *   when all others have started; also if the system has refused a thread once,
 *   as far as items are submitted afterwards or end by themselves; each seat has one thread at a time, and each
 *   thread is joined. A close ends all threads after the last item
 * @core crew
 * @case 1t -DTHREADS=1 -DWARM=2
 * @case 2t -DTHREADS=2 -DWARM=1
 * @case 2t-1s -DTHREADS=2 -DSUBMITTERS=1 -DWARM=1
 * @case 3t -DTHREADS=3 -DWARM=0
 * @case 3t-1s -DTHREADS=3 -DSUBMITTERS=1 -DWARM=0
 * @case 3t-fails -DTHREADS=3 -DMIN=1 -DWARM=0 -DFAILS=1 -DTHREADS_MAX=5
 * @case 2t-min -DTHREADS=2 -DMIN=1 -DWARM=1
 */
#define _GNU_SOURCE
#define REAL_CREW
#ifndef FAILS
#define FAILS 0
#endif
/* Once there is a thread, some are refused. */
#define START_FAILS() (n_threads_started >= 1 && n_fails < FAILS && ++n_fails)
#include "model.h"
M_STATE int n_fails;
#define WORKERS THREADS
#define CAPACITY 4
#ifndef MIN
#define MIN 0
#endif
#ifndef SUBMITTERS
#define SUBMITTERS THREADS
#endif
#define ITEMS (THREADS / SUBMITTERS)
/* Each submitter begins with some items that wait for nobody. */
#define ROW (WARM + ITEMS)
#include "lane_common.h"

struct item {
    strait_work_t work;
    int ran;
};

M_STATE struct item items[SUBMITTERS][ROW];
M_STATE STRAIT_ATOMIC(uint32_t) n_started;
M_STATE STRAIT_ATOMIC(sti_cell_t *) cells[THREADS];

/* What belongs to a seat, and to whoever waits for the end of all threads. */
M_STATE int seat_is_used[THREADS];

static void
on_start(uint32_t index, void *arg)
{
    (void)arg;
    M_ASSERT(M_GET(&seat_is_used[index]) == 0);
    M_SET(&seat_is_used[index], 1);
}

static void
on_exit_of(uint32_t index, void *arg)
{
    (void)arg;
    M_ASSERT(M_GET(&seat_is_used[index]) == 1);
    M_SET(&seat_is_used[index], 0);
}

/* Not even one thread: the lane would have to give its items back. */
bool
sti_lane_end_all(strait_lane_t *lane, uint32_t why, uint64_t deadline_ns)
{
    (void)lane;
    (void)why;
    (void)deadline_ns;
    M_ASSERT(!"an item was refused although threads can be started");
    return true;
}

static void
run_item(strait_work_t *work, void *arg)
{
    struct item *item = STRAIT_CONTAINER_OF(work, struct item, work);
    int i = (int)(item - items[0]) % ROW;

    (void)arg;
    M_ASSERT(M_GET(&item->ran) == 0);
    M_SET(&item->ran, 1);
    if (i < WARM || FAILS > 0)
        return;
    (void)strait_add_rlx(&n_started, 1);
    M_AWAIT(strait_load_rlx(&n_started) == THREADS);
}

M_THREAD(submitter)
{
    struct item *mine = arg;
    int i;

    for (i = 0; i < ROW; i++)
        M_AWAIT(submit(0, &mine[i].work) != STRAIT_RING_FULL);
    return NULL;
}

/* As lane.c makes a crew of its own. */
static void
elastic_init(void)
{
    strait_lane_t *lane = &lanes[0];
    sti_crew_t *crew = &lane->own;
    int i;

    sti_parking_init(&crew->parking, idle, seats, SEATS);
    sti_gate_init(&crew->size, THREADS);
    crew->pool = &pool;
    crew->name = "";
    crew->n_seats = THREADS;
    crew->workers = workers;
    crew->seats = seats;
    crew->idle = idle;
    crew->min_threads = MIN;
    crew->idle_ns = IDLE_NS;
    crew->lanes[0] = lane;
    crew->outlets[0] = &lane->outlet;
    strait_store_rlx(&crew->n_lanes, 1);
    lane->crew = crew;
    lane->cells = cells;
    for (i = 0; i < THREADS; i++)
        workers[i].crew = crew;
    M_NAME(crew, "crew");
    M_NAME(&crew->size, "size");
    M_NAME(workers, "workers");
    M_NAME(&workers[0].occupied, "occupied0");
#if THREADS > 1
    M_NAME(&workers[1].occupied, "occupied1");
#endif
#if MIN > 0
    for (i = 0; i < MIN; i++) {
        int err = 0;

        M_ASSERT(sti_gate_enter(&crew->size));
        M_ASSERT(sti_crew_start(crew, 1, &err) == 1);
    }
#else
    M_ASSERT(strait_ring_arm(&lane->outlet.ring));
#endif
}

M_MAIN
{
    m_thread submitters[SUBMITTERS];
    int i;

    pool_init();
    strait_store_rlx(&pool.cpu.n_lanes, 0);
    pool.config.on_start = on_start;
    pool.config.on_exit = on_exit_of;
    elastic_init();
    for (i = 0; i < SUBMITTERS * ROW; i++)
        item_init(&items[i / ROW][i % ROW].work, run_item);
    for (i = 1; i < SUBMITTERS; i++)
        M_SPAWN(&submitters[i], submitter, items[i]);
    (void)submitter(items[0]);
    /* Before the close, which would wake everybody. */
    M_AWAIT(strait_load_acquire(&n_finished) == SUBMITTERS * ROW);
    for (i = 1; i < SUBMITTERS; i++)
        M_JOIN(submitters[i]);
#if MIN > 0
    M_ASSERT(strait_add_rlx(&lanes[0].own.size.word_, STI_ZERO) >=
        MIN * STI_GATE_ONE);
#endif
    close_pool();
    M_AWAIT(strait_load_acquire(&pool.n_live) == 0);
    for (i = 0; i < THREADS; i++)
        M_ASSERT(M_GET(&seat_is_used[i]) == 0);
    sti_crew_join(&lanes[0].own);
    M_ASSERT(n_threads_joined == n_threads_started);
    for (i = 0; i < SUBMITTERS * ROW; i++)
        M_ASSERT(M_GET(&items[i / ROW][i % ROW].ran) == 1);
}
