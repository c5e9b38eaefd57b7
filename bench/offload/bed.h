/* SPDX-License-Identifier: MIT */
/*
 * bed.h - what every question about loop and pool needs: the functions that a
 * system brings, jobs, their way through the pool, and whether all of them
 * came. Part of driver.h.
 */
#ifndef BENCH_OFFLOAD_BED_H
#define BENCH_OFFLOAD_BED_H

/* Makes a loop, and a pool of shape->n_threads. `form` is what the system was
 * defined with. @return 0 or a negative errno */
static int pool_open(
    pool_t *pool, const struct offload_shape *shape, unsigned form);
static void pool_close(pool_t *pool);

/* `work` is zeroed memory; may_block: its body will wait in the kernel. */
static void work_init(
    pool_t *pool, work_t *work, unsigned index, bool may_block);

/* On the loop's thread: leads to offload_body(work) on a thread of the pool and
 * then offload_done(work) on the loop. @return 0 or what went wrong */
static int pool_submit(pool_t *pool, work_t *work);

/* Runs the loop until pool_stop was called from one of its callbacks. */
static void pool_run(pool_t *pool);
static void pool_stop(pool_t *pool);

/* Has offload_tick(pool) called on the loop, every period_ns; 0: no more. */
static void pool_tick(pool_t *pool, uint64_t period_ns);

struct offload_bed;

struct offload_job {
    work_t work; /* first: a work is its job */
    struct offload_bed *bed;
    uint64_t n_run;
    uint64_t value; /* what the body computed, or when it was submitted */
    void (*body)(struct offload_job *job); /* what it does; NULL: nothing */
    void (*then)(struct offload_job *job); /* on the loop; NULL: once more */
};

struct offload_bed {
    pool_t pool; /* first: a pool is its bed */
    struct offload_count count;
    struct offload_shape shape;
    unsigned form;
    struct offload_job *jobs;
    unsigned n_jobs;
    int err;           /* the first that a submit answered */
    uint64_t *samples; /* of jobs one by one */
    uint64_t n_samples;
    uint64_t n_samples_wanted;
    uint64_t computed;  /* by jobs whose value is a time */
    int hold_fd;        /* what calls that block wait for, one count each */
    unsigned n_holding; /* jobs that hold a thread; atomic */
    bool is_let_go;     /* those that compute may return; atomic */
};

static inline void
offload_body(work_t *work)
{
    struct offload_job *job = (struct offload_job *)work;

    job->n_run++;
    if (job->body != NULL)
        job->body(job);
}

static inline void
offload_submit(struct offload_job *job)
{
    struct offload_bed *bed = job->bed;
    int err = pool_submit(&bed->pool, &job->work);

    bed->count.n_sent++;
    if (err != 0) {
        if (bed->err == 0)
            bed->err = err;
        pool_stop(&bed->pool);
    }
}

static inline void
offload_done(work_t *work)
{
    struct offload_job *job = (struct offload_job *)work;
    struct offload_bed *bed = job->bed;

    bed->count.n_done++;
    if (job->then != NULL)
        job->then(job);
    else if (bed->count.n_sent < bed->count.limit)
        offload_submit(job);
    if (bed->count.n_done == bed->count.limit)
        pool_stop(&bed->pool);
}

/* Nothing: not to be submitted again. */
static inline void
offload_rest(struct offload_job *job)
{
    (void)job;
}

static void
offload_compute_body(struct offload_job *job)
{
    job->value = offload_compute(job->bed->shape.n_steps);
}

/* ------------------------------------------------------------- life of it */

static int
offload_open(struct offload_bed *bed)
{
    unsigned n_jobs = bed->shape.window + bed->shape.n_held;
    int err;

    bed->jobs = (struct offload_job *)calloc(n_jobs, sizeof(*bed->jobs));
    bed->hold_fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
    if (bed->jobs == NULL || bed->hold_fd < 0)
        return -ENOMEM;
    bed->n_jobs = n_jobs;
    err = pool_open(&bed->pool, &bed->shape, bed->form);
    for (unsigned i = 0; i < n_jobs && err == 0; i++) {
        struct offload_job *job = &bed->jobs[i];

        job->bed = bed;
        if (bed->shape.n_steps > 0)
            job->body = offload_compute_body;
        work_init(&bed->pool, &job->work, i,
            bed->shape.kind == OFFLOAD_BLOCKING && i >= bed->shape.window);
    }
    return err;
}

static void
offload_close(struct offload_bed *bed)
{
    pool_close(&bed->pool);
    close(bed->hold_fd);
    free(bed->jobs);
}

static int
offload_setup(const struct bench_case *which, unsigned form, void **ret_state)
{
    struct offload_bed *bed = (struct offload_bed *)calloc(1, sizeof(*bed));

    if (bed == NULL)
        return -ENOMEM;
    bed->shape = *(const struct offload_shape *)which->detail;
    bed->form = form;
    *ret_state = bed;
    return bed->shape.grows_to != 0 ? 0 : offload_open(bed);
}

static void
offload_teardown(void *state)
{
    struct offload_bed *bed = (struct offload_bed *)state;

    if (bed->shape.grows_to == 0)
        offload_close(bed);
    free(bed->samples);
    free(bed);
}

static void
offload_begin(struct offload_bed *bed, uint64_t limit)
{
    bed->count.n_sent = 0;
    bed->count.n_done = 0;
    bed->count.limit = limit;
    bed->err = 0;
    for (unsigned i = 0; i < bed->n_jobs; i++)
        bed->jobs[i].n_run = 0;
}

/* Looks whether all that was sent has run as it should. */
static void
offload_verify(const struct offload_bed *bed, struct bench_result *result)
{
    const struct offload_count *count = &bed->count;
    uint64_t value = offload_compute(bed->shape.n_steps);
    uint64_t n_run = 0;
    unsigned n_wrong = 0;

    for (unsigned i = 0; i < bed->n_jobs; i++) {
        const struct offload_job *job = &bed->jobs[i];

        n_run += job->n_run;
        n_wrong += job->body == offload_compute_body && job->n_run > 0 &&
            job->value != value;
    }
    result->verified = n_run == count->limit && n_run == count->n_sent &&
        n_run == count->n_done && n_wrong == 0 && bed->err == 0;
    if (bed->err != 0)
        snprintf(result->note, sizeof(result->note), "a submit answered %d",
            bed->err);
    else if (!result->verified)
        snprintf(result->note, sizeof(result->note),
            "%llu jobs, but %llu bodies and %llu callbacks ran; %u results are "
            "wrong",
            (unsigned long long)count->limit, (unsigned long long)n_run,
            (unsigned long long)count->n_done, n_wrong);
}

#endif /* BENCH_OFFLOAD_BED_H */
