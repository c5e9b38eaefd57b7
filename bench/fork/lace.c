/* SPDX-License-Identifier: MIT */
/*
 * fork/lace - Lace, whose macros were the first of this kind in C. The calling
 * thread sleeps; its workers never do.
 */
/* Its macros were not written for these warnings. */
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wshadow"
#include <lace.h>

#define FORK_TASK_1(R, name, A, a) TASK_1(R, name, A, a)
#define FORK_TASK_2(R, name, A, a, B, b) TASK_2(R, name, A, a, B, b)
#define FORK_TASK_3(R, name, A, a, B, b, C, c) TASK_3(R, name, A, a, B, b, C, c)
#define FORK_TASK_5(R, name, A, a, B, b, C, c, D, d, E, e)                     \
    TASK_5(R, name, A, a, B, b, C, c, D, d, E, e)
#define FORK_LEAF
#define FORK_GROUP
#define FORK_SPAWN(place, name, ...) SPAWN(name, __VA_ARGS__)
#define FORK_CALL(name, ...) CALL(name, __VA_ARGS__)
#define FORK_JOIN(place, name) (place) = SYNC(name)
#define FORK_JOIN_ALL(places, n, name)                                         \
    do {                                                                       \
        for (unsigned i_ = (n); i_-- > 0;)                                     \
            (places)[i_] = SYNC(name);                                         \
    } while (0)

#include "fork/programs.h"

#include "systems.h"

static int
lace_open(unsigned n_workers)
{
    lace_set_stacksize(FORK_STACK_BYTES);
    lace_start(n_workers, 0);
    return 0;
}

static void
lace_close(void)
{
    lace_stop();
}

static void
lace_run(struct fork_job *job)
{
    RUN(fork_rounds, job);
}

static const struct fork_ops ops = { lace_open, lace_close, lace_run, 1 };

FORK_SYSTEM(fork_lace, "lace", ops)
