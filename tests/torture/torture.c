/* SPDX-License-Identifier: MIT */
/*
 * torture.c - all queues, with more threads than CPUs, disturbed at every step,
 * for as long as you like.
 *
 * Each case runs rounds of some tens of milliseconds. Round 1 has the seed of
 * the run, each later one a seed of its own, which a failure prints: begun with
 * that seed, the program repeats that round first. Threads get their random
 * streams from it; how they interleave is up to the kernel.
 *
 * The watchdog ends the program when nothing moves any more: a lost wake-up
 * shows as that. A case fails if one of its rare paths (rare.h) was not hit.
 */
#define _GNU_SOURCE
#include "torture.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "sanitizer.h"

static const struct torture_case *const cases[] = { &torture_mpsc,
    &torture_shared, &torture_ring, &torture_armed, &torture_spsc,
    &torture_event, &torture_reclaim };
#define N_CASES (sizeof cases / sizeof cases[0])

static struct {
    double seconds;
    uint64_t seed;
    const char *only;
    double patience;
    unsigned n_cpus;
    bool controls;
} options = { .n_cpus = 2 };

static struct {
    const struct torture_case *present;
    uint64_t round_seed;
    uint64_t n_rounds;
    uint64_t round_ends_ns;
    pthread_mutex_t lock; /* guards phase */
    char phase[160];
} state = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Raw atomics: the books are not to be disturbed. */
static _Atomic(uint64_t) n_moved;
static _Atomic(uint64_t) n_threads;
static _Atomic(uint32_t) n_live;
static _Atomic(uint64_t) hits[N_RARE];

static const struct {
    const char *name;
    const char *of;
    const char *text;
} rare[N_RARE] = {
#define RARE_ROW(name, of, text) { #name, of, text },
    TORTURE_RARE_PATHS(RARE_ROW)
#undef RARE_ROW
};

static uint64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ------------------------------------------------------------- complaints */

void
torture_fail(const char *condition, const char *format, ...)
{
    static _Atomic(bool) told;
    va_list args;

    if (atomic_exchange(&told, true)) {
        for (;;)
            pause(); /* the one who was first ends the program */
    }
    pthread_mutex_lock(&state.lock);
    fprintf(stderr, "\ntorture: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr,
        "\n  not so: %s\n  while: %s\n  to repeat: --only %s --seed "
        "%llu\n",
        condition, state.phase, state.present->name,
        (unsigned long long)state.round_seed);
    fflush(NULL);
    _exit(1);
}

void
torture_phase(const char *format, ...)
{
    va_list args;

    pthread_mutex_lock(&state.lock);
    va_start(args, format);
    vsnprintf(state.phase, sizeof state.phase, format, args);
    va_end(args);
    pthread_mutex_unlock(&state.lock);
}

void
torture_moved(uint64_t n)
{
    atomic_fetch_add_explicit(&n_moved, n, memory_order_relaxed);
}

void
torture_hit(enum torture_rare what)
{
    if (torture_plant == PLANT_BLIND && what == RARE_MPSC_PENDING)
        return;
    atomic_fetch_add_explicit(&hits[what], 1, memory_order_relaxed);
}

static void *
watch(void *arg)
{
    uint64_t seen = 0;
    uint64_t since = now_ns();

    (void)arg;
    for (;;) {
        struct timespec pause = { 0, 100000000 };
        uint64_t now = atomic_load_explicit(&n_moved, memory_order_relaxed);

        nanosleep(&pause, NULL);
        if (now != seen) {
            seen = now;
            since = now_ns();
        }
        torture_require((double)(now_ns() - since) < options.patience * 1e9,
            "nothing moves any more: a lost wake-up, or a lost item");
    }
    return NULL;
}

/* ----------------------------------------------------------------- threads */

static void *
run_role(void *arg)
{
    struct torture_role *role = arg;

    torture_stream(
        state.round_seed, (uint64_t)role->index << 32 | role->generation);
    role->play(role);
    atomic_fetch_sub_explicit(&n_live, 1, memory_order_release);
    return NULL;
}

static void
start_thread(struct torture_role *role)
{
    pthread_attr_t attr;
    pthread_t thread;
    int err;

    atomic_fetch_add(&n_live, 1);
    atomic_fetch_add(&n_threads, 1);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    while ((err = pthread_create(&thread, &attr, run_role, role)) == EAGAIN)
        sched_yield(); /* those that have ended are still being buried */
    pthread_attr_destroy(&attr);
    torture_require(err == 0, "pthread_create: %s", strerror(err));
}

