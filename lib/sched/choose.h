/* SPDX-License-Identifier: MIT */
/*
 * choose.h - which lane a worker takes its next item from. Limits, priorities
 * and turns are decided here and nowhere else, by each worker for itself: what
 * it needs to remember is its own, and no word is shared but those of the
 * lanes.
 *
 *   1 now and then, the lane whose oldest item has waited longest in relation
 *     to its priority (aging): one priority for each STRAIT_LANE_AGING_NS. The
 *     look costs a clock and a line of each lane, so it is taken when the
 *     stopwatch has just read the clock and a quarter of that time has passed,
 *     and holds until the next.
 *   2 else the lanes in the order of their priority; among equals each has its
 *     turn of `weight` items.
 * A lane whose gate is full is passed over; whoever leaves the gate looks again
 * (parking.h). One worker keeps to the weights exactly, several of them on the
 * whole.
 *
 * Included by: worker.c. Tests: tests/sched/test_lane.c.
 */
#ifndef STI_SCHED_CHOOSE_H
#define STI_SCHED_CHOOSE_H

#include "base/check.h"
#include "sched/sched_priv.h"
#include "sched/stopwatch.h"

/* True if a worker that looks at it may find something to run. */
static inline bool
sti_outlet_offers(const sti_outlet_t *outlet)
{
    return !strait_ring_is_empty(&outlet->ring) &&
        (outlet->gate.max == 0 ||
            sti_gate_inside(&outlet->gate) < outlet->gate.max);
}

/* True if the oldest item of a lane can be taken now. */
static inline bool
sti_lane_ready(const strait_lane_t *lane)
{
    const strait_ring_t *ring = &lane->outlet.ring;
    /* rlx: here and below; who takes it looks again. */
    uint64_t c = strait_load_rlx(&ring->consumer_);

    /* rlx: as above. */
    return strait_load_rlx(&ring->slots_[c & ring->mask_].seq_) == c + 1;
}

/* How many places ahead of the one that is taken the next to be prefetched is,
 * and for how many items nobody looks there once it was empty: whoever is close
 * behind the submitters must not take their lines from them. */
#define STI_AHEAD 4
#define STI_UNSEEN 32

/*
 * Has the item that comes a few places behind `pos` brought here, with the line
 * behind it, where its owner's data are likely to be: its submitter has written
 * it, and the whole way of an item through a worker is shorter than that of its
 * lines between two CPUs. `work`, which is at pos, is told, so that whoever
 * consumes its completion can do the same (finish in submit.h). Only prefetches
 * come of it: the item may be somebody else's, or gone, by then.
 *
 * 64 and 4096 jobs in flight, million a second: 24 and 30 without this, 28 and
 * 31 with the worker's half, 43 and 38 with both. Eight places ahead, or two,
 * are about as good; without a look at seq_ who is close behind the submitters
 * loses a quarter.
 */
static inline void
sti_lane_look_ahead(sti_worker_t *worker, const strait_ring_t *ring,
    uint64_t pos, strait_work_t *work)
{
    const strait_ring_slot_t *slot =
        &ring->slots_[(pos + STI_AHEAD) & ring->mask_];
    char *ahead;

    if (worker->n_unseen != 0) {
        worker->n_unseen--;
        return;
    }
    /* rlx: here and below; a hint. */
    if (strait_load_rlx(&slot->seq_) != pos + STI_AHEAD + 1) {
        worker->n_unseen = STI_UNSEEN;
        return;
    }
    /* rlx: as above. NULL: it was taken back. */
    ahead = strait_load_rlx(&slot->value_);
    if (ahead != NULL) {
        STRAIT_PREFETCH_WRITE(ahead);
        STRAIT_PREFETCH_WRITE(ahead + STRAIT_CACHE_LINE);
        /* rlx: as above. */
        strait_store_rlx(&work->ahead_, ahead);
    }
}

