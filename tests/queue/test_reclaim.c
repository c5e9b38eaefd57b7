/* SPDX-License-Identifier: MIT */
/*
 * test_reclaim.c - behaviour of reclaim, members of one thread: what holds a
 * node back and what does not, bounds, leaving, ending, forks, and long random
 * histories against a ledger of who was in which section. Linked with the point
 * seam, through which a test acts in the middle of a call.
 */
#define _GNU_SOURCE
#include <strait/reclaim.h>

#include "at_point.h"
#include "blocks.h"
#include "child.h"
#include "rng.h"
#include "unit.h"

#define MEMBERS 8

struct item {
    strait_reclaim_node_t node;
    int number;
    int n_freed;
    struct item *heir; /* retired when this one is freed */
    strait_reclaim_member_t *by;
};

static strait_reclaim_t *reclaim;
static strait_reclaim_member_t *members[MEMBERS];
static struct item items[4096];
static int n_freed;
static int last_freed;

static void
bury(strait_reclaim_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    item->n_freed++;
    n_freed++;
    last_freed = item->number;
}

static void
tear_down(void)
{
    size_t i;

    forget_points();
    for (i = 0; i < MEMBERS; i++) {
        if (members[i] == NULL)
            continue;
        strait_reclaim_offline(members[i]);
        while (strait_reclaim_leave(members[i]) == -EBUSY)
            strait_reclaim_exit(members[i]);
        members[i] = NULL;
    }
    check_err(strait_reclaim_destroy(reclaim), 0);
    reclaim = NULL;
}

/* A fresh domain with n members of their numbers as names. */
static void
set_up(int n, uint32_t max_retired)
{
    strait_reclaim_config_t config = STRAIT_RECLAIM_CONFIG_INIT;
    int i;

    config.max_members = MEMBERS;
    config.max_retired = max_retired;
    check_err(strait_reclaim_create(&reclaim, &config), 0);
    for (i = 0; i < n; i++) {
        char name[2] = { (char)('0' + i), '\0' };

        check_err(strait_reclaim_join(&members[i], reclaim, name), 0);
    }
    n_freed = 0;
    memset(items, 0, sizeof items);
    for (i = 0; i < (int)(sizeof items / sizeof items[0]); i++)
        items[i].number = i;
}

TestSuite(reclaim, .timeout = 30);

static int
retire(int member, int item)
{
    return strait_reclaim_retire(members[member], &items[item].node, bury);
}

/* As often as it takes for what nobody holds back. */
static void
collect(int member)
{
    int i;

    for (i = 0; i < 3; i++)
        cr_assert(strait_reclaim_collect(members[member]) >= 0);
}

static strait_reclaim_stats_t
stats(void)
{
    strait_reclaim_stats_t now = STRAIT_RECLAIM_STATS_INIT;

    check_err(strait_reclaim_stats(reclaim, &now), 0);
    return now;
}

/* ------------------------------------------------------------- arguments */

Test(reclaim, refuses_bad_configurations_and_touches_nothing)
{
    strait_reclaim_config_t config = STRAIT_RECLAIM_CONFIG_INIT;
    strait_allocator_t none = { NULL, NULL, NULL };
    strait_reclaim_t *none_made = (strait_reclaim_t *)(void *)&config;
    strait_reclaim_t *made = none_made;

    check_err(strait_reclaim_create(NULL, NULL), -EINVAL);
    config.size--;
    check_err(strait_reclaim_create(&made, &config), -EINVAL);
    config = (strait_reclaim_config_t)STRAIT_RECLAIM_CONFIG_INIT;
    config.max_members = STRAIT_RECLAIM_MEMBERS_MAX + 1;
    check_err(strait_reclaim_create(&made, &config), -EINVAL);
    config = (strait_reclaim_config_t)STRAIT_RECLAIM_CONFIG_INIT;
    config.max_retired = STRAIT_RECLAIM_RETIRED_MAX + 1;
    check_err(strait_reclaim_create(&made, &config), -EINVAL);
    config = (strait_reclaim_config_t)STRAIT_RECLAIM_CONFIG_INIT;
    config.reserved = 1;
    check_err(strait_reclaim_create(&made, &config), -EINVAL);
    config = (strait_reclaim_config_t)STRAIT_RECLAIM_CONFIG_INIT;
    config.allocator = &none;
    check_err(strait_reclaim_create(&made, &config), -EINVAL);
    check_ptr(made, none_made);
    check_err(strait_reclaim_destroy(NULL), 0);
}

