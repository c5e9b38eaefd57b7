/* SPDX-License-Identifier: MIT */
/*
 * test_role.c - checked builds report a second thread in a role that is for
 * one, whatever operation it calls, and arguments that would break a queue, and
 * let a role move that was handed over. This file is checked in every build,
 * also with a library that is not; what such a library does by itself is left
 * out then.
 */
#if STRAIT_DEBUG >= 1
#define LIBRARY_CHECKS true
#else
#define LIBRARY_CHECKS false
#endif
#undef STRAIT_DEBUG
#define STRAIT_DEBUG 1

#define _GNU_SOURCE
#include <pthread.h>
#include <strait/error.h>
#include <strait/mpsc.h>
#include <strait/ring.h>
#include <strait/role.h>
#include <strait/spsc.h>
#include <unistd.h>

#include "child.h"
#include "unit.h"

static strait_mpsc_t mpsc;
static strait_mpsc_node_t node;
static strait_spsc_t spsc;
static strait_ring_t ring;
static strait_ring_slot_t slots[4];
static void *places[4];

static void
set_up(void)
{
    cr_assert(strait_mpsc_init(&mpsc) == 0);
    cr_assert(strait_spsc_init(&spsc, places, 4) == 0);
    cr_assert(strait_ring_init(&ring, slots, 4) == 0);
}

TestSuite(role, .init = set_up, .timeout = 60);

/* ------------------------------------------------------- the operations */

static void
do_mpsc_pop(void)
{
    strait_mpsc_node_t *popped;

    (void)!strait_mpsc_pop(&mpsc, &popped);
}

static void
do_mpsc_pop_chain(void)
{
    strait_mpsc_node_t *first;
    strait_mpsc_node_t *last;
    size_t n;

    (void)!strait_mpsc_pop_chain(&mpsc, 4, &first, &last, &n);
}

static void
do_mpsc_arm(void)
{
    (void)!strait_mpsc_arm(&mpsc);
}

static void
do_mpsc_disarm(void)
{
    (void)!strait_mpsc_disarm(&mpsc);
}

static void
do_spsc_push(void)
{
    (void)!strait_spsc_push(&spsc, NULL);
}

static void
do_spsc_reserve(void)
{
    size_t at;

    (void)!strait_spsc_reserve(&spsc, 1, &at);
}

static void
do_spsc_commit(void)
{
    strait_spsc_commit(&spsc, 0);
}

static void
do_spsc_close(void)
{
    (void)strait_spsc_close(&spsc);
}

static void
do_spsc_pop(void)
{
    void *value;

    (void)!strait_spsc_pop(&spsc, &value);
}

static void
do_spsc_peek(void)
{
    size_t at;

    (void)!strait_spsc_peek(&spsc, 1, &at);
}

static void
do_spsc_release(void)
{
    strait_spsc_release(&spsc, 0);
}

static void
do_ring_pop_alone(void)
{
    void *value;

    (void)!strait_ring_pop_alone(&ring, &value);
}

static void
do_ring_pop_n_alone(void)
{
    void *values[2];
    size_t n;

    (void)!strait_ring_pop_n_alone(&ring, values, 2, &n);
}

static void
do_ring_pop(void)
{
    void *value;

    (void)!strait_ring_pop(&ring, &value);
}

static void
do_ring_pop_n(void)
{
    void *values[2];
    size_t n;

    (void)!strait_ring_pop_n(&ring, values, 2, &n);
}

static struct {
    const char *name; /* as it is reported */
    void (*call)(void);
    strait_role_t *role;
    bool is_in_library; /* or inline in a header */
} const operations[] = {
    { "strait_mpsc_pop:", do_mpsc_pop, &mpsc.consuming_, false },
    /* Begins with a pop. */
    { "strait_mpsc_pop:", do_mpsc_pop_chain, &mpsc.consuming_, false },
    { "strait_mpsc_arm:", do_mpsc_arm, &mpsc.consuming_, true },
    { "strait_mpsc_disarm:", do_mpsc_disarm, &mpsc.consuming_, true },
    { "strait_spsc_push:", do_spsc_push, &spsc.producing_, false },
    { "strait_spsc_reserve:", do_spsc_reserve, &spsc.producing_, false },
    { "strait_spsc_commit:", do_spsc_commit, &spsc.producing_, false },
    { "strait_spsc_close:", do_spsc_close, &spsc.producing_, true },
    { "strait_spsc_pop:", do_spsc_pop, &spsc.consuming_, false },
    { "strait_spsc_peek:", do_spsc_peek, &spsc.consuming_, false },
    { "strait_spsc_release:", do_spsc_release, &spsc.consuming_, false },
    { "strait_ring_pop_n_alone:", do_ring_pop_alone, &ring.alone_, false },
    { "strait_ring_pop_n_alone:", do_ring_pop_n_alone, &ring.alone_, false },
    /* Any number of threads, but none beside the lone one. */
    { "strait_ring_pop:", do_ring_pop, &ring.alone_, false },
    { "strait_ring_pop_n:", do_ring_pop_n, &ring.alone_, false },
};

#define N_OPERATIONS (sizeof operations / sizeof operations[0])

/* ------------------------------------------------- who is in the way */

