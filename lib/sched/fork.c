/* SPDX-License-Identifier: MIT */
/*
 * fork.c - fork-join on the workers of a pool: what happens when somebody is
 * idle. What happens when nobody is, is in strait/fork.h; the deque in deque.h.
 *
 * A worker gets a deque with its first root or stolen task: address space, of
 * which only what is used becomes memory. It is entered in pool->deques, where
 * thieves find it, and stays there until the pool is destroyed.
 *
 * Who sleeps and who wakes. A worker that has found neither an item in its
 * lanes nor a task to steal announces itself (parking.h), tells every deque,
 * looks at each of them once more, and sleeps. The owner that finds itself told
 * shares what it has and wakes one. Whoever was woken, once it has something to
 * run and before it runs it, wakes the next if it sees more, or tells every
 * deque anew if anybody sleeps (sti_fork_duty). So one sleeper after another is
 * woken, and none for nothing.
 *
 * A join whose task was stolen helps the thief: it steals from it, then from
 * anybody. After JOIN_SPIN_NS without success it sleeps, announced among the
 * helpers, whom only tasks wake, never lanes; the thief wakes it when the task
 * is done. At STI_FORK_DEPTH_MAX tasks above one another, or with half of the
 * roots that it can have, it does not help. That cannot deadlock: who waits
 * does so for a task that was begun after its own last one, by somebody else,
 * so the one that was begun last waits for nobody.
 *
 * A worker for which there is no address space does not steal, asks nobody, and
 * hands on what it was woken for.
 *
 * Edges (Y1-Y3 are in deque.h, P1-P2 in parking.h).
 *   J1  entry of pool->deques -> its load by a thief      the deque
 *   J2  state_ CAS to WAITED -> exchange of the thief      the sleeper's
 *       wake_ = 0 is older than the thief's mark
 *
 * Tests: tests/sched/test_fork.c, stress_fork.c, tests/model/model_fork_*.c.
 */
#define _GNU_SOURCE
#include "sched/deque.h"
#include "sched/submit.h"

#include "base/thread.h"

#include <strait/clock.h>
#include <strait/future.h>
#include <sys/mman.h>

/* Looks around for so long before a join sleeps. */
#define JOIN_SPIN_NS UINT64_C(20000)

extern inline strait_deque_t *strait_frame_deque_(strait_frame_t *frame);
extern inline void strait_frame_push_(
    strait_frame_t **frame, strait_frame_fn run);
extern inline bool strait_frame_pop_(
    strait_frame_t **frame, strait_frame_fn run, bool alone);
extern inline void strait_fork_call_plain_(strait_frame_t *task);
extern inline void strait_spawn(
    strait_frame_t **frame, strait_fork_fn fn, void *arg);
extern inline void strait_join(strait_frame_t **frame);
extern inline void strait_join_alone(strait_frame_t **frame);
extern inline void strait_worker_poll(strait_frame_t *frame);

_Static_assert(sizeof(strait_frame_t) == 64, "a frame is one cache line");
_Static_assert(offsetof(strait_frame_t, data_) % 16 == 0, "any type fits");
_Static_assert(sizeof(strait_deque_t) <= STRAIT_FORK_HEAD_, "head of a deque");

void
strait_fork_misused_(strait_frame_t *frame, const char *what)
{
    (void)frame;
    strait_misused_("strait fork-join", what);
}

void
strait_fork_demand_owner_(strait_frame_t *frame)
{
    /* A join looks at the frame before that of its caller. */
    if (frame == NULL || (uintptr_t)(frame + 1) == 0)
        strait_fork_misused_(frame, "no frame: this is not a task of a pool");
    if (strait_frame_deque_(frame)->worker_ != sti_worker_self())
        strait_fork_misused_(frame, "the frame belongs to another thread");
}

/* -------------------------------------------------------------- the deques */

