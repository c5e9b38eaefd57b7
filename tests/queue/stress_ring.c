/* SPDX-License-Identifier: MIT */
/*
 * stress_ring.c - many producers and many consumers on a ring of random, mostly
 * tiny size, closed at a random moment. Single values and batches are mixed,
 * and weak pops with strong ones. Every value that was accepted comes out once;
 * each consumer sees the values of one producer in their order. With one
 * consumer the rounds also sleep: every arming that a push takes out is one
 * wake-up; and in half of them that consumer uses the forms without RMW.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <semaphore.h>
#include <strait/ring.h>

#include "stress.h"

#define THREADS_MAX 8
#define CAPACITY_MAX 64
#define BATCH_MAX 24

struct item {
    unsigned producer;
    unsigned number;
    uint64_t payload;
    STRAIT_ATOMIC(uint32_t) n_taken;
};

struct producer {
    unsigned index;
    unsigned n_items;
    unsigned n_accepted;
    unsigned n_owed;
    uint64_t seed;
    struct item *items;
};

struct consumer {
    unsigned index;
    unsigned n_taken;
    unsigned n_armed;
    uint64_t seed;
    bool sleeps;
    bool alone;                 /* no other consumer: the forms without RMW */
    unsigned next[THREADS_MAX]; /* number due next, of each producer */
};

static strait_ring_t ring;
static strait_ring_slot_t slots[CAPACITY_MAX];
static sem_t bell;
static STRAIT_ATOMIC(uint32_t) n_producing;

static void
dump(void)
{
    fprintf(stderr, "  ring: length %zu, %s, %u producers left\n",
        strait_ring_length(&ring),
        strait_ring_is_closed(&ring) ? "closed" : "open",
        strait_load_rlx(&n_producing));
}

/* Pushes up to n items from `first` on, as a batch or alone; how many went in,
 * or what the ring answered if none. */
static int
push_some(struct item *first, unsigned n, unsigned *ret_n)
{
    void *batch[BATCH_MAX];
    size_t n_pushed = 0;
    unsigned i;
    int answer;

    *ret_n = 1;
    if (n == 1)
        return strait_ring_push(&ring, first);
    for (i = 0; i < n; i++)
        batch[i] = first + i;
    answer = strait_ring_push_n(&ring, batch, n, &n_pushed);
    stress_require(n_pushed <= n, "%zu pushed of a batch of %u", n_pushed, n);
    *ret_n = (unsigned)n_pushed;
    return answer;
}

static void *
produce(void *arg)
{
    struct producer *self = arg;
    struct rng rng = rng_make(self->seed, self->index + 1);
    unsigned n_made = 0;
    unsigned i;

    while (self->n_accepted < self->n_items) {
        unsigned n =
            rng_one_in(&rng, 3) ? 1 + (unsigned)rng_below(&rng, BATCH_MAX) : 1;
        unsigned n_pushed;
        int answer;

        if (n > self->n_items - self->n_accepted)
            n = self->n_items - self->n_accepted;
        for (i = n_made; i < self->n_accepted + n; i++, n_made++) {
            struct item *item = &self->items[i];

            item->producer = self->index;
            item->number = i;
            item->payload = rng_mix(i);
        }
        answer = push_some(&self->items[self->n_accepted], n, &n_pushed);
        if (answer == STRAIT_RING_CLOSED)
            break;
        if (answer == STRAIT_RING_FULL) {
            sched_yield();
            continue;
        }
        stress_require(n_pushed >= 1, "done, but nothing was pushed");
        self->n_accepted += n_pushed;
        if (answer == STRAIT_RING_WAKE) {
            self->n_owed++;
            sem_post(&bell);
        }
        stress_jitter(&rng);
        if (self->n_accepted % 1024 < n_pushed)
            stress_progress();
    }
    strait_add_acq_rel(&n_producing, (uint32_t)-1);
    return NULL;
}

static void
check_item(struct consumer *self, struct item *item)
{
    stress_require(item->payload == rng_mix(item->number),
        "producer %u: item %u carries something else", item->producer,
        item->number);
    stress_require(strait_add_rlx(&item->n_taken, 1) == 0,
        "producer %u: item %u was taken twice", item->producer, item->number);
    stress_require(item->number >= self->next[item->producer],
        "producer %u: item %u after %u", item->producer, item->number,
        self->next[item->producer]);
    self->next[item->producer] = item->number + 1;
    self->n_taken++;
    if (self->n_taken % 1024 == 0)
        stress_progress();
}

/* Pops in one of the forms there are, and checks what came. */
static int
pop_some(struct consumer *self, struct rng *rng)
{
    void *batch[BATCH_MAX];
    size_t n = 1 + rng_below(rng, BATCH_MAX);
    size_t n_popped = 1;
    size_t i;
    int answer;

    switch (rng_below(rng, 4)) {
    case 0:
        answer = self->alone
            ? strait_ring_pop_n_alone(&ring, batch, n, &n_popped)
            : strait_ring_pop_n(&ring, batch, n, &n_popped);
        stress_require(
            answer != STRAIT_RING_DONE || (n_popped >= 1 && n_popped <= n),
            "%zu popped of %zu", n_popped, n);
        break;
    case 1:
        if (!self->alone) {
            answer = strait_ring_pop_strong(&ring, batch);
            stress_require(answer != STRAIT_RING_PENDING, "strong, but weak");
            break;
        }
        /* fall through */
    default:
        answer = self->alone ? strait_ring_pop_alone(&ring, batch)
                             : strait_ring_pop(&ring, batch);
    }
    for (i = 0; answer == STRAIT_RING_DONE && i < n_popped; i++)
        check_item(self, batch[i]);
    return answer;
}