Test(reclaim, refuses_bad_arguments)
{
    strait_reclaim_stats_t now = STRAIT_RECLAIM_STATS_INIT;
    strait_reclaim_member_t *me = NULL;

    set_up(1, 0);
    check_err(strait_reclaim_join(NULL, reclaim, "x"), -EINVAL);
    check_err(strait_reclaim_join(&me, NULL, "x"), -EINVAL);
    check_err(strait_reclaim_join(&me, reclaim, "0123456789abcdef"), -EINVAL);
    check_ptr(me, NULL);
    check_err(strait_reclaim_leave(NULL), -EINVAL);
    check_err(strait_reclaim_retire(NULL, &items[0].node, bury), -EINVAL);
    check_err(strait_reclaim_retire(members[0], NULL, bury), -EINVAL);
    check_err(strait_reclaim_retire(members[0], &items[0].node, NULL), -EINVAL);
    check_err(strait_reclaim_collect(NULL), -EINVAL);
    check_err(strait_reclaim_flush(NULL), -EINVAL);
    check_err(strait_reclaim_stats(NULL, &now), -EINVAL);
    check_err(strait_reclaim_stats(reclaim, NULL), -EINVAL);
    now.size = 4;
    check_err(strait_reclaim_stats(reclaim, &now), -EINVAL);
    tear_down();
    check_int(n_freed, 0);
}

Test(reclaim, takes_as_many_members_as_it_was_made_for)
{
    strait_reclaim_member_t *one_more = NULL;
    int i;

    set_up(MEMBERS, 0);
    check_int(stats().n_members, MEMBERS);
    for (i = 0; i < 3; i++) {
        check_err(strait_reclaim_join(&one_more, reclaim, NULL), -ENOSPC);
        check_ptr(one_more, NULL);
        check_err(strait_reclaim_leave(members[i]), 0);
        check_int(stats().n_members, MEMBERS - 1);
        check_err(strait_reclaim_join(&members[i], reclaim, NULL), 0);
    }
    tear_down();
}

Test(reclaim, default_domain_has_default_bounds)
{
    static strait_reclaim_member_t *all[STRAIT_RECLAIM_MEMBERS_DEFAULT];
    strait_reclaim_member_t *one_more;
    int i;

    check_err(strait_reclaim_create(&reclaim, NULL), 0);
    for (i = 0; i < STRAIT_RECLAIM_MEMBERS_DEFAULT; i++)
        check_err(strait_reclaim_join(&all[i], reclaim, NULL), 0);
    check_err(strait_reclaim_join(&one_more, reclaim, NULL), -ENOSPC);
    check_err(strait_reclaim_destroy(reclaim), -EBUSY);
    for (i = 0; i < STRAIT_RECLAIM_MEMBERS_DEFAULT; i++)
        check_err(strait_reclaim_leave(all[i]), 0);
    check_err(strait_reclaim_destroy(reclaim), 0);
}

/* -------------------------------------------------- what holds a node back */

Test(reclaim, frees_once_and_not_at_once)
{
    set_up(2, 0);
    check_err(retire(0, 0), 0);
    check_int(n_freed, 0);
    check_int(stats().n_waiting, 1);
    collect(0);
    check_int(items[0].n_freed, 1);
    check_int(stats().n_waiting, 0);
    check_int(stats().n_freed, 1);
    collect(0);
    check_int(n_freed, 1);
    tear_down();
    check_int(n_freed, 1);
}

Test(reclaim, section_holds_back_what_was_retired_in_it)
{
    set_up(2, 0);
    strait_reclaim_enter(members[1]);
    check_err(retire(0, 0), 0);
    collect(0);
    collect(0);
    check_int(n_freed, 0);
    strait_reclaim_enter(members[1]);
    strait_reclaim_exit(members[1]);
    collect(0);
    check_int(n_freed, 0);
    strait_reclaim_exit(members[1]);
    collect(0);
    check_int(n_freed, 1);
    tear_down();
}

