/* SPDX-License-Identifier: MIT */
/*
 * stress_lanes.c - everything that lanes promise, all at once: threads with
 * loops and threads without submit to lanes of each class, order and limit,
 * with sinks of their own and of each other, while they and somebody else
 * cancel, give up, wait, are refused and wish for room; and the pool ends in
 * any of its ways.
 *
 * Each item keeps a record of what became of it, which is judged when it comes
 * back: done once, on its sink, with a status that somebody asked for and that
 * agrees with whether it ran; in the order of its lane; never more at a time
 * than the lane allows; released once. In the end the books of the lanes, of
 * the pool and of the allocator must agree.
 *
 * --plant NAME makes one mistake on purpose, which must be noticed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <strait/clock.h>
#include <strait/deadline.h>
#include <strait/future.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <strait/progress.h>
#include <strait/request.h>

#include "blocks.h"
#include "mailbox.h"
#include "plant.h"

#define USERS_MAX 6
#define ITEMS 24
#define MADE_MAX 12 /* lanes that we make; the built-in ones come on top */
#define LANES_MAX (MADE_MAX + STRAIT_POOL_BUILT_IN)

/* ------------------------------------------------------- planted mistakes */

static const struct plant plants[] = {
    { "twice", "an item is done once more" },
    { "lost", "an item is never done" },
    { "sink", "an item is done on another sink" },
    { "status", "a removed item is told that it ran" },
    { "reason", "an item is cancelled by nobody" },
    { "ran", "an item runs, but is said to have been removed" },
    { "order", "a lane of order SUBMIT has none" },
    { "serial", "a lane of order SERIAL has none" },
    { "limit", "a lane runs one more than it may" },
    { "release", "a request is released twice" },
    { "leak", "a request is never released" },
    { "progress", "a report arrives too late" },
    { "behind", "an item seems never to start" },
    { "wish", "a wish for room is fulfilled twice" },
    { "scratch", "two threads have the same scratch memory" },
    { "books", "an item is not in the books" },
    { NULL, NULL },
};

/* ------------------------------------------------------------------ books */

enum { MAILBOX, LOOP };

/* What we know about a lane. */
struct book {
    strait_lane_t *lane;
    uint32_t order;
    uint32_t limit; /* how many may run; 0: not known */
    STRAIT_ATOMIC(uint32_t) n_inside;
    STRAIT_ATOMIC(uint64_t) n_accepted;
    STRAIT_ATOMIC(uint64_t) n_ran;
    /* SERIAL: kept without a lock, by whoever runs there. */
    unsigned in_serial;
    uint32_t started[USERS_MAX];
};

struct item {
    strait_work_t own; /* unless it is a request */
    strait_work_t *work;
    strait_deadline_t deadline;
    strait_progress_t progress;
    pthread_mutex_t lock; /* submit against a foreign cancel */
    struct user *user;    /* who submits it */
    struct user *sink;    /* who is told */
    struct book *book;
    uint32_t seq; /* in that lane, for that user; 0: order is not judged */
    bool is_out;  /* its user's */
    bool is_request;
    bool in_group;
    bool has_deadline;
    int gave_up;                     /* 0, or the status */
    bool is_cancelled;               /* a cancel has answered 0 */
    STRAIT_ATOMIC(uint32_t) cancels; /* how many have been tried */
    /* By `run`. */
    unsigned n_run;
    uint64_t reported;
    bool inside;
    /* By the sink. */
    unsigned n_done;
    int status;
    bool on_sink;
    uint64_t shown;
    bool shown_late;
    /* By whoever releases it. */
    unsigned n_released;
    bool released_early;
    STRAIT_ATOMIC(uint32_t) ends; /* `done`, and release of a request */
};

/* Two items, of which one stays in its `run` until the other one has started:
 * whatever woke the thread of the first must lead to a thread for the
 * second. */
struct pair {
    strait_work_t first;
    strait_work_t second;
    struct book *books[2];
    STRAIT_ATOMIC(uint32_t) second_is_over; /* started, removed or refused */
    STRAIT_ATOMIC(uint32_t) n_out;
};

struct user {
    unsigned index;
    int kind;
    uint64_t seed;
    unsigned n_items;
    pthread_t self;
    strait_sink_t *sink;
    struct mailbox mailbox;
    strait_loop_t *loop;
    strait_loop_ref_t *ref;
    struct item items[ITEMS];
    strait_group_t group;
    bool group_cancelled;
    unsigned n_members; /* out */
    unsigned n_accepted;
    bool refused;
    strait_drain_t wish;
    bool wishing;
    uint32_t seqs[LANES_MAX];
    /* As a sink. */
    uint32_t done_seqs[LANES_MAX][USERS_MAX];
    struct pair pair;
    /* Submitted by a worker. */
    struct item extra;
    STRAIT_ATOMIC(uint32_t) extra_busy;
};

