/* SPDX-License-Identifier: MIT */
/**
 * @file mpsc_shared.h
 * An mpsc queue whose producers come and go, with an end that loses nothing.
 *
 * Use it where a queue must outlive its consumer because producers may still be
 * about to push: the consumer and each producer hold a reference; the consumer
 * closes, and whoever gives the last reference back hands what was not popped
 * to the discard function. Do not use it where consumer and producers end
 * together anyway (mpsc.h is enough), nor as the inbox of a loop, which has one
 * (loop.h).
 *
 *     // a producer                              // the consumer
 *     if (strait_mpsc_shared_open(s) == 0) {
 *         if (strait_mpsc_push(&s->queue, node))
 *             wake_consumer();                   strait_mpsc_pop(&s->queue, ...)
 *         if (strait_mpsc_shared_release(s) == 1)
 *             free(s);                           if (strait_mpsc_shared_close(s)
 *     }                                                  == 1)
 *                                                    free(s);
 *
 * Guarantees: every node is popped once or discarded once. A push that meets
 * the close is accepted and reaches the discard function; where that is too
 * late for the sender, strait_mpsc_shared_is_closed tells beforehand that
 * nobody will pop it. Nobody waits for anybody. lib/queue/mpsc_shared.c has the
 * proof notes.
 *
 * Memory: the caller's; it may go once close or release has answered 1.
 * Fork, signals: as mpsc.h, but discard runs in release and close.
 */
#ifndef STRAIT_MPSC_SHARED_H
#define STRAIT_MPSC_SHARED_H

#include <strait/mpsc.h>

STRAIT_BEGIN_DECLS

/** Gets a node that nobody will pop any more. */
typedef void (*strait_mpsc_discard_fn)(strait_mpsc_node_t *node, void *arg);

/** Fields behind `queue` are private. */
typedef struct strait_mpsc_shared {
    strait_mpsc_t queue; /**< push, pop, arm... as ever */
    /* {references:63, closed:1}; the consumer's is one of them. */
    STRAIT_ATOMIC(uint64_t) holders_;
    strait_mpsc_discard_fn discard_;
    void *arg_;
} strait_mpsc_shared_t;

/** Static initialiser, see strait_mpsc_shared_init. */
/* clang-format off */
#define STRAIT_MPSC_SHARED_INIT(s, discard, arg)                               \
    { STRAIT_MPSC_INIT((s).queue), 2, (discard), (arg) }
/* clang-format on */

/**
 * Makes an empty, open queue; the caller is its consumer.
 * @param s        memory of the caller, in use by nobody
 * @param discard  gets what is left over in the end; called by the thread that
 *   gives the last reference back, never from inside a push
 * @param arg      handed to `discard`
 * @retval 0        done
 * @retval -EINVAL  s or discard is NULL, or memory below its natural alignment
 * @threads init-only  @progress wait-free
 */
STRAIT_API int strait_mpsc_shared_init(strait_mpsc_shared_t *s,
    strait_mpsc_discard_fn discard, void *arg) STRAIT_NOEXCEPT;

/**
 * Takes a reference for one more producer. The caller sees to it that `s` is
 * still there: a reference of his own, or an order of his program.
 * @retval 0           done; give it back with strait_mpsc_shared_release
 * @retval -ESHUTDOWN  the consumer has closed; nothing happened
 * @retval -EINVAL     NULL
 * @threads any  @progress lock-free  @cost 1 RMW
 */
STRAIT_API STRAIT_NODISCARD int strait_mpsc_shared_open(strait_mpsc_shared_t *s)
    STRAIT_NOEXCEPT;

/**
 * Gives a reference of strait_mpsc_shared_open back.
 * @return 1 if it was the last one of all: everything left over has gone through
 *   the discard function, nobody else uses `s` and its memory is the caller's; 0
 *   if not: `s` may be gone already; -EINVAL  NULL, or
 *   one release too many, if only the consumer's is left and it does not close
 *   at that moment
 * @threads producer  @progress wait-free, but for the discarding  @cost 1 RMW
 */
STRAIT_API STRAIT_NODISCARD int strait_mpsc_shared_release(
    strait_mpsc_shared_t *s) STRAIT_NOEXCEPT;

/**
 * Ends the consumer's part: no new producers, and no more pops by the caller.
 * The queue must not be armed: disarm first, and if that answers false wait for
 * the wake that is on its way.
 * @return 1 and 0 as strait_mpsc_shared_release; -ESHUTDOWN  closed already
 *   (only while a reference of the caller keeps `s` alive); -EINVAL  NULL
 * @threads consumer  @progress wait-free, but for the discarding  @cost 1 RMW
 */
STRAIT_API STRAIT_NODISCARD int strait_mpsc_shared_close(
    strait_mpsc_shared_t *s) STRAIT_NOEXCEPT;

/**
 * True once the consumer has closed. @threads any holder of a reference
 * @progress wait-free
 */
STRAIT_API STRAIT_NODISCARD bool strait_mpsc_shared_is_closed(
    const strait_mpsc_shared_t *s) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_MPSC_SHARED_H */
