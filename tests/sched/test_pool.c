/* SPDX-License-Identifier: MIT */
/*
 * test_pool.c - the life of a pool: configuration and its errors, threads and
 * what they have as the contract describes it, hooks, close, destroy,
 * statistics, fork.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <strait/cpu.h>
#include <strait/pool.h>
#include <sys/resource.h>

#include "blocks.h"
#include "child.h"
#include "mailbox.h"
#include "proc.h"
#include "unit.h"

TestSuite(pool, .timeout = 30);

static strait_pool_config_t
config_of(uint32_t n_workers)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    config.n_workers = n_workers;
    return config;
}

/* --------------------------------------------------------------- create */

Test(pool, by_default_one_worker_per_usable_cpu)
{
    uint32_t cpus = strait_cpu_usable();
    strait_pool_t *pool;

    check_err(strait_pool_create(&pool, NULL), 0);
    check_int(strait_pool_workers(pool),
        cpus < STRAIT_POOL_WORKERS_MAX ? cpus : STRAIT_POOL_WORKERS_MAX);
    check_err(strait_pool_destroy(pool), 0);
}

Test(pool, as_many_workers_as_asked_for)
{
    unsigned threads = proc_n_threads();
    uint32_t n;

    for (n = 1; n <= STRAIT_POOL_WORKERS_MAX; n = n < 16 ? n + 1 : n * 2) {
        strait_pool_config_t config = config_of(n);
        strait_pool_t *pool;

        check_err(strait_pool_create(&pool, &config), 0);
        check_int(strait_pool_workers(pool), n);
        check_int(proc_n_threads(), threads + n);
        check_err(strait_pool_destroy(pool), 0);
        check_int(proc_settle_threads(threads), threads);
    }
}

Test(pool, bad_configurations_are_refused)
{
    strait_pool_t *const untouched = (strait_pool_t *)&strait_pool_create;
    strait_pool_t *pool = untouched;
    strait_pool_config_t config = config_of(1);
    strait_allocator_t half = *strait_allocator_default(NULL);
    unsigned threads = proc_n_threads();
    static const uint32_t bad_lanes[] = { 1, 3, 100, 4095, (1u << 20) + 1,
        1u << 21, UINT32_MAX };
    static const uint32_t nowhere = 1000000;
    size_t i;

    check_err(strait_pool_create(NULL, NULL), -EINVAL);
    check_err(strait_pool_create(NULL, &config), -EINVAL);
    config.size = 0;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config.size = sizeof config + 8;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config = config_of(STRAIT_POOL_WORKERS_MAX + 1);
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config = config_of(UINT32_MAX);
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config = config_of(1);
    config.reserved = 1;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config = config_of(1);
    config.stack_bytes = 1;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config.stack_bytes = (size_t)PTHREAD_STACK_MIN - 1;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config = config_of(1);
    config.name = "twelve chars";
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config = config_of(1);
    half.free = NULL;
    config.allocator = &half;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config = config_of(1);
    for (i = 0; i < sizeof bad_lanes / sizeof bad_lanes[0]; i++) {
        config.max_queued = bad_lanes[i];
        check_err(strait_pool_create(&pool, &config), -EINVAL);
    }
    config = config_of(1);
    config.nice = -1;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config.nice = 40;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config = config_of(1);
    config.n_cpus = 1;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config.cpus = &nowhere;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config.n_cpus = 0;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    config.n_cpus = UINT32_MAX;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    check_ptr(pool, untouched);
    check_int(proc_settle_threads(threads), threads);
}

Test(pool, extreme_but_good_configurations_work)
{
    strait_pool_config_t config = config_of(1);
    strait_pool_t *pool;

    config.max_queued = 2;
    config.name = "eleven char";
    config.stack_bytes = 1 << 20;
    check_err(strait_pool_create(&pool, &config), 0);
    check_err(strait_pool_destroy(pool), 0);
    config.max_queued = 1 << 20;
    config.name = "";
    check_err(strait_pool_create(&pool, &config), 0);
    check_err(strait_pool_destroy(pool), 0);
}

