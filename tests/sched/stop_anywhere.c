/* SPDX-License-Identifier: MIT */
/*
 * stop_anywhere.c - two threads meet at one item, and one of them is stopped
 * before each of its atomic operations in turn, while the other does all that
 * it has to do. Whatever the moment was, the item must be done once, with a
 * status that agrees with whether it ran, and nobody may touch what is somebody
 * else's by then: memory that has been given back is filled with a pattern that
 * is looked at again in the end.
 *
 * A scenario names who is stopped: the threads of the pool, or a helper that
 * does the first half in a thread of its own. What a scenario shows is one
 * switch there and back, at each place; races of more switches are left to the
 * stress tests and to tests/model.
 *
 *   stop_anywhere [--only NAME] [--plant NAME]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <strait/clock.h>
#include <strait/future.h>
#include <strait/pool.h>
#include <strait/progress.h>
#include <strait/request.h>

#include "blocks.h"
#include "job.h"
#include "plain.h"

/* ------------------------------------------------------------------ to stop */

enum { POOL, HELPER };

static struct {
    int whom;
    unsigned at;    /* the operation before which it stops; 0: not armed */
    unsigned count; /* operations until now */
    sem_t stopped;
    sem_t resume;
} stop;

static _Thread_local bool is_helper;

/* Raw operations: these must not be counted themselves. */
static void
step(void)
{
    unsigned at = __atomic_load_n(&stop.at, __ATOMIC_ACQUIRE);

    if (at == 0 ||
        !(stop.whom == HELPER ? is_helper : strait_worker_index() >= 0) ||
        __atomic_add_fetch(&stop.count, 1, __ATOMIC_RELAXED) != at)
        return;
    sem_post(&stop.stopped);
    require(wait_for(&stop.resume));
}

static void
arm(int whom, unsigned at)
{
    sem_init(&stop.stopped, 0, 0);
    sem_init(&stop.resume, 0, 0);
    stop.whom = whom;
    stop.count = 0;
    __atomic_store_n(&stop.at, at, __ATOMIC_RELEASE);
}

static void
disarm(void)
{
    __atomic_store_n(&stop.at, 0, __ATOMIC_RELEASE);
}

/* ---------------------------------------------------------- threads refused */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*body)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*body)(void *), void *arg);

static bool no_threads;

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*body)(void *), void *arg)
{
    return no_threads ? EAGAIN : __real_pthread_create(thread, attr, body, arg);
}

/* ----------------------------------------------------------- the bed of all */

static const char *plant = "";

static bool
planted(const char *name)
{
    return strcmp(plant, name) == 0;
}

static struct blocks blocks = BLOCKS_INIT;
static strait_pool_t *pool;
static strait_lane_t *lane;   /* what it is about */
static strait_lane_t *others; /* another one, to hold the workers in */
static struct mailbox mailbox;
static struct stay stay;
static struct job jobs[4];
static strait_group_t group;
static int answer;      /* of the helper, or of the other side */
static unsigned n_late; /* cancels that came between the queue and `run` */

static void
make_pool(uint32_t n_workers, strait_lane_config_t config)
{
    strait_pool_config_t pool_config = STRAIT_POOL_CONFIG_INIT;
    int i;

    pool_config.n_workers = n_workers;
    pool_config.allocator = blocks_allocator(&blocks);
    require(strait_pool_create(&pool, &pool_config) == 0);
    others = strait_pool_lane(pool);
    if (config.max_queued == 0)
        config.max_queued = 4;
    require(strait_lane_create(&lane, pool, &config) == 0);
    mailbox_init(&mailbox);
    strait_group_init(&group);
    for (i = 0; i < 4; i++)
        job_init(&jobs[i]);
    if (planted("lost"))
        strait_work_init(&jobs[0].work, job_run, NULL, &jobs[0]);
    answer = 1;
}

static const strait_lane_config_t plain_lane = STRAIT_LANE_CONFIG_INIT;

static void
submit(struct job *job)
{
    require(job_submit(job, lane, &mailbox) == 0);
}

