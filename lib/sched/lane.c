/* SPDX-License-Identifier: MIT */
/*
 * lane.c - the named, bounded queues of a pool: how one is made, and what it is
 * asked. The order in which lanes are served is in choose.h, how workers sleep
 * on them in parking.h.
 *
 * A new lane starts without ARMED. It is counted first, then everybody who is
 * parked is woken: they look again, and arm it before they sleep again. A lane
 * of class BLOCKING that has no threads yet is armed here, so that the first
 * submit starts one (crew.c).
 */
#include "sched/submit.h"

#include "base/memory.h"

#include <string.h>

/* Seats beyond max_threads, for threads that are on their way out. */
#define SPARE_SEATS 8

/* What a configuration comes to, defaults filled in; 0 or -EINVAL. */
static int
settle(strait_lane_config_t *config)
{
    bool blocking = config->lane_class == STRAIT_LANE_BLOCKING;

    if (config->name == NULL)
        config->name = "lane";
    if (config->max_queued == 0)
        config->max_queued = STRAIT_LANE_QUEUED_DEFAULT;
    if (config->weight == 0)
        config->weight = 1;
    if (config->max_queued < 2 || config->max_queued > STRAIT_LANE_QUEUED_MAX ||
        (config->max_queued & (config->max_queued - 1)) != 0 ||
        config->low_water >= config->max_queued ||
        config->priority > STRAIT_LANE_PRIORITY_MAX ||
        config->weight > STRAIT_LANE_WEIGHT_MAX ||
        config->lane_class > STRAIT_LANE_BLOCKING ||
        config->order > STRAIT_ORDER_SERIAL || config->reserved != 0)
        return -EINVAL;
    if (config->low_water == 0)
        config->low_water = config->max_queued / 4;

    if (config->order != STRAIT_ORDER_SUBMIT && config->window != 0)
        return -EINVAL;
    if (config->window == 0)
        config->window = STRAIT_LANE_WINDOW_DEFAULT;
    if (config->window < 2 || config->window > STRAIT_LANE_QUEUED_MAX ||
        (config->window & (config->window - 1)) != 0)
        return -EINVAL;

    if (!blocking) {
        if (config->min_threads != 0 || config->max_threads != 0 ||
            config->idle_ms != 0)
            return -EINVAL;
        if (config->order == STRAIT_ORDER_SERIAL) {
            if (config->max_running > 1)
                return -EINVAL;
            config->max_running = 1;
        }
        return 0;
    }
    if (config->max_running != 0 || config->weight != 1)
        return -EINVAL;
    if (config->order == STRAIT_ORDER_SERIAL) {
        if (config->min_threads > 1 || config->max_threads > 1)
            return -EINVAL;
        config->max_threads = 1;
    }
    if (config->max_threads == 0) {
        config->max_threads = config->min_threads > STRAIT_LANE_THREADS_DEFAULT
            ? config->min_threads
            : STRAIT_LANE_THREADS_DEFAULT;
    }
    if (config->idle_ms == 0)
        config->idle_ms = STRAIT_LANE_IDLE_MS_DEFAULT;
    return config->max_threads <= STRAIT_LANE_THREADS_MAX &&
            config->min_threads <= config->max_threads
        ? 0
        : -EINVAL;
}

/* A number of blocks that a lane has, and what becomes of them. */
static uint32_t
n_cells(const strait_lane_t *lane)
{
    return lane->crew->n_seats;
}

void
sti_lane_free(strait_lane_t *lane)
{
    const strait_allocator_t allocator = lane->pool->allocator;
    uint32_t i;

    if (lane->ordered)
        sti_order_close(&lane->order);
    if (lane->cells != NULL) {
        for (i = 0; i < n_cells(lane); i++) {
            /* rlx: nobody else uses the lane any more. */
            sti_cell_t *cell = strait_load_rlx(&lane->cells[i]);

            if (cell != NULL)
                sti_free(&allocator, cell, sizeof *cell);
        }
        sti_free(
            &allocator, lane->cells, n_cells(lane) * sizeof lane->cells[0]);
    }
    if (lane->slots != NULL) {
        sti_free(
            &allocator, lane->slots, lane->max_queued * sizeof lane->slots[0]);
    }
    if (lane->removal.notes != NULL) {
        sti_free(&allocator, lane->removal.notes,
            lane->max_queued * sizeof lane->removal.notes[0]);
    }
    if (lane->stamps != NULL) {
        sti_free(
            &allocator, lane->stamps, lane->n_stamps * sizeof lane->stamps[0]);
    }
    sti_crew_free(&lane->own);
    sti_free(&allocator, lane, sizeof *lane);
}

