/* SPDX-License-Identifier: MIT */
/*
 * test_event.c - behaviour of the eventcount: who is registered, who is taken
 * out, deadlines, real sleeps, what happens between the look at the word and
 * the system call, and long random histories against a list. Linked with
 * the point seam, through which a test acts in the middle of an operation.
 *
 * Built a second time as queue.event_late with STRAIT_EVENT_START: there the
 * core is compiled in, and the epoch starts just below its wrap at 2^32.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <strait/clock.h>
#include <strait/event.h>
#include <unistd.h>

#ifdef STRAIT_EVENT_START
#include "queue/event.c"
#endif

#include "asleep.h"
#include "at_point.h"
#include "rng.h"
#include "unit.h"

#define N_SLEEPERS 8
#define PAST 0

static strait_event_t event;

static void
set_up(void)
{
    strait_event_init(&event);
    forget_points();
}

TestSuite(event, .init = set_up, .timeout = 20);

/* All ways to notify. */
static const struct form {
    const char *name;
    bool (*notify)(strait_event_t *);
    bool all;
} forms[] = {
    { "one", strait_event_notify_one, false },
    { "all", strait_event_notify_all, true },
    { "one_sc", strait_event_notify_one_sc, false },
    { "all_sc", strait_event_notify_all_sc, true },
};

#define N_FORMS (sizeof forms / sizeof forms[0])

static void
check_nobody(void)
{
    size_t i;

    for (i = 0; i < N_FORMS; i++)
        cr_assert(!forms[i].notify(&event), "%s found somebody", forms[i].name);
}

/* ------------------------------------------------------------- registration */

Test(event, a_new_event_has_nobody_registered)
{
    strait_event_t statically = STRAIT_EVENT_INIT;
    strait_event_t zeroed;

    memset(&zeroed, 0, sizeof zeroed);
    check_nobody();
    event = statically;
    check_nobody();
    event = zeroed;
    check_nobody();
}

Test(event, a_cancelled_registration_is_gone)
{
    strait_event_cancel(&event, strait_event_prepare(&event));
    check_nobody();
}

Test(event, a_notification_ends_a_wait_that_was_prepared)
{
    size_t i;

    for (i = 0; i < N_FORMS; i++) {
        uint32_t key = strait_event_prepare(&event);

        cr_assert(forms[i].notify(&event), "%s found nobody", forms[i].name);
        check_nobody();
        check_err(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER), 0);
        /* Whether the deadline has passed does not matter then. */
        check_err(strait_event_wait(&event, key, PAST), 0);
    }
}

Test(event, a_notification_before_the_prepare_does_not_count)
{
    uint32_t key;

    check_nobody();
    key = strait_event_prepare(&event);
    check_err(strait_event_wait(&event, key, PAST), -ETIMEDOUT);
    key = strait_event_prepare(&event);
    cr_assert(strait_event_notify_one(&event));
    key = strait_event_prepare(&event);
    check_err(strait_event_wait(&event, key, PAST), -ETIMEDOUT);
}

Test(event, a_time_out_takes_the_registration_back)
{
    uint32_t key = strait_event_prepare(&event);

    check_err(strait_event_wait(&event, key, PAST), -ETIMEDOUT);
    check_nobody();
}

Test(event, all_are_taken_out_at_once)
{
    size_t i;

    for (i = 0; i < N_FORMS; i++) {
        uint32_t keys[3];
        int k;

        if (!forms[i].all)
            continue;
        for (k = 0; k < 3; k++)
            keys[k] = strait_event_prepare(&event);
        cr_assert(forms[i].notify(&event));
        check_nobody();
        for (k = 0; k < 3; k++)
            check_err(
                strait_event_wait(&event, keys[k], STRAIT_EVENT_FOREVER), 0);
    }
}

Test(event, a_cancel_leaves_the_others_registered)
{
    uint32_t first = strait_event_prepare(&event);
    uint32_t second = strait_event_prepare(&event);

    strait_event_cancel(&event, first);
    cr_assert(strait_event_notify_one(&event));
    check_err(strait_event_wait(&event, second, STRAIT_EVENT_FOREVER), 0);
    check_nobody();
}

/* Who has been taken out takes nobody else's registration back. */
Test(event, a_cancel_or_a_time_out_after_the_notification_takes_nothing_back)
{
    uint32_t first = strait_event_prepare(&event);
    uint32_t second;

    cr_assert(strait_event_notify_one(&event));
    second = strait_event_prepare(&event);
    strait_event_cancel(&event, first);
    check_err(strait_event_wait(&event, first, PAST), 0);
    cr_assert(strait_event_notify_one(&event));
    check_err(strait_event_wait(&event, second, STRAIT_EVENT_FOREVER), 0);
    check_nobody();
}

