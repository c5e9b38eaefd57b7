/* SPDX-License-Identifier: MIT */
/*
 * stress_loop.c - threads post to a loop that keeps falling asleep, copy and
 * close references, interrupt it with signals, and race with its end. Every
 * post that was accepted is called once, in the order of its thread; no
 * descriptor stays open; a lost wake-up shows as a hang.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/timer.h>

#include "blocks.h"
#include "proc.h"
#include "stress.h"

#define POSTERS_MAX 8
#define N_POSTS_MAX 4000

struct message {
    strait_post_t post;
    struct poster *poster;
    unsigned number;
    uint64_t payload;
    STRAIT_ATOMIC(uint32_t) n_calls;
};

struct poster {
    unsigned index;
    unsigned n_posts;
    unsigned n_accepted;
    uint64_t seed;
    strait_loop_ref_t *ref;
    struct message *messages;
    /* By whoever delivers: the loop, later the threads that find it gone, one
     * at a time. */
    unsigned next;
    bool refused;
};

static struct blocks blocks = BLOCKS_INIT;
static strait_loop_t *loop;
static pthread_t loop_thread;
static struct poster posters[POSTERS_MAX];
static bool may_cancel; /* the loop ends before its users do */
static STRAIT_ATOMIC(uint32_t) n_posting;

static void
dump(void)
{
    unsigned i;

    for (i = 0; i < POSTERS_MAX; i++)
        fprintf(stderr, "  poster %u: %u accepted, %u called\n", i,
            posters[i].n_accepted, posters[i].next);
}

static void
called(strait_post_t *post, int status, void *arg)
{
    struct message *message = arg;
    struct poster *poster = message->poster;

    (void)post;
    stress_require(status == 0 || (status == -ECANCELED && may_cancel),
        "status %d", status);
    stress_require(status != 0 || pthread_equal(pthread_self(), loop_thread),
        "called on another thread");
    stress_require(message->number == poster->next,
        "poster %u: %u where %u was due", poster->index, message->number,
        poster->next);
    stress_require(message->payload == rng_mix(message->number),
        "poster %u: %u carries something else", poster->index, message->number);
    poster->next++;
    strait_add_rlx(&message->n_calls, 1);
    if (message->number % 256 == 0)
        stress_progress();
}

static void *
post_all(void *arg)
{
    struct poster *self = arg;
    struct rng rng = rng_make(self->seed, self->index + 1);
    unsigned i;

    for (i = 0; i < self->n_posts; i++) {
        struct message *message = &self->messages[i];
        int err;

        message->poster = self;
        message->number = i;
        message->payload = rng_mix(i);
        strait_post_init(&message->post, called, message);
        if (rng_one_in(&rng, 16)) {
            /* A copy takes the place of the reference. */
            strait_loop_ref_t *copy = strait_loop_ref_dup(self->ref);

            strait_loop_ref_close(self->ref);
            self->ref = copy;
        }
        err = strait_loop_post(self->ref, &message->post);
        if (err == -ESHUTDOWN) {
            self->refused = true;
            break;
        }
        stress_require(err == 0, "post: %d", err);
        self->n_accepted++;
        if (rng_one_in(&rng, 32))
            usleep((useconds_t)rng_below(&rng, 300));
        if (rng_one_in(&rng, 512))
            pthread_kill(loop_thread, SIGUSR1);
    }
    strait_add_acq_rel(&n_posting, (uint32_t)-1);
    strait_loop_ref_close(self->ref);
    stress_progress();
    return NULL;
}

static void
tick(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (*(unsigned *)arg)++;
    stress_progress();
    /* The timer must not keep the loop going. */
    if (strait_load_acquire(&n_posting) == 0)
        stress_require(strait_timer_stop(loop, timer) == 0, "stop");
}

