/* SPDX-License-Identifier: MIT */
/*
 * differential.c - see differential.h.
 */
#define _GNU_SOURCE
#include "differential.h"
#include "plain.h"
#include "stress.h"

/* Planted between the harness and the subject. */
enum defect {
    NO_DEFECT,
    DROPS,   /* a push that says "done" and does nothing */
    DOUBLES, /* a push that is made twice */
    REFUSES, /* a push that says "no room" although there is some */
    EMPTY,   /* a pop that says "nothing there" although there is something */
    SWAPS,   /* two values that change places */
    DEFECTS
};

static const char *const defect_names[] = { "none", "a lost push",
    "a push made twice", "a false FULL", "a false EMPTY",
    "two values swapped" };

/* Of a run, and more for each place, so that large queues are filled and
 * emptied as well. Longer runs would only repeat that: other seeds are
 * better. */
#define STEPS 20000
#define STEPS_EACH 20

struct run {
    const struct differential_pair *pair;
    uint32_t capacity; /* 0: unbounded */
    uint64_t seed;
    uint64_t n_steps;
    enum defect defect;
    void *subject;
    void *oracle;
    size_t n_inside;
    uintptr_t next_value;
    struct rng rng;         /* the operations */
    struct rng subject_rng; /* the choices of each side */
    struct rng oracle_rng;
    bool was_planted;
    char wrong[200];
};

static struct {
    uint64_t n_steps;
    uint64_t n_full;
    uint64_t n_empty;
    uint64_t n_partial;
} tally;