/* Both leave on account of one notification. The other registration stays
 * behind with nobody to it, and costs one vain notification. */
Test(event, a_registration_without_an_owner_is_gone_after_one_notification)
{
    uint32_t first = strait_event_prepare(&event);
    uint32_t second = strait_event_prepare(&event);

    cr_assert(strait_event_notify_one(&event));
    check_err(strait_event_wait(&event, first, STRAIT_EVENT_FOREVER), 0);
    strait_event_cancel(&event, second);
    (void)strait_event_notify_one(&event);
    check_nobody();
}

Test(event, the_epoch_goes_on_beyond_its_wrap)
{
    uint32_t before = strait_event_prepare(&event);
    int i;

    strait_event_cancel(&event, before);
    for (i = 0; i < 20; i++) {
        uint32_t key = strait_event_prepare(&event);

        check_int(key, (uint32_t)(before + (uint32_t)i));
        cr_assert(strait_event_notify_all(&event));
        check_err(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER), 0);
        check_nobody();
    }
#ifdef STRAIT_EVENT_START
    check_int(before, (uint32_t)STRAIT_EVENT_START);
    cr_assert(before + 20 < before, "20 notifications do not cross the wrap");
#endif
}

/* ---------------------------------------------------------------- deadlines */

Test(event, a_time_out_is_never_early_and_leaves_errno_alone)
{
    int i;

    for (i = 1; i < 6; i++) {
        uint64_t deadline_ns = strait_now_ns() +
            (uint64_t)i * 3 * STRAIT_NS_PER_MS;
        uint32_t key = strait_event_prepare(&event);

        errno = ENOTTY;
        check_err(strait_event_wait(&event, key, deadline_ns), -ETIMEDOUT);
        check_int(errno, ENOTTY);
        cr_assert(strait_now_ns() >= deadline_ns, "too early");
    }
    check_nobody();
}

/* ------------------------------------------------------------- real sleeps */

struct sleeper {
    pthread_t thread;
    strait_event_t *event;
    uint64_t deadline_ns;
    int *data; /* read after the wait; written before the notification */
    int read;
    int answer;
    pid_t tid; /* published by is_ready */
    STRAIT_ATOMIC(uint32_t) is_ready;
    STRAIT_ATOMIC(uint32_t) is_done;
};

static struct sleeper sleepers[N_SLEEPERS];
static int published;

static void *
sleep_once(void *arg)
{
    struct sleeper *self = arg;
    uint32_t key = strait_event_prepare(self->event);

    self->tid = gettid();
    strait_store_release(&self->is_ready, 1);
    self->answer = strait_event_wait(self->event, key, self->deadline_ns);
    self->read = *self->data;
    strait_store_release(&self->is_done, 1);
    return NULL;
}

/* Starts n threads that sleep on the event, and sees them asleep. */
static void
start_sleepers(int n, uint64_t deadline_ns)
{
    int i;

    published = 0;
    for (i = 0; i < n; i++) {
        struct sleeper *sleeper = &sleepers[i];

        sleeper->event = &event;
        sleeper->deadline_ns = deadline_ns;
        sleeper->data = &published;
        strait_store_rlx(&sleeper->is_ready, 0);
        strait_store_rlx(&sleeper->is_done, 0);
        cr_assert(
            pthread_create(&sleeper->thread, NULL, sleep_once, sleeper) == 0);
    }
    for (i = 0; i < n; i++) {
        while (strait_load_acquire(&sleepers[i].is_ready) == 0)
            usleep(100);
        wait_until_asleep(sleepers[i].tid);
    }
}

static int
count_done(int n)
{
    int n_done = 0;
    int i;

    for (i = 0; i < n; i++)
        n_done += strait_load_acquire(&sleepers[i].is_done) != 0;
    return n_done;
}

/* Joins all sleepers and checks what they were told. */
static void
end_sleepers(int n, int answer, int read)
{
    int i;

    for (i = 0; i < n; i++) {
        pthread_join(sleepers[i].thread, NULL);
        check_err(sleepers[i].answer, answer);
        check_int(sleepers[i].read, read);
    }
}

Test(event, a_notification_wakes_a_sleeper_who_sees_what_came_before)
{
    size_t i;

    for (i = 0; i < N_FORMS; i++) {
        start_sleepers(1, STRAIT_EVENT_FOREVER);
        check_int(count_done(1), 0);
        published = 17;
        cr_assert(forms[i].notify(&event), "%s found nobody", forms[i].name);
        end_sleepers(1, 0, 17);
        check_nobody();
    }
}

Test(event, all_sleepers_wake_at_once)
{
    start_sleepers(N_SLEEPERS, STRAIT_EVENT_FOREVER);
    published = 18;
    cr_assert(strait_event_notify_all(&event));
    end_sleepers(N_SLEEPERS, 0, 18);
    check_nobody();
}