static struct blocks blocks = BLOCKS_INIT;
static strait_pool_t *pool;
static struct book books[LANES_MAX];
static STRAIT_ATOMIC(uint32_t) n_books;
static struct user users[USERS_MAX];
static unsigned n_users;
static STRAIT_ATOMIC(uint32_t) n_clean; /* users with nothing out */
static STRAIT_ATOMIC(uint32_t) is_closing;
static STRAIT_ATOMIC(uint32_t) is_cancelling;
static STRAIT_ATOMIC(uint32_t) n_requests; /* that exist */
static STRAIT_ATOMIC(uint32_t) n_threads;  /* between the two hooks */
static STRAIT_ATOMIC(uint32_t) stop_meddling;
/* One pair at a time, so that all threads but one are free; and sometimes
 * nobody else submits meanwhile, who might wake whom the pair has failed to. */
enum { UNPAIRED, PAIRED, QUIET };
static STRAIT_ATOMIC(uint32_t) pairing;

static void
dump(void)
{
    static strait_lane_stats_t stats;
    unsigned i;

    stats.size = (uint32_t)sizeof stats;
    for (i = 0; i < strait_load_acquire(&n_books); i++) {
        if (strait_lane_stats(books[i].lane, &stats) != 0)
            continue;
        fprintf(stderr,
            "  lane %u, order %u, limit %u: %llu submitted, %llu run, "
            "%llu removed, %llu queued, %llu running, %llu held, %llu lost, "
            "%u threads\n",
            i, books[i].order, books[i].limit,
            (unsigned long long)stats.n_submitted,
            (unsigned long long)stats.n_run,
            (unsigned long long)stats.n_removed,
            (unsigned long long)stats.queued, (unsigned long long)stats.running,
            (unsigned long long)stats.n_held, (unsigned long long)stats.n_lost,
            stats.n_threads);
    }
    for (i = 0; i < n_users; i++) {
        unsigned n_out = 0;
        unsigned k;

        for (k = 0; k < ITEMS; k++)
            n_out += users[i].items[k].is_out;
        fprintf(stderr, "  user %u: %u of %u accepted, %u out, wish %d\n", i,
            users[i].n_accepted, users[i].n_items, n_out, users[i].wishing);
    }
}

static void *
request_alloc(size_t size_bytes, size_t align_bytes, void *arg)
{
    void *block = NULL;

    (void)arg;
    if (posix_memalign(&block, align_bytes < 8 ? 8 : align_bytes, size_bytes))
        return NULL;
    strait_add_rlx(&n_requests, 1);
    return memset(block, 0xa5, size_bytes);
}

static void
request_free(void *block, size_t size_bytes, size_t align_bytes, void *arg)
{
    (void)align_bytes;
    (void)arg;
    memset(block, 0x5a, size_bytes);
    free(block);
    strait_add_rlx(&n_requests, (uint32_t)-1);
}

static const strait_allocator_t request_allocator = { request_alloc,
    request_free, NULL };

/* -------------------------------------------------------------- on a worker */

static void spread(struct user *user, uint64_t dice);

static void
enter(struct item *item)
{
    struct book *book = item->book;
    uint32_t n = strait_add_acq_rel(&book->n_inside, 1) + 1;

    stress_require(book->limit == 0 || n <= book->limit,
        "%u run in a lane that allows %u", n, book->limit);
    if (book->order != STRAIT_ORDER_SERIAL)
        return;
    stress_require(
        book->in_serial++ == 0, "two run at once in a lane of order SERIAL");
    if (item->seq != 0) {
        uint32_t *started = &book->started[item->user->index];

        stress_require(*started < item->seq,
            "SERIAL: item %u of user %u starts after %u", item->seq,
            item->user->index, *started);
        *started = item->seq;
    }
}

static void
leave(struct item *item)
{
    struct book *book = item->book;

    if (book->order == STRAIT_ORDER_SERIAL)
        book->in_serial--;
    strait_add_rlx(&book->n_ran, !planted_now("books"));
    strait_add_acq_rel(&book->n_inside, (uint32_t)-1);
}

/* Nobody else uses our scratch memory. */
static void
use_scratch(bool begin)
{
    size_t bytes = 0;
    uint32_t *mine = strait_worker_scratch(&bytes);

    stress_require(mine != NULL && bytes == sizeof *mine, "no scratch memory");
    stress_require(strait_worker_index() >= 0, "no number");
    if (planted_now("scratch"))
        *mine = begin;
    stress_require(*mine == !begin, "the scratch memory is in use");
    *mine = begin;
}

static void
run(strait_work_t *work, void *arg)
{
    struct item *item = arg;
    struct rng rng = rng_make(
        stress.seed, (uint64_t)item->seq * USERS_MAX + item->user->index);
    uint64_t dice = rng_below(&rng, 64);

    use_scratch(true);
    enter(item);
    stress_require(item->n_run == 0, "it ran before");
    item->inside = true;
    if (dice < 8) {
        uint64_t i;

        for (i = 0; i <= dice; i++)
            strait_progress_report(&item->progress, ++item->reported);
    } else if (dice < 10) {
        usleep((useconds_t)rng_below(&rng, 300));
    } else if (dice < 12) {
        /* Until somebody asks it to return, but not for ever. */
        uint64_t end_ns = strait_now_ns() + 2 * STRAIT_NS_PER_MS;

        while (!strait_work_cancelled(work) && strait_now_ns() < end_ns)
            usleep(20);
    } else if (dice < 16) {
        spread(item->user, rng_next(&rng));
    }
    if (!planted_now("ran"))
        item->n_run++;
    item->inside = false;
    leave(item);
    use_scratch(false);
}