void
torture_spawn(struct torture_role *role, unsigned index,
    void (*play)(struct torture_role *role), void *arg, struct rng *rng)
{
    role->play = play;
    role->rng = rng_make(rng_next(rng), index);
    role->index = index;
    role->generation = 0;
    role->arg = arg;
    start_thread(role);
}

void
torture_hand_over(struct torture_role *role)
{
    role->generation++;
    start_thread(role);
}

void
torture_wait_threads(void)
{
    struct timespec pause = { 0, 200000 };

    while (atomic_load_explicit(&n_live, memory_order_acquire) != 0)
        nanosleep(&pause, NULL);
}

bool
torture_round_is_over(void)
{
    return now_ns() >= state.round_ends_ns;
}

void
torture_nap(struct rng *rng, uint32_t max_us)
{
    struct timespec pause = { 0, 0 };

    pause.tv_nsec = (long)rng_below(rng, (uint64_t)max_us * 1000 + 1);
    nanosleep(&pause, NULL);
}

/* ------------------------------------------------------------------- bells */

void
torture_bell_init(struct torture_bell *bell)
{
    /* rlx: not shared yet. */
    strait_store_rlx(&bell->word, 0);
}

bool
torture_bell_ring(struct torture_bell *bell)
{
    /* rel: what the ringer did. */
    uint32_t old = strait_xchg_release(&bell->word, 1);

    syscall(SYS_futex, &bell->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    return old == 0;
}

bool
torture_bell_wait(struct torture_bell *bell, uint32_t max_us)
{
    uint64_t end = now_ns() + (uint64_t)max_us * 1000;

    /* acq: what the ringer did. */
    while (strait_xchg_acquire(&bell->word, 0) == 0) {
        struct timespec left = { 0, 0 };
        uint64_t now = now_ns();

        if (max_us != 0) {
            if (now >= end)
                return false;
            left.tv_nsec = (long)(end - now);
        }
        syscall(SYS_futex, &bell->word, FUTEX_WAIT_PRIVATE, 0,
            max_us != 0 ? &left : NULL, NULL, 0);
    }
    return true;
}

/* ------------------------------------------------------------------- items */

void
torture_maker_init(struct torture_maker *maker, unsigned index)
{
    unsigned i;

    maker->index = index;
    maker->n_made = 0;
    for (i = 0; i < TORTURE_ITEMS; i++) {
        maker->items[i].payload = 0;
        /* rlx: not shared yet. */
        strait_store_rlx(&maker->items[i].in_flight, 0);
    }
}

static uint64_t
payload_of(unsigned maker, uint64_t number)
{
    return rng_mix(((uint64_t)maker << 48) + number) | 1;
}

struct torture_item *
torture_maker_next(struct torture_maker *maker)
{
    uint64_t number = maker->n_made;
    struct torture_item *item = &maker->items[number % TORTURE_ITEMS];

    /* acq: whoever took it has done with it. */
    if (strait_load_acquire(&item->in_flight) != 0)
        return NULL;
    maker->n_made++;
    item->maker = maker->index;
    item->number = number;
    item->payload = payload_of(maker->index, number);
    /* rlx: whoever takes it learns of it by the queue. */
    strait_store_rlx(&item->in_flight, 1);
    return item;
}

void
torture_maker_keep(struct torture_maker *maker, unsigned n)
{
    while (n-- != 0) {
        maker->n_made--;
        /* rlx: it has never been away. */
        strait_store_rlx(
            &maker->items[maker->n_made % TORTURE_ITEMS].in_flight, 0);
    }
}

void
torture_take(struct torture_item *item, uint64_t *next, bool exact)
{
    torture_require(item->payload == payload_of(item->maker, item->number),
        "producer %u: item %llu carries something else, or came twice",
        item->maker, (unsigned long long)item->number);
    torture_require(exact ? item->number == next[item->maker]
                          : item->number >= next[item->maker],
        "producer %u: item %llu where %llu was due", item->maker,
        (unsigned long long)item->number,
        (unsigned long long)next[item->maker]);
    next[item->maker] = item->number + 1;
    item->payload = 0;
    /* rel: we have done with it; its maker may fill it anew. */
    torture_require(strait_xchg_release(&item->in_flight, 0) == 1,
        "producer %u: item %llu came out twice", item->maker,
        (unsigned long long)item->number);
}

/* ------------------------------------------------------------------ running */

static bool
all_were_hit(const struct torture_case *c)
{
    unsigned i;

    for (i = 0; i < N_RARE; i++) {
        if (strcmp(rare[i].of, c->name) == 0 && atomic_load(&hits[i]) == 0)
            return false;
    }
    return true;
}

static void
show_progress(const struct torture_case *c, double elapsed)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[K%-8s %6.1f of %.1f s, round %llu, %llu moves",
            c->name, elapsed, options.seconds,
            (unsigned long long)state.n_rounds,
            (unsigned long long)atomic_load(&n_moved));
        fflush(stderr);
    }
}

