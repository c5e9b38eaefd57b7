/* SPDX-License-Identifier: MIT */
/*
 * wake.c - how other threads reach a loop: the counted reference that owns the
 * inbox and the doorbell.
 *
 * The doorbell is an eventfd in the loop's epoll set, edge-triggered and never
 * read: each write is one event, and nothing has to be acknowledged. Who may
 * write is decided by the inbox alone: the sender that takes `armed` out of the
 * tail word owes exactly one write.
 *
 * Because it is never read, its counter is a ledger: the number of writes since
 * it was made. The loop counts the armings that a sender took out, so at its
 * end it knows how many writes must arrive, and waits for the last of them
 * before it closes the descriptor. A sender can therefore never write to a
 * descriptor that is closed or belongs to somebody else by now, and no sender
 * has to count.
 *
 * After the loop is gone the inbox stays armed with nobody behind it. The
 * sender that takes `armed` out has then become the consumer: it delivers what
 * is there with -ECANCELED, arms again, and is a sender again. So every entry
 * that was accepted is delivered once, whoever loses the race with the end of
 * the loop.
 *
 * Who keeps the memory. holders = {users, memory}. A user's reference counts in
 * both; the loop counts in memory only. Whoever becomes the consumer of a
 * closed inbox counts in memory while it is that: its own entry, which is still
 * undelivered then, is what keeps the reference alive until it has done so
 * (contract of strait_work_submit and strait_loop_post).
 *
 * Edges (M1 to M3 are in mpsc.c).
 *   W1  last decrement of holders -> free     all uses of the memory
 *   W2  decrement of a user -> the loop's look at holders     what that user
 *       has posted: a loop that sees the last reference gone sees its posts
 *   W3  exchange of nudged by a user -> by the delivery     the decrement of
 *       holders; and back: the entry's memory
 * `closed` is carried by M3: stored before arm's CAS, read after the exchange
 * that took `armed` out.
 *
 * A thread stopped between taking `armed` and its write delays this loop's
 * sleep only, and the loop's destruction; nobody else.
 *
 * Tests: tests/loop/test_ref.c, stress_loop.c, tests/model/model_mpsc_disarm.c.
 */
#define _GNU_SOURCE
#include "loop/loop_priv.h"

#include "base/check.h"
#include "base/env.h"
#include "base/fork.h"
#include "base/memory.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define USER ((uint64_t)1 << 32)
#define MEMORY ((uint64_t)1)

static void
drop(strait_loop_ref_t *ref)
{
    strait_allocator_t allocator;

    /* [W1:ar] rel: our uses of the memory; acq: those of all who came before,
     * if we are the last. */
    if (strait_add_acq_rel(&ref->holders, 0 - MEMORY) != MEMORY)
        return;
    STI_CHECK(2,
        sti_forked(ref->fork_generation) ||
            strait_mpsc_is_empty(&ref->sink.queue));
    allocator = ref->allocator;
    sti_free(&allocator, ref, sizeof *ref);
}

/* Delivers with -ECANCELED until the inbox is empty and armed again. */
static void
discard(strait_loop_ref_t *ref)
{
    sti_gap_t gap = STI_GAP_INIT;

    do {
        int end;

        (void)strait_sink_drain(&ref->sink, SIZE_MAX, -ECANCELED, &end);
        if (end == STRAIT_SINK_PENDING)
            sti_gap_wait(&gap);
    } while (!strait_mpsc_arm(&ref->sink.queue));
}

/* The wake function of the inbox: called by the one who took `armed` out. */
static void
ring_bell(strait_sink_t *sink, void *arg)
{
    strait_loop_ref_t *ref = arg;
    int saved;

    (void)sink;
    /* rlx: by M3 it was stored before the arming that we have taken out. */
    if (strait_load_rlx(&ref->closed) != 0) {
        /* rlx: our own entry keeps the count above zero until here. */
        (void)strait_add_rlx(&ref->holders, MEMORY);
        discard(ref);
        drop(ref);
        return;
    }
    /* rlx: a hint. */
    strait_store_rlx(&ref->ringer, STI_CPU_MARK());
    saved = errno;
    /* 8 bytes of 1; can neither block nor fail: the counter would have to be
     * full, or the descriptor closed, and the ledger rules that out. */
    (void)eventfd_write(ref->bell_fd, 1);
    errno = saved;
}

