/* SPDX-License-Identifier: MIT */
/*
 * lane.c - the named, bounded queues of a pool. A lane is a ring plus a name;
 * the order in which lanes are served is in worker.c, how workers sleep on them
 * in parking.h.
 *
 * A new lane starts without ARMED. It is counted first, then everybody who is
 * parked is woken: they look again, and arm it before they sleep again.
 */
#include "sched/sched_priv.h"

#include "base/fork.h"
#include "base/memory.h"

#include <errno.h>
#include <string.h>

/* The largest max_queued. */
#define QUEUED_MAX ((uint32_t)1 << 20)

int
strait_lane_create(strait_lane_t **ret_lane, strait_pool_t *pool,
    const strait_lane_config_t *config)
{
    static const strait_lane_config_t defaults = STRAIT_LANE_CONFIG_INIT;
    const char *name;
    strait_lane_t *lane;
    uint32_t max_queued;
    uint32_t n_lanes;
    size_t size;
    int err;

    if (config == NULL)
        config = &defaults;
    if (ret_lane == NULL || pool == NULL || config->size != sizeof *config)
        return -EINVAL;
    if (sti_forked(pool->fork_generation))
        return -ECHILD;
    name = config->name != NULL ? config->name : "lane";
    max_queued = config->max_queued != 0 ? config->max_queued
                                         : STRAIT_LANE_QUEUED_DEFAULT;
    if (max_queued < 2 || max_queued > QUEUED_MAX ||
        (max_queued & (max_queued - 1)) != 0 ||
        strlen(name) >= sizeof lane->name)
        return -EINVAL;
    /* rlx: 0 or 1; a close that comes later is caught below. */
    if (strait_load_rlx(&pool->closed) != 0)
        return -ESHUTDOWN;
    /* rlx: one thread at a time creates lanes, says the contract. */
    n_lanes = strait_load_rlx(&pool->n_lanes);
    if (n_lanes == STRAIT_POOL_LANES_MAX)
        return -ENOSPC;

    size = sizeof *lane + max_queued * sizeof lane->slots[0];
    lane = sti_alloc(&pool->allocator, size);
    if (lane == NULL)
        return -ENOMEM;
    lane->pool = pool;
    lane->size_bytes = size;
    memcpy(lane->name, name, strlen(name) + 1);
    err = strait_ring_init(&lane->ring, lane->slots, max_queued);
    if (err != 0) {
        sti_free(&pool->allocator, lane, size);
        return err;
    }
    pool->lanes[n_lanes] = lane;
    pool->rings[n_lanes] = &lane->ring;
    /* [L1:rel] the two entries. SC: store-load with strait_pool_close, which
     * stores `closed` and then loads this count: if it misses the new lane, the
     * load below sees `closed`. */
    strait_store_sc(&pool->n_lanes, n_lanes + 1);
    /* SC: store-load, the other half of the above. */
    if (strait_load_sc(&pool->closed) != 0)
        (void)strait_ring_close(&lane->ring);
    sti_parking_wake_all(&pool->parking);
    *ret_lane = lane;
    return 0;
}

const char *
strait_lane_name(const strait_lane_t *lane)
{
    return lane != NULL ? lane->name : "";
}

size_t
strait_lane_queued(const strait_lane_t *lane)
{
    return lane != NULL ? strait_ring_length(&lane->ring) : 0;
}
