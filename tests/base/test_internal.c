/* SPDX-License-Identifier: MIT */
/*
 * test_internal.c - what the layers above share and users do not see: reports
 * and checks, the fork guard, the waits for a stopped producer, counters, spins.
 * Linked with the static twin of the library.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/counter.h"
#include "base/fork.h"
#include "base/futex.h"
#include "base/gap.h"
#include "base/memory.h"
#include "base/spin.h"

#include "blocks.h"
#include "child.h"
#include "unit.h"

/* ------------------------------------------------------------- reports */

static int heard_level;
static char heard_text[512];
static void *heard_arg;
static int n_heard;

static void
hear(int level, const char *text, void *arg)
{
    heard_level = level;
    snprintf(heard_text, sizeof heard_text, "%s", text);
    heard_arg = arg;
    n_heard++;
}

static const strait_reporter_t reporter = { hear, &n_heard };

static void
be_silent(void)
{
    strait_set_reporter(NULL);
    n_heard = 0;
}

TestSuite(report, .init = be_silent, .fini = be_silent, .timeout = 20);

Test(report, without_a_reporter_nothing_happens)
{
    sti_report(STRAIT_REPORT_WARNING, "nobody hears %d", 1);
    check_int(n_heard, 0);
}

Test(report, reaches_the_reporter_with_its_argument)
{
    strait_set_reporter(&reporter);
    sti_report(STRAIT_REPORT_WARNING, "%s is %d", "this", 7);
    check_int(n_heard, 1);
    check_int(heard_level, STRAIT_REPORT_WARNING);
    check_str(heard_text, "this is 7");
    check_ptr(heard_arg, &n_heard);
}

