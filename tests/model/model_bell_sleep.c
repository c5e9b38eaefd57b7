/* SPDX-License-Identifier: MIT */
/*
 * @obligation a loop that arms its inbox before each sleep and disarms after
 *   it, for whatever reason the sleep ended, sleeps beside no message; the
 *   doorbell, which is never read, is rung once per arming that was taken; what
 *   an old ring leaves behind only costs a turn
 * @core mpsc
 * @case 1x2 -DUSERS=1 -DPER=2 -DTIMERS=1 genmc live unroll=6
 * @case 2x1 -DUSERS=2 -DPER=1 -DTIMERS=1
 * @case 2x2 -DUSERS=2 -DPER=2 -DTIMERS=2
 */
#include "model.h"

#include <strait/sink.h>

#include "queue/mpsc.c"
#include "queue/sink.c"

#define TOTAL (USERS * PER)

struct message {
    strait_sink_entry_t entry;
    int payload;
};

M_STATE strait_sink_t sink;
M_STATE struct message messages[USERS][PER];
M_STATE m_bell bell;
M_STATE STRAIT_ATOMIC(uint32_t) n_rings;
M_STATE int n_delivered;

static void
ring_bell(strait_sink_t *which, void *arg)
{
    (void)which;
    (void)arg;
    (void)strait_add_rlx(&n_rings, 1);
    M_RING(&bell);
}

static void
arrived(strait_sink_entry_t *entry, int status)
{
    struct message *message = STRAIT_CONTAINER_OF(entry, struct message, entry);
    int n = M_GET(&n_delivered);

    M_ASSERT(status == 0);
    M_ASSERT(M_GET(&message->payload) == 1);
    M_SET(&message->payload, 2);
    M_SET(&n_delivered, n + 1);
}

M_THREAD(user)
{
    struct message *mine = arg;
    int i;

    for (i = 0; i < PER; i++) {
        M_SET(&mine[i].payload, 1);
        strait_sink_entry_init(&mine[i].entry, arrived);
        strait_sink_push(&sink, &mine[i].entry);
    }
    return NULL;
}

M_THREAD(timers)
{
    int i;

    for (i = 0; i < TIMERS; i++)
        M_EXPIRE(&bell);
    return NULL;
}

M_MAIN
{
    m_thread users[USERS];
    m_thread timer;
    uint32_t n_taken = 0;
    int n_early = 0;
    int end = STRAIT_SINK_MORE;
    int i;

    M_NAME(&sink, "sink");
    M_NAME(&sink.queue.stub_, "stub");
    M_NAME(&sink.queue.armed_, "armed");
    M_NAME(&messages[0][0], "a1");
    M_NAME(&bell, "bell");
    strait_sink_init(&sink, ring_bell, NULL);
    for (i = 0; i < USERS; i++)
        M_SPAWN(&users[i], user, messages[i]);
    M_SPAWN(&timer, timers, NULL);
    for (;;) {
        (void)strait_sink_drain(&sink, 8, 0, &end);
        if (M_GET(&n_delivered) == TOTAL)
            break;
        if (end == STRAIT_SINK_EMPTY && strait_mpsc_arm(&sink.queue)) {
            bool rung = M_WAIT(&bell);

            if (!strait_mpsc_disarm(&sink.queue)) {
                if (!rung)
                    M_COVER("late: taken, though the wait ended by itself");
                n_taken++;
            } else if (rung) {
                M_COVER("an old ring ended the wait");
                n_early++;
            }
            continue;
        }
        M_PAUSE();
    }
    for (i = 0; i < USERS; i++)
        M_JOIN(users[i]);
    M_JOIN(timer);
    M_ASSERT(strait_load_rlx(&n_rings) == n_taken);
    M_ASSERT(n_early <= (int)n_taken);
}