Test(event, each_notification_of_one_wakes_one_sleeper)
{
    int i;

    start_sleepers(N_SLEEPERS, STRAIT_EVENT_FOREVER);
    for (i = 1; i <= N_SLEEPERS; i++) {
        cr_assert(strait_event_notify_one(&event));
        while (count_done(N_SLEEPERS) < i)
            usleep(100);
        usleep(2000);
        check_int(count_done(N_SLEEPERS), i);
    }
    check_nobody();
    end_sleepers(N_SLEEPERS, 0, 0);
}

Test(event, a_burst_of_notifications_loses_none)
{
    int i;

    start_sleepers(N_SLEEPERS, STRAIT_EVENT_FOREVER);
    for (i = 0; i < N_SLEEPERS; i++)
        cr_assert(strait_event_notify_one(&event));
    end_sleepers(N_SLEEPERS, 0, 0);
    check_nobody();
}

Test(event, a_sleeper_can_have_a_deadline)
{
    start_sleepers(2, strait_now_ns() + 50 * STRAIT_NS_PER_MS);
    end_sleepers(2, -ETIMEDOUT, 0);
    check_nobody();
    start_sleepers(1, strait_now_ns() + 3600 * STRAIT_NS_PER_S);
    cr_assert(strait_event_notify_one(&event));
    end_sleepers(1, 0, 0);
}

static void
on_signal(int number)
{
    (void)number;
}

Test(event, a_signal_ends_no_sleep_for_good)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal; /* without SA_RESTART */
    cr_assert(sigaction(SIGUSR1, &action, NULL) == 0);
    start_sleepers(1, STRAIT_EVENT_FOREVER);
    pthread_kill(sleepers[0].thread, SIGUSR1);
    wait_until_asleep(sleepers[0].tid);
    check_int(count_done(1), 0);
    cr_assert(strait_event_notify_one(&event));
    end_sleepers(1, 0, 0);
    check_nobody();
}

static void
notify_from_handler(int number)
{
    (void)number;
    (void)strait_event_notify_one(&event);
}

Test(event, a_signal_handler_can_notify)
{
    struct sigaction action;
    uint32_t key;

    memset(&action, 0, sizeof action);
    action.sa_handler = notify_from_handler;
    cr_assert(sigaction(SIGUSR1, &action, NULL) == 0);
    key = strait_event_prepare(&event);
    raise(SIGUSR1);
    check_err(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER), 0);
    start_sleepers(1, STRAIT_EVENT_FOREVER);
    pthread_kill(sleepers[0].thread, SIGUSR1);
    end_sleepers(1, 0, 0);
    check_nobody();
}

/* ------------------------------------- between the word and the system call */

static void
notify_now(void)
{
    (void)strait_event_notify_one(&event);
}

Test(event, a_notification_between_the_look_and_the_sleep_is_not_lost)
{
    uint32_t key = strait_event_prepare(&event);

    at_point("event.wait", notify_now);
    check_err(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER), 0);
    check_int(n_points, 1);
    check_nobody();
}

static uint32_t late_key;

static void
prepare_now(void)
{
    late_key = strait_event_prepare(&event);
}

Test(event, who_registers_before_the_wake_call_is_not_taken_out)
{
    uint32_t key = strait_event_prepare(&event);

    at_point("event.wake", prepare_now);
    cr_assert(strait_event_notify_all(&event));
    check_int(n_points, 1);
    check_err(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER), 0);
    check_err(strait_event_wait(&event, late_key, PAST), -ETIMEDOUT);
    check_nobody();
}

static void
start_two_sleepers(void)
{
    start_sleepers(2, STRAIT_EVENT_FOREVER);
}

/* The wake call is meant for one who left without it; it meets others, who
 * were not there yet, and who sleep on. */
Test(event, a_wake_call_for_somebody_else_leaves_the_registration_alone)
{
    uint32_t key = strait_event_prepare(&event);

    at_point("event.wake", start_two_sleepers);
    cr_assert(strait_event_notify_one(&event));
    check_int(n_points, 1);
    check_err(strait_event_wait(&event, key, PAST), 0);
    cr_assert(strait_event_notify_one(&event));
    /* If it met both of them awake, it has ended both waits. */
    (void)strait_event_notify_one(&event);
    end_sleepers(2, 0, 0);
    check_nobody();
}

static void
start_many_sleepers(void)
{
    start_sleepers(N_SLEEPERS, STRAIT_EVENT_FOREVER);
}

/* A wake call that finds nobody it is meant for ends with the first that it
 * meets, or with the next: sleepers do not wake each other for ever. */
