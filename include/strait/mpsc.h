/* SPDX-License-Identifier: MIT */
/**
 * @file mpsc.h
 * Intrusive unbounded queue, many producers, one consumer, wait-free push,
 * with an exact answer to "must I wake the consumer?".
 *
 * Use it as the inbox of a thread: completions, posts, remote frees. Do not
 * use it as the queue of several consumers (see ring.h), or where memory must
 * be bounded.
 *
 *     strait_mpsc_t inbox = STRAIT_MPSC_INIT(inbox);
 *     struct job { strait_mpsc_node_t node; int number; } job;
 *
 *     // any thread                           // the consumer
 *     if (strait_mpsc_push(&inbox, &job.node))   for (;;) {
 *         wake_consumer();                           int r = strait_mpsc_pop(&inbox, &node);
 *                                                    if (r == STRAIT_MPSC_ITEM) use(node);
 *                                                    else if (strait_mpsc_arm(&inbox)) sleep();
 *                                                    else sched_yield();
 *                                                }
 *
 * The wake may come before the sleep: what one sleeps on must remember it, as an
 * eventfd or a semaphore does.
 *
 * Design. A list linked from oldest to newest; a push is one exchange of the
 * tail word, then one store that links the predecessor. Two nodes of the queue
 * itself stand for "empty": `stub` while the consumer is awake, `armed` once
 * it has announced that it will sleep. The one producer whose exchange takes
 * out `armed` owes the one wake-up; every other push costs no wake and no
 * second atomic. lib/queue/mpsc.c has the picture, invariants and proof notes.
 *
 * Memory: nodes belong to the caller and must stay valid from push until pop
 * has handed them back. The queue allocates nothing.
 *
 * Guarantees: each node comes out exactly once, in push order per producer and
 * in the order of the exchanges overall. What a producer wrote before push is
 * visible to the consumer after pop. EMPTY may be answered while a push that
 * has returned is hidden behind one that has not: it is not linearizable, and
 * strait_mpsc_arm refuses to arm in that case, so no sleep is based on it. If it
 * refuses again and again, a producer was stopped in the middle of its push:
 * give it time (yield, sleep a little), do not spin.
 *
 * Fork, signals: push may be called from a signal handler. The child of a fork
 * must initialise the queue anew; nothing here checks that.
 */
#ifndef STRAIT_MPSC_H
#define STRAIT_MPSC_H

#include <strait/atomic.h>
#include <strait/base.h>
#include <strait/role.h>

STRAIT_BEGIN_DECLS

/** Embed one in whatever travels through the queue. */
typedef struct strait_mpsc_node {
    STRAIT_ATOMIC(struct strait_mpsc_node *) next_;
} strait_mpsc_node_t;

/** The queue. Complete, so that it can be embedded; natural alignment. */
typedef struct strait_mpsc {
    /* Producers and consumer: the newest node, or one of the two dummies. */
    STRAIT_ATOMIC(strait_mpsc_node_t *) tail_;
    /* Checked builds only. */
    strait_role_t consuming_;
    char pad_[STRAIT_CACHE_LINE - sizeof(void *) - sizeof(uint32_t)];
    /* Consumer only: a dummy in front of the list, or the oldest node. */
    strait_mpsc_node_t *cursor_;
    /* The dummies; a producer writes their next_ once per emptied queue. */
    strait_mpsc_node_t stub_;
    strait_mpsc_node_t armed_;
} strait_mpsc_t;

/** Static initialiser: strait_mpsc_t q = STRAIT_MPSC_INIT(q); */
/* clang-format off */
#define STRAIT_MPSC_INIT(q)                                                    \
    { &(q).stub_, { 0 }, { 0 }, &(q).stub_, { NULL }, { NULL } }
/* clang-format on */

/** What strait_mpsc_pop and strait_mpsc_pop_chain answer. */
enum {
    STRAIT_MPSC_EMPTY = 0,  /**< nothing to take, as far as one can see without
                               disturbing producers; arming knows better */
    STRAIT_MPSC_ITEM = 1,   /**< a node was handed out */
    STRAIT_MPSC_PENDING = 2 /**< there is a node, but a producer was between
                               its exchange and its link behind it during the
                               call; the node, and what came after, will appear
                               when it has gone on. Do something else. */
};

