/* SPDX-License-Identifier: MIT */
/*
 * wake/driver - see wake.h.
 */
#include "support.h"
#include "wake/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <strait/atomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* From seeing a thread asleep to waking it, so that its processor is idle. */
#define SETTLE_NS 50000

/* The kernel counts a switch each time a thread gives up its processor; now and
 * then it counts one as forced upon the thread just when it went to sleep. */
#define SLEPT_PERCENT 90

struct wake_bed;

struct wake_side {
    struct wake_bed *bed;
    void *state;
    uint64_t n_woken;
    int stat_fd;   /* /proc/self/task/TID/stat of its thread */
    long switches; /* given up voluntarily, from start to end */
};

struct wake_bed {
    const struct wake_loop *loop;
    unsigned kind;
    uint64_t n_ops;
    uint64_t *samples;
    cpu_set_t usable; /* before anybody was bound */
    pthread_barrier_t barrier;
    struct wake_side far;  /* the thread of its own */
    struct wake_side near; /* the calling thread */
    uint64_t sent_ns;
    bool must_stop; /* far's callback is to end it; handed over by a send */
    int err;
    STRAIT_ATOMIC(uint64_t) n_seen; /* oneway: callbacks that have run */
};

static long
switches_of_thread(void)
{
    struct rusage use;

    getrusage(RUSAGE_THREAD, &use);
    return use.ru_nvcsw;
}

static void
on_oneway(void *arg)
{
    uint64_t now = bench_now_ns();
    struct wake_bed *bed = arg;

    if (bed->far.n_woken < bed->n_ops)
        bed->samples[bed->far.n_woken] = now - bed->sent_ns;
    bed->far.n_woken++;
    if (bed->far.n_woken == bed->n_ops)
        bed->loop->stop(bed->far.state);
    /* [W1:rel] the sample has been taken from sent_ns. */
    strait_store_release(&bed->n_seen, bed->far.n_woken);
}

/* Opens what tells the state of the calling thread to others. */
static int
open_stat(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)gettid());
    return open(path, O_RDONLY | O_CLOEXEC);
}

static bool
is_asleep(const struct wake_side *side)
{
    char text[256];
    ssize_t n = pread(side->stat_fd, text, sizeof(text) - 1, 0);
    const char *end;

    if (n <= 0)
        return true;
    text[n] = '\0';
    /* "TID (name) S ..." */
    end = strrchr(text, ')');
    return end == NULL || end[1] == '\0' || end[2] == 'S';
}

/* Until the other side has been asleep for a while; without giving up the
 * processor, so that the caller's own sleeps are those of its loop. */
static void
await_sleep(const struct wake_bed *bed, const struct wake_side *side)
{
    uint64_t until;

    if (bed->kind == WAKE_RALLY)
        return;
    while (!is_asleep(side))
        continue;
    until = bench_now_ns() + SETTLE_NS;
    while (bench_now_ns() < until)
        continue;
}

static void
answer(struct wake_bed *bed, struct wake_side *to)
{
    await_sleep(bed, to);
    bed->sent_ns = bench_now_ns();
    bed->loop->send(to->state);
}

static void
on_far_ping(void *arg)
{
    uint64_t now = bench_now_ns();
    struct wake_bed *bed = arg;

    if (bed->must_stop) {
        bed->loop->stop(bed->far.state);
        return;
    }
    bed->samples[bed->far.n_woken++] = now - bed->sent_ns;
    answer(bed, &bed->near);
}

static void
on_near_pong(void *arg)
{
    uint64_t now = bench_now_ns();
    struct wake_bed *bed = arg;

    bed->samples[bed->near.n_woken++] += now - bed->sent_ns;
    if (bed->near.n_woken == bed->n_ops) {
        bed->must_stop = true;
        bed->loop->stop(bed->near.state);
    }
    answer(bed, &bed->far);
}

/* Binds the calling thread to the first or the second processor that it may
 * use, if it may use two. */
static void
bind_thread(struct wake_bed *bed, unsigned index)
{
    if (bed->kind != WAKE_RALLY && CPU_COUNT(&bed->usable) >= 2)
        bench_bind(&bed->usable, index);
}

static void *
far_main(void *arg)
{
    struct wake_bed *bed = arg;

    bed->far.stat_fd = open_stat();
    bed->err = bed->loop->init(bed->far.state,
        bed->kind == WAKE_ONEWAY ? on_oneway : on_far_ping, bed);
    /* After the loop was made, which looks at how many processors there are. */
    bind_thread(bed, 1);
    pthread_barrier_wait(&bed->barrier);
    bed->far.switches = -switches_of_thread();
    if (bed->err == 0)
        bed->loop->run(bed->far.state);
    bed->far.switches += switches_of_thread();
    /* Nobody may send to a loop that has gone. */
    pthread_barrier_wait(&bed->barrier);
    if (bed->err == 0)
        bed->loop->fini(bed->far.state);
    return NULL;
}

