/* SPDX-License-Identifier: MIT */
/*
 * explore.c - a seeded scheduler that runs a model many times, each time with
 * another interleaving and other stale values.
 *
 * Threads are coroutines: one runs at a time, and at every atomic operation
 * the dice decide who goes on. What memory answers is decided in
 * explore_memory.c by the same dice. So an execution is a function of its
 * seed, and `--seed N` repeats execution N exactly.
 *
 * Strategies, drawn by the seed: uniform (any runnable thread), sticky (stay
 * with a thread for a while), and priorities that change at a few random steps
 * (after the PCT scheduler of Burckhardt, Kothari, Musuvathi and Nagarakatte,
 * 2010: bugs that need d ordered steps are hit with a known probability).
 * A thread that spins is put behind the others, so no strategy starves.
 *
 * An execution fails if an assertion or a plain access fails (races), if all
 * threads sleep (a lost wake-up), if it takes too many steps (a livelock), or
 * if it crashes. Passing proves nothing but that these seeds found nothing.
 */
#define _GNU_SOURCE
#include "explore_core.h"

/* For the names of how a futex wait ends. */
#define STI_MODEL 1
#include "base/env.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define STACK_SIZE ((size_t)64 << 10)
#define STEPS_MAX 20000
#define ROW_MAX 100 /* steps in a row before another thread gets its turn */
#define ROUNDS_MAX                                                             \
    40 /* of spinners alone, without a store, before it is called
                         a lost wake-up; stale loads do not last that long */
#define TRACE_MAX 256
#define NAMES_MAX 64
#define CHANGES_MAX 6

struct ex_thread {
    ucontext_t context;
    enum ex_state state;
    bool spinning; /* asked others to go first */
    int priority;
    const volatile void *waits_for;
    uint32_t futex_value;
    int joins;
    const char *name;
    void *(*fn)(void *);
    void *arg;
    struct ex_view view;
};

struct event {
    const struct ex_site *site;
    const char *op;
    const volatile void *p;
    int thread;
    int order;
    char text[72];
};

struct name {
    const volatile void *p;
    size_t n;
    const char *text;
};

enum strategy { UNIFORM, STICKY, PRIORITY };

struct ex_dice ex_dice;

void model_main(void);

static struct ex_thread threads[EX_THREADS_MAX];
static char *stacks;
static int n_threads;
static int self;
static ucontext_t home; /* the explorer itself */

static uint64_t random_state;
static enum strategy strategy;
static int changes[CHANGES_MAX];
static int n_changes;
static int lowest;
static int n_steps;
static int n_row;
static int n_rounds;

static struct event trace[TRACE_MAX];
static uint64_t n_events;
static struct name names[NAMES_MAX];
static int n_names;

static bool failed;
static char failure[256];
static sigjmp_buf crash_point;

/* Sections that the model's and the cores' objects were put into. */
extern const struct ex_site *const __start_ex_sites[] __attribute__((weak));
extern const struct ex_site *const __stop_ex_sites[] __attribute__((weak));
extern const char *const __start_ex_covers[] __attribute__((weak));
extern const char *const __stop_ex_covers[] __attribute__((weak));
extern char __start_model_state[] __attribute__((weak));
extern char __stop_model_state[] __attribute__((weak));

static uint64_t *cover_counts;

struct weakening {
    char file[64];
    int line;
    int order;
    bool used;
};
static struct weakening weakening;
static bool weakened;

static const char *const order_names[] = { "relaxed", "acquire", "release",
    "acq_rel", "seq_cst", "plain" };

/* ----------------------------------------------------------------- dice */

