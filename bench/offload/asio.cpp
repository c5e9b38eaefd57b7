/* SPDX-License-Identifier: MIT */
/*
 * offload/asio - a thread_pool, and an io_context as the loop; the body posts
 * the callback back. The io_context is told that one thread runs it, which
 * spares it work. Calls that block get a thread_pool of their own.
 */
#include "offload/offload.h"

#include <asio.hpp>

namespace
{

struct pool_t {
    asio::io_context *loop;
    asio::thread_pool *threads;
    asio::thread_pool *blocking;
    asio::steady_timer *timer;
    std::chrono::nanoseconds period; /* 0: no more ticks */
    unsigned n_may_block;
};

struct work_t {
    asio::thread_pool *threads;
};

#include "offload/driver.h"

int
pool_open(pool_t *pool, const struct offload_shape *shape, unsigned form)
{
    (void)form;
    pool->loop = new asio::io_context(1);
    pool->threads = new asio::thread_pool(shape->n_threads);
    pool->timer = new asio::steady_timer(*pool->loop);
    if (shape->kind == OFFLOAD_BLOCKING) {
        pool->blocking = new asio::thread_pool(shape->n_held);
        pool->n_may_block = shape->n_held;
    }
    return 0;
}

void
pool_close(pool_t *pool)
{
    delete pool->blocking;
    pool->threads->join();
    delete pool->threads;
    delete pool->timer;
    delete pool->loop;
}

void
work_init(pool_t *pool, work_t *work, unsigned index, bool may_block)
{
    (void)index;
    work->threads = may_block ? pool->blocking : pool->threads;
}

int
pool_submit(pool_t *pool, work_t *work)
{
    asio::post(*work->threads, [pool, work] {
        offload_body(work);
        asio::post(*pool->loop, [work] { offload_done(work); });
    });
    return 0;
}

void
pool_run(pool_t *pool)
{
    auto guard = asio::make_work_guard(*pool->loop);

    pool->loop->restart();
    pool->loop->run();
}

void
pool_stop(pool_t *pool)
{
    pool->loop->stop();
}

void
await_tick(pool_t *pool)
{
    pool->timer->async_wait([pool](const asio::error_code &error) {
        if (error || pool->period.count() == 0)
            return;
        pool->timer->expires_at(pool->timer->expiry() + pool->period);
        await_tick(pool);
        offload_tick(pool);
    });
}

void
pool_tick(pool_t *pool, uint64_t period_ns)
{
    pool->period = std::chrono::nanoseconds(period_ns);
    pool->timer->cancel();
    if (period_ns != 0) {
        pool->timer->expires_after(pool->period);
        await_tick(pool);
    }
}

} // namespace

OFFLOAD_SYSTEM(offload_asio, "asio", 0)
