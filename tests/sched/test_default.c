/* SPDX-License-Identifier: MIT */
/*
 * test_default.c - the pool that all libraries of a program share. There is one
 * per process, so each test runs in a child of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/cpu.h>
#include <strait/pool.h>

#include "child.h"
#include "job.h"
#include "proc.h"
#include "unit.h"

TestSuite(default_pool, .timeout = 60);

/* ThreadSanitizer allows no new threads in children; there one test runs where
 * it is. */
static const char *
apart(void (*function)(void *))
{
    if (!SANITIZER_THREAD)
        return child_run(function, NULL);
    function(NULL);
    return NULL;
}

static bool
works(strait_pool_t *pool)
{
    struct mailbox mailbox;
    struct job job;

    mailbox_init(&mailbox);
    job_init(&job);
    return job_submit(&job, strait_pool_lane(pool), &mailbox) == 0 &&
        mailbox_take(&mailbox, 1) && job.n_run == 1;
}

static strait_pool_t *got[8];
static pthread_barrier_t barrier;

static void *
get(void *arg)
{
    (void)pthread_barrier_wait(&barrier);
    if (strait_pool_default(arg) != 0)
        *(strait_pool_t **)arg = NULL;
    return NULL;
}

static void
many_at_once(void *arg)
{
    pthread_t threads[8];
    int i;

    (void)arg;
    pthread_barrier_init(&barrier, NULL, 8);
    for (i = 0; i < 8; i++)
        child_check(pthread_create(&threads[i], NULL, get, &got[i]) == 0);
    for (i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    child_check(got[0] != NULL);
    for (i = 1; i < 8; i++)
        child_check(got[i] == got[0]);
    child_check(works(got[0]));
}

Test(default_pool, many_ask_at_once_and_get_the_same)
{
    int i;

    for (i = 0; i < 10; i++)
        cr_assert(apart(many_at_once) == NULL, "%s", child_complaint);
}

#if !SANITIZER_THREAD

static void
one_for_all(void *arg)
{
    uint32_t cpus = strait_cpu_usable();
    strait_pool_t *pool = NULL;
    strait_pool_t *again = NULL;

    (void)arg;
    child_check(strait_pool_default(NULL) == -EINVAL);
    child_check(strait_pool_default(&pool) == 0);
    child_check(strait_pool_default(&again) == 0);
    child_check(pool != NULL && pool == again);
    child_check(strait_pool_workers(pool) ==
        (cpus < STRAIT_POOL_WORKERS_MAX ? cpus : STRAIT_POOL_WORKERS_MAX));
    child_check(works(pool));
    child_check(strait_pool_destroy(pool) == -EBUSY);
    child_check(works(pool));
}

Test(default_pool, there_is_one_for_all_and_it_stays)
{
    cr_assert(child_run(one_for_all, NULL) == NULL, "%s", child_complaint);
}

static void
configured(void *arg)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_pool_t *pool = NULL;

    (void)arg;
    child_check(strait_pool_default_configure(NULL) == -EINVAL);
    config.size--;
    child_check(strait_pool_default_configure(&config) == -EINVAL);
    config.size++;
    config.n_workers = 5;
    child_check(strait_pool_default_configure(&config) == 0);
    /* Until it is made, the last one counts. */
    config.n_workers = 3;
    child_check(strait_pool_default_configure(&config) == 0);
    config.n_workers = 7;
    child_check(strait_pool_default(&pool) == 0);
    child_check(strait_pool_workers(pool) == 3);
    child_check(strait_pool_default_configure(&config) == -EBUSY);
    child_check(strait_pool_workers(pool) == 3);
}

Test(default_pool, is_made_as_the_program_says)
{
    cr_assert(child_run(configured, NULL) == NULL, "%s", child_complaint);
}

static void
badly_configured(void *arg)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_pool_t *pool = NULL;

    (void)arg;
    config.n_workers = STRAIT_POOL_WORKERS_MAX + 1;
    child_check(strait_pool_default_configure(&config) == 0);
    child_check(strait_pool_default(&pool) == -EINVAL);
    child_check(pool == NULL);
    child_check(strait_pool_default(&pool) == -EINVAL);
    config.n_workers = 1;
    child_check(strait_pool_default_configure(&config) == 0);
    child_check(strait_pool_default(&pool) == 0);
    child_check(works(pool));
}