static void
drain(void)
{
    (void)strait_sink_drain(&mailbox.sink, 100, 0, NULL);
}

static bool
await_parked(void)
{
    return await(__extension__({
        strait_worker_stats_t stats = { .size = (uint32_t)sizeof stats };

        require(strait_worker_stats(pool, 0, &stats) == 0);
        stats.parked != 0;
    }));
}

/* Until it was done; delivers what comes. */
#define await_done(job)                                                        \
    require(await((drain(), __atomic_load_n(&(job)->n_done, 0) != 0)))

static void
check_once(const struct job *job)
{
    require_count(job->n_done, 1);
    require(job->status == 0 ? job->n_run == 1 : job->n_run == 0);
}

static void
end_pool(void)
{
    require(strait_pool_destroy(pool) == 0);
    drain();
    require(blocks_complaint(&blocks) == NULL);
    blocks.n_calls = 0;
}

/* -------------------------------------------- the pool is stopped: one item */

static void
one_item(void)
{
    make_pool(1, plain_lane);
    require(await_parked());
}

static void
submit_first(void)
{
    submit(&jobs[0]);
}

static void
cancel_first(void)
{
    answer = strait_work_cancel(&jobs[0].work);
}

static void
first_is_over(void)
{
    await_done(&jobs[0]);
    jobs[0].n_done += planted("twice");
    check_once(&jobs[0]);
    require(answer == 0 || answer == -EALREADY);
    require(answer != 0 || jobs[0].status == -ECANCELED);
    require(jobs[0].status == 0 || jobs[0].status == -ECANCELED);
    n_late += answer != 0 && jobs[0].status != 0;
    end_pool();
}

static void
submit_member(void)
{
    require(strait_work_set_group(&jobs[0].work, &group) == 0);
    submit(&jobs[0]);
}

static void
cancel_group(void)
{
    answer = strait_group_cancel(&group);
}

static void
member_is_over(void)
{
    await_done(&jobs[0]);
    check_once(&jobs[0]);
    require(answer == 0 || answer == 1);
    require(answer == 0 || jobs[0].status == -ECANCELED);
    n_late += answer == 0 && jobs[0].status != 0;
    end_pool();
}

static void
shut_down_now(void)
{
    answer = strait_pool_shutdown(pool, STRAIT_SHUTDOWN_CANCEL, 0, NULL);
}

static void
first_is_over_and_the_pool(void)
{
    await_done(&jobs[0]);
    check_once(&jobs[0]);
    require(answer == 0 || answer == -ETIMEDOUT);
    require(strait_pool_shutdown(
                pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL) == 0);
    end_pool();
}

/* Whoever is about to sleep meets one more item. */
static void
submit_second(void)
{
    submit(&jobs[1]);
}

static void
both_are_over(void)
{
    await_done(&jobs[0]);
    await_done(&jobs[1]);
    check_once(&jobs[0]);
    check_once(&jobs[1]);
    require(jobs[1].status == 0);
    end_pool();
}

/* -------------------------------------------- the pool is stopped: requests */

static strait_work_t *request;
static strait_progress_t progress;
static int n_released;
static int n_shown;
/* In memory of its own, which is taken away after `done`. */
static struct mailbox *own_mailbox;
static unsigned char pattern[sizeof(struct mailbox)];

static void
release(void *arg)
{
    (void)arg;
    __atomic_add_fetch(&n_released, 1, __ATOMIC_RELEASE);
}

static void
show(strait_progress_t *which, uint64_t value, void *arg)
{
    (void)which;
    (void)value;
    (void)arg;
    n_shown++;
    require(jobs[0].n_done == 0);
}

static void
run_and_report(strait_work_t *work, void *arg)
{
    job_run(work, arg);
    strait_progress_report(&progress, 1);
    strait_progress_report(&progress, 2);
}

static void
make_request(strait_work_fn run)
{
    one_item();
    n_released = 0;
    n_shown = 0;
    own_mailbox = malloc(sizeof *own_mailbox);
    require(own_mailbox != NULL);
    mailbox_init(own_mailbox);
    require(strait_work_create(&request, run, job_done, release, &jobs[0],
                blocks_allocator(&blocks)) == 0);
    require(strait_progress_init(&progress, request, show, NULL) == 0);
}

