/* SPDX-License-Identifier: MIT */
/*
 * lin.c - see lin.h.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <strait/cpu.h>

#include "lin.h"
#include "rng.h"
#include "stress.h"

#define BATCH_MAX 16

static struct {
    uint64_t n_programs;
    uint64_t n_runs;
    uint64_t n_long;
    struct history_counts in_short;
    struct history_counts in_long;
} tally;

static struct history_fault last_fault;

const struct history_fault *
lin_fault(void)
{
    return &last_fault;
}

/* ------------------------------------------------------------ programs */

#define SHORT_THREADS_MAX 3
#define STEPS_MAX 7
#define PREFILL_MAX 4

struct step {
    uint8_t operation;
    uint8_t n; /* values offered or asked for */
};

struct program {
    uint32_t capacity;
    unsigned n_threads;
    unsigned n_prefilled;
    unsigned n_steps[SHORT_THREADS_MAX];
    struct step steps[SHORT_THREADS_MAX][STEPS_MAX];
};

static unsigned
batch_of(struct rng *rng, unsigned max)
{
    if (max > 4)
        max = 4;
    return max > 1 && rng_one_in(rng, 4) ? 2 + (unsigned)rng_below(rng, max - 1)
                                         : 1;
}

static struct step
make_step(const struct lin_kind *kind, bool may_push, bool may_pop, bool arms,
    struct rng *rng)
{
    struct step step = { HISTORY_POP, 1 };
    unsigned dice = (unsigned)rng_below(rng, 16);

    if (kind->can_close && dice == 15 &&
        (may_push || !kind->is_closed_by_producers)) {
        step.operation = HISTORY_CLOSE;
        return step;
    }
    if (may_pop && (!may_push || rng_one_in(rng, 2))) {
        if (arms && dice < 8)
            step.operation = kind->can_disarm && dice < 3 ? HISTORY_DISARM
                                                          : HISTORY_ARM;
        else
            step.n = (uint8_t)batch_of(rng, kind->pop_max);
        return step;
    }
    step.operation = HISTORY_PUSH;
    step.n = (uint8_t)batch_of(rng, kind->push_max);
    return step;
}

static void
make_program(
    struct program *program, const struct lin_kind *kind, struct rng *rng)
{
    bool is_pair = kind->n_producers_max == 1 && kind->n_consumers_max == 1;
    bool arms;
    unsigned t;
    unsigned i;

    memset(program, 0, sizeof *program);
    program->n_threads = is_pair ? 2 : 3;
    if (kind->capacities != NULL) {
        /* The small ones, where FULL is near. */
        unsigned n = kind->n_capacities < 2 ? kind->n_capacities : 2;

        program->capacity = kind->capacities[rng_below(rng, n)];
    }
    /* Where sleeping is tried, mostly nothing is inside. */
    arms = kind->can_arm && rng_one_in(rng, 2);
    if (!arms || rng_one_in(rng, 4))
        program->n_prefilled = (unsigned)rng_below(rng, PREFILL_MAX + 1);
    if (program->capacity != 0 && program->n_prefilled > program->capacity)
        program->n_prefilled = program->capacity;
    for (t = 0; t < program->n_threads; t++) {
        /* Thread 0 is among the producers, the last among the consumers. */
        bool may_push = kind->n_producers_max == 0 || t < kind->n_producers_max;
        bool may_pop = kind->n_consumers_max == 0 ||
            program->n_threads - 1 - t < kind->n_consumers_max;

        if (may_push && may_pop && kind->n_consumers_max == 1)
            may_push = false;
        program->n_steps[t] = (is_pair ? 5 : 3) +
            (unsigned)rng_below(rng, is_pair ? 3 : 2);
        for (i = 0; i < program->n_steps[t]; i++)
            program->steps[t][i] = make_step(
                kind, may_push, may_pop, arms, rng);
    }
}