/* Takes the oldest item of a lane. A STRAIT_RING_* value. */
static inline int
sti_lane_pop(
    sti_worker_t *worker, strait_lane_t *lane, strait_work_t **ret_work)
{
    strait_ring_t *ring = &lane->outlet.ring;

    for (;;) {
        void *value;
        uint64_t pos;
        bool removed = false;
        int popped = strait_ring_take_(ring, &value, &pos);

        if (popped != STRAIT_RING_DONE)
            return popped;
        if (sti_attention(&lane->removal)) {
            removed = sti_is_removed(ring, &lane->removal, pos);
            sti_lane_drained(lane, 0);
        }
        if (!removed && value != NULL) {
            sti_stopwatch_taken(worker, lane, pos);
            *ret_work = value;
            sti_lane_look_ahead(worker, ring, pos, value);
            return STRAIT_RING_DONE;
        }
    }
}

/* Leaves the gate of a lane. */
static inline void
sti_lane_leave(sti_worker_t *worker, strait_lane_t *lane)
{
    if (lane->outlet.gate.max != 0 && sti_gate_leave(&lane->outlet.gate))
        worker->owes = lane;
}

/* The same, if one may run: through the gate, which is left once it has. */
static inline int
sti_lane_take(
    sti_worker_t *worker, strait_lane_t *lane, strait_work_t **ret_work)
{
    sti_outlet_t *outlet = &lane->outlet;
    int popped;

    if (outlet->gate.max != 0 &&
        (!sti_outlet_offers(outlet) || !sti_gate_enter(&outlet->gate)))
        return STRAIT_RING_EMPTY;
    popped = sti_lane_pop(worker, lane, ret_work);
    if (popped != STRAIT_RING_DONE)
        sti_lane_leave(worker, lane);
    return popped;
}

/* Sorts the lanes anew: by priority, then by age. */
static inline void
sti_choose_rank(sti_worker_t *worker, uint32_t n_lanes)
{
    sti_crew_t *crew = worker->crew;
    uint32_t n = 0;
    int priority;
    uint32_t i;

    for (priority = STRAIT_LANE_PRIORITY_MAX; priority >= 0; priority--) {
        worker->turn[priority] = (uint8_t)n;
        for (i = 0; i < n_lanes; i++) {
            if (crew->lanes[i]->priority == priority)
                worker->rank[n++] = (uint8_t)i;
        }
    }
    worker->n_ranked = n_lanes;
    worker->left = 0;
}

/* When the oldest item of a lane was submitted; UINT64_MAX if it has none. */
static inline uint64_t
sti_lane_head_ns(const strait_lane_t *lane)
{
    const strait_ring_t *ring = &lane->outlet.ring;
    /* rlx: here and below; an answer that is a little out of date will do, and
     * a place that was filled anew in between looks younger than it is. */
    uint64_t c = strait_load_rlx(&ring->consumer_);

    /* [R3:acq] the stamp. */
    if (strait_load_acquire(&ring->slots_[c & ring->mask_].seq_) != c + 1)
        return UINT64_MAX;
    return sti_stamp(lane, c);
}

/* The lane that is the most urgent one by age and priority together. NULL if
 * the order of priorities says the same. */
static inline strait_lane_t *
sti_choose_aged(sti_worker_t *worker)
{
    sti_crew_t *crew = worker->crew;
    strait_lane_t *best = NULL;
    uint64_t best_score = 0;
    int top = -1;
    uint32_t i;

    for (i = 0; i < worker->n_ranked; i++) {
        strait_lane_t *lane = crew->lanes[worker->rank[i]];
        uint64_t head_ns;
        uint64_t age_ns;
        uint64_t score;

        if (!sti_outlet_offers(&lane->outlet))
            continue;
        head_ns = sti_lane_head_ns(lane);
        if (top < 0)
            top = lane->priority;
        age_ns = head_ns < worker->last_ns ? worker->last_ns - head_ns : 0;
        score = lane->priority * STRAIT_LANE_AGING_NS + age_ns;
        if (best == NULL || score > best_score) {
            best = lane;
            best_score = score;
        }
    }
    return best != NULL && best->priority != top ? best : NULL;
}