Test(default_pool, a_bad_configuration_shows_when_it_is_made)
{
    cr_assert(child_run(badly_configured, NULL) == NULL, "%s", child_complaint);
}

static strait_pool_t *of_parent;

static void
grandchild(void *arg)
{
    strait_pool_t *pool = NULL;
    struct mailbox mailbox;
    struct job job;

    (void)arg;
    mailbox_init(&mailbox);
    job_init(&job);
    child_check(
        job_submit(&job, strait_pool_lane(of_parent), &mailbox) == -ECHILD);
    child_check(strait_pool_default(&pool) == 0);
    child_check(pool != of_parent);
    child_check(strait_pool_workers(pool) == 2);
    child_check(works(pool));
}

static void
forks(void *arg)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    (void)arg;
    config.n_workers = 2;
    child_check(strait_pool_default_configure(&config) == 0);
    child_check(strait_pool_default(&of_parent) == 0);
    child_check(works(of_parent));
    child_check(child_run(grandchild, NULL) == NULL);
    child_check(works(of_parent));
}

static void
configures_anew(void *arg)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_pool_t *pool = NULL;

    (void)arg;
    config.n_workers = 4;
    child_check(strait_pool_default_configure(&config) == 0);
    child_check(strait_pool_default(&pool) == 0);
    child_check(strait_pool_workers(pool) == 4);
}

static void
forks_and_configures(void *arg)
{
    (void)arg;
    child_check(strait_pool_default(&of_parent) == 0);
    child_check(child_run(configures_anew, NULL) == NULL);
}

Test(default_pool, a_child_gets_a_new_one)
{
    cr_assert(child_run(forks, NULL) == NULL, "%s", child_complaint);
    cr_assert(
        child_run(forks_and_configures, NULL) == NULL, "%s", child_complaint);
}

/* A fork may come while another thread is just making it. */
static STRAIT_ATOMIC(uint32_t) stop;

static void *
ask_all_the_time(void *arg)
{
    (void)arg;
    while (strait_load_acquire(&stop) == 0) {
        strait_pool_t *pool;

        if (strait_pool_default(&pool) != 0)
            break;
    }
    return NULL;
}

static void
asks_once(void *arg)
{
    strait_pool_t *pool = NULL;

    (void)arg;
    child_check(strait_pool_default(&pool) == 0);
    child_check(pool != NULL);
}

static void
forks_beside(void *arg)
{
    pthread_t thread;
    int i;

    (void)arg;
    strait_store_rlx(&stop, 0);
    child_check(pthread_create(&thread, NULL, ask_all_the_time, NULL) == 0);
    for (i = 0; i < 30; i++)
        child_check(child_run(asks_once, NULL) == NULL);
    strait_store_release(&stop, 1);
    pthread_join(thread, NULL);
}

Test(default_pool, a_fork_beside_a_call_leaves_no_lock_behind)
{
    cr_assert(child_run(forks_beside, NULL) == NULL, "%s", child_complaint);
}

/* The process ends although a thread of the pool never does. */
static void
never_ends(strait_work_t *work, void *arg)
{
    (void)work;
    sem_post(arg);
    for (;;)
        pause();
}

static void
ends_with_a_stuck_thread(void *arg)
{
    static struct mailbox mailbox;
    static strait_work_t work;
    static sem_t entered;
    strait_pool_t *pool;

    (void)arg;
    sem_init(&entered, 0, 0);
    mailbox_init(&mailbox);
    child_check(strait_pool_default(&pool) == 0);
    strait_work_init(&work, never_ends, NULL, &entered);
    child_check(
        strait_work_submit(strait_pool_lane(pool), &work, &mailbox.sink) == 0);
    child_check(wait_for(&entered));
    /* As a return from main would. */
    exit(0);
}

Test(default_pool, the_process_ends_without_waiting_for_it)
{
    cr_assert(child_run(ends_with_a_stuck_thread, NULL) == NULL, "%s",
        child_complaint);
}

#endif /* !SANITIZER_THREAD */
