/* SPDX-License-Identifier: MIT */
/*
 * @obligation who cancels, or whose deadline passes, takes no wake-up from
 *   those who stay: a token that is there never lies beside a sleeper; the
 *   registration is taken back once, and the count never falls below zero
 * @core event
 * @case cancel-1 -DTOKENS=1 -DSTAY=1 -DROUNDS=1 genmc live unroll=4
 * @case cancel-2 -DTOKENS=2 -DSTAY=2 -DROUNDS=2
 * @case expire-1 -DEXPIRE -DTOKENS=2 -DSTAY=1
 * @case expire-2 -DEXPIRE -DTOKENS=3 -DSTAY=2
 */
#include "model.h"

#include <strait/event.h>

#include "queue/event.c"

M_STATE strait_event_t event;
M_STATE STRAIT_ATOMIC(uint32_t) n_tokens;
M_STATE int n_rounds[STAY + 1];

static void
check_count(void)
{
    M_ASSERT(
        (uint32_t)strait_load_rlx(&event.word_) <= 2 * (STAY + 1) * TOKENS);
}

M_THREAD(notifier)
{
    int i;

    for (i = 0; i < TOKENS; i++) {
        (void)strait_add_rlx(&n_tokens, 1);
        (void)strait_event_notify_one(&event);
    }
    return NULL;
}

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

M_THREAD(stayer)
{
    int *rounds = arg;
    int n;

    for (n = 1; !take(); n++) {
        uint32_t key = strait_event_prepare(&event);

        M_SET(rounds, n);
        check_count();
        if (take()) {
            strait_event_cancel(&event, key);
            break;
        }
        M_ASSERT(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER) == 0);
        check_count();
    }
    return NULL;
}

#ifdef EXPIRE

/* Gives up when its deadline has passed; a notification before that is its
 * own, and a token with it. */
M_THREAD(leaver)
{
    int *rounds = arg;
    int n;

    for (n = 1; !take(); n++) {
        uint32_t key = strait_event_prepare(&event);
        int ended;

        M_SET(rounds, n);
        if (take()) {
            strait_event_cancel(&event, key);
            break;
        }
        ended = strait_event_wait(&event, key, 1);
        check_count();
        if (ended == -STRAIT_ETIMEDOUT_) {
            M_COVER("given up");
            return NULL;
        }
        M_ASSERT(ended == 0);
        M_COVER("notified before the deadline");
    }
    return NULL;
}

#else

/* Only ever registers and changes its mind. */
M_THREAD(leaver)
{
    int *rounds = arg;
    int n;

    for (n = 1; n <= ROUNDS; n++) {
        uint32_t key = strait_event_prepare(&event);

        M_SET(rounds, n);
        strait_event_cancel(&event, key);
        check_count();
        if ((uint32_t)(strait_load_rlx(&event.word_) >>
                STRAIT_EVENT_EPOCH_SHIFT_) != key)
            M_COVER("cancelled in another epoch");
    }
    return NULL;
}

#endif

M_MAIN
{
    m_thread stayers[STAY];
    m_thread a, b;
    int i;

    M_NAME(&event, "event");
    M_NAME(&n_tokens, "n_tokens");
    strait_event_init(&event);
    M_SPAWN(&a, leaver, &n_rounds[STAY]);
    for (i = 0; i < STAY; i++)
        M_SPAWN(&stayers[i], stayer, &n_rounds[i]);
    M_SPAWN(&b, notifier, NULL);
    M_JOIN(a);
    for (i = 0; i < STAY; i++)
        M_JOIN(stayers[i]);
    M_JOIN(b);
    check_count();
}