Test(reclaim, own_section_holds_back_too)
{
    set_up(1, 0);
    strait_reclaim_enter(members[0]);
    check_err(retire(0, 0), 0);
    collect(0);
    collect(0);
    check_int(n_freed, 0);
    strait_reclaim_exit(members[0]);
    collect(0);
    check_int(n_freed, 1);
    tear_down();
}

Test(reclaim, later_section_does_not_hold_back_for_ever)
{
    int i;

    set_up(2, 0);
    check_err(retire(0, 0), 0);
    for (i = 0; i < 3; i++) {
        strait_reclaim_enter(members[1]);
        (void)strait_reclaim_collect(members[0]);
        strait_reclaim_exit(members[1]);
    }
    (void)strait_reclaim_collect(members[0]);
    check_int(n_freed, 1);
    tear_down();
}

Test(reclaim, online_holds_back_until_quiescent)
{
    int i;

    set_up(2, 0);
    strait_reclaim_online(members[1]);
    strait_reclaim_online(members[1]); /* once is enough */
    check_err(retire(0, 0), 0);
    collect(0);
    collect(0);
    check_int(n_freed, 0);
    for (i = 0; i < 3; i++) {
        strait_reclaim_quiescent(members[1]);
        (void)strait_reclaim_collect(members[0]);
    }
    check_int(n_freed, 1);
    check_err(retire(0, 1), 0);
    collect(0);
    check_int(n_freed, 1);
    strait_reclaim_offline(members[1]);
    strait_reclaim_offline(members[1]);
    collect(0);
    check_int(n_freed, 2);
    tear_down();
}

Test(reclaim, quiescent_says_nothing_in_a_section)
{
    int i;

    set_up(2, 0);
    strait_reclaim_online(members[1]);
    strait_reclaim_enter(members[1]);
    check_err(retire(0, 0), 0);
    for (i = 0; i < 5; i++) {
        strait_reclaim_quiescent(members[1]);
        (void)strait_reclaim_collect(members[0]);
    }
    check_int(n_freed, 0);
    /* Offline in a section: the section goes on. */
    strait_reclaim_offline(members[1]);
    strait_reclaim_quiescent(members[1]);
    collect(0);
    check_int(n_freed, 0);
    strait_reclaim_exit(members[1]);
    collect(0);
    check_int(n_freed, 1);
    tear_down();
}

Test(reclaim, online_member_retires_and_frees)
{
    int i;

    set_up(1, 0);
    strait_reclaim_online(members[0]);
    for (i = 0; i < 1000; i++) {
        check_err(retire(0, i), 0);
        strait_reclaim_quiescent(members[0]);
    }
    cr_assert(n_freed > 1000 - 5 * 64, "%d freed", n_freed);
    check_err(strait_reclaim_flush(members[0]), 0);
    check_int(n_freed, 1000);
    tear_down();
}

/* ------------------------------------------------------------------ bounds */

Test(reclaim, frees_in_order_and_few_at_a_time)
{
    int before;
    int i;

    set_up(2, 4096);
    strait_reclaim_enter(members[1]);
    for (i = 0; i < 1000; i++)
        check_err(retire(0, i), 0);
    check_int(n_freed, 0);
    strait_reclaim_exit(members[1]);
    for (i = 1000; i < 2500; i++) {
        before = n_freed;
        check_err(retire(0, i), 0);
        cr_assert(n_freed - before <= STRAIT_RECLAIM_FREES_MAX, "%d at once",
            n_freed - before);
        if (n_freed > 0)
            check_int(last_freed, n_freed - 1);
    }
    cr_assert(n_freed > 2500 - 5 * 64, "%d freed", n_freed);
    before = n_freed;
    check_int(strait_reclaim_collect(members[0]), n_freed - before);
    tear_down();
    check_int(n_freed, 2500);
    for (i = 0; i < 2500; i++)
        check_int(items[i].n_freed, 1);
}

