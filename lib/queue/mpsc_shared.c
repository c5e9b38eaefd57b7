/* SPDX-License-Identifier: MIT */
/*
 * mpsc_shared - references and an end for an mpsc queue.
 *
 * Source. Our own; the count with a flag in one word is the usual one.
 *
 * Picture.  holders_ {references, closed}
 *     {3, 0}  consumer and two producers
 *     {2, 1}  the consumer has closed: no opens any more, pushes go on
 *     {0, 1}  whoever brought it here is the consumer, and alone: discards
 *
 * Roles.  open: who can be sure that it is there. release: a producer, once per
 *     open. close: the consumer, whose role goes to the last holder.
 *
 * Invariants.
 *   I1  closed is set in the step that takes the consumer's reference back, so
 *       {0, 0} does not exist and exactly one call brings it to {0, 1}. (One
 *       release too many makes it for a moment, which a close must not meet.)
 *   I2  at {0, 1} every push is complete: there is no gap, and pop answers
 *       EMPTY only when nothing is left.
 *
 * Edges.
 *   M4  release, close -> the last of them    the pushes of all producers, and
 *       the consumer's cursor_
 *
 * Progress. open lock-free; release and close wait-free up to what they
 * discard.
 *
 * Limits. 2^63 references. Not across fork, not between processes.
 *
 * Checked by tests/model/model_mpsc_shared.c, tests/queue/test_mpsc_shared.c.
 */
#include <strait/mpsc_shared.h>

enum { SHARED_CLOSED = 1, SHARED_ONE = 2 };

int
strait_mpsc_shared_init(
    strait_mpsc_shared_t *s, strait_mpsc_discard_fn discard, void *arg)
{
    if (s == NULL || (uintptr_t)s % sizeof(uint64_t) != 0 || discard == NULL ||
        strait_mpsc_init(&s->queue) != 0)
        return -STRAIT_EINVAL_;
    s->discard_ = discard;
    s->arg_ = arg;
    /* rlx: not shared yet. */
    strait_store_rlx(&s->holders_, SHARED_ONE);
    return 0;
}

int
strait_mpsc_shared_open(strait_mpsc_shared_t *s)
{
    if (s == NULL)
        return -STRAIT_EINVAL_;
    for (;;) {
        /* rlx: a guess; the CAS decides. */
        uint64_t h = strait_load_rlx(&s->holders_);

        if (h & SHARED_CLOSED)
            return -STRAIT_ESHUTDOWN_;
        /* rlx: a count. Whatever made `s` known to us has published it. */
        if (strait_cas_weak_rlx(&s->holders_, &h, h + SHARED_ONE))
            return 0;
    }
}

/* The last holder is the consumer now; all pushes are complete. */
static __attribute__((noinline)) int
discard_all(strait_mpsc_shared_t *s)
{
    strait_mpsc_node_t *node;

    while (strait_mpsc_pop(&s->queue, &node) == STRAIT_MPSC_ITEM)
        s->discard_(node, s->arg_);
    return 1;
}

int
strait_mpsc_shared_release(strait_mpsc_shared_t *s)
{
    uint64_t h;

    if (s == NULL)
        return -STRAIT_EINVAL_;
    /* [M4:ar] rel: our pushes, to the last holder; acq: everybody else's, and
     * the consumer's cursor, if that is us. */
    h = strait_add_acq_rel(&s->holders_, 0 - (uint64_t)SHARED_ONE);
    if (h == SHARED_ONE) {
        /* The consumer's, and it is open: one release too many. rlx: nobody
         * has come to know of it. */
        (void)strait_add_rlx(&s->holders_, SHARED_ONE);
        return -STRAIT_EINVAL_;
    }
    return h == (SHARED_ONE | SHARED_CLOSED) ? discard_all(s) : 0;
}

int
strait_mpsc_shared_close(strait_mpsc_shared_t *s)
{
    uint64_t h;

    if (s == NULL)
        return -STRAIT_EINVAL_;
    if (strait_mpsc_shared_is_closed(s))
        return -STRAIT_ESHUTDOWN_;
    /* [M4:ar] as in release: one reference less and CLOSED set are one step. */
    h = strait_add_acq_rel(
        &s->holders_, (uint64_t)SHARED_CLOSED - (uint64_t)SHARED_ONE);
    return h == SHARED_ONE ? discard_all(s) : 0;
}

bool
strait_mpsc_shared_is_closed(const strait_mpsc_shared_t *s)
{
    /* rlx: the flag carries nothing else. */
    return (strait_load_rlx(&s->holders_) & SHARED_CLOSED) != 0;
}
