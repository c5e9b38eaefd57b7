/* SPDX-License-Identifier: MIT */
/*
 * test_sink.c - behaviour of a sink, one thread: delivery in order with the
 * given status, budgets, exactly one wake per arming, entries that are freed or
 * pushed again while they are delivered. Linked with the point seam.
 */
#include <errno.h>
#include <stdlib.h>
#include <strait/sink.h>

#include "unit.h"

#define N_ENTRIES 300

static strait_sink_t sink;
static strait_sink_entry_t entries[N_ENTRIES];
static int n_wakes;
static void *wake_arg;
static strait_sink_t *wake_sink;

static int n_delivered;
static int order[N_ENTRIES * 4];
static int last_status;
static int n_again; /* how many entries `deliver_again` still pushes back */

static void
wake(strait_sink_t *which, void *arg)
{
    n_wakes++;
    wake_sink = which;
    wake_arg = arg;
}

static void
deliver(strait_sink_entry_t *entry, int status)
{
    order[n_delivered++] = (int)(entry - entries);
    last_status = status;
}

static void
deliver_again(strait_sink_entry_t *entry, int status)
{
    deliver(entry, status);
    if (n_again > 0) {
        n_again--;
        strait_sink_push(&sink, entry);
    }
}

static void
deliver_and_free(strait_sink_entry_t *entry, int status)
{
    n_delivered++;
    last_status = status;
    free(entry);
}

static void
set_up(void)
{
    int i;

    strait_sink_init(&sink, wake, &n_wakes);
    for (i = 0; i < N_ENTRIES; i++)
        strait_sink_entry_init(&entries[i], deliver);
    n_wakes = 0;
    n_delivered = 0;
    last_status = 1;
    seam_point_hook = NULL;
}

TestSuite(sink, .init = set_up, .timeout = 20);

Test(sink, a_new_sink_delivers_nothing)
{
    int end = -1;

    check_int(strait_sink_drain(&sink, 10, 0, &end), 0);
    check_int(end, STRAIT_SINK_EMPTY);
    check_int(strait_sink_drain(&sink, 10, 0, NULL), 0);
}

Test(sink, delivers_in_order_with_the_status)
{
    int end = -1;
    int i;

    for (i = 0; i < N_ENTRIES; i++)
        strait_sink_push(&sink, &entries[i]);
    check_int(n_delivered, 0);
    check_int(strait_sink_drain(&sink, SIZE_MAX, -ECANCELED, &end), N_ENTRIES);
    check_int(end, STRAIT_SINK_EMPTY);
    check_err(last_status, -ECANCELED);
    check_int(n_delivered, N_ENTRIES);
    for (i = 0; i < N_ENTRIES; i++)
        check_int(order[i], i);
    check_int(n_wakes, 0);
}

Test(sink, keeps_to_the_budget)
{
    int end = -1;
    int i;

    for (i = 0; i < 10; i++)
        strait_sink_push(&sink, &entries[i]);
    check_int(strait_sink_drain(&sink, 0, 0, &end), 0);
    check_int(end, STRAIT_SINK_MORE);
    check_int(strait_sink_drain(&sink, 4, 0, &end), 4);
    check_int(end, STRAIT_SINK_MORE);
    check_int(strait_sink_drain(&sink, 7, 0, &end), 6);
    check_int(end, STRAIT_SINK_EMPTY);
    check_err(last_status, 0);
}

Test(sink, wakes_once_per_arming)
{
    int round;

    for (round = 0; round < 100; round++) {
        n_wakes = 0;
        strait_sink_push(&sink, &entries[0]);
        check_int(n_wakes, 0);
        check_int(strait_sink_drain(&sink, 10, 0, NULL), 1);
        cr_assert(strait_mpsc_arm(&sink.queue));
        strait_sink_push(&sink, &entries[1]);
        check_int(n_wakes, 1);
        check_ptr(wake_sink, &sink);
        check_ptr(wake_arg, &n_wakes);
        strait_sink_push(&sink, &entries[2]);
        check_int(n_wakes, 1);
        n_delivered = 0;
        check_int(strait_sink_drain(&sink, 10, 0, NULL), 2);
    }
}

Test(sink, does_not_wake_after_disarm)
{
    cr_assert(strait_mpsc_arm(&sink.queue));
    cr_assert(strait_mpsc_disarm(&sink.queue));
    strait_sink_push(&sink, &entries[0]);
    check_int(n_wakes, 0);
}

Test(sink, an_entry_may_be_pushed_again_while_it_is_delivered)
{
    int end = -1;

    strait_sink_entry_init(&entries[0], deliver_again);
    n_again = 5;
    strait_sink_push(&sink, &entries[0]);
    check_int(strait_sink_drain(&sink, 3, 0, &end), 3);
    check_int(end, STRAIT_SINK_MORE);
    check_int(strait_sink_drain(&sink, 100, 0, &end), 3);
    check_int(end, STRAIT_SINK_EMPTY);
}

Test(sink, an_entry_may_be_freed_while_it_is_delivered)
{
    int i;

    for (i = 0; i < 100; i++) {
        strait_sink_entry_t *entry = malloc(sizeof *entry);

        cr_assert(entry != NULL);
        strait_sink_entry_init(entry, deliver_and_free);
        strait_sink_push(&sink, entry);
    }
    check_int(strait_sink_drain(&sink, 1000, 0, NULL), 100);
    check_int(n_delivered, 100);
}

static int end_in_gap;
static size_t drained_in_gap;

static void
drain_in_gap(const char *name)
{
    if (strcmp(name, "mpsc.push.gap") != 0)
        return;
    seam_point_hook = NULL;
    drained_in_gap = strait_sink_drain(&sink, 10, 0, &end_in_gap);
}

Test(sink, says_pending_while_a_push_is_in_its_gap)
{
    strait_sink_push(&sink, &entries[0]);
    strait_sink_push(&sink, &entries[1]);
    seam_point_hook = drain_in_gap;
    strait_sink_push(&sink, &entries[2]);
    check_int(end_in_gap, STRAIT_SINK_PENDING);
    check_int(drained_in_gap, 1);
    check_int(strait_sink_drain(&sink, 10, 0, NULL), 2);
    check_int(order[2], 2);
}

static int n_visible;

static void
look_when_woken(strait_sink_t *which, void *arg)
{
    (void)arg;
    n_visible += !strait_mpsc_is_empty(&which->queue);
}

Test(sink, the_entry_is_published_before_the_wake)
{
    strait_sink_init(&sink, look_when_woken, NULL);
    cr_assert(strait_mpsc_arm(&sink.queue));
    strait_sink_push(&sink, &entries[0]);
    check_int(n_visible, 1);
}

Test(sink, bad_input_is_refused)
{
    static _Alignas(strait_sink_t) char bytes[sizeof(strait_sink_t) + 8];

    check_int(strait_sink_init(NULL, wake, NULL), -EINVAL);
    check_int(strait_sink_init(&sink, NULL, NULL), -EINVAL);
    check_int(
        strait_sink_init((strait_sink_t *)(void *)(bytes + 1), wake, NULL),
        -EINVAL);
}