Test(report, long_texts_are_cut)
{
    char text[1000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    strait_set_reporter(&reporter);
    sti_report(STRAIT_REPORT_WARNING, "%s", text);
    check_int(strlen(heard_text), 255);
    check_int(strspn(heard_text, "x"), 255);
}

static void
fail_a_check(void *arg)
{
    (void)arg;
    /* The report is heard first, and says what and where. */
    signal(SIGTRAP, SIG_DFL);
    signal(SIGILL, SIG_DFL);
    strait_set_reporter(&reporter);
    sti_check_failed("1 == 2", "file.c", 33);
}

static void
report_and_exit(int level, const char *text, void *arg)
{
    (void)arg;
    if (level == STRAIT_REPORT_FATAL && strstr(text, "1 == 2") != NULL &&
        strstr(text, "file.c:33") != NULL)
        _exit(0);
    _exit(9);
}

static const strait_reporter_t exiting = { report_and_exit, NULL };

static void
fail_a_check_heard(void *arg)
{
    (void)arg;
    strait_set_reporter(&exiting);
    sti_check_failed("1 == 2", "file.c", 33);
}

Test(report, a_failed_check_reports_then_traps)
{
    cr_assert(
        child_run(fail_a_check_heard, NULL) == NULL, "%s", child_complaint);
#if !SANITIZER_THREAD && !SANITIZER_ADDRESS
    /* Sanitizers turn the trap into a report of their own. */
    cr_assert(child_run(fail_a_check, NULL) != NULL);
    cr_assert(strstr(child_complaint, "signal 4") != NULL ||
            strstr(child_complaint, "signal 5") != NULL,
        "%s", child_complaint);
#else
    (void)fail_a_check;
#endif
}

/* ---------------------------------------------------------- fork guard */

TestSuite(fork_guard, .timeout = 20);

static void
after_fork(void *arg)
{
    uint64_t before = *(uint64_t *)arg;
    uint64_t mine;

    child_check(sti_forked(before));
    mine = sti_fork_generation();
    child_check(mine != 0 && mine != before);
    child_check(!sti_forked(mine));
    child_check(sti_forked(before));
}

static void *
ask_generation(void *arg)
{
    *(uint64_t *)arg = sti_fork_generation();
    return NULL;
}

Test(fork_guard, one_generation_per_process)
{
    uint64_t generation = sti_fork_generation();

    cr_assert(generation != 0);
    check_int(sti_fork_generation(), generation);
    cr_assert(!sti_forked(generation));
    cr_assert(sti_forked(generation + 1));
}

Test(fork_guard, all_threads_agree)
{
    uint64_t seen[8];
    pthread_t threads[8];
    int i;

    for (i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, ask_generation, &seen[i]);
    for (i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        check_int(seen[i], sti_fork_generation());
    }
}

Test(fork_guard, the_child_is_another_generation)
{
    uint64_t generation = sti_fork_generation();

    cr_assert(
        child_run(after_fork, &generation) == NULL, "%s", child_complaint);
    cr_assert(!sti_forked(generation));
}

static void
fork_again(void *arg)
{
    uint64_t mine = sti_fork_generation();

    child_check(child_run(after_fork, arg) == NULL);
    child_check(child_run(after_fork, &mine) == NULL);
    child_check(!sti_forked(mine));
}

Test(fork_guard, so_is_the_grandchild)
{
    uint64_t generation = sti_fork_generation();

    cr_assert(
        child_run(fork_again, &generation) == NULL, "%s", child_complaint);
}

/* --------------------------------------------------- gap, counter, memory */

Test(gap, yields_first_then_sleeps_for_growing_bounded_times)
{
    sti_gap_t gap = STI_GAP_INIT;
    uint64_t sum = 0;
    uint64_t last = 0;
    int i;

    for (i = 0; i < STI_GAP_YIELDS; i++)
        check_int(sti_gap_next_ns(&gap), 0);
    for (i = 0; i < 1000; i++) {
        uint64_t next = sti_gap_next_ns(&gap);

        cr_assert(next >= STI_GAP_SLEEP_MIN_NS && next >= last);
        cr_assert(next <= STI_GAP_SLEEP_MAX_NS);
        last = next;
        sum += next;
    }
    check_int(last, STI_GAP_SLEEP_MAX_NS);
    cr_assert(sum > 900 * STI_GAP_SLEEP_MAX_NS);
    sti_gap_reset(&gap);
    check_int(sti_gap_next_ns(&gap), 0);
}

Test(counter, adds_up)
{
    sti_counter_t counter = { 0 };

    sti_counter_add(&counter, 3);
    sti_counter_add(&counter, UINT64_C(1) << 40);
    check_int(sti_counter_read(&counter), 3 + (INT64_C(1) << 40));
}

Test(alloc, blocks_are_zeroed_aligned_and_come_back)
{
    static struct blocks blocks = BLOCKS_INIT;
    const strait_allocator_t *allocator = blocks_allocator(&blocks);
    static const size_t sizes[] = { 1, 64, 1000, 70000 };
    size_t i;
    size_t k;

    for (i = 0; i < 4; i++) {
        char *block = sti_alloc(allocator, sizes[i]);

        cr_assert(block != NULL);
        check_int((uintptr_t)block % STRAIT_CACHE_LINE, 0);
        for (k = 0; k < sizes[i]; k++)
            check_int(block[k], 0);
        sti_free(allocator, block, sizes[i]);
    }
    check_int(blocks.n_calls, 4);
    check_blocks(&blocks);
    blocks.fail_at = 1;
    check_ptr(sti_alloc(allocator, 64), NULL);
}

Test(alloc, an_allocator_needs_both_functions)
{
    strait_allocator_t half = *strait_allocator_default(NULL);

    check_ptr(sti_allocator_or_default(NULL), strait_allocator_default(NULL));
    check_ptr(sti_allocator_or_default(&half), &half);
    half.free = NULL;
    check_ptr(sti_allocator_or_default(&half), NULL);
    half = *strait_allocator_default(NULL);
    half.alloc = NULL;
    check_ptr(sti_allocator_or_default(&half), NULL);
}

/* ---------------------------------------------------------------- futex */

static STRAIT_ATOMIC(uint32_t) word;

static void *
wait_for_word(void *arg)
{
    (void)arg;
    while (strait_load_acquire(&word) == 0)
        sti_futex_wait(&word, 0);
    return NULL;
}

Test(futex, returns_at_once_if_the_value_differs, .timeout = 10)
{
    errno = 12345;
    strait_store_rlx(&word, 5);
    sti_futex_wait(&word, 4);
    check_int(errno, 12345);
}

Test(futex, a_wake_ends_the_sleep, .timeout = 10)
{
    pthread_t thread;

    strait_store_rlx(&word, 0);
    pthread_create(&thread, NULL, wait_for_word, NULL);
    usleep(20000);
    strait_store_release(&word, 1);
    errno = 12345;
    sti_futex_wake_one(&word);
    check_int(errno, 12345);
    pthread_join(thread, NULL);
}

/* ---------------------------------------------------------------- the spin */

Test(spinner, grows_by_hits_and_shrinks_by_misses)
{
    sti_spinner_t spinner;
    int i;

    sti_spinner_init(&spinner, 4 * STI_SPIN_MIN_NS);
    check_int(sti_spinner_begin(&spinner, 100), 100 + 4 * STI_SPIN_MIN_NS);
    sti_spinner_ended(&spinner, true);
    check_int(spinner.limit_ns, 8 * STI_SPIN_MIN_NS);
    for (i = 0; i < 20; i++) {
        (void)sti_spinner_begin(&spinner, 100);
        sti_spinner_ended(&spinner, i < 10);
        if (i == 9)
            check_int(spinner.limit_ns, STI_SPIN_MAX_NS);
    }
    check_int(spinner.limit_ns, STI_SPIN_MIN_NS);
}

Test(spinner, a_short_sleep_shows_that_it_was_too_short)
{
    sti_spinner_t spinner;

    sti_spinner_init(&spinner, STI_SPIN_MIN_NS);
    (void)sti_spinner_begin(&spinner, 1000);
    sti_spinner_ended(&spinner, false);
    sti_spinner_slept(&spinner, 1000 + STI_SPIN_SHORT_SLEEP_NS, 0);
    check_int(spinner.limit_ns, STI_SPIN_MIN_NS);
    (void)sti_spinner_begin(&spinner, 1000);
    sti_spinner_ended(&spinner, false);
    sti_spinner_slept(&spinner, 999 + STI_SPIN_SHORT_SLEEP_NS, STI_CPU_UNKNOWN);
    check_int(spinner.limit_ns, STI_SPIN_MAX_NS);
    sti_spinner_slept(&spinner, 2000, 0);
    check_int(spinner.limit_ns, STI_SPIN_MAX_NS);
}

Test(spinner, does_not_wait_for_who_shares_its_cpu)
{
    sti_spinner_t spinner;
    cpu_set_t here;
    int cpu = sched_getcpu();

    if (cpu < 0)
        return;
    CPU_ZERO(&here);
    CPU_SET(cpu, &here);
    /* So that the marks are of one CPU. */
    check_int(sched_setaffinity(0, sizeof here, &here), 0);
    sti_spinner_init(&spinner, STI_SPIN_MAX_NS);
    (void)sti_spinner_begin(&spinner, 1000);
    sti_spinner_ended(&spinner, false);
    errno = 12345;
    sti_spinner_slept(&spinner, 1001, sti_cpu_mark());
    check_int(errno, 12345);
    check_int(spinner.limit_ns, STI_SPIN_MIN_NS);
    sti_spinner_slept(&spinner, 1001, sti_cpu_mark() + 1);
    check_int(spinner.limit_ns, STI_SPIN_MIN_NS);
}

Test(spinner, never_begins_on_a_single_cpu)
{
    sti_spinner_t spinner;

    sti_spinner_init(&spinner, 0);
    sti_spinner_slept(&spinner, 1000, sti_cpu_mark());
    check_int(spinner.limit_ns, 0);
    sti_spinner_slept(&spinner, 1000, 0);
    check_int(spinner.limit_ns, 0);
}
