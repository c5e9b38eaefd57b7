/* SPDX-License-Identifier: MIT */
/*
 * post.c - messages to a loop from any thread. The post travels through the
 * inbox of wake.c; state_ only catches an owner who posts twice, like that of a
 * work item (lib/sched/submit.h).
 */
#include "loop/loop_priv.h"

#include "base/fork.h"

#include <errno.h>

enum { POST_IDLE = 0, POST_QUEUED = 1 };

static void
deliver_post(strait_sink_entry_t *entry, int status)
{
    strait_post_t *post = STRAIT_CONTAINER_OF(entry, strait_post_t, entry_);

    /* rlx: the post came to this thread by M2. */
    strait_store_rlx(&post->state_, POST_IDLE);
    post->fn_(post, status, post->arg_);
}

void
strait_post_init(strait_post_t *post, strait_post_fn fn, void *arg)
{
    if (post == NULL)
        return;
    strait_sink_entry_init(&post->entry_, deliver_post);
    post->fn_ = fn;
    post->arg_ = arg;
    post->reserved_ = 0;
    /* rlx: the owner's own hand. */
    strait_store_rlx(&post->state_, POST_IDLE);
}

int
strait_loop_post(strait_loop_ref_t *ref, strait_post_t *post)
{
    if (ref == NULL || post == NULL || post->fn_ == NULL)
        return -EINVAL;
    if (sti_forked(ref->fork_generation))
        return -ECHILD;
    /* rlx: a courtesy. A post that misses the close is delivered all the same,
     * with -ECANCELED (wake.c). */
    if (strait_load_rlx(&ref->closed) != 0)
        return -ESHUTDOWN;
    /* rlx: the owner asks about its own post. */
    if (strait_load_rlx(&post->state_) != POST_IDLE)
        return -EBUSY;
    /* rlx: travels with the post by M2. */
    strait_store_rlx(&post->state_, POST_QUEUED);
    strait_sink_push(&ref->sink, &post->entry_);
    return 0;
}