Test(event, a_wake_call_for_nobody_does_not_go_round)
{
    uint32_t key = strait_event_prepare(&event);
    uint64_t n_before;
    int i;

    at_point("event.wake", start_many_sleepers);
    cr_assert(strait_event_notify_one(&event));
    check_err(strait_event_wait(&event, key, PAST), 0);
    n_before = proc_switches_of_others();
    usleep(200000);
    cr_assert(proc_switches_of_others() - n_before < 20 * N_SLEEPERS,
        "%llu switches in 0.2 s among sleepers",
        (unsigned long long)(proc_switches_of_others() - n_before));
    for (i = 0; i < N_SLEEPERS; i++)
        cr_assert(strait_event_notify_one(&event), "notification %d", i);
    end_sleepers(N_SLEEPERS, 0, 0);
    check_nobody();
}

/* Waiters that a notification has found between prepare and sleep leave their
 * registrations behind. Those are gone with the next notification. */
Test(event, registrations_without_an_owner_do_not_pile_up)
{
    uint32_t keys[8];
    int n_found = 0;
    int i;
    int k;

    for (i = 0; i < 1000; i++) {
        for (k = 0; k < 8; k++)
            keys[k] = strait_event_prepare(&event);
        cr_assert(strait_event_notify_one(&event));
        for (k = 0; k < 8; k++)
            check_err(strait_event_wait(&event, keys[k], PAST), 0);
    }
    while (strait_event_notify_one(&event))
        n_found++;
    cr_assert(n_found <= 8, "%d notifications of nobody", n_found);
}

/* -------------------------------------------- random histories, an oracle */

#define WAITERS_MAX 40

struct oracle {
    uint32_t epoch;   /* advanced by each notification that found somebody */
    int n_registered; /* waiters that no notification has found yet */
    int n_ownerless;  /* registrations that may be left of others, at most */
    struct {
        uint32_t key;
        bool found; /* by a notification */
    } waiters[WAITERS_MAX];
    int n;
};

static void
random_prepare(struct oracle *oracle)
{
    uint32_t key = strait_event_prepare(&event);

    check_int(key, oracle->epoch);
    oracle->waiters[oracle->n].key = key;
    oracle->waiters[oracle->n++].found = false;
    oracle->n_registered++;
}

static void
random_leave(struct oracle *oracle, struct rng *rng)
{
    int i = (int)rng_below(rng, (uint64_t)oracle->n);
    uint32_t key = oracle->waiters[i].key;
    bool found = oracle->waiters[i].found;

    if (rng_one_in(rng, 2))
        strait_event_cancel(&event, key);
    else
        check_err(strait_event_wait(&event, key, PAST), found ? 0 : -ETIMEDOUT);
    oracle->n_registered -= !found;
    oracle->waiters[i] = oracle->waiters[--oracle->n];
}

/* A notification of one ends the waits of all that are registered here, since
 * none of them sleeps, but takes one registration out, no more being promised.
 */
static void
random_notify(struct oracle *oracle, struct rng *rng)
{
    const struct form *form = &forms[rng_below(rng, N_FORMS)];
    bool found = form->notify(&event);
    int i;

    if (oracle->n_registered > 0)
        cr_assert(found, "%s found nobody", form->name);
    else if (oracle->n_ownerless == 0)
        cr_assert(!found, "%s found somebody", form->name);
    if (!found) {
        oracle->n_ownerless = 0;
        return;
    }
    oracle->epoch++;
    oracle->n_ownerless += oracle->n_registered - 1;
    if (form->all)
        oracle->n_ownerless = 0;
    oracle->n_registered = 0;
    for (i = 0; i < oracle->n; i++)
        oracle->waiters[i].found = true;
}

Test(event, random_histories_agree_with_a_list, .timeout = 60)
{
    uint64_t seed = test_seed("queue.event", 1);
    int history;

    for (history = 0; history < 1000; history++) {
        struct rng rng = rng_make(seed, (uint64_t)history);
        uint64_t leave_share = 1 + rng_below(&rng, 8);
        struct oracle oracle = { .n = 0 };
        int step;

        strait_event_init(&event);
#ifdef STRAIT_EVENT_START
        oracle.epoch = STRAIT_EVENT_START;
#endif
        for (step = 0; step < 200; step++) {
            uint64_t dice = rng_below(&rng, 7 + leave_share);

            if (dice < 5 && oracle.n < WAITERS_MAX)
                random_prepare(&oracle);
            else if (dice < 7)
                random_notify(&oracle, &rng);
            else if (oracle.n > 0)
                random_leave(&oracle, &rng);
        }
        while (oracle.n > 0)
            random_leave(&oracle, &rng);
        check_int(oracle.n_registered, 0);
        while (oracle.n_ownerless > 0)
            random_notify(&oracle, &rng);
        check_nobody();
    }
}