static void
round_of(unsigned n_posters, unsigned n_posts, bool early, struct rng *rng)
{
    strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;
    pthread_t threads[POSTERS_MAX];
    strait_timer_t timer;
    unsigned n_ticks = 0;
    unsigned i;
    unsigned k;
    int err;

    stress_phase("%u posters, %u posts each%s", n_posters, n_posts,
        early ? ", the loop ends early" : "");
    may_cancel = early;
    config.allocator = blocks_allocator(&blocks);
    err = strait_loop_create(&loop, &config);
    stress_require(err == 0, "create: %d", err);
    strait_timer_init(&timer, tick, &n_ticks);
    strait_store_rlx(&n_posting, n_posters);
    memset(posters, 0, sizeof posters);
    for (i = 0; i < n_posters; i++) {
        posters[i].index = i;
        posters[i].n_posts = n_posts;
        posters[i].seed = rng_next(rng);
        posters[i].messages = calloc(n_posts, sizeof(struct message));
        stress_require(posters[i].messages != NULL, "no memory");
        err = strait_loop_ref_open(loop, &posters[i].ref);
        stress_require(err == 0, "ref: %d", err);
    }
    if (rng_one_in(rng, 2)) {
        err = strait_timer_start(
            loop, &timer, strait_now_ns(), 1 + rng_below(rng, 500000));
        stress_require(err == 0, "start: %d", err);
    }
    stress_start(threads, n_posters, post_all, posters, sizeof posters[0]);
    if (early) {
        for (i = (unsigned)rng_below(rng, 20); i > 0; i--)
            (void)strait_loop_run(loop, STRAIT_RUN_ONCE);
    } else {
        err = strait_loop_run(loop, STRAIT_RUN_DEFAULT);
        stress_require(err == 0, "run: %d", err);
    }
    err = strait_loop_destroy(loop);
    stress_require(err == 0, "destroy: %d", err);
    stress_join(threads, n_posters);
    for (i = 0; i < n_posters; i++) {
        struct poster *poster = &posters[i];

        stress_require(poster->next == poster->n_accepted,
            "poster %u: %u accepted, %u called", i, poster->n_accepted,
            poster->next);
        stress_require(
            early || poster->n_accepted == n_posts, "poster %u was refused", i);
        for (k = 0; k < n_posts; k++)
            stress_require(strait_load_rlx(&poster->messages[k].n_calls) ==
                    (k < poster->n_accepted),
                "poster %u: %u of %u", i, k, poster->n_accepted);
        free(poster->messages);
    }
    stress_require(
        blocks_complaint(&blocks) == NULL, "%s", blocks_complaint(&blocks));
}

/* References that threads open no more, only close: the last one ends the
 * run. */
static void *
close_soon(void *arg)
{
    struct poster *self = arg;
    struct rng rng = rng_make(self->seed, self->index + 50);

    if (rng_one_in(&rng, 2))
        usleep((useconds_t)rng_below(&rng, 200));
    strait_loop_ref_close(self->ref);
    return NULL;
}

static void
last_reference(unsigned n_holders, struct rng *rng)
{
    pthread_t threads[POSTERS_MAX];
    unsigned i;
    int err;

    stress_phase("%u holders let go", n_holders);
    err = strait_loop_create(&loop, NULL);
    stress_require(err == 0, "create: %d", err);
    for (i = 0; i < n_holders; i++) {
        posters[i].index = i;
        posters[i].seed = rng_next(rng);
        err = strait_loop_ref_open(loop, &posters[i].ref);
        stress_require(err == 0, "ref: %d", err);
    }
    stress_start(threads, n_holders, close_soon, posters, sizeof posters[0]);
    err = strait_loop_run(loop, STRAIT_RUN_DEFAULT);
    stress_require(err == 0, "run: %d", err);
    err = strait_loop_destroy(loop);
    stress_require(err == 0, "destroy: %d", err);
    stress_join(threads, n_holders);
}

static void
interrupted(int number)
{
    (void)number;
}

int
main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = interrupted };
    unsigned fds;

    stress_begin(argc, argv, "stress_loop",
        "Threads post to a loop that sleeps, is interrupted, and ends.");
    stress.dump = dump;
    sigaction(SIGUSR1, &action, NULL);
    loop_thread = pthread_self();
    fds = proc_n_fds();
    while (stress_goes_on()) {
        struct rng *rng = &stress.rng;
        unsigned n_posters = 1 + (unsigned)rng_below(rng, POSTERS_MAX);
        unsigned n_posts = 1 +
            (unsigned)rng_below(rng, stress_scaled(N_POSTS_MAX));
        unsigned i;

        round_of(n_posters, n_posts, rng_one_in(rng, 2), rng);
        for (i = 0; i < 5; i++)
            last_reference(1 + (unsigned)rng_below(rng, POSTERS_MAX), rng);
        stress_require(proc_n_fds() == fds, "%u descriptors, %u before",
            proc_n_fds(), fds);
    }
    return stress_end();
}
