/* SPDX-License-Identifier: MIT */
/**
 * @file sink.h
 * Where finished work goes: an mpsc queue plus the function that wakes its
 * consumer. A loop has one (loop.h); you can build your own for a thread that
 * has no loop.
 *
 *     static void ring_bell(strait_sink_t *sink, void *arg);
 *     strait_sink_t sink;
 *     strait_sink_init(&sink, ring_bell, NULL);
 *     for (;;) {                               // the thread that owns the sink
 *         int end;
 *         strait_sink_drain(&sink, 256, 0, &end);
 *         if (end == STRAIT_SINK_PENDING) sched_yield();
 *         else if (end == STRAIT_SINK_EMPTY && strait_mpsc_arm(&sink.queue))
 *             wait_for_the_bell();
 *     }
 *
 * Guarantees: the wake function is called exactly once per successful arming
 * that is not taken back, by the thread whose entry ended the silence, after
 * its entry was published. Entries are delivered in queue order (mpsc.h).
 *
 * A thread stopped between publishing its entry and calling the wake function
 * delays that one sleeping consumer until it goes on; nobody else waits. That
 * thread still reads the sink then, although its entry may have been delivered:
 * a sink must stay valid until every wake it is owed has come, one for each
 * arming that was not taken back (strait_mpsc_disarm answers false). The sink
 * of a loop sees to that itself.
 *
 * Fork: the child must initialise the sink anew; nothing here checks that, and
 * a push through a sink of the parent's may wake the parent.
 */
#ifndef STRAIT_SINK_H
#define STRAIT_SINK_H

#include <strait/base.h>
#include <strait/mpsc.h>

STRAIT_BEGIN_DECLS

typedef struct strait_sink strait_sink_t;
typedef struct strait_sink_entry strait_sink_entry_t;

/**
 * Wakes the consumer. Called by whichever thread pushed; must not block, must
 * not call back into the same sink's consumer functions.
 */
typedef void (*strait_sink_wake_fn)(strait_sink_t *sink, void *arg);

/**
 * Delivers one entry, in the thread that consumes the sink; after a loop has
 * ended that is whoever pushed into it (loop.h). The entry is the callee's from
 * here on: it may be freed or pushed again.
 * @param status  0, or a negative errno: -ECANCELED if the sink was closed
 *                before the entry could be delivered in the ordinary way
 */
typedef void (*strait_sink_deliver_fn)(strait_sink_entry_t *entry, int status);

/** Embed one in whatever is delivered. Set deliver_ through _entry_init. */
struct strait_sink_entry {
    strait_mpsc_node_t node_;
    strait_sink_deliver_fn deliver_;
};

/** A sink. Complete, so that it can be embedded. */
struct strait_sink {
    strait_mpsc_t queue; /**< its consumer may arm and disarm it */
    strait_sink_wake_fn wake_;
    void *arg_;
};

/**
 * Makes an empty sink.
 * @param wake  called by whoever owes a wake-up
 * @param arg   handed to it
 * @retval 0        done
 * @retval -EINVAL  sink or wake is NULL, or memory below its natural alignment
 * @threads init-only  @progress wait-free
 */
STRAIT_API int strait_sink_init(
    strait_sink_t *sink, strait_sink_wake_fn wake, void *arg) STRAIT_NOEXCEPT;

/** Says how an entry is delivered. @threads owner of the entry */
STRAIT_INLINE void
strait_sink_entry_init(
    strait_sink_entry_t *entry, strait_sink_deliver_fn deliver) STRAIT_NOEXCEPT
{
    entry->deliver_ = deliver;
}

/**
 * Hands an entry to the sink and wakes its consumer if, and only if, it sleeps.
 * @param entry  initialised, in no queue; belongs to the sink until delivered.
 *   It may be delivered, and so freed, before this call returns.
 * @threads any; signal handlers if the wake function is safe there (a loop's is
 *   while the loop lives)  @progress wait-free up to the wake function
 * @cost 1 RMW; the wake function's cost if the consumer sleeps
 */
STRAIT_INLINE void
strait_sink_push(strait_sink_t *sink, strait_sink_entry_t *entry)
    STRAIT_NOEXCEPT
{
    if (strait_mpsc_push(&sink->queue, &entry->node_)) {
        STRAIT_POINT("sink.push.wake");
        sink->wake_(sink, sink->arg_);
    }
}

/** How a drain ended. */
enum {
    STRAIT_SINK_EMPTY = 0,  /**< nothing was left */
    STRAIT_SINK_MORE = 1,   /**< the budget ran out first */
    STRAIT_SINK_PENDING = 2 /**< a push in flight hides what is left, or it has
                               just come */
};

/**
 * Delivers up to `budget` entries, each with `status`; a budget of 0 delivers
 * nothing and ends with _MORE.
 * @param[out] ret_end  how it ended (STRAIT_SINK_*); may be NULL
 * @return how many were delivered
 * @threads consumer  @progress wait-free but for the delivered functions
 */
STRAIT_API size_t strait_sink_drain(strait_sink_t *sink, size_t budget,
    int status, int *ret_end) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_SINK_H */