static void
plain_request(void)
{
    make_request(job_run);
}

static void
reporting_request(void)
{
    make_request(run_and_report);
}

static void
submit_request(void)
{
    require(strait_work_submit(lane, request, &own_mailbox->sink) == 0);
}

static void
take_sink_away(void)
{
    memset(own_mailbox, 0x5a, sizeof *own_mailbox);
}

static void
give_up_and_leave(void)
{
    answer = strait_work_give_up(request, -ETIMEDOUT);
    (void)strait_sink_drain(&own_mailbox->sink, 100, 0, NULL);
    if (jobs[0].n_done != 0)
        take_sink_away();
}

static void
request_is_over(void)
{
    if (jobs[0].n_done == 0) {
        require(await((strait_sink_drain(&own_mailbox->sink, 100, 0, NULL),
            jobs[0].n_done != 0)));
        take_sink_away();
    }
    require(await(__atomic_load_n(&n_released, __ATOMIC_ACQUIRE) != 0));
    require_count(n_released, 1);
    require_count(jobs[0].n_done, 1);
    require(answer == 0 || answer == -EALREADY);
    if (answer == 0)
        require(jobs[0].status == -ETIMEDOUT);
    else
        require(jobs[0].status == 0 && jobs[0].n_run == 1);
    end_pool();
    memset(pattern, 0x5a, sizeof pattern);
    if (planted("touched"))
        own_mailbox->n_wakes++;
    require(memcmp(own_mailbox, pattern, sizeof pattern) == 0);
    free(own_mailbox);
}

/* --------------------------------------------- the pool is stopped: futures */

static strait_future_t *future;
static unsigned char future_pattern[sizeof(strait_future_t)];

static void
one_future(void)
{
    one_item();
    future = malloc(sizeof *future);
    require(future != NULL);
    strait_future_init(future, job_run, &jobs[0]);
}

static void
submit_future(void)
{
    require(strait_future_submit(lane, future) == 0);
}

static void
wait_a_little(void)
{
    answer = strait_future_wait(
        future, strait_now_ns() + 200 * STRAIT_NS_PER_US);
    if (answer != -ETIMEDOUT)
        memset(future, 0x5a, sizeof *future);
}

static void
future_is_over(void)
{
    if (answer == -ETIMEDOUT) {
        answer = strait_future_wait(future, UINT64_MAX);
        memset(future, 0x5a, sizeof *future);
    }
    require(answer == 0);
    require_count(jobs[0].n_run, 1);
    end_pool();
    memset(future_pattern, 0x5a, sizeof future_pattern);
    require(memcmp(future, future_pattern, sizeof future_pattern) == 0);
    free(future);
}

/* ---------------------------- the pool is stopped: threads that come and go */

static void
elastic_lane(void)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;

    config.lane_class = STRAIT_LANE_BLOCKING;
    config.max_threads = 2;
    config.idle_ms = 10;
    make_pool(1, config);
    require(await_parked());
    submit(&jobs[0]);
    await_done(&jobs[0]);
}

static void
nothing(void)
{
}

static void
submit_without_threads(void)
{
    no_threads = true;
    submit(&jobs[1]);
    no_threads = false;
}

static void
second_is_over(void)
{
    await_done(&jobs[1]);
    require_count(jobs[1].n_done, 1);
    require(
        jobs[1].status == 0 ? jobs[1].n_run == 1 : jobs[1].status == -EAGAIN);
    /* The lane is as good as before. */
    submit(&jobs[2]);
    await_done(&jobs[2]);
    require(jobs[2].status == 0);
    end_pool();
}

/* Both threads of the lane are needed, the second of them by the first. */
static void
submit_long_and_short(void)
{
    require(strait_work_submit(lane, stay_init(&stay), &mailbox.sink) == 0);
    submit(&jobs[1]);
}

