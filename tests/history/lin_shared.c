/* SPDX-License-Identifier: MIT */
/*
 * lin_shared.c - histories of strait_mpsc_shared_t: producers that open, push
 * and release, a consumer that pops, arms, sleeps and closes at a random
 * moment, and whoever is last, who discards what is left.
 *
 * A discarded value counts as popped by the thread that discards it. So: each
 * value comes out once, popped or discarded, in the order of mpsc, and no later
 * than the call that answers 1. Exactly one call does. Opening is refused after
 * the close, and never before it. The memory is poisoned and freed as soon as
 * somebody is told that it is his.
 *
 * A planted mistake comes first: a discard function that forgets a node.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <semaphore.h>

#include <strait/cpu.h>
#include <strait/mpsc_shared.h>

#include "history.h"
#include "stress.h"

#define THREADS_MAX 64
#define VALUES_MAX 20000u
#define SKIPPABLE 2000u

struct item {
    strait_mpsc_node_t node;
    uint32_t value;
};

static strait_mpsc_shared_t *shared;
static struct item *items; /* of all producers, n_each of each */
static unsigned n_producers;
static unsigned n_each;
static unsigned n_to_pop; /* the consumer closes after so many */
static struct history h;
static sem_t bell;
static uint64_t seed;
static bool forgets;                   /* the planted mistake */
static STRAIT_ATOMIC(uint32_t) n_last; /* calls that answered 1 */
static STRAIT_ATOMIC(uint64_t) n_discarded;
/* Of the close, and of the openings of each thread. */
static uint64_t close_from;
static uint64_t close_to;
static struct opening {
    uint64_t last_granted;  /* the latest begin of one that was granted */
    uint64_t first_refused; /* the earliest end of one that was refused */
} openings[THREADS_MAX];
static uint64_t tally_pushed;
static uint64_t tally_discarded;
static uint64_t tally_refused;
static uint64_t tally_runs;

static _Thread_local unsigned me; /* the log of this thread */
static _Thread_local bool is_in_push;

static void
discard(strait_mpsc_node_t *node, void *arg)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);
    uint64_t from = history_stamp(&h);

    stress_require(arg == &items, "discard got another argument");
    stress_require(!is_in_push, "discard was called from inside a push");
    if (forgets) {
        forgets = false;
        return;
    }
    /* rlx: a count, read after all threads were joined. */
    strait_add_rlx(&n_discarded, 1);
    history_record(&h, me, HISTORY_POP, HISTORY_DONE, from, &item->value, 1, 1);
}

static void
end(int answer)
{
    stress_require(answer == 0 || answer == 1, "it answered %d", answer);
    if (answer == 1) {
        /* rlx: a count, read after all threads were joined. */
        strait_add_rlx(&n_last, 1);
        memset((void *)shared, 0xa5, sizeof *shared);
        free(shared);
    }
}

static void
push(unsigned number, unsigned n)
{
    struct item *first = &items[me * n_each + number];
    uint32_t values[8];
    uint64_t from;
    unsigned i;
    bool wakes;

    for (i = 0; i < n; i++) {
        first[i].value = HISTORY_VALUE(me, number + i);
        values[i] = first[i].value;
        if (i > 0)
            strait_mpsc_link(&first[i - 1].node, &first[i].node);
    }
    is_in_push = true;
    from = history_stamp(&h);
    wakes = strait_mpsc_push_chain(
        &shared->queue, &first->node, &first[n - 1].node);
    history_record(&h, me, HISTORY_PUSH, wakes ? HISTORY_WAKE : HISTORY_DONE,
        from, values, n, n);
    is_in_push = false;
    if (wakes)
        sem_post(&bell);
}