Test(reclaim, refuses_beyond_the_bound_and_names_who_is_in_the_way)
{
    int i;

    set_up(3, 100);
    check_int(stats().holder, STRAIT_RECLAIM_NOBODY);
    strait_reclaim_enter(members[2]);
    for (i = 0; i < 100; i++)
        check_err(retire(0, i), 0);
    for (i = 100; i < 110; i++)
        check_err(retire(0, i), -EAGAIN);
    check_int(n_freed, 0);
    check_int(stats().n_waiting, 100);
    check_int(stats().n_refused, 10);
    check_int(stats().holder, 2);
    check_str(stats().holder_name, "2");
    /* Three tries before the bound was reached: once in 25; ten after it. The
     * first of all moved the epoch on. */
    check_int(stats().n_tries, 3 + 10);
    /* The other member has a bound of its own. */
    check_err(retire(1, 200), 0);
    strait_reclaim_exit(members[2]);
    check_int(stats().holder, STRAIT_RECLAIM_NOBODY);
    for (i = 100; i < 110; i++)
        check_err(retire(0, i), 0);
    check_int(stats().n_tries, 0);
    tear_down();
    for (i = 0; i < 110; i++)
        check_int(items[i].n_freed, 1);
    check_int(items[200].n_freed, 1);
}

Test(reclaim, refuses_who_is_in_its_own_way_and_names_it)
{
    int i;

    set_up(2, 4);
    strait_reclaim_enter(members[1]);
    for (i = 0; i < 4; i++)
        check_err(retire(1, i), 0);
    check_err(retire(1, 4), -EAGAIN);
    check_str(stats().holder_name, "1");
    strait_reclaim_exit(members[1]);
    check_err(retire(1, 4), 0);
    tear_down();
    check_int(n_freed, 5);
}

Test(reclaim, never_refuses_when_nobody_is_in_the_way)
{
    static const uint32_t bounds[] = { 1, 2, 3, 4, 5, 8, 63, 300 };
    size_t k;
    int i;

    for (k = 0; k < sizeof bounds / sizeof bounds[0]; k++) {
        set_up(3, bounds[k]);
        for (i = 0; i < 2000; i++) {
            check_err(retire(0, i), 0);
            cr_assert(stats().n_waiting <= bounds[k]);
        }
        tear_down();
        check_int(n_freed, 2000);
    }
}

/* ---------------------------------------------------- leaving, flush, end */

Test(reclaim, who_leaves_leaves_its_nodes_to_those_who_help)
{
    int i;

    set_up(3, 0);
    strait_reclaim_enter(members[2]);
    for (i = 0; i < 20; i++)
        check_err(retire(1, i), 0);
    check_err(strait_reclaim_leave(members[1]), 0);
    members[1] = NULL;
    check_int(stats().n_waiting, 20);
    collect(0);
    check_int(n_freed, 0);
    strait_reclaim_exit(members[2]);
    for (i = 0; i < 6; i++) {
        int before = n_freed;

        check_int(strait_reclaim_collect(members[0]), n_freed - before);
        cr_assert(n_freed - before <= STRAIT_RECLAIM_FREES_MAX);
    }
    check_int(n_freed, 20);
    check_int(stats().n_waiting, 0);
    tear_down();
}

Test(reclaim, who_retires_helps_too)
{
    int i;

    set_up(2, 0);
    check_err(retire(1, 0), 0);
    check_err(strait_reclaim_leave(members[1]), 0);
    members[1] = NULL;
    for (i = 1; i < 400; i++)
        check_err(retire(0, i), 0);
    check_int(items[0].n_freed, 1);
    tear_down();
}

Test(reclaim, who_joins_inherits)
{
    int i;

    set_up(1, 10);
    check_err(strait_reclaim_join(&members[1], reclaim, "reader"), 0);
    strait_reclaim_enter(members[1]);
    for (i = 0; i < 10; i++)
        check_err(retire(0, i), 0);
    check_err(strait_reclaim_leave(members[0]), 0);
    check_err(strait_reclaim_join(&members[0], reclaim, "heir"), 0);
    /* The bound is the place's, or joining would be a way round it. */
    check_err(retire(0, 10), -EAGAIN);
    check_str(stats().holder_name, "reader");
    strait_reclaim_exit(members[1]);
    check_err(retire(0, 10), 0);
    check_err(strait_reclaim_flush(members[0]), 0);
    check_int(n_freed, 11);
    tear_down();
}

