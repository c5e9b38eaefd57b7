/* SPDX-License-Identifier: MIT */
/*
 * parallel.c - for, map and reduce, all as one loop that runs a range chunk by
 * chunk and gives away the second half of what is left when somebody is idle.
 *
 * A range that was split needs its second half again, unless it was stolen:
 * then its own thread folds it into the result that it has, since the first
 * half is done and in there. Only a thief makes a result of its own, in memory
 * of the function that has split, and that one joins the two. So results are
 * joined from left to right, and there are no more of them than steals.
 *
 * Source. Lazy binary splitting (A. Tzannes, G. Caragea, R. Barua, U. Vishkin,
 * "Lazy binary-splitting", 2010), asked for by hungry_ instead of by an empty
 * deque: who is about to sleep sets it, too, so that nobody sleeps beside a
 * loop.
 *
 * Progress: that of spawn and join. Depth: a split halves the range, so there
 * are at most 64 within one another on a stack.
 *
 * Edges: those of fork.c; the words of a loop are hints, or read after the
 * join.
 *
 * Tests: tests/sched/test_parallel.c.
 */
#include "sched/parallel_priv.h"
#include "sched/sched_priv.h"

#include "base/memory.h"

#include <errno.h>
#include <strait/clock.h>
#include <string.h>

/* A chunk takes at least, at most, and if it was wrong, next time, ns. Far
 * above what a look at hungry_ costs, and well below a time slice. */
#define CHUNK_LEAST_NS 1000
#define CHUNK_MOST_NS 5000
#define CHUNK_AIM_NS 2500
/* From an unknown body to that in few steps, without a long one by mistake. */
#define CHUNK_GROWTH 16
/* One chunk in so many is timed, once the grain is right. */
#define CHUNK_LOOKS 8
/* Chunks of a piece of schedule STATIC: between them it is seen who is idle. */
#define STATIC_CHUNKS 16

extern inline strait_place_t strait_in_task(strait_frame_t *frame);
extern inline strait_place_t strait_on_lane(strait_lane_t *lane);
extern inline strait_place_t strait_as_job(
    strait_parallel_t *job, strait_work_done_fn done, void *arg);
extern inline strait_range_t strait_range(size_t begin, size_t end);

/* -------------------------------------------------------------- the place */

struct root {
    sti_parallel_fn fn;
    const void *args;
    int err;
};

static void
run_root(strait_frame_t *frame, void *arg)
{
    struct root *root = arg;
    const sti_worker_t *worker = strait_frame_deque_(frame)->worker_;
    struct strait_caller_ caller = { NULL, worker->pool };

    root->err = root->fn(frame, root->args, &caller);
}

static void
run_job(strait_frame_t *frame, void *arg)
{
    strait_parallel_t *job = arg;

    struct strait_caller_ caller = { &job->fork_.work_, NULL };

    job->err_ = job->call_(frame, job->args_, &caller);
}

static void
job_done(strait_work_t *work, int status, void *arg)
{
    strait_parallel_t *job = arg;

    if (job->done_ != NULL)
        job->done_(work, status != 0 ? status : job->err_, job->arg_);
}

int
sti_parallel_call(strait_place_t where, sti_parallel_fn fn, const void *args,
    size_t args_bytes)
{
    strait_parallel_t *job = where.job_;
    struct strait_caller_ task = { NULL, NULL };
    struct root root = { fn, args, 0 };
    int err;

    if (where.frame_ != NULL)
        return fn(where.frame_, args, &task);
    if (where.lane_ != NULL) {
        err = strait_fork_run(where.lane_, run_root, &root);
        return err != 0 ? err : root.err;
    }
    if (job == NULL)
        return -EINVAL;
    memcpy(job->args_, args, args_bytes);
    job->call_ = fn;
    job->err_ = 0;
    (void)strait_fork_init(&job->fork_, run_job, job_done, job);
    return 0;
}

strait_work_t *
strait_parallel_work(strait_parallel_t *job)
{
    return job != NULL && job->call_ != NULL ? &job->fork_.work_ : NULL;
}

void
strait_stop_init(strait_stop_t *stop)
{
    if (stop == NULL)
        return;
    /* rlx: not shared yet. */
    strait_store_rlx(&stop->asked_, 0);
}

