/* SPDX-License-Identifier: MIT */
/*
 * event - eventcount: registered waiters and an epoch in one word.
 *
 * Source. The eventcounts of folly and of D. Vyukov; the rule that the waker
 * takes the registration out is rayon's. Deviations: (1) publication and
 * registration can be ordered by RMWs on the one word, so the caller's
 * publication may have any order (notify_one, notify_all); (2) who notifies
 * takes out whom it wakes, so a burst of notifications wakes a sleeper once and
 * not n times.
 *
 * Picture.  word_ {epoch, registered}
 *     {7, 0}  -> prepare by A, B -> {7, 2}  A and B sleep while the epoch is 7
 *     {7, 2}  -> notify_one      -> {8, 1}  one of them is woken; the other sleeps
 *         on, and is still counted: the next notification is for it
 *     {8, 1}  -> prepare by C    -> {8, 2}  C sleeps while the epoch is 8
 *         the wake-up of that notify_one must not reach C, who was not there yet:
 *         sleepers have classes, by their epoch, and it is for others than C's
 *
 * Roles. All operations: any thread; cancel and wait: who prepared, with its
 * key.
 *
 * Invariants.
 *   I1  registered >= the number of those who have prepared and have neither
 *       cancelled, timed out nor been woken. It may be higher: who leaves after
 *       the epoch has moved cannot know whether it was taken out, and leaves
 *       the count alone. A notification that finds nobody asleep takes these
 *       phantoms out, and one that counts more than REGISTERED_MAX starts anew.
 *   I2  the epoch moves exactly when somebody is taken out.
 *   I3  registered is taken down only by who can prove that he is in it: at the
 *       epoch of his key, or by a notification. It never goes below zero.
 *   I4  nobody wakes a sleeper but a notification: no wake-up is ever passed
 *       on, so one wake-up cannot go round among sleepers.
 *
 * Edges.
 *   V1  RMW of a notification -> prepare     the publication: who registers too
 *       late to be woken finds it at the second look
 *   V2  CAS of a notification -> epoch load of wait     the publication
 *
 * Why a notification is never lost. Its CAS moves the epoch, so whoever was
 *   registered and is not asleep yet will not sleep. If one of those asleep is
 *   meant, he has another class than the new epoch's, or has slept for a
 *   multiple of STI_FUTEX_CLASSES epochs; either is woken, unless somebody
 *   newer got the wake-up instead. That takes a second notification in the
 *   meantime; then all are woken.
 *
 * Progress. prepare wait-free; cancel, notify lock-free; wait sleeps. A
 *   notifier stopped between CAS and system call delays only whom it would have
 *   woken.
 *
 * Limits. 2^32 - 1 registered; a waiter that is stopped between prepare and its
 *   sleep during exactly a multiple of 2^32 notifications oversleeps them. Not
 *   across fork, not between processes.
 *
 * Checked by tests/model/model_event_*.c, tests/queue/test_event.c,
 * tests/queue/stress_event.c.
 */
#include <strait/event.h>
#include <strait/role.h>

#include "base/env.h"

extern inline uint32_t strait_event_prepare(strait_event_t *event);
extern inline bool strait_event_notify_one_sc(strait_event_t *event);
extern inline bool strait_event_notify_all_sc(strait_event_t *event);

/* Where the epoch of a new event starts: tests move it close to a wrap. */
#ifndef STRAIT_EVENT_START
#define STRAIT_EVENT_START 0
#endif

/* More registered than this are not believed: a notification wakes them all. */
#ifndef REGISTERED_MAX
#define REGISTERED_MAX 4096
#endif

static inline uint32_t
epoch_of(uint64_t w)
{
    return (uint32_t)(w >> STRAIT_EVENT_EPOCH_SHIFT_);
}

int
strait_event_init(strait_event_t *event)
{
    if (event == NULL || (uintptr_t)event % sizeof(uint64_t) != 0)
        return -STRAIT_EINVAL_;
    /* rlx: not shared yet. */
    strait_store_rlx(&event->word_,
        (uint64_t)STRAIT_EVENT_START << STRAIT_EVENT_EPOCH_SHIFT_);
    return 0;
}