Test(reclaim, leave_goes_offline_and_not_out_of_a_section)
{
    set_up(2, 0);
    strait_reclaim_online(members[1]);
    strait_reclaim_enter(members[1]);
    check_err(strait_reclaim_leave(members[1]), -EBUSY);
    strait_reclaim_exit(members[1]);
    check_err(strait_reclaim_leave(members[1]), 0);
    check_err(retire(0, 0), 0);
    collect(0);
    check_int(n_freed, 1);
    check_err(strait_reclaim_join(&members[1], reclaim, "again"), 0);
    tear_down();
}

Test(reclaim, flush_frees_all_that_nobody_holds_back)
{
    int i;

    set_up(3, 0);
    for (i = 0; i < 50; i++)
        check_err(retire(2, i), 0);
    check_err(strait_reclaim_leave(members[2]), 0);
    members[2] = NULL;
    strait_reclaim_enter(members[1]);
    for (i = 50; i < 100; i++)
        check_err(retire(0, i), 0);
    check_err(strait_reclaim_flush(members[1]), -EBUSY);
    check_err(strait_reclaim_flush(members[0]), -EAGAIN);
    strait_reclaim_exit(members[1]);
    strait_reclaim_online(members[0]);
    check_err(strait_reclaim_flush(members[0]), 0);
    check_int(n_freed, 100);
    check_err(strait_reclaim_flush(members[0]), 0);
    tear_down();
}

Test(reclaim, destroy_frees_what_still_waits)
{
    int i;

    set_up(2, 0);
    for (i = 0; i < 30; i++)
        check_err(retire(i % 2, i), 0);
    check_err(strait_reclaim_destroy(reclaim), -EBUSY);
    check_int(n_freed, 0);
    tear_down();
    check_int(n_freed, 30);
    for (i = 0; i < 30; i++)
        check_int(items[i].n_freed, 1);
}

/* ------------------------------------------------------- in free functions */

static int leave_said;
static int flush_said;

static void
bury_and_retire_the_heir(strait_reclaim_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    bury(node);
    leave_said = strait_reclaim_leave(item->by);
    flush_said = strait_reclaim_flush(item->by);
    strait_reclaim_enter(item->by);
    strait_reclaim_exit(item->by);
    if (item->heir != NULL &&
        strait_reclaim_retire(
            item->by, &item->heir->node, bury_and_retire_the_heir) != 0)
        n_freed = -1000000;
}

Test(reclaim, free_function_may_retire_others)
{
    int i;

    set_up(2, 0);
    for (i = 0; i < 100; i++) {
        items[i].by = members[0];
        items[i].heir = i < 99 ? &items[i + 1] : NULL;
    }
    check_err(strait_reclaim_retire(
                  members[0], &items[0].node, bury_and_retire_the_heir),
        0);
    collect(0);
    check_int(n_freed, 1);
    check_err(leave_said, -EBUSY);
    check_err(flush_said, -EBUSY);
    check_err(strait_reclaim_flush(members[0]), 0);
    check_int(n_freed, 100);
    tear_down();
    check_int(n_freed, 100);
}

/* --------------------------------------------- in the middle of other calls */

static void
move_on_twice(void)
{
    /* The other is announced with an old guess by now: once is all. */
    (void)strait_reclaim_collect(members[0]);
    (void)strait_reclaim_collect(members[0]);
}

Test(reclaim, epoch_moves_while_somebody_enters)
{
    uint64_t before;

    set_up(2, 0);
    before = stats().epoch;
    at_point("reclaim.announced", move_on_twice);
    strait_reclaim_online(members[1]);
    check_int(stats().epoch, before + 1);
    /* It has noticed, and does not hold the epoch back that it is in. */
    check_int(stats().holder, STRAIT_RECLAIM_NOBODY);
    (void)strait_reclaim_collect(members[0]);
    check_int(stats().epoch, before + 2);
    check_int(stats().holder, 1);
    tear_down();
}

static void
other_enters(void)
{
    strait_reclaim_enter(members[1]);
}

Test(reclaim, somebody_enters_while_it_is_scanned)
{
    uint64_t before;

    set_up(2, 0);
    before = stats().epoch;
    at_point("reclaim.idle", other_enters);
    (void)strait_reclaim_collect(members[0]);
    check_int(stats().epoch, before + 1);
    collect(0);
    check_int(stats().epoch, before + 1);
    tear_down();
}

