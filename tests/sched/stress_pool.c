/* SPDX-License-Identifier: MIT */
/*
 * stress_pool.c - submitters times workers times lanes, with tiny lanes, idle
 * moments in which workers park, lanes added on the way, work submitted by
 * workers, and a close at a random moment. Every accepted item runs once and is
 * done once; a lost wake-up shows as a hang.
 */
#define _GNU_SOURCE
#include <strait/pool.h>

#include "mailbox.h"
#include "stress.h"

#define SUBMITTERS_MAX 8
#define WINDOW 32

struct item {
    strait_work_t work;
    struct submitter *submitter;
    uint64_t payload; /* written before submit, changed by run */
    unsigned n_run;   /* since the last submit */
    bool spreads;     /* its run submits another item */
};

struct submitter {
    unsigned index;
    unsigned n_items; /* how many to submit */
    uint64_t seed;
    struct mailbox mailbox;
    struct item items[WINDOW];
    unsigned idle[WINDOW]; /* numbers of items that are ours */
    unsigned n_idle;
    unsigned n_accepted;
    unsigned n_done;
    bool refused;                       /* the pool was closed */
    strait_work_t extra;                /* submitted from a worker */
    STRAIT_ATOMIC(uint32_t) extra_busy; /* its own submit and run */
    STRAIT_ATOMIC(uint32_t) n_extra;
    STRAIT_ATOMIC(uint32_t) n_extra_run;
    unsigned n_extra_done;
};

static strait_pool_t *pool;
static strait_lane_t *lanes[STRAIT_POOL_LANES_MAX];
static STRAIT_ATOMIC(uint32_t) n_lanes;
static struct submitter submitters[SUBMITTERS_MAX];

static void
dump(void)
{
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;
    uint32_t i;

    if (strait_pool_stats(pool, &stats) == 0) {
        fprintf(stderr,
            "  pool: %u workers, %llu run, %llu parks, %llu wakes, "
            "%llu gap waits\n",
            stats.n_workers, (unsigned long long)stats.n_run,
            (unsigned long long)stats.n_parks,
            (unsigned long long)stats.n_wakes,
            (unsigned long long)stats.n_gap_waits);
    }
    for (i = 0; i < strait_load_acquire(&n_lanes); i++)
        fprintf(
            stderr, "  lane %u: %zu queued\n", i, strait_lane_queued(lanes[i]));
}

static strait_lane_t *
random_lane(struct rng *rng)
{
    return lanes[rng_below(rng, strait_load_acquire(&n_lanes))];
}

static void
run_extra(strait_work_t *work, void *arg)
{
    struct submitter *submitter = arg;

    (void)work;
    strait_add_rlx(&submitter->n_extra_run, 1);
}

static void
extra_done(strait_work_t *work, int status, void *arg)
{
    struct submitter *submitter = arg;

    (void)work;
    stress_require(status == 0, "status %d", status);
    submitter->n_extra_done++;
    strait_store_release(&submitter->extra_busy, 0);
}

/* A worker submits: it must never wait, so one refusal is the end of it. */
static void
spread(struct submitter *submitter)
{
    uint32_t idle = 0;

    if (!strait_cas_acq_rel(&submitter->extra_busy, &idle, 1))
        return;
    strait_work_init(&submitter->extra, run_extra, extra_done, submitter);
    strait_add_rlx(&submitter->n_extra, 1);
    if (strait_work_submit(
            lanes[0], &submitter->extra, &submitter->mailbox.sink) != 0) {
        strait_add_rlx(&submitter->n_extra, (uint32_t)-1);
        strait_store_release(&submitter->extra_busy, 0);
    }
}

static void
run(strait_work_t *work, void *arg)
{
    struct item *item = arg;

    (void)work;
    stress_require(item->n_run == 0, "it ran before");
    item->n_run++;
    item->payload = rng_mix(item->payload);
    if (item->spreads)
        spread(item->submitter);
    if (item->payload % 512 == 0)
        stress_progress();
}

