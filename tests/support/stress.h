/* SPDX-License-Identifier: MIT */
/*
 * stress.h - the frame of the plain stress programs: how long, with which
 * seed, and what happens when something hangs.
 *
 *     int main(int argc, char **argv)
 *     {
 *         stress_begin(argc, argv, "stress_mpsc", "what it does");
 *         while (stress_goes_on()) {
 *             stress_phase("4 producers");
 *             ... start threads, which call stress_progress() now and then ...
 *             stress_require(sum == expected, "sum is %llu", sum);
 *         }
 *         return stress_end();
 *     }
 *
 * Runs for STRAIT_STRESS_SECONDS (default 1, or what the folder defines
 * STRESS_SECONDS as), at least one round. A watchdog
 * thread aborts the program, naming the phase, if nothing calls
 * stress_progress(), stress_phase() or stress_goes_on() for 10 seconds, or
 * STRAIT_STRESS_PATIENCE: a lost wake-up shows as that.
 */
#ifndef STRAIT_TESTS_STRESS_H
#define STRAIT_TESTS_STRESS_H

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Pulls in the seam, if the program has one. */
#include <strait/atomic.h>
#include <strait/error.h>

#include "rng.h"
#include "sanitizer.h"

#ifndef STRESS_SECONDS
#define STRESS_SECONDS 1
#endif

static struct {
    const char *program;
    uint64_t seed;
    double seconds;
    double patience;
    struct timespec started;
    uint64_t n_rounds;
    struct rng rng;               /* of the main thread */
    _Atomic(uint64_t) n_progress; /* anything that moved */
    pthread_mutex_t lock;         /* guards phase */
    char phase[160];
    void (*dump)(void); /* prints the state of things; may be NULL */
} stress = { .lock = PTHREAD_MUTEX_INITIALIZER };

static inline double
stress_number(const char *name, double otherwise)
{
    const char *text = getenv(name);
    char *end;
    double number;

    if (text == NULL || text[0] == '\0')
        return otherwise;
    number = strtod(text, &end);
    if (*end != '\0' || number < 0) {
        fprintf(stderr, "%s: %s must be a number, not \"%s\"\n", stress.program,
            name, text);
        exit(2);
    }
    return number;
}

static inline double
stress_elapsed_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - stress.started.tv_sec) +
        (double)(now.tv_nsec - stress.started.tv_nsec) / 1e9;
}

/* Any thread: something moved. */
static inline void
stress_progress(void)
{
    atomic_fetch_add_explicit(&stress.n_progress, 1, memory_order_relaxed);
}

/* Names what happens from here on. */
__attribute__((format(printf, 1, 2))) static inline void
stress_phase(const char *format, ...)
{
    va_list args;

    stress_progress();
    pthread_mutex_lock(&stress.lock);
    va_start(args, format);
    vsnprintf(stress.phase, sizeof stress.phase, format, args);
    va_end(args);
    pthread_mutex_unlock(&stress.lock);
}

/* Says where things stand and aborts. */
static inline void
stress_die(const char *why)
{
    pthread_mutex_lock(&stress.lock);
    fprintf(stderr, "%s: %s\n  while: %s\n  round %llu, STRAIT_SEED=%llu\n",
        stress.program, why, stress.phase, (unsigned long long)stress.n_rounds,
        (unsigned long long)stress.seed);
    pthread_mutex_unlock(&stress.lock);
    if (stress.dump != NULL)
        stress.dump();
    abort();
}

/* Any thread: the condition holds, or the program ends here. */
#define stress_require(condition, ...)                                         \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                    \
            fprintf(stderr, __VA_ARGS__);                                      \
            fputc('\n', stderr);                                               \
            stress_die("not so: " #condition);                                 \
        }                                                                      \
    } while (0)

