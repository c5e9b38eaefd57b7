/* SPDX-License-Identifier: MIT */
/*
 * fork/bed - a run of a program on a system: makes its data, starts the clock
 * once the workers are there, and looks at the outcome.
 *
 * The root is run from a thread of its own, with a stack as large as those of
 * the workers, because with some systems that thread is a worker. Of the serial
 * program several copies can run at once, each in such a thread with data of
 * its own.
 */
#include "fork/fork.h"

#include "support.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

/* Before the clock starts each system runs this: threads are there then. */
#define WARM_UP_FIB 18
/* fork_first: how long the workers have to fall asleep. */
#define FIRST_PAUSE_NS 20000000u

#define COPIES_MAX 64

struct bed;

struct copy {
    struct bed *bed;
    struct fork_job job;
    pthread_t thread;
    uint64_t began_ns;
    uint64_t ended_ns;
};

struct bed {
    const struct fork_ops *ops;
    const struct fork_shape *shape;
    unsigned n_copies;
    uint64_t n_tasks; /* of one round */
    uint64_t resident_before;
    pthread_barrier_t barrier;
    uint64_t *samples; /* fork_first */
    struct copy copies[COPIES_MAX];
};

/* ------------------------------------------------------------- the programs */

#define FIB_MAX 50

static uint64_t
fib_number(uint64_t n)
{
    uint64_t a = 0;
    uint64_t b = 1;

    while (n-- > 0) {
        uint64_t c = a + b;

        a = b;
        b = c;
    }
    return a;
}

/* Each call with n > 1 spawns one task. */
static uint64_t
fib_tasks(uint64_t n)
{
    return fib_number(n + 1) - 1;
}

static uint64_t
fib_for(uint64_t n_tasks)
{
    uint64_t n = 2;

    while (n < FIB_MAX && fib_tasks(n + 1) <= n_tasks)
        n++;
    return n;
}

static const uint64_t queens[FORK_QUEENS_MAX + 1] = { 1, 1, 0, 0, 2, 10, 4, 40,
    92, 352, 724, 2680, 14200, 73712, 365596 };

/* A balanced tree, level by level: so that it is all the same whether left or
 * right is visited first, which differs between calls and tasks. */
static int
make_tree(struct fork_job *job)
{
    uint64_t n = job->size;
    struct fork_node *nodes = malloc(n * sizeof(*nodes));

    job->nodes = nodes;
    if (nodes == NULL)
        return -ENOMEM;
    for (uint64_t i = 0; i < n; i++) {
        nodes[i].left = 2 * i + 1 < n ? &nodes[2 * i + 1] : NULL;
        nodes[i].right = 2 * i + 2 < n ? &nodes[2 * i + 2] : NULL;
        nodes[i].value = i;
    }
    job->expected = n * (n - 1) / 2;
    return 0;
}

/* Small whole numbers, so that sums are exact in whatever order. */
static double
factor_a(size_t row, size_t column)
{
    return (double)((row * 3 + column) % 17);
}

static double
factor_b(size_t row, size_t column)
{
    return (double)((row + column * 5) % 13);
}

static int
make_matrices(struct fork_job *job)
{
    size_t n = job->size;
    double *a = malloc(n * n * sizeof(*a));
    double *b = malloc(n * n * sizeof(*b));

    job->product.a = a;
    job->product.b = b;
    job->product.c = malloc(n * n * sizeof(*b));
    job->product.n = (uint32_t)n;
    job->product.stride = (uint32_t)n;
    if (a == NULL || b == NULL || job->product.c == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n * n; i++) {
        a[i] = factor_a(i / n, i % n);
        b[i] = factor_b(i / n, i % n);
    }
    return 0;
}

/* Looks at every row, at a column that moves on. */
static bool
is_product(const struct fork_job *job)
{
    size_t n = job->size;

    for (size_t row = 0; row < n; row++) {
        size_t column = row * 7 % n;
        double sum = 0;

        for (size_t k = 0; k < n; k++)
            sum += factor_a(row, k) * factor_b(k, column);
        if (job->product.c[row * n + column] != sum)
            return false;
    }
    return true;
}

static int
make_items(struct fork_job *job)
{
    job->items = malloc(job->size * sizeof(*job->items));
    job->spare = malloc(job->size * sizeof(*job->spare));
    return job->items == NULL || job->spare == NULL ? -ENOMEM : 0;
}

#define ITEMS_SEED 42

static void
draw_items(struct fork_job *job)
{
    uint64_t random = ITEMS_SEED;

    for (uint64_t i = 0; i < job->size; i++)
        job->items[i] = (int32_t)(uint32_t)bench_random(&random);
    memset(job->spare, 0, job->size * sizeof(*job->spare));
}

