/* SPDX-License-Identifier: MIT */
/*
 * cases_event.c - every operation of strait/event.h, frozen.
 *
 * The sleeper is a third thread, which sleeps on the event where a case has a
 * notification to be stopped before its system call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <strait/clock.h>
#include <strait/event.h>

#include "freeze.h"

static strait_event_t event;
static uint32_t key;   /* the subject's registration */
static uint32_t other; /* that of another party */
static uint32_t epoch_before;
static bool answer;
static int waited;
static unsigned n_roused;
static unsigned n_roused_before; /* ... before the others acted */

static uint64_t
word(void)
{
    return strait_load_rlx(&event.word_);
}

static uint32_t
epoch(void)
{
    return (uint32_t)(word() >> STRAIT_EVENT_EPOCH_SHIFT_);
}

static uint32_t
n_registered(void)
{
    return (uint32_t)word();
}

/* True if a wait with this key would not sleep. */
static bool
is_over(uint32_t its_key)
{
    return strait_event_wait(&event, its_key, strait_now_ns()) == 0;
}

static void
be_new(void)
{
    strait_event_init(&event);
    epoch_before = epoch();
    n_roused = 0;
}

static void
be_prepared(void)
{
    be_new();
    key = strait_event_prepare(&event);
}

static void
one_other(void)
{
    be_new();
    other = strait_event_prepare(&event);
}

/* ----------------------------------------------------- prepare and cancel */

static void
operate_prepare(void)
{
    key = strait_event_prepare(&event);
}

static void
operate_cancel(void)
{
    strait_event_cancel(&event, key);
}

static void
others_come_and_go(void)
{
    uint32_t mine = strait_event_prepare(&event);

    strait_event_cancel(&event, mine);
    mine = strait_event_prepare(&event);
    freeze_check(strait_event_notify_one(&event), "nobody was registered");
    freeze_check(is_over(mine), "a notification did not end a wait");
    mine = strait_event_prepare(&event);
    freeze_check(strait_event_notify_all_sc(&event), "nobody was registered");
    freeze_check(is_over(mine), "a notification did not end a wait");
}

/* Who prepared later than the notifications sleeps; they would have to come
 * again. Nobody is left behind in the count. */
static void
finish_prepare(void)
{
    bool over = epoch() != key;

    freeze_check(key - epoch_before <= 2, "a key of the future");
    freeze_check(n_registered() == !over, "the count is wrong");
    freeze_check(strait_event_notify_one(&event) == !over,
        "the registration was not seen");
    freeze_check(is_over(key), "a notification did not end a wait");
}

static void
finish_cancel(void)
{
    /* Who leaves when the epoch has moved leaves the count alone. */
    freeze_check(n_registered() <= 1, "the count is wrong");
    (void)strait_event_notify_all(&event);
    freeze_check(n_registered() == 0, "the count is wrong");
}

/* ------------------------------------------------------------------- wait */

static void
operate_wait(void)
{
    waited = strait_event_wait(&event, key, STRAIT_EVENT_FOREVER);
}

static void
rouse(void)
{
    n_roused++;
    (void)strait_event_notify_all(&event);
}

static void
others_notify(void)
{
    n_roused_before = n_roused;
    freeze_check(strait_event_notify_one(&event) == (n_roused == 0),
        "the registration was not there, or was there twice");
}

static void
finish_wait(void)
{
    freeze_check(waited == 0, "notified, but it timed out");
    freeze_check(n_roused == n_roused_before, "the notification was lost");
    freeze_check(n_registered() == 0, "the count is wrong");
}

/* ----------------------------------------------------------------- notify */

static void
operate_notify_one(void)
{
    answer = strait_event_notify_one(&event);
}

static void
operate_notify_all(void)
{
    answer = strait_event_notify_all(&event);
}

static void
operate_notify_one_sc(void)
{
    answer = strait_event_notify_one_sc(&event);
}

/* Waiters come and go; another one notifies, too. */
static void
others_of_notify(void)
{
    bool moved = epoch() != epoch_before;
    uint32_t mine = strait_event_prepare(&event);

    strait_event_cancel(&event, mine);
    freeze_check(strait_event_notify_one(&event) == !moved,
        "the waiter was taken out twice, or by nobody");
    freeze_check(is_over(other), "a notification did not end a wait");
}