static void
third_joins(void)
{
    check_err(strait_reclaim_join(&members[2], reclaim, "late"), 0);
    strait_reclaim_enter(members[2]);
}

Test(reclaim, somebody_joins_while_the_others_are_scanned)
{
    uint64_t before;

    set_up(2, 0);
    before = stats().epoch;
    check_err(retire(0, 0), 0);
    at_point("reclaim.scanned", third_joins);
    (void)strait_reclaim_collect(members[0]);
    check_int(stats().epoch, before);
    collect(0);
    check_int(stats().epoch, before + 1);
    check_int(n_freed, 0);
    check_str(stats().holder_name, "late");
    tear_down();
    check_int(n_freed, 1);
}

static void
other_moves_on(void)
{
    (void)strait_reclaim_collect(members[1]);
}

Test(reclaim, somebody_else_moves_the_epoch_on)
{
    uint64_t before;

    set_up(2, 0);
    before = stats().epoch;
    at_point("reclaim.scanned", other_moves_on);
    (void)strait_reclaim_collect(members[0]);
    check_int(stats().epoch, before + 1);
    check_int(stats().n_tries, 0);
    tear_down();
}

/* ------------------------------------------------------- memory and forks */

Test(reclaim, takes_one_block_and_gives_it_back)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_reclaim_config_t config = STRAIT_RECLAIM_CONFIG_INIT;
    strait_reclaim_t *made = NULL;

    config.allocator = blocks_allocator(&blocks);
    config.max_members = 3;
    check_err(strait_reclaim_create(&made, &config), 0);
    check_int(blocks.n_live, 1);
    check_err(strait_reclaim_join(&members[0], made, "a"), 0);
    check_err(retire(0, 0), 0);
    check_err(strait_reclaim_leave(members[0]), 0);
    check_int(blocks.n_calls, 1);
    check_err(strait_reclaim_destroy(made), 0);
    check_blocks(&blocks);
    blocks.fail_at = 1;
    made = NULL;
    check_err(strait_reclaim_create(&made, &config), -ENOMEM);
    check_ptr(made, NULL);
    check_blocks(&blocks);
    members[0] = NULL;
}

static void
in_child(void *arg)
{
    strait_reclaim_stats_t now = STRAIT_RECLAIM_STATS_INIT;
    strait_reclaim_member_t *me;
    strait_reclaim_t *own;

    (void)arg;
    child_check(strait_reclaim_join(&me, reclaim, "x") == -ECHILD);
    child_check(retire(0, 1) == -ECHILD);
    child_check(strait_reclaim_collect(members[0]) == -ECHILD);
    child_check(strait_reclaim_flush(members[0]) == -ECHILD);
    child_check(strait_reclaim_stats(reclaim, &now) == -ECHILD);
    strait_reclaim_quiescent(members[0]);
    strait_reclaim_enter(members[0]);
    strait_reclaim_exit(members[0]);
    child_check(strait_reclaim_leave(members[0]) == -ECHILD);
    child_check(strait_reclaim_destroy(reclaim) == 0);
    child_check(n_freed == 0);
    child_check(strait_reclaim_create(&own, NULL) == 0);
    child_check(strait_reclaim_join(&me, own, "own") == 0);
    child_check(strait_reclaim_retire(me, &items[2].node, bury) == 0);
    child_check(strait_reclaim_leave(me) == 0);
    child_check(strait_reclaim_destroy(own) == 0);
    child_check(n_freed == 1);
}

Test(reclaim, stays_in_the_parent_of_a_fork)
{
    set_up(1, 0);
    check_err(retire(0, 0), 0);
    cr_assert(child_run(in_child, NULL) == NULL, "%s", child_complaint);
    check_int(n_freed, 0);
    check_err(strait_reclaim_flush(members[0]), 0);
    check_int(n_freed, 1);
    tear_down();
}

/* ------------------------------------------------------------- histories */

/* For each item the sections that were open when it was retired; none of them
 * may be open when it is freed. Sections are numbered; 0 is none. */
