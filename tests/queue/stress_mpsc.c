/* SPDX-License-Identifier: MIT */
/*
 * stress_mpsc.c - many producers against one consumer that sleeps when there is
 * nothing. In half of the rounds a thread in between takes chains out of one
 * queue and pushes them, as they are, on the next. Every node comes out once,
 * in the order of its producer, with what the producer wrote; every arming that
 * a push takes out is one wake-up.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <semaphore.h>
#include <strait/mpsc.h>

#include "stress.h"

#define PRODUCERS_MAX 16

struct item {
    strait_mpsc_node_t node;
    unsigned producer;
    unsigned number;
    uint64_t payload;
};

struct producer {
    unsigned index;
    unsigned n_items;
    unsigned n_owed; /* pushes that answered true */
    uint64_t seed;
    struct item *items;
};

/* A queue, and what its consumer sleeps on. */
struct inbox {
    strait_mpsc_t queue;
    sem_t bell;
};

struct relay {
    unsigned n_items; /* to pass on */
    unsigned n_owed;  /* pushes into inboxes[0] that answered true */
    unsigned n_slept; /* armings of inboxes[1] that were taken out */
    uint64_t seed;
};

static struct inbox inboxes[2]; /* where they come out, and before the relay */
static struct inbox *entrance;  /* where producers push */
static struct producer producers[PRODUCERS_MAX];
static unsigned n_taken_total;

static void
dump(void)
{
    int i;

    fprintf(stderr, "  taken %u\n", n_taken_total);
    for (i = 0; i < 2; i++)
        fprintf(stderr, "  queue %d: %s\n", i,
            strait_mpsc_is_empty(&inboxes[i].queue) ? "empty" : "not empty");
}

/* Pushes a chain and rings the bell if that is owed. */
static bool
push(struct inbox *inbox, strait_mpsc_node_t *first, strait_mpsc_node_t *last)
{
    if (!strait_mpsc_push_chain(&inbox->queue, first, last))
        return false;
    sem_post(&inbox->bell);
    return true;
}

static uint64_t
payload_of(unsigned producer, unsigned number)
{
    return rng_mix(((uint64_t)producer << 32) | number);
}

/* Pushes one item, or a chain of a few. */
static void *
produce(void *arg)
{
    struct producer *self = arg;
    struct rng rng = rng_make(self->seed, self->index + 1);
    unsigned i = 0;

    while (i < self->n_items) {
        unsigned n = rng_one_in(&rng, 8) ? 1 + (unsigned)rng_below(&rng, 5) : 1;
        struct item *first = &self->items[i];
        struct item *last = first;
        unsigned k;

        if (n > self->n_items - i)
            n = self->n_items - i;
        for (k = 0; k < n; k++, i++) {
            struct item *item = &self->items[i];

            item->producer = self->index;
            item->number = i;
            item->payload = payload_of(self->index, i);
            if (item != first)
                strait_mpsc_link(&last->node, &item->node);
            last = item;
        }
        self->n_owed += push(entrance, &first->node, &last->node);
        stress_jitter(&rng);
        if (i % 1024 == 0)
            stress_progress();
    }
    return NULL;
}

/* After EMPTY or PENDING: sleeps if that is allowed; true if it has slept. */
static bool
idle(struct inbox *inbox, int answer, struct rng *rng)
{
    if (answer == STRAIT_MPSC_PENDING || !strait_mpsc_arm(&inbox->queue)) {
        sched_yield();
        return false;
    }
    /* Changed its mind; if too late, the wake comes all the same. */
    if (rng_one_in(rng, 3) && strait_mpsc_disarm(&inbox->queue))
        return false;
    sem_wait(&inbox->bell);
    stress_progress();
    return true;
}

/* Passes the items on in chains, from the entrance to inboxes[0]. */
static void *
pass_on(void *arg)
{
    struct relay *self = arg;
    struct rng rng = rng_make(self->seed, 200);
    unsigned n_passed = 0;

    while (n_passed < self->n_items) {
        strait_mpsc_node_t *first;
        strait_mpsc_node_t *last;
        size_t max = rng_one_in(&rng, 2) ? rng_below(&rng, 8) : 1000;
        size_t n;
        int answer = strait_mpsc_pop_chain(
            &entrance->queue, max, &first, &last, &n);

        if (answer != STRAIT_MPSC_ITEM) {
            self->n_slept += idle(entrance, answer, &rng);
            continue;
        }
        stress_require(n >= 1 && (n <= max || n == 1),
            "a chain of %zu where at most %zu were asked for", n, max);
        stress_require(strait_mpsc_next(last) == NULL, "an open end");
#ifdef STRESS_PLANTED
        /* The planted mistake: the newest one is passed on first. */
        if (n == 2) {
            self->n_owed += push(&inboxes[0], last, last);
            last = first;
        }
#endif
        self->n_owed += push(&inboxes[0], first, last);
        n_passed += (unsigned)n;
        stress_jitter(&rng);
        stress_progress();
    }
    return NULL;
}