static void
print_program(FILE *out, const struct program *program)
{
    unsigned t;
    unsigned i;

    fprintf(out, "  program: ");
    if (program->capacity != 0)
        fprintf(out, "capacity %u, ", program->capacity);
    fprintf(out, "%u values inside at first\n", program->n_prefilled);
    for (t = 0; t < program->n_threads; t++) {
        fprintf(out, "    thread %u:", t);
        for (i = 0; i < program->n_steps[t]; i++) {
            fprintf(out, " %s",
                history_operation_name(program->steps[t][i].operation));
            if (program->steps[t][i].n > 1)
                fprintf(out, "(%u)", program->steps[t][i].n);
        }
        fputc('\n', out);
    }
}

/* --------------------------------------------------- one call, recorded */

/* Answers what the call did; *next is the caller's next own value. */
static int
do_push(const struct lin_kind *kind, void *queue, struct history *h,
    unsigned thread, unsigned n, uint32_t *next, bool *may_skip)
{
    uint32_t values[BATCH_MAX];
    unsigned n_done = 0;
    uint64_t invoked;
    unsigned i;
    int answer;

    if (kind->fit != NULL)
        n = kind->fit(queue, n);
    for (i = 0; i < n; i++)
        values[i] = HISTORY_VALUE(thread, *next + i);
    invoked = history_stamp(h);
    answer = kind->push(queue, values, n, &n_done);
    if (n_done == 0 && may_skip != NULL && *may_skip)
        return answer;
    history_record(h, thread, HISTORY_PUSH, answer, invoked, values, n_done, n);
    *next += n_done;
    return answer;
}

static int
do_pop(const struct lin_kind *kind, void *queue, struct history *h,
    unsigned thread, unsigned n, unsigned *ret_n, bool *may_skip)
{
    uint32_t values[BATCH_MAX];
    uint64_t invoked;
    int answer;

    *ret_n = 0;
    invoked = history_stamp(h);
    answer = kind->pop(queue, values, n, ret_n);
    if (*ret_n == 0 && may_skip != NULL && *may_skip)
        return answer;
    history_record(h, thread, HISTORY_POP, answer, invoked, values, *ret_n, n);
    return answer;
}

static bool
do_other(int operation, bool (*function)(void *), void *queue,
    struct history *h, unsigned thread)
{
    uint64_t invoked = history_stamp(h);
    bool answer = function(queue);

    history_record(h, thread, operation, answer ? HISTORY_YES : HISTORY_NO,
        invoked, NULL, 0, 0);
    return answer;
}

/* After all threads: takes what is left, until EMPTY three times in a row: a
 * value that an EMPTY was wrong about should still come out. A queue that never
 * ends fills the log, or makes n_most calls. */
static void
drain(const struct lin_kind *kind, void *queue, struct history *h,
    unsigned thread, unsigned n_most)
{
    unsigned n_empty = 0;
    unsigned n;

    while (n_most-- > 0 && n_empty < 3 && !history_is_full(h)) {
        if (do_pop(kind, queue, h, thread, 1, &n, NULL) == HISTORY_DONE)
            n_empty = 0;
        else
            n_empty++;
    }
}

/* ----------------------------------------------------------- short runs */

/* What the threads of a program share. */
static struct {
    const struct lin_kind *kind;
    const struct program *program;
    void *queue;
    struct history h;
    uint64_t seed;
    unsigned n_runs;
    _Atomic(uint32_t) n_arrived; /* at gates, over all runs */
    _Atomic(bool) is_over;
} shorts;

/* Waits for the others; the last to come and those who watch start together. */
static void
gate(unsigned n_gates)
{
    uint32_t all = n_gates * shorts.program->n_threads;
    unsigned n_looks = 0;

    atomic_fetch_add_explicit(&shorts.n_arrived, 1, memory_order_acq_rel);
    while (
        atomic_load_explicit(&shorts.n_arrived, memory_order_acquire) < all) {
        if (++n_looks % 256 == 0)
            sched_yield();
    }
}

static void
spin(struct rng *rng)
{
    uint64_t n = rng_below(rng, rng_one_in(rng, 8) ? 2000 : 64);

    while (n-- > 0)
        __asm__ __volatile__("" ::: "memory");
}

