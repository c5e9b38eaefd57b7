/* SPDX-License-Identifier: MIT */
/*
 * stress_mpsc.c - many producers against one consumer that sleeps when there is
 * nothing. Every node comes out once, in the order of its producer, with what
 * the producer wrote; every arming that a push takes out is one wake-up.
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

static strait_mpsc_t queue;
static sem_t bell;
static struct producer producers[PRODUCERS_MAX];
static unsigned n_taken_total;

static void
dump(void)
{
    fprintf(stderr, "  taken %u; queue %s\n", n_taken_total,
        strait_mpsc_is_empty(&queue) ? "empty" : "not empty");
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
        if (strait_mpsc_push_chain(&queue, &first->node, &last->node)) {
            self->n_owed++;
            sem_post(&bell);
        }
        stress_jitter(&rng);
        if (i % 1024 == 0)
            stress_progress();
    }
    return NULL;
}

/* Takes n items; answers how many armings the producers have taken out. */
static unsigned
consume(unsigned n, unsigned *next, struct rng *rng)
{
    unsigned n_slept = 0;
    unsigned n_taken = 0;

    while (n_taken < n) {
        strait_mpsc_node_t *node;
        struct item *item;
        int answer = strait_mpsc_pop(&queue, &node);

        if (answer == STRAIT_MPSC_PENDING) {
            sched_yield();
            continue;
        }
        if (answer == STRAIT_MPSC_EMPTY) {
            if (!strait_mpsc_arm(&queue))
                continue;
            if (rng_one_in(rng, 3)) {
                /* Changed its mind; if too late, the wake comes all the same. */
                if (strait_mpsc_disarm(&queue))
                    continue;
            }
            n_slept++;
            sem_wait(&bell);
            stress_progress();
            continue;
        }
        item = STRAIT_CONTAINER_OF(node, struct item, node);
        stress_require(item->number == next[item->producer],
            "producer %u: item %u where %u was due", item->producer,
            item->number, next[item->producer]);
        stress_require(
            item->payload == payload_of(item->producer, item->number),
            "producer %u: item %u carries something else", item->producer,
            item->number);
        next[item->producer]++;
        item->payload = 0;
        n_taken_total = ++n_taken;
        if (n_taken % 1024 == 0)
            stress_progress();
    }
    return n_slept;
}

static void
round_of(unsigned n_producers, unsigned n_items, struct rng *rng)
{
    unsigned next[PRODUCERS_MAX] = { 0 };
    pthread_t threads[PRODUCERS_MAX];
    unsigned n_owed = 0;
    unsigned n_slept;
    unsigned i;
    int left;

    stress_phase("%u producers, %u items each", n_producers, n_items);
    strait_mpsc_init(&queue);
    sem_init(&bell, 0, 0);
    for (i = 0; i < n_producers; i++) {
        producers[i].index = i;
        producers[i].n_items = n_items;
        producers[i].n_owed = 0;
        producers[i].seed = rng_next(rng);
        producers[i].items = calloc(n_items, sizeof(struct item));
        stress_require(producers[i].items != NULL, "no memory");
    }
    stress_start(threads, n_producers, produce, producers, sizeof producers[0]);
    n_slept = consume(n_producers * n_items, next, rng);
    stress_join(threads, n_producers);
    stress_require(strait_mpsc_is_empty(&queue), "something is left");
    for (i = 0; i < n_producers; i++) {
        n_owed += producers[i].n_owed;
        free(producers[i].items);
    }
    stress_require(
        n_owed == n_slept, "%u wake-ups owed for %u armings", n_owed, n_slept);
    sem_getvalue(&bell, &left);
    stress_require(left == 0, "%d wake-ups too many", left);
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

        round_of(n_producers, n_items, &stress.rng);
    }
    return stress_end();
}
