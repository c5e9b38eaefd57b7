/* SPDX-License-Identifier: MIT */
/*
 * parallel/tbb - tbb::parallel_for with its automatic partitioner, and
 * tbb::parallel_sort, in an arena of as many threads as asked for; the calling
 * thread is one of them.
 */
#include "parallel/parallel.h"

#include "fork/tbb.h"
#include "systems.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_sort.h>

namespace
{

int
open(unsigned n_workers)
{
    return team_open(n_workers, 0);
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

const struct parallel_ops ops = { open, team_close, loop_all, sort_all };

} // namespace

PARALLEL_SYSTEM(parallel_tbb, "tbb", ops)
