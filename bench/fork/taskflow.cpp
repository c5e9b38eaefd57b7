/* SPDX-License-Identifier: MIT */
/*
 * fork/taskflow - tf::TaskGroup, on an executor of as many threads as asked
 * for. The calling thread sleeps meanwhile.
 */
#include "fork/group.h"

#include <cerrno>
#include <exception>
#include <memory>
#include <taskflow/taskflow.hpp>

static std::unique_ptr<tf::Executor> executor;

#define GROUP_OPEN tf::TaskGroup group_ = executor->task_group();
#define GROUP_SPAWN silent_async
#define GROUP_WAIT corun

#include "fork/programs.h"

#include "systems.h"

namespace
{

int
open(unsigned n_workers)
{
    try {
        executor = std::make_unique<tf::Executor>(n_workers);
    } catch (const std::exception &) {
        return -ENOMEM;
    }
    return 0;
}

void
close()
{
    executor.reset();
}

void
run(struct fork_job *job)
{
    executor->async([=] { fork_rounds(job); }).get();
}

const struct fork_ops ops = { open, close, run, 1 };

} // namespace

FORK_SYSTEM(fork_taskflow, "taskflow", ops)
