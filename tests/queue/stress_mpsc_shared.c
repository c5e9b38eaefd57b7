/* SPDX-License-Identifier: MIT */
/*
 * stress_mpsc_shared.c - producers that come and go at an mpsc queue whose
 * consumer closes in the middle. Queue and nodes are on the heap; whoever is
 * told to be the last frees the queue, whoever gets a node frees that. Every
 * node is popped or discarded, once; nobody is told to be the last but one.
 *
 * A producer may bring a successor, for whom it opens a reference and starts a
 * thread; it may open and release more references just so; it goes on pushing
 * after the close, or notices and stops.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <strait/mpsc_shared.h>

#include "stress.h"

#define PRODUCERS_MAX 12
#define ITEMS_MAX 20000

struct item {
    strait_mpsc_node_t node;
    unsigned producer;
    unsigned number;
    uint64_t payload;
};

struct producer {
    unsigned index;
    uint64_t seed;
    unsigned n_items; /* at most */
    unsigned n_pushed;
    unsigned n_owed;
    unsigned n_told_last;
    bool has_successor; /* its thread was started by the one before */
    pthread_t thread;
};

static struct producer producers[PRODUCERS_MAX];
static unsigned n_producers;
static strait_mpsc_shared_t *shared;
static sem_t bell;
static STRAIT_ATOMIC(uint32_t) n_discarded;
static STRAIT_ATOMIC(uint32_t) n_last;

/* Of each item, in rounds of at most ITEMS_MAX items altogether. */
static STRAIT_ATOMIC(uint32_t) n_taken[PRODUCERS_MAX][ITEMS_MAX];

/* What happened in all rounds. */
static unsigned long long n_popped_total;
static unsigned long long n_discarded_total;
static unsigned long long n_last_is_consumer;
static unsigned long long n_last_is_producer;

static uint64_t
payload_of(unsigned producer, unsigned number)
{
    return rng_mix(((uint64_t)producer << 32) | number);
}

/* An item has come out, one way or the other. */
static void
finish(strait_mpsc_node_t *node, unsigned *next)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    stress_require(item->payload == payload_of(item->producer, item->number),
        "producer %u: item %u carries something else", item->producer,
        item->number);
    stress_require(
        strait_add_rlx(&n_taken[item->producer][item->number], 1) == 0,
        "producer %u: item %u came out twice", item->producer, item->number);
    stress_require(item->number >= next[item->producer],
        "producer %u: item %u after %u", item->producer, item->number,
        next[item->producer]);
    next[item->producer] = item->number + 1;
    free(item);
}

/* Order holds across the pops and the discards; `arg` is the same array. */
static void
discard(strait_mpsc_node_t *node, void *arg)
{
    uint32_t n = strait_add_rlx(&n_discarded, 1);

#ifdef STRESS_PLANTED
    /* The planted mistake: one item in 64 is forgotten. */
    if (n % 64 == 63)
        return;
#endif
    if (n % 1024 == 0)
        stress_progress();
    finish(node, arg);
}

/* Somebody was told to be the last. */
static void
free_shared(strait_mpsc_shared_t *s)
{
    stress_require(strait_add_rlx(&n_last, 1) == 0, "two were the last");
    memset((void *)s, 0xa5, sizeof *s);
    free(s);
}

static void *produce(void *arg);

/* The next producer begins, with a reference of its own. */
static void
bring_successor(strait_mpsc_shared_t *s, struct producer *self)
{
    struct producer *successor = self + 1;
    int opened = strait_mpsc_shared_open(s);

    if (opened == -ESHUTDOWN)
        return;
    stress_require(opened == 0, "open answered %d", opened);
    self->has_successor = true;
    stress_start(&successor->thread, 1, produce, successor, sizeof *successor);
}

static void
push_some(strait_mpsc_shared_t *s, struct producer *self, struct rng *rng)
{
    unsigned n = 1 + (unsigned)rng_below(rng, 4);
    struct item *first = NULL;
    struct item *last = NULL;

    for (; n > 0 && self->n_pushed < self->n_items; n--) {
        struct item *item = malloc(sizeof *item);

        stress_require(item != NULL, "no memory");
        item->producer = self->index;
        item->number = self->n_pushed++;
        item->payload = payload_of(item->producer, item->number);
        if (first == NULL)
            first = item;
        else
            strait_mpsc_link(&last->node, &item->node);
        last = item;
    }
    if (strait_mpsc_push_chain(&s->queue, &first->node, &last->node)) {
        self->n_owed++;
        sem_post(&bell);
    }
}

static void *
produce(void *arg)
{
    struct producer *self = arg;
    strait_mpsc_shared_t *s = shared;
    struct rng rng = rng_make(self->seed, self->index + 1);
    bool stops = rng_one_in(&rng, 2);
    unsigned brings_at = (unsigned)rng_below(&rng, self->n_items);
    int released;

    while (self->n_pushed < self->n_items) {
        if (self->index + 1 < n_producers && !self->has_successor &&
            self->n_pushed >= brings_at)
            bring_successor(s, self);
        if (stops && strait_mpsc_shared_is_closed(s))
            break;
        if (rng_one_in(&rng, 8) && strait_mpsc_shared_open(s) == 0)
            stress_require(strait_mpsc_shared_release(s) == 0,
                "the last, with another reference in hand");
        push_some(s, self, &rng);
        stress_jitter(&rng);
        if (self->n_pushed % 1024 < 4)
            stress_progress();
    }
    released = strait_mpsc_shared_release(s);
    if (released == 1)
        free_shared(s);
    else
        stress_require(released == 0, "release answered %d", released);
    self->n_told_last = released == 1;
    return NULL;
}