/**
 * Makes an empty, unarmed queue.
 * @param q  memory of the caller, in use by nobody
 * @retval 0        done
 * @retval -EINVAL  NULL, or memory below its natural alignment
 * @threads init-only  @progress wait-free
 */
STRAIT_API int strait_mpsc_init(strait_mpsc_t *q) STRAIT_NOEXCEPT;

/**
 * Appends a chain of nodes that the caller has linked through
 * strait_mpsc_link, at the price of one push.
 * @param q      queue (not NULL)
 * @param first  oldest node of the chain
 * @param last   newest node of the chain; may be `first`
 * @return true if the consumer had armed the queue: the caller owes the wake
 * @threads producer (any number; also signal handlers)
 * @progress wait-free: 1 exchange, 1 store. A producer that is stopped between
 *   the two hides its nodes, and all later ones, until it goes on.
 * @cost 1 RMW, 0 fences, 0 allocations, 0 system calls
 */
STRAIT_NODISCARD STRAIT_INLINE bool
strait_mpsc_push_chain(strait_mpsc_t *q, strait_mpsc_node_t *first,
    strait_mpsc_node_t *last) STRAIT_NOEXCEPT
{
    strait_mpsc_node_t *prev;

    /* rlx: published by M1 and M2 below, before which nobody can see `last`. */
    strait_store_rlx(&last->next_, NULL);
    /* [M1:ar] rel: our next_ = NULL is seen by the producer that comes after
     * us, acq: so is our predecessor's by us, hence no link is overwritten;
     * [M3:acq] a dummy's next_ = NULL is seen before we link it. */
    prev = strait_xchg_acq_rel(&q->tail_, last);
    STRAIT_POINT("mpsc.push.gap");
    /* [M2:rel] hands the chain and what its nodes carry to the consumer. */
    strait_store_release(&prev->next_, first);
    return prev == &q->armed_;
}

/**
 * Appends one node.
 * @param q     queue (not NULL)
 * @param node  not in any queue; belongs to the queue until popped
 * @return true if the consumer had armed the queue: the caller owes the wake
 * @threads producer (any number; also signal handlers)  @progress wait-free
 * @cost 1 RMW, 0 fences, 0 allocations, 0 system calls
 */
STRAIT_NODISCARD STRAIT_INLINE bool
strait_mpsc_push(strait_mpsc_t *q, strait_mpsc_node_t *node) STRAIT_NOEXCEPT
{
    return strait_mpsc_push_chain(q, node, node);
}

/**
 * Links `next` behind `node` while both still belong to the caller, to build a
 * chain for strait_mpsc_push_chain.
 * @threads the owner of both nodes  @progress wait-free
 */
STRAIT_INLINE void
strait_mpsc_link(strait_mpsc_node_t *node, strait_mpsc_node_t *next)
    STRAIT_NOEXCEPT
{
    /* rlx: the chain is published as a whole by M2. */
    strait_store_rlx(&node->next_, next);
}

/**
 * Takes the oldest node.
 * @param q              queue (not NULL)
 * @param[out] ret_node  set only with STRAIT_MPSC_ITEM; the caller owns it
 * @return STRAIT_MPSC_ITEM, _EMPTY or _PENDING
 * @threads consumer  @progress wait-free; never waits for a producer
 * @cost 0 RMW, but 1 for the last node of an emptied queue
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_mpsc_pop(strait_mpsc_t *q, strait_mpsc_node_t **ret_node) STRAIT_NOEXCEPT
{
    strait_mpsc_node_t *node = q->cursor_;
    strait_mpsc_node_t *next;
    strait_mpsc_node_t *expected;
    STRAIT_ROLE_(&q->consuming_);

    if (node == &q->stub_ || node == &q->armed_) {
        /* [M2:acq] the first node and what it carries. */
        next = strait_load_acquire(&node->next_);
        if (next == NULL) {
            /* Not a look at tail_, to tell a push in its gap from nothing: who
             * polls would take that line away from those who push. */
            return STRAIT_MPSC_EMPTY;
        }
        /* rlx: the dummy has left the list and is ours alone; M3 publishes
         * this when it comes back. */
        strait_store_rlx(&node->next_, NULL);
        q->cursor_ = next;
        node = next;
    }
    /* [M2:acq] the node behind, and what it carries. */
    next = strait_load_acquire(&node->next_);
    if (next == NULL) {
        expected = node;
        /* [M3:rel] the stub's next_ = NULL goes to whoever pushes next. No
         * acquire: everything of `node` came by M2 already. */
        if (!strait_cas_release(&q->tail_, &expected, &q->stub_))
            return STRAIT_MPSC_PENDING;
        next = &q->stub_;
    }
    q->cursor_ = next;
    *ret_node = node;
    return STRAIT_MPSC_ITEM;
}