/* --------------------------------------------------------------- on a sink */

static void
show(strait_progress_t *progress, uint64_t value, void *arg)
{
    struct item *item = arg;

    (void)progress;
    item->shown_late = item->shown_late || item->n_done != 0;
    stress_require(value >= item->shown, "progress goes back from %llu to %llu",
        (unsigned long long)item->shown, (unsigned long long)value);
    item->shown = value;
}

static void
done(strait_work_t *work, int status, void *arg)
{
    struct item *item = arg;
    struct user *sink = item->sink;

    (void)work;
    stress_progress();
    if (item->n_done == 0 && planted_now("lost"))
        return;
    if (planted_now("sink"))
        sink = &users[(sink->index + 1) % n_users];
    if (planted("status") && status == -ECANCELED)
        status = 0;
    if (status == 0 && planted_now("reason"))
        status = -ECANCELED;
    item->n_done++;
    item->status = status;
    item->on_sink = pthread_equal(pthread_self(), sink->self);
    if (item->book->order == STRAIT_ORDER_SUBMIT && item->seq != 0) {
        uint32_t *last =
            &sink->done_seqs[item->book - books][item->user->index];

        stress_require(*last < item->seq,
            "SUBMIT: item %u of user %u is done after %u", item->seq,
            item->user->index, *last);
        *last = item->seq;
    }
    if (planted_now("progress"))
        show(&item->progress, item->shown, item);
    if (planted("twice") && item->n_done == 1 && planted_now("twice"))
        done(work, status, arg);
    else
        strait_add_acq_rel(&item->ends, 1);
}

static void
release(void *arg)
{
    struct item *item = arg;

    item->n_released += planted_now("release") ? 2 : 1;
    item->released_early = item->n_done == 0 || item->inside;
    if (!planted_now("leak"))
        strait_add_acq_rel(&item->ends, 1);
}

static void
has_room(strait_drain_t *drain, int status, void *arg)
{
    struct user *user = arg;

    (void)drain;
    stress_require(user->wishing, "a wish is fulfilled twice");
    stress_require(pthread_equal(pthread_self(), user->self),
        "a wish is fulfilled on another sink");
    stress_require(status == 0 ||
            (status == -ESHUTDOWN && strait_load_acquire(&is_closing)),
        "a wish ends with %d", status);
    user->wishing = false;
    if (planted_now("wish"))
        has_room(drain, status, arg);
}

/* ------------------------------------------------------------------- judged */

/* An item has come back. */
static void
judge(struct item *item)
{
    struct user *user = item->user;
    bool asked = strait_load_acquire(&item->cancels) != 0 ||
        (item->in_group && user->group_cancelled) ||
        strait_load_acquire(&is_cancelling) != 0 || item->gave_up == -ECANCELED;
    bool late = item->has_deadline || item->gave_up == -ETIMEDOUT;

    stress_require(item->n_done == 1, "done %u times", item->n_done);
    stress_require(item->on_sink, "done on another sink");
    stress_require(item->n_run <= 1, "it ran %u times", item->n_run);
    stress_require(!item->shown_late, "progress after done");
    switch (item->status) {
    case 0:
        stress_require(item->n_run == 1, "status 0, but it never ran");
        stress_require(item->shown == item->reported,
            "%llu was reported, %llu arrived",
            (unsigned long long)item->reported,
            (unsigned long long)item->shown);
        break;
    case -ECANCELED:
        stress_require(asked, "cancelled by nobody");
        stress_require(
            item->n_run == 0 || item->gave_up != 0, "cancelled, but it ran");
        break;
    case -ETIMEDOUT:
        stress_require(late, "timed out without a deadline");
        stress_require(
            item->n_run == 0 || item->is_request, "timed out, but it ran");
        break;
    default: stress_require(false, "status %d", item->status);
    }
    stress_require(!item->is_cancelled || item->status == -ECANCELED,
        "cancel has answered 0, but the status is %d", item->status);
    stress_require(item->gave_up == 0 || item->status == item->gave_up,
        "given up with %d, done with %d", item->gave_up, item->status);
    if (item->is_request) {
        stress_require(
            item->n_released == 1, "released %u times", item->n_released);
        stress_require(!item->released_early, "released too early");
    }
}

static bool
is_back(struct item *item)
{
    return strait_load_acquire(&item->ends) == 1u + item->is_request;
}

/* Judges what has come back; answers how many are still out. */
static unsigned
collect(struct user *user)
{
    unsigned n_out = 0;
    unsigned i;

    for (i = 0; i < ITEMS; i++) {
        struct item *item = &user->items[i];

        if (!item->is_out)
            continue;
        if (!is_back(item)) {
            n_out++;
            continue;
        }
        /* A foreign cancel may still write down its answer. */
        pthread_mutex_lock(&item->lock);
        judge(item);
        item->is_out = false;
        user->n_members -= item->in_group;
        pthread_mutex_unlock(&item->lock);
    }
    if (user->group_cancelled && user->n_members == 0) {
        strait_group_init(&user->group);
        user->group_cancelled = false;
    }
    return n_out;
}

