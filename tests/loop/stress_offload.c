/* SPDX-License-Identifier: MIT */
/*
 * stress_offload.c - end to end: several loops in threads of their own share
 * one pool, each keeps a window of jobs in flight, sleeps in between, and some
 * end while work that was sent through a reference is still under way. Every
 * job runs once and is done once, on its own loop or, if that is gone, as
 * cancelled.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <strait/timer.h>

#include "stress.h"

#define LOOPS_MAX 6
#define WINDOW_MAX 64

struct job {
    strait_work_t work;
    struct user *user;
    uint64_t payload;
    unsigned n_run;
};

struct user {
    unsigned index;
    unsigned n_jobs; /* in all */
    unsigned window; /* at a time */
    uint64_t seed;
    pthread_t self;
    strait_loop_t *loop;
    struct rng rng; /* of the loop's thread */
    struct job jobs[WINDOW_MAX];
    unsigned n_submitted;
    unsigned n_done;
    struct job *waiting[WINDOW_MAX]; /* refused by a full lane */
    unsigned n_waiting;
    strait_timer_t retry;
    /* Sent through the reference; may be done by a worker. */
    struct job late;
    STRAIT_ATOMIC(uint32_t) n_late_done;
};

static strait_pool_t *pool;
static struct user users[LOOPS_MAX];

static void
dump(void)
{
    unsigned i;

    for (i = 0; i < LOOPS_MAX; i++)
        fprintf(stderr, "  loop %u: %u of %u submitted, %u done, %u waiting\n",
            i, users[i].n_submitted, users[i].n_jobs, users[i].n_done,
            users[i].n_waiting);
    fprintf(stderr, "  lane: %zu queued\n",
        strait_lane_queued(strait_pool_lane(pool)));
}

static void
run(strait_work_t *work, void *arg)
{
    struct job *job = arg;

    (void)work;
    stress_require(job->n_run == 0, "it ran before");
    job->n_run++;
    job->payload = rng_mix(job->payload);
    if (job->payload % 64 == 0)
        usleep((useconds_t)(job->payload / 64 % 200));
}

static void
submit(struct user *user, struct job *job)
{
    int err;

    job->payload = user->n_submitted;
    job->n_run = 0;
    err = strait_loop_submit(user->loop, strait_pool_lane(pool), &job->work);
    if (err == -EAGAIN) {
        user->waiting[user->n_waiting++] = job;
        if (!strait_timer_is_active(&user->retry)) {
            err = strait_timer_start(user->loop, &user->retry,
                strait_now_ns() + 50 * STRAIT_NS_PER_US, 0);
            stress_require(err == 0, "start: %d", err);
        }
        return;
    }
    stress_require(err == 0, "submit: %d", err);
    user->n_submitted++;
}

static void
submit_waiting(strait_timer_t *timer, void *arg)
{
    struct user *user = arg;
    unsigned n = user->n_waiting;

    (void)timer;
    stress_progress();
    while (n-- > 0 && user->n_waiting > 0) {
        struct job *job = user->waiting[--user->n_waiting];

        if (user->n_submitted < user->n_jobs)
            submit(user, job);
    }
}

static void
done(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;
    struct user *user = job->user;

    (void)work;
    stress_require(status == 0, "status %d", status);
    stress_require(
        pthread_equal(pthread_self(), user->self), "done on another thread");
    stress_require(job->n_run == 1, "done after %u runs", job->n_run);
    user->n_done++;
    if (user->n_done % 256 == 0)
        stress_progress();
    if (rng_one_in(&user->rng, 256))
        usleep((useconds_t)rng_below(&user->rng, 300));
    if (user->n_submitted < user->n_jobs)
        submit(user, job);
}

static void
late_done(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;

    (void)work;
    stress_require(status == 0 || status == -ECANCELED, "status %d", status);
    stress_require(job->n_run == 1, "done after %u runs", job->n_run);
    stress_require(
        status != 0 || pthread_equal(pthread_self(), job->user->self),
        "done on another thread");
    strait_add_release(&job->user->n_late_done, 1);
}