static void
deliver_nudge(strait_sink_entry_t *entry, int status)
{
    strait_loop_ref_t *ref = STRAIT_CONTAINER_OF(
        entry, strait_loop_ref_t, nudge);

    (void)status;
    /* [W3:ar] rel: the entry is free again. acq: a user who found the entry
     * queued, and relied on it, has decremented holders before; the loop looks
     * at holders next. By exchange, because a store would not read that. */
    (void)strait_xchg_acq_rel(&ref->nudged, 0);
}

int
sti_ref_create(strait_loop_ref_t **ret_ref, const strait_allocator_t *allocator)
{
    strait_loop_ref_t *ref = sti_alloc(allocator, sizeof *ref);

    if (ref == NULL)
        return -ENOMEM;
    ref->allocator = *allocator;
    ref->fork_generation = sti_fork_generation();
    ref->bell_fd = eventfd(0, EFD_CLOEXEC);
    if (ref->fork_generation == 0 || ref->bell_fd < 0) {
        int err = ref->bell_fd < 0 ? -errno : -ENOMEM;

        if (ref->bell_fd >= 0)
            (void)close(ref->bell_fd);
        sti_free(allocator, ref, sizeof *ref);
        return err;
    }
    (void)strait_sink_init(&ref->sink, ring_bell, ref);
    strait_sink_entry_init(&ref->nudge, deliver_nudge);
    /* rlx: not shared yet. */
    strait_store_rlx(&ref->holders, MEMORY);
    *ret_ref = ref;
    return 0;
}

bool
sti_ref_in_use(strait_loop_ref_t *ref)
{
    /* [W2:acq] the posts of those who are gone. */
    return strait_load_acquire(&ref->holders) >= USER;
}

void
sti_ref_abandon(strait_loop_ref_t *ref)
{
    (void)close(ref->bell_fd);
    /* In a child, references that only the parent's threads held are never
     * given back: then the memory stays. */
    drop(ref);
}

void
sti_ref_shut(strait_loop_ref_t *ref, uint64_t n_rings)
{
    eventfd_t n_seen = 0;
    int saved = errno;

    while (n_seen < n_rings) {
        eventfd_t n = 0;

        /* Sleeps until a write that is owed has come. EINTR: look again;
         * anything else: somebody closed our descriptor, nothing will come. */
        if (eventfd_read(ref->bell_fd, &n) == 0)
            n_seen += n;
        else if (errno != EINTR)
            break;
    }
    errno = saved;
    (void)close(ref->bell_fd);
    /* rlx: only now, for a sender that took an earlier arming must find the
     * loop open and ring. Nothing is armed here; who takes the arming at the
     * end of discard sees this by M3, who posts meanwhile may or may not. */
    strait_store_rlx(&ref->closed, 1);
    discard(ref);
    drop(ref);
}

int
strait_loop_ref_open(strait_loop_t *loop, strait_loop_ref_t **ret_ref)
{
    int err = sti_loop_check(loop);

    if (err != 0)
        return err;
    if (ret_ref == NULL)
        return -EINVAL;
    *ret_ref = strait_loop_ref_dup(loop->ref);
    return 0;
}

strait_loop_ref_t *
strait_loop_ref_dup(strait_loop_ref_t *ref)
{
    if (ref != NULL) {
        /* rlx: the caller's own reference keeps the count above zero. */
        (void)strait_add_rlx(&ref->holders, USER + MEMORY);
    }
    return ref;
}

void
strait_loop_ref_close(strait_loop_ref_t *ref)
{
    if (ref == NULL)
        return;
    if (sti_forked(ref->fork_generation)) {
        /* [W2:rel] as below; there is no loop to nudge. */
        (void)strait_add_release(&ref->holders, 0 - USER);
        drop(ref);
        return;
    }
    /* [W2:rel] our posts; the memory is still held. */
    if (strait_add_release(&ref->holders, 0 - USER) < 2 * USER) {
        /* [W3:ar] acq: the loop is done with the entry. rel: if it is still
         * queued, its delivery will see our decrement. */
        if (strait_xchg_acq_rel(&ref->nudged, 1) == 0)
            strait_sink_push(&ref->sink, &ref->nudge);
    }
    drop(ref);
}

strait_loop_ref_t *
strait_loop_self(strait_loop_t *loop)
{
    return loop != NULL ? loop->ref : NULL;
}

strait_sink_t *
strait_loop_ref_sink(strait_loop_ref_t *ref)
{
    return ref != NULL ? &ref->sink : NULL;
}