Test(pool, an_absurd_stack_is_an_error_and_nothing_stays_behind)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_config_t config = config_of(2);
    strait_pool_t *pool = NULL;
    int err;

    config.stack_bytes = (size_t)1 << 46;
    config.allocator = blocks_allocator(&blocks);
    err = strait_pool_create(&pool, &config);
    cr_assert(err == -EAGAIN || err == -EINVAL, "%d", err);
    check_ptr(pool, NULL);
    check_blocks(&blocks);
}

/* --------------------------------------------------------------- memory */

Test(pool, all_memory_comes_from_the_given_allocator_and_goes_back)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_config_t config = config_of(3);
    strait_lane_config_t lane_config = STRAIT_LANE_CONFIG_INIT;
    strait_pool_t *pool;
    strait_lane_t *lane;

    config.allocator = blocks_allocator(&blocks);
    check_err(strait_pool_create(&pool, &config), 0);
    check_err(strait_lane_create(&lane, pool, NULL), 0);
    lane_config.max_queued = 2;
    check_err(strait_lane_create(&lane, pool, &lane_config), 0);
    cr_assert(blocks.n_live > 0);
    check_err(strait_pool_destroy(pool), 0);
    check_blocks(&blocks);
}

Test(pool, every_failing_allocation_is_survived)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_config_t config = config_of(2);
    unsigned threads = proc_n_threads();
    unsigned n_calls;
    unsigned k;
    int sticky;

    config.allocator = blocks_allocator(&blocks);
    {
        strait_pool_t *pool;

        check_err(strait_pool_create(&pool, &config), 0);
        check_err(strait_pool_destroy(pool), 0);
        n_calls = blocks.n_calls;
        cr_assert(n_calls > 0);
    }
    for (sticky = 0; sticky < 2; sticky++) {
        for (k = 1; k <= n_calls; k++) {
            strait_pool_t *pool = NULL;

            blocks.fail_at = k;
            blocks.fail_on = sticky != 0;
            check_err(strait_pool_create(&pool, &config), -ENOMEM);
            check_ptr(pool, NULL);
            check_blocks(&blocks);
        }
    }
    check_int(proc_settle_threads(threads), threads);
}

/* The same with all that can be asked for: what a thread does not get is like a
 * thread that is not granted. */
Test(pool, every_failing_allocation_of_a_rich_pool_is_survived)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_config_t config = config_of(3);
    unsigned threads = proc_n_threads();
    uint32_t cpus[3] = { 0, 0, 0 };
    strait_pool_t *pool = NULL;
    cpu_set_t set;
    unsigned n_calls;
    unsigned n_smaller = 0;
    unsigned k;

    check_int(sched_getaffinity(0, sizeof set, &set), 0);
    while (!CPU_ISSET(cpus[0], &set))
        cpus[0]++;
    config.cpus = cpus;
    config.n_cpus = 1;
    config.scratch_bytes = 1000;
    config.allocator = blocks_allocator(&blocks);
    check_err(strait_pool_create(&pool, &config), 0);
    check_err(strait_pool_destroy(pool), 0);
    n_calls = blocks.n_calls;
    for (k = 1; k <= n_calls; k++) {
        int err;

        pool = NULL;
        blocks.fail_at = k;
        blocks.fail_on = true;
        err = strait_pool_create(&pool, &config);
        blocks.fail_at = 0;
        if (err == 0) {
            cr_assert(strait_pool_workers(pool) < 3);
            n_smaller++;
            check_err(strait_pool_destroy(pool), 0);
        } else {
            check_err(err, -ENOMEM);
            check_ptr(pool, NULL);
        }
        check_blocks(&blocks);
    }
    check_int(n_smaller, 2);
    check_int(proc_settle_threads(threads), threads);
}

