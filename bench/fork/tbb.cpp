/* SPDX-License-Identifier: MIT */
/*
 * fork/tbb - tbb::task_group, in an arena of as many threads as asked for; the
 * calling thread is one of them.
 */
#include "fork/group.h"

#include <cerrno>
#include <memory>
#include <new>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#define GROUP_OPEN tbb::task_group group_;
#define GROUP_SPAWN run
#define GROUP_WAIT wait

#include "fork/programs.h"

#include "systems.h"

namespace
{

struct Team {
    explicit Team(unsigned n_workers)
        : threads(tbb::global_control::max_allowed_parallelism, n_workers),
          stack(tbb::global_control::thread_stack_size, FORK_STACK_BYTES),
          arena(static_cast<int>(n_workers))
    {
    }

    tbb::global_control threads;
    tbb::global_control stack;
    tbb::task_arena arena;
};

std::unique_ptr<Team> team;

int
open(unsigned n_workers)
{
    try {
        team = std::make_unique<Team>(n_workers);
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return 0;
}

void
close()
{
    team.reset();
}

void
run(struct fork_job *job)
{
    team->arena.execute([=] { fork_rounds(job); });
}

const struct fork_ops ops = { open, close, run, 1 };

} // namespace

FORK_SYSTEM(fork_tbb, "tbb", ops)