static void
run_steps(unsigned t, struct rng *rng)
{
    const struct lin_kind *kind = shorts.kind;
    const struct program *program = shorts.program;
    struct history *h = &shorts.h;
    uint32_t next = 0;
    unsigned i;

    for (i = 0; i < program->n_steps[t]; i++) {
        const struct step *step = &program->steps[t][i];
        unsigned n;

        spin(rng);
        switch (step->operation) {
        case HISTORY_PUSH:
            do_push(kind, shorts.queue, h, t, step->n, &next, NULL);
            break;
        case HISTORY_POP:
            do_pop(kind, shorts.queue, h, t, step->n, &n, NULL);
            break;
        case HISTORY_ARM:
            do_other(HISTORY_ARM, kind->arm, shorts.queue, h, t);
            break;
        case HISTORY_DISARM:
            do_other(HISTORY_DISARM, kind->disarm, shorts.queue, h, t);
            break;
        case HISTORY_CLOSE:
            do_other(HISTORY_CLOSE, kind->close, shorts.queue, h, t);
            break;
        }
    }
}

/* Threads 1 and up; thread 0 is the caller of try_program. */
static void *
short_thread(void *arg)
{
    unsigned t = *(unsigned *)arg;
    struct rng rng = rng_make(shorts.seed, t);
    unsigned n_gates = 0;

    for (;;) {
        gate(++n_gates);
        if (atomic_load_explicit(&shorts.is_over, memory_order_acquire))
            return NULL;
        run_steps(t, &rng);
        gate(++n_gates);
    }
}

/* Checks with both, which must not contradict each other. */
static bool
is_right(struct history_contract *contract, struct history_fault *fault)
{
    struct history_fault searched;
    int by_patterns = history_patterns(&shorts.h, contract, fault);
    int by_search = history_search(&shorts.h, contract, &searched);

    stress_require(by_search != HISTORY_UNDECIDED, "%s", searched.text);
    stress_require(by_search == HISTORY_WRONG || by_patterns == HISTORY_RIGHT,
        "the search explains what the patterns call wrong: %s", fault->text);
    if (by_patterns == HISTORY_RIGHT)
        *fault = searched;
    /* For the time line: all calls. */
    fault->n_events = 0;
    return by_search == HISTORY_RIGHT;
}

/*
 * Runs the program up to n_runs times, answers the number of the first run
 * whose history is wrong (that one is left in shorts.h), or 0.
 */
static unsigned
try_program(const struct lin_kind *kind, const struct program *program,
    uint64_t seed, unsigned n_runs, struct history_fault *fault)
{
    struct history_contract contract = kind->contract;
    unsigned main_log = program->n_threads;
    pthread_t threads[SHORT_THREADS_MAX];
    unsigned numbers[SHORT_THREADS_MAX] = { 0, 1, 2 };
    struct rng rng = rng_make(seed, 0);
    unsigned n_gates = 0;
    unsigned wrong = 0;
    unsigned run;

    contract.capacity = program->capacity;
    contract.is_drained = true;
    shorts.kind = kind;
    shorts.program = program;
    shorts.seed = seed;
    atomic_store(&shorts.n_arrived, 0);
    atomic_store(&shorts.is_over, false);
    shorts.h.n_threads = program->n_threads + 1;
    stress_start(threads + 1, program->n_threads - 1, short_thread, numbers + 1,
        sizeof numbers[0]);
    for (run = 1; run <= n_runs && wrong == 0; run++) {
        uint32_t next = 0;
        unsigned i;

        history_reset(&shorts.h);
        kind->reset(shorts.queue, program->capacity);
        for (i = 0; i < program->n_prefilled; i++)
            do_push(kind, shorts.queue, &shorts.h, main_log, 1, &next, NULL);
        gate(++n_gates);
        run_steps(0, &rng);
        gate(++n_gates);
        drain(kind, shorts.queue, &shorts.h, main_log, 40);
        stress_progress();
        if (!is_right(&contract, fault))
            wrong = run;
        tally.n_runs++;
        history_count(&shorts.h, &tally.in_short);
    }
    atomic_store_explicit(&shorts.is_over, true, memory_order_release);
    gate(++n_gates);
    stress_join(threads + 1, program->n_threads - 1);
    return wrong;
}

