/* SPDX-License-Identifier: MIT */
/*
 * fork/tbb - tbb::task_group, in an arena of as many threads as asked for; the
 * calling thread is one of them.
 */
#include "fork/group.h"

#include <tbb/task_group.h>

#define GROUP_OPEN tbb::task_group group_;
#define GROUP_SPAWN run
#define GROUP_WAIT wait

#include "fork/programs.h"

#include "fork/tbb.h"
#include "systems.h"

namespace
{

int
open(unsigned n_workers)
{
    return team_open(n_workers, FORK_STACK_BYTES);
}

void
run(struct fork_job *job)
{
    team->arena.execute([=] { fork_rounds(job); });
}

const struct fork_ops ops = { open, team_close, run, 1 };

} // namespace

FORK_SYSTEM(fork_tbb, "tbb", ops)