static void *
consume(void *arg)
{
    struct consumer *self = arg;
    struct rng rng = rng_make(self->seed, 100 + self->index);

    for (;;) {
        int answer = pop_some(self, &rng);

        if (answer == STRAIT_RING_DONE) {
            stress_jitter(&rng);
            continue;
        }
        if (strait_ring_is_closed(&ring) && strait_ring_is_empty(&ring))
            return NULL;
        if (self->sleeps && answer == STRAIT_RING_EMPTY &&
            strait_ring_arm(&ring)) {
            self->n_armed++;
            sem_wait(&bell);
            stress_progress();
        } else {
            sched_yield();
        }
    }
}

/* Closes the ring when the producers are through, or at a random moment. */
static void
close_some_time(bool early, struct rng *rng)
{
    if (early)
        usleep((useconds_t)rng_below(rng, 3000));
    else
        while (strait_load_acquire(&n_producing) != 0)
            usleep(100);
    stress_require(strait_ring_close(&ring), "it was closed already");
    sem_post(&bell); /* the consumer may sleep */
}

static void
round_of(unsigned n_producers, unsigned n_consumers, unsigned n_items,
    size_t capacity, bool early, bool alone, struct rng *rng)
{
    struct producer producers[THREADS_MAX] = { { .index = 0 } };
    struct consumer consumers[THREADS_MAX] = { { .index = 0 } };
    pthread_t producing[THREADS_MAX];
    pthread_t consuming[THREADS_MAX];
    unsigned n_accepted = 0;
    unsigned n_taken = 0;
    unsigned n_owed = 0;
    unsigned i;

    stress_phase("%u producers, %u consumers, %u items each, capacity %zu%s%s",
        n_producers, n_consumers, n_items, capacity,
        n_consumers == 1 && alone ? ", pops without RMW" : "",
        early ? ", closed early" : "");
    stress_require(strait_ring_init(&ring, slots, capacity) == 0, "init");
    sem_init(&bell, 0, 0);
    strait_store_rlx(&n_producing, n_producers);
    for (i = 0; i < n_consumers; i++) {
        consumers[i].index = i;
        consumers[i].seed = rng_next(rng);
        consumers[i].sleeps = n_consumers == 1;
#ifdef STRESS_PLANTED
        /* The planted mistake: several are "the only consumer". */
        consumers[i].alone = true;
#else
        consumers[i].alone = n_consumers == 1 && alone;
#endif
    }
    for (i = 0; i < n_producers; i++) {
        producers[i].index = i;
        producers[i].n_items = n_items;
        producers[i].seed = rng_next(rng);
        producers[i].items = calloc(n_items, sizeof(struct item));
        stress_require(producers[i].items != NULL, "no memory");
    }
    stress_start(
        consuming, n_consumers, consume, consumers, sizeof consumers[0]);
    stress_start(
        producing, n_producers, produce, producers, sizeof producers[0]);
    close_some_time(early, rng);
    stress_join(producing, n_producers);
    stress_join(consuming, n_consumers);
    for (i = 0; i < n_producers; i++) {
        unsigned k;

        for (k = 0; k < n_items; k++) {
            stress_require(strait_load_rlx(&producers[i].items[k].n_taken) ==
                    (k < producers[i].n_accepted),
                "producer %u, item %u of %u accepted", i, k,
                producers[i].n_accepted);
        }
        n_accepted += producers[i].n_accepted;
        n_owed += producers[i].n_owed;
        free(producers[i].items);
    }
    for (i = 0; i < n_consumers; i++)
        n_taken += consumers[i].n_taken;
    stress_require(
        n_accepted == n_taken, "%u accepted, %u taken", n_accepted, n_taken);
    stress_require(early || n_accepted == n_producers * n_items, "%u accepted",
        n_accepted);
    /* The close may have ended the last sleep. */
    stress_require(
        n_owed <= consumers[0].n_armed && n_owed + 1 >= consumers[0].n_armed,
        "%u wake-ups owed for %u armings", n_owed, consumers[0].n_armed);
}

int
main(int argc, char **argv)
{
    stress_begin(argc, argv, "stress_ring",
        "Many producers and consumers on a small ring, closed at random.");
    stress.dump = dump;
    while (stress_goes_on()) {
        struct rng *rng = &stress.rng;
        unsigned n_producers = 1 + (unsigned)rng_below(rng, THREADS_MAX);
        unsigned n_consumers =
            rng_one_in(rng, 2) ? 1 : 1 + (unsigned)rng_below(rng, THREADS_MAX);
        unsigned n_items = 1 +
            (unsigned)rng_below(rng, stress_scaled(40000) / n_producers + 1);
        size_t capacity = (size_t)2 << rng_below(rng, 6);

        round_of(n_producers, n_consumers, n_items, capacity,
            rng_one_in(rng, 3), rng_one_in(rng, 2), rng);
    }
    return stress_end();
}