/* -------------------------------------------------------------- threads */

static char seen_name[32];
static sigset_t seen_mask;
static size_t seen_stack;
static int seen_destroy;
static strait_pool_t *the_pool;

static void
look_at_thread(strait_work_t *work, void *arg)
{
    pthread_attr_t attr;

    (void)work;
    (void)arg;
    pthread_getname_np(pthread_self(), seen_name, sizeof seen_name);
    pthread_sigmask(SIG_SETMASK, NULL, &seen_mask);
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstacksize(&attr, &seen_stack);
    pthread_attr_destroy(&attr);
}

/* Runs one function on the pool and waits for it. */
static bool
run_on(strait_pool_t *pool, strait_work_fn run, void *arg)
{
    struct mailbox mailbox;
    strait_work_t work;

    mailbox_init(&mailbox);
    strait_work_init(&work, run, NULL, arg);
    return strait_work_submit(strait_pool_lane(pool), &work, &mailbox.sink) ==
        0 &&
        mailbox_take(&mailbox, 1);
}

static void
wait_until_parked(strait_pool_t *pool, uint64_t n)
{
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;

    do {
        usleep(1000);
        check_err(strait_pool_stats(pool, &stats), 0);
    } while (stats.n_parks < n);
}

Test(pool, threads_are_named_after_it)
{
    strait_pool_config_t config = config_of(1);
    strait_pool_t *pool;

    check_err(strait_pool_create(&pool, &config), 0);
    cr_assert(run_on(pool, look_at_thread, NULL));
    check_int(strncmp(seen_name, "strait", 6), 0);
    check_err(strait_pool_destroy(pool), 0);
    config.name = "eleven char";
    check_err(strait_pool_create(&pool, &config), 0);
    cr_assert(run_on(pool, look_at_thread, NULL));
    check_int(strncmp(seen_name, "eleven char", 11), 0);
    check_err(strait_pool_destroy(pool), 0);
}

Test(pool, the_name_need_not_outlive_create)
{
    char name[12] = "short";
    strait_pool_config_t config = config_of(1);
    strait_pool_t *pool;

    config.name = name;
    check_err(strait_pool_create(&pool, &config), 0);
    memset(name, 'x', sizeof name - 1);
    cr_assert(run_on(pool, look_at_thread, NULL));
    check_int(strncmp(seen_name, "short", 5), 0);
    check_err(strait_pool_destroy(pool), 0);
}