uint64_t
ex_random(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

bool
ex_chance(unsigned of_256)
{
    return of_256 != 0 && (ex_random() & 255) < of_256;
}

/* Draws how this execution behaves; nothing may come from earlier ones. */
static void
throw_dice(uint64_t seed)
{
    static const unsigned stale[] = { 0, 48, 128, 208 };
    static const unsigned early[] = { 0, 0, 32, 96 };
    static const unsigned spurious[] = { 0, 0, 24, 96 };
    unsigned length;
    int i;

    random_state = seed * 0xd1342543de82ef95u + 0x2545f4914f6cdd1du;
    strategy = (enum strategy)(ex_random() % 3);
    ex_dice.stale = stale[ex_random() % 4];
    ex_dice.early = early[ex_random() % 4];
    ex_dice.spurious = spurious[ex_random() % 4];
    length = 16u << (ex_random() % 5);
    n_changes = 1 + (int)(ex_random() % CHANGES_MAX);
    for (i = 0; i < n_changes; i++)
        changes[i] = (int)(ex_random() % length);
    lowest = 0;
}

/* --------------------------------------------------------------- reports */

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

int
ex_order_of(const struct ex_site *site)
{
    if (weakened && site->line == weakening.line &&
        strcmp(base_name(site->file), weakening.file) == 0) {
        weakening.used = true;
        return weakening.order;
    }
    return site->order;
}

static const struct name *
find_name(const volatile void *p)
{
    const char *at = (const char *)(uintptr_t)p;
    int i;

    /* The latest first: a member may be named after the whole. */
    for (i = n_names - 1; i >= 0; i--) {
        const char *from = (const char *)(uintptr_t)names[i].p;

        if (at >= from && at < from + names[i].n)
            return &names[i];
    }
    return NULL;
}

void
ex_name(const volatile void *p, size_t n, const char *name)
{
    if (n_names < NAMES_MAX)
        names[n_names++] = (struct name){ p, n, name };
}

static void
name_of(char *text, size_t size, const volatile void *p)
{
    const struct name *name = find_name(p);
    size_t offset;

    if (name == NULL) {
        (void)snprintf(text, size, "%p", (void *)(uintptr_t)p);
        return;
    }
    offset = (size_t)((uintptr_t)p - (uintptr_t)name->p);
    if (offset == 0)
        (void)snprintf(text, size, "%s", name->text);
    else
        (void)snprintf(text, size, "%s+%zu", name->text, offset);
}

const char *
ex_text(uint64_t value)
{
    static char texts[4][40];
    static unsigned turn;
    char *text = texts[turn++ % 4];

    if (value > 0xffff && find_name((void *)(uintptr_t)value) != NULL)
        name_of(text, sizeof(texts[0]), (void *)(uintptr_t)value);
    else if (value <= 0xffff)
        (void)snprintf(text, sizeof(texts[0]), "%" PRIu64, value);
    else
        (void)snprintf(text, sizeof(texts[0]), "0x%" PRIx64, value);
    return text;
}

static bool recording;

void
ex_trace(const struct ex_site *site, const char *op, int order,
    const volatile void *p, const char *format, ...)
{
    struct event *event = &trace[n_events % TRACE_MAX];
    va_list args;

    if (!recording)
        return;
    n_events++;
    event->site = site;
    event->op = op;
    event->order = order;
    event->p = p;
    event->thread = self;
    va_start(args, format);
    (void)vsnprintf(event->text, sizeof(event->text), format, args);
    va_end(args);
}

static void
print_trace(uint64_t last)
{
    uint64_t from = 0;
    uint64_t i;

    if (last > TRACE_MAX)
        last = TRACE_MAX;
    if (n_events > last)
        from = n_events - last;
    printf("  step  thread        operation           on                   "
           "        values\n");
    for (i = from; i < n_events; i++) {
        const struct event *event = &trace[i % TRACE_MAX];
        char what[40];
        char where[80];
        char name[40];

        if (event->order == EX_plain)
            (void)snprintf(what, sizeof(what), "%s", event->op);
        else
            (void)snprintf(what, sizeof(what), "%s %s", event->op,
                order_names[event->order]);
        where[0] = '\0';
        if (event->p != NULL) {
            name_of(name, sizeof(name), event->p);
            (void)snprintf(where, sizeof(where), "%s [%s]",
                event->site != NULL ? event->site->text : "", name);
        }
        printf("  %4" PRIu64 "  %d %-11s %-19s %-28s %s", i, event->thread,
            threads[event->thread].name, what, where, event->text);
        if (event->site != NULL)
            printf(
                "  (%s:%d)", base_name(event->site->file), event->site->line);
        printf("\n");
    }
}

void
ex_fail(const char *format, ...)
{
    va_list args;

    if (!failed) {
        failed = true;
        va_start(args, format);
        (void)vsnprintf(failure, sizeof(failure), format, args);
        va_end(args);
    }
    (void)setcontext(&home);
    abort();
}

void
ex_assert(
    bool ok, const char *text, const char *file, int line, const char *func)
{
    if (!ok)
        ex_fail("assertion failed: %s (%s, %s:%d)", text, func, base_name(file),
            line);
}

void
ex_cover(const char *const *name)
{
    cover_counts[name - __start_ex_covers]++;
}

void
ex_point(const char *name)
{
    ex_trace(NULL, "point", EX_plain, NULL, "%s", name);
}

/* -------------------------------------------------------------- threads */

int
ex_self(void)
{
    return self;
}

struct ex_view *
ex_view_of(int thread)
{
    return &threads[thread].view;
}

void
ex_progress(void)
{
    n_rounds = 0;
}

static void
switch_to(int next)
{
    int from = self;

    if (next == from)
        return;
    n_row = 0;
    self = next;
    (void)swapcontext(&threads[from].context, &threads[next].context);
}

static const char *
sleepers(void)
{
    static char text[200];
    char name[40];
    size_t used = 0;
    int i;

    for (i = 0; i < n_threads && used < sizeof(text); i++) {
        const struct ex_thread *t = &threads[i];

        if (t->state == EX_DONE)
            continue;
        if (t->state == EX_RUNNABLE)
            (void)snprintf(name, sizeof(name), "something, spinning");
        else if (t->state == EX_ON_JOIN)
            (void)snprintf(
                name, sizeof(name), "the end of thread %d", t->joins);
        else
            name_of(name, sizeof(name), t->waits_for);
        used += (size_t)snprintf(text + used, sizeof(text) - used,
            "; thread %d %s waits for %s", i, t->name, name);
    }
    return text;
}

/* Who runs next; -1 if nobody can. */
static int
pick(bool self_counts)
{
    int candidates[EX_THREADS_MAX];
    int n = 0;
    int best;
    int i;

    for (i = 0; i < n_threads; i++) {
        if (threads[i].state == EX_RUNNABLE && !threads[i].spinning &&
            (self_counts || i != self))
            candidates[n++] = i;
    }
    if (n == 0) {
        /* Only spinners are left: another round for all of them. */
        if (++n_rounds > ROUNDS_MAX)
            ex_fail("lost wake-up: nothing changes any more%s", sleepers());
        for (i = 0; i < n_threads; i++) {
            if (threads[i].state == EX_RUNNABLE) {
                threads[i].spinning = false;
                candidates[n++] = i;
            }
        }
        if (n == 0)
            return -1;
    }
    if (strategy != PRIORITY)
        return candidates[ex_random() % (unsigned)n];
    best = candidates[0];
    for (i = 1; i < n; i++) {
        if (threads[candidates[i]].priority > threads[best].priority)
            best = candidates[i];
    }
    return best;
}

void
ex_step(void)
{
    int i;

    if (++n_steps > STEPS_MAX)
        ex_fail("livelock: no end after %d steps%s", STEPS_MAX, sleepers());
    if (++n_row > ROW_MAX) {
        n_row = 0;
        threads[self].spinning = true;
        threads[self].priority = --lowest;
    }
    if (strategy == STICKY && !threads[self].spinning && !ex_chance(40))
        return;
    if (strategy == PRIORITY) {
        for (i = 0; i < n_changes; i++) {
            if (changes[i] == n_steps)
                threads[self].priority = --lowest;
        }
    }
    i = pick(true);
    if (i != self)
        switch_to(i);
}

void
ex_after(void)
{
    if (strategy != STICKY && ex_chance(64))
        ex_step();
}

void
ex_pause(void)
{
    threads[self].spinning = true;
    threads[self].priority = --lowest;
    ex_step();
    threads[self].spinning = false;
}

/* The running thread cannot go on until somebody makes it runnable. */
static void
block(enum ex_state state, const volatile void *waits_for)
{
    int next;

    threads[self].state = state;
    threads[self].waits_for = waits_for;
    next = pick(false);
    if (next < 0)
        ex_fail("lost wake-up: nobody can go on%s", sleepers());
    switch_to(next);
}

static void
thread_body(void)
{
    struct ex_thread *t = &threads[self];
    int next;
    int i;

    (void)t->fn(t->arg);
    t->state = EX_DONE;
    for (i = 0; i < n_threads; i++) {
        if (threads[i].state == EX_ON_JOIN && threads[i].joins == self)
            threads[i].state = EX_RUNNABLE;
    }
    for (i = 0; i < n_threads; i++) {
        if (threads[i].state != EX_DONE)
            break;
    }
    if (i == n_threads)
        (void)setcontext(&home);
    next = pick(false);
    if (next < 0)
        ex_fail("lost wake-up: nobody can go on%s", sleepers());
    n_row = 0;
    self = next;
    (void)setcontext(&threads[next].context);
}

void
ex_spawn(int *ret_id, const char *name, void *(*fn)(void *), void *arg)
{
    struct ex_thread *t;
    int id = n_threads;

    if (id == EX_THREADS_MAX)
        ex_fail("explorer: more than %d threads", EX_THREADS_MAX);
    t = &threads[id];
    t->state = EX_RUNNABLE;
    t->spinning = false;
    t->priority = (int)(ex_random() % 1024) + 1;
    t->name = name;
    t->fn = fn;
    t->arg = arg;
    if (id == 0)
        memset(&t->view, 0, sizeof(t->view));
    else
        t->view = threads[self].view; /* all before happens before it */
    t->view.clock[id] = 1;
    /* What the parent does from here on is not known to the child. */
    if (id != 0)
        threads[self].view.clock[self]++;
    (void)getcontext(&t->context);
    t->context.uc_stack.ss_sp = stacks + (size_t)id * STACK_SIZE;
    t->context.uc_stack.ss_size = STACK_SIZE;
    t->context.uc_link = NULL;
    makecontext(&t->context, thread_body, 0);
    n_threads++;
    *ret_id = id;
}

void
ex_join(int id)
{
    ex_step();
    while (threads[id].state != EX_DONE) {
        threads[self].joins = id;
        block(EX_ON_JOIN, NULL);
    }
    ex_view_join(&threads[self].view, &threads[id].view);
}

/* ------------------------------------------------------------- sleeping */

/* Makes one sleeper of some class runnable, any of them; the kernel promises no
 * order. */
static bool
rouse_class(enum ex_state state, const volatile void *waits_for, uint32_t v,
    enum ex_class which)
{
    int candidates[EX_THREADS_MAX];
    int n = 0;
    int i;

    for (i = 0; i < n_threads; i++) {
        bool same = threads[i].futex_value % EX_CLASSES == v % EX_CLASSES;

        if (threads[i].state == state && threads[i].waits_for == waits_for &&
            (which == EX_ANY_CLASS || same == (which == EX_THIS_CLASS)))
            candidates[n++] = i;
    }
    if (n == 0)
        return false;
    threads[candidates[ex_random() % (unsigned)n]].state = EX_RUNNABLE;
    return true;
}

static bool
rouse(enum ex_state state, const volatile void *waits_for)
{
    return rouse_class(state, waits_for, 0, EX_ANY_CLASS);
}

int
ex_futex_wait_until(const struct ex_site *site, const volatile void *p,
    size_t n, uint64_t v, bool may_expire)
{
    uint64_t found;

    ex_step();
    /* Whatever the word says by then: it may have changed during the sleep. */
    if (may_expire && ex_chance(96)) {
        ex_trace(site, "futex_wait", EX_plain, p, "expires");
        return STI_FUTEX_EXPIRED;
    }
    found = ex_futex_look(site, p, n);
    if (found != v) {
        ex_trace(
            site, "futex_wait", EX_plain, p, "is %s: returns", ex_text(found));
        return STI_FUTEX_LOOK;
    }
    if (ex_chance(ex_dice.spurious / 2)) {
        ex_trace(site, "futex_wait", EX_plain, p, "returns for nothing");
        return STI_FUTEX_LOOK;
    }
    ex_trace(site, "futex_wait", EX_plain, p, "is %s: sleeps", ex_text(found));
    block(EX_ON_FUTEX, p);
    ex_trace(site, "futex_wait", EX_plain, p, "woken");
    return STI_FUTEX_WOKEN;
}

void
ex_futex_wait(
    const struct ex_site *site, const volatile void *p, size_t n, uint64_t v)
{
    (void)ex_futex_wait_until(site, p, n, v, false);
}

int
ex_futex_wait_high(const struct ex_site *site, const volatile void *p,
    uint32_t v, bool may_expire)
{
    uint64_t found;

    ex_step();
    /* Whatever the word says by then: it may have changed during the sleep. */
    if (may_expire && ex_chance(96)) {
        ex_trace(site, "futex_wait", EX_plain, p, "expires");
        return STI_FUTEX_EXPIRED;
    }
    found = ex_futex_look(site, p, sizeof(uint64_t));
    if (found >> 32 != v || ex_chance(ex_dice.spurious / 2)) {
        ex_trace(
            site, "futex_wait", EX_plain, p, "is %s: returns", ex_text(found));
        return STI_FUTEX_LOOK;
    }
    ex_trace(site, "futex_wait", EX_plain, p, "is %s: sleeps", ex_text(found));
    threads[self].futex_value = v;
    block(EX_ON_FUTEX, p);
    ex_trace(site, "futex_wait", EX_plain, p, "woken");
    return STI_FUTEX_WOKEN;
}

int
ex_futex_wake_high(const struct ex_site *site, const volatile void *p, int n,
    uint32_t v, enum ex_class which)
{
    int n_woken = 0;

    ex_step();
    ex_futex_publish(p);
    while (n_woken < n && rouse_class(EX_ON_FUTEX, p, v, which))
        n_woken++;
    ex_trace(site, "futex_wake", EX_plain, p, "wakes %d", n_woken);
    return n_woken;
}

void
ex_futex_wake(const struct ex_site *site, const volatile void *p)
{
    bool woke;

    ex_step();
    ex_futex_publish(p);
    woke = rouse(EX_ON_FUTEX, p);
    ex_trace(site, "futex_wake", EX_plain, p, "%s",
        woke ? "wakes one" : "nobody sleeps");
}

/*
 * An eventfd with EPOLLET that is never read: each write makes it ready once;
 * writes between two waits count as one. epoll may report the other event of
 * the set first.
 */
void
ex_bell_ring(const struct ex_site *site, struct ex_bell *bell)
{
    ex_step();
    bell->edge = 1;
    ex_trace(site, "ring", EX_plain, bell, "%s",
        rouse(EX_ON_BELL, bell) ? "wakes" : "nobody sleeps");
}

void
ex_bell_expire(const struct ex_site *site, struct ex_bell *bell)
{
    ex_step();
    bell->expired = 1;
    ex_trace(site, "expire", EX_plain, bell, "%s",
        rouse(EX_ON_BELL, bell) ? "wakes" : "nobody sleeps");
}

bool
ex_bell_wait(const struct ex_site *site, struct ex_bell *bell)
{
    ex_step();
    if (bell->edge == 0 && bell->expired == 0) {
        ex_trace(site, "wait", EX_plain, bell, "sleeps");
        block(EX_ON_BELL, bell);
    }
    if (bell->expired != 0 && (bell->edge == 0 || ex_chance(128))) {
        bell->expired = 0;
        ex_trace(site, "wait", EX_plain, bell, "returns: expired");
        return false;
    }
    bell->edge = 0;
    ex_trace(site, "wait", EX_plain, bell, "returns: rung");
    return true;
}

/* ------------------------------------------------------------- execution */

static void *
first_thread(void *arg)
{
    (void)arg;
    model_main();
    return NULL;
}

static void
on_crash(int signal_number)
{
    siglongjmp(crash_point, signal_number);
}

static void
catch_crashes(void)
{
    static char alternate[64 << 10];
    stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
    struct sigaction action = { .sa_handler = on_crash,
        .sa_flags = SA_ONSTACK | SA_NODEFER };

    (void)sigaltstack(&stack, NULL);
    (void)sigaction(SIGSEGV, &action, NULL);
    (void)sigaction(SIGBUS, &action, NULL);
    (void)sigaction(SIGFPE, &action, NULL);
    (void)sigaction(SIGILL, &action, NULL);
}

/* Runs execution `seed`; true if nothing was found. */
static bool
execute(uint64_t seed, const char *state, size_t state_size)
{
    static volatile bool entered;
    int crashed;
    int id;

    if (state_size != 0)
        memcpy(__start_model_state, state, state_size);
    throw_dice(seed);
    ex_memory_reset();
    n_threads = 0;
    n_steps = 0;
    n_row = 0;
    n_rounds = 0;
    n_events = 0;
    n_names = 0;
    failed = false;
    self = 0;
    ex_spawn(&id, "main", first_thread, NULL);
    crashed = sigsetjmp(crash_point, 0);
    if (crashed != 0) {
        failed = true;
        (void)snprintf(
            failure, sizeof(failure), "crash: %s", strsignal(crashed));
        return false;
    }
    entered = false;
    (void)getcontext(&home);
    if (!entered) {
        entered = true;
        (void)setcontext(&threads[0].context);
    }
    return !failed;
}

/* ------------------------------------------------------------- the program */

struct options {
    uint64_t first;
    uint64_t n_seeds;
    uint64_t lines;
    bool one;
    bool quiet;
    bool lazy;
};

static void
usage(FILE *to, const char *program)
{
    (void)fprintf(to,
        "usage: %s [options]\n"
        "Runs the model under the explorer, one execution per seed.\n"
        "  --seeds N        how many executions (default: "
        "STRAIT_MODEL_SEEDS, else 20000)\n"
        "  --first N        seed of the first one (default: 1)\n"
        "  --seed N         repeat execution N and print its trace\n"
        "  --lines N        how much of a trace is printed (default: 60)\n"
        "  --weaken F:L=O   use order O (relaxed, acquire, release, acq_rel)"
        " at file F, line L\n"
        "  --lazy           do not ask that every named rare path is reached\n"
        "  --sites          list the operations of the program and stop\n"
        "  --quiet          print nothing but failures\n"
        "  --help           this text\n"
        "Exit status: 0 nothing found, 1 something found, 2 wrong usage.\n",
        program);
}

static int
compare_sites(const void *a, const void *b)
{
    const struct ex_site *x = *(const struct ex_site *const *)a;
    const struct ex_site *y = *(const struct ex_site *const *)b;
    int by_file = strcmp(x->file, y->file);

    if (by_file != 0)
        return by_file;
    return (x->line > y->line) - (x->line < y->line);
}

static void
list_sites(void)
{
    size_t n = (size_t)(__stop_ex_sites - __start_ex_sites);
    const struct ex_site **sites = malloc((n + 1) * sizeof(*sites));
    size_t i;

    if (sites == NULL)
        abort();
    memcpy(sites, __start_ex_sites, n * sizeof(*sites));
    qsort(sites, n, sizeof(*sites), compare_sites);
    for (i = 0; i < n; i++) {
        if (sites[i]->order == EX_plain ||
            (i > 0 && compare_sites(&sites[i - 1], &sites[i]) == 0))
            continue;
        printf("%s:%d %s %s %s\n", base_name(sites[i]->file), sites[i]->line,
            sites[i]->op, order_names[sites[i]->order], sites[i]->text);
    }
    free(sites);
}

static bool
parse_number(const char *text, uint64_t *ret_number)
{
    char *end;

    errno = 0;
    *ret_number = strtoull(text, &end, 0);
    return errno == 0 && end != text && *end == '\0' && *text != '-';
}

static bool
parse_weakening(const char *text)
{
    const char *colon = strchr(text, ':');
    char order[16];
    int i;

    if (colon == NULL || (size_t)(colon - text) >= sizeof(weakening.file) ||
        sscanf(colon + 1, "%d=%15s", &weakening.line, order) != 2)
        return false;
    memcpy(weakening.file, text, (size_t)(colon - text));
    for (i = 0; i <= EX_seq_cst; i++) {
        if (strcmp(order, order_names[i]) == 0) {
            weakening.order = i;
            weakened = true;
            return true;
        }
    }
    return false;
}

/* Answers an exit status, or -1 to go on. */
static int
parse(struct options *options, int argc, char **argv)
{
    const char *from_env = getenv("STRAIT_MODEL_SEEDS");
    int i;

    *options = (struct options){ .first = 1, .n_seeds = 20000, .lines = 60 };
    if (from_env != NULL && *from_env != '\0' &&
        !parse_number(from_env, &options->n_seeds)) {
        (void)fprintf(stderr, "STRAIT_MODEL_SEEDS must be a number\n");
        return 2;
    }
    for (i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        bool ok = true;

        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout, argv[0]);
            return 0;
        } else if (strcmp(argv[i], "--sites") == 0) {
            list_sites();
            return 0;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            options->quiet = true;
        } else if (strcmp(argv[i], "--lazy") == 0) {
            options->lazy = true;
        } else if (strcmp(argv[i], "--seeds") == 0) {
            ok = parse_number(value, &options->n_seeds);
            i++;
        } else if (strcmp(argv[i], "--first") == 0) {
            ok = parse_number(value, &options->first);
            i++;
        } else if (strcmp(argv[i], "--lines") == 0) {
            ok = parse_number(value, &options->lines);
            i++;
        } else if (strcmp(argv[i], "--seed") == 0) {
            ok = parse_number(value, &options->first);
            options->one = true;
            i++;
        } else if (strcmp(argv[i], "--weaken") == 0) {
            ok = parse_weakening(value);
            i++;
        } else {
            ok = false;
        }
        if (!ok) {
            (void)fprintf(stderr, "%s: bad option or value: %s %s\n", argv[0],
                argv[i < argc ? i : argc - 1], value);
            usage(stderr, argv[0]);
            return 2;
        }
    }
    return -1;
}