void
strait_stop_ask(strait_stop_t *stop)
{
    if (stop != NULL) {
        /* rlx: a request; nothing goes with it. */
        strait_store_rlx(&stop->asked_, 1);
    }
}

bool
strait_stop_asked(const strait_stop_t *stop)
{
    /* rlx: as above. */
    return stop != NULL && strait_load_rlx(&stop->asked_) != 0;
}

/* --------------------------------------------------------------- the pace */

/* How many iterations the next chunk has, by what the last ones took. */
struct pace {
    size_t grain;
    uint64_t began_ns; /* 0: the next chunk is not timed */
    uint32_t n_left;   /* chunks until one is timed */
    bool given;
};

static size_t
pace_next(const struct pace *pace, size_t rest)
{
    /* What comes may take longer than what came: towards the end, shorter. */
    size_t most = pace->given ? rest : rest / 8 + 1;

    return pace->grain < most ? pace->grain : most;
}

static void
pace_begin(struct pace *pace)
{
    if (!pace->given && pace->n_left == 0 && pace->began_ns == 0)
        pace->began_ns = strait_now_ns();
}

/* After a chunk of n iterations. */
static void
pace_end(struct pace *pace, size_t n)
{
    uint64_t now_ns, took_ns;

    if (pace->given)
        return;
    if (pace->n_left != 0) {
        pace->n_left--;
        return;
    }
    now_ns = strait_now_ns();
    took_ns = now_ns - pace->began_ns;
    pace->began_ns = 0;
    pace->n_left = CHUNK_LOOKS - 1;
    if (took_ns > CHUNK_MOST_NS) {
        pace->grain = (size_t)((double)n * CHUNK_AIM_NS / (double)took_ns);
        if (pace->grain == 0)
            pace->grain = 1;
    } else if (took_ns < CHUNK_LEAST_NS && n >= pace->grain) {
        size_t more = (size_t)(CHUNK_AIM_NS / (took_ns + 1)) + 1;

        if (more >= CHUNK_GROWTH) {
            /* Not there yet: the next one is timed, too. */
            more = CHUNK_GROWTH;
            pace->n_left = 0;
            pace->began_ns = now_ns;
        }
        pace->grain = pace->grain < SIZE_MAX / more ? pace->grain * more
                                                    : SIZE_MAX;
    }
}

/* ---------------------------------------------------------------- the loop */

struct loop;

/* What a chunk is: `result` only for reduce. */
typedef void (*chunk_fn)(const struct loop *loop, strait_frame_t *frame,
    void *result, size_t begin, size_t end);

struct loop {
    chunk_fn chunk;
    const void *args;
    const strait_range_t *range;
    const struct strait_caller_ *caller;
    const strait_reduction_t *how; /* NULL: there is no result */
    void *arg;
    STRAIT_ATOMIC(uint32_t) stopped; /* something was left out */
};

/* The second part of a range that was split. */
struct half {
    struct loop *loop;
    size_t begin, end;
    uint32_t n_pieces;
    size_t grain;
    void *result;
};

static void run(strait_frame_t *frame, struct loop *loop, struct half part);

static bool
is_stopped(struct loop *loop)
{
    const struct strait_caller_ *caller = loop->caller;

    /* rlx: asked again and again. */
    if (!strait_stop_asked(loop->range->stop) &&
        (caller->work == NULL || !strait_work_cancelled(caller->work)) &&
        (caller->pool == NULL ||
            strait_load_rlx(&caller->pool->cancelling) == 0))
        return false;
    /* rlx: read after the joins. */
    strait_store_rlx(&loop->stopped, 1);
    return true;
}

static const strait_allocator_t *
allocator_of(strait_frame_t *frame)
{
    const sti_worker_t *worker = strait_frame_deque_(frame)->worker_;

    return &worker->pool->allocator;
}

static void
run_stolen(strait_frame_t *frame, void *arg)
{
    const struct half *half = arg;
    const struct loop *loop = half->loop;

    if (loop->how != NULL)
        loop->how->identity(half->result, loop->arg);
    run(frame, half->loop, *half);
}

