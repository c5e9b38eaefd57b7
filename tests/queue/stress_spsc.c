/* SPDX-License-Identifier: MIT */
/*
 * stress_spsc.c - one producer and one consumer on a queue of random, mostly
 * tiny size, closed by the producer at its end. Each side mixes single pointers
 * with batches in place, cut short at random. Everything comes out once, in
 * order, with what the producer wrote; the end is seen only behind the last
 * one. Both roles move to other threads in the middle.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <semaphore.h>
#include <strait/spsc.h>

#include "stress.h"

#define CAPACITY_MAX 64
#define THREADS_MAX 3

/* One side: a baton of semaphores that its threads hand on. */
struct side {
    uint64_t next; /* number of the next item; travels with the baton */
    uint64_t n_items;
    unsigned n_threads;
    bool over;
    sem_t turn[THREADS_MAX];
};

struct runner {
    struct side *side;
    unsigned index;
    uint64_t seed;
};

static strait_spsc_t queue;
static void *slots[CAPACITY_MAX];
static uint64_t *payloads; /* one for each item; written by the producer */
static struct side producing;
static struct side consuming;

static void
dump(void)
{
    fprintf(stderr, "  produced %llu, consumed %llu of %llu; length %zu\n",
        (unsigned long long)producing.next, (unsigned long long)consuming.next,
        (unsigned long long)producing.n_items, strait_spsc_length(&queue));
}

static void *
make_item(uint64_t number)
{
    payloads[number] = rng_mix(number ^ stress.seed);
    return &payloads[number];
}

static void
check_item(const void *value)
{
    uint64_t number = consuming.next++;
    const uint64_t *payload = value;

    stress_require(payload == &payloads[number], "item %lld where %llu was due",
        (long long)(payload - payloads), (unsigned long long)number);
    stress_require(*payload == rng_mix(number ^ stress.seed),
        "item %llu carries something else", (unsigned long long)number);
    payloads[number] = 0; /* it is the consumer's now */
}

/* One step; false if there was no room. */
static bool
produce(struct rng *rng)
{
    size_t n = 1 + rng_below(rng, 20);
    size_t at;
    size_t got;
    size_t i;

    if (rng_one_in(rng, 2)) {
        int answer = strait_spsc_push(&queue, make_item(producing.next));

        producing.next += answer == STRAIT_SPSC_DONE;
        stress_require(answer != STRAIT_SPSC_CLOSED, "closed too early");
        return answer == STRAIT_SPSC_DONE;
    }
    if (n > producing.n_items - producing.next)
        n = (size_t)(producing.n_items - producing.next);
    got = strait_spsc_reserve(&queue, n, &at);
    stress_require(got <= n, "%zu places where %zu were asked for", got, n);
    if (got == 0)
        return false;
    n = rng_below(rng, got + 1);
    for (i = 0; i < n; i++)
        slots[at + i] = make_item(producing.next++);
    strait_spsc_commit(&queue, n);
    return true;
}

/* One step; false if there was nothing. */
static bool
consume(struct rng *rng)
{
    size_t n = 1 + rng_below(rng, 20);
    void *value;
    size_t at;
    size_t got;
    size_t i;

    if (rng_one_in(rng, 2)) {
        int answer = strait_spsc_pop(&queue, &value);

        if (answer == STRAIT_SPSC_DONE)
            check_item(value);
        consuming.over = answer == STRAIT_SPSC_CLOSED;
        return answer == STRAIT_SPSC_DONE;
    }
    got = strait_spsc_peek(&queue, n, &at);
    stress_require(got <= n, "%zu places where %zu were asked for", got, n);
    if (got == 0) {
        consuming.over = strait_spsc_is_ended(&queue);
        return false;
    }
    n = rng_below(rng, got + 1);
#ifdef STRESS_PLANTED
    /* The planted mistake: places are given back before they are read. */
    strait_spsc_release(&queue, n);
    sched_yield();
#endif
    for (i = 0; i < n; i++)
        check_item(slots[at + i]);
#ifndef STRESS_PLANTED
    strait_spsc_release(&queue, n);
#endif
    return true;
}