static bool fail(struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool
fail(struct run *run, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(run->wrong, sizeof run->wrong, format, args);
    va_end(args);
    return false;
}

/* True once, at the first occasion in the second half of a run. */
static bool
plant(struct run *run, enum defect defect, uint64_t step, bool is_occasion)
{
    if (run->defect != defect || run->was_planted || !is_occasion ||
        step < run->n_steps / 2)
        return false;
    run->was_planted = true;
    return true;
}

static bool
step_push(struct run *run, uint64_t step, size_t n)
{
    const struct differential_pair *pair = run->pair;
    uintptr_t values[DIFFERENTIAL_BATCH_MAX];
    uintptr_t given[DIFFERENTIAL_BATCH_MAX];
    size_t n_subject;
    size_t n_oracle;
    size_t i;

    for (i = 0; i < n; i++) {
        /* Now and then a NULL, which is a value like any other. */
        values[i] = rng_one_in(&run->rng, 64) ? 0 : run->next_value;
        run->next_value += 8;
    }
    n_oracle = pair->oracle->push(run->oracle, values, n, &run->oracle_rng);
    memcpy(given, values, sizeof given);
    if (plant(run, DROPS, step, n_oracle > 0)) {
        n_subject = n_oracle;
    } else if (plant(run, REFUSES, step, n_oracle > 0)) {
        n_subject = 0;
    } else {
        if (plant(run, SWAPS, step, n_oracle > 1 && values[0] != values[1])) {
            given[0] = values[1];
            given[1] = values[0];
        }
        n_subject = pair->subject->push(
            run->subject, given, n, &run->subject_rng);
        if (plant(run, DOUBLES, step,
                n_oracle == 1 &&
                    (run->capacity == 0 || run->n_inside + 3 < run->capacity)))
            (void)pair->subject->push(
                run->subject, given, 1, &run->subject_rng);
    }
    if (n_subject != n_oracle)
        return fail(run, "pushing %zu: %zu went in, %zu into the oracle", n,
            n_subject, n_oracle);
    tally.n_full += n_oracle == 0;
    tally.n_partial += n_oracle > 0 && n_oracle < n;
    run->n_inside += n_oracle;
    return true;
}

static bool
step_pop(struct run *run, uint64_t step, size_t n)
{
    const struct differential_pair *pair = run->pair;
    uintptr_t got[DIFFERENTIAL_BATCH_MAX];
    uintptr_t wanted[DIFFERENTIAL_BATCH_MAX];
    size_t n_oracle = pair->oracle->pop(
        run->oracle, wanted, n, &run->oracle_rng);
    size_t n_subject;
    size_t i;

    if (plant(run, EMPTY, step, n_oracle > 0))
        n_subject = 0;
    else
        n_subject = pair->subject->pop(run->subject, got, n, &run->subject_rng);
    if (n_subject != n_oracle)
        return fail(run, "popping %zu: %zu came out, %zu of the oracle", n,
            n_subject, n_oracle);
    for (i = 0; i < n_oracle; i++) {
        if (got[i] != wanted[i])
            return fail(run,
                "popping %zu: value %zu is %#zx, %#zx in the oracle", n, i,
                (size_t)got[i], (size_t)wanted[i]);
    }
    tally.n_empty += n_oracle == 0;
    run->n_inside -= n_oracle;
    return true;
}

/* Empties both. */
static bool
drain(struct run *run)
{
    while (run->n_inside > 0) {
        if (!step_pop(run, 0, 1))
            return false;
    }
    return step_pop(run, 0, 1);
}

/* True if both sides agree all the way. */
static bool
compare(struct run *run)
{
    const struct differential_pair *pair = run->pair;
    unsigned push_share = 8; /* of 16 */
    uint64_t step;
    bool is_same = true;

    run->rng = rng_make(run->seed, 0);
    run->subject_rng = rng_make(run->seed, 1);
    run->oracle_rng = rng_make(run->seed, 2);
    run->subject = pair->subject->create(run->capacity);
    run->oracle = pair->oracle->create(run->capacity);
    require(run->subject != NULL && run->oracle != NULL);
    run->n_inside = 0;
    run->next_value = 8;
    run->was_planted = false;
    for (step = 0; is_same && step < run->n_steps; step++) {
        unsigned dice = (unsigned)rng_below(&run->rng, 64);
        size_t n = rng_one_in(&run->rng, 3)
            ? 1 + (size_t)rng_below(&run->rng, DIFFERENTIAL_BATCH_MAX)
            : 1;

        if (rng_one_in(&run->rng, 3u * run->capacity + 40))
            push_share = 3 + 5 * (unsigned)rng_below(&run->rng, 3);
        if (run->capacity == 0 &&
            run->n_inside + DIFFERENTIAL_BATCH_MAX > DIFFERENTIAL_UNBOUNDED)
            push_share = 0;
        if (dice == 63 && pair->subject->ask != NULL) {
            const char *wrong = pair->subject->ask(
                run->subject, run->n_inside, &run->subject_rng);

            if (wrong != NULL)
                is_same = fail(run, "%s", wrong);
        } else if (dice % 16 < push_share) {
            is_same = step_push(run, step, n);
        } else {
            is_same = step_pop(run, step, n);
        }
        if (step % 4096 == 0)
            stress_progress();
    }
    tally.n_steps += step;
    is_same = is_same && drain(run);
    if (!is_same && run->defect == NO_DEFECT)
        fprintf(stderr,
            "%s against %s, capacity %u: step %llu with %zu inside: %s\n"
            "  STRAIT_SEED=%llu\n",
            pair->subject->name, pair->oracle->name, run->capacity,
            (unsigned long long)step, run->n_inside, run->wrong,
            (unsigned long long)stress.seed);
    pair->subject->destroy(run->subject);
    pair->oracle->destroy(run->oracle);
    return is_same;
}

/* Every planted mistake must be noticed, in every pair. */
static void
control(const struct differential_pair *pair, uint64_t seed)
{
    enum defect defect;

    for (defect = NO_DEFECT + 1; defect < DEFECTS; defect++) {
        struct run run = { .pair = pair,
            .capacity = pair->capacities != NULL ? 8 : 0,
            .seed = seed,
            .n_steps = 2000,
            .defect = defect };
        bool is_same = compare(&run);

        if (is_same || !run.was_planted) {
            fprintf(stderr, "%s against %s: %s was not noticed\n",
                pair->subject->name, pair->oracle->name, defect_names[defect]);
            exit(1);
        }
    }
}

int
differential_main(int argc, char **argv, const char *program, const char *about,
    const struct differential_pair *pairs, size_t n_pairs)
{
    static const uint32_t unbounded[] = { 0, 0 };
    size_t i;

    stress_begin(argc, argv, program, about);
    for (i = 0; i < n_pairs; i++)
        control(&pairs[i], rng_next(&stress.rng));
    memset(&tally, 0, sizeof tally);
    while (stress_goes_on()) {
        for (i = 0; i < n_pairs; i++) {
            const uint32_t *capacity =
                pairs[i].capacities != NULL ? pairs[i].capacities : unbounded;

            do {
                struct run run = { .pair = &pairs[i],
                    .capacity = *capacity,
                    .seed = rng_next(&stress.rng),
                    .n_steps = stress_scaled(STEPS + STEPS_EACH * *capacity) };

                stress_phase("%s against %s, capacity %u",
                    pairs[i].subject->name, pairs[i].oracle->name, *capacity);
                if (!compare(&run))
                    return 1;
                if (pairs[i].capacities == NULL)
                    break;
            } while (*++capacity != 0);
        }
    }
    fprintf(stderr,
        "%s: %llu steps; %llu times FULL, %llu times EMPTY, %llu batches that "
        "fitted in part; %d planted mistakes noticed in each of %zu pairs\n",
        program, (unsigned long long)tally.n_steps,
        (unsigned long long)tally.n_full, (unsigned long long)tally.n_empty,
        (unsigned long long)tally.n_partial, DEFECTS - 1, n_pairs);
    return stress_end();
}