static unsigned open_section[MEMBERS];
static unsigned seen_by[sizeof items / sizeof items[0]][MEMBERS];
static int n_too_early;

static void
bury_if_nobody_looks(strait_reclaim_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);
    int i;

    bury(node);
    for (i = 0; i < MEMBERS; i++) {
        if (open_section[i] != 0 && seen_by[item->number][i] == open_section[i])
            n_too_early++;
    }
}

struct walk {
    struct rng *rng;
    unsigned last_section;
    int n_retired;
    int n_refused;
    int depth[MEMBERS];
    bool online[MEMBERS];
};

static void
join_or_leave(struct walk *walk, int m)
{
    if (members[m] == NULL) {
        check_err(strait_reclaim_join(&members[m], reclaim, NULL), 0);
    } else if (walk->depth[m] > 0) {
        check_err(strait_reclaim_leave(members[m]), -EBUSY);
    } else if (rng_one_in(walk->rng, 4)) {
        open_section[m] = 0;
        walk->online[m] = false;
        check_err(strait_reclaim_leave(members[m]), 0);
        members[m] = NULL;
    }
}

static void
read_step(struct walk *walk, int m)
{
    bool was_open = walk->depth[m] > 0 || walk->online[m];

    switch (rng_below(walk->rng, 6)) {
    case 0:
        strait_reclaim_enter(members[m]);
        walk->depth[m]++;
        break;
    case 1:
    case 2:
        if (walk->depth[m] == 0)
            return;
        strait_reclaim_exit(members[m]);
        walk->depth[m]--;
        break;
    case 3:
        strait_reclaim_online(members[m]);
        walk->online[m] = true;
        break;
    case 4:
        /* Before the call: it does not free, so nobody looks meanwhile. */
        if (walk->online[m] && walk->depth[m] == 0)
            was_open = false;
        strait_reclaim_quiescent(members[m]);
        break;
    default:
        strait_reclaim_offline(members[m]);
        walk->online[m] = false;
        break;
    }
    if (walk->depth[m] == 0 && !walk->online[m])
        open_section[m] = 0;
    else if (!was_open)
        open_section[m] = ++walk->last_section;
}

static void
write_step(struct walk *walk, int m)
{
    int before = n_freed;
    int answer;

    if (rng_one_in(walk->rng, 4)) {
        answer = strait_reclaim_collect(members[m]);
        check_int(answer, n_freed - before);
    } else {
        memcpy(seen_by[walk->n_retired], open_section, sizeof open_section);
        answer = strait_reclaim_retire(
            members[m], &items[walk->n_retired].node, bury_if_nobody_looks);
        cr_assert(answer == 0 || answer == -EAGAIN);
        if (answer == 0)
            walk->n_retired++;
        else
            walk->n_refused++;
    }
    cr_assert(n_freed - before <= STRAIT_RECLAIM_FREES_MAX);
    check_int(n_too_early, 0);
    check_int(stats().n_waiting, walk->n_retired - n_freed);
}

Test(reclaim, random_histories_free_nothing_too_early_and_lose_nothing)
{
    uint64_t seed = test_seed("test_reclaim", 20260727);
    int n_refused = 0;
    int history;

    for (history = 0; history < 60; history++) {
        struct rng rng = rng_make(seed, (uint64_t)history);
        struct walk walk = { &rng, 0, 0, 0, { 0 }, { false } };
        int step;
        int m;

        set_up(0, 1 + (uint32_t)rng_below(&rng, 80));
        memset(open_section, 0, sizeof open_section);
        for (step = 0; step < 4000; step++) {
            m = (int)rng_below(&rng, 1 + (unsigned)history % MEMBERS);
            if (members[m] == NULL || rng_one_in(&rng, 100))
                join_or_leave(&walk, m);
            else if (rng_one_in(&rng, 2))
                read_step(&walk, m);
            else
                write_step(&walk, m);
        }
        n_refused += walk.n_refused;
        memset(open_section, 0, sizeof open_section);
        tear_down();
        check_int(n_freed, walk.n_retired);
        for (step = 0; step < walk.n_retired; step++)
            check_int(items[step].n_freed, 1);
    }
    cr_assert(n_refused > 0, "nobody was refused in all histories");
}
