/* SPDX-License-Identifier: MIT */
/*
 * loop.c - the event loop: its life, and the turn, which is its hot path.
 *
 * A turn, in this order:
 *     time      read once, kept for the turn
 *     timers    what is due, up to a budget                       timers.c
 *     inbox     posts and completions, first in first out, up to INBOX_BUDGET
 *     sleep     only if nothing is left over: spin a little (base/spin.h),
 *               arm the inbox, wait in epoll until the next deadline,
 *               disarm                                             poll.c
 *     inbox     once more, so that what woke us does not wait for timers
 *
 * The inbox is armed only just before epoll and disarmed right after, so a loop
 * that is awake costs its senders no system call, and one that sleeps exactly
 * one. If disarming finds that a sender was faster, that sender's write is on
 * its way and will make one later poll return for nothing; it is counted in
 * n_rings_owed, which destroy settles (wake.c).
 *
 * A sender stopped inside a push hides what follows it. Then the loop does not
 * arm (it could not), runs its turns, and waits as base/gap.h says.
 *
 * Edges: none of its own; M1 to M3 are in mpsc.c, W1 to W3 in wake.c.
 *
 * Tests: tests/loop/. Models: tests/model/model_mpsc_disarm.c.
 */
#include "loop/loop_priv.h"

#include "base/env.h"
#include "base/memory.h"

#include <strait/clock.h>

/* Entries delivered per visit of the inbox: enough to spread the cost of a
 * turn, few enough that timers do not wait long (Node and libuv drain without
 * end). */
#ifndef STI_INBOX_BUDGET
#ifdef STRAIT_TINY
#define STI_INBOX_BUDGET 2
#else
#define STI_INBOX_BUDGET 256
#endif
#endif

/* ------------------------------------------------------------------ life */

static int
create(strait_loop_t **ret_loop, const strait_loop_config_t *config)
{
    static const strait_loop_config_t defaults = STRAIT_LOOP_CONFIG_INIT;
    const strait_allocator_t *allocator;
    strait_loop_t *loop;
    int err;

    if (config == NULL)
        config = &defaults;
    if (ret_loop == NULL || config->size != sizeof *config ||
        config->reserved != 0)
        return -EINVAL;
    allocator = sti_allocator_or_default(config->allocator);
    if (allocator == NULL)
        return -EINVAL;
    loop = sti_alloc(allocator, sizeof *loop);
    if (loop == NULL)
        return -ENOMEM;
    loop->allocator = *allocator;
    loop->owner = sti_thread_token();
    loop->fork_generation = sti_fork_generation();
    if (loop->fork_generation == 0) {
        sti_free(allocator, loop, sizeof *loop);
        return -ENOMEM;
    }
    err = sti_ref_create(&loop->ref, allocator);
    if (err == 0)
        loop->ref->loop = loop;
    if (err != 0) {
        sti_free(allocator, loop, sizeof *loop);
        return err;
    }
    err = sti_poll_create(loop);
    if (err != 0) {
        sti_ref_abandon(loop->ref);
        sti_free(allocator, loop, sizeof *loop);
        return err;
    }
    loop->now_ns = strait_now_ns();
    sti_wheel_init(&loop->wheel, loop->now_ns);
    sti_spinner_init(&loop->spinner, sti_spin_first_limit_ns());
    *ret_loop = loop;
    return 0;
}

int
strait_loop_create(strait_loop_t **ret_loop, const strait_loop_config_t *config)
{
    int saved = errno;
    int err = create(ret_loop, config);

    errno = saved;
    return err;
}

int
strait_loop_adopt(strait_loop_t *loop)
{
    if (loop == NULL)
        return -EINVAL;
    if (sti_forked(loop->fork_generation))
        return -ECHILD;
    if (loop->running)
        return -EBUSY;
    loop->owner = sti_thread_token();
    return 0;
}

