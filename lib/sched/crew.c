/* SPDX-License-Identifier: MIT */
/*
 * crew.c - threads that serve the same lanes: how they start, how a crew that
 * may grow does so, and how they end.
 *
 * The crew of the CPU lanes has its threads from the beginning to the end. That
 * of a lane of class BLOCKING keeps one of them idle as long as it may grow:
 * whoever leaves idleness as the last one starts the next before it enters a
 * function that may wait for ever (worker.c, duty). So a submit wakes a thread,
 * and starts one itself only if there is none at all.
 *
 *     threads of a lane with max_threads 4; R runs an item, i is idle
 *     i       R i       R R i       R R R i       R R R R    full: items wait
 *
 * A thread that was idle for idle_ns ends. It takes its bit out of the idle
 * set, then its place out of `size`, a gate: a submit that found nobody idle,
 * and could not start a thread, has set WANTED there, and the thread that is
 * leaving comes back. If the lane is left with no thread it is left armed, so
 * that the next submit starts one.
 *
 * A thread that the system refuses is tried for again by later submits
 * (short_handed).
 *
 * If that fails, and there is no other thread, nobody would ever serve the
 * lane: what is queued ends with -EAGAIN, and the lane is armed again.
 *
 * A seat whose thread has ended is joined by whoever takes it next, or by
 * destroy.
 *
 * Edges (T2 is in gate.h).
 *   K1  occupied ENDED of the thread -> of who takes the seat      its memory
 *   K3  cells entry -> load of the statistics      the zeros of a new one
 *   K2  n_live decrement -> load in pool.c      all that the thread has done
 *
 * Tests: tests/sched/test_pool_threads.c, test_blocking.c.
 */
#define _GNU_SOURCE
#include "sched/submit.h"

#include "base/futex.h"
#include "base/gap.h"
#include "base/memory.h"

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

int
sti_crew_init(
    sti_crew_t *crew, strait_pool_t *pool, uint32_t n_seats, const char *name)
{
    const strait_allocator_t *allocator = &pool->allocator;
    uint32_t n_words = STI_PARKING_WORDS(n_seats);
    uint32_t i;

    crew->pool = pool;
    crew->name = name;
    crew->n_seats = n_seats;
    crew->first_index = pool->next_index;
    crew->workers = sti_alloc(allocator, n_seats * sizeof crew->workers[0]);
    crew->seats = sti_alloc(allocator, n_seats * sizeof crew->seats[0]);
    crew->idle = sti_alloc(allocator, n_words * sizeof crew->idle[0]);
    crew->idle_helpers = sti_alloc(allocator, n_words * sizeof crew->idle[0]);
    if (crew->workers == NULL || crew->seats == NULL || crew->idle == NULL ||
        crew->idle_helpers == NULL)
        return -ENOMEM;
    for (i = 0; i < n_seats; i++) {
        crew->workers[i].pool = pool;
        crew->workers[i].crew = crew;
        crew->workers[i].seat = i;
        crew->workers[i].fork.random = i + 1;
    }
    sti_parking_init(&crew->parking, crew->idle, crew->seats, n_seats);
    sti_parking_init(&crew->helpers, crew->idle_helpers, crew->seats, n_seats);
    sti_gate_init(&crew->size, n_seats);
    pool->next_index += n_seats;
    return 0;
}

void
sti_crew_free(sti_crew_t *crew)
{
    const strait_allocator_t *allocator;
    uint32_t i;

    if (crew->pool == NULL)
        return;
    allocator = &crew->pool->allocator;
    if (crew->workers != NULL) {
        for (i = 0; i < crew->n_seats; i++) {
            sti_fork_free(&crew->workers[i]);
            if (crew->workers[i].scratch != NULL) {
                sti_free(allocator, crew->workers[i].scratch,
                    crew->pool->config.scratch_bytes);
            }
        }
        sti_free(
            allocator, crew->workers, crew->n_seats * sizeof crew->workers[0]);
    }
    if (crew->seats != NULL)
        sti_free(allocator, crew->seats, crew->n_seats * sizeof crew->seats[0]);
    if (crew->idle != NULL) {
        sti_free(allocator, crew->idle,
            STI_PARKING_WORDS(crew->n_seats) * sizeof crew->idle[0]);
    }
    if (crew->idle_helpers != NULL) {
        sti_free(allocator, crew->idle_helpers,
            STI_PARKING_WORDS(crew->n_seats) * sizeof crew->idle[0]);
    }
}

/* All signals but those that report a fault of the thread itself: they are the
 * program's to receive, on its own threads. */