/* A thread of one side: works while it has the baton, until the side is over.
 * The last one to get it hands it round, so that all others end too. */
static void *
run(void *arg)
{
    struct runner *self = arg;
    struct side *side = self->side;
    struct rng rng = rng_make(
        self->seed, self->index + (side == &consuming ? 100 : 0));

    for (;;) {
        uint64_t n_steps = 1 + rng_below(&rng, 4000);
        bool over;

        while (sem_wait(&side->turn[self->index]) != 0) {}
        while (!side->over && n_steps-- > 0) {
            if (side == &producing ? !produce(&rng) : !consume(&rng))
                sched_yield();
            if (side == &producing && side->next == side->n_items) {
                stress_require(strait_spsc_close(&queue), "closed already");
                side->over = true;
            }
            stress_jitter(&rng);
            if (n_steps % 1024 == 0)
                stress_progress();
        }
        /* After the post all this is another's. */
        over = side->over;
        sem_post(&side->turn[(self->index + 1) % side->n_threads]);
        if (over)
            return NULL;
    }
}

static void
side_init(struct side *side, uint64_t n_items, unsigned n_threads)
{
    unsigned i;

    memset(side, 0, sizeof *side);
    side->n_items = n_items;
    side->n_threads = n_threads;
    for (i = 0; i < n_threads; i++)
        sem_init(&side->turn[i], 0, i == 0);
}

static void
start_side(struct side *side, struct runner *runners, pthread_t *threads,
    struct rng *rng)
{
    unsigned i;

    for (i = 0; i < side->n_threads; i++) {
        runners[i].side = side;
        runners[i].index = i;
        runners[i].seed = rng_next(rng);
    }
    stress_start(threads, side->n_threads, run, runners, sizeof runners[0]);
}

static void
round_of(uint64_t n_items, size_t capacity, unsigned n_producers,
    unsigned n_consumers, struct rng *rng)
{
    struct runner runners[2 * THREADS_MAX] = { { .index = 0 } };
    pthread_t threads[2 * THREADS_MAX];
    void *value;

    stress_phase("%llu items, capacity %zu, %u threads take turns to produce, "
                 "%u to consume",
        (unsigned long long)n_items, capacity, n_producers, n_consumers);
    stress_require(strait_spsc_init(&queue, slots, capacity) == 0, "init");
    payloads = calloc((size_t)n_items + 1, sizeof payloads[0]);
    stress_require(payloads != NULL, "no memory");
    side_init(&producing, n_items, n_producers);
    side_init(&consuming, n_items, n_consumers);
    start_side(&consuming, runners, threads, rng);
    start_side(&producing, runners + n_consumers, threads + n_consumers, rng);
    stress_join(threads, n_consumers + n_producers);
    stress_require(consuming.next == n_items, "%llu came out",
        (unsigned long long)consuming.next);
    stress_require(strait_spsc_is_ended(&queue), "not ended");
    stress_require(
        strait_spsc_pop(&queue, &value) == STRAIT_SPSC_CLOSED, "not closed");
    stress_require(
        strait_spsc_push(&queue, NULL) == STRAIT_SPSC_CLOSED, "not closed");
    free(payloads);
}

int
main(int argc, char **argv)
{
    stress_begin(argc, argv, "stress_spsc",
        "One producer and one consumer on a small queue; both roles move from "
        "thread to thread.");
    stress.dump = dump;
    while (stress_goes_on()) {
        struct rng *rng = &stress.rng;
        uint64_t n_items = 1 + rng_below(rng, stress_scaled(100000));

        round_of(n_items, (size_t)2 << rng_below(rng, 6),
            1 + (unsigned)rng_below(rng, THREADS_MAX),
            1 + (unsigned)rng_below(rng, THREADS_MAX), rng);
    }
    return stress_end();
}