static void
short_one_is_over(void)
{
    require(wait_for(&stay.entered));
    await_done(&jobs[1]);
    require(jobs[1].status == 0);
    stay_leave(&stay);
    require(await((drain(), stay.n_done != 0)));
    end_pool();
}

/* ------------------------------------- the pool is stopped: a limit is left */

static struct stay long_one;

static void
limited_lane(void)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;

    config.max_running = 1;
    make_pool(2, config);
    require(stay_enter(&stay, lane, &mailbox));
    submit(&jobs[0]);
    usleep(500);
}

static void
leave_limit(void)
{
    stay_leave(&stay);
}

static void
submit_long_one(void)
{
    require(
        strait_work_submit(others, stay_init(&long_one), &mailbox.sink) == 0);
}

/* One worker is held by the long one, so the other has to come for the rest. */
static void
limit_is_left(void)
{
    require(wait_for(&long_one.entered));
    await_done(&jobs[0]);
    require(jobs[0].status == 0);
    stay_leave(&long_one);
    require(await((drain(), long_one.n_done != 0 && stay.n_done != 0)));
    end_pool();
}

/* ------------------------------------------ the helper is stopped: removals */

/* The worker is held; the first item is what it is about. */
static void
queued_behind_stay(void)
{
    make_pool(1, plain_lane);
    require(stay_enter(&stay, lane, &mailbox));
    require(strait_work_set_group(&jobs[0].work, &group) == 0);
    submit(&jobs[0]);
    submit(&jobs[1]);
}

/* The worker takes everything, and the places are filled anew: the third item
 * is where the first one was. */
static void
go_round(void)
{
    stay_leave(&stay);
    require(await(strait_lane_queued(lane) == 0));
    require(await_parked());
    drain();
    require(job_submit(&jobs[3], lane, &mailbox) == 0);
    require(await(lane_stats(lane)->queued == 0));
    require(stay_enter(&long_one, lane, &mailbox));
    submit(&jobs[2]);
    require_count(jobs[2].work.place_ & 3, jobs[0].work.place_ & 3);
}

static void
all_went_round(void)
{
    stay_leave(&long_one);
    await_done(&jobs[0]);
    await_done(&jobs[1]);
    await_done(&jobs[2]);
    await_done(&jobs[3]);
    check_once(&jobs[0]);
    check_once(&jobs[1]);
    check_once(&jobs[2]);
    require(jobs[1].status == 0);
    require(jobs[2].status == 0);
    require(jobs[0].status == 0 || jobs[0].status == -ECANCELED);
    require(
        answer == 0 || answer == 1 || answer == -EALREADY || answer == -ESRCH);
    require(await((drain(), long_one.n_done != 0 && stay.n_done != 0)));
    require(await_parked());
    require_count(lane_stats(lane)->n_submitted, 6);
    require_count(lane_stats(lane)->n_run + lane_stats(lane)->n_removed, 6);
    end_pool();
}

/* The same in a lane that keeps the order of submits; what the items are done
 * with comes in that order. */
static void
queued_in_order(void)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;

    config.order = STRAIT_ORDER_SUBMIT;
    config.window = 16;
    make_pool(1, config);
    require(stay_enter(&stay, lane, &mailbox));
    require(strait_work_set_group(&jobs[0].work, &group) == 0);
    submit(&jobs[0]);
    submit(&jobs[1]);
}

static void
go_on(void)
{
    stay_leave(&stay);
    require(await(strait_lane_queued(lane) == 0));
    require(await_parked());
    require(job_submit(&jobs[3], lane, &mailbox) == 0);
    require(await(lane_stats(lane)->queued == 0));
    require(stay_enter(&long_one, lane, &mailbox));
    submit(&jobs[2]);
}