static void
block_signals(sigset_t *ret_old)
{
    sigset_t blocked;

    (void)sigfillset(&blocked);
    (void)sigdelset(&blocked, SIGSEGV);
    (void)sigdelset(&blocked, SIGBUS);
    (void)sigdelset(&blocked, SIGFPE);
    (void)sigdelset(&blocked, SIGILL);
    (void)sigdelset(&blocked, SIGTRAP);
    (void)sigdelset(&blocked, SIGSYS);
    (void)pthread_sigmask(SIG_SETMASK, &blocked, ret_old);
}

/* CPUs that a thread of the crew is pinned to; 0, or why it cannot be. */
static int
pin(pthread_attr_t *attr, const sti_crew_t *crew, uint32_t seat)
{
    const strait_pool_config_t *config = &crew->pool->config;
    uint32_t top = 0;
    cpu_set_t *set;
    size_t size;
    uint32_t i;
    int err;

    if (config->cpus == NULL)
        return 0;
    for (i = 0; i < config->n_cpus; i++)
        top = config->cpus[i] > top ? config->cpus[i] : top;
    set = CPU_ALLOC((size_t)top + 1);
    if (set == NULL)
        return -ENOMEM;
    size = CPU_ALLOC_SIZE((size_t)top + 1);
    CPU_ZERO_S(size, set);
    for (i = 0; i < config->n_cpus; i++) {
        if (crew != &crew->pool->cpu || i == seat % config->n_cpus)
            CPU_SET_S((size_t)config->cpus[i], size, set);
    }
    err = pthread_attr_setaffinity_np(attr, size, set);
    CPU_FREE(set);
    return -err;
}

/* Takes this seat if it has no thread. */
static bool
take_one(sti_worker_t *worker)
{
    uint32_t seen = STI_SEAT_FREE;

    /* [K1:acq] */
    if (strait_cas_acquire(&worker->occupied, &seen, STI_SEAT_LIVE))
        return true;
    /* [K1:acq] */
    if (seen != STI_SEAT_ENDED ||
        !strait_cas_acquire(&worker->occupied, &seen, STI_SEAT_LIVE))
        return false;
    /* It is in its last few instructions. */
    (void)pthread_join(worker->thread, NULL);
    return true;
}

/* A seat without a thread, now the caller's. There is one for each place in
 * `size`, and some to spare; only if as many threads as that are on their way
 * out, in on_exit, it waits for one of them. */
static sti_worker_t *
take_seat(sti_crew_t *crew)
{
    sti_gap_t gap = STI_GAP_INIT;

    for (;;) {
        uint32_t i;

        for (i = 0; i < crew->n_seats; i++) {
            if (take_one(&crew->workers[i]))
                return &crew->workers[i];
        }
        sti_gap_wait(&gap);
    }
}

/* What a seat needs before its first thread; kept from thread to thread. */
static int
furnish(sti_worker_t *worker)
{
    sti_crew_t *crew = worker->crew;
    strait_pool_t *pool = worker->pool;
    size_t bytes = pool->config.scratch_bytes;

    if (bytes != 0) {
        if (worker->scratch == NULL)
            worker->scratch = sti_alloc(&pool->allocator, bytes);
        else
            memset(worker->scratch, 0, bytes);
        if (worker->scratch == NULL)
            return -ENOMEM;
    }
    if (crew != &pool->cpu) {
        STRAIT_ATOMIC(sti_cell_t *) *place =
            &crew->lanes[0]->cells[worker->seat];

        /* rlx: the seat is ours. */
        if (strait_load_rlx(place) == NULL) {
            sti_cell_t *cell = sti_alloc(&pool->allocator, sizeof *cell);

            if (cell == NULL)
                return -ENOMEM;
            /* [K3:rel] its zeros, to whoever reads the statistics. */
            strait_store_release(place, cell);
        }
    }
    return 0;
}

