/* SPDX-License-Identifier: MIT */
/*
 * one_pool.h - the pool of a unit test, whose memory must all come back:
 *
 *     lane = open_pool(4);     // of its defaults, but for the workers
 *     ...
 *     close_pool();            // asserts that nothing is left
 */
#ifndef STRAIT_TESTS_ONE_POOL_H
#define STRAIT_TESTS_ONE_POOL_H

#include <strait/pool.h>

#include "blocks.h"
#include "unit.h"

static struct blocks blocks = BLOCKS_INIT;
static strait_pool_t *pool;

/* Answers with the lane that every pool has; the allocator is not the caller's
 * choice. */
static inline strait_lane_t *
open_pool_as(strait_pool_config_t config)
{
    config.allocator = blocks_allocator(&blocks);
    check_err(strait_pool_create(&pool, &config), 0);
    return strait_pool_lane(pool);
}

static inline strait_lane_t *
open_pool(uint32_t n_workers)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = n_workers;
    return open_pool_as(config);
}

static inline void
close_pool(void)
{
    check_err(strait_pool_destroy(pool), 0);
    pool = NULL;
    check_blocks(&blocks);
}

#endif /* STRAIT_TESTS_ONE_POOL_H */
