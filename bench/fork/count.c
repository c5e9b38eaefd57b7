/* SPDX-License-Identifier: MIT */
/*
 * fork/count - runs a program as calls, to see how many tasks it would spawn.
 */
#include "fork/plain.h"

#include <stdint.h>

static uint64_t n_spawned;

#define FORK_GROUP
#define FORK_SPAWN(place, name, ...)                                           \
    do {                                                                       \
        n_spawned++;                                                           \
        (place) = name(__VA_ARGS__);                                           \
    } while (0)
#define FORK_JOIN(place, name) ((void)0)
#define FORK_JOIN_ALL(places, n, name) ((void)0)

#include "fork/programs.h"

uint64_t
fork_count(struct fork_job *job)
{
    n_spawned = 0;
    job->n_rounds = 1;
    fork_rounds(job);
    return n_spawned;
}
