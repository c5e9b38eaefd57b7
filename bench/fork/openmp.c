/* SPDX-License-Identifier: MIT */
/*
 * fork/openmp - tasks of OpenMP, one team of as many threads as asked for; the
 * calling thread is one of them. A taskwait waits for all tasks of the current
 * one, those of its callers included: as little waiting as OpenMP can do with.
 */
#include "fork/plain.h"

#define FORK_GROUP
#define FORK_SPAWN(place, name, ...)                                           \
    do {                                                                       \
        __typeof__(place) *into_ = &(place);                                   \
        _Pragma("omp task") *into_ = name(__VA_ARGS__);                        \
    } while (0)
#define FORK_JOIN(place, name) _Pragma("omp taskwait")
#define FORK_JOIN_ALL(places, n, name) _Pragma("omp taskwait")

#include "fork/programs.h"

#include "systems.h"

static unsigned n_threads;

static int
openmp_open(unsigned n_workers)
{
    n_threads = n_workers;
    return 0;
}

static void
openmp_close(void)
{
}

static void
openmp_run(struct fork_job *job)
{
#pragma omp parallel num_threads(n_threads)
#pragma omp single
    fork_rounds(job);
}

static const struct fork_ops ops = { openmp_open, openmp_close, openmp_run, 1 };

FORK_SYSTEM(fork_openmp, "openmp", ops)
