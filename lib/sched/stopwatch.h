/* SPDX-License-Identifier: MIT */
/*
 * stopwatch.h - how long items wait and run, always on. A look at the clock
 * costs 20 to 30 ns, more than the rest of a short item's way through a worker,
 * so short items are timed in groups: one look for up to STI_GROUP_MAX items
 * of one lane that take STI_GROUP_NS together, judging by the last ones.
 *
 *   items   | a b c d ... p |      the clock is read at each bar
 *   wait      of a, counted for all of them
 *   run       a share of the whole for each; if the group took much longer than
 *             its like, one item is charged with the difference
 *   begun_ns  of the group: "runs since" is exact for a long item, and out by
 *             the few microseconds of the short ones before it in its group;
 *             by more only for the first group of items that turn long
 *
 * The first item after a pause is always timed alone, and so is each item while
 * several lanes have work. If items turn long in the middle of a group, the
 * rest of that group, at most STI_GROUP_MAX, is counted as one long item and
 * short ones; from then on each is timed alone.
 *
 * Included by: worker.c. Tests: tests/sched/test_stats.c.
 */
#ifndef STI_SCHED_STOPWATCH_H
#define STI_SCHED_STOPWATCH_H

#include "sched/sched_priv.h"

#include <strait/clock.h>

static inline void
sti_stopwatch_init(sti_worker_t *worker)
{
    worker->n_group = 0;
    worker->group = 1;
    worker->fresh = false;
    worker->cell = NULL;
    worker->mean_ns = 0;
}

/* An item was taken from `pos` of a lane: when did it come? */
static inline void
sti_stopwatch_taken(sti_worker_t *worker, strait_lane_t *lane, uint64_t pos)
{
    /* rlx: our own. */
    if (worker->n_group == 0 || strait_load_rlx(&worker->lane) != lane)
        worker->stamp_ns = sti_stamp(lane, pos);
}

/* Ends the group and counts it. */
static inline void
sti_stopwatch_flush(sti_worker_t *worker)
{
    sti_cell_t *cell = worker->cell;
    uint64_t now_ns = strait_now_ns();
    /* rlx: our own. */
    uint64_t took_ns = now_ns - strait_load_rlx(&worker->begun_ns);
    uint32_t n = worker->n_group;
    uint64_t mean_ns = took_ns / n;

    if (n > 1 && took_ns > 4 * STI_GROUP_NS) {
        uint64_t rest_ns = (n - 1) * worker->mean_ns;
        uint64_t long_ns = took_ns > rest_ns ? took_ns - rest_ns : 0;

        sti_counter_add(&cell->run[strait_histogram_bucket(long_ns)], 1);
        n--;
        mean_ns = worker->mean_ns;
    }
    sti_counter_add(&cell->run[strait_histogram_bucket(mean_ns)], n);
    sti_counter_add(
        &cell->wait[strait_histogram_bucket(worker->wait_ns)], worker->n_group);
    worker->group = 1;
    if (n == worker->n_group && mean_ns < STI_GROUP_NS / 2) {
        worker->group = mean_ns < STI_GROUP_NS / STI_GROUP_MAX
            ? STI_GROUP_MAX
            : (uint32_t)(STI_GROUP_NS / mean_ns);
    }
    worker->mean_ns = mean_ns;
    worker->last_ns = now_ns;
    worker->n_group = 0;
    worker->fresh = true;
}

/* The next item is of this lane. */
static inline void
sti_stopwatch_lane(sti_worker_t *worker, strait_lane_t *lane)
{
    /* rlx: our own. */
    if (strait_load_rlx(&worker->lane) == lane && worker->cell != NULL)
        return;
    if (worker->n_group != 0)
        sti_stopwatch_flush(worker);
    /* rlx: made before this thread started, or the lane was counted. */
    worker->cell = strait_load_rlx(&lane->cells[worker->seat]);
    worker->group = 1;
    /* rlx: for those who ask. */
    strait_store_rlx(&worker->lane, lane);
}

/* Right before `run`. */
static inline void
sti_stopwatch_start(sti_worker_t *worker, const strait_work_t *work)
{
    if (worker->n_group == 0) {
        uint64_t now_ns = worker->fresh ? worker->last_ns : strait_now_ns();

        worker->wait_ns = now_ns > worker->stamp_ns ? now_ns - worker->stamp_ns
                                                    : 0;
        /* rlx: for those who ask. */
        strait_store_rlx(&worker->begun_ns, now_ns);
    }
    /* rlx: as above. */
    strait_store_rlx(&worker->running, work->run_);
}

/* `run` has returned. */
static inline void
sti_stopwatch_count(sti_worker_t *worker)
{
    sti_counter_add(&worker->cell->n_run, 1);
}

/* This worker was woken for the item. */
static inline void
sti_stopwatch_woken(sti_worker_t *worker)
{
    sti_counter_add(&worker->cell->n_woken, 1);
}

/* The item has been handed on. */
static inline void
sti_stopwatch_stop(sti_worker_t *worker)
{
    worker->fresh = false;
    if (++worker->n_group >= worker->group)
        sti_stopwatch_flush(worker);
}

/* The item ended without `run`. */
static inline void
sti_stopwatch_skip(sti_worker_t *worker)
{
    sti_counter_add(&worker->cell->n_removed, 1);
}

/* There is nothing to run. */
static inline void
sti_stopwatch_idle(sti_worker_t *worker)
{
    if (worker->n_group != 0)
        sti_stopwatch_flush(worker);
    worker->fresh = false;
    worker->group = 1;
    /* rlx: our own, here and below; for those who ask. */
    if (strait_load_rlx(&worker->running) != NULL) {
        /* rlx: as above. */
        strait_store_rlx(&worker->running, NULL);
    }
}

#endif /* STI_SCHED_STOPWATCH_H */
