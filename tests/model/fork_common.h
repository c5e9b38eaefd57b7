/* SPDX-License-Identifier: MIT */
/*
 * fork_common.h - fork-join as its models run it: the real fork.c, deque.h and
 * fork.h above all that lane_common.h makes real, with small deques in static
 * memory. Worker 0 runs the model's root (of
 * ROOTS workers each one), and then serves as the others do. A model sets WORKERS,
 * includes this, and defines root().
 *
 * Not the real thing: futures, by which roots come from other threads; time, which
 * stands still, so that a join sleeps after two looks.
 */
#ifndef STRAIT_MODEL_FORK_COMMON_H
#define STRAIT_MODEL_FORK_COMMON_H

#define _GNU_SOURCE
/* Checks of whose frame it is ask the system's thread, and the explorer has all
 * of its own in one. */
#undef STRAIT_DEBUG
#define STRAIT_DEBUG 0
#define REAL_FORK
#define OWN_CLOCK
#define STRAIT_FORK_SPAN_ ((uintptr_t)1024)
#define STRAIT_FORK_HEAD_ 256
#include "lane_common.h"

#include <sys/mman.h>

#ifdef DEPTH_MAX
#undef STI_FORK_DEPTH_MAX
#define STI_FORK_DEPTH_MAX DEPTH_MAX
#endif
/* The statistics show which ways are taken. */
#ifdef COVERS
#undef sti_counter_add
#define sti_counter_add(counter, n) M_COVER(#counter)
#endif

/* Deques that are ever made. */
#ifndef DEQUES
#define DEQUES (WORKERS + 1)
#endif

/* Workers that begin with a root, and what those get. */
#ifndef ROOTS
#define ROOTS 1
#endif
#ifndef ROOT_ARG
#define ROOT_ARG(seat) NULL
#endif

/* Not 0, which stands for no time at all. */
uint64_t
strait_now_ns(void)
{
    return 1;
}

M_STATE _Alignas(1024) char areas[DEQUES][2 * STRAIT_FORK_SPAN_];
M_STATE int n_areas;

static void *
area_take(void)
{
    M_ASSERT(n_areas < DEQUES);
    return areas[n_areas++];
}

#undef mmap
#define mmap(addr, length, prot, flags, fd, offset) area_take()
#define munmap(addr, length) 0
#define madvise(addr, length, advice) 0

_Thread_local uint32_t sti_thread_runs_loop;

#define run run_fork_item
#include "sched/fork.c"
#undef run

void
strait_misused_(const char *function, const char *what)
{
    ex_assert(false, what, function, 0, function);
    abort();
}

/* ------------------------------------------ what is not real in this model */

void
strait_future_init(strait_future_t *future, strait_work_fn run_fn, void *arg)
{
    (void)future;
    (void)run_fn;
    (void)arg;
    M_ASSERT(false);
}

int
strait_future_submit(strait_lane_t *lane, strait_future_t *future)
{
    (void)lane;
    (void)future;
    M_ASSERT(false);
    return 0;
}

int
sti_future_join(strait_future_t *future)
{
    (void)future;
    M_ASSERT(false);
    return 0;
}

void
strait_work_init(strait_work_t *work, strait_work_fn run_fn,
    strait_work_done_fn done, void *arg)
{
    (void)work;
    (void)run_fn;
    (void)done;
    (void)arg;
    M_ASSERT(false);
}

/* -------------------------------------------------------------- the model */

M_STATE sti_idle_t idle_helpers[STI_PARKING_WORDS(SEATS)];
M_STATE STRAIT_ATOMIC(uint32_t) n_roots_over;

static void root(strait_frame_t *frame, void *arg);

__attribute__((unused)) static sti_worker_t *
worker_of(strait_frame_t *frame)
{
    return strait_frame_deque_(frame)->worker_;
}

__attribute__((unused)) M_THREAD(root_worker)
{
    sti_worker_t *me = arg;

    M_ASSERT(run_here(me, root, ROOT_ARG(me->seat)) == 0);
    /* rel: what the root has done, for M_MAIN. */
    (void)strait_add_release(&n_roots_over, 1);
    return sti_worker_main(me);
}

static void
fork_init(void)
{
    int i;

    pool_init();
    sti_parking_init(&pool.cpu.helpers, idle_helpers, seats, SEATS);
    pool.cpu.idle_helpers = idle_helpers;
    for (i = 0; i < WORKERS; i++)
        workers[i].fork.random = (uint32_t)i + 1;
    M_NAME(&idle_helpers[0], "helpers");
    M_NAME(&n_roots_over, "n_roots_over");
    M_NAME(&pool.forks, "forks");
    M_NAME(&pool.deques[0], "entry0");
    M_NAME(&pool.deques[1], "entry1");
    for (i = 0; i < DEQUES; i++) {
        strait_deque_t *deque = (void *)areas[i];

        M_NAME(&deque->word_, "a deque's word");
        M_NAME(&deque->hungry_, "a deque's hungry");
    }
}

/* Runs the root on worker 0, beside the others, to its end and theirs. */
static void
fork_run(void)
{
    m_thread threads[WORKERS];
    int i;

    for (i = ROOTS; i < WORKERS; i++)
        M_SPAWN(&threads[i], worker, &workers[i]);
    for (i = 0; i < ROOTS; i++)
        M_SPAWN(&threads[i], root_worker, &workers[i]);
#ifdef WITH_ITEM
    with_item();
#endif
    M_AWAIT(strait_load_acquire(&n_roots_over) == ROOTS);
    close_pool();
    for (i = 0; i < WORKERS; i++)
        M_JOIN(threads[i]);
}

#endif /* STRAIT_MODEL_FORK_COMMON_H */
