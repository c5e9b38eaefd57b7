/* SPDX-License-Identifier: MIT */
/*
 * @obligation what is posted to a loop through a counted reference is delivered
 *   once, by the loop or, with -ECANCELED, by a sender after the loop's end;
 *   the last reference wakes the loop; the bell is written only while it is
 *   open, once per arming that was taken; the memory is freed once, after all
 *   uses
 * @core bell
 * @case runs-1 -DUSERS=1 genmc live unroll=8
 * @case runs-2 -DUSERS=2
 * @case runs-2x2 -DUSERS=2 -DPER=2
 * @case work-1 -DENDS -DWORK -DUSERS=1
 * @case work-2 -DENDS -DWORK -DUSERS=2
 * @case again-1 -DAGAIN -DUSERS=1 -DPER=1
 * @case again-2 -DAGAIN -DUSERS=2 -DPER=1
 * @case ends-1 -DENDS -DUSERS=1 genmc live unroll=8
 * @case ends-2 -DENDS -DUSERS=2
 * @case ends-2x2 -DENDS -DUSERS=2 -DPER=2
 */
#define _GNU_SOURCE
#include "model.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#ifdef M_GENMC
/* Its errno.h knows only some, its unistd.h has a close of its own, and it
 * cannot copy a struct of several words whose type it has lost sight of. */
#include <asm-generic/errno.h>
#undef close
#define STRAIT_MEMORY_H
typedef int strait_allocator_t;
#endif

#include "loop/loop_priv.h"

#include "queue/mpsc.c"
#include "queue/sink.c"

#ifndef PER
#define PER 1
#endif

struct message {
    strait_post_t post;
    int payload;
    int delivered;
};

M_STATE strait_loop_ref_t *ref;
M_STATE struct message messages[USERS][PER];
M_STATE m_bell bell;
/* The counter of the eventfd; its read and write synchronise, as a pair of
 * system calls on one object does. */
M_STATE STRAIT_ATOMIC(uint64_t) ledger;
M_STATE int bell_closed;
M_STATE int freed;

/* The system calls of wake.c. */
#undef errno
#define errno saved_errno_of_nobody
static __attribute__((unused)) _Thread_local int saved_errno_of_nobody;
#define eventfd(start, flags) ((void)(start), 3)
#define eventfd_write(fd, n) bell_write(fd)
#define eventfd_read(fd, ret_n) bell_read((fd), (ret_n))
#define close(fd) bell_close(fd)

static int
bell_write(int fd)
{
    (void)fd;
    M_ASSERT(M_GET(&bell_closed) == 0);
    (void)strait_add_release(&ledger, 1);
    M_RING(&bell);
    return 0;
}

static int
bell_read(int fd, eventfd_t *ret_n)
{
    (void)fd;
    M_AWAIT(strait_load_rlx(&ledger) != 0);
    *ret_n = strait_xchg_acquire(&ledger, 0);
    return 0;
}

static int
bell_close(int fd)
{
    (void)fd;
    M_SET(&bell_closed, 1);
    return 0;
}

/* What wake.c and post.c need of lib/base. */
M_STATE STRAIT_ATOMIC(uint64_t) fork_word;
STRAIT_ATOMIC(uint64_t) *sti_fork_word = &fork_word;

uint64_t
sti_fork_generation(void)
{
    return 1;
}

#ifdef M_GENMC
/* Use after free is for the explorer to find. */
M_STATE strait_loop_ref_t block;

void *
sti_alloc(const strait_allocator_t *allocator, size_t size_bytes)
{
    (void)allocator;
    (void)size_bytes;
    return &block;
}
#else
M_STATE char block[sizeof(strait_loop_ref_t)] __attribute__((aligned(64)));

void *
sti_alloc(const strait_allocator_t *allocator, size_t size_bytes)
{
    (void)allocator;
    M_ASSERT(size_bytes == sizeof(block));
    return block;
}

void
sti_check_failed(const char *condition, const char *file, int line)
{
    ex_assert(false, condition, file, line, "STI_CHECK");
    for (;;)
        ;
}
#endif

void
sti_free(const strait_allocator_t *allocator, void *what, size_t size_bytes)
{
    (void)allocator;
    (void)size_bytes;
    M_ASSERT(M_GET(&freed) == 0);
    M_SET(&freed, 1);
    M_FREE(what, size_bytes);
}

/* Plain: only the consumer may come here, whoever that is. The write also tells
 * GenMC that the loop around this is no spin. */
M_STATE int n_gaps;

void
sti_gap_wait(sti_gap_t *gap)
{
    int n;

    (void)gap;
#ifdef M_GENMC
    M_AWAIT(strait_load_rlx(&ref->sink.queue.cursor_->next_) != NULL);
#else
    M_PAUSE();
#endif
    n = M_GET(&n_gaps);
    M_SET(&n_gaps, n + 1);
}

#include "loop/post.c"
#include "loop/wake.c"