static void
all_came_in_order(void)
{
    stay_leave(&long_one);
    await_done(&jobs[2]);
    /* So all before it have come. */
    require_count(jobs[0].n_done + jobs[1].n_done + jobs[2].n_done +
            jobs[3].n_done + stay.n_done + long_one.n_done,
        6);
    check_once(&jobs[0]);
    require(jobs[1].status == 0 && jobs[2].status == 0 && jobs[3].status == 0);
    require(jobs[0].status == 0 || jobs[0].status == -ECANCELED);
    require(
        answer == 0 || answer == 1 || answer == -EALREADY || answer == -ESRCH);
    require(await_parked());
    require_count(lane_stats(lane)->n_run + lane_stats(lane)->n_removed, 6);
    end_pool();
}

static void
two_removers(void)
{
    (void)strait_work_cancel(&jobs[0].work);
    (void)strait_group_cancel(&group);
}

static void
removed_once(void)
{
    stay_leave(&stay);
    await_done(&jobs[0]);
    await_done(&jobs[1]);
    check_once(&jobs[0]);
    check_once(&jobs[1]);
    require(jobs[0].status == -ECANCELED && jobs[1].status == 0);
    require(await((drain(), stay.n_done != 0)));
    end_pool();
}

/* A request that runs is given up while it returns. */
static struct stay lost;

static void
running_request(void)
{
    make_pool(1, plain_lane);
    n_released = 0;
    stay_init(&lost);
    require(strait_work_create(&request, stay_run, stay_done, release, &lost,
                blocks_allocator(&blocks)) == 0);
    require(strait_work_submit(lane, request, &mailbox.sink) == 0);
    require(wait_for(&lost.entered));
}

static void
give_up(void)
{
    answer = strait_work_give_up(request, -ETIMEDOUT);
}

static void
return_from_request(void)
{
    stay_leave(&lost);
    require(wait_for(&lost.left));
    require(await_parked());
}

static void
lost_is_over(void)
{
    require(await((drain(), lost.n_done != 0)));
    require(await(__atomic_load_n(&n_released, __ATOMIC_ACQUIRE) != 0));
    require_count(lost.n_done, 1);
    require_count(n_released, 1);
    require(answer == 0 || answer == -EALREADY);
    require(lost.status == (answer == 0 ? -ETIMEDOUT : 0));
    require_count(lane_stats(lane)->n_lost, 0);
    end_pool();
}

/* ------------------------------------------- the helper is stopped: submits */

static void
held_worker(void)
{
    make_pool(1, plain_lane);
    require(stay_enter(&stay, others, &mailbox));
    require(strait_work_set_group(&jobs[0].work, &group) == 0);
}

static void
try_to_submit(void)
{
    answer = job_submit(&jobs[0], lane, &mailbox);
}

static void
cancel_group_quietly(void)
{
    require(strait_group_cancel(&group) >= 0);
}

static void
nothing_has_run(void)
{
    stay_leave(&stay);
    if (answer == 0) {
        await_done(&jobs[0]);
        check_once(&jobs[0]);
        require(jobs[0].status == -ECANCELED);
    } else {
        require(answer == -ECANCELED);
        require_count(jobs[0].n_done, 0);
    }
    require(await((drain(), stay.n_done != 0)));
    end_pool();
}

static void
end_of_the_pool(void)
{
    require(strait_pool_close(pool) == 0);
}

static void
accepted_or_refused(void)
{
    stay_leave(&stay);
    require(await((drain(), stay.n_done != 0)));
    require(answer == 0 || answer == -ESHUTDOWN);
    if (answer == 0) {
        await_done(&jobs[0]);
        check_once(&jobs[0]);
        require(jobs[0].status == 0);
    }
    require_count(jobs[0].n_run, answer == 0);
    require(strait_pool_shutdown(
                pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL) == 0);
    end_pool();
}

static void
elastic_lane_asleep(void)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;

    config.lane_class = STRAIT_LANE_BLOCKING;
    config.max_threads = 1;
    make_pool(1, config);
    require(stay_enter(&stay, others, &mailbox));
}

static void
ordered_lane(void)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;

    config.order = STRAIT_ORDER_SUBMIT;
    config.window = 2;
    make_pool(1, config);
    require(stay_enter(&stay, lane, &mailbox));
    require(strait_work_set_group(&jobs[0].work, &group) == 0);
}