static void
expect(int level, const char *text, void *arg)
{
    const char *name = arg;

    _exit(level == STRAIT_REPORT_FATAL && strstr(text, name) != NULL &&
                strstr(text, "one at a time") != NULL
            ? 0
            : 9);
}

static void
meet_somebody(void *arg)
{
    const size_t *i = arg;
    strait_reporter_t reporter = { expect, NULL };
    char name[64];

    (void)snprintf(name, sizeof name, "%s", operations[*i].name);
    reporter.arg = name;
    strait_set_reporter(&reporter);
    /* rlx: nobody else is there; as if a thread stood in the middle of one. */
    strait_store_rlx(&operations[*i].role->taken_, 1);
    operations[*i].call();
    _exit(8);
}

Test(role, the_second_one_is_reported)
{
    size_t i;

    for (i = 0; i < N_OPERATIONS; i++) {
        if (operations[i].is_in_library && !LIBRARY_CHECKS)
            continue;
        cr_assert(child_run(meet_somebody, &i) == NULL, "%s %s",
            operations[i].name, child_complaint);
    }
}

static void *
pop_for_ever(void *arg)
{
    for (;;)
        do_mpsc_pop();
    return arg;
}

static void
pop_with_two(void *arg)
{
    static char name[] = "strait_mpsc_";
    static const strait_reporter_t reporter = { expect, name };
    pthread_t thread;

    (void)arg;
    strait_set_reporter(&reporter);
    if (pthread_create(&thread, NULL, pop_for_ever, NULL) == 0)
        (void)pop_for_ever(NULL);
    _exit(7);
}

Test(role, two_threads_that_pop_are_reported)
{
#if !SANITIZER_THREAD
    cr_assert(child_run(pop_with_two, NULL) == NULL, "%s", child_complaint);
#else
    (void)pop_with_two;
    cr_skip_test("ThreadSanitizer is first");
#endif
}

/* ------------------------------------------------------------ arguments */

static void
expect_misuse(int level, const char *text, void *arg)
{
    const char *name = arg;

    _exit(level == STRAIT_REPORT_FATAL && strstr(text, name) != NULL &&
                strstr(text, "misused") != NULL
            ? 0
            : 9);
}

static void
commit_too_many(void *arg)
{
    static char name[] = "strait_spsc_commit";
    static const strait_reporter_t reporter = { expect_misuse, name };
    size_t at;

    (void)arg;
    strait_set_reporter(&reporter);
    if (strait_spsc_reserve(&spsc, 4, &at) != 4)
        _exit(7);
    strait_spsc_commit(&spsc, 5);
    _exit(8);
}

static void
commit_after_close(void *arg)
{
    static char name[] = "strait_spsc_commit";
    static const strait_reporter_t reporter = { expect_misuse, name };
    size_t at;

    (void)arg;
    strait_set_reporter(&reporter);
    if (strait_spsc_reserve(&spsc, 1, &at) != 1)
        _exit(7);
    (void)strait_spsc_close(&spsc);
    strait_spsc_commit(&spsc, 1);
    _exit(8);
}

static void
release_too_many(void *arg)
{
    static char name[] = "strait_spsc_release";
    static const strait_reporter_t reporter = { expect_misuse, name };

    (void)arg;
    strait_set_reporter(&reporter);
    strait_spsc_release(&spsc, 1);
    _exit(8);
}

Test(role, what_was_not_handed_out_is_not_taken_back)
{
    cr_assert(child_run(commit_too_many, NULL) == NULL, "%s", child_complaint);
    cr_assert(
        child_run(commit_after_close, NULL) == NULL, "%s", child_complaint);
    cr_assert(child_run(release_too_many, NULL) == NULL, "%s", child_complaint);
}

/* ------------------------------------------------------ nobody is wronged */

static void *
call_all(void *arg)
{
    size_t i;

    (void)!strait_mpsc_push(&mpsc, &node);
    for (i = 0; i < N_OPERATIONS; i++)
        operations[i].call();
    return arg;
}

Test(role, it_may_move_to_another_thread)
{
    int i;

    for (i = 0; i < 100; i++) {
        pthread_t thread;

        (void)call_all(NULL);
        cr_assert(pthread_create(&thread, NULL, call_all, NULL) == 0);
        cr_assert(pthread_join(thread, NULL) == 0);
    }
    for (i = 0; i < (int)N_OPERATIONS; i++) {
        /* rlx: all others have ended. */
        cr_assert(strait_load_rlx(&operations[i].role->taken_) == 0);
    }
}

Test(role, the_layout_is_the_same_with_and_without)
{
    static strait_mpsc_t still = STRAIT_MPSC_INIT(still);

    /* rlx: not shared. */
    cr_assert(strait_load_rlx(&still.consuming_.taken_) == 0);
    cr_assert(strait_mpsc_is_empty(&still));
    cr_assert(offsetof(strait_mpsc_t, cursor_) == STRAIT_CACHE_LINE);
    cr_assert(offsetof(strait_spsc_t, head_) == STRAIT_CACHE_LINE);
    cr_assert(offsetof(strait_ring_t, slots_) == 2 * (size_t)STRAIT_CACHE_LINE);
}
