/* SPDX-License-Identifier: MIT */
/*
 * count_reclaim.c - what reclaim costs, in atomic operations and allocations,
 * exactly. Counted, not timed, so it holds on every machine. Linked with the
 * counting seam.
 */
#define _GNU_SOURCE
#include <strait/atomic.h>
#include <strait/reclaim.h>

#include "blocks.h"
#include "plain.h"

#define N 1024

static strait_reclaim_t *reclaim;
static strait_reclaim_node_t nodes[N];
static int n_freed;

static void
bury(strait_reclaim_node_t *node)
{
    (void)node;
    n_freed++;
}

/* Loads of a member's own numbers are not of interest: they are in its cache
 * and nobody writes them. So only RMWs and seq_csts are exact for them. */
static void
expect(const char *what, uint64_t rmws)
{
    if (seam_count.rmws != rmws || seam_count.seq_csts != 0) {
        fprintf(stderr, "%s: %llu RMW, %llu seq_cst; should be %llu, 0\n", what,
            (unsigned long long)seam_count.rmws,
            (unsigned long long)seam_count.seq_csts, (unsigned long long)rmws);
        exit(1);
    }
    printf("%-56s %3llu RMW\n", what, (unsigned long long)rmws);
    seam_count = (struct seam_count){ 0 };
}

static void
expect_all(const char *what, uint64_t rmws, uint64_t stores, uint64_t loads)
{
    /* One load more than the call makes: the word of the fork guard. */
    if (seam_count.stores != stores || seam_count.loads != loads) {
        fprintf(stderr, "%s: %llu stores, %llu loads; should be %llu, %llu\n",
            what, (unsigned long long)seam_count.stores,
            (unsigned long long)seam_count.loads, (unsigned long long)stores,
            (unsigned long long)loads);
        exit(1);
    }
    expect(what, rmws);
}

static void
count_reading(strait_reclaim_member_t *me, strait_reclaim_member_t *other)
{
    seam_count = (struct seam_count){ 0 };
    strait_reclaim_enter(me);
    expect_all("enter", 1, 0, 2);
    strait_reclaim_enter(me);
    strait_reclaim_exit(me);
    expect_all("enter and exit, nested", 0, 0, 0);
    strait_reclaim_exit(me);
    expect_all("exit", 0, 1, 0);
    strait_reclaim_online(me);
    expect_all("online", 1, 0, 2);
    strait_reclaim_enter(me);
    strait_reclaim_exit(me);
    expect_all("enter and exit, online", 0, 0, 0);
    strait_reclaim_quiescent(me);
    expect_all("quiescent, the epoch has not moved", 0, 0, 1);
    require(strait_reclaim_collect(other) == 0);
    seam_count = (struct seam_count){ 0 };
    strait_reclaim_quiescent(me);
    expect_all("quiescent, the epoch has moved", 0, 1, 1);
    strait_reclaim_enter(me);
    strait_reclaim_quiescent(me);
    strait_reclaim_exit(me);
    expect_all("quiescent in a section", 0, 0, 0);
    strait_reclaim_offline(me);
    expect_all("offline", 0, 1, 0);
    strait_reclaim_quiescent(me);
    expect_all("quiescent, offline", 0, 0, 0);
}

/* With a period of 64 retires between tries. */
static void
count_retiring(strait_reclaim_member_t *me, strait_reclaim_member_t *other)
{
    int i;

    strait_reclaim_enter(me);
    seam_count = (struct seam_count){ 0 };
    for (i = 0; i < 63; i++)
        require(strait_reclaim_retire(me, &nodes[i], bury) == 0);
    expect("retire in a section, 63 times", 0);
    require(strait_reclaim_retire(me, &nodes[63], bury) == 0);
    expect("the 64th: moves on past 1 other, idle member", 2);
    strait_reclaim_exit(me);
    seam_count = (struct seam_count){ 0 };
    for (i = 64; i < 127; i++)
        require(strait_reclaim_retire(me, &nodes[i], bury) == 0);
    expect("retire outside of sections, 63 times", 63);
    require(strait_reclaim_retire(me, &nodes[127], bury) == 0);
    expect("the 64th: as above, and 1", 3);
    strait_reclaim_online(other);
    strait_reclaim_online(me);
    seam_count = (struct seam_count){ 0 };
    for (i = 128; i < 128 + 64; i++) {
        require(strait_reclaim_retire(me, &nodes[i], bury) == 0);
        strait_reclaim_quiescent(me);
    }
    expect("retire among online members, 64 times and 1 advance", 1);
    strait_reclaim_quiescent(other);
    /* The oldest 64 have just become ready. */
    require(n_freed == STRAIT_RECLAIM_FREES_MAX);
    seam_count = (struct seam_count){ 0 };
    for (; i < N; i++) {
        require(strait_reclaim_retire(me, &nodes[i], bury) == 0);
        strait_reclaim_quiescent(me);
        strait_reclaim_quiescent(other);
    }
    expect("and 832 times more, freeing as many", (N - 192) / 64);
    require(n_freed >= N - 5 * 64);
    strait_reclaim_offline(me);
    strait_reclaim_offline(other);
}

/* A stalled reader costs those who retire no more than the others do. */
static void
count_stalled(strait_reclaim_member_t *me, strait_reclaim_member_t *other)
{
    int i;

    require(strait_reclaim_flush(me) == 0);
    strait_reclaim_enter(other);
    require(strait_reclaim_collect(me) == 0);
    strait_reclaim_enter(me);
    seam_count = (struct seam_count){ 0 };
    for (i = 0; i < N; i++)
        require(strait_reclaim_retire(me, &nodes[i], bury) == 0);
    expect("retire past a stalled reader, 1024 times", 0);
    require(strait_reclaim_retire(me, &nodes[0], bury) != 0);
    expect("a refused one", 0);
    strait_reclaim_exit(me);
    strait_reclaim_exit(other);
}

int
main(void)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_reclaim_config_t config = STRAIT_RECLAIM_CONFIG_INIT;
    strait_reclaim_member_t *me;
    strait_reclaim_member_t *other;

    config.allocator = blocks_allocator(&blocks);
    config.max_retired = N;
    require(strait_reclaim_create(&reclaim, &config) == 0);
    seam_count = (struct seam_count){ 0 };
    require(strait_reclaim_join(&me, reclaim, "me") == 0);
    expect("join, a place that was never taken", 2);
    require(strait_reclaim_join(&other, reclaim, "other") == 0);
    count_reading(me, other);
    count_retiring(me, other);
    count_stalled(me, other);
    seam_count = (struct seam_count){ 0 };
    require(strait_reclaim_leave(other) == 0);
    expect("leave", 0);
    require(strait_reclaim_join(&other, reclaim, "other") == 0);
    expect("join, a place that was taken before", 1);
    require(strait_reclaim_leave(other) == 0);
    require(strait_reclaim_leave(me) == 0);
    require_count(blocks.n_calls, 1);
    require(strait_reclaim_destroy(reclaim) == 0);
    require(blocks_complaint(&blocks) == NULL);
    return 0;
}