static int second_answer;

static void
submit_for_the_same_sink(void)
{
    second_answer = job_submit(&jobs[1], lane, &mailbox);
}

/* There was room for one of them. */
static void
one_was_accepted(void)
{
    struct job *one = answer == 0 ? &jobs[0] : &jobs[1];

    require(answer == 0 ? second_answer == -EAGAIN
                        : answer == -EAGAIN && second_answer == 0);
    require(strait_group_cancel(&group) == (answer == 0));
    stay_leave(&stay);
    await_done(one);
    check_once(one);
    require(one->status == (answer == 0 ? -ECANCELED : 0));
    require_count(jobs[0].n_done + jobs[1].n_done, 1);
    require(stay.n_done == 1);
    require(await_parked());
    require_count(lane_stats(lane)->n_submitted, 2);
    require_count(lane_stats(lane)->n_rejected, 1);
    end_pool();
}

/* ------------------------------ the helper is stopped: wishes, lanes, waits */

static strait_drain_t wish;
static int n_called;
static int called_with;

static void
called(strait_drain_t *which, int status, void *arg)
{
    (void)which;
    (void)arg;
    n_called++;
    called_with = status;
}

static void
full_lane(void)
{
    int i;

    make_pool(1, plain_lane);
    require(stay_enter(&stay, others, &mailbox));
    for (i = 0; i < 4; i++)
        submit(&jobs[i]);
    n_called = 0;
    strait_drain_init(&wish, called, NULL);
}

static void
make_wish(void)
{
    answer = strait_lane_on_drain(lane, &wish, &mailbox.sink);
}

static void
empty_lane(void)
{
    stay_leave(&stay);
    require(await(strait_lane_queued(lane) == 0));
    require(await_parked());
}

static void
remove_from_lane(void)
{
    int i;

    for (i = 0; i < 4; i++)
        require(strait_work_cancel(&jobs[i].work) == 0);
}

static void
wish_is_fulfilled(void)
{
    stay_leave(&stay);
    require(await((drain(), n_called != 0 && stay.n_done != 0)));
    require(await_parked());
    drain();
    require(answer == 0);
    require_count(n_called, 1);
    require(called_with == 0);
    end_pool();
}

static void
wish_is_answered(void)
{
    stay_leave(&stay);
    require(await((drain(), stay.n_done != 0)));
    require(strait_pool_shutdown(
                pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL) == 0);
    drain();
    require(answer == 0 || answer == -ESHUTDOWN);
    require_count(n_called, answer == 0);
    require(answer != 0 || called_with == -ESHUTDOWN);
    end_pool();
}

static strait_lane_t *late_lane;

static void
add_lane(void)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;

    answer = strait_lane_create(&late_lane, pool, &config);
}

static void
add_blocking_lane(void)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;

    config.lane_class = STRAIT_LANE_BLOCKING;
    config.min_threads = 1;
    answer = strait_lane_create(&late_lane, pool, &config);
}

static void
lane_was_added_or_not(void)
{
    require(answer == 0 || answer == -ESHUTDOWN);
    if (answer == 0)
        require(job_submit(&jobs[0], late_lane, &mailbox) == -ESHUTDOWN);
    require(strait_pool_shutdown(
                pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL) == 0);
    end_pool();
}

static void
held_future(void)
{
    make_pool(1, plain_lane);
    require(stay_enter(&stay, lane, &mailbox));
    future = malloc(sizeof *future);
    require(future != NULL);
    strait_future_init(future, job_run, &jobs[0]);
    require(strait_future_submit(lane, future) == 0);
}

static void
wait_for_it(void)
{
    answer = strait_future_wait(future, UINT64_MAX);
}

static void
let_it_happen(void)
{
    stay_leave(&stay);
    require(await(strait_lane_queued(lane) == 0));
    require(await_parked());
}

static void
cancel_future(void)
{
    require(strait_work_cancel(strait_future_work(future)) == 0);
}