static void
arrived(strait_post_t *post, int status, void *arg)
{
    struct message *message = arg;

    (void)post;
    M_ASSERT(status == 0 || status == -ECANCELED);
    M_ASSERT(M_GET(&message->payload) == 1);
    M_ASSERT(M_GET(&message->delivered) == 0);
    M_SET(&message->delivered, 1);
#ifdef ENDS
    if (status != 0)
        M_COVER("delivered by a sender, or at the end");
#else
    M_ASSERT(status == 0);
#endif
}

#ifdef WORK
/* A worker of a pool: it holds no reference. That of who submitted is given
 * back when the completion is delivered. */
static void
completed(strait_sink_entry_t *entry, int status)
{
    strait_post_t *post = STRAIT_CONTAINER_OF(entry, strait_post_t, entry_);

    arrived(post, status, STRAIT_CONTAINER_OF(post, struct message, post));
    strait_loop_ref_close(ref);
}

M_THREAD(user)
{
    struct message *mine = arg;

    M_SET(&mine->payload, 1);
    strait_sink_entry_init(&mine->post.entry_, completed);
    strait_sink_push(&ref->sink, &mine->post.entry_);
    return NULL;
}
#else
M_THREAD(user)
{
    struct message *mine = arg;
    int i;

    for (i = 0; i < PER; i++) {
        int err;

        M_SET(&mine[i].payload, 1);
        err = strait_loop_post(ref, &mine[i].post);
#ifdef ENDS
        if (err != 0) {
            M_COVER("refused after the end");
            M_ASSERT(err == -ESHUTDOWN);
            /* So that the count at the end comes out. */
            M_SET(&mine[i].delivered, 1);
        }
#else
        M_ASSERT(err == 0);
#endif
    }
    strait_loop_ref_close(ref);
    return NULL;
}
#endif

#ifdef AGAIN
/* Holds the only reference for a while: the loop is nudged, and then hands out
 * others while that nudge is queued. */
M_THREAD(first_user)
{
    (void)arg;
    strait_loop_ref_close(ref);
    return NULL;
}
#endif

/* As deliver in loop.c. */
static void
deliver(void)
{
    int end = STRAIT_SINK_MORE;
    sti_gap_t gap = STI_GAP_INIT;

    do {
        (void)strait_sink_drain(&ref->sink, 8, 0, &end);
        if (end == STRAIT_SINK_PENDING)
            sti_gap_wait(&gap);
    } while (end == STRAIT_SINK_PENDING);
}

/* The life of a loop, as loop.c has it; the loop is thread main. */
M_MAIN
{
    m_thread threads[USERS];
    strait_allocator_t allocator = { 0 };
    strait_loop_ref_t *mine = NULL;
    uint64_t n_rings_owed = 0;
#ifdef AGAIN
    m_thread first;
#endif
    int i, j;

    strait_store_rlx(&fork_word, 1);
    M_ASSERT(sti_ref_create(&mine, &allocator) == 0);
    ref = mine;
    M_NAME(ref, "ref");
    M_NAME(&mine->sink.queue.stub_, "stub");
    M_NAME(&mine->sink.queue.armed_, "armed");
    M_NAME(&mine->nudge, "nudge");
    M_NAME(&mine->nudged, "nudged");
    M_NAME(&mine->closed, "closed");
    M_NAME(&mine->holders, "holders");
    M_NAME(&messages[0][0], "post-a");
    M_NAME(&bell, "bell");
    M_NAME(&ledger, "ledger");
    for (i = 0; i < USERS; i++) {
        for (j = 0; j < PER; j++)
            strait_post_init(&messages[i][j].post, arrived, &messages[i][j]);
    }
#ifdef AGAIN
    (void)strait_loop_ref_dup(mine);
    M_SPAWN(&first, first_user, NULL);
    deliver();
#endif
    for (i = 0; i < USERS; i++)
        (void)strait_loop_ref_dup(mine);
    for (i = 0; i < USERS; i++)
        M_SPAWN(&threads[i], user, messages[i]);

    for (;;) {
        deliver();
        if (!sti_ref_in_use(mine) && strait_mpsc_is_empty(&mine->sink.queue))
            break;
        if (strait_mpsc_arm(&mine->sink.queue)) {
#ifdef ENDS
            /* It may return for another reason, and the loop is ended. */
            M_EXPIRE(&bell);
#endif
            (void)M_WAIT(&bell);
            if (!strait_mpsc_disarm(&mine->sink.queue)) {
                M_COVER("a wake was owed");
                n_rings_owed++;
            }
#ifdef ENDS
            break;
#endif
        }
    }
    sti_ref_shut(mine, n_rings_owed);
#ifdef AGAIN
    M_JOIN(first);
#endif
    for (i = 0; i < USERS; i++)
        M_JOIN(threads[i]);
    for (i = 0; i < USERS; i++) {
        for (j = 0; j < PER; j++)
            M_ASSERT(M_GET(&messages[i][j].delivered) == 1);
    }
    M_ASSERT(M_GET(&freed) == 1);
}