static void
done(strait_work_t *work, int status, void *arg)
{
    struct item *item = arg;
    struct submitter *submitter = item->submitter;
    unsigned number = (unsigned)(item - submitter->items);

    (void)work;
    stress_require(status == 0, "status %d", status);
    stress_require(item->n_run == 1, "done after %u runs", item->n_run);
    stress_require(
        item->payload == rng_mix(number), "what run wrote is not there");
    submitter->idle[submitter->n_idle++] = number;
    submitter->n_done++;
}

/* Waits until no more than `n` items are out. */
static void
collect(struct submitter *self, unsigned n)
{
    while (WINDOW - self->n_idle > n) {
        stress_require(mailbox_take(&self->mailbox, 1),
            "submitter %u: %u items never came back", self->index,
            WINDOW - self->n_idle);
    }
}

static void *
submit(void *arg)
{
    struct submitter *self = arg;
    struct rng rng = rng_make(self->seed, self->index + 1);

    while (self->n_accepted < self->n_items && !self->refused) {
        unsigned number;
        struct item *item;
        int err;

        if (self->n_idle == 0)
            collect(self, WINDOW - 1);
        number = self->idle[self->n_idle - 1];
        item = &self->items[number];
        item->payload = number;
        item->n_run = 0;
        item->spreads = rng_one_in(&rng, 16);
        err = strait_work_submit(
            random_lane(&rng), &item->work, &self->mailbox.sink);
        if (err == 0) {
            self->n_idle--;
            self->n_accepted++;
        } else if (err == -ESHUTDOWN) {
            self->refused = true;
        } else {
            stress_require(err == -EAGAIN, "submit: %d", err);
            if (self->n_idle < WINDOW)
                collect(self, WINDOW - self->n_idle - 1);
            else
                sched_yield();
        }
        if (rng_one_in(&rng, 64)) {
            /* A quiet moment: everybody goes to sleep. */
            collect(self, 0);
            usleep((useconds_t)rng_below(&rng, 300));
        }
        stress_jitter(&rng);
        if (self->n_accepted % 256 == 0)
            stress_progress();
    }
    collect(self, 0);
    stress_progress();
    return NULL;
}

static void
add_lane(struct rng *rng)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    uint32_t n = strait_load_rlx(&n_lanes);
    int err;

    if (n == STRAIT_POOL_LANES_MAX)
        return;
    config.max_queued = 2u << rng_below(rng, 6);
    err = strait_lane_create(&lanes[n], pool, &config);
    if (err == -ESHUTDOWN)
        return;
    stress_require(err == 0, "lane: %d", err);
    strait_store_release(&n_lanes, n + 1);
}

static void
prepare(struct submitter *submitter, unsigned index, unsigned n_items,
    struct rng *rng)
{
    unsigned i;

    memset(submitter, 0, sizeof *submitter);
    submitter->index = index;
    submitter->n_items = n_items;
    submitter->seed = rng_next(rng);
    mailbox_init(&submitter->mailbox);
    for (i = 0; i < WINDOW; i++) {
        struct item *item = &submitter->items[i];

        item->submitter = submitter;
        strait_work_init(&item->work, run, done, item);
        submitter->idle[submitter->n_idle++] = i;
    }
}