/* True if the registration was ours to take back. */
static bool
leave(strait_event_t *event, uint32_t key)
{
    for (;;) {
        /* [V2:acq] if a notification came first: what it was about. */
        uint64_t w = strait_load_acquire(&event->word_);

        if (epoch_of(w) != key)
            return false;
        /* Or somebody used his key twice. */
        STRAIT_DEMAND_((uint32_t)w != 0);
        /* rlx: one registration less; carries nothing. */
        if (strait_cas_weak_rlx(&event->word_, &w, w - 1))
            return true;
    }
}

void
strait_event_cancel(strait_event_t *event, uint32_t key)
{
    (void)leave(event, key);
}

int
strait_event_wait(strait_event_t *event, uint32_t key, uint64_t deadline_ns)
{
    if (event == NULL)
        return -STRAIT_EINVAL_;
    for (;;) {
        /* [V2:acq] what the notification was about. */
        uint64_t w = strait_load_acquire(&event->word_);

        if (epoch_of(w) != key)
            return 0;
        STRAIT_POINT("event.wait");
        if (STI_FUTEX_WAIT_HIGH(&event->word_, key, deadline_ns) ==
            STI_FUTEX_EXPIRED)
            return leave(event, key) ? -STRAIT_ETIMEDOUT_ : 0;
    }
}

/*
 * Wakes one of those who were registered when the epoch became this, with
 * `left` others. Who registers from then on sleeps in the class of this epoch,
 * until the next notification moves it.
 */
static void
wake_one(strait_event_t *event, uint32_t epoch, uint32_t left)
{
    bool hit = STI_FUTEX_WAKE_OTHER(&event->word_, epoch);
    /* rlx: whoever sleeps has registered before, by an RMW on this word; so if
     * the epoch is still ours, none of those who sleep came after us. */
    uint64_t w = strait_add_rlx(&event->word_, STI_ZERO);

    if (epoch_of(w) != epoch) {
        /* Another notification, and perhaps a waiter of its epoch, who got our
         * wake-up. It happens between two steps of ours only: wake them all. */
        STI_FUTEX_WAKE_HIGH(&event->word_);
        return;
    }
    if (hit)
        return;
    /* Only who has slept for a multiple of STI_FUTEX_CLASSES epochs can be asleep
     * and be meant: same class. The newest ones in it look, and sleep on. */
    STI_FUTEX_WAKE_CLASS(&event->word_, epoch);
    if (left == 0)
        return;
    /* So nobody who was registered sleeps any more; they see that the epoch has
     * moved and leave the count alone. Fails if anybody has come or gone. */
    w = ((uint64_t)epoch << STRAIT_EVENT_EPOCH_SHIFT_) | left;
    /* rlx: the count carries nothing. */
    (void)strait_cas_rlx(&event->word_, &w, w - left);
}

bool
strait_event_wake_(strait_event_t *event, bool all)
{
    for (;;) {
        /* rlx: a guess; the CAS decides. */
        uint64_t w = strait_load_rlx(&event->word_);
        uint32_t epoch;
        uint32_t left;

        if ((uint32_t)w == 0)
            return false;
        if ((uint32_t)w > REGISTERED_MAX)
            all = true;
        left = all ? 0 : (uint32_t)w - 1;
        epoch = epoch_of(w) + 1;
        /* [V2:rel] the publication, to whom we wake; [V1:rel] and to those who
         * register later. */
        if (strait_cas_weak_release(&event->word_, &w,
                ((uint64_t)epoch << STRAIT_EVENT_EPOCH_SHIFT_) | left)) {
            STRAIT_POINT("event.wake");
            if (all)
                STI_FUTEX_WAKE_HIGH(&event->word_);
            else
                wake_one(event, epoch, left);
            return true;
        }
    }
}

/* The look by RMW: it comes before or after each prepare. Before: that waiter's
 * second look finds the publication. After: we find the waiter. */
static bool
anybody(strait_event_t *event)
{
    /* [V1:rel] the publication, to who registers later. */
    return (uint32_t)strait_add_release(&event->word_, STI_ZERO) != 0;
}

bool
strait_event_notify_one(strait_event_t *event)
{
    return anybody(event) && strait_event_wake_(event, false);
}

bool
strait_event_notify_all(strait_event_t *event)
{
    return anybody(event) && strait_event_wake_(event, true);
}