/* Holds one reference all the time, takes others for a while. */
static void *
produce(void *arg)
{
    struct rng rng;
    unsigned number = 0;

    me = *(unsigned *)arg;
    rng = rng_make(seed, me);
    while (number < n_each) {
        unsigned n = 1 + (unsigned)rng_below(&rng, 4);
        bool is_extra = rng_one_in(&rng, 4);

        if (n > n_each - number)
            n = n_each - number;
        if (is_extra) {
            struct opening *opening = &openings[me];
            uint64_t from = history_stamp(&h);
            int err = strait_mpsc_shared_open(shared);
            uint64_t to = history_stamp(&h);

            stress_require(
                err == 0 || err == -ESHUTDOWN, "open answered %d", err);
            if (err == 0 && from > opening->last_granted)
                opening->last_granted = from;
            if (err != 0 && to < opening->first_refused)
                opening->first_refused = to;
            is_extra = err == 0;
        }
        push(number, n);
        number += n;
        if (is_extra)
            stress_require(strait_mpsc_shared_release(shared) == 0,
                "it was the last reference, but there is another");
        stress_jitter(&rng);
        stress_progress();
    }
    end(strait_mpsc_shared_release(shared));
    return NULL;
}

static void
note(int operation, int answer, uint64_t from, const uint32_t *value)
{
    history_record(&h, me, operation, answer, from, value, value != NULL,
        operation == HISTORY_POP);
}

static bool
ask(int operation, bool (*function)(strait_mpsc_t *))
{
    uint64_t from = history_stamp(&h);
    bool answer = function(&shared->queue);

    note(operation, answer ? HISTORY_YES : HISTORY_NO, from, NULL);
    return answer;
}

/* True if the consumer went to sleep and was woken. */
static bool
sleep_armed(bool may_change_its_mind)
{
    if (!ask(HISTORY_ARM, strait_mpsc_arm))
        return false;
    if (may_change_its_mind && ask(HISTORY_DISARM, strait_mpsc_disarm))
        return false;
    sem_wait(&bell);
    return true;
}

static void *
consume(void *arg)
{
    struct rng rng;
    unsigned n_popped = 0;
    unsigned n_skipped = 0;

    me = *(unsigned *)arg;
    rng = rng_make(seed, me);
    while (n_popped < n_to_pop) {
        strait_mpsc_node_t *node;
        uint64_t from = history_stamp(&h);
        int answer = strait_mpsc_pop(&shared->queue, &node);

        if (answer == STRAIT_MPSC_ITEM) {
            note(HISTORY_POP, HISTORY_DONE, from,
                &STRAIT_CONTAINER_OF(node, struct item, node)->value);
            n_popped++;
            stress_progress();
            stress_jitter(&rng);
            continue;
        }
        if (++n_skipped < SKIPPABLE)
            note(HISTORY_POP,
                answer == STRAIT_MPSC_EMPTY ? HISTORY_EMPTY : HISTORY_PENDING,
                from, NULL);
        if (answer != STRAIT_MPSC_EMPTY || n_skipped >= SKIPPABLE ||
            !sleep_armed(rng_one_in(&rng, 4)))
            sched_yield();
    }
    /* Sometimes armed at the end: taken back, or its wake awaited. */
    if (rng_one_in(&rng, 2))
        (void)sleep_armed(true);
    close_from = history_stamp(&h);
    end(strait_mpsc_shared_close(shared));
    close_to = history_stamp(&h);
    return NULL;
}

static const char *
judge(struct history_fault *fault)
{
    static const struct history_contract contract = { .is_empty_weak = true,
        .pending_reach = 2,
        .is_pop_partial = true,
        .is_drained = true };
    int left;
    unsigned t;

    /* rlx: the threads were joined. */
    if (strait_load_rlx(&n_last) != 1)
        return "not exactly one call answered 1";
    sem_getvalue(&bell, &left);
    if (left != 0)
        return "a wake too many";
    for (t = 0; t < n_producers; t++) {
        if (openings[t].last_granted > close_to)
            return "opened after the close";
        if (openings[t].first_refused < close_from)
            return "refused before the close";
        tally_refused += openings[t].first_refused != UINT64_MAX;
    }
    return history_patterns(&h, &contract, fault) == HISTORY_RIGHT
        ? NULL
        : fault->text;
}