/* The crew of a lane of class BLOCKING. */
static int
make_crew(strait_lane_t *lane, const strait_lane_config_t *config)
{
    sti_crew_t *crew = &lane->own;
    int err = sti_crew_init(
        crew, lane->pool, config->max_threads + SPARE_SEATS, lane->name);

    if (err != 0)
        return err;
    sti_gate_init(&crew->size, config->max_threads);
    crew->min_threads = config->min_threads;
    /* A crew that cannot grow is one whose threads stay. */
    if (config->min_threads != config->max_threads)
        crew->idle_ns = (uint64_t)config->idle_ms * 1000000;
    crew->lanes[0] = lane;
    crew->outlets[0] = &lane->outlet;
    /* rlx: no thread has started. */
    strait_store_rlx(&crew->n_lanes, 1);
    return 0;
}

/* All that a lane has but its threads. */
static int
furnish(strait_lane_t *lane, const strait_lane_config_t *config)
{
    const strait_allocator_t *allocator = &lane->pool->allocator;
    int err = 0;
    uint32_t i;

    lane->crew = &lane->pool->cpu;
    if (config->lane_class == STRAIT_LANE_BLOCKING) {
        lane->crew = &lane->own;
        err = make_crew(lane, config);
    }
    if (err != 0)
        return err;
    lane->slots = sti_alloc(
        allocator, config->max_queued * sizeof *lane->slots);
    lane->removal.notes = sti_alloc(
        allocator, config->max_queued * sizeof *lane->removal.notes);
    lane->cells = sti_alloc(allocator, n_cells(lane) * sizeof *lane->cells);
    lane->n_stamps = STI_STAMPS;
    if (config->max_queued > STI_STAMPS)
        lane->n_stamps += config->max_queued / STI_STAMP_STEP;
    lane->stamps = sti_alloc(allocator, lane->n_stamps * sizeof *lane->stamps);
    if (lane->slots == NULL || lane->removal.notes == NULL ||
        lane->cells == NULL || lane->stamps == NULL)
        return -ENOMEM;
    /* The others come with their threads (crew.c). */
    for (i = 0; i < n_cells(lane) && lane->crew == &lane->pool->cpu; i++) {
        sti_cell_t *cell = sti_alloc(allocator, sizeof *cell);

        if (cell == NULL)
            return -ENOMEM;
        /* rlx: nobody knows the lane yet. */
        strait_store_rlx(&lane->cells[i], cell);
    }
    return strait_ring_init(
        &lane->outlet.ring, lane->slots, config->max_queued);
}

/* A lane that nobody knows yet. */
static int
build(strait_lane_t **ret_lane, strait_pool_t *pool,
    const strait_lane_config_t *config)
{
    strait_lane_t *lane = sti_alloc(&pool->allocator, sizeof *lane);
    int err;

    if (lane == NULL)
        return -ENOMEM;
    lane->pool = pool;
    lane->low_water = config->low_water;
    lane->priority = (uint8_t)config->priority;
    lane->weight = config->weight;
    lane->max_queued = config->max_queued;
    memcpy(lane->name, config->name, strlen(config->name) + 1);
    sti_gate_init(&lane->outlet.gate, config->max_running);
    err = furnish(lane, config);
    if (err != 0) {
        sti_lane_free(lane);
        return err;
    }
    lane->ordered = config->order == STRAIT_ORDER_SUBMIT;
    if (lane->ordered)
        sti_order_init(&lane->order, config->window, &pool->allocator);
    *ret_lane = lane;
    return 0;
}

