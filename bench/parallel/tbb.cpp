/* SPDX-License-Identifier: MIT */
/*
 * parallel/tbb - tbb::parallel_for with its automatic partitioner, and
 * tbb::parallel_sort, in an arena of as many threads as asked for; the calling
 * thread is one of them.
 */
#include "parallel/parallel.h"

#include "systems.h"

#include <cerrno>
#include <memory>
#include <new>
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_sort.h>
#include <tbb/task_arena.h>

namespace
{

struct Team {
    explicit Team(unsigned n_workers)
        : threads(tbb::global_control::max_allowed_parallelism, n_workers),
          arena(static_cast<int>(n_workers))
    {
    }

    tbb::global_control threads;
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
loop_all(struct parallel_loop *loop)
{
    using range_t = tbb::blocked_range<size_t>;

    team->arena.execute([=] {
        for (uint64_t i = 0; i < loop->n_rounds; i++)
            tbb::parallel_for(range_t(0, loop->n), [=](const range_t &range) {
                parallel_chunk(loop, range.begin(), range.end());
            });
    });
}

int
sort_all(int32_t *items, size_t n)
{
    team->arena.execute([=] { tbb::parallel_sort(items, items + n); });
    return 0;
}

const struct parallel_ops ops = { open, close, loop_all, sort_all };

} // namespace

PARALLEL_SYSTEM(parallel_tbb, "tbb", ops)
