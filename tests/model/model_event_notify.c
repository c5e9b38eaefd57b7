/* SPDX-License-Identifier: MIT */
/*
 * @obligation nobody sleeps for ever beside a token that is there for him,
 *   whatever the order of its publication: who registers too late to be woken
 *   finds the token at the second look, who is woken finds what was published;
 *   the count of the registered never falls below zero
 * @core event
 * @case 1w1n -DWAITERS=1 -DNOTIFIERS=1 genmc live unroll=4
 * @case 2w2n -DWAITERS=2 -DNOTIFIERS=2 genmc live unroll=4 long=rc11,imm
 * @case 3w3n -DWAITERS=3 -DNOTIFIERS=3
 * @case 2w1x2 -DWAITERS=2 -DNOTIFIERS=1 -DPER=2 genmc live unroll=4 long=rc11,imm
 * @case wrap-2w2n -DWAITERS=2 -DNOTIFIERS=2 -DSTRAIT_EVENT_START=0xffffffff
 */
#include "model.h"

#include <strait/event.h>

#include "queue/event.c"

#ifndef PER
#define PER 1
#endif
#define TOTAL (NOTIFIERS * PER)

M_STATE strait_event_t event;
M_STATE STRAIT_ATOMIC(uint32_t) n_tokens;
M_STATE int payload[NOTIFIERS];
/* So that GenMC takes no round of a waiter for an idle one. */
M_STATE int n_rounds[WAITERS];

/* Whatever is registered, cancelled and taken out: never more than are there,
 * so a step below zero shows. */
static void
check_count(void)
{
    M_ASSERT((uint32_t)strait_load_rlx(&event.word_) <= 2 * WAITERS * TOTAL);
}

M_THREAD(notifier)
{
    int i;

    for (i = 0; i < PER; i++) {
        M_SET((int *)arg, i + 1);
        /* rlx: whoever is woken learns of it by V2, who comes late by V1. */
        (void)strait_add_rlx(&n_tokens, 1);
        if (strait_event_notify_one(&event))
            M_COVER("somebody was registered");
        else
            M_COVER("nobody was registered");
    }
    return NULL;
}

/* Takes a token, without any order of its own. */
static bool
take(void)
{
    for (;;) {
        uint32_t n = strait_load_rlx(&n_tokens);

        if (n == 0)
            return false;
        if (strait_cas_weak_rlx(&n_tokens, &n, n - 1))
            return true;
    }
}

M_THREAD(waiter)
{
    int *rounds = arg;
    int n;

    for (n = 1; !take(); n++) {
        uint32_t key = strait_event_prepare(&event);

        M_SET(rounds, n);
        check_count();
        if (take()) {
            M_COVER("found at the second look");
            strait_event_cancel(&event, key);
            break;
        }
        M_ASSERT(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER) == 0);
        check_count();
#if TOTAL == 1
        /* The one notification there is has ended the wait. */
        M_COVER("woken");
        M_ASSERT(M_GET(&payload[0]) == 1);
        M_ASSERT(strait_load_rlx(&n_tokens) == 1);
#endif
    }
    return NULL;
}

M_MAIN
{
    m_thread waiters[WAITERS];
    m_thread notifiers[NOTIFIERS];
    int i;

    M_NAME(&event, "event");
    M_NAME(&n_tokens, "n_tokens");
    strait_event_init(&event);
    for (i = 0; i < WAITERS; i++)
        M_SPAWN(&waiters[i], waiter, &n_rounds[i]);
    for (i = 0; i < NOTIFIERS; i++)
        M_SPAWN(&notifiers[i], notifier, &payload[i]);
    for (i = 0; i < WAITERS; i++)
        M_JOIN(waiters[i]);
    for (i = 0; i < NOTIFIERS; i++)
        M_JOIN(notifiers[i]);
    check_count();
    M_ASSERT(strait_load_rlx(&n_tokens) == 0);
}