/* Runs `left`, and `right` if nobody has stolen it meanwhile. */
static void
run_both(strait_frame_t *frame, const struct half *left, struct half *right)
{
    struct loop *loop = left->loop;

    strait_spawn(&frame, run_stolen, right);
    run(frame, loop, *left);
    STRAIT_FORK_JOINS_(frame - 1);
    if (strait_frame_pop_(&frame, strait_fork_run_plain_, false)) {
        right->result = left->result;
        run(frame, loop, *right);
    } else if (loop->how != NULL) {
        loop->how->join(left->result, right->result, loop->arg);
    }
}

/* Splits a part in two, of which the first has so many of its iterations. False
 * if there is no memory for a result; then nothing has run. */
static __attribute__((noinline)) bool
split(strait_frame_t *frame, const struct half *part, size_t n_first)
{
    _Alignas(STRAIT_CACHE_LINE) char space[STRAIT_REDUCE_BYTES];
    const strait_reduction_t *how = part->loop->how;
    struct half left = *part;
    struct half right = *part;

    left.end = right.begin = part->begin + n_first;
    right.n_pieces = part->n_pieces / 2;
    left.n_pieces = part->n_pieces - right.n_pieces;
    if (how == NULL || how->size_bytes <= sizeof space) {
        right.result = space;
        run_both(frame, &left, &right);
    } else {
        const strait_allocator_t *allocator = allocator_of(frame);
        void *block = sti_alloc(allocator, how->size_bytes);

        if (block == NULL) {
            strait_worker_poll(frame);
            return false;
        }
        right.result = block;
        run_both(frame, &left, &right);
        sti_free(allocator, block, how->size_bytes);
    }
    return true;
}

/* Somebody is idle: true if the rest of the part was done by and with him. */
static bool
feed(strait_frame_t *frame, const struct half *part, struct pace *pace)
{
    size_t rest = part->end - part->begin;

    /* What was spawned before and nobody has yet is larger, and goes first. */
    if (part->loop->range->schedule == STRAIT_SCHEDULE_STATIC ||
        strait_frame_deque_(frame)->private_ < frame) {
        strait_worker_poll(frame);
        return false;
    }
    if (rest < 2 || rest <= pace->grain) {
        /* Too short, as far as is known: the next chunk is timed. */
        pace->n_left = 0;
        return false;
    }
    return split(frame, part, rest - rest / 2);
}

static void
run(strait_frame_t *frame, struct loop *loop, struct half part)
{
    const strait_range_t *range = loop->range;
    const strait_deque_t *deque = strait_frame_deque_(frame);
    struct pace pace = { part.grain, 0, 0, range->grain != 0 };

    if (part.n_pieces > 1 && part.end - part.begin > 1) {
        size_t n = part.end - part.begin;
        size_t n_right = n / part.n_pieces * (part.n_pieces / 2);

        if (split(frame, &part, n - (n_right != 0 ? n_right : n / 2)))
            return;
    }
    if (range->schedule == STRAIT_SCHEDULE_STATIC && !pace.given) {
        pace.grain = (part.end - part.begin) / STATIC_CHUNKS + 1;
        pace.given = true;
    }
    while (part.begin < part.end) {
        size_t n = pace_next(&pace, part.end - part.begin);

        if (is_stopped(loop))
            return;
        pace_begin(&pace);
        loop->chunk(loop, frame, part.result, part.begin, part.begin + n);
        pace_end(&pace, n);
        part.begin += n;
        /* rlx: a request, as in fork.h. */
        if (__builtin_expect(strait_load_rlx(&deque->hungry_) != 0, 0)) {
            part.grain = pace.grain;
            if (part.begin < part.end && feed(frame, &part, &pace))
                return;
        }
    }
}

static int
run_loop(strait_frame_t *frame, struct loop *loop, void *result)
{
    const strait_range_t *range = loop->range;
    struct half all = {
        .loop = loop,
        .begin = range->begin,
        .end = range->end,
        .n_pieces = 1,
        .grain = range->grain != 0 ? range->grain : 1,
        .result = result,
    };

    if (range->schedule == STRAIT_SCHEDULE_STATIC) {
        const sti_worker_t *worker = strait_frame_deque_(frame)->worker_;

        all.n_pieces = worker->pool->n_workers;
    }
    /* rlx: not shared yet. */
    strait_store_rlx(&loop->stopped, 0);
    run(frame, loop, all);
    /* rlx: all parts are joined. */
    return strait_load_rlx(&loop->stopped) != 0 ? -ECANCELED : 0;
}