/* A case goes on for longer than it was told as long as a rare path was not
 * hit: up to so many times its time, and on a busy machine that is not short
 * either. */
#define GRACE 10
#define GRACE_SECONDS (20.0 * SANITIZER_SLOWDOWN)

static double
longest(void)
{
    double times = options.seconds * GRACE;

    return torture_plant == PLANT_BLIND || times > GRACE_SECONDS
        ? times
        : GRACE_SECONDS;
}

/* Answers how many rare paths were not hit. */
static unsigned
run_case(const struct torture_case *c)
{
    uint64_t began = now_ns();
    uint64_t n_before = atomic_load(&n_moved);
    uint64_t threads_before = atomic_load(&n_threads);
    uint64_t disturbed_before = torture_n_disturbed();
    double elapsed = 0;
    unsigned n_missed = 0;
    unsigned i;

    state.present = c;
    state.n_rounds = 0;
    do {
        struct rng rng;

        state.round_seed = state.n_rounds == 0
            ? options.seed
            : rng_mix(options.seed + state.n_rounds) >> 16;
        state.n_rounds++;
        rng = rng_make(state.round_seed, UINT64_MAX);
        torture_stream(state.round_seed, UINT64_MAX);
        torture_rates((uint32_t)8 << rng_below(&rng, 6),
            (uint32_t)2 << rng_below(&rng, 5));
        state.round_ends_ns = now_ns() + 10000000 + rng_below(&rng, 40000000);
        c->round(&rng);
        torture_moved(1);
        elapsed = (double)(now_ns() - began) / 1e9;
        show_progress(c, elapsed);
    } while (
        elapsed < options.seconds || (!all_were_hit(c) && elapsed < longest()));
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    printf("%s: %s\n  %.1f s, %llu rounds, %llu threads, %llu moves, disturbed "
           "%llu times\n",
        c->name, c->about, elapsed, (unsigned long long)state.n_rounds,
        (unsigned long long)(atomic_load(&n_threads) - threads_before),
        (unsigned long long)(atomic_load(&n_moved) - n_before),
        (unsigned long long)(torture_n_disturbed() - disturbed_before));
    for (i = 0; i < N_RARE; i++) {
        uint64_t n = atomic_load(&hits[i]);

        if (strcmp(rare[i].of, c->name) != 0)
            continue;
        printf("  %10llu  %s%s\n", (unsigned long long)n, rare[i].text,
            n == 0 ? "   <-- NEVER HIT" : "");
        n_missed += n == 0;
    }
    fflush(stdout);
    return n_missed;
}

static bool
is_wanted(const struct torture_case *c)
{
    return options.only == NULL || strcmp(options.only, c->name) == 0;
}

static int
run_all(void)
{
    pthread_t watcher;
    unsigned n_missed = 0;
    unsigned n_run = 0;
    size_t i;

    state.present = cases[0];
    if (pthread_create(&watcher, NULL, watch, NULL) != 0) {
        fprintf(stderr, "torture: cannot start the watchdog thread\n");
        return 1;
    }
    pthread_detach(watcher);
    for (i = 0; i < N_CASES; i++) {
        if (is_wanted(cases[i])) {
            n_run++;
            n_missed += run_case(cases[i]);
        }
    }
    if (n_run == 0) {
        fprintf(stderr, "torture: no case is called '%s'; see --help\n",
            options.only);
        return 2;
    }
    if (n_missed != 0)
        printf("torture: %u rare paths were never hit\n", n_missed);
    else
        printf("torture: ok, seed %llu\n", (unsigned long long)options.seed);
    return n_missed != 0;
}

/* --------------------------------------------------------- planted mistakes */

/*
 * What a child with a mistake in it has to say. A mistake that breaks a queue
 * also makes its users race, or touch what is not theirs: in a build with a
 * sanitizer the report of that may come first, and is as good.
 */
