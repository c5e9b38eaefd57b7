/* SPDX-License-Identifier: MIT */
/*
 * test_nap.c - when a worker naps, judged on a crew that is made by hand. That
 * nothing waits for long because of it is in test_pace.c.
 */
#include "sched/nap.h"

#include <string.h>

#include <strait/clock.h>

#include "unit.h"

#define N_SEATS 3

static strait_pool_t pool;
static sti_crew_t blocking;
static sti_worker_t workers[N_SEATS];
static sti_worker_t *const me = &workers[0];
static strait_lane_t *const some_lane = (strait_lane_t *)&pool; /* no look */

/* Three threads that are up; the first has every reason to nap. */
static void
set_up(void)
{
    uint32_t i;

    memset(&pool, 0, sizeof pool);
    memset(workers, 0, sizeof workers);
    pool.cpu.pool = &pool;
    pool.cpu.workers = workers;
    pool.cpu.n_seats = N_SEATS;
    for (i = 0; i < N_SEATS; i++) {
        workers[i].pool = &pool;
        workers[i].crew = &pool.cpu;
        workers[i].seat = i;
        strait_store_rlx(&workers[i].occupied, STI_SEAT_LIVE);
        strait_store_rlx(&workers[i].lane, some_lane);
        sti_nap_init(&workers[i]);
    }
    me->mean_ns = STI_NAP_ITEM_NS - 1;
    for (i = 0; i < STI_NAP_SHORT_SLEEPS; i++)
        sti_nap_slept(me, STI_NAP_SHORT_SLEEP_NS - 1, 0);
}

TestSuite(nap, .init = set_up, .timeout = 60);

Test(nap, pays_after_short_sleeps_in_a_row)
{
    cr_assert(sti_nap_pays(me, 1));
    sti_nap_slept(me, STI_NAP_SHORT_SLEEP_NS, 0);
    cr_assert(!sti_nap_pays(me, 1));
    sti_nap_slept(me, 0, 0);
    cr_assert(!sti_nap_pays(me, 1));
    sti_nap_slept(me, 0, 0);
    cr_assert(sti_nap_pays(me, 1));
}

Test(nap, pays_for_short_items_only)
{
    me->mean_ns = STI_NAP_ITEM_NS;
    cr_assert(!sti_nap_pays(me, 1));
    /* It has run none. */
    me->mean_ns = 0;
    cr_assert(!sti_nap_pays(me, 1));
}

Test(nap, is_not_for_who_owes_or_steals_or_blocks)
{
    me->owes = some_lane;
    cr_assert(!sti_nap_pays(me, 1));
    me->owes = NULL;
    me->crew = &blocking;
    cr_assert(!sti_nap_pays(me, 1));
    me->crew = &pool.cpu;
    cr_assert(sti_nap_pays(me, 1));
    strait_store_rlx(&pool.forks, 1);
    cr_assert(!sti_nap_pays(me, 1));
}

#define NOW (10 * STRAIT_NS_PER_S)

Test(nap, leaves_somebody_up)
{
    cr_assert(sti_nap_enter(&workers[0], NOW));
    cr_assert(sti_nap_enter(&workers[1], NOW));
    cr_assert(!sti_nap_enter(&workers[2], NOW));
    check_int(strait_load_rlx(&pool.cpu.n_napping), 2);
    sti_nap_leave(&workers[0], NOW, STI_NAP_ITEMS_MIN);
    cr_assert(sti_nap_enter(&workers[2], NOW));
    sti_nap_leave(&workers[2], NOW, STI_NAP_ITEMS_MIN);
    check_int(strait_load_rlx(&pool.cpu.n_napping), 1);
}

static void
run(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
}

/* With a second thread that does not exist, only the third can be up. */
Test(nap, does_not_count_on_who_is_of_no_use)
{
    sti_worker_t *other = &workers[2];

    strait_store_rlx(&workers[1].occupied, STI_SEAT_FREE);
    cr_assert(sti_nap_enter(me, NOW));
    sti_nap_leave(me, NOW, STI_NAP_ITEMS_MIN);
    /* It is parked: */
    strait_store_rlx(&other->parked, 1);
    cr_assert(!sti_nap_enter(me, NOW));
    strait_store_rlx(&other->parked, 0);
    /* in a long item, or not yet: */
    strait_store_rlx(&other->running, run);
    strait_store_rlx(&other->begun_ns, NOW - STI_NAP_LONG_NS);
    cr_assert(!sti_nap_enter(me, NOW));
    strait_store_rlx(&other->begun_ns, NOW - STI_NAP_LONG_NS + 1);
    cr_assert(sti_nap_enter(me, NOW));
    sti_nap_leave(me, NOW, STI_NAP_ITEMS_MIN);
    strait_store_rlx(&other->begun_ns, 0);
    strait_store_rlx(&other->running, NULL);
    cr_assert(sti_nap_enter(me, NOW));
    sti_nap_leave(me, NOW, STI_NAP_ITEMS_MIN);
    /* or still in its start hook. */
    strait_store_rlx(&other->lane, NULL);
    cr_assert(!sti_nap_enter(me, NOW));
    check_int(strait_load_rlx(&pool.cpu.n_napping), 0);
}

Test(nap, ends_when_the_others_have_next_to_nothing_to_do)
{
    cr_assert(sti_nap_enter(me, NOW));
    sti_nap_leave(me, 1000, STI_NAP_ITEMS_MIN);
    cr_assert(sti_nap_pays(me, 1001));
    cr_assert(sti_nap_enter(me, NOW));
    sti_nap_leave(me, 2000, STI_NAP_ITEMS_MIN - 1);
    cr_assert(!sti_nap_pays(me, 2001));
}

Test(nap, ends_when_the_others_do_not_keep_up)
{
    cr_assert(sti_nap_enter(me, NOW));
    sti_nap_leave(me, 1000, STI_NAP_ITEMS_MIN);
    cr_assert(sti_nap_pays(me, 1000 + STI_NAP_NS));
    cr_assert(!sti_nap_pays(me, 1000 + STI_NAP_NS + 1));
    /* For good, until it has slept shortly again. */
    cr_assert(!sti_nap_pays(me, 1001));
}

Test(nap, is_not_for_who_was_at_work_since_its_short_sleeps)
{
    cr_assert(!sti_nap_pays(me, STI_NAP_NS + 1));
}

Test(nap, counts_what_all_of_the_crew_has_taken)
{
    static sti_outlet_t outlets[2];

    pool.cpu.outlets[0] = &outlets[0];
    pool.cpu.outlets[1] = &outlets[1];
    strait_store_rlx(&outlets[0].ring.consumer_, 5);
    strait_store_rlx(&outlets[1].ring.consumer_, UINT64_MAX);
    check_int(sti_nap_n_taken(&pool.cpu, 1), 5);
    check_int(sti_nap_n_taken(&pool.cpu, 2), 4);
}