/* Answers what was wrong, or NULL. */
static const char *
run(struct rng *rng, struct history_fault *fault)
{
    pthread_t threads[THREADS_MAX];
    unsigned numbers[THREADS_MAX];
    unsigned n_threads = strait_cpu_usable() *
        (2 + (unsigned)rng_below(rng, 7));
    const char *wrong;
    unsigned n_values;
    unsigned i;

    if (n_threads > THREADS_MAX)
        n_threads = THREADS_MAX;
    n_producers = 1 + (unsigned)rng_below(rng, n_threads - 1);
    n_each = 1 +
        (unsigned)rng_below(rng, stress_scaled(VALUES_MAX) / n_producers + 1);
    n_values = n_producers * n_each;
    /* Any moment, the very first and the very last included. */
    n_to_pop = rng_one_in(rng, 4) ? n_values
                                  : (unsigned)rng_below(rng, n_values + 1);
    if (forgets)
        n_to_pop = 0;
    seed = rng_next(rng);
    stress_phase("%u producers, %u values each, closed after %u", n_producers,
        n_each, n_to_pop);
    shared = malloc(sizeof *shared);
    items = calloc(n_values, sizeof items[0]);
    stress_require(shared != NULL && items != NULL, "no memory");
    stress_require(
        strait_mpsc_shared_init(shared, discard, &items) == 0, "init");
    /* rlx: no threads yet. */
    strait_store_rlx(&n_last, 0);
    /* rlx: as above. */
    strait_store_rlx(&n_discarded, 0);
    sem_init(&bell, 0, 0);
    history_init(&h, n_producers + 1, 2 * n_values + 3 * SKIPPABLE + 16,
        2 * n_values + 16);
    for (i = 0; i < n_producers; i++) {
        openings[i] = (struct opening){ 0, UINT64_MAX };
        stress_require(strait_mpsc_shared_open(shared) == 0, "open");
    }
    for (i = 0; i <= n_producers; i++)
        numbers[i] = i;
    stress_start(threads, n_producers, produce, numbers, sizeof numbers[0]);
    stress_start(threads + n_producers, 1, consume, numbers + n_producers,
        sizeof numbers[0]);
    stress_join(threads, n_producers + 1);
    wrong = judge(fault);
    if (wrong != NULL && stress.n_rounds > 0 && fault->n_events > 0)
        history_print(stderr, &h, fault);
    tally_pushed += n_values;
    /* rlx: the threads were joined. */
    tally_discarded += strait_load_rlx(&n_discarded);
    tally_runs++;
    sem_destroy(&bell);
    history_fini(&h);
    free(items);
    return wrong;
}

int
main(int argc, char **argv)
{
    struct history_fault fault = { .n_events = 0 };
    const char *wrong;

    stress_begin(argc, argv, "lin_shared",
        "Histories of the shared mpsc queue, checked against its contract.");
    forgets = true;
    wrong = run(&stress.rng, &fault);
    printf(
        "planted: a forgotten node: %s\n", wrong != NULL ? wrong : "NOT FOUND");
    if (wrong == NULL)
        return 1;
    tally_pushed = 0;
    tally_discarded = 0;
    tally_runs = 0;
    while (stress_goes_on()) {
        wrong = run(&stress.rng, &fault);
        if (wrong != NULL) {
            fprintf(stderr, "lin_shared: %s\n  %s, STRAIT_SEED=%llu\n", wrong,
                stress.phase, (unsigned long long)stress.seed);
            return 1;
        }
    }
    fprintf(stderr,
        "lin_shared: %llu runs, %llu values, %llu of them discarded; %llu "
        "producers were refused\n",
        (unsigned long long)tally_runs, (unsigned long long)tally_pushed,
        (unsigned long long)tally_discarded, (unsigned long long)tally_refused);
    return stress_end();
}
