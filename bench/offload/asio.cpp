/* SPDX-License-Identifier: MIT */
/*
 * offload/asio - a thread_pool of two, and an io_context as the loop; the body
 * posts the callback back. The io_context is told that one thread runs it,
 * which spares it work.
 */
#include "offload/offload.h"

#include <asio.hpp>

namespace
{

struct bed;

struct job {
    bed *home;
    uint64_t n_run;
};

struct bed {
    offload_count count;
    asio::io_context loop{ 1 };
    asio::thread_pool pool{ OFFLOAD_THREADS };
    job *jobs = nullptr;
    unsigned window = 0;
};

void
submit(bed *home, job *one)
{
    home->count.to_submit--;
    asio::post(home->pool, [home, one] {
        one->n_run++;
        asio::post(home->loop, [home, one] {
            home->count.n_done++;
            if (home->count.to_submit > 0)
                submit(home, one);
            else if (home->count.n_done == home->count.n_wanted)
                home->loop.stop();
        });
    });
}

int
setup(const bench_case *which, void **ret_state)
{
    bed *home = new bed;

    home->window = which->arg;
    home->jobs = new job[home->window];
    for (unsigned i = 0; i < home->window; i++)
        home->jobs[i] = job{ home, 0 };
    *ret_state = home;
    return 0;
}

void
run(void *state, uint64_t n_ops, bench_result *result)
{
    bed *home = static_cast<bed *>(state);
    auto guard = asio::make_work_guard(home->loop);
    uint64_t sum = 0;
    uint64_t end;

    for (unsigned i = 0; i < home->window; i++)
        home->jobs[i].n_run = 0;
    home->loop.restart();
    offload_begin(&home->count, n_ops, home->window);
    for (unsigned i = 0; i < home->window; i++)
        submit(home, &home->jobs[i]);
    home->loop.run();
    end = bench_now_ns();
    for (unsigned i = 0; i < home->window; i++)
        sum += home->jobs[i].n_run;
    offload_end(&home->count, end, sum, result);
}

void
teardown(void *state)
{
    bed *home = static_cast<bed *>(state);

    home->pool.join();
    delete[] home->jobs;
    delete home;
}

} // namespace

const struct bench_system offload_asio = BENCH_SYSTEM(
    "asio", nullptr, setup, run, teardown);
