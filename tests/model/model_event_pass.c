/* SPDX-License-Identifier: MIT */
/*
 * @obligation a notification ends the wait of somebody who was registered
 *   before it, although its wake-up may reach somebody who came after it: then it
 *   wakes all, and those who came later sleep on until a notification of their own
 * @core event
 * @case 1old1new -DOLD=1 -DNEW=1 genmc live unroll=4
 * @case 1old2new -DOLD=1 -DNEW=2
 * @case 2old1new -DOLD=2 -DNEW=1
 * @case row -DROW -DOLD=2 -DNEW=1
 */
#include "model.h"

#include <strait/event.h>

#include "base/env.h"

#ifndef M_GENMC
/* Sees the wake-up that reaches somebody who registered after it was sent. */
static int
watched_wait(STRAIT_ATOMIC(uint64_t) * word, uint32_t key, uint64_t deadline_ns)
{
    int ended = STI_FUTEX_WAIT_HIGH(word, key, deadline_ns);

    if (ended == STI_FUTEX_WOKEN &&
        STRAIT_RAW_LOAD(word, relaxed) >> STRAIT_EVENT_EPOCH_SHIFT_ == key)
        M_COVER("woken in place of another");
    return ended;
}
#undef STI_FUTEX_WAIT_HIGH
#define STI_FUTEX_WAIT_HIGH watched_wait
#endif

#include "queue/event.c"

/* How many of the old ones are there before the first notification. */
#ifdef ROW
#define FIRST 1
#else
#define FIRST OLD
#endif

M_STATE strait_event_t event;
M_STATE STRAIT_ATOMIC(uint32_t) n_sent;

M_THREAD(old_waiter)
{
    uint32_t key = strait_event_prepare(&event);

    M_ASSERT(key == 0);
    M_ASSERT(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER) == 0);
    return NULL;
}

#ifdef ROW
/* Comes between the two notifications. */
M_THREAD(next_waiter)
{
    uint32_t key;

    M_AWAIT(strait_load_rlx(&event.word_) >> STRAIT_EVENT_EPOCH_SHIFT_ == 1);
    key = strait_event_prepare(&event);
    M_ASSERT(key == 1);
    M_ASSERT(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER) == 0);
    return NULL;
}

/* Leaves the first one time to be overtaken. */
M_THREAD(next_notifier)
{
    M_AWAIT(strait_load_rlx(&event.word_) ==
        (UINT64_C(1) << STRAIT_EVENT_EPOCH_SHIFT_ | 1));
    M_ASSERT(strait_event_notify_one(&event));
    (void)strait_add_rlx(&n_sent, 1);
    return NULL;
}
#else
#define next_waiter old_waiter
#define next_notifier notifier
#endif

M_THREAD(new_waiter)
{
    uint32_t key;

#if OLD == 1
    M_AWAIT(strait_load_rlx(&event.word_) >> STRAIT_EVENT_EPOCH_SHIFT_ == 1);
#else
    /* All that are sent, or one that has ended the waits of several. */
    M_AWAIT(strait_load_rlx(&event.word_) >> STRAIT_EVENT_EPOCH_SHIFT_ == OLD ||
        strait_load_rlx(&n_sent) == OLD);
#endif
    key = strait_event_prepare(&event);
    M_ASSERT(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER) == 0);
    return NULL;
}

M_THREAD(notifier)
{
    if (strait_event_notify_one(&event))
        M_COVER("ended somebody's wait");
    (void)strait_add_rlx(&n_sent, 1);
    return NULL;
}

M_MAIN
{
    m_thread old[OLD];
    m_thread new[NEW];
    m_thread notifiers[OLD];
    int i;

    M_NAME(&event, "event");
    strait_event_init(&event);
    for (i = 0; i < OLD; i++)
        M_SPAWN(&old[i], i == 0 ? old_waiter : next_waiter, NULL);
    M_AWAIT(strait_load_rlx(&event.word_) == FIRST);
    for (i = 0; i < OLD; i++)
        M_SPAWN(&notifiers[i], i == 0 ? notifier : next_notifier, NULL);
    for (i = 0; i < NEW; i++)
        M_SPAWN(&new[i], new_waiter, NULL);
    for (i = 0; i < OLD; i++)
        M_JOIN(old[i]);
    for (i = 0; i < OLD; i++)
        M_JOIN(notifiers[i]);
    /* Nothing of the old ones is left; the new ones have slept on. */
    M_AWAIT((uint32_t)strait_load_rlx(&event.word_) == NEW);
    M_ASSERT(strait_event_notify_all(&event));
    for (i = 0; i < NEW; i++)
        M_JOIN(new[i]);
    M_ASSERT((uint32_t)strait_load_rlx(&event.word_) == 0);
}