/* Starts a thread on a seat of the caller's. */
static int
start_on(sti_worker_t *worker)
{
    strait_pool_t *pool = worker->pool;
    sti_crew_t *crew = worker->crew;
    pthread_attr_t attr;
    sigset_t old;
    int err = furnish(worker);

    if (err == 0)
        err = -pthread_attr_init(&attr);
    if (err != 0)
        return err;
    if (pool->config.stack_bytes != 0)
        err = -pthread_attr_setstacksize(&attr, pool->config.stack_bytes);
    if (err == 0)
        err = pin(&attr, crew, worker->seat);
    if (err == 0) {
        /* rlx: read again only after K2 of this thread. */
        (void)strait_add_rlx(&pool->n_live, 1);
        block_signals(&old);
        err = -pthread_create(&worker->thread, &attr, sti_worker_main, worker);
        (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
        if (err != 0) {
            /* [K2:rel] nothing; who waits for the last thread must hear of
             * this, too. */
            (void)strait_add_release(&pool->n_live, 0 - (uint32_t)1);
            (void)sti_futex_wake(&pool->n_live, INT_MAX, UINT32_MAX);
        }
    }
    (void)pthread_attr_destroy(&attr);
    return err;
}

uint32_t
sti_crew_start(sti_crew_t *crew, uint32_t n, int *ret_err)
{
    uint32_t i;

    *ret_err = 0;
    for (i = 0; i < n; i++) {
        sti_worker_t *worker = take_seat(crew);

        *ret_err = start_on(worker);
        if (*ret_err != 0) {
            /* [K1:rel] what furnish has left there. */
            strait_store_release(&worker->occupied, STI_SEAT_FREE);
            /* rlx: a statistic. */
            (void)strait_add_rlx(&crew->pool->n_start_failed, 1);
            break;
        }
    }
    return i;
}

bool
sti_crew_grow(sti_crew_t *crew)
{
    bool wanted = false;
    int saved = errno;
    bool started;
    int err;

    if (!sti_gate_enter(&crew->size))
        return false;
    started = sti_crew_start(crew, 1, &err) == 1;
    errno = saved;
    if (started) {
        /* rlx: here and below, see submit.h. */
        if (strait_load_rlx(&crew->lanes[0]->short_handed) != 0) {
            /* rlx: as above. */
            strait_store_rlx(&crew->lanes[0]->short_handed, 0);
        }
        /* rlx: a statistic. */
        (void)strait_add_rlx(&crew->pool->n_started, 1);
        return true;
    }
    /* rlx: as above. */
    strait_store_rlx(&crew->lanes[0]->short_handed, 1);
    /* Who has set WANTED beside us is served by the caller: a thread of this
     * crew, or sti_crew_call. */
    (void)sti_gate_leave_above(&crew->size, 0, &wanted);
    return false;
}

bool
sti_crew_find(sti_crew_t *crew)
{
    for (;;) {
        if (sti_parking_wake_one(&crew->parking) || sti_crew_grow(crew))
            return true;
        /* All run something, or are about to leave and then come back. */
        if (sti_gate_want(&crew->size))
            return true;
        /* rlx: our own, or of somebody who has tried beside us. */
        if (strait_load_rlx(&crew->lanes[0]->short_handed) != 0)
            return sti_gate_tell(&crew->size);
    }
}

void
sti_crew_call(strait_lane_t *lane)
{
    sti_crew_t *crew = lane->crew;

    if (crew->idle_ns == 0) {
        (void)sti_parking_wake_one(&crew->parking);
        return;
    }
    for (;;) {
        if (sti_crew_find(crew))
            return;
        /* The system grants no thread, and there is none: see above. */
        (void)sti_lane_end_all(lane, STI_WORK_REFUSED, UINT64_MAX);
        if (strait_ring_arm(&lane->outlet.ring) ||
            strait_ring_is_closed(&lane->outlet.ring))
            return;
    }
}

void
sti_thread_started(sti_worker_t *worker)
{
    const sti_crew_t *crew = worker->crew;
    bool cpu = crew == &worker->pool->cpu;
    int nice = worker->pool->config.nice;
    char name[16];

    (void)snprintf(name, sizeof name, "%.*s%s%.4s:%u", cpu ? 11 : 5,
        worker->pool->name, cpu ? "" : "/", crew->name, worker->seat % 1024);
    (void)pthread_setname_np(pthread_self(), name);
    /* Of this thread only, as Linux has it; less urgent is always allowed. */
    if (nice != 0)
        (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + nice);
}

void
sti_thread_ended(sti_worker_t *worker)
{
    strait_pool_t *pool = worker->pool;
    STRAIT_ATOMIC(uint32_t) *n_live = &pool->n_live;

    /* [K1:rel] the seat is free but for the join. */
    strait_store_release(&worker->occupied, STI_SEAT_ENDED);
    /* [K2:rel] all that this thread has done. */
    (void)strait_add_release(n_live, 0 - (uint32_t)1);
    (void)sti_futex_wake(n_live, INT_MAX, UINT32_MAX);
}

void
sti_crew_join(sti_crew_t *crew)
{
    uint32_t i;

    for (i = 0; i < crew->n_seats; i++) {
        sti_worker_t *worker = &crew->workers[i];

        /* [K1:acq] nobody starts threads any more; a live one is waited for. */
        if (strait_load_acquire(&worker->occupied) != STI_SEAT_FREE) {
            (void)pthread_join(worker->thread, NULL);
            /* rlx: nobody else uses the seats any more. */
            strait_store_rlx(&worker->occupied, STI_SEAT_FREE);
        }
    }
}