/* In order, and with the sums of the items that were drawn. */
static bool
is_sorted(const struct fork_job *job)
{
    uint64_t random = ITEMS_SEED;
    uint64_t sums[2] = { 0, 0 };

    for (uint64_t i = 0; i < job->size; i++) {
        uint64_t drawn = (uint32_t)bench_random(&random);
        uint64_t item = (uint32_t)job->items[i];

        if (i > 0 && job->items[i - 1] > job->items[i])
            return false;
        sums[0] += drawn - item;
        sums[1] += drawn * drawn - item * item;
    }
    return sums[0] == 0 && sums[1] == 0;
}

/* What does not change between rounds. */
static int
make_job(struct fork_job *job, const struct fork_shape *shape)
{
    double end = (double)shape->size;

    job->program = shape->program;
    job->size = shape->size;
    switch (shape->program) {
    case FORK_NQUEENS: job->expected = queens[shape->size]; break;
    case FORK_UTS: job->expected = fork_uts_trees[shape->size].nodes; break;
    case FORK_SKYNET:
        job->expected = shape->size * (shape->size - 1) / 2;
        break;
    case FORK_INTEGRATE:
        job->exact = end * end * (end * end / 4 + 0.5);
        job->expected = true;
        break;
    case FORK_TREE: return make_tree(job);
    case FORK_MATMUL: return make_matrices(job);
    case FORK_SORT: return make_items(job);
    case FORK_FIRST: job->expected = FORK_FIRST_TASKS; break;
    case FORK_FIB: break; /* when the time is known */
    }
    return 0;
}

static void
free_job(struct fork_job *job)
{
    free(job->nodes);
    free((void *)job->product.a);
    free((void *)job->product.b);
    free(job->product.c);
    free(job->items);
    free(job->spare);
}

/* Before every run: what the last one has changed. */
static void
renew(struct fork_job *job)
{
    size_t n = job->size;

    if (job->program == FORK_SORT)
        draw_items(job);
    if (job->program == FORK_MATMUL)
        memset(job->product.c, 0, n * n * sizeof(*job->product.c));
}

static bool
is_right(const struct fork_job *job)
{
    if (job->n_wrong != 0)
        return false;
    if (job->program == FORK_SORT)
        return is_sorted(job);
    if (job->program == FORK_MATMUL)
        return is_product(job);
    return true;
}

/* ------------------------------------------------------------------ one run */

static int
count_tasks(struct bed *bed)
{
    struct fork_job *job = &bed->copies[0].job;

    bed->n_tasks = bed->shape->n_tasks;
    if (bed->n_tasks != 0 || bed->shape->program == FORK_FIB)
        return 0;
    renew(job);
    bed->n_tasks = fork_count(job);
    return bed->n_tasks > 0 && is_right(job) ? 0 : -EINVAL;
}

static void
close_bed(struct bed *bed)
{
    for (unsigned i = 0; i < bed->n_copies; i++)
        free_job(&bed->copies[i].job);
    free(bed->samples);
    free(bed);
}

/* Threads get the stack that is said here, unless their system says more. */
static int
allow_deep_stacks(void)
{
    pthread_attr_t attributes;
    int err = pthread_attr_init(&attributes);

    if (err != 0)
        return -err;
    err = pthread_attr_setstacksize(&attributes, FORK_STACK_BYTES);
    if (err == 0)
        err = pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
    return -err;
}

static unsigned
copies_of(const struct fork_ops *ops, unsigned n_workers)
{
    cpu_set_t usable;
    unsigned n = n_workers;

    if (ops->n_copies != 0)
        return ops->n_copies;
    if (sched_getaffinity(0, sizeof(usable), &usable) == 0 &&
        (unsigned)CPU_COUNT(&usable) < n)
        n = (unsigned)CPU_COUNT(&usable);
    return n < COPIES_MAX ? n : COPIES_MAX;
}

int
fork_setup(const struct bench_case *which, const struct fork_ops *ops,
    void **ret_state)
{
    struct bed *bed = calloc(1, sizeof(*bed));
    int err;

    if (bed == NULL)
        return -ENOMEM;
    bed->ops = ops;
    bed->shape = which->detail;
    bed->n_copies = copies_of(ops, which->arg);
    err = allow_deep_stacks();
    for (unsigned i = 0; i < bed->n_copies && err == 0; i++)
        err = make_job(&bed->copies[i].job, bed->shape);
    if (err == 0)
        err = count_tasks(bed);
    bed->resident_before = bench_resident_bytes();
    if (err == 0)
        err = ops->open(which->arg);
    if (err != 0) {
        close_bed(bed);
        return err;
    }
    *ret_state = bed;
    return 0;
}