/* ------------------------------------------------------------------ a user */

/* True if something must still come to our own sink. */
static bool
is_told_more(const struct user *user)
{
    unsigned i;

    for (i = 0; i < ITEMS; i++) {
        const struct item *item = &user->items[i];

        if (item->is_out && item->sink == user && item->n_done == 0)
            return true;
    }
    return false;
}

/* Delivers something, and sleeps if nothing is there and something must
 * come. */
static void
pump(struct user *user)
{
    bool may_sleep = is_told_more(user);
    int end = STRAIT_SINK_EMPTY;

    if (user->kind == LOOP) {
        int err = strait_loop_run(
            user->loop, may_sleep ? STRAIT_RUN_ONCE : STRAIT_RUN_NOWAIT);

        stress_require(err >= 0, "run: %d", err);
    } else if (strait_sink_drain(&user->mailbox.sink, 16, 0, &end) == 0 &&
        end == STRAIT_SINK_EMPTY && may_sleep &&
        strait_mpsc_arm(&user->mailbox.sink.queue)) {
        stress_require(wait_for(&user->mailbox.bell), "nobody rang");
    }
    if (!may_sleep)
        usleep(20);
}

static void
prepare(struct item *item, struct rng *rng)
{
    struct user *user = item->user;

    item->book = &books[rng_below(rng, strait_load_acquire(&n_books))];
    item->sink = rng_one_in(rng, 8) ? &users[rng_below(rng, n_users)] : user;
    item->is_request = rng_one_in(rng, 4);
    item->in_group = rng_one_in(rng, 4);
    item->has_deadline = false;
    item->gave_up = 0;
    item->is_cancelled = false;
    strait_store_rlx(&item->cancels, 0);
    item->n_run = 0;
    item->reported = 0;
    item->inside = false;
    item->n_done = 0;
    item->shown = 0;
    item->shown_late = false;
    item->n_released = 0;
    item->released_early = false;
    strait_store_rlx(&item->ends, 0);
    item->work = &item->own;
    if (item->is_request) {
        int err = strait_work_create(
            &item->work, run, done, release, item, &request_allocator);

        stress_require(err == 0, "create: %d", err);
    } else {
        strait_work_init(&item->own, run, done, item);
    }
    stress_require(
        strait_progress_init(&item->progress, item->work, show, item) == 0,
        "progress");
    if (item->in_group) {
        stress_require(
            strait_work_set_group(item->work, &user->group) == 0, "group");
    }
}

static int
hand_over(struct item *item, struct rng *rng)
{
    struct user *user = item->user;
    strait_lane_t *lane = item->book->lane;

    if (user->kind == LOOP && item->sink == user && rng_one_in(rng, 2)) {
        if (rng_one_in(rng, 3)) {
            item->has_deadline = true;
            return strait_loop_submit_until(user->loop, lane, item->work,
                &item->deadline,
                strait_now_ns() + rng_below(rng, 3000) * STRAIT_NS_PER_US);
        }
        return strait_loop_submit(user->loop, lane, item->work);
    }
    return strait_work_submit(lane, item->work, item->sink->sink);
}

static void
wish_for_room(struct user *user, struct book *book)
{
    int err;

    if (user->wishing)
        return;
    user->wishing = true;
    err = strait_lane_on_drain(book->lane, &user->wish, user->sink);
    if (err == -ESHUTDOWN && strait_load_acquire(&is_closing) != 0) {
        user->wishing = false;
        return;
    }
    stress_require(err == 0, "on_drain: %d", err);
}

static void
submit_one(struct user *user, struct item *item, struct rng *rng)
{
    uint32_t *seq;
    int err;

    pthread_mutex_lock(&item->lock);
    prepare(item, rng);
    seq = &user->seqs[item->book - books];
    item->seq = *seq + 1;
    err = hand_over(item, rng);
    item->is_out = err == 0;
    pthread_mutex_unlock(&item->lock);
    if (err == 0) {
        ++*seq;
        user->n_accepted++;
        user->n_members += item->in_group;
        strait_add_rlx(&item->book->n_accepted, 1);
        return;
    }
    if (item->is_request) {
        stress_require(strait_work_discard(item->work) == 0, "discard");
        stress_require(item->n_released >= 1, "discard releases nothing");
    }
    if (err == -ESHUTDOWN) {
        stress_require(
            strait_load_acquire(&is_closing) != 0, "closed by nobody");
        user->refused = true;
    } else if (err == -ECANCELED) {
        stress_require(item->in_group && user->group_cancelled,
            "a submit was cancelled by nobody");
    } else {
        stress_require(err == -EAGAIN, "submit: %d", err);
        if (rng_one_in(rng, 2))
            wish_for_room(user, item->book);
    }
}

