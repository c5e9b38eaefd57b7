/* SPDX-License-Identifier: MIT */
/*
 * fork/serial - a spawn is a call, a join is nothing.
 *
 *   serial        the program alone
 *   serial_x2     two copies at once: what two workers could reach
 *   serial_cores  as many as there are workers, but at most one per core
 */
#include "fork/plain.h"

#define FORK_GROUP
#define FORK_SPAWN(place, name, ...) (place) = name(__VA_ARGS__)
#define FORK_JOIN(place, name) ((void)0)
#define FORK_JOIN_ALL(places, n, name) ((void)0)

#include "fork/programs.h"

#include "systems.h"

static int
serial_open(unsigned n_workers)
{
    (void)n_workers;
    return 0;
}

static void
serial_close(void)
{
}

static void
serial_run(struct fork_job *job)
{
    fork_rounds(job);
}

static const struct fork_ops one = { serial_open, serial_close, serial_run, 1 };
static const struct fork_ops two = { serial_open, serial_close, serial_run, 2 };
static const struct fork_ops cores = { serial_open, serial_close, serial_run,
    0 };

FORK_SYSTEM_AS(fork_serial, "serial", one, BENCH_YARDSTICK)
FORK_SYSTEM_AS(fork_serial_x2, "serial_x2", two, BENCH_YARDSTICK)
FORK_SYSTEM_AS(fork_serial_cores, "serial_cores", cores, BENCH_YARDSTICK)