int
wake_setup(const struct wake_loop *loop, const struct bench_case *which,
    void **ret_state)
{
    struct wake_bed *bed = calloc(1, sizeof(*bed));

    if (bed == NULL)
        return -ENOMEM;
    bed->loop = loop;
    bed->kind = which->arg;
    bed->far.state = calloc(1, loop->size_bytes);
    bed->near.state = calloc(1, loop->size_bytes);
    if (bed->far.state == NULL || bed->near.state == NULL)
        return -ENOMEM;
    *ret_state = bed;
    if (sched_getaffinity(0, sizeof(bed->usable), &bed->usable) != 0)
        return -errno;
    return -pthread_barrier_init(&bed->barrier, NULL, 2);
}

static void
send_oneway(struct wake_bed *bed)
{
    for (uint64_t i = 0; i < bed->n_ops; i++) {
        /* [W1:acq] before sent_ns is written again. */
        while (strait_load_acquire(&bed->n_seen) != i)
            bench_sleep_ns(SETTLE_NS);
        answer(bed, &bed->far);
    }
}

static int
run_near(struct wake_bed *bed)
{
    int err = bed->loop->init(bed->near.state, on_near_pong, bed);

    if (err != 0)
        return err;
    bed->near.stat_fd = open_stat();
    pthread_barrier_wait(&bed->barrier);
    bind_thread(bed, 0);
    bed->near.switches = -switches_of_thread();
    answer(bed, &bed->far);
    bed->loop->run(bed->near.state);
    bed->near.switches += switches_of_thread();
    bed->loop->fini(bed->near.state);
    close(bed->near.stat_fd);
    return 0;
}

static bool
has_slept(const struct wake_bed *bed, const struct wake_side *side)
{
    if (bed->kind == WAKE_RALLY)
        return true;
    return side->switches > 0 &&
        (uint64_t)side->switches * 100 >= bed->n_ops * SLEPT_PERCENT;
}

static void
judge(struct wake_bed *bed, struct bench_result *result)
{
    bool is_pingpong = bed->kind != WAKE_ONEWAY;
    uint64_t n = is_pingpong ? bed->near.n_woken : bed->far.n_woken;

    if (bed->err != 0) {
        snprintf(result->note, sizeof(result->note), "no loop: %s",
            strerror(-bed->err));
        return;
    }
    if (n != bed->n_ops || bed->far.n_woken != bed->n_ops) {
        snprintf(result->note, sizeof(result->note),
            "%llu wakes, but %llu callbacks", (unsigned long long)bed->n_ops,
            (unsigned long long)n);
        return;
    }
    if (!has_slept(bed, &bed->far) ||
        (is_pingpong && !has_slept(bed, &bed->near))) {
        snprintf(result->note, sizeof(result->note),
            "a loop did not sleep: %ld and %ld switches for %llu wakes",
            bed->far.switches, bed->near.switches,
            (unsigned long long)bed->n_ops);
        return;
    }
    result->verified = true;
}

void
wake_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct wake_bed *bed = state;
    uint64_t start;
    pthread_t thread;
    int err;

    /* The new thread inherits this; a run before has bound this thread. */
    sched_setaffinity(0, sizeof(bed->usable), &bed->usable);
    free(bed->samples);
    bed->samples = calloc(n_ops, sizeof(*bed->samples));
    bed->n_ops = n_ops;
    bed->far.n_woken = 0;
    bed->near.n_woken = 0;
    bed->far.bed = bed;
    bed->near.bed = bed;
    bed->must_stop = false;
    /* rlx: the thread's start publishes it. */
    strait_store_rlx(&bed->n_seen, 0);
    if (bed->samples == NULL ||
        pthread_create(&thread, NULL, far_main, bed) != 0) {
        snprintf(result->note, sizeof(result->note), "no memory or thread");
        return;
    }
    start = bench_now_ns();
    if (bed->kind == WAKE_ONEWAY) {
        pthread_barrier_wait(&bed->barrier);
        bind_thread(bed, 0);
        if (bed->err == 0)
            send_oneway(bed);
    } else {
        err = run_near(bed);
        if (err != 0) {
            /* Without this side the other would wait for ever. */
            fprintf(stderr, "wake: no loop: %s\n", strerror(-err));
            exit(2);
        }
    }
    pthread_barrier_wait(&bed->barrier);
    result->ns = bench_now_ns() - start;
    pthread_join(thread, NULL);
    close(bed->far.stat_fd);
    result->n_ops = n_ops;
    judge(bed, result);
    bench_take_samples(result, bed->samples, n_ops);
}

void
wake_teardown(void *state)
{
    struct wake_bed *bed = state;

    pthread_barrier_destroy(&bed->barrier);
    free(bed->samples);
    free(bed->far.state);
    free(bed->near.state);
    free(bed);
}
