/* SPDX-License-Identifier: MIT */
/**
 * @file event.h
 * Eventcount: lets threads sleep until a condition of your own holds, without a
 * mutex round the condition.
 *
 * Use it to add sleeping to a structure that has none: a ring, a flag, a
 * counter. Do not use it where the structure itself says whom to wake (mpsc.h
 * and ring.h have `armed` for a consumer), nor between processes.
 *
 *     static strait_event_t event = STRAIT_EVENT_INIT;
 *
 *     // who waits                              // who makes it true
 *     while (!try_take()) {                     publish();
 *         uint32_t key = strait_event_prepare(&event);
 *         if (try_take()) {                     strait_event_notify_one(&event);
 *             strait_event_cancel(&event, key);
 *             break;
 *         }
 *         strait_event_wait(&event, key, STRAIT_EVENT_FOREVER);
 *     }
 *
 * The second look, between prepare and wait, is the one that counts: whoever
 * publishes after it finds the waiter registered. A look may not fail while
 * something is there: with a ring pop strongly (PENDING is not "nothing"). Each
 * key is used once; twice takes another waiter's registration away.
 *
 * Design. One word of 64 bits: how many are registered, and an epoch that each
 * notification advances; sleepers sleep on the epoch. lib/queue/event.c has the
 * picture, invariants and proof notes.
 *
 * Guarantees: a notification that comes after a prepare ends that wait, or that
 * of another waiter registered before the notification, as notify_one may
 * choose. Waits may end for no reason: always look again. Who publishes what
 * with which order does not matter for notify_one and notify_all; the _sc forms
 * are cheaper and demand more.
 *
 * Memory: the event must stay until every notify has returned; who was woken
 * cannot know that.
 *
 * Fork, signals: notify may be called from a signal handler. The child of a
 * fork must initialise the event anew; nothing here checks that.
 */
#ifndef STRAIT_EVENT_H
#define STRAIT_EVENT_H

#include <strait/atomic.h>
#include <strait/base.h>

STRAIT_BEGIN_DECLS

/** The eventcount. Complete, so that it can be embedded. */
typedef struct strait_event {
    STRAIT_ATOMIC(uint64_t) word_; /* {epoch:32, registered:32} */
} strait_event_t;

/** Static initialiser; zeroed memory is fine, too. */
#define STRAIT_EVENT_INIT                                                      \
    {                                                                          \
        0                                                                      \
    }

/** A deadline that never comes. */
#define STRAIT_EVENT_FOREVER UINT64_MAX

#define STRAIT_EVENT_EPOCH_SHIFT_ 32

/**
 * Makes an event with nobody registered.
 * @retval 0        done
 * @retval -EINVAL  NULL, or memory below its natural alignment
 * @threads init-only  @progress wait-free
 */
STRAIT_API int strait_event_init(strait_event_t *event) STRAIT_NOEXCEPT;

/**
 * Registers the caller. Then look at your condition once more, and either
 * cancel or wait.
 * @param event  not NULL
 * @return the key for strait_event_wait or strait_event_cancel: exactly one of
 * them
 * @threads any  @progress wait-free  @cost 1 RMW
 */
STRAIT_NODISCARD STRAIT_INLINE uint32_t
strait_event_prepare(strait_event_t *event) STRAIT_NOEXCEPT
{
    /* [V1:acq] what was published before a notification that came first.
     * [V2:rel] nothing of our own; SC: store-load, the registration is ordered
     * before the caller's second look (with the _sc forms of notify). */
    uint64_t old = strait_add_sc(&event->word_, 1);

    return (uint32_t)(old >> STRAIT_EVENT_EPOCH_SHIFT_);
}

/**
 * Takes the registration back, if no notification has done so already.
 * @threads who prepared  @progress lock-free  @cost at most 1 RMW
 */
STRAIT_API void strait_event_cancel(strait_event_t *event, uint32_t key)
    STRAIT_NOEXCEPT;

/**
 * Sleeps until a notification comes that was sent after the prepare, or until
 * the deadline.
 * @param deadline_ns  of strait_now_ns(), or STRAIT_EVENT_FOREVER
 * @retval 0           notified, or woken for no reason: look again
 * @retval -EINVAL     NULL
 * @retval -ETIMEDOUT  the deadline has passed, and the registration is taken
 * back
 * @threads who prepared  @progress sleeps  @cost 1 system call, 0 if notified
 *   already
 */
STRAIT_API int strait_event_wait(
    strait_event_t *event, uint32_t key, uint64_t deadline_ns) STRAIT_NOEXCEPT;

/**
 * Wakes one of those who are registered, if there are any; all orders of the
 * publication will do.
 * @return false if there was nobody whose wait it could end: nobody registered,
 *   or the waits of all had been ended already; true if there was, or may have
 *   been
 * @threads any  @progress lock-free
 * @cost 1 RMW if nobody is registered, else 3 and 1 system call; 2 and at most
 *   1 RMW more if nobody of those who are registered sleeps
 */
STRAIT_API bool strait_event_notify_one(strait_event_t *event) STRAIT_NOEXCEPT;

/** Wakes all who are registered; otherwise as strait_event_notify_one. */
STRAIT_API bool strait_event_notify_all(strait_event_t *event) STRAIT_NOEXCEPT;

/* The slow half of the _sc forms. */
STRAIT_API bool strait_event_wake_(strait_event_t *event, bool all)
    STRAIT_NOEXCEPT;

/**
 * strait_event_notify_one for a publication that is a seq_cst operation, where
 * the waiters' second look is a seq_cst load of the same word. Costs nothing
 * but a load while nobody is registered.
 * @threads any  @progress lock-free
 * @cost 0 RMW if nobody is registered, else as strait_event_notify_one less 1
 */
STRAIT_INLINE bool
strait_event_notify_one_sc(strait_event_t *event) STRAIT_NOEXCEPT
{
    /* SC: store-load with the caller's publication before it; the other half is
     * prepare and the second look. */
    uint64_t w = strait_load_sc(&event->word_);

    return (uint32_t)w != 0 && strait_event_wake_(event, false);
}

/** The same for all who are registered. */
STRAIT_INLINE bool
strait_event_notify_all_sc(strait_event_t *event) STRAIT_NOEXCEPT
{
    /* SC: as above. */
    uint64_t w = strait_load_sc(&event->word_);

    return (uint32_t)w != 0 && strait_event_wake_(event, true);
}

STRAIT_END_DECLS

#endif /* STRAIT_EVENT_H */