static inline void *
stress_watch(void *arg)
{
    uint64_t seen = 0;
    double since = 0;

    (void)arg;
    for (;;) {
        struct timespec pause = { 0, 250 * 1000 * 1000 };
        uint64_t now = atomic_load_explicit(
            &stress.n_progress, memory_order_relaxed);

        if (now != seen) {
            seen = now;
            since = stress_elapsed_s();
        } else if (stress_elapsed_s() - since > stress.patience) {
            stress_die("no progress any more (a lost wake-up?)");
        }
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* What the library has to say, before it traps perhaps. */
static inline void
stress_report(int level, const char *text, void *arg)
{
    (void)level;
    (void)arg;
    stress_die(text);
}

static inline void
stress_begin(int argc, char **argv, const char *program, const char *about)
{
    static const strait_reporter_t reporter = { stress_report, NULL };
    pthread_t watch;

    stress.program = program;
    strait_set_reporter(&reporter);
    if (argc > 1 && strcmp(argv[1], "--help") != 0) {
        fprintf(stderr, "%s: unknown option '%s'\nusage: %s [--help]\n",
            program, argv[1], program);
        exit(2);
    }
    if (argc > 1) {
        printf(
            "usage: %s [--help]\n%s\n"
            "  STRAIT_STRESS_SECONDS=n   how long (default %g)\n"
            "  STRAIT_STRESS_PATIENCE=n  seconds without progress that count "
            "as a hang (default 10)\n"
            "  STRAIT_SEED=n             repeats the run with that seed\n",
            program, about, (double)STRESS_SECONDS);
        exit(0);
    }
    stress.seconds = stress_number("STRAIT_STRESS_SECONDS", STRESS_SECONDS);
    stress.patience = stress_number(
        "STRAIT_STRESS_PATIENCE", 10 * SANITIZER_SLOWDOWN);
    stress.seed = test_seed(program, SEED_FROM_TIME);
    stress.rng = rng_make(stress.seed, 0);
#ifdef STRAIT_TESTS_SEAM_YIELD_H
    seam_yield_seed(stress.seed);
#endif
    clock_gettime(CLOCK_MONOTONIC, &stress.started);
    snprintf(stress.phase, sizeof stress.phase, "start");
    if (pthread_create(&watch, NULL, stress_watch, NULL) != 0) {
        fprintf(stderr, "%s: cannot start the watchdog thread\n", program);
        exit(2);
    }
    pthread_detach(watch);
}

/* True while there is time; always true the first time. */
static inline bool
stress_goes_on(void)
{
    stress_progress();
    return stress.n_rounds++ == 0 || stress_elapsed_s() < stress.seconds;
}

static inline int
stress_end(void)
{
#ifdef STRAIT_TESTS_SEAM_YIELD_H
    fprintf(stderr, "%s: disturbed %llu times\n", stress.program,
        (unsigned long long)seam_yield_count());
#endif
    fprintf(stderr, "%s: ok, %llu rounds in %.1f s\n", stress.program,
        (unsigned long long)stress.n_rounds - 1, stress_elapsed_s());
    return 0;
}

/* Starts n threads with consecutive elements of `args`. */
static inline void
stress_start(pthread_t *threads, unsigned n, void *(*body)(void *), void *args,
    size_t arg_bytes)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        int err = pthread_create(
            &threads[i], NULL, body, (char *)args + i * arg_bytes);

        stress_require(err == 0, "pthread_create: %s", strerror(err));
    }
}

static inline void
stress_join(pthread_t *threads, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

/* How many times to repeat what takes `n` in an undisturbed build. */
static inline unsigned
stress_scaled(unsigned n)
{
#ifdef STRAIT_TESTS_SEAM_YIELD_H
    n /= 8;
#endif
    n /= SANITIZER_SLOWDOWN;
    return n > 0 ? n : 1;
}

/* Lets other threads in, in one of several ways, now and then. */
static inline void
stress_jitter(struct rng *rng)
{
    uint64_t dice = rng_below(rng, 1024);

    if (dice < 8)
        sched_yield();
    else if (dice == 8)
        usleep((useconds_t)rng_below(rng, 200));
}

#endif /* STRAIT_TESTS_STRESS_H */