static int
destroy(strait_loop_t *loop)
{
    strait_allocator_t allocator;

    if (loop == NULL)
        return 0;
    allocator = loop->allocator;
    if (sti_forked(loop->fork_generation)) {
        sti_poll_destroy(loop);
        sti_ref_abandon(loop->ref);
        sti_free(&allocator, loop, sizeof *loop);
        return 0;
    }
    if (loop->owner != sti_thread_token())
        return -EPERM;
    if (loop->running || loop->n_in_flight != 0)
        return -EBUSY;
    /* What is delivered with -ECANCELED meanwhile finds a loop that refuses to
     * be run, submitted to or destroyed. */
    loop->running = true;
    sti_ref_shut(loop->ref, loop->n_rings_owed);
    /* After the callbacks above, which may have started some. */
    sti_wheel_clear(&loop->wheel);
    sti_poll_destroy(loop);
    sti_free(&allocator, loop, sizeof *loop);
    return 0;
}

int
strait_loop_destroy(strait_loop_t *loop)
{
    int saved = errno;
    int err = destroy(loop);

    errno = saved;
    return err;
}

/* ------------------------------------------------------------------ turn */

/* Delivers up to the budget; answers a STRAIT_SINK_* value. */
static int
deliver(strait_loop_t *loop)
{
    strait_mpsc_t *inbox = &loop->ref->sink.queue;
    int n;

    for (n = 0; n < STI_INBOX_BUDGET; n++) {
        strait_mpsc_node_t *node;
        strait_sink_entry_t *entry;
        int popped;

        if (loop->stopping)
            return STRAIT_SINK_MORE;
        popped = strait_mpsc_pop(inbox, &node);
        if (popped != STRAIT_MPSC_ITEM) {
            /* EMPTY may be a push in its gap; one look is enough to tell. */
            return popped == STRAIT_MPSC_EMPTY && strait_mpsc_is_empty(inbox)
                ? STRAIT_SINK_EMPTY
                : STRAIT_SINK_PENDING;
        }
        loop->stats.n_delivered++;
        loop->may_spin = true;
        sti_gap_reset(&loop->gap);
        entry = STRAIT_CONTAINER_OF(node, strait_sink_entry_t, node_);
        /* Delivering the next one writes to it, and a worker has it now. */
        STRAIT_PREFETCH_WRITE(inbox->cursor_);
        entry->deliver_(entry, 0);
    }
    return STRAIT_SINK_MORE;
}

static bool
has_work(const strait_loop_t *loop)
{
    return loop->n_timers != 0 || loop->n_in_flight != 0 ||
        sti_ref_in_use(loop->ref) ||
        !strait_mpsc_is_empty(&loop->ref->sink.queue);
}

/* From now to the next deadline. */
static uint64_t
until_next_timer(strait_loop_t *loop)
{
    uint64_t next_ns = sti_wheel_next_ns(&loop->wheel);
    uint64_t now_ns;

    if (next_ns == STRAIT_TIMER_NEVER || next_ns == 0)
        return next_ns;
    now_ns = strait_now_ns();
    return next_ns > now_ns ? next_ns - now_ns : 0;
}

/* Looks at the inbox for as long as the policy allows, if anything came through
 * it since the last sleep; true if there is something. */
static bool
spin(strait_loop_t *loop, uint64_t timeout_ns)
{
    uint64_t end;
    bool hit;

    if (!loop->may_spin || loop->spinner.limit_ns == 0 ||
        timeout_ns < loop->spinner.limit_ns)
        return false;
    loop->may_spin = false;
    end = sti_spinner_begin(&loop->spinner, strait_now_ns());
    do {
        STI_PAUSE();
        hit = !strait_mpsc_is_empty(&loop->ref->sink.queue);
    } while (!hit && strait_now_ns() < end);
    sti_spinner_ended(&loop->spinner, hit);
    return hit;
}