/* Takes one of our own items back, in one of the ways. */
static void
take_back(struct item *item, struct rng *rng)
{
    int err;

    /* Whoever is told first may free it: only where we are told ourselves. */
    if (!item->is_out || item->sink != item->user || item->n_done != 0)
        return;
    if (item->is_request && item->gave_up == 0 && rng_one_in(rng, 2)) {
        int status = rng_one_in(rng, 2) ? -ECANCELED : -ETIMEDOUT;

        err = strait_work_give_up(item->work, status);
        if (err == 0)
            item->gave_up = status;
    } else {
        pthread_mutex_lock(&item->lock);
        strait_add_rlx(&item->cancels, 1);
        err = strait_work_cancel(item->work);
        item->is_cancelled = item->is_cancelled || err == 0;
        pthread_mutex_unlock(&item->lock);
    }
    stress_require(err == 0 || err == -EALREADY, "take back: %d", err);
}

static void
run_future(strait_work_t *work, void *arg)
{
    (void)work;
    ++*(unsigned *)arg;
}

static void
use_future(struct rng *rng)
{
    struct book *book = &books[rng_below(rng, strait_load_acquire(&n_books))];
    strait_future_t future;
    unsigned n_run = 0;
    int err;

    strait_future_init(&future, run_future, &n_run);
    err = strait_future_submit(book->lane, &future);
    if (err == -EAGAIN ||
        (err == -ESHUTDOWN && strait_load_acquire(&is_closing) != 0))
        return;
    stress_require(err == 0, "future: %d", err);
    strait_add_rlx(&book->n_accepted, 1);
    err = strait_future_wait(
        &future, strait_now_ns() + rng_below(rng, 500) * STRAIT_NS_PER_US);
    if (err == -ETIMEDOUT) {
        (void)strait_work_cancel(strait_future_work(&future));
        err = strait_future_wait(&future, UINT64_MAX);
        stress_require(err == 0 || err == -ECANCELED, "future: %d", err);
    } else {
        stress_require(err == 0 ||
                (err == -ECANCELED && strait_load_acquire(&is_cancelling) != 0),
            "future: %d", err);
    }
    stress_require(n_run == (err == 0), "future: %d after %u runs", err, n_run);
    strait_add_rlx(&book->n_ran, n_run);
    stress_progress();
}

static void
run_first(strait_work_t *work, void *arg)
{
    struct pair *pair = arg;
    uint64_t end_ns = strait_now_ns() +
        5 * SANITIZER_SLOWDOWN * STRAIT_NS_PER_S;

    /* If the pool cancels the second one, its `done` may wait for ours. */
    while (strait_load_acquire(&pair->second_is_over) == 0 &&
        !strait_work_cancelled(work)) {
        stress_require(
            strait_now_ns() < end_ns, "the second one was left behind");
        usleep(20);
    }
    strait_add_rlx(&pair->books[0]->n_ran, 1);
}

static void
run_second(strait_work_t *work, void *arg)
{
    struct pair *pair = arg;

    (void)work;
    if (!planted("behind"))
        strait_store_release(&pair->second_is_over, 1);
    strait_add_rlx(&pair->books[1]->n_ran, 1);
}

static void
one_of_pair_done(strait_work_t *work, int status, void *arg)
{
    struct pair *pair = arg;

    stress_require(status == 0 ||
            (status == -ECANCELED && strait_load_acquire(&is_cancelling) != 0),
        "status %d", status);
    if (work == &pair->second && !planted("behind"))
        strait_store_release(&pair->second_is_over, 1);
    if (strait_add_acq_rel(&pair->n_out, (uint32_t)-1) == 1)
        strait_store_release(&pairing, UNPAIRED);
    stress_progress();
}

static void
submit_of_pair(struct user *user, strait_work_t *work, struct book *book)
{
    int err = strait_work_submit(book->lane, work, user->sink);

    if (err == 0) {
        strait_add_rlx(&book->n_accepted, 1);
        return;
    }
    stress_require(err == -EAGAIN || err == -ESHUTDOWN, "pair: %d", err);
    if (work == &user->pair.second)
        strait_store_release(&user->pair.second_is_over, 1);
    if (strait_add_acq_rel(&user->pair.n_out, (uint32_t)-1) == 1)
        strait_store_release(&pairing, UNPAIRED);
}

static void
submit_pair(struct user *user, struct rng *rng)
{
    struct pair *pair = &user->pair;
    uint32_t n = strait_load_acquire(&n_books);
    uint32_t first = (uint32_t)rng_below(rng, n);
    uint32_t nobody = UNPAIRED;

    if (!strait_cas_acq_rel(
            &pairing, &nobody, rng_one_in(rng, 2) ? QUIET : PAIRED))
        return;
    pair->books[0] = &books[first];
    pair->books[1] = &books[first];
    /* In another lane if the first would be in the way of the second. */
    if (books[first].limit == 1 || rng_one_in(rng, 2))
        pair->books[1] = &books[(first + 1 + rng_below(rng, n - 1)) % n];
    strait_work_init(&pair->first, run_first, one_of_pair_done, pair);
    strait_work_init(&pair->second, run_second, one_of_pair_done, pair);
    strait_store_rlx(&pair->second_is_over, 0);
    strait_store_rlx(&pair->n_out, 2);
    submit_of_pair(user, &pair->first, pair->books[0]);
    if (rng_one_in(rng, 2))
        usleep((useconds_t)rng_below(rng, 100));
    submit_of_pair(user, &pair->second, pair->books[1]);
}

