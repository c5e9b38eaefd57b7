/* SPDX-License-Identifier: MIT */
/*
 * default.c - the pool that all libraries of a program share.
 *
 * Made by the first who asks, under a mutex: a cold path, and whoever comes
 * second wants the pool, not an error. It belongs to one fork generation
 * (base/fork.h): the first call in a child makes a new one, and the parent's is
 * left where it is, since nobody knows who still points at it. At the end of
 * the process nothing is joined: a thread that is stuck in a call must not keep
 * the process from ending.
 *
 * A fork waits for the mutex, so that the child never finds it held by a thread
 * that it does not have.
 *
 * Tests: tests/sched/test_default.c.
 */
#include "sched/submit.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static strait_pool_config_t chosen = STRAIT_POOL_CONFIG_INIT;
static strait_pool_t *shared;

static void
before_fork(void)
{
    (void)pthread_mutex_lock(&mutex);
}

static void
after_fork(void)
{
    (void)pthread_mutex_unlock(&mutex);
}

static void
set_up(void)
{
    /* If it fails, a fork beside the very first call may leave the child with a
     * mutex that nobody unlocks; there is no better answer to no memory. */
    (void)pthread_atfork(before_fork, after_fork, after_fork);
}

/* Held by one thread at a time, also across a fork. */
static void
lock(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, set_up);
    (void)pthread_mutex_lock(&mutex);
}

/* True if there is one for this process. */
static bool
exists(void)
{
    return shared != NULL && !sti_forked(shared->fork_generation);
}

int
strait_pool_default_configure(const strait_pool_config_t *config)
{
    int err = 0;

    if (config == NULL || config->size != sizeof *config)
        return -EINVAL;
    lock();
    if (exists())
        err = -EBUSY;
    else
        chosen = *config;
    (void)pthread_mutex_unlock(&mutex);
    return err;
}

int
strait_pool_default(strait_pool_t **ret_pool)
{
    int err = 0;

    if (ret_pool == NULL)
        return -EINVAL;
    lock();
    if (!exists()) {
        err = strait_pool_create(&shared, &chosen);
        if (err == 0)
            shared->is_default = true;
    }
    if (err == 0)
        *ret_pool = shared;
    (void)pthread_mutex_unlock(&mutex);
    return err;
}
