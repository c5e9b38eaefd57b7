/* SPDX-License-Identifier: MIT */
/*
 * nap.h - a worker more than the short items of a stream need, and how it keeps
 * out of the way of those that are enough.
 *
 * A worker that parks arms the lanes, and the next submit wakes it: that is
 * right when an item would wait otherwise, and a loss when another worker would
 * have taken it a moment later. In a stream of items that take less time than a
 * wake-up it goes on for ever: one worker keeps the lane empty, the other finds
 * nothing, parks, and is woken by the next submit, who pays a system call for
 * it, on a CPU that somebody else was using. Whether an item will be short
 * nobody knows before it has run; so the second worker, once that has happened
 * twice in a row, looks at the lanes every STI_NAP_NS instead of being woken.
 *
 *     worker 0   item item item item item item item item item item item item
 *     worker 1   parks, woken, parks, woken, naps ......... looks, naps .....
 *
 * For the protocol of parking.h a worker that naps is awake, only slow: it has
 * announced nothing and armed nothing, so nobody sleeps on the strength of it.
 * The last one that is any use never naps: it parks, and the next submit wakes
 * it. The price: an item that is submitted behind one that turns out long,
 * while another worker naps, waits for the rest of the nap.
 *
 * A worker naps if
 *   - it is of class CPU;
 *   - its last two sleeps were short, or it has just napped;
 *   - the items it ran last were short;
 *   - somebody else of the crew is neither parked nor napping, has run items,
 *     and is not in the middle of a long one;
 *   - no lane waits for it to see to others (owes), and there are no tasks that
 *     it might steal, which are no items and may be long.
 * It no longer does once the items are too many for the others (it was busy for
 * longer than a nap since it last slept), or too few (a nap in which all of the
 * crew ran next to none).
 *
 * Measured with one loop and two workers on 2 CPUs, million round trips per
 * second, medians of 21 runs beside each other, without naps and with them: 64
 * jobs in flight 11 and 24, 4096 jobs 18 and 30, 1 job 2.5 and 2.2; the slowest
 * runs 6.5 and 14, 6.3 and 13, 0.6 and 0.7.
 *
 * Included by: worker.c. Tests: tests/sched/test_nap.c.
 */
#ifndef STI_SCHED_NAP_H
#define STI_SCHED_NAP_H

#include "sched/sched_priv.h"

#include <strait/clock.h>

#define STI_NAP_NS UINT64_C(200000)
#define STI_NAP_SHORT_SLEEP_NS UINT64_C(80000)
#define STI_NAP_SHORT_SLEEPS 2
#define STI_NAP_ITEM_NS 500   /* a short item takes no longer, on average */
#define STI_NAP_LONG_NS 50000 /* whoever is in an item for longer is no use */
#define STI_NAP_ITEMS_MIN 64  /* of all of the crew, in one nap */

static inline void
sti_nap_init(sti_worker_t *worker)
{
    worker->n_short_sleeps = 0;
    worker->awake_since_ns = 0;
}

/* It has slept, for so long, until now. */
static inline void
sti_nap_slept(sti_worker_t *worker, uint64_t slept_ns, uint64_t now_ns)
{
    if (slept_ns < STI_NAP_SHORT_SLEEP_NS)
        worker->n_short_sleeps++;
    else
        worker->n_short_sleeps = 0;
    worker->awake_since_ns = now_ns;
}

/* Is there a thread, up, that may be expected to look at the lanes soon? */
static inline bool
sti_nap_is_up(const sti_worker_t *worker, uint64_t now_ns)
{
    uint64_t begun_ns;

    /* rlx: here and below. Guesses; who parks meanwhile can be woken. One that
     * has run nothing yet may be in its start hook. */
    if (strait_load_rlx(&worker->occupied) != STI_SEAT_LIVE ||
        /* rlx: as above. */
        strait_load_rlx(&worker->parked) != 0 ||
        /* rlx: as above. */
        strait_load_rlx(&worker->lane) == NULL)
        return false;
    /* rlx: as above. */
    begun_ns = strait_load_rlx(&worker->begun_ns);
    /* rlx: as above. */
    return strait_load_rlx(&worker->running) == NULL || begun_ns > now_ns ||
        now_ns - begun_ns < STI_NAP_LONG_NS;
}

/* Would it nap, as far as it can tell by itself? */
static inline bool
sti_nap_pays(sti_worker_t *worker, uint64_t now_ns)
{
    if (now_ns - worker->awake_since_ns > STI_NAP_NS)
        worker->n_short_sleeps = 0;
    return worker->n_short_sleeps >= STI_NAP_SHORT_SLEEPS &&
        worker->mean_ns != 0 && worker->mean_ns < STI_NAP_ITEM_NS &&
        worker->owes == NULL && worker->crew == &worker->pool->cpu &&
        !sti_forks(worker->pool);
}

/* Counts a worker among those that nap; false if nobody else would be up. */
static inline bool
sti_nap_enter(const sti_worker_t *worker, uint64_t now_ns)
{
    sti_crew_t *crew = worker->crew;
    /* rlx: here and below; only the number matters, and who comes later to this
     * word sees us. */
    uint32_t n_napping = strait_add_rlx(&crew->n_napping, 1);
    uint32_t n_up = 0;
    uint32_t i;

    for (i = 0; i < crew->n_seats; i++) {
        if (i != worker->seat && sti_nap_is_up(&crew->workers[i], now_ns))
            n_up++;
    }
    /* Who naps is up, too. */
    if (n_up > n_napping)
        return true;
    /* rlx: as above. */
    (void)strait_add_rlx(&crew->n_napping, 0 - (uint32_t)1);
    return false;
}

/* What the crew has taken out of its lanes so far. */
static inline uint64_t
sti_nap_n_taken(const sti_crew_t *crew, uint32_t n_lanes)
{
    uint64_t n = 0;
    uint32_t i;

    for (i = 0; i < n_lanes; i++) {
        /* rlx: a number to compare with a later one. */
        n += strait_load_rlx(&crew->outlets[i]->ring.consumer_);
    }
    return n;
}

/* The nap is over; so many items were taken meanwhile, by all. */
static inline void
sti_nap_leave(sti_worker_t *worker, uint64_t now_ns, uint64_t n_taken)
{
    /* rlx: as in enter. */
    (void)strait_add_rlx(&worker->crew->n_napping, 0 - (uint32_t)1);
    worker->awake_since_ns = now_ns;
    if (n_taken < STI_NAP_ITEMS_MIN)
        worker->n_short_sleeps = 0;
}

#endif /* STI_SCHED_NAP_H */