static void
waiter_is_back(void)
{
    stay_leave(&stay);
    require(answer == 0 || answer == -ECANCELED);
    require_count(jobs[0].n_run, answer == 0);
    free(future);
    require(await((drain(), stay.n_done != 0)));
    end_pool();
}

/* ---------------------------------------------------------------- all of it */

static const struct scenario {
    const char *name;
    int stopped;
    void (*prepare)(void);
    void (*one)(void);   /* by the helper; or sets the pool going */
    void (*other)(void); /* while it is stopped */
    void (*judge)(void); /* when it goes on again */
    unsigned n_least;    /* operations that it must have been stopped at */
    unsigned n_late;     /* cancels that must have come late, but in time */
} scenarios[] = {
    { "run-cancel", POOL, one_item, submit_first, cancel_first, first_is_over,
        10, 1 },
    { "run-group", POOL, one_item, submit_member, cancel_group, member_is_over,
        10, 1 },
    { "run-shutdown", POOL, one_item, submit_first, shut_down_now,
        first_is_over_and_the_pool, 10, 0 },
    { "park-submit", POOL, one_item, submit_first, submit_second, both_are_over,
        20, 0 },
    { "run-give-up", POOL, plain_request, submit_request, give_up_and_leave,
        request_is_over, 10, 0 },
    { "report-give-up", POOL, reporting_request, submit_request,
        give_up_and_leave, request_is_over, 16, 0 },
    { "run-future", POOL, one_future, submit_future, wait_a_little,
        future_is_over, 10, 0 },
    { "idle-submit", POOL, elastic_lane, nothing, submit_second, second_is_over,
        8, 0 },
    { "idle-submit-no-threads", POOL, elastic_lane, nothing,
        submit_without_threads, second_is_over, 8, 0 },
    { "idle-submit-two", POOL, elastic_lane, nothing, submit_long_and_short,
        short_one_is_over, 8, 0 },
    { "limit-left", POOL, limited_lane, leave_limit, submit_long_one,
        limit_is_left, 10, 0 },
    { "cancel-run", HELPER, queued_behind_stay, cancel_first, go_round,
        all_went_round, 6, 0 },
    { "group-run", HELPER, queued_behind_stay, cancel_group, go_round,
        all_went_round, 6, 0 },
    { "cancel-run-ordered", HELPER, queued_in_order, cancel_first, go_on,
        all_came_in_order, 6, 0 },
    { "group-run-ordered", HELPER, queued_in_order, cancel_group, go_on,
        all_came_in_order, 6, 0 },
    { "cancel-cancel", HELPER, queued_behind_stay, cancel_first, two_removers,
        removed_once, 6, 0 },
    { "group-cancel", HELPER, queued_behind_stay, cancel_group, two_removers,
        removed_once, 6, 0 },
    { "give-up-return", HELPER, running_request, give_up, return_from_request,
        lost_is_over, 6, 0 },
    { "submit-group", HELPER, held_worker, try_to_submit, cancel_group_quietly,
        nothing_has_run, 8, 0 },
    { "submit-close", HELPER, held_worker, try_to_submit, end_of_the_pool,
        accepted_or_refused, 8, 0 },
    { "submit-close-blocking", HELPER, elastic_lane_asleep, try_to_submit,
        end_of_the_pool, accepted_or_refused, 8, 0 },
    { "submit-submit", HELPER, ordered_lane, try_to_submit,
        submit_for_the_same_sink, one_was_accepted, 8, 0 },
    { "wish-run", HELPER, full_lane, make_wish, empty_lane, wish_is_fulfilled,
        4, 0 },
    { "wish-cancel", HELPER, full_lane, make_wish, remove_from_lane,
        wish_is_fulfilled, 4, 0 },
    { "wish-close", HELPER, full_lane, make_wish, end_of_the_pool,
        wish_is_answered, 4, 0 },
    { "lane-close", HELPER, one_item, add_lane, end_of_the_pool,
        lane_was_added_or_not, 6, 0 },
    { "lane-close-blocking", HELPER, one_item, add_blocking_lane,
        end_of_the_pool, lane_was_added_or_not, 6, 0 },
    { "wait-run", HELPER, held_future, wait_for_it, let_it_happen,
        waiter_is_back, 2, 0 },
    { "wait-cancel", HELPER, held_future, wait_for_it, cancel_future,
        waiter_is_back, 2, 0 },
};