Test(pool, threads_block_all_signals_but_faults)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP,
        SIGSYS };
    static const int others[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGALRM,
        SIGUSR1, SIGUSR2, SIGPIPE, SIGIO, SIGWINCH, SIGPROF };
    sigset_t before;
    sigset_t after;
    strait_pool_t *pool;
    size_t i;

    pthread_sigmask(SIG_SETMASK, NULL, &before);
    check_err(strait_pool_create(&pool, NULL), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    cr_assert(run_on(pool, look_at_thread, NULL));
    for (i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_assert(sigismember(&seen_mask, others[i]), "%d", others[i]);
    for (i = 0; i < sizeof faults / sizeof faults[0]; i++)
        cr_assert(!sigismember(&seen_mask, faults[i]), "%d", faults[i]);
    /* The creator's own mask is as it was. */
    for (i = 1; i < 32; i++)
        check_int(sigismember(&after, (int)i), sigismember(&before, (int)i));
    check_err(strait_pool_destroy(pool), 0);
}

Test(pool, the_stack_has_the_size_asked_for)
{
    strait_pool_config_t config = config_of(1);
    strait_pool_t *pool;

    /* More than the default of 8 MiB; a smaller one could not be told from a
     * larger stack that the C library has kept from another thread. */
    config.stack_bytes = 24 << 20;
    check_err(strait_pool_create(&pool, &config), 0);
    cr_assert(run_on(pool, look_at_thread, NULL));
    cr_assert(seen_stack >= 24 << 20, "%zu", seen_stack);
    check_err(strait_pool_destroy(pool), 0);
}

/* ----------------------------------------- what a thread is and what it has */

static int seen_index;
static void *seen_scratch;
static size_t seen_scratch_bytes;
static int seen_nice;
static cpu_set_t seen_cpus;

static void
look_around(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    seen_index = strait_worker_index();
    seen_scratch_bytes = 77;
    seen_scratch = strait_worker_scratch(&seen_scratch_bytes);
    errno = 0;
    seen_nice = getpriority(PRIO_PROCESS, (id_t)gettid());
    (void)sched_getaffinity(0, sizeof seen_cpus, &seen_cpus);
}

Test(pool, a_thread_of_no_pool_has_neither_number_nor_scratch)
{
    size_t bytes = 77;

    check_int(strait_worker_index(), -1);
    check_ptr(strait_worker_scratch(&bytes), NULL);
    check_int(bytes, 0);
    check_ptr(strait_worker_scratch(NULL), NULL);
}

Test(pool, scratch_stays_from_item_to_item)
{
    strait_pool_config_t config = config_of(1);
    strait_pool_t *pool;
    void *first;

    check_err(strait_pool_create(&pool, &config), 0);
    cr_assert(run_on(pool, look_around, NULL));
    check_ptr(seen_scratch, NULL);
    check_int(seen_scratch_bytes, 0);
    check_int(seen_index, 0);
    check_err(strait_pool_destroy(pool), 0);
    config.scratch_bytes = 100;
    check_err(strait_pool_create(&pool, &config), 0);
    cr_assert(run_on(pool, look_around, NULL));
    first = seen_scratch;
    cr_assert(first != NULL);
    check_int(seen_scratch_bytes, 100);
    check_int((uintptr_t)first % 64, 0);
    check_int(*(unsigned char *)first, 0);
    memset(first, 1, 100);
    cr_assert(run_on(pool, look_around, NULL));
    check_ptr(seen_scratch, first);
    check_int(*(unsigned char *)first, 1);
    check_err(strait_pool_destroy(pool), 0);
}

struct meeting {
    strait_work_t work;
    pthread_barrier_t *barrier;
    int index;
    void *scratch;
};

static void
meet(strait_work_t *work, void *arg)
{
    struct meeting *meeting = arg;

    (void)work;
    meeting->index = strait_worker_index();
    meeting->scratch = strait_worker_scratch(NULL);
    (void)pthread_barrier_wait(meeting->barrier);
}

Test(pool, each_worker_has_a_number_and_a_scratch_of_its_own)
{
    enum { N = 5 };
    strait_pool_config_t config = config_of(N);
    struct meeting meetings[N];
    pthread_barrier_t barrier;
    struct mailbox mailbox;
    strait_pool_t *pool;
    unsigned seen = 0;
    int i;
    int k;

    config.scratch_bytes = 1;
    mailbox_init(&mailbox);
    pthread_barrier_init(&barrier, NULL, N);
    check_err(strait_pool_create(&pool, &config), 0);
    for (i = 0; i < N; i++) {
        meetings[i].barrier = &barrier;
        strait_work_init(&meetings[i].work, meet, NULL, &meetings[i]);
        check_err(strait_work_submit(
                      strait_pool_lane(pool), &meetings[i].work, &mailbox.sink),
            0);
    }
    cr_assert(mailbox_take(&mailbox, N));
    for (i = 0; i < N; i++) {
        seen |= 1u << meetings[i].index;
        for (k = 0; k < i; k++)
            cr_assert(meetings[i].scratch != meetings[k].scratch);
    }
    check_int(seen, (1u << N) - 1);
    check_err(strait_pool_destroy(pool), 0);
    pthread_barrier_destroy(&barrier);
}

Test(pool, threads_are_nicer_than_their_creator)
{
    strait_pool_config_t config = config_of(1);
    strait_pool_t *pool;
    int mine = getpriority(PRIO_PROCESS, 0);

    config.nice = 3;
    check_err(strait_pool_create(&pool, &config), 0);
    cr_assert(run_on(pool, look_around, NULL));
    check_int(seen_nice, mine + 3 < 19 ? mine + 3 : 19);
    check_int(getpriority(PRIO_PROCESS, 0), mine);
    check_err(strait_pool_destroy(pool), 0);
    config.nice = 39;
    check_err(strait_pool_create(&pool, &config), 0);
    cr_assert(run_on(pool, look_around, NULL));
    check_int(seen_nice, 19);
    check_err(strait_pool_destroy(pool), 0);
}

/* The CPUs that this thread may use. */
static uint32_t
usable_cpus(uint32_t *cpus, uint32_t n_max)
{
    cpu_set_t set;
    uint32_t n = 0;
    uint32_t i;

    check_int(sched_getaffinity(0, sizeof set, &set), 0);
    for (i = 0; i < CPU_SETSIZE && n < n_max; i++) {
        if (CPU_ISSET(i, &set))
            cpus[n++] = i;
    }
    return n;
}

Test(pool, workers_are_pinned_one_by_one_and_the_others_to_all)
{
    strait_pool_config_t config = config_of(1);
    struct mailbox mailbox;
    strait_work_t work;
    uint32_t cpus[2];
    strait_pool_t *pool;
    uint32_t i;

    mailbox_init(&mailbox);
    config.n_cpus = usable_cpus(cpus, 2);
    config.cpus = cpus;
    check_err(strait_pool_create(&pool, &config), 0);
    /* It is read by create only. */
    for (i = 0; i < config.n_cpus; i++)
        cpus[i] += 1000;
    cr_assert(run_on(pool, look_around, NULL));
    check_int(CPU_COUNT(&seen_cpus), 1);
    cr_assert(CPU_ISSET(cpus[0] - 1000, &seen_cpus));
    strait_work_init(&work, look_around, NULL, NULL);
    check_err(strait_work_submit(strait_pool_built_in(pool, STRAIT_POOL_FILE),
                  &work, &mailbox.sink),
        0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(CPU_COUNT(&seen_cpus), config.n_cpus);
    for (i = 0; i < config.n_cpus; i++)
        cr_assert(CPU_ISSET(cpus[i] - 1000, &seen_cpus));
    check_err(strait_pool_destroy(pool), 0);
}

Test(pool, a_cpu_that_may_not_be_used_is_refused)
{
    strait_pool_config_t config = config_of(1);
    strait_pool_t *pool = NULL;
    uint32_t cpus[2];
    cpu_set_t all;
    cpu_set_t one;

    if (usable_cpus(cpus, 2) < 2)
        return; /* there is none that could be taken away */
    check_int(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    CPU_SET(cpus[0], &one);
    check_int(sched_setaffinity(0, sizeof one, &one), 0);
    config.cpus = &cpus[1];
    config.n_cpus = 1;
    check_err(strait_pool_create(&pool, &config), -EINVAL);
    check_ptr(pool, NULL);
    check_int(sched_setaffinity(0, sizeof all, &all), 0);
    check_err(strait_pool_create(&pool, &config), 0);
    check_err(strait_pool_destroy(pool), 0);
}

/* ------------------------------------------------------------------- hooks */

static STRAIT_ATOMIC(uint32_t) n_starts;
static STRAIT_ATOMIC(uint32_t) n_exits;
static STRAIT_ATOMIC(uint32_t) seen_by_start; /* bit per worker */
static STRAIT_ATOMIC(uint32_t) seen_by_exit;
static STRAIT_ATOMIC(uint32_t) n_wrong;

static void
on_start(uint32_t worker, void *arg)
{
    strait_add_rlx(&n_wrong,
        (int)worker != strait_worker_index() || arg != (void *)&n_starts);
    strait_or_acq_rel(&seen_by_start, 1u << worker % 32);
    strait_add_acq_rel(&n_starts, 1);
}

static void
on_exit_of(uint32_t worker, void *arg)
{
    strait_add_rlx(&n_wrong,
        (int)worker != strait_worker_index() || arg != (void *)&n_starts);
    strait_or_acq_rel(&seen_by_exit, 1u << worker % 32);
    strait_add_acq_rel(&n_exits, 1);
}

static void
check_started(strait_work_t *work, void *arg)
{
    uint32_t bit = 1u << strait_worker_index() % 32;

    (void)arg;
    (void)work;
    /* After the one and before the other. */
    strait_add_rlx(&n_wrong, (strait_load_acquire(&seen_by_start) & bit) == 0);
    strait_add_rlx(&n_wrong, (strait_load_acquire(&seen_by_exit) & bit) != 0);
}

static strait_pool_config_t
config_with_hooks(uint32_t n_workers)
{
    strait_pool_config_t config = config_of(n_workers);

    strait_store_rlx(&n_starts, 0);
    strait_store_rlx(&n_exits, 0);
    strait_store_rlx(&seen_by_start, 0);
    strait_store_rlx(&seen_by_exit, 0);
    strait_store_rlx(&n_wrong, 0);
    config.on_start = on_start;
    config.on_exit = on_exit_of;
    config.hook_arg = (void *)&n_starts;
    return config;
}

Test(pool, hooks_are_called_once_on_each_thread)
{
    strait_pool_config_t config = config_with_hooks(3);
    struct mailbox mailbox;
    strait_work_t works[40];
    strait_pool_t *pool;
    int i;

    mailbox_init(&mailbox);
    check_err(strait_pool_create(&pool, &config), 0);
    for (i = 0; i < 40; i++) {
        strait_work_init(&works[i], check_started, NULL, NULL);
        check_err(strait_work_submit(strait_pool_built_in(pool, i % 4),
                      &works[i], &mailbox.sink),
            0);
    }
    cr_assert(mailbox_take(&mailbox, 40));
    check_int(strait_load_acquire(&n_exits), 0);
    check_err(strait_pool_destroy(pool), 0);
    cr_assert(strait_load_acquire(&n_starts) >= 5); /* 3 and those of 2 lanes */
    check_int(strait_load_acquire(&n_exits), strait_load_acquire(&n_starts));
    check_int(strait_load_acquire(&seen_by_start) & 7, 7);
    check_int(strait_load_acquire(&seen_by_exit),
        strait_load_acquire(&seen_by_start));
    check_int(strait_load_acquire(&n_wrong), 0);
}

Test(pool, one_hook_may_be_missing)
{
    strait_pool_config_t config = config_with_hooks(2);
    strait_pool_t *pool;

    config.on_start = NULL;
    check_err(strait_pool_create(&pool, &config), 0);
    check_err(strait_pool_destroy(pool), 0);
    check_int(strait_load_acquire(&n_exits), 2);
    config = config_with_hooks(2);
    config.on_exit = NULL;
    check_err(strait_pool_create(&pool, &config), 0);
    check_err(strait_pool_destroy(pool), 0);
    check_int(strait_load_acquire(&n_starts), 2);
}

/* ----------------------------------------------------- close and destroy */

static void
destroy_own_pool(strait_work_t *work, void *arg)
{
    (void)work;
    (void)arg;
    seen_destroy = strait_pool_destroy(the_pool);
}

Test(pool, a_worker_cannot_destroy_its_own_pool)
{
    check_err(strait_pool_create(&the_pool, NULL), 0);
    cr_assert(run_on(the_pool, destroy_own_pool, NULL));
    check_err(seen_destroy, -EDEADLK);
    /* Nothing happened: it still works. */
    cr_assert(run_on(the_pool, look_at_thread, NULL));
    check_err(strait_pool_destroy(the_pool), 0);
}

Test(pool, a_worker_can_destroy_another_pool)
{
    strait_pool_t *outer;

    check_err(strait_pool_create(&outer, NULL), 0);
    check_err(strait_pool_create(&the_pool, NULL), 0);
    cr_assert(run_on(outer, destroy_own_pool, NULL));
    check_err(seen_destroy, 0);
    check_err(strait_pool_destroy(outer), 0);
}

Test(pool, null_is_answered)
{
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;

    check_err(strait_pool_destroy(NULL), 0);
    check_err(strait_pool_close(NULL), -EINVAL);
    check_int(strait_pool_workers(NULL), 0);
    check_ptr(strait_pool_lane(NULL), NULL);
    check_err(strait_pool_stats(NULL, &stats), -EINVAL);
}

Test(pool, close_twice_says_already)
{
    strait_pool_t *pool;
    strait_lane_t *lane = NULL;

    check_err(strait_pool_create(&pool, NULL), 0);
    check_err(strait_pool_close(pool), 0);
    check_err(strait_pool_close(pool), -EALREADY);
    check_err(strait_lane_create(&lane, pool, NULL), -ESHUTDOWN);
    check_ptr(lane, NULL);
    check_err(strait_pool_destroy(pool), 0);
}

struct counted {
    strait_work_t work;
    int n_run;
    int n_done;
};

static void
count_run(strait_work_t *work, void *arg)
{
    (void)work;
    ((struct counted *)arg)->n_run++;
}

static void
count_done(strait_work_t *work, int status, void *arg)
{
    (void)work;
    ((struct counted *)arg)->n_done += status == 0 ? 1 : 1000;
}

/* Fills a pool whose only worker is held, then ends it in one of two ways. */
static void
end_with_queued_work(bool close_first)
{
    static struct counted items[100];
    strait_pool_config_t config = config_of(1);
    struct mailbox mailbox;
    struct gate gate;
    strait_pool_t *pool;
    size_t i;

    memset(items, 0, sizeof items);
    mailbox_init(&mailbox);
    check_err(strait_pool_create(&pool, &config), 0);
    cr_assert(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
    for (i = 0; i < 100; i++) {
        strait_work_init(&items[i].work, count_run, count_done, &items[i]);
        check_err(strait_work_submit(
                      strait_pool_lane(pool), &items[i].work, &mailbox.sink),
            0);
    }
    if (close_first)
        check_err(strait_pool_close(pool), 0);
    check_int(items[0].n_run, 0);
    gate_open(&gate);
    check_err(strait_pool_destroy(pool), 0);
    cr_assert(gate.held);
    /* All has run, and all has been handed over, when destroy returns. */
    check_int(strait_sink_drain(&mailbox.sink, 1000, 0, NULL), 101);
    for (i = 0; i < 100; i++) {
        check_int(items[i].n_run, 1);
        check_int(items[i].n_done, 1);
    }
}

Test(pool, destroy_runs_what_is_queued)
{
    end_with_queued_work(false);
}

Test(pool, destroy_after_close_runs_what_is_queued)
{
    end_with_queued_work(true);
}

Test(pool, create_and_destroy_leave_nothing_behind)
{
    unsigned threads = proc_n_threads();
    unsigned fds = proc_n_fds();
    int i;

    for (i = 0; i < 50; i++) {
        strait_pool_config_t config = config_of(1 + (uint32_t)i % 4);
        strait_pool_t *pool;

        check_err(strait_pool_create(&pool, &config), 0);
        if (i % 3 == 0)
            cr_assert(run_on(pool, look_at_thread, NULL));
        check_err(strait_pool_destroy(pool), 0);
    }
    check_int(proc_settle_threads(threads), threads);
    check_int(proc_n_fds(), fds);
}

/* ----------------------------------------------------------- statistics */

Test(pool, statistics_are_exact_once_it_is_idle)
{
    strait_pool_config_t config = config_of(2);
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;
    struct mailbox mailbox;
    static struct counted items[64];
    strait_pool_t *pool;
    size_t i;

    mailbox_init(&mailbox);
    check_err(strait_pool_create(&pool, &config), 0);
    check_err(strait_pool_stats(pool, &stats), 0);
    check_int(stats.n_workers, 2);
    check_int(stats.n_run, 0);
    for (i = 0; i < 64; i++) {
        strait_work_init(&items[i].work, count_run, NULL, &items[i]);
        check_err(strait_work_submit(
                      strait_pool_lane(pool), &items[i].work, &mailbox.sink),
            0);
    }
    cr_assert(mailbox_take(&mailbox, 64));
    check_err(strait_pool_stats(pool, &stats), 0);
    check_int(stats.n_run, 64);
    cr_assert(stats.n_wakes <= 64 + stats.n_parks);
    check_int(stats.size, sizeof stats);
    check_err(strait_pool_destroy(pool), 0);
}

Test(pool, statistics_refuse_bad_arguments)
{
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;
    strait_pool_t *pool;

    check_err(strait_pool_create(&pool, NULL), 0);
    check_err(strait_pool_stats(pool, NULL), -EINVAL);
    stats.size = 0;
    stats.n_run = 77;
    check_err(strait_pool_stats(pool, &stats), -EINVAL);
    stats.size = sizeof stats + 1;
    check_err(strait_pool_stats(pool, &stats), -EINVAL);
    check_int(stats.n_run, 77);
    check_err(strait_pool_destroy(pool), 0);
}

/* ----------------------------------------------------------------- fork */

struct forked {
    strait_pool_t *pool;
    struct blocks *blocks;
    struct mailbox *mailbox;
};

static void
use_in_child(void *arg)
{
    struct forked *forked = arg;
    strait_lane_t *lane = NULL;
    strait_work_t work;
    strait_pool_t *mine;

    strait_work_init(&work, look_at_thread, NULL, NULL);
    child_check(strait_work_submit(strait_pool_lane(forked->pool), &work,
                    &forked->mailbox->sink) == -ECHILD);
    child_check(!strait_work_in_flight(&work));
    child_check(strait_lane_create(&lane, forked->pool, NULL) == -ECHILD);
    child_check(lane == NULL);
    child_check(strait_pool_close(forked->pool) == -ECHILD);
    child_check(strait_pool_destroy(forked->pool) == 0);
    child_check(blocks_complaint(forked->blocks) == NULL);
#if !SANITIZER_THREAD
    /* A pool of the child's own works. ThreadSanitizer allows no new threads
     * in the child of a process that had several. */
    child_check(strait_pool_create(&mine, NULL) == 0);
    child_check(run_on(mine, look_at_thread, NULL));
    child_check(strait_pool_destroy(mine) == 0);
#else
    (void)mine;
#endif
}

Test(pool, in_the_child_of_a_fork_it_answers_echild_and_destroy_only_frees)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_pool_config_t config = config_of(2);
    struct mailbox mailbox;
    struct forked forked = { NULL, &blocks, &mailbox };

    mailbox_init(&mailbox);
    config.allocator = blocks_allocator(&blocks);
    check_err(strait_pool_create(&forked.pool, &config), 0);
    cr_assert(run_on(forked.pool, look_at_thread, NULL));
    /* A thread that is still starting may hold a lock of a sanitizer, which
     * the child would wait for: its worker has parked once it has started. */
    wait_until_parked(forked.pool, 2);
    cr_assert(child_run(use_in_child, &forked) == NULL, "%s", child_complaint);
    /* The parent has noticed nothing. */
    cr_assert(run_on(forked.pool, look_at_thread, NULL));
    check_err(strait_pool_destroy(forked.pool), 0);
    check_blocks(&blocks);
}
