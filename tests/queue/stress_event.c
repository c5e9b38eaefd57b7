/* SPDX-License-Identifier: MIT */
/*
 * stress_event.c - threads that sleep on eventcounts, more of them than there
 * are CPUs. Two structures without sleep of their own get it from an event:
 *
 *   semaphores   one of credits, one of places; who takes a credit gives a
 *       place and the other way round. All forms of notification. Everything
 *       round the event is relaxed for notify_one and notify_all, which promise
 *       to do with any order, and seq_cst for the _sc forms.
 *   a ring       producers sleep when it is full, consumers when it is empty,
 *       and the close wakes everybody.
 *
 * Waiters look once more and cancel, or sleep, some with deadlines that pass.
 * Nobody ends before all is taken, so that a lost wake-up leaves somebody
 * asleep and ends in the watchdog.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <strait/clock.h>
#include <strait/event.h>
#include <strait/ring.h>

#include "stress.h"

#define THREADS_MAX 12
#define CAPACITY_MAX 16

/* How the threads of this round wait and notify. */
static struct {
    bool all;       /* notify_all instead of notify_one */
    bool sc;        /* the _sc forms */
    bool deadlines; /* that may pass */
} style;

/* What happened: a path never taken is a path never tested. */
struct seen {
    uint64_t n_cancelled;
    uint64_t n_notified;
    uint64_t n_timed_out;
    uint64_t n_found_nobody;
    uint64_t n_found_somebody;
};

struct runner {
    unsigned index;
    uint64_t seed;
    unsigned n; /* how many credits to take or give, or items to push */
    struct seen seen;
};

static struct seen seen_total;
static uint64_t n_phantoms_max; /* registered, with nobody to it */

static void
dump_event(const char *name, strait_event_t *event)
{
    uint64_t w = strait_load_sc(&event->word_);

    fprintf(stderr, "  %s: epoch %u, %u registered\n", name,
        (uint32_t)(w >> STRAIT_EVENT_EPOCH_SHIFT_), (uint32_t)w);
}

static void
notify(strait_event_t *event, struct seen *seen)
{
    bool found = style.sc ? (style.all ? strait_event_notify_all_sc(event)
                                       : strait_event_notify_one_sc(event))
                          : (style.all ? strait_event_notify_all(event)
                                       : strait_event_notify_one(event));

    seen->n_found_somebody += found;
    seen->n_found_nobody += !found;
}

/* The second half of a wait: sleeps, perhaps with a deadline. */
static void
sleep_on(
    strait_event_t *event, uint32_t key, struct rng *rng, struct seen *seen)
{
    uint64_t deadline_ns = STRAIT_EVENT_FOREVER;
    int answer;

    if (style.deadlines && !rng_one_in(rng, 3))
        deadline_ns = rng_one_in(rng, 2)
            ? 0
            : strait_now_ns() + rng_below(rng, 200 * STRAIT_NS_PER_US);
    answer = strait_event_wait(event, key, deadline_ns);
    stress_require(answer == 0 ||
            (answer == -ETIMEDOUT && deadline_ns != STRAIT_EVENT_FOREVER),
        "wait answered %d", answer);
    stress_require(answer == 0 || strait_now_ns() >= deadline_ns, "too early");
    seen->n_notified += answer == 0;
    seen->n_timed_out += answer != 0;
}

#ifdef STRESS_PLANTED
/* The planted mistake: nobody looks again once registered. */
#define SECOND_LOOK(attempt) false
#else
#define SECOND_LOOK(attempt) (attempt)
#endif

/* Repeats `attempt` until it succeeds, asleep in between. */
#define SLEEP_UNTIL(attempt, event, rng, seen)                                 \
    do {                                                                       \
        while (!(attempt)) {                                                   \
            uint32_t key_ = strait_event_prepare(event);                       \
                                                                               \
            if (SECOND_LOOK(attempt)) {                                        \
                strait_event_cancel((event), key_);                            \
                (seen)->n_cancelled++;                                         \
                break;                                                         \
            }                                                                  \
            /* Now and then: changed its mind, and looks again. */             \
            if (rng_one_in((rng), 16))                                         \
                strait_event_cancel((event), key_);                            \
            else                                                               \
                sleep_on((event), key_, (rng), (seen));                        \
        }                                                                      \
    } while (0)

static void
add_up(const struct runner *runners, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        seen_total.n_cancelled += runners[i].seen.n_cancelled;
        seen_total.n_notified += runners[i].seen.n_notified;
        seen_total.n_timed_out += runners[i].seen.n_timed_out;
        seen_total.n_found_nobody += runners[i].seen.n_found_nobody;
        seen_total.n_found_somebody += runners[i].seen.n_found_somebody;
    }
}

/* Everybody has left; what is registered are those that left too late to be
 * taken out, and never less than none. */