/* Leaves out what the program can do without and still goes wrong. */
static void
shrink_program(const struct lin_kind *kind, struct program *program,
    uint64_t seed, unsigned n_runs)
{
    struct history_fault fault;
    bool is_smaller = true;

    while (is_smaller) {
        unsigned t;
        unsigned i;

        is_smaller = false;
        for (t = 0; t <= program->n_threads; t++) {
            unsigned n = t < program->n_threads ? program->n_steps[t]
                                                : program->n_prefilled;

            for (i = 0; i < n && !is_smaller; i++) {
                struct program less = *program;

                if (t == program->n_threads) {
                    less.n_prefilled--;
                } else {
                    less.n_steps[t]--;
                    memmove(&less.steps[t][i], &less.steps[t][i + 1],
                        (less.n_steps[t] - i) * sizeof less.steps[t][0]);
                }
                if (try_program(kind, &less, seed, n_runs, &fault) != 0) {
                    *program = less;
                    is_smaller = true;
                }
            }
        }
    }
}

static void
report_short(const struct lin_kind *kind, struct program *program,
    uint64_t round, uint64_t seed, unsigned run, unsigned n_runs, FILE *out)
{
    struct history_contract contract = kind->contract;
    struct history_fault fault;
    struct program original = *program;
    unsigned n_calls = 0;
    unsigned t;

    contract.capacity = program->capacity;
    fprintf(out,
        "%s: %s: a history is wrong\n"
        "  STRAIT_SEED=%llu STRAIT_HISTORY_ROUND=%llu, run %u\n",
        stress.program, kind->name, (unsigned long long)stress.seed,
        (unsigned long long)round, run);
    print_program(out, program);
    for (t = 0; t < shorts.h.n_threads; t++)
        n_calls += shorts.h.logs[t].n_events;
    history_patterns(&shorts.h, &contract, &fault);
    fault.n_events = 0;
    fprintf(out, "  %u calls%s%s\n", n_calls, fault.text[0] != '\0' ? ": " : "",
        fault.text);
    history_print(out, &shorts.h, &fault);

    shrink_program(kind, program, seed, 4 * n_runs);
    run = try_program(kind, program, seed, 16 * n_runs, &fault);
    if (run == 0) {
        fprintf(out, "  (it did not happen again in a smaller program)\n");
        *program = original;
        return;
    }
    n_calls = history_shrink(&shorts.h, &contract);
    history_patterns(&shorts.h, &contract, &fault);
    if (fault.text[0] == '\0')
        history_search(&shorts.h, &contract, &fault);
    fprintf(out, "\n  shrunk to %u calls: %s\n", n_calls, fault.text);
    print_program(out, program);
    fault.n_events = 0;
    history_print(out, &shorts.h, &fault);
}

bool
lin_short(
    const struct lin_kind *kind, uint64_t round, unsigned n_runs, FILE *out)
{
    struct rng rng = rng_make(stress.seed, 2 * round);
    struct history_fault fault;
    struct program program;
    uint64_t seed;
    unsigned run;

    make_program(&program, kind, &rng);
    seed = rng_next(&rng);
    stress_phase("%s: %u runs of program %llu", kind->name, n_runs,
        (unsigned long long)round);
    history_init(&shorts.h, SHORT_THREADS_MAX + 1, 64, 256);
    shorts.queue = kind->create(kind, SHORT_THREADS_MAX + 1, 64);
    run = try_program(kind, &program, seed, n_runs, &fault);
    tally.n_programs++;
    if (run != 0)
        last_fault = fault;
    if (run != 0 && out != NULL)
        report_short(kind, &program, round, seed, run, n_runs, out);
    shorts.h.n_threads = SHORT_THREADS_MAX + 1;
    history_fini(&shorts.h);
    kind->destroy(shorts.queue);
    return run == 0;
}

/* ------------------------------------------------------------ long runs */

#define LONG_SKIPPABLE 4000u /* EMPTY, FULL, PENDING recorded of a thread */
#define GROUPS_MAX 32

/* One queue with its threads: producers, then consumers. */
struct group {
    const struct lin_kind *kind;
    void *queue;
    struct history h;
    uint64_t seed;
    unsigned n_producers;
    unsigned n_consumers;
    uint32_t n_each;
    uint32_t n_values; /* of all producers */
    uint32_t capacity;
    bool is_sleepy;
    sem_t bell;
    _Atomic(uint32_t) n_producing;
};