static strait_deque_t *
deque_map(sti_worker_t *worker)
{
    size_t span = STRAIT_FORK_SPAN_;
    int saved = errno;
    /* Twice the span holds one that is aligned. */
    char *area = mmap(NULL, 2 * span, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *begin;
    strait_deque_t *deque;

    if (area == MAP_FAILED) {
        errno = saved;
        return NULL;
    }
    begin = area + (span - (uintptr_t)area % span) % span;
    if (begin != area)
        (void)munmap(area, (size_t)(begin - area));
    (void)munmap(begin + span, (size_t)(area + span - begin));
    /* Most programs use a few pages of it. */
    (void)madvise(begin, span, MADV_NOHUGEPAGE);
    errno = saved;
    deque = (strait_deque_t *)(void *)begin;
    deque->worker_ = worker;
    sti_deque_init(
        deque, (strait_frame_t *)(void *)(begin + STRAIT_FORK_HEAD_));
    return deque;
}

/* True if anybody has announced itself, and whoever announces itself later sees
 * what the caller has published before: by RMW, one comes after the other. */
static bool
look(sti_parking_t *parking)
{
    bool any = false;
    uint32_t i;

    for (i = 0; i < parking->n_idle_; i++) {
        /* [P3:rel] the deque. [P2:acq] so that it goes on to the next one. */
        if (strait_or_acq_rel(&parking->idle_[i].bits_, STI_ZERO) != 0)
            any = true;
    }
    return any;
}

static bool
anybody_sleeps(sti_crew_t *crew)
{
    return sti_parking_any(&crew->parking) || sti_parking_any(&crew->helpers);
}

static bool
wake_one(sti_crew_t *crew)
{
    return sti_parking_wake_one(&crew->parking) ||
        sti_parking_wake_one(&crew->helpers);
}

/* Makes this the deque of the worker that thieves look at. */
static void
enter(sti_worker_t *worker, strait_deque_t *deque)
{
    strait_pool_t *pool = worker->pool;
    STRAIT_ATOMIC(strait_deque_t *) *entry = &pool->deques[worker->seat];
    bool told;

    /* rlx: our own, here and below. */
    if (strait_load_rlx(entry) == deque)
        return;
    /* [J1:rel] its head. */
    strait_store_release(entry, deque);
    /* rlx: a hint that spares pools without tasks the look at the deques;
     * published by P3 as the entry is. */
    if (strait_load_rlx(&pool->forks) == 0) {
        /* rlx: as above. */
        strait_store_rlx(&pool->forks, 1);
    }
    /* Who sleeps has told another deque, or none. Who announces itself after
     * this look sees the entry (P3). */
    told = look(&worker->crew->parking);
    if (look(&worker->crew->helpers) || told)
        sti_deque_tell(deque);
}

/* A deque that is in no use: the first, or of a root within a task. */
static strait_deque_t *
deque_take(sti_worker_t *worker)
{
    sti_fork_t *fork = &worker->fork;
    strait_deque_t *deque;

    if (fork->n_used == STI_FORK_ROOTS_MAX)
        return NULL;
    deque = fork->deques[fork->n_used];
    if (deque == NULL) {
        deque = deque_map(worker);
        if (deque == NULL)
            return NULL;
        fork->deques[fork->n_used] = deque;
        fork->barren = false;
    }
    fork->n_used++;
    enter(worker, deque);
    return deque;
}

/* The count of spawns, which is the owner's own while it counts. */
static void
publish_count(sti_worker_t *worker, strait_deque_t *deque)
{
    sti_counter_add(&worker->fork.n_spawned, deque->n_spawned_);
    deque->n_spawned_ = 0;
}

static void
deque_give_back(sti_worker_t *worker)
{
    sti_fork_t *fork = &worker->fork;

    fork->n_used--;
    publish_count(worker, fork->deques[fork->n_used]);
    /* To the tasks of the root outside, if this was one within. */
    if (fork->n_used != 0) {
        strait_deque_t *outer = fork->deques[fork->n_used - 1];

        enter(worker, outer);
        /* Who has gone to sleep meanwhile has not seen what was shared. */
        if (sti_deque_offers(outer))
            (void)wake_one(worker->crew);
    }
}

void
sti_fork_free(sti_worker_t *worker)
{
    int i;

    for (i = 0; i < STI_FORK_ROOTS_MAX; i++) {
        strait_deque_t *deque = worker->fork.deques[i];

        if (deque != NULL)
            (void)munmap(deque, STRAIT_FORK_SPAN_);
    }
}

/* ---------------------------------------------------------------- stealing */

static strait_deque_t *
deque_of(const strait_pool_t *pool, uint32_t seat)
{
    /* [J1:acq] its head. */
    return strait_load_acquire(&pool->deques[seat]);
}

bool
sti_fork_tell_all(sti_worker_t *worker)
{
    strait_pool_t *pool = worker->pool;
    bool offers = false;
    uint32_t i;

    /* Who cannot steal may sleep beside it, and is better not woken. */
    for (i = 0; i < pool->cpu.n_seats && !worker->fork.barren; i++) {
        strait_deque_t *deque = deque_of(pool, i);

        if (deque == NULL || deque->worker_ == worker)
            continue;
        sti_deque_tell(deque);
        if (sti_deque_offers(deque))
            offers = true;
    }
    return offers;
}

void
sti_fork_duty(sti_worker_t *worker)
{
    sti_crew_t *crew = worker->crew;

    while (anybody_sleeps(crew)) {
        if (!sti_fork_tell_all(worker))
            return;
        /* There is more, for somebody else. */
        if (wake_one(crew))
            return;
    }
}

/* One look at the deque of a seat. */
static strait_frame_t *
steal_from(sti_worker_t *worker, uint32_t seat)
{
    strait_deque_t *deque = deque_of(worker->pool, seat);
    strait_frame_t *task;

    if (deque == NULL || deque->worker_ == worker)
        return NULL;
    task = sti_deque_steal(deque);
    if (task == NULL) {
        sti_counter_add(&worker->fork.n_failed, 1);
        if (!sti_deque_offers(deque))
            sti_deque_ask(deque);
    }
    return task;
}

/* A task of somebody, beginning with whoever had one last, then with
 * anybody. */
static strait_frame_t *
steal(sti_worker_t *worker)
{
    sti_fork_t *fork = &worker->fork;
    uint32_t n = worker->pool->cpu.n_seats;
    strait_frame_t *task = steal_from(worker, fork->victim);
    uint32_t first;
    uint32_t i;

    if (task != NULL || n == 1)
        return task;
    /* xorshift: where to begin need not be a good choice, only not the same. */
    fork->random ^= fork->random << 13;
    fork->random ^= fork->random >> 17;
    fork->random ^= fork->random << 5;
    first = fork->random % n;
    for (i = 0; i < n; i++) {
        uint32_t seat = first + i < n ? first + i : first + i - n;

        task = steal_from(worker, seat);
        if (task != NULL) {
            fork->victim = seat;
            return task;
        }
    }
    return NULL;
}

/* Runs a stolen task; `at` is the first free frame of this worker. */
static void
execute(sti_worker_t *worker, strait_frame_t *task, strait_frame_t *at)
{
    sti_fork_t *fork = &worker->fork;
    const sti_worker_t *owner = strait_frame_deque_(task)->worker_;
    uint32_t seat = owner->seat;

    /* rlx: a hint for the owner, whom to help. */
    strait_store_rlx(&task->thief_, worker->seat + 1);
    sti_counter_add(&fork->n_stolen, 1);
    fork->depth++;
    if (fork->depth > sti_counter_read(&fork->max_depth))
        sti_counter_add(&fork->max_depth, 1);
    sti_task_mark(task->run_)(at, task);
    fork->depth--;
    /* [Y2:rel] the result. [J2:acq] the owner's wake_ = 0. Then the frame is
     * gone. */
    if (strait_xchg_acq_rel(&task->state_, STI_TASK_DONE) == STI_TASK_WAITED)
        sti_parking_wake(&worker->crew->helpers, seat);
}

bool
sti_fork_spy(sti_worker_t *worker)
{
    strait_pool_t *pool = worker->pool;
    uint32_t i;

    for (i = 0; i < pool->cpu.n_seats && !worker->fork.barren; i++) {
        strait_deque_t *deque = deque_of(pool, i);

        if (deque == NULL || deque->worker_ == worker)
            continue;
        if (sti_deque_offers(deque))
            return true;
        sti_deque_ask(deque);
    }
    return false;
}

/* A wake-up for a task that this worker cannot steal, for it has no deque: it
 * is for one behind it in the order of wake_one, so that it does not come
 * back. */
static void
wake_another(sti_worker_t *worker)
{
    sti_crew_t *crew = worker->crew;
    uint32_t seat;

    worker->woken = false;
    for (seat = worker->seat + 1; seat < crew->n_seats; seat++) {
        STRAIT_ATOMIC(uint64_t) *word =
            &sti_parking_idle(&crew->parking, seat)->bits_;
        uint64_t bit = (uint64_t)1 << seat % 64;

        /* rlx: a guess; the RMW decides. */
        if ((strait_load_rlx(word) & bit) == 0)
            continue;
        /* [P2:acq] [P4:rel] as in wake_one. */
        if ((strait_and_acq_rel(word, ~bit) & bit) != 0) {
            sti_parking_wake(&crew->parking, seat);
            return;
        }
    }
    (void)sti_parking_wake_one(&crew->helpers);
}

strait_frame_t *
sti_fork_find(sti_worker_t *worker)
{
    /* Nobody steals who could not spawn. */
    if (worker->fork.deques[0] == NULL) {
        if (worker->fork.barren || deque_take(worker) == NULL) {
            worker->fork.barren = true;
            if (worker->woken)
                wake_another(worker);
            return NULL;
        }
        deque_give_back(worker);
    }
    return steal(worker);
}

void
sti_fork_execute(sti_worker_t *worker, strait_frame_t *task)
{
    strait_deque_t *deque = worker->fork.deques[0]; /* made by find */

    worker->fork.n_used = 1;
    execute(worker, task, deque->frames_ + 1);
    worker->fork.n_used = 0;
    publish_count(worker, deque);
}

/* --------------------------------------------------- the owner's slow paths */

void
strait_fork_feed_(strait_frame_t *end)
{
    strait_deque_t *deque = strait_frame_deque_(end);
    sti_worker_t *worker = deque->worker_;
    uint32_t n = sti_deque_expose(deque, end);
    uint32_t asked;

    /* A question stays until there is something to answer it with: else it
     * would be asked again at once. rlx: who tells is seen by a later look. */
    if (n == 0 && strait_load_rlx(&deque->hungry_) == STI_HUNGRY_ASKED)
        return;
    asked = sti_deque_answer(deque);
    if (n != 0)
        sti_counter_add(&worker->fork.n_exposed, 1);
    publish_count(worker, deque);
    if (asked != STI_HUNGRY_TOLD)
        return;
    /* Who was woken does its duty, and tells us again. */
    if ((n != 0 || sti_deque_offers(deque)) && wake_one(worker->crew))
        return;
    if (anybody_sleeps(worker->crew))
        sti_deque_tell(deque);
}

/* Sleeps until the task is done, or, unless alone, somebody may have a task. */
static void
sleep_in_join(sti_worker_t *worker, strait_frame_t *task, bool alone)
{
    sti_parking_t *helpers = &worker->crew->helpers;
    uint32_t state;

    if (alone) {
        sti_parking_prepare(helpers, worker->seat);
    } else {
        sti_parking_announce(helpers, worker->seat);
        if (sti_fork_tell_all(worker)) {
            if (!sti_parking_withdraw(helpers, worker->seat))
                worker->fork.woken = true;
            return;
        }
    }
    /* rlx: a guess; the CAS decides. */
    state = strait_load_rlx(&task->state_);
    while (state != STI_TASK_DONE) {
        /* [J2:rel] wake_ = 0, that of this time: also over an older WAITED. */
        if (strait_cas_weak_release(&task->state_, &state, STI_TASK_WAITED))
            break;
    }
    if (state != STI_TASK_DONE) {
        sti_counter_add(&worker->fork.n_waits, 1);
        sti_parking_sleep(helpers, worker->seat);
    }
    if (!alone && !sti_parking_withdraw(helpers, worker->seat))
        worker->fork.woken = true;
}

/* Somebody has woken us for a task: once we have one, or need none, the next
 * sleeper may be woken. */
static void
pass_on(sti_worker_t *worker)
{
    if (worker->fork.woken) {
        worker->fork.woken = false;
        sti_fork_duty(worker);
    }
}

/* A task of the thief, or of anybody. */
static strait_frame_t *
help(sti_worker_t *worker, const strait_frame_t *stolen)
{
    /* rlx: a hint. */
    uint32_t thief = strait_load_rlx(&stolen->thief_);

    if (thief != 0) {
        strait_frame_t *task = steal_from(worker, thief - 1);

        if (task != NULL) {
            sti_counter_add(&worker->fork.n_leapt, 1);
            return task;
        }
    }
    return steal(worker);
}

static bool
is_done(const strait_frame_t *task)
{
    /* [Y2:acq] its result. */
    return strait_load_acquire(&task->state_) == STI_TASK_DONE;
}

static void
await(sti_worker_t *worker, strait_frame_t *stolen, bool alone)
{
    uint64_t end_ns = 0;

    /* What is stolen may need roots of its own. */
    if (worker->fork.depth + 1 > STI_FORK_DEPTH_MAX ||
        worker->fork.n_used > STI_FORK_ROOTS_MAX / 2)
        alone = true;
    while (!is_done(stolen)) {
        strait_frame_t *task = alone ? NULL : help(worker, stolen);

        if (task != NULL) {
            pass_on(worker);
            execute(worker, task, stolen + 1);
            end_ns = 0;
        } else if (end_ns == 0) {
            end_ns = strait_now_ns() +
                (worker->pool->spin_ns != 0 ? JOIN_SPIN_NS : 0);
        } else if (strait_now_ns() < end_ns) {
            STI_PAUSE();
        } else {
            sleep_in_join(worker, stolen, alone);
            end_ns = 0;
        }
    }
    pass_on(worker);
}

bool
strait_fork_reclaim_(strait_frame_t *task, strait_frame_fn run, bool alone)
{
    strait_deque_t *deque = strait_frame_deque_(task);
    sti_worker_t *worker = deque->worker_;

    if (task->run_ != sti_task_mark(run) || deque->private_ != task + 1)
        strait_fork_misused_(task, "a join of what was not spawned last");
    if (sti_deque_take(deque, task)) {
        sti_counter_add(&worker->fork.n_reclaimed, 1);
        return true;
    }
    await(worker, task, alone);
    sti_deque_joined(deque, task);
    return false;
}

void
strait_fork_run_plain_(strait_frame_t *at, strait_frame_t *task)
{
    strait_fork_fn fn = (strait_fork_fn)(uintptr_t)task->data_[0];

    fn(at, (void *)(uintptr_t)task->data_[1]);
}

/* ------------------------------------------------------------------- roots */

/* On a worker of class CPU. */
static int
run_here(sti_worker_t *worker, strait_fork_fn fn, void *arg)
{
    strait_deque_t *deque = deque_take(worker);

    if (deque == NULL)
        return -ENOMEM;
    fn(deque->frames_ + 1, arg);
    if (deque->private_ != deque->frames_ + 1 ||
        deque->frames_[1].caller_ != NULL)
        strait_fork_misused_(deque->frames_, "a task was never joined");
    deque_give_back(worker);
    return 0;
}

struct root {
    strait_future_t future;
    strait_fork_fn fn;
    void *arg;
    int err;
};

static void
run_root(strait_work_t *work, void *arg)
{
    struct root *root = arg;

    (void)work;
    root->err = run_here(sti_worker_self(), root->fn, root->arg);
}

int
strait_fork_run(strait_lane_t *lane, strait_fork_fn fn, void *arg)
{
    sti_worker_t *self = sti_worker_self();
    struct root root;
    int err;

    if (lane == NULL || fn == NULL || lane->crew != &lane->pool->cpu)
        return -EINVAL;
    if (sti_forked(lane->pool->fork_generation))
        return -ECHILD;
    if (self != NULL && self->crew == lane->crew)
        return run_here(self, fn, arg);
    if (sti_thread_runs_loop != 0)
        return -EDEADLK;
    root.fn = fn;
    root.arg = arg;
    root.err = 0;
    strait_future_init(&root.future, run_root, &root);
    err = strait_future_submit(lane, &root.future);
    if (err != 0)
        return err;
    /* A thread of class BLOCKING may wait for those of class CPU, which never
     * wait for it in turn. */
    err = sti_future_join(&root.future);
    return err != 0 ? err : root.err;
}

static void
run_fork(strait_work_t *work, void *arg)
{
    strait_fork_t *fork = STRAIT_CONTAINER_OF(work, strait_fork_t, work_);
    sti_worker_t *self = sti_worker_self();

    if (self->crew != &self->pool->cpu)
        fork->err_ = -EINVAL;
    else
        fork->err_ = run_here(self, fork->fn_, arg);
}

static void
fork_done(strait_work_t *work, int status, void *arg)
{
    strait_fork_t *fork = STRAIT_CONTAINER_OF(work, strait_fork_t, work_);

    if (fork->done_ != NULL)
        fork->done_(work, status != 0 ? status : fork->err_, arg);
}

strait_work_t *
strait_fork_init(
    strait_fork_t *fork, strait_fork_fn fn, strait_work_done_fn done, void *arg)
{
    if (fork == NULL)
        return NULL;
    strait_work_init(
        &fork->work_, fn != NULL ? run_fork : NULL, fork_done, arg);
    fork->fn_ = fn;
    fork->done_ = done;
    fork->err_ = 0;
    return &fork->work_;
}

/* -------------------------------------------------------------- statistics */

static void
add_stats(const sti_worker_t *worker, strait_fork_stats_t *stats)
{
    const sti_fork_t *fork = &worker->fork;
    uint32_t depth = (uint32_t)sti_counter_read(&fork->max_depth);

    if (depth > stats->max_depth)
        stats->max_depth = depth;
    stats->n_spawned += sti_counter_read(&fork->n_spawned);
    stats->n_stolen += sti_counter_read(&fork->n_stolen);
    stats->n_leapt += sti_counter_read(&fork->n_leapt);
    stats->n_failed += sti_counter_read(&fork->n_failed);
    stats->n_exposed += sti_counter_read(&fork->n_exposed);
    stats->n_reclaimed += sti_counter_read(&fork->n_reclaimed);
    stats->n_waits += sti_counter_read(&fork->n_waits);
}

int
strait_fork_stats(
    const strait_pool_t *pool, int worker, strait_fork_stats_t *stats)
{
    uint32_t i;

    if (pool == NULL || stats == NULL || stats->size != sizeof *stats ||
        worker < -1 || (worker >= 0 && (uint32_t)worker >= pool->n_workers))
        return -EINVAL;
    *stats = (strait_fork_stats_t)STRAIT_FORK_STATS_INIT;
    for (i = 0; i < pool->n_workers; i++) {
        if (worker == -1 || (uint32_t)worker == i)
            add_stats(&pool->cpu.workers[i], stats);
    }
    return 0;
}
