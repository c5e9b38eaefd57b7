/* SPDX-License-Identifier: MIT */
/*
 * cases_reclaim.c - every operation of strait/reclaim.h, frozen.
 *
 * A member that stops in a section holds back the memory of all: retires of the
 * others are refused once max_retired nodes wait. Anywhere else it must hold
 * back nothing. Nobody is ever delayed but in this.
 */
#include <errno.h>
#include <stdlib.h>
#include <strait/reclaim.h>
#include <string.h>

#include "freeze.h"
#include "queue/reclaim_core.h"
#include "stepper.h"

enum { BEFORE, SUBJECT, OTHER };

#define MAX_RETIRED 8
#define N_RETIRES 48 /* enough to be refused if nothing is freed */

struct item {
    strait_reclaim_node_t node;
    unsigned producer;
    unsigned number;
};

static strait_reclaim_t *domain;
static strait_reclaim_member_t *its; /* the subject's */
static strait_reclaim_member_t *mine;
static struct item items[FREEZE_PRODUCERS][FREEZE_ITEMS];
static unsigned n_items[FREEZE_PRODUCERS];
static int answer;

static void
free_item(strait_reclaim_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    freeze_came_out_some_time(item->producer, item->number);
}

/* Answers whether the node was accepted. */
static bool
retire(strait_reclaim_member_t *member, unsigned producer)
{
    struct item *item = &items[producer][n_items[producer]];
    int err;

    item->producer = producer;
    item->number = n_items[producer];
    err = strait_reclaim_retire(member, &item->node, free_item);
    if (err == 0)
        freeze_came_in(producer, n_items[producer]++);
    else
        freeze_check(err == -EAGAIN, "retire answered something else");
    return err == 0;
}

/* ------------------------------------------------- what the subject does */

static void
do_join(void)
{
    answer = strait_reclaim_join(&its, domain, "subject");
}

static void
do_enter(void)
{
    strait_reclaim_enter(its);
}

static void
do_exit(void)
{
    strait_reclaim_exit(its);
}

static void
do_online(void)
{
    strait_reclaim_online(its);
}

static void
do_offline(void)
{
    strait_reclaim_offline(its);
}

static void
do_quiescent(void)
{
    strait_reclaim_quiescent(its);
}

static void
do_retire(void)
{
    answer = retire(its, SUBJECT);
}

static void
do_collect(void)
{
    answer = strait_reclaim_collect(its);
}

static void
do_leave(void)
{
    answer = strait_reclaim_leave(its);
}

/* The subject is a thread of its own, and members belong to theirs. */
static void
have_it(void (*operation)(void))
{
    if (stepper_freeze(operation, 0) != STEPPER_FROZEN ||
        stepper_release() != STEPPER_ENDED)
        freeze_complain("the subject could not be prepared");
}

/* ------------------------------------------------------------------ states */

static void
make_domain(void)
{
    strait_reclaim_config_t config = STRAIT_RECLAIM_CONFIG_INIT;

    config.max_members = 4;
    config.max_retired = MAX_RETIRED;
    n_items[SUBJECT] = n_items[OTHER] = 0;
    its = NULL;
    freeze_check(strait_reclaim_create(&domain, &config) == 0 &&
            strait_reclaim_join(&mine, domain, "other") == 0,
        "create or join failed");
}

static void
be_outside(void)
{
    make_domain();
    have_it(do_join);
}

static void
be_inside(void)
{
    be_outside();
    have_it(do_enter);
}

static void
be_online(void)
{
    be_outside();
    have_it(do_online);
    /* The epoch moves on once more, so that quiescent has something to say. */
    (void)strait_reclaim_collect(mine);
}

static void
be_waiting(void)
{
    be_outside();
    have_it(do_retire);
    have_it(do_retire);
    have_it(do_retire);
    (void)strait_reclaim_collect(mine);
}

/* ------------------------------------------------------------- the others */

static bool
is_in_section(void)
{
    return its != NULL && strait_load_rlx(&its->state_) != STI_RECLAIM_IDLE;
}

static unsigned
window(void)
{
    return is_in_section() ? FREEZE_FULL : 0;
}

static void
others_read_and_retire(void)
{
    strait_reclaim_stats_t stats = STRAIT_RECLAIM_STATS_INIT;
    strait_reclaim_member_t *third;
    unsigned n;

    strait_reclaim_enter(mine);
    strait_reclaim_exit(mine);
    for (n = 0; n < N_RETIRES; n++) {
        if (!retire(mine, OTHER))
            freeze_saw(FREEZE_FULL);
    }
    freeze_check(strait_reclaim_stats(domain, &stats) == 0, "no statistics");
    if (is_in_section())
        freeze_check(strcmp(stats.holder_name, "subject") == 0,
            "the statistics do not name the holder");
    else
        freeze_check(stats.n_refused == 0, "refused, but nobody is inside");
    freeze_check(strait_reclaim_join(&third, domain, "third") == 0 &&
            strait_reclaim_leave(third) == 0,
        "a third one could not join or leave");
}

/* All go home; then nothing waits any more. */
static void
end(void)
{
    if (its != NULL && its->n_deep > (its->is_online ? 1u : 0u))
        have_it(do_exit);
    if (its != NULL)
        have_it(do_leave);
    freeze_check(strait_reclaim_flush(mine) == 0, "nodes are left over");
    freeze_check(
        strait_reclaim_leave(mine) == 0 && strait_reclaim_destroy(domain) == 0,
        "leave or destroy failed");
}

static void
finish(void)
{
    end();
}

static void
finish_ok(void)
{
    freeze_check(answer >= 0, "it was refused");
    end();
}

static void
finish_leave(void)
{
    freeze_check(answer == 0, "it was refused");
    its = NULL;
    end();
}

/* ------------------------------------------------------------------- cases */

#define CASE(of, st, text, set, fin)                                           \
    {                                                                          \
        .operation = "reclaim " #of, .state = (st), .contract = (text),        \
        .setup = (set), .operate = do_##of, .window = window,                  \
        .others = others_read_and_retire, .finish = (fin)                      \
    }

#define HOLDS "holds back memory in a section"
#define DELAYS_NOBODY "delays nobody"

const struct freeze_case freeze_reclaim_cases[] = {
    CASE(join, "one member", DELAYS_NOBODY, make_domain, finish_ok),
    CASE(enter, "outside", HOLDS, be_outside, finish),
    CASE(exit, "inside", HOLDS, be_inside, finish),
    CASE(online, "outside", HOLDS, be_outside, finish),
    CASE(offline, "online", HOLDS, be_online, finish),
    CASE(quiescent, "online", HOLDS, be_online, finish),
    CASE(retire, "outside", HOLDS, be_outside, finish_ok),
    CASE(retire, "inside", HOLDS, be_inside, finish_ok),
    CASE(collect, "three wait", DELAYS_NOBODY, be_waiting, finish_ok),
    CASE(leave, "outside", DELAYS_NOBODY, be_outside, finish_leave),
    CASE(leave, "online", HOLDS, be_online, finish_leave),
    { .operation = NULL },
};