static bool
is_range(const strait_range_t *range)
{
    return range->begin <= range->end && range->reserved == 0 &&
        range->schedule <= STRAIT_SCHEDULE_STATIC;
}

/* -------------------------------------------------------------------- for */

struct for_args {
    strait_range_t range;
    strait_range_fn body;
    void *arg;
};

static void
for_chunk(const struct loop *loop, strait_frame_t *frame, void *result,
    size_t begin, size_t end)
{
    const struct for_args *args = loop->args;

    (void)result;
    args->body(frame, begin, end, args->arg);
}

static int
for_call(strait_frame_t *frame, const void *call,
    const struct strait_caller_ *caller)
{
    const struct for_args *args = call;
    struct loop loop = {
        .chunk = for_chunk,
        .args = args,
        .range = &args->range,
        .caller = caller,
    };

    return run_loop(frame, &loop, NULL);
}

int
strait_parallel_for(
    strait_place_t where, strait_range_t range, strait_range_fn body, void *arg)
{
    struct for_args args = { range, body, arg };

    _Static_assert(sizeof args <= STRAIT_PARALLEL_WORDS_ * 8, "fits a job");
    if (!is_range(&range) || body == NULL)
        return -EINVAL;
    return sti_parallel_call(where, for_call, &args, sizeof args);
}

/* -------------------------------------------------------------------- map */

struct map_args {
    strait_range_t range;
    char *out;
    const char *in;
    size_t out_bytes, in_bytes;
    strait_map_fn fn;
    void *arg;
};

static void
map_chunk(const struct loop *loop, strait_frame_t *frame, void *result,
    size_t begin, size_t end)
{
    const struct map_args *args = loop->args;
    char *out = args->out + begin * args->out_bytes;
    const char *in = args->in + begin * args->in_bytes;
    size_t i;

    (void)frame, (void)result;
    for (i = begin; i < end; i++) {
        args->fn(out, in, args->arg);
        out += args->out_bytes;
        in += args->in_bytes;
    }
}

static int
map_call(strait_frame_t *frame, const void *call,
    const struct strait_caller_ *caller)
{
    const struct map_args *args = call;
    struct loop loop = {
        .chunk = map_chunk,
        .args = args,
        .range = &args->range,
        .caller = caller,
    };

    return run_loop(frame, &loop, NULL);
}

int
strait_parallel_map(strait_place_t where, strait_range_t range, void *out,
    size_t out_bytes, const void *in, size_t in_bytes, strait_map_fn fn,
    void *arg)
{
    struct map_args args = { range, out, in, out_bytes, in_bytes, fn, arg };

    _Static_assert(sizeof args <= STRAIT_PARALLEL_WORDS_ * 8, "fits a job");
    if (!is_range(&range) || out == NULL || in == NULL || out_bytes == 0 ||
        in_bytes == 0 || fn == NULL)
        return -EINVAL;
    return sti_parallel_call(where, map_call, &args, sizeof args);
}

/* ----------------------------------------------------------------- reduce */

struct reduce_args {
    strait_range_t range;
    strait_reduction_t how;
    void *result;
    void *arg;
};

static void
reduce_chunk(const struct loop *loop, strait_frame_t *frame, void *result,
    size_t begin, size_t end)
{
    loop->how->fold(frame, result, begin, end, loop->arg);
}

static int
reduce_call(strait_frame_t *frame, const void *call,
    const struct strait_caller_ *caller)
{
    const struct reduce_args *args = call;
    struct loop loop = {
        .chunk = reduce_chunk,
        .args = args,
        .range = &args->range,
        .caller = caller,
        .how = &args->how,
        .arg = args->arg,
    };

    args->how.identity(args->result, args->arg);
    return run_loop(frame, &loop, args->result);
}

int
strait_parallel_reduce(strait_place_t where, strait_range_t range,
    const strait_reduction_t *how, void *result, void *arg)
{
    struct reduce_args args = { .range = range, .result = result, .arg = arg };

    _Static_assert(sizeof args <= STRAIT_PARALLEL_WORDS_ * 8, "fits a job");
    if (!is_range(&range) || how == NULL || result == NULL ||
        how->size_bytes == 0 || how->identity == NULL || how->fold == NULL ||
        how->join == NULL)
        return -EINVAL;
    args.how = *how;
    return sti_parallel_call(where, reduce_call, &args, sizeof args);
}
