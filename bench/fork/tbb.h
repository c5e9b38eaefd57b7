/* SPDX-License-Identifier: MIT */
/*
 * tbb.h - the workers of oneTBB, for the questions about fork-join and those
 * about ranges: an arena of as many threads as asked for, the calling one
 * included.
 */
#ifndef BENCH_FORK_TBB_H
#define BENCH_FORK_TBB_H

#include <cerrno>
#include <cstddef>
#include <memory>
#include <new>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

namespace
{

struct Team {
    Team(unsigned n_workers, std::size_t stack_bytes)
        : threads(tbb::global_control::max_allowed_parallelism, n_workers),
          stack(stack_bytes != 0
                  ? std::make_unique<tbb::global_control>(
                        tbb::global_control::thread_stack_size, stack_bytes)
                  : nullptr),
          arena(static_cast<int>(n_workers))
    {
    }

    tbb::global_control threads;
    std::unique_ptr<tbb::global_control> stack;
    tbb::task_arena arena;
};

std::unique_ptr<Team> team;

/* Stacks of so many bytes; 0: as TBB has them. */
int
team_open(unsigned n_workers, std::size_t stack_bytes)
{
    try {
        team = std::make_unique<Team>(n_workers, stack_bytes);
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return 0;
}

void
team_close()
{
    team.reset();
}

} // namespace

#endif /* BENCH_FORK_TBB_H */