struct member {
    struct group *group;
    unsigned thread;
};

/*
 * More of them would only fill the log. All values of the group may yet come
 * out in this thread, one by one, so that much room is kept for them; where a
 * log gets full nevertheless, more came out than went in.
 */
static bool
is_enough(const struct group *group, unsigned thread, unsigned n_skippable)
{
    return n_skippable >= LONG_SKIPPABLE ||
        !history_has_room(&group->h, thread, group->n_values + 8);
}

static void *
long_producer(void *arg)
{
    struct member *self = arg;
    struct group *group = self->group;
    const struct lin_kind *kind = group->kind;
    struct rng rng = rng_make(group->seed, self->thread);
    unsigned n_refused = 0;
    uint32_t next = 0;
    uint32_t closes_at = UINT32_MAX;

    if (kind->can_close && kind->is_closed_by_producers && rng_one_in(&rng, 2))
        closes_at = (uint32_t)rng_below(&rng, group->n_each);
    while (next < group->n_each && !history_is_full(&group->h)) {
        unsigned max = kind->push_max < BATCH_MAX ? kind->push_max : BATCH_MAX;
        unsigned n = max > 1 && rng_one_in(&rng, 4)
            ? 1 + (unsigned)rng_below(&rng, max)
            : 1;
        bool may_skip = is_enough(group, self->thread, n_refused);
        int answer;

        if (next >= closes_at) {
            do_other(HISTORY_CLOSE, kind->close, group->queue, &group->h,
                self->thread);
            closes_at = UINT32_MAX;
        }
        if (n > group->n_each - next)
            n = group->n_each - next;
        if (group->capacity != 0 && n > group->capacity)
            n = group->capacity;
        answer = do_push(
            kind, group->queue, &group->h, self->thread, n, &next, &may_skip);
        if (answer == HISTORY_CLOSED)
            break;
        if (answer == HISTORY_WAKE && group->is_sleepy)
            sem_post(&group->bell);
        if (answer == HISTORY_FULL) {
            n_refused++;
            sched_yield();
        } else {
            stress_progress();
        }
        stress_jitter(&rng);
    }
    /* The round is over: nobody may sleep on. */
    if (history_is_full(&group->h))
        sem_post(&group->bell);
    atomic_fetch_sub_explicit(&group->n_producing, 1, memory_order_release);
    return NULL;
}

/* True if the consumer should try again at once. */
static bool
rest(struct group *group, unsigned thread, int answer, struct rng *rng)
{
    const struct lin_kind *kind = group->kind;

    if (kind->can_arm && answer == HISTORY_EMPTY &&
        (group->is_sleepy || rng_one_in(rng, 8)) &&
        history_has_room(&group->h, thread, group->n_values + 16)) {
        if (!do_other(HISTORY_ARM, kind->arm, group->queue, &group->h, thread))
            return true;
        if (kind->can_disarm && rng_one_in(rng, 4) &&
            do_other(
                HISTORY_DISARM, kind->disarm, group->queue, &group->h, thread))
            return true;
        if (group->is_sleepy) {
            sem_wait(&group->bell);
            return true;
        }
    }
    return false;
}

static void *
long_consumer(void *arg)
{
    struct member *self = arg;
    struct group *group = self->group;
    const struct lin_kind *kind = group->kind;
    struct rng rng = rng_make(group->seed, self->thread);
    unsigned n_refused = 0;
    unsigned n_taken = 0;

    while (!history_is_full(&group->h)) {
        unsigned max = kind->pop_max < BATCH_MAX ? kind->pop_max : BATCH_MAX;
        unsigned n = max > 1 && rng_one_in(&rng, 2)
            ? 1 + (unsigned)rng_below(&rng, max)
            : 1;
        bool may_skip = is_enough(group, self->thread, n_refused);
        bool is_last = atomic_load_explicit(
                           &group->n_producing, memory_order_acquire) == 0;
        unsigned n_popped;
        int answer = do_pop(kind, group->queue, &group->h, self->thread, n,
            &n_popped, &may_skip);

        n_taken += n_popped;
        if (group->is_sleepy ? n_taken == group->n_values
                             : is_last && answer != HISTORY_DONE &&
                    answer != HISTORY_PENDING)
            return NULL;
        if (answer == HISTORY_DONE) {
            stress_progress();
            stress_jitter(&rng);
        } else {
            n_refused++;
            if (!rest(group, self->thread, answer, &rng))
                sched_yield();
        }
    }
    return NULL;
}

