/* SPDX-License-Identifier: MIT */
/*
 * test_lane.c - lanes: configuration, limits, served in turn.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <strait/pool.h>
#include <unistd.h>

#include "blocks.h"
#include "mailbox.h"
#include "unit.h"

static struct blocks blocks = BLOCKS_INIT;
static strait_pool_t *pool;
static struct mailbox mailbox;

static void
set_up(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = 1;
    config.allocator = blocks_allocator(&blocks);
    check_err(strait_pool_create(&pool, &config), 0);
    mailbox_init(&mailbox);
}

static void
tear_down(void)
{
    check_err(strait_pool_destroy(pool), 0);
    cr_assert(
        blocks_complaint(&blocks) == NULL, "%s", blocks_complaint(&blocks));
}

TestSuite(lane, .init = set_up, .fini = tear_down, .timeout = 30);

Test(lane, names)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    char name[16] = "fifteen letters";
    strait_lane_t *lane;

    check_str(strait_lane_name(strait_pool_lane(pool)), "user");
    check_str(strait_lane_name(NULL), "");
    check_err(strait_lane_create(&lane, pool, NULL), 0);
    check_str(strait_lane_name(lane), "lane");
    check_err(strait_lane_create(&lane, pool, &config), 0);
    check_str(strait_lane_name(lane), "lane");
    config.name = name;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    memset(name, 'x', sizeof name - 1);
    check_str(strait_lane_name(lane), "fifteen letters");
    config.name = "";
    check_err(strait_lane_create(&lane, pool, &config), 0);
    check_str(strait_lane_name(lane), "");
}

Test(lane, bad_configurations_are_refused)
{
    static const uint32_t bad[] = { 1, 3, 100, 4097, (1u << 20) + 1, 1u << 21,
        UINT32_MAX };
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane = NULL;
    size_t i;

    check_err(strait_lane_create(NULL, pool, NULL), -EINVAL);
    check_err(strait_lane_create(&lane, NULL, NULL), -EINVAL);
    config.size = 0;
    check_err(strait_lane_create(&lane, pool, &config), -EINVAL);
    config.size = sizeof config - 1;
    check_err(strait_lane_create(&lane, pool, &config), -EINVAL);
    config = (strait_lane_config_t)STRAIT_LANE_CONFIG_INIT;
    config.name = "sixteen letters!";
    check_err(strait_lane_create(&lane, pool, &config), -EINVAL);
    config.name = NULL;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config.max_queued = bad[i];
        check_err(strait_lane_create(&lane, pool, &config), -EINVAL);
    }
    check_ptr(lane, NULL);
}

Test(lane, no_memory)
{
    strait_lane_t *lane = NULL;

    blocks.fail_at = 1;
    check_err(strait_lane_create(&lane, pool, NULL), -ENOMEM);
    check_ptr(lane, NULL);
    check_err(strait_lane_create(&lane, pool, NULL), 0);
}

Test(lane, no_more_than_the_limit)
{
    strait_lane_t *lane = NULL;
    strait_lane_t *last;
    int i;

    for (i = 1; i < STRAIT_POOL_LANES_MAX; i++)
        check_err(strait_lane_create(&lane, pool, NULL), 0);
    last = lane;
    check_err(strait_lane_create(&lane, pool, NULL), -ENOSPC);
    check_ptr(lane, last);
}

struct item {
    strait_work_t work;
    int lane;
};

static int n_started;
static int started[64];

static void
run(strait_work_t *work, void *arg)
{
    (void)work;
    started[n_started++] = ((struct item *)arg)->lane;
}

static void
submit(strait_lane_t *lane, struct item *item, int number)
{
    item->lane = number;
    strait_work_init(&item->work, run, NULL, item);
    check_err(strait_work_submit(lane, &item->work, &mailbox.sink), 0);
}

Test(lane, each_has_room_of_its_own)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    static struct item items[16];
    struct item extra;
    strait_lane_t *small;
    struct gate gate;
    int i;

    config.max_queued = 8;
    check_err(strait_lane_create(&small, pool, &config), 0);
    check_int(strait_lane_queued(small), 0);
    check_int(strait_lane_queued(NULL), 0);
    cr_assert(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
    for (i = 0; i < 8; i++) {
        submit(small, &items[i], 1);
        check_int(strait_lane_queued(small), i + 1);
    }
    strait_work_init(&extra.work, run, NULL, &extra);
    check_err(strait_work_submit(small, &extra.work, &mailbox.sink), -EAGAIN);
    submit(strait_pool_lane(pool), &extra, 0);
    check_int(strait_lane_queued(strait_pool_lane(pool)), 1);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 10));
    check_int(strait_lane_queued(small), 0);
    check_int(n_started, 9);
}

Test(lane, lanes_are_served_in_turn)
{
    static struct item items[3][12];
    strait_lane_t *lanes[3];
    struct gate gate;
    int n_ahead[3] = { 0, 0, 0 };
    int lane;
    int i;

    lanes[0] = strait_pool_lane(pool);
    check_err(strait_lane_create(&lanes[1], pool, NULL), 0);
    check_err(strait_lane_create(&lanes[2], pool, NULL), 0);
    n_started = 0;
    cr_assert(gate_close(&gate, lanes[0], &mailbox.sink));
    /* All of the first lane are there before any of the others. */
    for (lane = 0; lane < 3; lane++) {
        for (i = 0; i < 12; i++)
            submit(lanes[lane], &items[lane][i], lane);
    }
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 37));
    check_int(n_started, 36);
    for (i = 0; i < 36; i++) {
        n_ahead[started[i]]++;
        if (i % 3 == 2) {
            check_int(n_ahead[0], i / 3 + 1);
            check_int(n_ahead[1], i / 3 + 1);
            check_int(n_ahead[2], i / 3 + 1);
        }
    }
}

Test(lane, a_lane_added_while_the_workers_sleep_is_noticed)
{
    int i;

    for (i = 1; i < STRAIT_POOL_LANES_MAX; i++) {
        struct item item;
        strait_lane_t *lane;

        usleep(i % 3 == 0 ? 2000 : 0);
        check_err(strait_lane_create(&lane, pool, NULL), 0);
        usleep(i % 2 == 0 ? 2000 : 0);
        submit(lane, &item, i);
        cr_assert(mailbox_take(&mailbox, 1), "lane %d", i);
        n_started = 0;
    }
}