/* Tries something with what is out. */
static void
meddle(struct user *user, struct rng *rng)
{
    uint64_t dice = rng_below(rng, 64);

    if (dice < 8)
        take_back(&user->items[rng_below(rng, ITEMS)], rng);
    else if (dice == 8 && !user->group_cancelled) {
        user->group_cancelled = true;
        stress_require(strait_group_cancel(&user->group) >= 0, "group cancel");
    } else if (dice < 11) {
        use_future(rng);
    } else if (dice == 11) {
        usleep((useconds_t)rng_below(rng, 300));
    } else if (dice < 15) {
        submit_pair(user, rng);
    }
}

/* From a worker: it must never wait, so one refusal is the end of it. */
static void
spread(struct user *user, uint64_t dice)
{
    struct item *item = &user->extra;
    uint32_t idle = 0;

    if (!strait_cas_acq_rel(&user->extra_busy, &idle, 1))
        return;
    item->book = &books[dice % strait_load_acquire(&n_books)];
    item->n_run = item->n_done = 0;
    item->reported = item->shown = 0;
    item->shown_late = false;
    strait_store_rlx(&item->ends, 0);
    strait_work_init(&item->own, run, done, item);
    stress_require(
        strait_progress_init(&item->progress, &item->own, show, item) == 0,
        "progress");
    if (strait_work_submit(item->book->lane, &item->own, user->sink) == 0) {
        strait_add_rlx(&item->book->n_accepted, 1);
        strait_store_release(&user->extra_busy, 2);
    } else {
        strait_store_release(&user->extra_busy, 0);
    }
}

/* True if the item of our workers is not out. */
static bool
collect_extra(struct user *user)
{
    struct item *item = &user->extra;
    uint32_t busy = strait_load_acquire(&user->extra_busy);

    if (busy != 2 || !is_back(item))
        return busy == 0;
    judge(item);
    strait_store_release(&user->extra_busy, 0);
    return true;
}

static void
open_user(struct user *user)
{
    int err = 0;

    user->self = pthread_self();
    if (user->kind == LOOP) {
        strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;

        config.allocator = &blocks.allocator; /* of open_pool */
        err = strait_loop_create(&user->loop, &config);
        stress_require(err == 0, "loop: %d", err);
        err = strait_loop_ref_open(user->loop, &user->ref);
        user->sink = strait_loop_ref_sink(user->ref);
    } else {
        mailbox_init(&user->mailbox);
        user->sink = &user->mailbox.sink;
    }
    stress_require(err == 0, "open: %d", err);
}

static void
close_user(struct user *user)
{
    int err;

    if (user->kind != LOOP) {
        sem_destroy(&user->mailbox.bell);
        return;
    }
    strait_loop_ref_close(user->ref);
    err = strait_loop_run(user->loop, STRAIT_RUN_DEFAULT);
    stress_require(err == 0, "the loop still has work: %d", err);
    err = strait_loop_destroy(user->loop);
    stress_require(err == 0, "loop destroy: %d", err);
}

static pthread_barrier_t opened;

static void *
use(void *arg)
{
    struct user *self = arg;
    struct rng rng = rng_make(self->seed, self->index + 1);
    bool clean = false;

    open_user(self);
    (void)pthread_barrier_wait(&opened);
    while (self->n_accepted < self->n_items && !self->refused) {
        struct item *item = &self->items[rng_below(&rng, ITEMS)];

        if (collect(self) == ITEMS || rng_one_in(&rng, 8) ||
            strait_load_acquire(&pairing) == QUIET)
            pump(self);
        (void)collect_extra(self);
        if (strait_load_acquire(&pairing) == QUIET)
            continue;
        if (!item->is_out)
            submit_one(self, item, &rng);
        meddle(self, &rng);
    }
    /* Others may still want to tell us something. */
    while (strait_load_acquire(&n_clean) < n_users) {
        if (!clean && collect(self) == 0 && collect_extra(self) &&
            !self->wishing && strait_load_acquire(&self->pair.n_out) == 0) {
            clean = true;
            strait_add_acq_rel(&n_clean, 1);
        }
        pump(self);
        if (rng_one_in(&rng, 16) && !clean)
            take_back(&self->items[rng_below(&rng, ITEMS)], &rng);
    }
    (void)pthread_barrier_wait(&opened);
    close_user(self);
    return NULL;
}

/* Somebody who cancels what is not his, and looks at everything. */
static void *
interfere(void *arg)
{
    struct rng rng = rng_make(*(uint64_t *)arg, 1000);
    static strait_lane_stats_t stats;

    stats.size = (uint32_t)sizeof stats;
    while (strait_load_acquire(&stop_meddling) == 0) {
        struct user *user = &users[rng_below(&rng, n_users)];
        struct item *item = &user->items[rng_below(&rng, ITEMS)];
        strait_pool_stats_t sum = STRAIT_POOL_STATS_INIT;

        pthread_mutex_lock(&item->lock);
        if (item->is_out && !item->is_request) {
            int err;

            strait_add_rlx(&item->cancels, 1);
            err = strait_work_cancel(item->work);
            item->is_cancelled = item->is_cancelled || err == 0;
            stress_require(
                err == 0 || err == -EALREADY || err == -ESRCH, "%d", err);
        }
        pthread_mutex_unlock(&item->lock);
        if (rng_one_in(&rng, 16)) {
            stress_require(strait_pool_stats(pool, &sum) == 0, "stats");
            stress_require(
                strait_lane_stats(
                    books[rng_below(&rng, strait_load_acquire(&n_books))].lane,
                    &stats) == 0,
                "stats");
        }
        usleep((useconds_t)rng_below(&rng, 200));
    }
    return NULL;
}