static void
others_of_notify_nobody(void)
{
    uint32_t mine = strait_event_prepare(&event);

    freeze_check(strait_event_notify_one(&event), "nobody was registered");
    freeze_check(is_over(mine), "a notification did not end a wait");
}

static void
finish_notify(void)
{
    freeze_check(answer == (epoch() - epoch_before == 2) || epoch() != other,
        "the notification did nothing");
    freeze_check(n_registered() == 0, "the count is wrong");
}

/* --- with a sleeper */

static struct {
    sem_t go;
    volatile bool awake;
    volatile pid_t thread;
} sleeper;

static void *
be_the_sleeper(void *arg)
{
    sigset_t all;

    (void)arg;
    sigfillset(&all); /* signals are for the main thread */
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    sleeper.thread = gettid();
    for (;;) {
        while (sem_wait(&sleeper.go) != 0) {}
        (void)strait_event_wait(&event, other, STRAIT_EVENT_FOREVER);
        sleeper.awake = true;
    }
    return NULL;
}

static bool
is_asleep(void)
{
    char path[64];
    char text[256];
    const char *after;
    FILE *file;
    size_t n;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)sleeper.thread);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    after = strrchr(text, ')');
    return after != NULL && strncmp(after, ") S", 3) == 0;
}

/* Gives the sleeper time to wake up, if it was woken. */
static bool
has_woken(void)
{
    int patience = 2000;

    while (!sleeper.awake && (patience-- > 0 || !is_asleep()))
        sched_yield();
    return sleeper.awake;
}

static void
one_asleep(void)
{
    one_other();
    if (sleeper.thread == 0) {
        pthread_t thread;

        if (sem_init(&sleeper.go, 0, 0) != 0 ||
            pthread_create(&thread, NULL, be_the_sleeper, NULL) != 0) {
            freeze_complain("there is no sleeper");
            return;
        }
        pthread_detach(thread);
    }
    sleeper.awake = false;
    sem_post(&sleeper.go);
    /* It must have left the semaphore, too, which it sleeps on as well. */
    do {
        int value = 1;

        sched_yield();
        if (sem_getvalue(&sleeper.go, &value) == 0 && value != 0)
            continue;
    } while (!is_asleep());
}

/* Between its CAS and its system call it owes the wake. */
static unsigned
notify_window(void)
{
    return epoch() != epoch_before && !has_woken() ? FREEZE_OWED : 0;
}

static void
others_beside_the_sleeper(void)
{
    bool moved = epoch() != epoch_before;

    if (moved && !has_woken())
        freeze_saw(FREEZE_OWED);
    others_of_notify_nobody();
    if (!moved)
        freeze_check(has_woken(), "our notification did not wake it");
}

static void
finish_with_sleeper(void)
{
    freeze_check(has_woken(), "nobody has woken the sleeper");
    (void)answer;
}

/* ------------------------------------------------------------------- cases */

#define DELAYS_NOBODY "delays nobody"

#define CASE(of, st, text, set, win, oth, fin)                                 \
    {                                                                          \
        .operation = "event " #of, .state = (st), .contract = (text),          \
        .setup = (set), .operate = operate_##of, .window = (win),              \
        .others = (oth), .finish = (fin), .rouse = rouse                       \
    }

const struct freeze_case freeze_event_cases[] = {
    CASE(prepare, "nobody", DELAYS_NOBODY, be_new, NULL, others_come_and_go,
        finish_prepare),
    CASE(cancel, "prepared", DELAYS_NOBODY, be_prepared, NULL,
        others_come_and_go, finish_cancel),
    CASE(wait, "prepared", "sleeps; any notification ends it", be_prepared,
        NULL, others_notify, finish_wait),
    CASE(notify_one, "nobody", DELAYS_NOBODY, be_new, NULL,
        others_of_notify_nobody, finish_cancel),
    CASE(notify_one, "one registered", DELAYS_NOBODY, one_other, NULL,
        others_of_notify, finish_notify),
    CASE(notify_all, "one registered", DELAYS_NOBODY, one_other, NULL,
        others_of_notify, finish_notify),
    CASE(notify_one_sc, "one registered", DELAYS_NOBODY, one_other, NULL,
        others_of_notify, finish_notify),
    CASE(notify_one, "one asleep", "owes the wake until its call", one_asleep,
        notify_window, others_beside_the_sleeper, finish_with_sleeper),
    { .operation = NULL },
};
