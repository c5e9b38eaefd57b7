/* SPDX-License-Identifier: MIT */
/*
 * parallel/std - std::sort, on one thread.
 */
#include "parallel/parallel.h"

#include "systems.h"

#include <algorithm>

namespace
{

int
sort_all(int32_t *items, size_t n)
{
    std::sort(items, items + n);
    return 0;
}

const struct parallel_ops ops = { nullptr, nullptr, nullptr, sort_all };

} // namespace

PARALLEL_SYSTEM(parallel_std, "std_sort", ops)
