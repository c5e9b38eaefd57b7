/* SPDX-License-Identifier: MIT */
/*
 * work.c - work items for any sink. The path of a task is in submit.h, on its
 * owner's side, and in worker.c, on the pool's; here is what is left: groups,
 * and the turn of items in lanes that keep the order of submits (order.h).
 *
 * Edges.
 *   G1  pool_ CAS of the first member's submit -> cancel of the group      the
 *       pool, whose lanes it reads
 *
 * Tests: tests/sched/test_work.c, test_cancel.c, stress_pool.c.
 */
#include "sched/submit.h"

#include <strait/clock.h>

_Static_assert(offsetof(strait_work_t, ahead_) == 64,
    "what every item needs, but for a hint, is one cache line");

void
strait_work_init(strait_work_t *work, strait_work_fn run,
    strait_work_done_fn done, void *arg)
{
    if (work == NULL)
        return;
    strait_sink_entry_init(&work->entry_, NULL);
    work->run_ = run;
    work->done_ = done;
    work->arg_ = arg;
    work->sink_ = NULL;
    work->home_ = NULL;
    work->group_ = NULL;
    work->owner_ = NULL;
    /* rlx: the owner's own hand, here and below. */
    strait_store_rlx(&work->ahead_, NULL);
    /* rlx: as above. */
    strait_store_rlx(&work->place_, 0);
    /* rlx: as above. */
    strait_store_rlx(&work->state_, STI_WORK_IDLE);
}

bool
strait_work_in_flight(const strait_work_t *work)
{
    /* rlx: asked by the owner, who has submitted it or seen it finish. */
    return work != NULL &&
        (strait_load_rlx(&work->state_) & STI_WORK_IN_FLIGHT) != 0;
}

static void
deliver_plain(strait_sink_entry_t *entry, int status)
{
    sti_work_finish(STRAIT_CONTAINER_OF(entry, strait_work_t, entry_), status);
}

int
strait_work_submit(
    strait_lane_t *lane, strait_work_t *work, strait_sink_t *sink)
{
    if (sink == NULL)
        return -EINVAL;
    return sti_work_submit(
        lane, work, sink, deliver_plain, STI_DELIVER_PLAIN, strait_now_ns());
}

void
strait_group_init(strait_group_t *group)
{
    if (group == NULL)
        return;
    /* rlx: not shared, here and below. */
    strait_store_rlx(&group->cancelled_, 0);
    /* rlx: as above. */
    strait_store_rlx(&group->lanes_, 0);
    /* rlx: as above. */
    strait_store_rlx(&group->pool_, NULL);
}

int
strait_work_set_group(strait_work_t *work, strait_group_t *group)
{
    uint32_t state;

    if (work == NULL)
        return -EINVAL;
    /* rlx: the owner's own item, here and below. */
    state = strait_load_rlx(&work->state_);
    if (state & STI_WORK_IN_FLIGHT)
        return -EBUSY;
    work->group_ = group;
    state &= ~(uint32_t)STI_WORK_GROUPED;
    if (group != NULL)
        state |= STI_WORK_GROUPED;
    /* rlx: as above. */
    strait_store_rlx(&work->state_, state);
    return 0;
}

int
sti_group_admit(strait_group_t *group, strait_lane_t *lane)
{
    uint32_t bit = (uint32_t)1 << lane->number;
    void *pool = NULL;

    /* [G1:rel] our pool. */
    if (!strait_cas_release(&group->pool_, &pool, lane->pool) &&
        pool != lane->pool)
        return -EINVAL;
    /* rlx: set once, by whoever comes first. */
    if ((strait_load_rlx(&group->lanes_) & bit) == 0) {
        /* SC: store-load with strait_group_cancel. */
        (void)strait_or_sc(&group->lanes_, bit);
    }
    /* rlx: here and below; before the item, which no earlier one follows. */
    if (strait_load_rlx(&lane->grouped) == 0) {
        /* rlx: as above. */
        strait_store_rlx(&lane->grouped, 1);
    }
    /* SC: the other half of the above. */
    return strait_load_sc(&group->cancelled_) != 0 ? -ECANCELED : 0;
}

int
sti_submit_refused(strait_lane_t *lane, strait_work_t *work, int err)
{
    /* rlx: nobody else has seen the item, here and below. */
    uint32_t state = strait_load_rlx(&work->state_);

    /* rlx: as above. */
    strait_store_rlx(&work->state_, state & STI_WORK_KEPT);
    if (err == -EAGAIN) {
        /* rlx: a statistic. */
        (void)strait_add_rlx(&lane->n_rejected, 1);
    }
    return err;
}

int
sti_window_admit(strait_lane_t *lane, strait_sink_t *sink,
    strait_sink_deliver_fn deliver, uint32_t kind, sti_window_t **ret_window)
{
    sti_window_t *window = sti_order_find(&lane->order, sink);
    int err;

    if (window == NULL) {
        err = sti_order_open(&lane->order, sink, &window);
        if (err != 0)
            return err;
    }
    /* rlx: here and below; they go with the items by R3, and nobody writes
     * anything else. */
    if (strait_load_rlx(&window->lane_) != lane) {
        /* rlx: as above. */
        strait_store_rlx(&window->lane_, lane);
    }
    /* rlx: as above. */
    if (strait_load_rlx(&window->then_[kind]) != deliver) {
        /* rlx: as above. */
        strait_store_rlx(&window->then_[kind], deliver);
    }
    *ret_window = window;
    return sti_window_has_room(window, sink) ? 0 : -EAGAIN;
}

/* On the thread that consumes the sink. */
void
sti_deliver_in_turn(strait_sink_entry_t *entry, int status)
{
    strait_work_t *work = STRAIT_CONTAINER_OF(entry, strait_work_t, entry_);
    sti_window_t *window = work->home_;
    strait_sink_deliver_fn then[STI_DELIVER_KINDS];
    strait_work_t *next;
    uint32_t i;

    /* The window may be gone when the last one is finished. */
    for (i = 0; i < STI_DELIVER_KINDS; i++) {
        /* rlx: came with the item. */
        then[i] = strait_load_rlx(&window->then_[i]);
    }

    if (status != 0) {
        /* rlx: ours; kept for the time when it is its turn. */
        (void)strait_or_rlx(&work->state_, STI_WORK_CANCELED);
    }
    for (work = sti_window_arrive(window, work); work != NULL; work = next) {
        /* Before `done`, which may submit into the same window, or end the
         * pool: the window is safe while somebody is in it. */
        next = sti_window_pass(window);
        /* rlx: ours. */
        i = strait_load_rlx(&work->state_) / STI_WORK_KIND % 4;
        then[i](&work->entry_, 0);
    }
}