/**
 * Takes up to `max` of the oldest nodes as a chain, linked as strait_mpsc_link
 * does it, to push it on as it is, or to go along it by strait_mpsc_next. Whoever
 * only wants the nodes one by one is better off with pop, which goes along them
 * once, not twice.
 * @param q               queue (not NULL)
 * @param max             how many at most; 0 is taken as 1
 * @param[out] ret_first  oldest; set, like the others, only with _ITEM
 * @param[out] ret_last   newest; its next is NULL
 * @param[out] ret_n      how many, at least 1
 * @return STRAIT_MPSC_ITEM, _EMPTY or _PENDING
 * @threads consumer  @progress wait-free (at most `max` nodes are walked)
 * @cost 0 RMW, but 1 if the queue is emptied
 */
STRAIT_NODISCARD STRAIT_INLINE int
strait_mpsc_pop_chain(strait_mpsc_t *q, size_t max,
    strait_mpsc_node_t **ret_first, strait_mpsc_node_t **ret_last,
    size_t *ret_n) STRAIT_NOEXCEPT
{
    strait_mpsc_node_t *first;
    strait_mpsc_node_t *last;
    strait_mpsc_node_t *node;
    size_t n = 1;
    int popped = strait_mpsc_pop(q, &first);
    STRAIT_ROLE_(&q->consuming_);

    if (popped != STRAIT_MPSC_ITEM)
        return popped;
    last = first;
    /* A dummy at the cursor: `first` was the last of them all. Otherwise
     * first->next_ still leads to the cursor, and so on. */
    for (node = q->cursor_; n < max && node != &q->stub_; n++) {
        /* [M2:acq] the node behind, and what it carries. */
        strait_mpsc_node_t *next = strait_load_acquire(&node->next_);

        if (next == NULL) {
            strait_mpsc_node_t *expected = node;

            /* [M3:rel] as in pop. A producer in the gap keeps this node. */
            if (!strait_cas_release(&q->tail_, &expected, &q->stub_))
                break;
            next = &q->stub_;
        }
        last = node;
        node = next;
    }
    q->cursor_ = node;
    /* rlx: ours, since somebody has linked through it, or nobody will. */
    strait_store_rlx(&last->next_, NULL);
    *ret_first = first;
    *ret_last = last;
    *ret_n = n;
    return STRAIT_MPSC_ITEM;
}

/**
 * The node behind `node` in a chain, or NULL.
 * @threads the owner of the chain  @progress wait-free
 */
STRAIT_NODISCARD STRAIT_INLINE strait_mpsc_node_t *
strait_mpsc_next(const strait_mpsc_node_t *node) STRAIT_NOEXCEPT
{
    /* rlx: came with the chain, or is our own. */
    return strait_load_rlx(&node->next_);
}

/**
 * Announces that the consumer is about to sleep: the next push will answer
 * true, exactly one of them.
 * @return true if the queue was empty and is now armed; false if there is, or
 *   is about to be, something to pop: do not sleep. Arming twice is fine.
 * @threads consumer  @progress wait-free  @cost 1 RMW
 */
STRAIT_API STRAIT_NODISCARD bool strait_mpsc_arm(strait_mpsc_t *q)
    STRAIT_NOEXCEPT;

/**
 * Takes the announcement back after a sleep that ended for another reason. To
 * be asked before the next pop: a pop that finds something ends the
 * announcement, and its wake is owed.
 * @return true if no wake is owed any more (or the queue was not armed); false
 *   if a producer has taken it: its wake has come or is coming, exactly one
 * @threads consumer  @progress wait-free  @cost 1 RMW, 0 if not armed
 */
STRAIT_API bool strait_mpsc_disarm(strait_mpsc_t *q) STRAIT_NOEXCEPT;

/**
 * True if nothing is queued and no push is in flight.
 * @threads consumer  @progress wait-free  @cost 0 RMW
 */
STRAIT_API STRAIT_NODISCARD bool strait_mpsc_is_empty(const strait_mpsc_t *q)
    STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_MPSC_H */