static void
check_nobody(strait_event_t *event)
{
    uint64_t n_left = (uint32_t)strait_load_rlx(&event->word_);

    stress_require(
        n_left < UINT32_MAX / 2, "%llu registered", (unsigned long long)n_left);
    if (n_left > n_phantoms_max)
        n_phantoms_max = n_left;
    stress_require(
        strait_event_notify_all(event) == (n_left > 0), "notify_all");
    stress_require(!strait_event_notify_one(event), "somebody is registered");
}

/* ------------------------------------------------------------- semaphores */

struct semaphore {
    STRAIT_ATOMIC(uint64_t) n;
    strait_event_t event;
};

static struct semaphore credits;
static struct semaphore places;

static void
dump_semaphores(void)
{
    fprintf(stderr, "  %llu credits, %llu places\n",
        (unsigned long long)strait_load_sc(&credits.n),
        (unsigned long long)strait_load_sc(&places.n));
    dump_event("credits", &credits.event);
    dump_event("places", &places.event);
}

static void
up(struct semaphore *semaphore, struct seen *seen)
{
    if (style.sc)
        strait_add_sc(&semaphore->n, 1);
    else
        strait_add_rlx(&semaphore->n, 1);
    notify(&semaphore->event, seen);
}

static bool
try_down(struct semaphore *semaphore)
{
    for (;;) {
        uint64_t n = style.sc ? strait_load_sc(&semaphore->n)
                              : strait_load_rlx(&semaphore->n);

        if (n == 0)
            return false;
        if (strait_cas_rlx(&semaphore->n, &n, n - 1))
            return true;
    }
}

/* Takes from one semaphore and gives to the other. */
static void
exchange(struct runner *self, struct semaphore *from, struct semaphore *to)
{
    struct rng rng = rng_make(self->seed, self->index);
    unsigned i;

    for (i = 0; i < self->n; i++) {
        SLEEP_UNTIL(try_down(from), &from->event, &rng, &self->seen);
        up(to, &self->seen);
        stress_jitter(&rng);
        if (i % 256 == 0)
            stress_progress();
    }
    stress_progress();
}

static void *
give_credits(void *arg)
{
    exchange(arg, &places, &credits);
    return NULL;
}

static void *
take_credits(void *arg)
{
    exchange(arg, &credits, &places);
    return NULL;
}

static void
share(struct runner *runners, unsigned n_runners, unsigned n, struct rng *rng)
{
    unsigned i;

    for (i = 0; i < n_runners; i++) {
        memset(&runners[i], 0, sizeof runners[i]);
        runners[i].index = i;
        runners[i].seed = rng_next(rng);
        runners[i].n = n / n_runners + (i < n % n_runners);
    }
}

static void
round_of_semaphores(struct rng *rng)
{
    unsigned n_givers = 1 + (unsigned)rng_below(rng, THREADS_MAX);
    unsigned n_takers = 1 + (unsigned)rng_below(rng, THREADS_MAX);
    unsigned n_places = 1 + (unsigned)rng_below(rng, 8);
    unsigned n = 1 + (unsigned)rng_below(rng, stress_scaled(20000));
    struct runner givers[THREADS_MAX];
    struct runner takers[THREADS_MAX];
    pthread_t threads[2 * THREADS_MAX];

    stress_phase("%u give %u credits to %u, %u places, notify_%s%s%s", n_givers,
        n, n_takers, n_places, style.all ? "all" : "one", style.sc ? "_sc" : "",
        style.deadlines ? ", deadlines" : "");
    stress.dump = dump_semaphores;
    strait_event_init(&credits.event);
    strait_event_init(&places.event);
    strait_store_rlx(&credits.n, 0);
    strait_store_rlx(&places.n, n_places);
    share(givers, n_givers, n, rng);
    share(takers, n_takers, n, rng);
    stress_start(threads, n_takers, take_credits, takers, sizeof takers[0]);
    stress_start(
        threads + n_takers, n_givers, give_credits, givers, sizeof givers[0]);
    stress_join(threads, n_takers + n_givers);
    stress_require(strait_load_rlx(&credits.n) == 0 &&
            strait_load_rlx(&places.n) == n_places,
        "%llu credits and %llu places are left",
        (unsigned long long)strait_load_rlx(&credits.n),
        (unsigned long long)strait_load_rlx(&places.n));
    add_up(givers, n_givers);
    add_up(takers, n_takers);
    check_nobody(&credits.event);
    check_nobody(&places.event);
}

/* ------------------------------------------------------------------ a ring */

static strait_ring_t ring;
static strait_ring_slot_t slots[CAPACITY_MAX];
static strait_event_t not_empty;
static strait_event_t not_full;
static STRAIT_ATOMIC(uint32_t) * n_taken; /* of each item */
static STRAIT_ATOMIC(uint32_t) n_items_given;

static void
dump_ring(void)
{
    fprintf(stderr, "  ring: length %zu, %s\n", strait_ring_length(&ring),
        strait_ring_is_closed(&ring) ? "closed" : "open");
    dump_event("not_empty", &not_empty);
    dump_event("not_full", &not_full);
}

