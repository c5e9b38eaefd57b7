/* SPDX-License-Identifier: MIT */
/*
 * mpsc - the completion queue: intrusive, unbounded, many producers, one
 * consumer. For inboxes of loops, sinks, remote frees.
 *
 * Source. The exchange-linked list of D. Vyukov ("Intrusive MPSC node-based
 * queue", 2007) in the dummy-headed form of liburcu's wfcqueue. Deviations:
 * (1) the tail word also says whether the consumer sleeps, by holding one of
 * two dummies, so that "publish" and "is the other side asleep" are ordered by
 * the modification order of one word and need no fence; (2) pop never waits
 * for a producer stopped in the gap, it answers PENDING, or EMPTY if only a
 * look at the producers' line would tell (a consumer that polls is some 5 %
 * quicker without it, with 1 and with 4 producers); (3) the stub is put back by
 * a compare-and-swap from the last node, never by a push, so that a drained
 * queue costs one RMW.
 *
 * Picture.  cursor_ -> [stub] -> [n1] -> [n2] <- tail_          two nodes
 *           cursor_ -> [n1] -> [n2] <- tail_                    after one step
 *           cursor_ -> [armed] <- tail_                         consumer asleep
 *           cursor_ -> [n1] --x  [n2] -> [n3] <- tail_          n2's producer is
 *     stopped between exchange and link (at x). n1 cannot be given out either:
 *     its next_ is still to be written. pop answers PENDING. In front of n1,
 *     with the cursor at a dummy, it answers EMPTY, and arm refuses.
 *
 * Roles.  push, push_chain: any thread or signal handler. pop, pop_chain, arm,
 *     disarm, is_empty: the consumer. init: nobody else may look.
 *
 * Invariants.
 *   I1  tail_ is never NULL; following next_ from the cursor leads to tail_
 *       once every push in flight has linked.
 *   I2  a dummy that is not in the list has next_ == NULL.
 *   I3  at most one dummy is in the list, and it is in front.
 *   I4  a node that pop gave out is referenced by nobody: its producer has
 *       linked it, its successor's producer has linked through it.
 *
 * Edges.
 *   M1  exchange in push -> exchange of the next push    next_ = NULL of the
 *       predecessor is older than the link that replaces it
 *   M2  link store in push -> loads of next_ in pop      the nodes and all that
 *       their producer did before
 *   M3  CAS of the consumer (pop, arm, disarm) -> exchange in push   next_ =
 *       NULL of the dummy, and all that the consumer wrote before arming
 *
 * Progress. push wait-free, 1 RMW. pop, arm, disarm wait-free: they answer
 *   PENDING, EMPTY or false instead of waiting. A producer preempted in the gap
 *   hides everything from its predecessor on (the link store is all that is
 *   left); nobody spins.
 *
 * Why not the stack without a gap (push by CAS, the consumer takes all and
 *   turns it round): M items/s through both, 2 cores, medians of 15 interleaved
 *   runs (bench/run --only 'mpsc/.*(strait|cas_stack)$' has them for your
 *   machine),
 *
 *       producers      2     4     8    16
 *       this queue    96    74    59    52
 *       that stack   193   120   125   120
 *
 *   it wins where a consumer does nothing but count: it is at the producers'
 *   word once a batch and lets a backlog grow in between. A consumer that has
 *   work to do gets its first item only when it has been through all of them;
 *   as the inbox of an offload path, where what comes out goes in again, the
 *   stack was 2 to 4 times slower in the trial before this library. And its
 *   push is a loop: lock-free, not wait-free. It stays in bench/ as a
 *   yardstick.
 *
 * Limits. No ABA: only the consumer swaps conditionally, from a node that it
 *   alone may remove. Unbounded. Not across fork, not between processes.
 *
 * Checked by tests/model/model_mpsc_*.c (with every order weakened in turn),
 * tests/queue/test_mpsc.c, tests/queue/stress_mpsc.c.
 */
#include <strait/mpsc.h>

extern inline bool strait_mpsc_push_chain(
    strait_mpsc_t *q, strait_mpsc_node_t *first, strait_mpsc_node_t *last);
extern inline bool strait_mpsc_push(strait_mpsc_t *q, strait_mpsc_node_t *node);
extern inline void strait_mpsc_link(
    strait_mpsc_node_t *node, strait_mpsc_node_t *next);
extern inline int strait_mpsc_pop(
    strait_mpsc_t *q, strait_mpsc_node_t **ret_node);
extern inline int strait_mpsc_pop_chain(strait_mpsc_t *q, size_t max,
    strait_mpsc_node_t **ret_first, strait_mpsc_node_t **ret_last,
    size_t *ret_n);
extern inline strait_mpsc_node_t *strait_mpsc_next(
    const strait_mpsc_node_t *node);

int
strait_mpsc_init(strait_mpsc_t *q)
{
    if (q == NULL || (uintptr_t)q % sizeof(void *) != 0)
        return -STRAIT_EINVAL_;
    /* rlx: four times; the queue is not shared before init has returned, and
     * whatever shares it publishes these. */
    strait_store_rlx(&q->stub_.next_, NULL);
    /* rlx: as above. */
    strait_store_rlx(&q->armed_.next_, NULL);
    /* rlx: as above. */
    strait_store_rlx(&q->tail_, &q->stub_);
    /* rlx: as above. */
    strait_store_rlx(&q->consuming_.taken_, 0);
    q->cursor_ = &q->stub_;
    return 0;
}

bool
strait_mpsc_arm(strait_mpsc_t *q)
{
    strait_mpsc_node_t *dummy = q->cursor_;
    strait_mpsc_node_t *expected = dummy;

    STRAIT_ROLE_LOOK_(&q->consuming_);
    if (dummy != &q->stub_ && dummy != &q->armed_)
        return false;
    STRAIT_POINT("mpsc.arm");
    /* Before the CAS: whoever takes `armed` out may become the consumer (so it
     * is with the inbox of a loop that has ended), and reads this then. */
    q->cursor_ = &q->armed_;
    /* [M3:rel] whoever takes `armed` out sees its next_ = NULL and all that we
     * did before. No acquire: nothing of a producer is read on success. From
     * `armed` to itself when armed already: a load could be stale and let us
     * sleep although the wake for that arming has been used up. */
    if (strait_cas_release(&q->tail_, &expected, &q->armed_))
        return true;
    q->cursor_ = dummy;
    return false;
}

bool
strait_mpsc_disarm(strait_mpsc_t *q)
{
    strait_mpsc_node_t *expected = &q->armed_;

    STRAIT_ROLE_LOOK_(&q->consuming_);
    if (q->cursor_ != &q->armed_)
        return true;
    STRAIT_POINT("mpsc.disarm");
    /* [M3:rel] as in arm, for the stub. */
    if (!strait_cas_release(&q->tail_, &expected, &q->stub_))
        return false;
    q->cursor_ = &q->stub_;
    return true;
}

bool
strait_mpsc_is_empty(const strait_mpsc_t *q)
{
    const strait_mpsc_node_t *node = q->cursor_;

    if (node != &q->stub_ && node != &q->armed_)
        return false;
    /* rlx: an answer about now; later pushes may come at any time. */
    return strait_load_rlx(&q->tail_) == node;
}
