/* SPDX-License-Identifier: MIT */
/*
 * case_event.c - waiters that sleep on an event until they get a token,
 * notifiers that hand out tokens. One notification for each token: if the
 * tokens are not all taken, a wake-up was lost.
 *
 * A lost wake-up would be healed by a deadline, or by the next notification. So
 * there are rounds without deadlines, and rounds in which the next tokens are
 * given only when the last have been taken.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <strait/clock.h>
#include <strait/event.h>

#include "torture.h"

static struct {
    strait_event_t event;
    STRAIT_ATOMIC(uint64_t) tokens; /* to be had */
    STRAIT_ATOMIC(uint64_t) n_taken;
    STRAIT_ATOMIC(uint32_t) done;
    STRAIT_ATOMIC(uint32_t) n_notifying;
    bool deadlines;
    uint64_t most; /* tokens that may be there when more are given */
    uint32_t naps;
} t;

struct notifier {
    uint64_t n_given;
};

static struct notifier notifiers[TORTURE_THREADS_MAX];

/* The condition: a token, or the end. */
static bool
take_token(bool *ret_done)
{
    /* SC: store-load with the _sc forms of notify, after prepare. */
    uint64_t n = strait_load_sc(&t.tokens);

    while (n != 0) {
        /* acq: what came with the token. */
        if (strait_cas_acquire(&t.tokens, &n, n - 1)) {
            /* rlx: read when all have ended. */
            (void)strait_add_rlx(&t.n_taken, 1);
            torture_moved(1);
            return true;
        }
    }
    /* SC: as above. */
    *ret_done = strait_load_sc(&t.done) != 0;
    return *ret_done;
}

static uint32_t
epoch_now(void)
{
    /* rlx: for the statistics. */
    return (
        uint32_t)(strait_load_rlx(&t.event.word_) >> STRAIT_EVENT_EPOCH_SHIFT_);
}

static void
wait_for_token(struct torture_role *role, bool *ret_done)
{
    while (!take_token(ret_done)) {
        uint32_t key = strait_event_prepare(&t.event);
        uint64_t deadline = STRAIT_EVENT_FOREVER;
        int waited;

        if (take_token(ret_done)) {
            torture_hit(RARE_EVENT_CANCELLED);
            if (epoch_now() != key)
                torture_hit(RARE_EVENT_TOO_LATE);
            strait_event_cancel(&t.event, key);
            return;
        }
        if (t.deadlines && rng_one_in(&role->rng, 2))
            deadline = strait_now_ns() + rng_below(&role->rng, 100000);
        waited = strait_event_wait(&t.event, key, deadline);
        if (waited == 0) {
            torture_hit(RARE_EVENT_SLEPT);
        } else {
            torture_require(waited == -ETIMEDOUT && strait_now_ns() >= deadline,
                "wait answered %d", waited);
            torture_hit(RARE_EVENT_TIMED_OUT);
        }
    }
}

static void
wait_on(struct torture_role *role)
{
    bool done = false;

    while (!done) {
        wait_for_token(role, &done);
        if (!done && rng_one_in(&role->rng, 500)) {
            torture_hand_over(role);
            return;
        }
    }
}

/* Hands out n tokens, and notifies in one of the ways that are good for it. */
static void
give(struct torture_role *role, struct notifier *self)
{
    uint64_t n = rng_one_in(&role->rng, 4) ? 2 : 1;
    bool sc = rng_one_in(&role->rng, 2);
    bool somebody;

    /* rlx: a guess. */
    if (strait_load_rlx(&t.tokens) > t.most) {
        sched_yield();
        return;
    }
    self->n_given += n;
    if (sc) {
        /* SC: store-load with prepare and the second look. */
        (void)strait_add_sc(&t.tokens, n);
    } else {
        /* rel: what comes with the token; for the notification any does. */
        (void)strait_add_release(&t.tokens, n);
    }
    if (torture_plant == PLANT_DEAF && rng_one_in(&role->rng, 3))
        return;
    if (n == 1)
        somebody = sc ? strait_event_notify_one_sc(&t.event)
                      : strait_event_notify_one(&t.event);
    else
        somebody = sc ? strait_event_notify_all_sc(&t.event)
                      : strait_event_notify_all(&t.event);
    if (!somebody)
        torture_hit(RARE_EVENT_NOBODY);
}

static void
notify(struct torture_role *role)
{
    while (!torture_round_is_over()) {
        give(role, role->arg);
        if (rng_one_in(&role->rng, t.naps))
            torture_nap(&role->rng, 300);
        if (rng_one_in(&role->rng, 500)) {
            torture_hand_over(role);
            return;
        }
    }
    /* ar: the last one comes after all others. */
    if (strait_add_acq_rel(&t.n_notifying, (uint32_t)-1) != 1)
        return;
    /* rlx: nothing hangs on it but the end. */
    while (strait_load_rlx(&t.tokens) != 0)
        torture_nap(&role->rng, 100);
    /* SC: as the tokens. */
    strait_store_sc(&t.done, 1);
    (void)strait_event_notify_all_sc(&t.event);
}

static void
round_of(struct rng *rng)
{
    static const uint64_t starts[] = { 0, UINT32_MAX - 3, UINT32_MAX - 200,
        (UINT64_C(1) << 31) - 3 };
    static struct torture_role roles[TORTURE_THREADS_MAX];
    unsigned n_waiters = 4 + (unsigned)rng_below(rng, 5);
    unsigned n_notifiers = 4 + (unsigned)rng_below(rng, 5);
    uint64_t n_given = 0;
    unsigned i;

    torture_event_start = starts[rng_below(rng, 4)];
    t.deadlines = rng_one_in(rng, 2);
    t.most = rng_one_in(rng, 2) ? 0 : 8;
    t.naps = (uint32_t)1 << rng_below(rng, 8);
    torture_phase(
        "%u waiters%s, %u notifiers, up to %llu tokens left, a nap in "
        "%u, from epoch %#llx",
        n_waiters, t.deadlines ? " with deadlines" : "", n_notifiers,
        (unsigned long long)t.most, t.naps,
        (unsigned long long)torture_event_start);
    strait_event_init(&t.event);
    /* rlx: four times; not shared yet. */
    strait_store_rlx(&t.tokens, 0);
    /* rlx: as above. */
    strait_store_rlx(&t.n_taken, 0);
    /* rlx: as above. */
    strait_store_rlx(&t.done, 0);
    /* rlx: as above. */
    strait_store_rlx(&t.n_notifying, n_notifiers);
    for (i = 0; i < n_waiters; i++)
        torture_spawn(&roles[i], i, wait_on, NULL, rng);
    for (i = 0; i < n_notifiers; i++) {
        notifiers[i].n_given = 0;
        torture_spawn(
            &roles[n_waiters + i], n_waiters + i, notify, &notifiers[i], rng);
    }
    torture_wait_threads();
    for (i = 0; i < n_notifiers; i++)
        n_given += notifiers[i].n_given;
    /* rlx: all threads have ended. */
    torture_require(strait_load_rlx(&t.n_taken) == n_given,
        "%llu tokens given, %llu taken", (unsigned long long)n_given,
        (unsigned long long)strait_load_rlx(&t.n_taken));
    if (epoch_now() < (uint32_t)torture_event_start)
        torture_hit(RARE_EVENT_WRAPPED);
}

const struct torture_case torture_event = { "event",
    "waiters with and without deadlines, notifications of all kinds",
    round_of };
