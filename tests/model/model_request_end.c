/* SPDX-License-Identifier: MIT */
/*
 * @obligation a request that is submitted once has one `done`, with 0 exactly if
 *   nobody has ended it before; its reports of progress come before that or not
 *   at all, the last one comes if nobody ends it, and none is pushed once `done`
 *   has been called, which may end the sink; it is released and freed once, after its `done` and after the thread
 *   has left `run`, and nobody touches it afterwards: give_up against cancel,
 *   against the worker that takes it, runs it and returns, and against reports
 * @core request
 * @case give -DGIVERS=1
 * @case give-2 -DGIVERS=2
 * @case cancel -DGIVERS=1 -DCANCEL
 * @case runs -DGIVERS=1 -DRUNS
 * @case lost -DGIVERS=1 -DRUNS -DLOST
 * @case lost-2 -DGIVERS=2 -DRUNS -DLOST
 * @case lost-report -DGIVERS=1 -DRUNS -DLOST -DREPORTS=2
 * @case runs-2 -DGIVERS=2 -DRUNS -DCANCEL
 * @case report -DGIVERS=0 -DREPORTS=2
 * @case report-give -DGIVERS=1 -DREPORTS=2
 * @case report-runs -DGIVERS=1 -DRUNS -DREPORTS=2
 */
#define REAL_SINK
#include "model.h"
#include <strait/sink.h>
#define strait_sink_push(sink, entry) push(sink, entry)
static void push(strait_sink_t *sink, strait_sink_entry_t *entry);
#define REAL_WORK
#define REAL_CANCEL
#define REAL_PROGRESS
#define OWN_MEMORY
#include "lane_common.h"

#undef strait_sink_push
#include "queue/mpsc.c"
#include "queue/sink.c"

#include <string.h>

#ifndef REPORTS
#define REPORTS 0
#endif

/* What the request works on: its `arg`. */
struct query {
    strait_progress_t progress;
    int payload;
    int result;
};

M_STATE strait_sink_t sink;
#ifndef M_GENMC
M_STATE sti_request_t request_memory;
M_STATE struct query query_memory;
#endif
M_STATE STRAIT_ATOMIC(uint32_t) quit;
M_STATE STRAIT_ATOMIC(uint32_t) n_freed;
M_STATE STRAIT_ATOMIC(uint32_t) n_entered;
M_STATE STRAIT_ATOMIC(uint32_t) n_ran;
M_STATE STRAIT_ATOMIC(uint32_t) is_given_up;
M_STATE int n_done;
M_STATE STRAIT_ATOMIC(uint32_t) n_ends; /* by give_up or cancel */
M_STATE int status_of_done;
M_STATE int value_shown;
M_STATE STRAIT_ATOMIC(uint32_t) is_done;

const strait_allocator_t *
sti_allocator_or_default(const strait_allocator_t *allocator)
{
    static const strait_allocator_t none;

    return allocator != NULL ? allocator : &none;
}

void *
sti_alloc(const strait_allocator_t *allocator, size_t size_bytes)
{
    (void)allocator;
#ifdef M_GENMC
    return malloc(size_bytes);
#else
    M_ASSERT(size_bytes == sizeof(request_memory));
    return &request_memory;
#endif
}

/* What is read from there afterwards is no good address. */
static void
destroy(void *block, size_t size_bytes)
{
#ifdef M_GENMC
    (void)size_bytes;
    free(block);
#else
    M_FREE((char *)block, size_bytes);
    memset(block, 0xdb, size_bytes);
#endif
}

void
sti_free(const strait_allocator_t *allocator, void *block, size_t size_bytes)
{
    (void)allocator;
    destroy(block, size_bytes);
    M_ASSERT(strait_add_rlx(&n_freed, 1) == 0);
}

/* Into the real sink, which must be there until a report is in it. */
static void
push(strait_sink_t *a_sink, strait_sink_entry_t *entry)
{
    bool is_report = entry->deliver_ == deliver_progress;

    strait_sink_push(a_sink, entry);
    if (is_report)
        M_ASSERT(strait_load_rlx(&is_done) == 0);
}

static void
nobody_sleeps(strait_sink_t *a_sink, void *arg)
{
    (void)a_sink;
    (void)arg;
}

static void
look_up(strait_work_t *work, void *arg)
{
    struct query *query = arg;
    int i;

    (void)work;
    M_ASSERT(strait_add_rlx(&n_entered, 1) == 0);
    M_ASSERT(M_GET(&query->payload) == 1);
    M_SET(&query->result, 1);
    for (i = 1; i <= REPORTS; i++)
        strait_progress_report(&query->progress, (uint64_t)i);
#ifdef LOST
    M_AWAIT(strait_load_rlx(&is_given_up) == 1);
#endif
    (void)strait_add_rlx(&n_ran, 1);
}

