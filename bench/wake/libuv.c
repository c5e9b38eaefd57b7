/* SPDX-License-Identifier: MIT */
/*
 * wake/uv_async - uv_async_send: a flag, and a write to libuv's eventfd, which
 * its loop reads.
 */
#include "wake/wake.h"

#include <stdlib.h>
#include <uv.h>

struct state {
    uv_loop_t loop;
    uv_async_t async;
    wake_fn woken;
    void *arg;
};

static void
on_async(uv_async_t *async)
{
    struct state *s = async->data;

    s->woken(s->arg);
}

static int
loop_init(void *state, wake_fn woken, void *arg)
{
    struct state *s = state;
    int err = uv_loop_init(&s->loop);

    if (err != 0)
        return err;
    s->woken = woken;
    s->arg = arg;
    s->async.data = s;
    return uv_async_init(&s->loop, &s->async, on_async);
}

static void
loop_send(void *state)
{
    struct state *s = state;

    if (uv_async_send(&s->async) != 0)
        abort();
}

static void
loop_run(void *state)
{
    struct state *s = state;

    uv_run(&s->loop, UV_RUN_DEFAULT);
}

static void
loop_stop(void *state)
{
    struct state *s = state;

    uv_stop(&s->loop);
}

static void
loop_fini(void *state)
{
    struct state *s = state;

    uv_close((uv_handle_t *)&s->async, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
}

static const struct wake_loop loop = { sizeof(struct state), loop_init,
    loop_send, loop_run, loop_stop, loop_fini };

WAKE_SYSTEM(wake_libuv, "uv_async", loop)
