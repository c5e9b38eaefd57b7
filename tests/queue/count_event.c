/* SPDX-License-Identifier: MIT */
/*
 * count_event.c - what the eventcount costs, in atomic operations, system calls
 * and allocations, exactly: nothing but one operation while nobody sleeps, and
 * one system call on either side of a sleep. Linked with the counting seam; see
 * costs.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/clock.h>
#include <strait/event.h>
#include <unistd.h>

#include "asleep.h"
#include "costs.h"

#define N_SLEEPS 20
#define N_SLEEPERS 8

static strait_event_t event = STRAIT_EVENT_INIT;

static void
count_nobody(void)
{
    uint32_t key;

    costs_start();
    require(!strait_event_notify_one(&event));
    expect("event notify_one, nobody", 1, 0, 0);
    require(!strait_event_notify_all(&event));
    expect("event notify_all, nobody", 1, 0, 0);
    require(!strait_event_notify_one_sc(&event));
    expect_costs("event notify_one_sc, nobody",
        (struct costs){ .loads = 1, .seq_csts = 1 });
    require(!strait_event_notify_all_sc(&event));
    expect_costs("event notify_all_sc, nobody",
        (struct costs){ .loads = 1, .seq_csts = 1 });
    key = strait_event_prepare(&event);
    expect_costs("event prepare", (struct costs){ .rmws = 1, .seq_csts = 1 });
    strait_event_cancel(&event, key);
    expect("event cancel", 1, 0, 1);
}

/* One registered waiter, who has not gone to sleep yet. */
static void
count_notified_early(void)
{
    uint32_t key = strait_event_prepare(&event);

    costs_start();
    require(strait_event_notify_one(&event));
    expect_costs("event notify_one, somebody",
        (struct costs){ .rmws = 3, .loads = 1, .wakes = 2 });
    require(!strait_event_notify_one(&event));
    expect("event notify_one again", 1, 0, 0);
    require(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER) == 0);
    expect("event wait, notified already", 0, 0, 1);
    strait_event_cancel(&event, key);
    expect("event cancel, notified already", 0, 0, 1);
    key = strait_event_prepare(&event);
    costs_start();
    require(strait_event_notify_all(&event));
    expect_costs("event notify_all, somebody",
        (struct costs){ .rmws = 2, .loads = 1, .wakes = 1 });
    key = strait_event_prepare(&event);
    costs_start();
    require(strait_event_notify_one_sc(&event));
    expect_costs("event notify_one_sc, somebody",
        (struct costs){ .rmws = 2, .loads = 2, .seq_csts = 1, .wakes = 2 });
    key = strait_event_prepare(&event);
    costs_start();
    require(strait_event_wait(&event, key, strait_now_ns()) == -ETIMEDOUT);
    expect_costs("event wait, timed out",
        (struct costs){ .rmws = 1, .loads = 2, .waits = 1 });
}

struct sleeper {
    pthread_t thread;
    pid_t tid; /* published by is_ready */
    STRAIT_ATOMIC(uint32_t) is_ready;
    struct costs costs; /* of the wait */
};

static void *
sleep_once(void *arg)
{
    struct sleeper *self = arg;
    uint32_t key = strait_event_prepare(&event);

    self->tid = gettid();
    strait_store_release(&self->is_ready, 1);
    costs_start();
    require(strait_event_wait(&event, key, STRAIT_EVENT_FOREVER) == 0);
    self->costs = costs_taken();
    return NULL;
}

static void
start(struct sleeper *sleeper)
{
    strait_store_rlx(&sleeper->is_ready, 0);
    require(pthread_create(&sleeper->thread, NULL, sleep_once, sleeper) == 0);
    while (strait_load_acquire(&sleeper->is_ready) == 0)
        usleep(100);
    wait_until_asleep(sleeper->tid);
}

/* Adds up a member of `sum`. */
static void
add(struct costs *sum, const struct costs *costs)
{
    sum->rmws += costs->rmws;
    sum->stores += costs->stores;
    sum->loads += costs->loads;
    sum->seq_csts += costs->seq_csts;
    sum->waits += costs->waits;
    sum->wakes += costs->wakes;
    sum->others += costs->others;
    sum->blocks += costs->blocks;
}

static void
count_sleeps(void)
{
    struct costs of_wait = { 0 };
    struct costs of_notify = { 0 };
    int i;

    for (i = 0; i < N_SLEEPS; i++) {
        struct sleeper sleeper;
        struct costs costs;

        start(&sleeper);
        costs_start();
        require(i % 2 == 0 ? strait_event_notify_one(&event)
                           : strait_event_notify_one_sc(&event));
        costs = costs_taken();
        pthread_join(sleeper.thread, NULL);
        add(&of_notify, &costs);
        add(&of_wait, &sleeper.costs);
    }
    costs_compare("event wait with a sleep, 20 times", of_wait,
        (struct costs){ .loads = 2 * N_SLEEPS, .waits = N_SLEEPS });
    costs_compare("event notify of a sleeper, 20 times", of_notify,
        (struct costs){ .rmws = 5 * N_SLEEPS / 2,
            .loads = 3 * N_SLEEPS / 2,
            .seq_csts = N_SLEEPS / 2,
            .wakes = N_SLEEPS });
}

static void
count_many_sleepers(void)
{
    struct sleeper sleepers[N_SLEEPERS];
    struct costs of_waits = { 0 };
    int i;

    for (i = 0; i < N_SLEEPERS; i++)
        start(&sleepers[i]);
    costs_start();
    require(strait_event_notify_all(&event));
    expect_costs("event notify_all of 8 sleepers",
        (struct costs){ .rmws = 2, .loads = 1, .wakes = 1 });
    for (i = 0; i < N_SLEEPERS; i++) {
        pthread_join(sleepers[i].thread, NULL);
        add(&of_waits, &sleepers[i].costs);
    }
    costs_compare("event wait, 8 sleepers", of_waits,
        (struct costs){ .loads = 2 * N_SLEEPERS, .waits = N_SLEEPERS });
}

/* What is published while nobody is registered costs no system call, however
 * often. */
static void
count_busy(void)
{
    struct costs wanted = { .rmws = 100000 };
    int i;

    costs_start();
    for (i = 0; i < 100000; i++)
        require(!strait_event_notify_one(&event));
    expect_costs("event notify_one, nobody, 100000 times", wanted);
}

int
main(void)
{
    count_nobody();
    count_notified_early();
    count_sleeps();
    count_many_sleepers();
    count_busy();
    return 0;
}