static const struct {
    enum torture_plant plant;
    bool breaks;
    const char *of;
    const char *text;
    const char *found;
} plants[] = {
    { PLANT_TORN_CAS, true, "mpsc", "the CAS is a load and a store", "not so" },
    { PLANT_TRUE_ARM, false, "mpsc", "an arming that is refused claims success",
        "nothing moves any more" },
    { PLANT_BLIND, false, "mpsc", "a rare path is not counted",
        "pop met a push in its gap   <-- NEVER HIT" },
    { PLANT_TORN_CAS, true, "ring", "the CAS is a load and a store", "not so" },
    { PLANT_TORN_CAS, true, "armed", "the CAS is a load and a store",
        "not so" },
    { PLANT_TRUE_ARM, false, "armed",
        "an arming that is refused claims success", "nothing moves any more" },
    { PLANT_OVERRUN, true, "spsc",
        "the producer believes in one place too many", "not so" },
    { PLANT_DEAF, false, "event", "a notification is left out now and then",
        "nothing moves any more" },
    { PLANT_EARLY_FREE, false, "reclaim", "an object dies without a retire",
        "under a reader's eyes" },
};

/* The report that this build's sanitizer has made, or NULL. */
static const char *
sanitizer_report(const char *said)
{
    const char *report = NULL;

    if (SANITIZER_THREAD)
        report = strstr(said, "WARNING: ThreadSanitizer: data race");
    if (SANITIZER_ADDRESS && report == NULL)
        report = strstr(said, "ERROR: AddressSanitizer: ");
    if (SANITIZER_ADDRESS && report == NULL)
        report = strstr(said, "runtime error: "); /* UBSan goes with it */
    return report;
}

/* By what the mistake was found: NULL if it was not. */
static const char *
finder_of(size_t k, int status, const char *said)
{
    /* 1 is the torture's own status. With a sanitizer's report it is that of
     * the sanitizer's options, or the signal of an abort. */
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
        strstr(said, plants[k].found) != NULL)
        return "found";
    if (!plants[k].breaks || sanitizer_report(said) == NULL)
        return NULL;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return NULL;
    return "found by the sanitizer";
}

/* Runs one case with one mistake in a child; true if it was found. */
static bool
plant_is_found(size_t k)
{
    static char said[1 << 16];
    size_t used = 0;
    ssize_t n;
    int ends[2];
    int status;
    pid_t child;
    const char *finder;

    fflush(NULL);
    torture_require(pipe(ends) == 0, "pipe: %s", strerror(errno));
    child = fork();
    torture_require(child >= 0, "fork: %s", strerror(errno));
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        torture_plant = plants[k].plant;
        options.only = plants[k].of;
        if (plants[k].plant == PLANT_BLIND)
            options.seconds = 0.04; /* all of its grace is used up */
        else if (options.seconds < 5)
            options.seconds = 5;
        options.patience = SANITIZER_SLOWDOWN > 1 ? 2 : 1;
        status = run_all();
        fflush(NULL);
        _exit(status);
    }
    close(ends[1]);
    for (;;) {
        char rest[4096]; /* read on, or the child would end by SIGPIPE */
        size_t room = sizeof said - 1 - used;

        n = room != 0 ? read(ends[0], said + used, room)
                      : read(ends[0], rest, sizeof rest);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        if (room != 0 && n > 0)
            used += (size_t)n;
    }
    said[used] = '\0';
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    finder = finder_of(k, status, said);
    printf("%-7s %-44s %s\n", plants[k].of, plants[k].text,
        finder != NULL ? finder : "NOT FOUND");
    if (finder == NULL)
        printf("it ended by %s %d, and said:\n%s\n",
            WIFEXITED(status) ? "status" : "signal",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), said);
    fflush(stdout);
    return finder != NULL;
}

static int
run_controls(void)
{
    unsigned n_missed = 0;
    size_t k;

    state.present = cases[0];
    for (k = 0; k < sizeof plants / sizeof plants[0]; k++)
        n_missed += !plant_is_found(k);
    printf("%zu planted mistakes, %u not found\n",
        sizeof plants / sizeof plants[0], n_missed);
    return n_missed != 0;
}

/* -------------------------------------------------------------------- main */

static const char synopsis[] =
    "usage: torture [--seconds N] [--seed N] [--only NAME] [--cpus N]\n"
    "               [--patience N] [--controls] [--help]\n";