/* Starts the threads that a lane of class BLOCKING has from the beginning. */
static int
man(strait_lane_t *lane)
{
    sti_crew_t *crew = lane->crew;
    uint32_t n;
    int err;

    if (crew == &lane->pool->cpu)
        return 0;
    if (crew->min_threads == 0) {
        bool armed = strait_ring_arm(&lane->outlet.ring);

        STI_CHECK(1, armed);
        (void)armed;
        return 0;
    }
    for (n = 0; n < crew->min_threads; n++) {
        if (!sti_gate_enter(&crew->size) || sti_crew_start(crew, 1, &err) == 0)
            break;
    }
    if (n == crew->min_threads)
        return 0;
    (void)sti_gate_leave(&crew->size);
    if (n == 0)
        return -EAGAIN;
    sti_report(STRAIT_REPORT_WARNING,
        "strait: lane '%s' asked for %u threads and got %u (%s)", lane->name,
        crew->min_threads, n, strait_error_name(err));
    return 0;
}

static int
create(strait_lane_t **ret_lane, strait_pool_t *pool,
    const strait_lane_config_t *config)
{
    static const strait_lane_config_t defaults = STRAIT_LANE_CONFIG_INIT;
    strait_lane_config_t settled;
    strait_lane_t *lane;
    uint32_t n_lanes;
    int err;

    if (config == NULL)
        config = &defaults;
    if (ret_lane == NULL || pool == NULL || config->size != sizeof *config)
        return -EINVAL;
    if (sti_forked(pool->fork_generation))
        return -ECHILD;
    settled = *config;
    err = settle(&settled);
    if (err != 0)
        return err;
    if (strlen(settled.name) >= sizeof lane->name)
        return -EINVAL;
    /* rlx: 0 or 1; a close that comes later is caught below. */
    if (strait_load_rlx(&pool->closed) != 0)
        return -ESHUTDOWN;
    /* rlx: one thread at a time creates lanes, says the contract. */
    n_lanes = strait_load_rlx(&pool->n_lanes);
    if (n_lanes == STRAIT_POOL_LANES_MAX)
        return -ENOSPC;
    err = build(&lane, pool, &settled);
    if (err != 0)
        return err;
    err = man(lane);
    if (err != 0) {
        sti_lane_free(lane);
        return err;
    }
    sti_lane_add(lane, n_lanes);
    *ret_lane = lane;
    return 0;
}

void
sti_lane_add(strait_lane_t *lane, uint32_t n_lanes)
{
    strait_pool_t *pool = lane->pool;
    sti_crew_t *crew = lane->crew;

    lane->number = n_lanes;
    pool->lanes[n_lanes] = lane;
    if (crew == &pool->cpu) {
        /* rlx: ours alone to write, as n_lanes of the pool. */
        uint32_t n = strait_load_rlx(&crew->n_lanes);

        crew->lanes[n] = lane;
        crew->outlets[n] = &lane->outlet;
        /* [L1:rel] the two entries. */
        strait_store_release(&crew->n_lanes, n + 1);
    }
    /* [L1:rel] the entry. SC: store-load with strait_pool_close, which stores
     * `closed` and then loads this count: if it misses the new lane, the load
     * below sees `closed`. */
    strait_store_sc(&pool->n_lanes, n_lanes + 1);
    /* SC: store-load, the other half of the above. */
    if (strait_load_sc(&pool->closed) != 0) {
        (void)strait_ring_close(&lane->outlet.ring);
        /* Somebody may have found it in between, and the workers be gone. */
        (void)sti_lane_end_all(lane, STI_WORK_CANCELED, UINT64_MAX);
        sti_lane_drained(lane, -ESHUTDOWN);
    }
    sti_parking_wake_all(&crew->parking);
}

int
strait_lane_create(strait_lane_t **ret_lane, strait_pool_t *pool,
    const strait_lane_config_t *config)
{
    int saved = errno;
    int err = create(ret_lane, pool, config);

    errno = saved;
    return err;
}

strait_lane_t *
strait_lane_find(strait_pool_t *pool, const char *name)
{
    uint32_t n_lanes;
    uint32_t i;

    if (pool == NULL || name == NULL)
        return NULL;
    /* [L1:acq] the entries it counts. */
    n_lanes = strait_load_acquire(&pool->n_lanes);
    for (i = 0; i < n_lanes; i++) {
        if (strcmp(pool->lanes[i]->name, name) == 0)
            return pool->lanes[i];
    }
    return NULL;
}

const char *
strait_lane_name(const strait_lane_t *lane)
{
    return lane != NULL ? lane->name : "";
}

size_t
strait_lane_queued(const strait_lane_t *lane)
{
    return lane != NULL ? strait_ring_length(&lane->outlet.ring) : 0;
}