static bool
try_push(void *value)
{
    int answer = strait_ring_push(&ring, value);

    stress_require(answer != STRAIT_RING_CLOSED, "closed too early");
    return answer != STRAIT_RING_FULL;
}

static void *
produce(void *arg)
{
    struct runner *self = arg;
    struct rng rng = rng_make(self->seed, self->index);
    unsigned i;

    for (i = 0; i < self->n; i++) {
        void *item = &n_taken[strait_add_rlx(&n_items_given, 1)];

        SLEEP_UNTIL(try_push(item), &not_full, &rng, &self->seen);
        notify(&not_empty, &self->seen);
        stress_jitter(&rng);
        if (i % 256 == 0)
            stress_progress();
    }
    return NULL;
}

/* True with an item, and with NULL once there will be no more. */
static bool
try_pop(void **ret_item)
{
    if (strait_ring_pop(&ring, ret_item) == STRAIT_RING_DONE)
        return true;
    *ret_item = NULL;
    return strait_ring_is_closed(&ring) && strait_ring_is_empty(&ring);
}

static void *
consume(void *arg)
{
    struct runner *self = arg;
    struct rng rng = rng_make(self->seed, 100 + self->index);

    for (;;) {
        void *item = NULL;

        SLEEP_UNTIL(try_pop(&item), &not_empty, &rng, &self->seen);
        if (item == NULL)
            return NULL;
        notify(&not_full, &self->seen);
        self->n++;
        stress_require(strait_add_rlx((STRAIT_ATOMIC(uint32_t) *)item, 1) == 0,
            "an item was taken twice");
        stress_jitter(&rng);
        if (self->n % 256 == 0)
            stress_progress();
    }
}

static void
round_of_ring(struct rng *rng)
{
    unsigned n_producers = 1 + (unsigned)rng_below(rng, THREADS_MAX);
    unsigned n_consumers = 1 + (unsigned)rng_below(rng, THREADS_MAX);
    unsigned n = 1 + (unsigned)rng_below(rng, stress_scaled(20000));
    size_t capacity = (size_t)2 << rng_below(rng, 4);
    struct runner producers[THREADS_MAX];
    struct runner consumers[THREADS_MAX];
    pthread_t producing[THREADS_MAX];
    pthread_t consuming[THREADS_MAX];
    unsigned n_popped = 0;
    unsigned i;

    /* The ring's own operations are not seq_cst. */
    style.sc = false;
    stress_phase("%u producers, %u consumers, %u items, capacity %zu, "
                 "notify_%s%s",
        n_producers, n_consumers, n, capacity, style.all ? "all" : "one",
        style.deadlines ? ", deadlines" : "");
    stress.dump = dump_ring;
    stress_require(strait_ring_init(&ring, slots, capacity) == 0, "init");
    strait_event_init(&not_empty);
    strait_event_init(&not_full);
    strait_store_rlx(&n_items_given, 0);
    n_taken = calloc(n, sizeof n_taken[0]);
    stress_require(n_taken != NULL, "no memory");
    share(producers, n_producers, n, rng);
    share(consumers, n_consumers, 0, rng);
    stress_start(
        consuming, n_consumers, consume, consumers, sizeof consumers[0]);
    stress_start(
        producing, n_producers, produce, producers, sizeof producers[0]);
    stress_join(producing, n_producers);
    stress_require(strait_ring_close(&ring), "closed already");
    (void)strait_event_notify_all(&not_empty);
    stress_join(consuming, n_consumers);
    for (i = 0; i < n_consumers; i++)
        n_popped += consumers[i].n;
    stress_require(n_popped == n, "%u popped", n_popped);
    add_up(producers, n_producers);
    add_up(consumers, n_consumers);
    check_nobody(&not_empty);
    check_nobody(&not_full);
    free(n_taken);
}

int
main(int argc, char **argv)
{
    stress_begin(argc, argv, "stress_event",
        "Many threads that sleep on eventcounts, in all ways there are.");
    while (stress_goes_on()) {
        struct rng *rng = &stress.rng;

        style.all = rng_one_in(rng, 3);
        style.sc = rng_one_in(rng, 2);
        style.deadlines = rng_one_in(rng, 2);
        if (rng_one_in(rng, 3))
            round_of_ring(rng);
        else
            round_of_semaphores(rng);
    }
    fprintf(stderr,
        "stress_event: waits: %llu cancelled, %llu notified, %llu timed out; "
        "notifications: %llu for somebody, %llu for nobody; at most %llu "
        "registered without an owner\n",
        (unsigned long long)seen_total.n_cancelled,
        (unsigned long long)seen_total.n_notified,
        (unsigned long long)seen_total.n_timed_out,
        (unsigned long long)seen_total.n_found_somebody,
        (unsigned long long)seen_total.n_found_nobody,
        (unsigned long long)n_phantoms_max);
    return stress_end();
}