/* ------------------------------------------------------------------- a pool */

static void
count_start(uint32_t worker, void *arg)
{
    (void)worker;
    strait_add_acq_rel((STRAIT_ATOMIC(uint32_t) *)arg, 1);
}

static void
count_exit(uint32_t worker, void *arg)
{
    (void)worker;
    strait_add_acq_rel((STRAIT_ATOMIC(uint32_t) *)arg, (uint32_t)-1);
}

static void
write_book(strait_lane_t *lane, uint32_t order, uint32_t limit)
{
    uint32_t n = strait_load_rlx(&n_books);
    struct book *book = &books[n];

    memset(book, 0, sizeof *book);
    book->lane = lane;
    book->order = order;
    book->limit = limit;
    strait_store_release(&n_books, n + 1);
}

/* A lane of any kind; false if the pool is closed. */
static bool
add_lane(struct rng *rng)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane;
    uint32_t limit = 0;
    uint32_t order;
    int err;

    if (strait_load_rlx(&n_books) == LANES_MAX)
        return true;
    order = (uint32_t)rng_below(rng, 3);
    config.order = order;
    config.max_queued = 2u << rng_below(rng, 6);
    config.priority = (uint32_t)rng_below(rng, STRAIT_LANE_PRIORITY_MAX + 1);
    config.low_water = (uint32_t)rng_below(rng, config.max_queued);
    if (order == STRAIT_ORDER_SUBMIT)
        config.window = 2u << rng_below(rng, 6);
    if (rng_one_in(rng, 3)) {
        config.lane_class = STRAIT_LANE_BLOCKING;
        config.max_threads =
            order == STRAIT_ORDER_SERIAL ? 1 : 1 + (uint32_t)rng_below(rng, 6);
        config.min_threads = (uint32_t)rng_below(rng, config.max_threads + 1);
        config.idle_ms = 1 + (uint32_t)rng_below(rng, 3);
        limit = config.max_threads;
    } else {
        config.weight = 1 + (uint32_t)rng_below(rng, 4);
        if (order != STRAIT_ORDER_SERIAL && rng_one_in(rng, 2))
            limit = config.max_running = 1 + (uint32_t)rng_below(rng, 3);
        if (order == STRAIT_ORDER_SERIAL)
            limit = 1;
        if (planted("limit") && config.max_running != 0)
            config.max_running++;
    }
    if (planted(order == STRAIT_ORDER_SUBMIT ? "order" : "serial")) {
        config.order = STRAIT_ORDER_NONE;
        config.window = 0;
        if (order == STRAIT_ORDER_SERIAL &&
            config.lane_class == STRAIT_LANE_BLOCKING)
            config.max_threads = limit = 4;
        if (order == STRAIT_ORDER_SERIAL)
            limit = 0;
    }
    err = strait_lane_create(&lane, pool, &config);
    if (err == -ESHUTDOWN && strait_load_rlx(&is_closing) != 0)
        return false;
    stress_require(err == 0, "lane: %d", err);
    write_book(lane, order, limit);
    return true;
}

static void
open_pool(struct rng *rng)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    unsigned i;
    int err;

    config.n_workers = 2 + (uint32_t)rng_below(rng, 15);
    config.max_queued = 2u << rng_below(rng, 6);
    config.allocator = blocks_allocator(&blocks);
    config.scratch_bytes = sizeof(uint32_t);
    config.on_start = count_start;
    config.on_exit = count_exit;
    config.hook_arg = (void *)&n_threads;
    err = strait_pool_create(&pool, &config);
    stress_require(err == 0, "create: %d", err);
    strait_store_rlx(&n_books, 0);
    write_book(strait_pool_built_in(pool, STRAIT_POOL_USER), 0, 0);
    write_book(strait_pool_built_in(pool, STRAIT_POOL_FILE), 0, 16);
    for (i = 1 + (unsigned)rng_below(rng, MADE_MAX - 2); i > 0; i--)
        (void)add_lane(rng);
}

/* Ends the pool while everybody is using it. */
static void
shut_down(struct rng *rng)
{
    int how = STRAIT_SHUTDOWN_DRAIN;
    uint32_t n_stuck;
    int err;

    strait_store_release(&is_closing, 1);
    if (rng_one_in(rng, 3)) {
        stress_require(strait_pool_close(pool) == 0, "close");
        return;
    }
    do {
        if (rng_one_in(rng, 2)) {
            strait_store_release(&is_cancelling, 1);
            how = STRAIT_SHUTDOWN_CANCEL;
        }
        n_stuck = 0;
        err = strait_pool_shutdown(pool, how,
            strait_now_ns() + rng_below(rng, 2000) * STRAIT_NS_PER_US,
            &n_stuck);
        stress_require(err == 0 || (err == -ETIMEDOUT && n_stuck != 0),
            "shutdown: %d, %u stuck", err, n_stuck);
    } while (err != 0);
}