static void
check_item(strait_mpsc_node_t *node, unsigned *next)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    stress_require(item->number == next[item->producer],
        "producer %u: item %u where %u was due", item->producer, item->number,
        next[item->producer]);
    stress_require(item->payload == payload_of(item->producer, item->number),
        "producer %u: item %u carries something else", item->producer,
        item->number);
    next[item->producer]++;
    item->payload = 0;
    if (++n_taken_total % 1024 == 0)
        stress_progress();
}

/* Takes n items, one by one or in chains; answers how many armings the
 * producers have taken out. */
static unsigned
consume(unsigned n, unsigned *next, struct rng *rng)
{
    struct inbox *inbox = &inboxes[0];
    unsigned n_slept = 0;

    n_taken_total = 0;
    while (n_taken_total < n) {
        strait_mpsc_node_t *node;
        strait_mpsc_node_t *last;
        size_t n_popped = 1;
        int answer = rng_one_in(rng, 3)
            ? strait_mpsc_pop_chain(
                  &inbox->queue, rng_below(rng, 8), &node, &last, &n_popped)
            : strait_mpsc_pop(&inbox->queue, &node);

        if (answer != STRAIT_MPSC_ITEM) {
            n_slept += idle(inbox, answer, rng);
            continue;
        }
        /* The node is another's as soon as it was checked. */
        while (n_popped-- > 0) {
            strait_mpsc_node_t *behind = n_popped > 0 ? strait_mpsc_next(node)
                                                      : NULL;

            check_item(node, next);
            node = behind;
        }
    }
    return n_slept;
}

static void
round_of(unsigned n_producers, unsigned n_items, bool relayed, struct rng *rng)
{
    unsigned next[PRODUCERS_MAX] = { 0 };
    struct relay relay = { .n_items = n_producers * n_items };
    pthread_t threads[PRODUCERS_MAX];
    pthread_t between;
    unsigned n_owed = 0;
    unsigned n_slept;
    unsigned i;
    int left;

    stress_phase("%u producers, %u items each%s", n_producers, n_items,
        relayed ? ", passed on in chains" : "");
    for (i = 0; i < 2; i++) {
        strait_mpsc_init(&inboxes[i].queue);
        sem_init(&inboxes[i].bell, 0, 0);
    }
    entrance = &inboxes[relayed];
    for (i = 0; i < n_producers; i++) {
        producers[i].index = i;
        producers[i].n_items = n_items;
        producers[i].n_owed = 0;
        producers[i].seed = rng_next(rng);
        producers[i].items = calloc(n_items, sizeof(struct item));
        stress_require(producers[i].items != NULL, "no memory");
    }
    relay.seed = rng_next(rng);
    if (relayed)
        stress_start(&between, 1, pass_on, &relay, sizeof relay);
    stress_start(threads, n_producers, produce, producers, sizeof producers[0]);
    n_slept = consume(n_producers * n_items, next, rng);
    stress_join(threads, n_producers);
    if (relayed)
        stress_join(&between, 1);
    for (i = 0; i < n_producers; i++) {
        n_owed += producers[i].n_owed;
        free(producers[i].items);
    }
    stress_require(n_owed + relay.n_owed == n_slept + relay.n_slept,
        "%u wake-ups owed for %u armings", n_owed + relay.n_owed,
        n_slept + relay.n_slept);
    for (i = 0; i < 2; i++) {
        stress_require(
            strait_mpsc_is_empty(&inboxes[i].queue), "something is left");
        sem_getvalue(&inboxes[i].bell, &left);
        stress_require(left == 0, "%d wake-ups too many", left);
    }
}

int
main(int argc, char **argv)
{
    stress_begin(argc, argv, "stress_mpsc",
        "Many producers against one consumer that sleeps when there is "
        "nothing.");
    stress.dump = dump;
    while (stress_goes_on()) {
        unsigned n_producers = 1u << rng_below(&stress.rng, 5);
        unsigned n_items = 1 +
            (unsigned)rng_below(
                &stress.rng, stress_scaled(200000) / n_producers + 1);

        round_of(n_producers, n_items, rng_one_in(&stress.rng, 2), &stress.rng);
    }
    return stress_end();
}