static void
report(uint64_t seed, const char *program, const struct options *options)
{
    printf("%s: seed %" PRIu64 ": %s\n", program, seed, failure);
    if (options->lines > 0)
        print_trace(options->lines);
    if (weakened)
        printf("  with %s:%d weakened to %s\n", weakening.file, weakening.line,
            order_names[weakening.order]);
    printf("  replay: %s --seed %" PRIu64 "\n", program, seed);
}

static int
check_covers(const char *program, bool lazy)
{
    size_t n = (size_t)(__stop_ex_covers - __start_ex_covers);
    int status = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        printf("  reached %-32s %" PRIu64 " times\n", __start_ex_covers[i],
            cover_counts[i]);
        if (cover_counts[i] == 0 && !lazy) {
            printf("%s: never reached \"%s\": the model is too weak, or has "
                   "too few seeds\n",
                program, __start_ex_covers[i]);
            status = 1;
        }
    }
    return status;
}

int
main(int argc, char **argv)
{
    size_t state_size = (size_t)(__stop_model_state - __start_model_state);
    size_t n_covers = (size_t)(__stop_ex_covers - __start_ex_covers);
    bool terminal = isatty(STDERR_FILENO) != 0;
    uint64_t steps = 0;
    struct options options;
    char *state;
    uint64_t i;
    int status;

    status = parse(&options, argc, argv);
    if (status >= 0)
        return status;
    stacks = malloc(EX_THREADS_MAX * STACK_SIZE);
    state = malloc(state_size + 1);
    cover_counts = calloc(n_covers + 1, sizeof(*cover_counts));
    if (stacks == NULL || state == NULL || cover_counts == NULL) {
        (void)fprintf(stderr, "%s: out of memory\n", argv[0]);
        return 2;
    }
    if (state_size != 0)
        memcpy(state, __start_model_state, state_size);
    catch_crashes();
    if (options.one)
        options.n_seeds = 1;
    recording = options.one;
    for (i = 0; i < options.n_seeds; i++) {
        uint64_t seed = options.first + i;

        if (!execute(seed, state, state_size)) {
            /* Once more, now with a record; the same seed does the same. */
            recording = true;
            if (execute(seed, state, state_size)) {
                printf("%s: seed %" PRIu64 " failed once and not again: the "
                       "model depends on something else than its seed\n",
                    argv[0], seed);
                return 1;
            }
            report(seed, argv[0], &options);
            return 1;
        }
        steps += (uint64_t)n_steps;
        if (terminal && !options.quiet && (i & 1023) == 1023)
            (void)fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " seeds",
                base_name(argv[0]), i + 1, options.n_seeds);
    }
    if (terminal && !options.quiet && options.n_seeds > 1023)
        (void)fprintf(stderr, "\r\033[K");
    if (options.one) {
        print_trace(options.lines);
        printf("%s: seed %" PRIu64 ": nothing found\n", argv[0], options.first);
        return 0;
    }
    if (weakened && !weakening.used) {
        printf("%s: no operation at %s:%d was run\n", argv[0], weakening.file,
            weakening.line);
    }
    if (options.quiet)
        return 0;
    printf("%s: nothing found in %" PRIu64 " executions from seed %" PRIu64
           ", %" PRIu64 " steps each on average\n",
        argv[0], options.n_seeds, options.first,
        options.n_seeds > 0 ? steps / options.n_seeds : 0);
    return check_covers(argv[0], options.lazy);
}
