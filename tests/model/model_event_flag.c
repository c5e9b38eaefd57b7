/* SPDX-License-Identifier: MIT */
/*
 * @obligation one notify_all ends the sleep of all who are registered; with the
 *   _sc forms, a seq_cst publication and seq_cst second looks, nobody sleeps
 *   beside a flag that is set; who is woken, or told so although its deadline
 *   has passed, finds what was published; who registers after a notification
 *   finds it at the second look
 * @core event
 * @case all-1w -DWAITERS=1 -DFLAGS=1 genmc live unroll=4
 * @case all-2w -DWAITERS=2 -DFLAGS=1 genmc live unroll=4
 * @case all-2w2n -DWAITERS=2 -DFLAGS=2
 * @case expire-1w -DEXPIRE -DWAITERS=1 -DFLAGS=1
 * @case expire-2w -DEXPIRE -DWAITERS=2 -DFLAGS=1
 * @case sc-one -DSC -DONE -DWAITERS=1 -DFLAGS=1 genmc live unroll=4
 * @case sc-one-2n -DSC -DONE -DWAITERS=1 -DFLAGS=2 genmc live unroll=4
 * @case sc-all-2w -DSC -DWAITERS=2 -DFLAGS=1 genmc live unroll=4
 * @case sc-all-2w2n -DSC -DWAITERS=2 -DFLAGS=2
 * @case sc-all-3w2n -DSC -DWAITERS=3 -DFLAGS=2
 */
#include "model.h"

#include <strait/event.h>

#include "queue/event.c"

#ifdef SC
#define SET(p) strait_store_sc((p), 1)
#define LOOK(p) strait_load_sc(p)
#else
#define SET(p) strait_store_rlx((p), 1)
#define LOOK(p) strait_load_rlx(p)
#endif

#if defined(SC) && defined(ONE)
#define NOTIFY strait_event_notify_one_sc
#elif defined(SC)
#define NOTIFY strait_event_notify_all_sc
#else
#define NOTIFY strait_event_notify_all
#endif

M_STATE strait_event_t event;
M_STATE STRAIT_ATOMIC(uint32_t) flags[FLAGS];
M_STATE int payload[FLAGS];
/* So that GenMC takes no round of a waiter for an idle one. */
M_STATE int n_rounds[WAITERS];

static void
check_count(void)
{
    M_ASSERT((uint32_t)strait_load_rlx(&event.word_) <= 2 * WAITERS * FLAGS);
}

/* One of them each; arg is the payload. */
M_THREAD(notifier)
{
    int *mine = arg;

    M_SET(mine, 1);
    SET(&flags[mine - payload]);
    if (NOTIFY(&event))
        M_COVER("somebody was registered");
    else
        M_COVER("nobody was registered");
    return NULL;
}

static bool
all_set(void)
{
    int i;

    for (i = 0; i < FLAGS; i++) {
        if (LOOK(&flags[i]) == 0)
            return false;
    }
    return true;
}

M_THREAD(waiter)
{
    int *rounds = arg;
    int n;

    for (n = 1; !all_set(); n++) {
        uint32_t key = strait_event_prepare(&event);

        M_SET(rounds, n);
        check_count();
        if (all_set()) {
            M_COVER("found at the second look");
            strait_event_cancel(&event, key);
            return NULL;
        }
#ifdef EXPIRE
        if (strait_event_wait(&event, key, 1) == -STRAIT_ETIMEDOUT_) {
            M_COVER("the deadline has passed");
            continue;
        }
#else
        M_ASSERT(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER) == 0);
#endif
        check_count();
#if FLAGS == 1
        M_COVER("woken");
        M_ASSERT(M_GET(&payload[0]) == 1);
        M_ASSERT(all_set());
#endif
    }
    return NULL;
}

M_MAIN
{
    m_thread waiters[WAITERS];
    m_thread notifiers[FLAGS];
    int i;

    M_NAME(&event, "event");
    M_NAME(flags, "flags");
    strait_event_init(&event);
    for (i = 0; i < WAITERS; i++)
        M_SPAWN(&waiters[i], waiter, &n_rounds[i]);
    for (i = 0; i < FLAGS; i++)
        M_SPAWN(&notifiers[i], notifier, &payload[i]);
    for (i = 0; i < WAITERS; i++)
        M_JOIN(waiters[i]);
    for (i = 0; i < FLAGS; i++)
        M_JOIN(notifiers[i]);
    check_count();
}