/* One sample per round; between them the workers fall asleep. */
static void
run_first(struct bed *bed, struct fork_job *job)
{
    uint64_t n = job->n_rounds;

    job->n_rounds = 1;
    for (uint64_t i = 0; i < n; i++) {
        bench_sleep_ns(FIRST_PAUSE_NS);
        bed->ops->run(job);
        bed->samples[i] = job->first_ns - job->started_ns;
    }
    job->n_rounds = n;
}

static void *
copy_main(void *arg)
{
    struct copy *copy = arg;
    struct bed *bed = copy->bed;
    struct fork_job warm_up;

    memset(&warm_up, 0, sizeof(warm_up));
    warm_up.program = FORK_FIB;
    warm_up.size = WARM_UP_FIB;
    warm_up.n_rounds = 1;
    warm_up.expected = fib_number(WARM_UP_FIB);
    bed->ops->run(&warm_up);
    renew(&copy->job);
    copy->job.n_wrong = warm_up.n_wrong;
    pthread_barrier_wait(&bed->barrier);
    copy->began_ns = bench_now_ns();
    if (copy->job.program == FORK_FIRST)
        run_first(bed, &copy->job);
    else
        bed->ops->run(&copy->job);
    copy->ended_ns = bench_now_ns();
    return NULL;
}

static bool
start_copies(struct bed *bed)
{
    unsigned n = 0;

    if (pthread_barrier_init(&bed->barrier, NULL, bed->n_copies) != 0)
        return false;
    while (n < bed->n_copies &&
        pthread_create(
            &bed->copies[n].thread, NULL, copy_main, &bed->copies[n]) == 0)
        n++;
    /* Without all of them the others wait forever. */
    if (n < bed->n_copies)
        for (unsigned i = 0; i < n; i++)
            pthread_cancel(bed->copies[i].thread);
    for (unsigned i = 0; i < n; i++)
        pthread_join(bed->copies[i].thread, NULL);
    pthread_barrier_destroy(&bed->barrier);
    return n == bed->n_copies;
}

/* The most that the process has ever occupied, less what it did before. */
static double
grown_mib(const struct bed *bed)
{
    FILE *file = fopen("/proc/self/status", "re");
    unsigned long long peak_kib = 0;
    char line[128];

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "VmHWM: %llu", &peak_kib) == 1)
            break;
    fclose(file);
    return ((double)peak_kib * 1024 - (double)bed->resident_before) / 1048576;
}

/* How often the program runs, or how much of it, for n_ops tasks. */
static void
plan_run(struct bed *bed, struct fork_job *job, uint64_t n_ops)
{
    if (job->program == FORK_FIB) {
        job->size = fib_for(n_ops);
        job->expected = fib_number(job->size);
        job->n_rounds = 1;
        bed->n_tasks = fib_tasks(job->size);
        return;
    }
    job->n_rounds = n_ops / bed->n_tasks;
    if (job->n_rounds == 0)
        job->n_rounds = 1;
}

void
fork_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct bed *bed = state;
    struct fork_job *first = &bed->copies[0].job;
    uint64_t began = UINT64_MAX;
    uint64_t ended = 0;

    for (unsigned i = 0; i < bed->n_copies; i++) {
        bed->copies[i].bed = bed;
        plan_run(bed, &bed->copies[i].job, n_ops);
    }
    if (first->program == FORK_FIRST) {
        free(bed->samples);
        bed->samples = calloc(first->n_rounds, sizeof(*bed->samples));
    }
    if ((first->program == FORK_FIRST && bed->samples == NULL) ||
        !start_copies(bed)) {
        snprintf(result->note, sizeof(result->note), "no thread or memory");
        return;
    }
    result->verified = true;
    for (unsigned i = 0; i < bed->n_copies; i++) {
        const struct copy *copy = &bed->copies[i];

        began = copy->began_ns < began ? copy->began_ns : began;
        ended = copy->ended_ns > ended ? copy->ended_ns : ended;
        result->n_ops += bed->n_tasks * copy->job.n_rounds;
        if (!is_right(&copy->job)) {
            result->verified = false;
            snprintf(result->note, sizeof(result->note),
                "%llu of %llu rounds answered wrongly",
                (unsigned long long)copy->job.n_wrong,
                (unsigned long long)copy->job.n_rounds);
        }
    }
    result->ns = ended - began;
    if (first->program == FORK_FIRST)
        bench_take_samples(result, bed->samples, first->n_rounds);
    if (bed->shape->asks_peak)
        result->figure = grown_mib(bed);
}

void
fork_teardown(void *state)
{
    struct bed *bed = state;

    bed->ops->close();
    close_bed(bed);
}