/* Sleeps until there is something to do, if there is nothing now. */
static void
sleep_in_poll(strait_loop_t *loop)
{
    strait_mpsc_t *inbox = &loop->ref->sink.queue;
    uint32_t waker = 0;
    uint64_t timeout_ns;

    timeout_ns = until_next_timer(loop);
    if (timeout_ns == 0 || spin(loop, timeout_ns) || !strait_mpsc_arm(inbox))
        return;
    loop->stats.n_sleeps++;
    loop->poll_error = sti_poll(loop, timeout_ns);
    if (!strait_mpsc_disarm(inbox)) {
        loop->n_rings_owed++;
        /* rlx: a hint; it may still be of the time before. */
        waker = strait_load_rlx(&loop->ref->ringer);
    }
    sti_spinner_slept(&loop->spinner, strait_now_ns(), waker);
}

/* Waits a little for a sender that was stopped inside a push. */
static void
wait_for_gap(strait_loop_t *loop)
{
    uint64_t gap_ns = sti_gap_next_ns(&loop->gap);
    uint64_t timer_ns = until_next_timer(loop);

    loop->stats.n_gap_waits++;
    if (gap_ns == 0)
        STI_YIELD();
    else if (timer_ns != 0)
        loop->poll_error = sti_poll(
            loop, gap_ns < timer_ns ? gap_ns : timer_ns);
}

/* How many callbacks have run. */
static uint64_t
n_callbacks(const strait_loop_t *loop)
{
    return loop->stats.n_delivered + loop->stats.n_timers;
}

/* One turn. It sleeps only if it may at all, and, in the mode that is content
 * with one callback, if none has run since there were n_before. */
static void
turn(strait_loop_t *loop, int mode, uint64_t n_before)
{
    bool timers_left;
    int left;

    loop->stats.n_turns++;
    loop->now_ns = strait_now_ns();
    timers_left = sti_timers_run(loop);
    left = deliver(loop);
    if (loop->stopping || timers_left || left == STRAIT_SINK_MORE ||
        mode == STRAIT_RUN_NOWAIT ||
        (mode == STRAIT_RUN_ONCE && n_callbacks(loop) != n_before))
        return;
    if (left == STRAIT_SINK_PENDING) {
        wait_for_gap(loop);
    } else if (has_work(loop)) {
        sleep_in_poll(loop);
    } else {
        return;
    }
    loop->now_ns = strait_now_ns();
    (void)deliver(loop);
}

int
strait_loop_run(strait_loop_t *loop, int mode)
{
    int err = sti_loop_check(loop);
    uint64_t n_before;
    bool more;

    if (err != 0)
        return err;
    if (mode < STRAIT_RUN_DEFAULT || mode > STRAIT_RUN_NOWAIT)
        return -EINVAL;
    if (loop->running)
        return -EBUSY;
    loop->running = true;
    sti_thread_runs_loop++;
    n_before = n_callbacks(loop);
    if (mode == STRAIT_RUN_NOWAIT && !loop->stopping)
        turn(loop, mode, n_before);
    /* The answer is the look that ended the run: a second one could differ. */
    more = has_work(loop);
    while (mode != STRAIT_RUN_NOWAIT && more && !loop->stopping &&
        loop->poll_error == 0 &&
        (mode == STRAIT_RUN_DEFAULT || n_callbacks(loop) == n_before)) {
        turn(loop, mode, n_before);
        more = has_work(loop);
    }
    err = loop->poll_error;
    loop->poll_error = 0;
    loop->stopping = false;
    loop->running = false;
    sti_thread_runs_loop--;
    if (err != 0)
        return err;
    return more ? 1 : 0;
}

int
strait_loop_stop(strait_loop_t *loop)
{
    int err = sti_loop_check(loop);

    if (err == 0)
        loop->stopping = true;
    return err;
}

uint64_t
strait_loop_now_ns(const strait_loop_t *loop)
{
    return loop != NULL ? loop->now_ns : 0;
}

int
strait_loop_stats(const strait_loop_t *loop, strait_loop_stats_t *stats)
{
    int err = sti_loop_check(loop);

    if (err == -ECHILD)
        err = 0; /* numbers can be read anywhere */
    if (err != 0)
        return err;
    if (stats == NULL || stats->size != sizeof *stats)
        return -EINVAL;
    *stats = loop->stats;
    stats->size = (uint32_t)sizeof *stats;
    return 0;
}