/* Sizes of a long run. */
static void
make_group(struct group *group, const struct lin_kind *kind, unsigned n_threads,
    struct rng *rng)
{
    unsigned n_consumers = kind->n_consumers_max;
    unsigned n_producers = kind->n_producers_max;
    unsigned n_most = kind->n_long_values != 0 ? kind->n_long_values
                                               : LIN_LONG_VALUES;

    if (n_consumers == 0)
        n_consumers = rng_one_in(rng, 3)
            ? 1
            : 1 + (unsigned)rng_below(rng, n_threads - 1);
    if (n_producers == 0)
        n_producers = n_threads - n_consumers;
    group->kind = kind;
    group->n_producers = n_producers;
    group->n_consumers = n_consumers;
    group->n_each = lin_scaled(
        (1 + (unsigned)rng_below(rng, n_most)) / n_producers + 1);
    group->n_values = n_producers * group->n_each;
    group->capacity = 0;
    if (kind->capacities != NULL)
        group->capacity = kind->capacities[rng_below(rng, kind->n_capacities)];
    group->is_sleepy = kind->can_sleep && n_consumers == 1 &&
        rng_one_in(rng, 2);
    group->seed = rng_next(rng);
    sem_init(&group->bell, 0, 0);
    atomic_store(&group->n_producing, n_producers);
    /* Every value once, and as many again for armings; the rest, EMPTY and the
     * like. A queue that is wrong may give out more than it got. */
    history_init(&group->h, n_producers + n_consumers + 1,
        2 * group->n_values + 3 * LONG_SKIPPABLE + 64,
        2 * group->n_values + 64);
    group->queue = kind->create(
        kind, n_producers + n_consumers + 1, group->n_each + BATCH_MAX);
    kind->reset(group->queue, group->capacity);
}

static bool
check_group(struct group *group, unsigned number, uint64_t round, FILE *out)
{
    struct history_contract contract = group->kind->contract;
    unsigned main_log = group->n_producers + group->n_consumers;
    struct history_fault fault;
    int verdict;

    drain(group->kind, group->queue, &group->h, main_log, group->n_values + 3);
    contract.capacity = group->capacity;
    contract.is_drained = true;
    verdict = history_patterns(&group->h, &contract, &fault);
    history_count(&group->h, &tally.in_long);
    stress_progress();
    if (verdict != HISTORY_RIGHT)
        last_fault = fault;
    if (verdict != HISTORY_RIGHT && out != NULL) {
        fprintf(out,
            "%s: %s: a history is not right: %s\n"
            "  STRAIT_SEED=%llu STRAIT_HISTORY_ROUND=%llu, queue %u: "
            "%u producers, %u consumers, %u values each, capacity %u\n",
            stress.program, group->kind->name, fault.text,
            (unsigned long long)stress.seed, (unsigned long long)round, number,
            group->n_producers, group->n_consumers, group->n_each,
            group->capacity);
        if (fault.n_events > 0)
            history_print(out, &group->h, &fault);
    }
    return verdict == HISTORY_RIGHT;
}

