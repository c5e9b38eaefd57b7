/* SPDX-License-Identifier: MIT */
/*
 * cond_pool.h - a baseline: the thread pool and loop that one writes first, and
 * writes well. A queue under a mutex, with a condition variable that is
 * signalled only if a thread waits; a list of completions under a second mutex,
 * whose first entry writes to an eventfd; a loop that sleeps in epoll, takes
 * all completions under one lock and calls them back, and has one timer.
 */
#ifndef BENCH_COND_POOL_H
#define BENCH_COND_POOL_H

#include "baselines/locked_list.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define COND_POOL_THREADS_MAX 16

struct cond_job {
    struct locked_node node; /* first: a node is its job */
    void (*body)(struct cond_job *job);
    void (*done)(struct cond_job *job);
};

struct cond_pool {
    struct locked_list queue; /* its mutex guards the next three as well */
    pthread_cond_t work_came;
    unsigned n_waiting;
    bool is_closed;
    struct locked_list completions;
    int event_fd;
    int timer_fd;
    int epoll_fd;
    void (*tick)(struct cond_pool *pool);
    unsigned n_threads;
    pthread_t threads[COND_POOL_THREADS_MAX];
};

/* @return 0 or a negative errno */
int cond_pool_init(struct cond_pool *pool, unsigned n_threads);

/* Runs what is queued, then ends. */
void cond_pool_fini(struct cond_pool *pool);

/* Any thread. The job is the pool's until its `done` is called. */
void cond_pool_submit(struct cond_pool *pool, struct cond_job *job);

/* The loop's thread: sleeps until something has completed, and calls back all
 * that has. */
void cond_pool_turn(struct cond_pool *pool);

/* The loop's thread: has `tick` called in its turns, every period_ns; 0: no
 * more. */
void cond_pool_tick(struct cond_pool *pool, uint64_t period_ns,
    void (*tick)(struct cond_pool *pool));

#endif /* BENCH_COND_POOL_H */