static void *
use(void *arg)
{
    struct user *user = arg;
    strait_loop_ref_t *ref;
    bool late = false;
    unsigned i;
    int err;

    user->self = pthread_self();
    user->rng = rng_make(user->seed, user->index + 1);
    err = strait_loop_create(&user->loop, NULL);
    stress_require(err == 0, "create: %d", err);
    strait_timer_init(&user->retry, submit_waiting, user);
    for (i = 0; i < user->window && user->n_submitted < user->n_jobs; i++) {
        struct job *job = &user->jobs[i];

        job->user = user;
        strait_work_init(&job->work, run, done, job);
        submit(user, job);
    }
    err = strait_loop_run(user->loop, STRAIT_RUN_DEFAULT);
    stress_require(err == 0, "run: %d", err);
    stress_require(user->n_done == user->n_jobs, "%u of %u done", user->n_done,
        user->n_jobs);
    /* One more through a reference, and the end before or after it is done. */
    err = strait_loop_ref_open(user->loop, &ref);
    stress_require(err == 0, "ref: %d", err);
    user->late.user = user;
    strait_work_init(&user->late.work, run, late_done, &user->late);
    err = strait_work_submit(
        strait_pool_lane(pool), &user->late.work, strait_loop_ref_sink(ref));
    stress_require(err == 0 || err == -EAGAIN, "submit: %d", err);
    late = err == 0;
    if (rng_one_in(&user->rng, 2))
        (void)strait_loop_run(user->loop, STRAIT_RUN_NOWAIT);
    err = strait_loop_destroy(user->loop);
    stress_require(err == 0, "destroy: %d", err);
    while (strait_load_acquire(&user->n_late_done) != late)
        usleep(50);
    strait_loop_ref_close(ref);
    stress_progress();
    return NULL;
}

static void
round_of(unsigned n_loops, unsigned n_workers, unsigned n_jobs, struct rng *rng)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;
    pthread_t threads[LOOPS_MAX];
    uint64_t n_run = 0;
    unsigned i;
    int err;

    stress_phase(
        "%u loops, %u workers, %u jobs each", n_loops, n_workers, n_jobs);
    config.n_workers = n_workers;
    config.max_queued = 2u << rng_below(rng, 8);
    err = strait_pool_create(&pool, &config);
    stress_require(err == 0, "create: %d", err);
    memset(users, 0, sizeof users);
    for (i = 0; i < n_loops; i++) {
        users[i].index = i;
        users[i].n_jobs = n_jobs;
        users[i].window = 1 + (unsigned)rng_below(rng, WINDOW_MAX);
        users[i].seed = rng_next(rng);
    }
    stress_start(threads, n_loops, use, users, sizeof users[0]);
    stress_join(threads, n_loops);
    for (i = 0; i < n_loops; i++) {
        n_run += users[i].n_done + strait_load_acquire(&users[i].n_late_done);
    }
    stress_require(strait_pool_stats(pool, &stats) == 0, "stats");
    stress_require(stats.n_run == n_run, "%llu run, %llu counted",
        (unsigned long long)n_run, (unsigned long long)stats.n_run);
    stress_phase("the end of %u workers", n_workers);
    err = strait_pool_destroy(pool);
    stress_require(err == 0, "destroy: %d", err);
}

int
main(int argc, char **argv)
{
    stress_begin(argc, argv, "stress_offload",
        "Loops in several threads hand work to one pool and get it back.");
    stress.dump = dump;
    while (stress_goes_on()) {
        struct rng *rng = &stress.rng;
        unsigned n_loops = 1 + (unsigned)rng_below(rng, LOOPS_MAX);

        round_of(n_loops, 1 + (unsigned)rng_below(rng, 8),
            1 + (unsigned)rng_below(rng, stress_scaled(20000) / n_loops + 1),
            rng);
    }
    return stress_end();
}