static void
usage(void)
{
    size_t i;

    printf(
        "%s\n"
        "Runs the queues of Strait with more threads than CPUs, disturbed at "
        "every step.\n\n"
        "  --seconds N   for each case (default: STRAIT_STRESS_SECONDS, or 0.5)\n"
        "  --seed N      of the first round (default: STRAIT_SEED, or the "
        "time)\n"
        "  --only NAME   one case\n"
        "  --cpus N      run on so many CPUs; 0: on all (default 2)\n"
        "  --patience N  seconds without a move that count as a hang "
        "(at least 1; default %d)\n"
        "  --controls    plant mistakes, which must be found\n\n"
        "Cases:\n",
        synopsis, 10 * SANITIZER_SLOWDOWN);
    for (i = 0; i < N_CASES; i++)
        printf("  %-8s %s\n", cases[i]->name, cases[i]->about);
}

__attribute__((noreturn)) static void
refuse(const char *argument, const char *why)
{
    fprintf(stderr, "torture: %s '%s'\n%s", why, argument, synopsis);
    exit(2);
}

/* A longer time is a slip, and infinity is never over. */
#define SECONDS_MAX 1e9

static double
number(const char *what, const char *text, double min, double max)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= min && value <= max)) {
        fprintf(stderr,
            "torture: %s must be a number from %g to %g, not '%s'\n", what, min,
            max, text);
        exit(2);
    }
    return value;
}

static uint64_t
seed_of(const char *text)
{
    char *end;
    uint64_t value;

    errno = 0;
    value = strtoull(text, &end, 0);
    /* strtoull takes a sign and leading space, too. */
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
        fprintf(stderr,
            "torture: --seed must be a whole number from 0 to %llu, not "
            "'%s'\n",
            (unsigned long long)UINT64_MAX, text);
        exit(2);
    }
    return value;
}

static void
read_options(int argc, char **argv)
{
    const char *seconds = getenv("STRAIT_STRESS_SECONDS");
    bool seeded = false;
    int i;

    options.patience = 10 * SANITIZER_SLOWDOWN;
    options.seconds = seconds != NULL && seconds[0] != '\0'
        ? number("STRAIT_STRESS_SECONDS", seconds, 0, SECONDS_MAX)
        : 0.5;
    for (i = 1; i < argc; i++) {
        const char *option = argv[i];
        bool is_only = strcmp(option, "--only") == 0;
        bool is_seconds = strcmp(option, "--seconds") == 0;
        bool is_patience = strcmp(option, "--patience") == 0;
        bool is_cpus = strcmp(option, "--cpus") == 0;
        bool is_seed = strcmp(option, "--seed") == 0;

        if (strcmp(option, "--help") == 0) {
            usage();
            exit(output_end("torture", 0));
        }
        if (strcmp(option, "--controls") == 0) {
            options.controls = true;
            continue;
        }
        if (!is_only && !is_seconds && !is_patience && !is_cpus && !is_seed)
            refuse(option, "unknown option");
        if (i + 1 >= argc)
            refuse(option, "no value after");
        i++;
        if (is_only) {
            options.only = argv[i];
        } else if (is_seconds) {
            options.seconds = number(option, argv[i], 0, SECONDS_MAX);
        } else if (is_patience) {
            /* Below a second, any busy machine looks like a hang. */
            options.patience = number(option, argv[i], 1, SECONDS_MAX);
        } else if (is_cpus) {
            options.n_cpus = (unsigned)number(option, argv[i], 0, CPU_SETSIZE);
        } else {
            options.seed = seed_of(argv[i]);
            seeded = true;
        }
    }
    if (!seeded)
        options.seed = test_seed("torture", SEED_FROM_TIME);
}

/* More CPUs make rare paths rarer: what is wanted is more threads than CPUs. */
static void
keep_to_few_cpus(void)
{
    cpu_set_t usable;
    cpu_set_t chosen;
    unsigned n = 0;
    int cpu;

    if (options.n_cpus == 0 ||
        sched_getaffinity(0, sizeof usable, &usable) != 0)
        return;
    CPU_ZERO(&chosen);
    for (cpu = 0; cpu < CPU_SETSIZE && n < options.n_cpus; cpu++) {
        if (CPU_ISSET(cpu, &usable)) {
            CPU_SET(cpu, &chosen);
            n++;
        }
    }
    /* Without it the run is another one, but no wrong one. */
    (void)sched_setaffinity(0, sizeof chosen, &chosen);
}

int
main(int argc, char **argv)
{
    output_begin("torture");
    read_options(argc, argv);
    keep_to_few_cpus();
    return output_end("torture", options.controls ? run_controls() : run_all());
}