static void
found(strait_work_t *work, int status, void *arg)
{
    struct query *query = arg;

    (void)work;
    M_ASSERT(n_done++ == 0);
    strait_store_rlx(&is_done, 1);
    status_of_done = status;
    if (status == 0)
        M_ASSERT(M_GET(&query->result) == 1);
    /* It came before, for it was pushed before. */
    if (status == 0)
        M_ASSERT(value_shown == REPORTS);
}

static void
show(strait_progress_t *progress, uint64_t value, void *arg)
{
    (void)progress;
    (void)arg;
    M_ASSERT(n_done == 0);
    M_ASSERT(value >= 1 && value <= REPORTS);
    M_ASSERT(value_shown <= (int)value);
    value_shown = (int)value;
#if REPORTS > 0
    M_COVER("a report arrives");
#endif
}

static void
forget(void *arg)
{
    M_ASSERT(n_done == 1);
    M_ASSERT(((struct query *)arg)->progress.work_ != NULL);
    destroy(arg, sizeof(struct query));
}

/* Takes what it finds until it is told to end. */
M_THREAD(taker)
{
    strait_work_t *work = NULL;

    for (;;) {
        /* Before the look, so that nothing is left. */
        uint32_t is_last = strait_load_acquire(&quit);

        if (sti_lane_take(arg, &lanes[0], &work) == STRAIT_RING_DONE)
            run_taken(arg, &lanes[0], work);
        else if (is_last)
            return NULL;
        else
            M_PAUSE();
    }
}

#if GIVERS > 0
M_THREAD(giver)
{
    if (strait_work_give_up(arg, -ECANCELED) == 0)
        (void)strait_add_rlx(&n_ends, 1);
    return NULL;
}
#endif

M_MAIN
{
    m_thread thread;
    strait_work_t *work = NULL;
    struct query *query;
#if GIVERS > 1
    m_thread other;
#endif

    pool_init();
    (void)strait_sink_init(&sink, nobody_sleeps, NULL);
#ifdef M_GENMC
    query = malloc(sizeof(*query));
#else
    query = &query_memory;
#endif
    M_ASSERT(
        strait_work_create(&work, look_up, found, forget, query, NULL) == 0);
    M_ASSERT(strait_progress_init(&query->progress, work, show, NULL) == 0);
    M_SET(&query->payload, 1);
    M_NAME(&work->state_, "state");
    M_NAME(&query->progress.queued_, "queued");
    M_SPAWN(&thread, taker, &workers[0]);
    M_ASSERT(strait_work_submit(&lanes[0], work, &sink) == 0);
#ifdef RUNS
    M_AWAIT(strait_load_rlx(&n_entered) == 1);
#endif
    /* On the thread of the sink, as the contract has it. */
#ifdef CANCEL
    if (strait_work_cancel(work) == 0)
        (void)strait_add_rlx(&n_ends, 1);
#endif
        /* Others may do so, too, while they know that `done` has not been called. */
#if GIVERS > 1
    M_SPAWN(&other, giver, work);
#endif
#if GIVERS > 0
    (void)giver(work);
#endif
#if GIVERS > 1
    M_JOIN(other);
#endif
    strait_store_rlx(&is_given_up, 1);
    while (n_done == 0) {
        if (strait_sink_drain(&sink, 8, 0, NULL) == 0)
            M_PAUSE();
    }
    strait_store_release(&quit, 1);
    M_JOIN(thread);
    while (strait_sink_drain(&sink, 8, 0, NULL) != 0)
        ;
#ifdef RUNS
    M_ASSERT(strait_load_rlx(&n_ends) <= 1);
#endif
    /* Of one that is still queued, two may be told that they have ended it. */
    if (strait_load_rlx(&n_ends) != 0)
        M_ASSERT(status_of_done == -ECANCELED);
    if (status_of_done == 0)
        M_ASSERT(strait_load_rlx(&n_ran) == 1);
#if GIVERS > 0
    if (strait_load_rlx(&n_ran) == 1 && status_of_done != 0)
        M_COVER("given up while it ran");
#ifndef RUNS
    if (strait_load_rlx(&n_ran) == 0)
        M_COVER("ended before it ran");
#endif
#endif
    M_ASSERT(strait_load_rlx(&n_freed) == 1);
    M_ASSERT(strait_load_rlx(&lanes[0].n_lost) == 0);
}