/* The lanes of one priority, rank[from] to rank[to - 1], by turns. */
static inline int
sti_choose_among(sti_worker_t *worker, uint32_t from, uint32_t to,
    strait_lane_t **ret_lane, strait_work_t **ret_work)
{
    sti_crew_t *crew = worker->crew;
    int priority = crew->lanes[worker->rank[from]]->priority;
    int found = STRAIT_RING_EMPTY;
    uint32_t i;

    for (i = from; i < to; i++) {
        uint32_t turn = worker->turn[priority];
        uint8_t number = worker->rank[turn];
        strait_lane_t *lane = crew->lanes[number];
        int popped = sti_lane_take(worker, lane, ret_work);

        if (worker->left_lane != number || worker->left == 0) {
            worker->left_lane = number;
            worker->left = lane->weight;
        }
        if (popped == STRAIT_RING_DONE) {
            if (--worker->left == 0)
                worker->turn[priority] =
                    (uint8_t)(turn + 1 < to ? turn + 1 : from);
            *ret_lane = lane;
            return STRAIT_RING_DONE;
        }
        if (popped == STRAIT_RING_PENDING)
            found = STRAIT_RING_PENDING;
        worker->left = 0;
        worker->turn[priority] = (uint8_t)(turn + 1 < to ? turn + 1 : from);
    }
    return found;
}

/*
 * True if no other lane of the crew has anything ready: then this one, which
 * has just come first, comes first again, and a worker in the middle of a group
 * of short items need not choose anew for each of them, which would cost more
 * than they do. Its gate is left at the end of the group. With another lane
 * ready there are no groups: who comes first depends on how long each item
 * takes.
 */
static inline bool
sti_lane_alone(const sti_worker_t *worker, const strait_lane_t *lane)
{
    const sti_crew_t *crew = worker->crew;
    uint32_t i;

    /* rlx: a lane that is new will be seen a little later. */
    if (strait_load_rlx(&crew->n_lanes) != worker->n_ranked)
        return false;
    for (i = 0; i < worker->n_ranked; i++) {
        const strait_lane_t *other = crew->lanes[i];

        if (other != lane && sti_lane_ready(other))
            return false;
    }
    return true;
}

/* Takes an item from the lane that comes first. A STRAIT_RING_* value. */
static inline int
sti_choose(sti_worker_t *worker, uint32_t n_lanes, strait_lane_t **ret_lane,
    strait_work_t **ret_work)
{
    sti_crew_t *crew = worker->crew;
    int found = STRAIT_RING_EMPTY;
    uint32_t from;
    uint32_t to;

    STI_CHECK(2, n_lanes <= STRAIT_POOL_LANES_MAX);
    if (n_lanes != worker->n_ranked)
        sti_choose_rank(worker, n_lanes);
    if (worker->fresh && n_lanes > 1 &&
        worker->last_ns - worker->aged_ns >= STRAIT_LANE_AGING_NS / 4) {
        worker->aged = sti_choose_aged(worker);
        worker->aged_ns = worker->last_ns;
    }
    if (worker->aged != NULL) {
        if (sti_lane_take(worker, worker->aged, ret_work) == STRAIT_RING_DONE) {
            *ret_lane = worker->aged;
            return STRAIT_RING_DONE;
        }
        worker->aged = NULL;
    }
    for (from = 0; from < n_lanes; from = to) {
        int popped;

        to = from + 1;
        /* The usual case, one lane of this priority. */
        if (to == n_lanes ||
            crew->lanes[worker->rank[to]]->priority !=
                crew->lanes[worker->rank[from]]->priority) {
            *ret_lane = crew->lanes[worker->rank[from]];
            popped = sti_lane_take(worker, *ret_lane, ret_work);
            if (popped == STRAIT_RING_DONE)
                return popped;
            if (popped == STRAIT_RING_PENDING)
                found = popped;
            continue;
        }
        while (to < n_lanes &&
            crew->lanes[worker->rank[to]]->priority ==
                crew->lanes[worker->rank[from]]->priority)
            to++;
        popped = sti_choose_among(worker, from, to, ret_lane, ret_work);
        if (popped == STRAIT_RING_DONE)
            return popped;
        if (popped == STRAIT_RING_PENDING)
            found = popped;
    }
    return found;
}

#endif /* STI_SCHED_CHOOSE_H */