bool
lin_long(const struct lin_kind *kind, uint64_t round, FILE *out)
{
    struct rng rng = rng_make(stress.seed, 2 * round + 1);
    bool is_pair = kind->n_producers_max == 1 && kind->n_consumers_max == 1;
    unsigned n_threads = strait_cpu_usable() *
        (2 + (unsigned)rng_below(&rng, 7));
    static struct group groups[GROUPS_MAX];
    struct member members[HISTORY_THREADS_MAX];
    pthread_t threads[HISTORY_THREADS_MAX];
    unsigned n_groups = 1;
    unsigned n = 0;
    bool is_ok = true;
    bool closes = kind->can_close && rng_one_in(&rng, 3);
    unsigned g;
    unsigned t;

    if (n_threads > 64)
        n_threads = 64;
    if (n_threads < 4)
        n_threads = 4;
    if (is_pair)
        n_groups = n_threads / 2;
    for (g = 0; g < n_groups; g++) {
        make_group(&groups[g], kind, n_threads / n_groups, &rng);
        if (closes)
            groups[g].is_sleepy = false;
    }
    stress_phase("%s: long run %llu, %u threads, %u queues%s", kind->name,
        (unsigned long long)round, n_threads, n_groups,
        groups[0].is_sleepy ? ", sleepy" : "");
    for (g = 0; g < n_groups; g++) {
        struct group *group = &groups[g];

        for (t = 0; t < group->n_producers + group->n_consumers; t++) {
            members[n].group = group;
            members[n].thread = t;
            stress_start(&threads[n], 1,
                t < group->n_producers ? long_producer : long_consumer,
                &members[n], sizeof members[n]);
            n++;
        }
    }
    if (closes && !kind->is_closed_by_producers) {
        /* At any moment, early ones as often as late ones. */
        usleep((useconds_t)rng_below(&rng, 2u << rng_below(&rng, 12)));
        for (g = 0; g < n_groups; g++)
            do_other(HISTORY_CLOSE, kind->close, groups[g].queue, &groups[g].h,
                groups[g].n_producers + groups[g].n_consumers);
    }
    stress_join(threads, n);
    for (g = 0; g < n_groups; g++) {
        is_ok &= check_group(&groups[g], g, round, out);
        history_fini(&groups[g].h);
        kind->destroy(groups[g].queue);
        sem_destroy(&groups[g].bell);
    }
    tally.n_long++;
    return is_ok;
}

/* ----------------------------------------------------------------- main */

void
lin_begin(int argc, char **argv, const char *program, const char *about)
{
    stress_begin(argc, argv, program, about);
}

bool
lin_goes_on(void)
{
    return stress_goes_on();
}

int
lin_end(void)
{
    return stress_end();
}

uint64_t
lin_seed(void)
{
    return stress.seed;
}

unsigned
lin_scaled(unsigned n)
{
    return stress_scaled(n);
}

static void
print_counts(const char *what, const struct history_counts *counts)
{
    int answer;

    fprintf(stderr, "  %s: %llu calls, %llu of them open beside another;", what,
        (unsigned long long)counts->calls,
        (unsigned long long)counts->overlapping);
    for (answer = HISTORY_WAKE; answer <= HISTORY_PENDING; answer++) {
        if (counts->answers[answer] > 0)
            fprintf(stderr, " %s %llu", history_answer_name(answer),
                (unsigned long long)counts->answers[answer]);
    }
    fprintf(stderr, "; %llu EMPTY beside a hidden value\n",
        (unsigned long long)counts->spurious_empties);
}

int
lin_main(int argc, char **argv, const char *program, const char *about,
    const struct lin_kind *kinds, unsigned n_kinds)
{
    char help[256];
    uint64_t round = 0;
    double only;
    bool is_ok = true;

    snprintf(help, sizeof help,
        "%s\n  STRAIT_HISTORY_ROUND=n    only that round of the seed", about);
    lin_begin(argc, argv, program, help);
    only = stress_number("STRAIT_HISTORY_ROUND", -1);
    while (is_ok && lin_goes_on()) {
        const struct lin_kind *kind;

        if (only >= 0)
            round = (uint64_t)only;
        kind = &kinds[round % n_kinds];
        if (round / n_kinds % 16 == 0)
            is_ok = lin_long(kind, round, stderr);
        else
            is_ok = lin_short(kind, round, stress_scaled(100), stderr);
        round++;
    }
    fprintf(stderr, "%s: %llu programs run %llu times, %llu long runs\n",
        program, (unsigned long long)tally.n_programs,
        (unsigned long long)tally.n_runs, (unsigned long long)tally.n_long);
    print_counts("short", &tally.in_short);
    print_counts("long", &tally.in_long);
    if (!is_ok)
        return 1;
    return lin_end();
}