/* Pops until it is time to go, sleeping when there is nothing; answers how many
 * armings the producers have taken out. */
static unsigned
consume(
    unsigned n_before_close, unsigned *next, struct rng *rng, unsigned *ret_n)
{
    unsigned n_slept = 0;
    unsigned n = 0;

    while (n < n_before_close) {
        strait_mpsc_node_t *node;
        int answer = strait_mpsc_pop(&shared->queue, &node);

        if (answer == STRAIT_MPSC_ITEM) {
            finish(node, next);
            n++;
            if (n % 1024 == 0)
                stress_progress();
        } else if (answer == STRAIT_MPSC_PENDING) {
            sched_yield();
        } else if (strait_mpsc_arm(&shared->queue)) {
            struct timespec until;

            /* All producers may have gone: a sleep with an end. */
            clock_gettime(CLOCK_REALTIME, &until);
            until.tv_nsec += 300000;
            until.tv_sec += until.tv_nsec / 1000000000;
            until.tv_nsec %= 1000000000;
            if (sem_timedwait(&bell, &until) != 0) {
                if (strait_mpsc_disarm(&shared->queue)) {
                    if (rng_one_in(rng, 3))
                        break;
                    continue;
                }
                while (sem_wait(&bell) != 0) {}
            }
            n_slept++;
            stress_progress();
        }
    }
    *ret_n = n;
    return n_slept;
}

/* Checks the books of a round; answers how many items were pushed. */
static unsigned
check_round(void)
{
    unsigned n_pushed = 0;
    unsigned i;

    for (i = 0; i < n_producers; i++) {
        unsigned k;

        for (k = 0; k < producers[i].n_pushed; k++)
            stress_require(strait_load_rlx(&n_taken[i][k]) == 1,
                "producer %u: item %u of %u was neither popped nor discarded",
                i, k, producers[i].n_pushed);
        n_pushed += producers[i].n_pushed;
    }
    return n_pushed;
}

static void
round_of(unsigned n_before_close, unsigned n_items, struct rng *rng)
{
    unsigned next[PRODUCERS_MAX] = { 0 };
    unsigned n_first;
    unsigned n_owed = 0;
    unsigned n_popped;
    unsigned n_pushed;
    unsigned n_slept;
    unsigned n_told = 0;
    unsigned i;
    int closed;
    int left;

    n_producers = 1 + (unsigned)rng_below(rng, PRODUCERS_MAX);
    n_first = 1 + (unsigned)rng_below(rng, n_producers);
    stress_phase("%u producers, %u of them at first, at most %u items each, "
                 "closed after %u",
        n_producers, n_first, n_items, n_before_close);
    shared = malloc(sizeof *shared);
    stress_require(shared != NULL, "no memory");
    stress_require(strait_mpsc_shared_init(shared, discard, next) == 0, "init");
    sem_init(&bell, 0, 0);
    strait_store_rlx(&n_discarded, 0);
    strait_store_rlx(&n_last, 0);
    memset(producers, 0, sizeof producers);
    for (i = 0; i < n_producers; i++) {
        unsigned k;

        producers[i].index = i;
        producers[i].seed = rng_next(rng);
        producers[i].n_items = n_items;
        /* All but one of the first have a successor already. */
        producers[i].has_successor = i + 1 < n_first;
        for (k = 0; k < n_items; k++)
            strait_store_rlx(&n_taken[i][k], 0);
    }
    for (i = 0; i < n_first; i++) {
        stress_require(strait_mpsc_shared_open(shared) == 0, "open");
        stress_start(&producers[i].thread, 1, produce, &producers[i],
            sizeof producers[i]);
    }
    n_slept = consume(n_before_close, next, rng, &n_popped);
    closed = strait_mpsc_shared_close(shared);
    if (closed == 1)
        free_shared(shared);
    else
        stress_require(closed == 0, "close answered %d", closed);
    /* Successors are joined by the one that knows of them: this loop. */
    for (i = 0; i < n_producers; i++) {
        pthread_join(producers[i].thread, NULL);
        n_owed += producers[i].n_owed;
        n_told += producers[i].n_told_last;
        if (i + 1 >= n_first && !producers[i].has_successor)
            break;
    }
    n_pushed = check_round();
    stress_require(
        n_told + (closed == 1) == 1, "%u producers were the last", n_told);
    stress_require(n_popped + strait_load_rlx(&n_discarded) == n_pushed,
        "%u popped, %u discarded, %u pushed", n_popped,
        strait_load_rlx(&n_discarded), n_pushed);
    stress_require(
        n_owed == n_slept, "%u wake-ups owed for %u armings", n_owed, n_slept);
    sem_getvalue(&bell, &left);
    stress_require(left == 0, "%d wake-ups too many", left);
    n_popped_total += n_popped;
    n_discarded_total += strait_load_rlx(&n_discarded);
    n_last_is_consumer += closed == 1;
    n_last_is_producer += n_told;
}

int
main(int argc, char **argv)
{
    stress_begin(argc, argv, "stress_mpsc_shared",
        "Producers that come and go, and a consumer that closes in the "
        "middle.");
    while (stress_goes_on()) {
        struct rng *rng = &stress.rng;
        unsigned n_items = 1 +
            (unsigned)rng_below(rng, stress_scaled(ITEMS_MAX) / 8 + 1);

        round_of((unsigned)rng_below(rng, 4 * n_items), n_items, rng);
    }
    fprintf(stderr,
        "stress_mpsc_shared: %llu popped, %llu discarded; the last was %llu "
        "times the consumer, %llu times a producer\n",
        n_popped_total, n_discarded_total, n_last_is_consumer,
        n_last_is_producer);
    return stress_end();
}
