/* SPDX-License-Identifier: MIT */
/*
 * stats.c - what a pool, its workers and its lanes have done and are at. All of
 * it is counted anyway, by single writers; here it is only added up.
 */
#include "sched/submit.h"

#include "sched/choose.h"

#include <string.h>

static void
add_worker(const sti_worker_t *worker, strait_pool_stats_t *sum)
{
    sum->n_parks += sti_counter_read(&worker->n_parks);
    sum->n_wakes += sti_counter_read(&worker->n_wakes);
    sum->n_gap_waits += sti_counter_read(&worker->n_gap_waits);
    sum->n_naps += sti_counter_read(&worker->n_naps);
}

static uint64_t
lane_n_run(const strait_lane_t *lane)
{
    uint64_t n = 0;
    uint32_t i;

    for (i = 0; i < lane->crew->n_seats; i++) {
        /* [K3:acq] the zeros it began with. */
        const sti_cell_t *cell = strait_load_acquire(&lane->cells[i]);

        if (cell != NULL)
            n += sti_counter_read(&cell->n_run);
    }
    return n;
}

int
strait_pool_stats(const strait_pool_t *pool, strait_pool_stats_t *stats)
{
    strait_pool_stats_t sum = STRAIT_POOL_STATS_INIT;
    uint32_t n_lanes;
    uint32_t i;
    uint32_t k;

    if (pool == NULL || stats == NULL || stats->size != sizeof *stats)
        return -EINVAL;
    sum.n_workers = pool->n_workers;
    /* [L1:acq] the entries it counts. */
    n_lanes = strait_load_acquire(&pool->n_lanes);
    for (i = 0; i < pool->cpu.n_seats; i++)
        add_worker(&pool->cpu.workers[i], &sum);
    for (i = 0; i < n_lanes; i++) {
        const strait_lane_t *lane = pool->lanes[i];

        sum.n_run += lane_n_run(lane);
        for (k = 0; lane->crew == &lane->own && k < lane->own.n_seats; k++)
            add_worker(&lane->own.workers[k], &sum);
    }
    /* rlx: statistics, here and below. */
    sum.n_started = strait_load_rlx(&pool->n_started);
    /* rlx: as above. */
    sum.n_start_failed = strait_load_rlx(&pool->n_start_failed);
    *stats = sum;
    return 0;
}

/* How long the item of a worker has run; 0 if it runs none. */
static uint64_t
running_ns(const sti_worker_t *worker, uint64_t now_ns)
{
    uint64_t begun_ns;

    /* rlx: statistics, here and below. */
    if (strait_load_rlx(&worker->running) == NULL)
        return 0;
    /* rlx: as above. */
    begun_ns = strait_load_rlx(&worker->begun_ns);
    return now_ns > begun_ns ? now_ns - begun_ns : 1;
}

int
strait_worker_stats(
    const strait_pool_t *pool, uint32_t worker, strait_worker_stats_t *stats)
{
    strait_worker_stats_t sum = { .size = (uint32_t)sizeof sum };
    const sti_worker_t *one;
    uint32_t n_lanes;
    uint32_t i;

    if (pool == NULL || stats == NULL || stats->size != sizeof *stats ||
        worker >= pool->n_workers)
        return -EINVAL;
    one = &pool->cpu.workers[worker];
    /* [L1:acq] the entries it counts. */
    n_lanes = strait_load_acquire(&pool->cpu.n_lanes);
    for (i = 0; i < n_lanes; i++) {
        /* rlx: as old as the lane. */
        const sti_cell_t *cell = strait_load_rlx(
            &pool->cpu.lanes[i]->cells[worker]);

        sum.n_run += sti_counter_read(&cell->n_run);
    }
    sum.n_parks = sti_counter_read(&one->n_parks);
    sum.n_wakes = sti_counter_read(&one->n_wakes);
    sum.n_gap_waits = sti_counter_read(&one->n_gap_waits);
    sum.n_naps = sti_counter_read(&one->n_naps);
    /* rlx: statistics, here and below. */
    sum.parked = strait_load_rlx(&one->parked);
    /* rlx: as above. */
    sum.running = strait_load_rlx(&one->running);
    sum.running_ns = running_ns(one, strait_now_ns());
    if (sum.running == NULL)
        sum.running_ns = 0;
    *stats = sum;
    return 0;
}

static void
add_cell(const sti_cell_t *cell, strait_lane_stats_t *sum)
{
    uint32_t i;

    sum->n_run += sti_counter_read(&cell->n_run);
    sum->n_wakes += sti_counter_read(&cell->n_woken);
    sum->n_removed += sti_counter_read(&cell->n_removed);
    for (i = 0; i < STRAIT_HISTOGRAM_BUCKETS; i++) {
        sum->wait.count[i] += sti_counter_read(&cell->wait[i]);
        sum->run.count[i] += sti_counter_read(&cell->run[i]);
    }
}

int
strait_lane_stats(const strait_lane_t *lane, strait_lane_stats_t *stats)
{
    uint64_t now_ns;
    uint64_t head_ns;
    uint64_t n_voided;
    uint32_t i;

    if (lane == NULL || stats == NULL || stats->size != sizeof *stats)
        return -EINVAL;
    memset(stats, 0, sizeof *stats);
    stats->size = (uint32_t)sizeof *stats;
    now_ns = strait_now_ns();
    for (i = 0; i < lane->crew->n_seats; i++) {
        const sti_worker_t *worker = &lane->crew->workers[i];
        uint64_t ns = running_ns(worker, now_ns);

        /* [K3:acq] the zeros it began with. */
        const sti_cell_t *cell = strait_load_acquire(&lane->cells[i]);

        if (cell != NULL)
            add_cell(cell, stats);
        /* rlx: statistics, here and below. */
        stats->n_threads += strait_load_rlx(&worker->occupied) == STI_SEAT_LIVE;
        /* rlx: as above. */
        if (ns == 0 || strait_load_rlx(&worker->lane) != lane)
            continue;
        stats->running++;
        if (ns > stats->longest_run_ns)
            stats->longest_run_ns = ns;
    }
    /* rlx: statistics, here and below. */
    n_voided = strait_load_rlx(&lane->n_voided);
    /* rlx: as above. */
    stats->n_submitted =
        (strait_load_rlx(&lane->outlet.ring.producer_) >> STRAIT_RING_SHIFT_) -
        n_voided;
    /* rlx: as above. */
    stats->n_rejected = strait_load_rlx(&lane->n_rejected);
    /* rlx: as above. */
    stats->n_removed += strait_load_rlx(&lane->n_removed);
    stats->n_wakes_avoided = stats->n_submitted + n_voided - stats->n_wakes;
    /* rlx: as above. */
    stats->n_lost = strait_load_rlx(&lane->n_lost);
    stats->queued = strait_ring_length(&lane->outlet.ring);
    head_ns = sti_lane_head_ns(lane);
    if (head_ns < now_ns)
        stats->head_age_ns = now_ns - head_ns;
    if (lane->ordered)
        stats->n_held = sti_order_held(&lane->order);
    return 0;
}
