/* SPDX-License-Identifier: MIT */
/*
 * @obligation everybody who waits for a future wakes up when it is over, also if
 *   a limit that expires and waits of others race with that, and sees what the
 *   item has written; the waiter may free it at once, and may submit it again
 * @core future
 * @case 1w -DWAITERS=1
 * @case 2w -DWAITERS=2
 * @case expire -DWAITERS=1 -DEXPIRES
 * @case expire-2w -DWAITERS=2 -DEXPIRES
 * @case again -DWAITERS=1 -DROUNDS=2
 */
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define OWN_CLOCK
#define REAL_WORK
#define REAL_SINK
#include "model.h"
#include <strait/sink.h>
/* A future has none. */
#define strait_sink_push(sink, entry) M_ASSERT((sink) == NULL && !(entry))
#include "lane_common.h"

#include "base/futex.h"

#include <strait/future.h>
#include <string.h>

#define deliver deliver_future
#include "sched/future.c"
#undef deliver

M_STATE strait_future_t future;
M_STATE int result;
M_STATE STRAIT_ATOMIC(uint32_t) quit;
M_STATE bool has_expired;

_Thread_local uint32_t sti_thread_runs_loop;

/* The limit of whoever asks has passed, once. */
uint64_t
strait_now_ns(void)
{
    return has_expired ? 1 : 0;
}

int
sti_futex_wait_until(
    STRAIT_ATOMIC(uint32_t) * word, uint32_t value, uint64_t deadline_ns)
{
#ifdef M_GENMC
    (void)word;
    (void)value;
    (void)deadline_ns;
    return STI_FUTEX_LOOK;
#else
    EX_SITE("futex_wait", plain, "word");
    int why = ex_futex_wait_until(&ex_site_, word, sizeof(*word), value,
        deadline_ns != UINT64_MAX && !has_expired);

    if (why == STI_FUTEX_EXPIRED)
        has_expired = true;
    return why;
#endif
}

/* As the kernel does it: by the address, whatever is there now. */
int
sti_futex_wake(STRAIT_ATOMIC(uint32_t) * word, int n, uint32_t classes)
{
    int i;

    (void)classes;
    for (i = 0; i < n && i < WAITERS; i++)
        STI_FUTEX_WAKE(word);
    return i;
}

static void
compute(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    M_SET(&result, M_GET(&result) + 1);
}

M_THREAD(taker)
{
    strait_work_t *work = NULL;

    while (strait_load_rlx(&quit) == 0) {
        if (sti_lane_take(arg, &lanes[0], &work) == STRAIT_RING_DONE)
            run_taken(arg, &lanes[0], work);
        else
            M_PAUSE();
    }
    return NULL;
}

static void
wait_for(int round)
{
#ifdef EXPIRES
    int err = strait_future_wait(&future, 1);

    if (err == -ETIMEDOUT) {
        M_COVER("expired");
        err = strait_future_wait(&future, UINT64_MAX);
    }
#else
    int err = strait_future_wait(&future, UINT64_MAX);
#endif
    M_ASSERT(err == 0);
    M_ASSERT(M_GET(&result) == round);
}

#if WAITERS > 1
M_THREAD(waiter)
{
    wait_for(1);
    return NULL;
}
#endif

M_MAIN
{
    m_thread thread;
#if WAITERS > 1
    m_thread other;
#endif
    int i;

    pool_init();
    M_NAME(&future.word_, "word");
    strait_future_init(&future, compute, NULL);
    M_SPAWN(&thread, taker, &workers[0]);
    for (i = 1; i <= ROUNDS; i++) {
        M_ASSERT(strait_future_submit(&lanes[0], &future) == 0);
#if WAITERS > 1
        M_SPAWN(&other, waiter, NULL);
#endif
        wait_for(i);
#if WAITERS > 1
        M_JOIN(other);
#endif
    }
    M_FREE(&future, sizeof(future));
    memset(&future, 0xdb, sizeof(future));
    strait_store_rlx(&quit, 1);
    M_JOIN(thread);
    for (i = 0; i < (int)sizeof(future); i++)
        M_ASSERT(((unsigned char *)&future)[i] == 0xdb);
}