#define N_SCENARIOS (sizeof scenarios / sizeof scenarios[0])
/* Threads of the pool may look around for long before they sleep. */
#define STOPS_MAX 250

static unsigned helper_has_ended;

static void *
help(void *arg)
{
    const struct scenario *scenario = arg;

    is_helper = true;
    scenario->one();
    is_helper = false;
    __atomic_store_n(&helper_has_ended, 1, __ATOMIC_RELEASE);
    return NULL;
}

/*
 * Waits for the stop; false if there are no more operations. The pool does not
 * say when it has ended what it does: if nothing has come for a while it has,
 * but for those operations that there must be it waits longer.
 */
static bool
await_stop(const struct scenario *scenario, unsigned at)
{
    int patience = at > scenario->n_least ? 50 : 2000;

    while (sem_trywait(&stop.stopped) != 0) {
        if (--patience == 0 ||
            __atomic_load_n(&helper_has_ended, __ATOMIC_ACQUIRE) != 0)
            return sem_trywait(&stop.stopped) == 0;
        usleep(1000);
    }
    return true;
}

/* One scenario, stopped before its operation number `at`; false if it has fewer
 * of them. */
static bool
play(const struct scenario *scenario, unsigned at)
{
    pthread_t helper;
    bool stopped;

    scenario->prepare();
    helper_has_ended = 0;
    arm(scenario->stopped, at);
    if (scenario->stopped == HELPER) {
        require(__real_pthread_create(
                    &helper, NULL, help, (void *)(uintptr_t)scenario) == 0);
    } else {
        scenario->one();
    }
    stopped = await_stop(scenario, at);
    if (!stopped)
        disarm();
    scenario->other();
    disarm();
    sem_post(&stop.resume);
    if (scenario->stopped == HELPER)
        require(pthread_join(helper, NULL) == 0);
    scenario->judge();
    return stopped;
}

static void
usage(void)
{
    printf(
        "usage: stop_anywhere [--only NAME] [--plant twice|lost|touched]\n"
        "Stops one thread before each of its atomic operations, while another "
        "one acts.\n"
        "  --only NAME   one scenario\n"
        "  --plant NAME  one mistake, which must be noticed\n"
        "  --help        this\n");
}

int
main(int argc, char **argv)
{
    const char *only = NULL;
    unsigned n_played = 0;
    size_t i;

    for (i = 1; i < (size_t)argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            usage();
            return 0;
        }
        if (strcmp(argv[i], "--only") == 0 && i + 1 < (size_t)argc) {
            only = argv[++i];
        } else if (strcmp(argv[i], "--plant") == 0 && i + 1 < (size_t)argc) {
            plant = argv[++i];
        } else {
            fprintf(stderr, "stop_anywhere: unknown option '%s'\n", argv[i]);
            usage();
            return 2;
        }
    }
    seam_step_hook = step;
    for (i = 0; i < N_SCENARIOS; i++) {
        const struct scenario *scenario = &scenarios[i];
        unsigned at = 1;

        if (only != NULL && strcmp(only, scenario->name) != 0)
            continue;
        n_played++;
        n_late = 0;
        fprintf(stderr, "%s\n", scenario->name);
        while (at <= STOPS_MAX) {
            int n_tries = at > scenario->n_least ? 1 : 5;

            /* A thread that ends by itself may have been faster. */
            while (!play(scenario, at) && --n_tries > 0) {}
            if (n_tries == 0)
                break;
            at++;
        }
        fprintf(stderr, "  stopped at %u operations\n", at - 1);
        require(at > scenario->n_least);
        require(n_late >= scenario->n_late);
    }
    if (n_played == 0) {
        fprintf(stderr, "stop_anywhere: no scenario is called '%s'\n", only);
        return 2;
    }
    return 0;
}