static void
round_of(unsigned n_workers, unsigned n_submitters, unsigned n_items,
    bool early, struct rng *rng)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_pool_stats_t stats = STRAIT_POOL_STATS_INIT;
    pthread_t threads[SUBMITTERS_MAX];
    uint64_t n_run = 0;
    unsigned i;
    int err;

    stress_phase("%u workers, %u submitters, %u items each%s", n_workers,
        n_submitters, n_items, early ? ", closed early" : "");
    config.n_workers = n_workers;
    config.max_queued = 2u << rng_below(rng, 6);
    err = strait_pool_create(&pool, &config);
    stress_require(err == 0, "create: %d", err);
    lanes[0] = strait_pool_lane(pool);
    strait_store_rlx(&n_lanes, 1);
    for (i = 0; i < n_submitters; i++)
        prepare(&submitters[i], i, n_items, rng);
    stress_start(
        threads, n_submitters, submit, submitters, sizeof submitters[0]);
    for (i = (unsigned)rng_below(rng, 4); i > 0; i--) {
        usleep((useconds_t)rng_below(rng, 1000));
        add_lane(rng);
    }
    if (early) {
        usleep((useconds_t)rng_below(rng, 3000));
        stress_require(strait_pool_close(pool) == 0, "close");
    }
    stress_join(threads, n_submitters);
    stress_phase("the end of %u workers", n_workers);
    /* What workers have submitted is still on its way. */
    (void)strait_pool_close(pool);
    for (i = 0; i < n_submitters; i++) {
        struct submitter *submitter = &submitters[i];
        uint32_t n_extra;

        while ((n_extra = strait_load_acquire(&submitter->n_extra)) >
            submitter->n_extra_done) {
            stress_require(mailbox_take(&submitter->mailbox, 1),
                "an item of a worker never came back");
        }
        stress_require(submitter->n_done == submitter->n_accepted,
            "%u accepted, %u done", submitter->n_accepted, submitter->n_done);
        stress_require(
            submitter->refused ? early : submitter->n_done == n_items,
            "refused %d, done %u", submitter->refused, submitter->n_done);
        stress_require(strait_load_acquire(&submitter->n_extra_run) == n_extra,
            "items of workers: %u accepted, %u run", n_extra,
            strait_load_acquire(&submitter->n_extra_run));
        n_run += submitter->n_done + n_extra;
    }
    stress_require(strait_pool_stats(pool, &stats) == 0, "stats");
    stress_require(stats.n_run == n_run, "%llu run, %llu counted",
        (unsigned long long)n_run, (unsigned long long)stats.n_run);
    err = strait_pool_destroy(pool);
    stress_require(err == 0, "destroy: %d", err);
}

/* A pool that is given a lane, work for it, and its end, all at once. */
static void
short_life(struct rng *rng)
{
    struct submitter *submitter = &submitters[0];
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    struct item *item = &submitter->items[WINDOW - 1];
    int err;

    stress_phase("a short life");
    config.n_workers = 1 + (uint32_t)rng_below(rng, 3);
    prepare(submitter, 0, 1, rng);
    err = strait_pool_create(&pool, &config);
    stress_require(err == 0, "create: %d", err);
    strait_store_rlx(&n_lanes, 0);
    if (rng_one_in(rng, 2))
        usleep((useconds_t)rng_below(rng, 100));
    add_lane(rng);
    submitter->n_idle--;
    item->payload = WINDOW - 1;
    err = strait_work_submit(lanes[0], &item->work, &submitter->mailbox.sink);
    stress_require(err == 0, "submit: %d", err);
    err = strait_pool_destroy(pool);
    stress_require(err == 0, "destroy: %d", err);
    stress_require(
        strait_sink_drain(&submitter->mailbox.sink, 10, 0, NULL) == 1,
        "the pool ended without running what it had accepted");
}

int
main(int argc, char **argv)
{
    stress_begin(argc, argv, "stress_pool",
        "Submitters times workers times lanes, closed at random moments.");
    stress.dump = dump;
    while (stress_goes_on()) {
        struct rng *rng = &stress.rng;
        unsigned n_submitters = 1 + (unsigned)rng_below(rng, SUBMITTERS_MAX);
        unsigned i;

        round_of(1 + (unsigned)rng_below(rng, 16), n_submitters,
            1 +
                (unsigned)rng_below(
                    rng, stress_scaled(20000) / n_submitters + 1),
            rng_one_in(rng, 3), rng);
        for (i = 0; i < 10; i++)
            short_life(rng);
    }
    return stress_end();
}
