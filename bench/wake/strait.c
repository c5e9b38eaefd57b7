/* SPDX-License-Identifier: MIT */
/*
 * wake/strait - strait_loop_post: an entry in the loop's inbox, and one write
 * to its eventfd because it sleeps.
 */
#include "wake/wake.h"

#include <stdlib.h>
#include <strait/strait.h>

struct state {
    strait_loop_t *loop;
    strait_loop_ref_t *ref;
    strait_post_t post;
    wake_fn woken;
    void *arg;
};

static void
on_post(strait_post_t *post, int status, void *arg)
{
    struct state *s = arg;

    (void)post;
    if (status == 0)
        s->woken(s->arg);
}

static int
loop_init(void *state, wake_fn woken, void *arg)
{
    struct state *s = state;
    int err = strait_loop_create(&s->loop, NULL);

    if (err != 0)
        return err;
    s->woken = woken;
    s->arg = arg;
    strait_post_init(&s->post, on_post, s);
    return strait_loop_ref_open(s->loop, &s->ref);
}

static void
loop_send(void *state)
{
    struct state *s = state;

    if (strait_loop_post(s->ref, &s->post) != 0)
        abort();
}

static void
loop_run(void *state)
{
    struct state *s = state;

    strait_loop_run(s->loop, STRAIT_RUN_DEFAULT);
}

static void
loop_stop(void *state)
{
    struct state *s = state;

    strait_loop_stop(s->loop);
}

static void
loop_fini(void *state)
{
    struct state *s = state;

    strait_loop_ref_close(s->ref);
    strait_loop_destroy(s->loop);
}

static const struct wake_loop loop = { sizeof(struct state), loop_init,
    loop_send, loop_run, loop_stop, loop_fini };

WAKE_SYSTEM(wake_strait, "strait", loop)