static void
compare_books(void)
{
    static strait_lane_stats_t stats;
    uint32_t i;

    stats.size = (uint32_t)sizeof stats;
    for (i = 0; i < strait_load_rlx(&n_books); i++) {
        struct book *book = &books[i];
        uint64_t n_accepted = strait_load_rlx(&book->n_accepted);
        uint64_t n_ran = strait_load_rlx(&book->n_ran);

        stress_require(strait_lane_stats(book->lane, &stats) == 0, "stats");
        stress_require(stats.n_submitted == n_accepted,
            "lane %u: %llu accepted, %llu in its books", i,
            (unsigned long long)n_accepted,
            (unsigned long long)stats.n_submitted);
        stress_require(stats.n_run == n_ran,
            "lane %u: %llu ran, %llu in its books", i,
            (unsigned long long)n_ran, (unsigned long long)stats.n_run);
        stress_require(stats.n_removed == n_accepted - n_ran,
            "lane %u: %llu did not run, %llu in its books", i,
            (unsigned long long)(n_accepted - n_ran),
            (unsigned long long)stats.n_removed);
        stress_require(stats.n_lost == 0 && stats.n_held == 0 &&
                strait_load_acquire(&book->n_inside) == 0,
            "lane %u: something is left", i);
    }
}

static void
prepare_user(
    struct user *user, unsigned index, unsigned n_items, struct rng *rng)
{
    unsigned i;

    memset(user, 0, sizeof *user);
    user->index = index;
    user->kind = rng_one_in(rng, 2) ? LOOP : MAILBOX;
    user->n_items = n_items;
    user->seed = rng_next(rng);
    strait_group_init(&user->group);
    strait_drain_init(&user->wish, has_room, user);
    for (i = 0; i < ITEMS; i++) {
        user->items[i].user = user;
        pthread_mutex_init(&user->items[i].lock, NULL);
    }
    user->extra.user = user->extra.sink = user;
}

static void
round_of(unsigned n_items, struct rng *rng)
{
    pthread_t threads[USERS_MAX];
    pthread_t meddler;
    uint64_t seed = rng_next(rng);
    bool early = rng_one_in(rng, 3);
    unsigned i;

    n_users = 1 + (unsigned)rng_below(rng, USERS_MAX);
    if (planted("sink") && n_users < 2)
        n_users = 2;
    strait_store_rlx(&n_clean, 0);
    strait_store_rlx(&is_closing, 0);
    strait_store_rlx(&is_cancelling, 0);
    strait_store_rlx(&stop_meddling, 0);
    strait_store_rlx(&pairing, UNPAIRED);
    open_pool(rng);
    stress_phase("%u workers, %u lanes, %u users, %u items each%s",
        strait_pool_workers(pool), strait_load_rlx(&n_books), n_users, n_items,
        early ? ", closed early" : "");
    for (i = 0; i < n_users; i++)
        prepare_user(&users[i], i, n_items, rng);
    pthread_barrier_init(&opened, NULL, n_users);
    stress_start(threads, n_users, use, users, sizeof users[0]);
    stress_start(&meddler, 1, interfere, &seed, 0);
    for (i = (unsigned)rng_below(rng, 3); i > 0; i--) {
        usleep((useconds_t)rng_below(rng, 2000));
        (void)add_lane(rng);
    }
    if (early) {
        usleep((useconds_t)rng_below(rng, 5000));
        shut_down(rng);
    }
    stress_join(threads, n_users);
    strait_store_release(&stop_meddling, 1);
    stress_join(&meddler, 1);
    pthread_barrier_destroy(&opened);
    stress_phase("the end of %u workers", strait_pool_workers(pool));
    strait_store_release(&is_closing, 1);
    stress_require(strait_pool_shutdown(
                       pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL) == 0,
        "shutdown");
    compare_books();
    stress_require(strait_pool_destroy(pool) == 0, "destroy");
    stress_require(blocks_complaint(&blocks) == NULL, "memory: %s",
        blocks_complaint(&blocks));
    stress_require(strait_load_acquire(&n_requests) == 0,
        "%u requests are left", strait_load_acquire(&n_requests));
    stress_require(strait_load_acquire(&n_threads) == 0,
        "%u threads have not called the exit hook",
        strait_load_acquire(&n_threads));
    for (i = 0; i < n_users; i++) {
        unsigned k;

        for (k = 0; k < ITEMS; k++)
            pthread_mutex_destroy(&users[i].items[k].lock);
    }
}

int
main(int argc, char **argv)
{
    plant_begin(argc, argv, "stress_lanes",
        "Lanes of all kinds, and all that can happen to an item in them.",
        plants);
    stress.dump = dump;
    while (stress_goes_on())
        round_of(1 + (unsigned)rng_below(&stress.rng, stress_scaled(1500)),
            &stress.rng);
    return stress_end();
}
