/* SPDX-License-Identifier: MIT */
/*
 * lin_event.c - histories of strait_event_t. Waiters take tokens and sleep when
 * there are none; notifiers put tokens there and notify. Rounds go in lock-step:
 * the next one begins when all tokens of this one are taken, so that no later
 * notification comes to the rescue of a sleeper that was forgotten.
 *
 * What is checked:
 *   asleep   tokens lie there and everybody sleeps: seen as a round that does
 *            not end
 *   false    a notification says that nobody was registered, although a waiter
 *            had prepared before it, and neither cancelled, timed out, nor can
 *            have been taken out by another notification before it ended
 *   late     a wait timed out although a notify_all came between its prepare
 *            and its begin: it had ended before it began
 *   tokens   each is taken once
 * The contract lets waits end for no reason and notify_one choose whom it wakes;
 * both are allowed here. Before the real runs, mistakes are planted into the use
 * of the event and must be found.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>

#include <strait/clock.h>
#include <strait/cpu.h>
#include <strait/event.h>

#include "history.h"
#include "stress.h"

enum { PREPARE, CANCEL, WAIT, NOTIFY_ONE, NOTIFY_ALL };
enum { TIMED_OUT, ENDED, NOBODY, SOMEBODY };

/* Planted mistakes. */
enum defect {
    NO_DEFECT,
    NO_SECOND_LOOK, /* sleeps without looking again after prepare */
    NO_NOTIFY,      /* now and then a token without a notification */
    SAYS_NOBODY,    /* a notification always says false */
    SAYS_TIMED_OUT, /* a wait says that it timed out when it was notified */
    DEFECTS
};

static const char *const defect_names[] = { "none", "no second look",
    "a missing notification", "a false answer of notify", "a false time-out" };

#define THREADS_MAX 64
#define EVENTS_MAX 30000u
#define TOKENS_MAX 8 /* of a notifier, in a round */

static strait_event_t event;
static STRAIT_ATOMIC(uint64_t) tokens;
static STRAIT_ATOMIC(uint64_t) n_put;
static STRAIT_ATOMIC(uint64_t) n_taken;
static STRAIT_ATOMIC(uint32_t) is_over;
static struct history h;
static pthread_barrier_t barrier;
static enum defect defect;
static unsigned n_waiters;
static unsigned n_notifiers;
static bool has_deadlines; /* which would rescue a forgotten sleeper */
static bool is_sc;         /* this run uses the _sc forms, and seq_cst tokens */
static uint64_t seed;
static uint64_t tally_waits;
static uint64_t tally_timeouts;
static uint64_t tally_rounds;
static uint64_t tally_unasked; /* notify said true, nobody was registered */

static void
note(unsigned thread, int operation, int answer, uint64_t from)
{
    if (history_has_room(&h, thread, 1))
        history_record(&h, thread, operation, answer, from, NULL, 0, 0);
}

/* Takes a token, if there is one. */
static bool
take(void)
{
    /* SC: the second look of the _sc forms; for the others any order will do. */
    uint64_t n = is_sc ? strait_load_sc(&tokens) : strait_load_rlx(&tokens);

    while (n > 0) {
        /* rlx: tokens carry nothing. */
        if (strait_cas_weak_rlx(&tokens, &n, n - 1))
            return true;
    }
    return false;
}

static void *
waiter(void *arg)
{
    unsigned self = *(unsigned *)arg;
    struct rng rng = rng_make(seed, self);

    for (;;) {
        uint64_t deadline = STRAIT_EVENT_FOREVER;
        uint64_t from;
        uint32_t key;
        int err;

        if (take()) {
            /* rlx: counted by the main thread, which waits for the number. */
            strait_add_rlx(&n_taken, 1);
            stress_jitter(&rng);
            continue;
        }
        if (defect == NO_SECOND_LOOK)
            sched_yield(); /* the mistake matters only here */
        from = history_stamp(&h);
        key = strait_event_prepare(&event);
        note(self, PREPARE, ENDED, from);
        /* SC: the second look, at the other thing that is waited for. */
        if (strait_load_sc(&is_over) != 0) {
            strait_event_cancel(&event, key);
            return NULL;
        }
        if (defect != NO_SECOND_LOOK && take()) {
            from = history_stamp(&h);
            strait_event_cancel(&event, key);
            note(self, CANCEL, ENDED, from);
            /* rlx: as above. */
            strait_add_rlx(&n_taken, 1);
            continue;
        }
        if (has_deadlines && rng_one_in(&rng, 2))
            deadline = strait_now_ns() + rng_below(&rng, 300000);
        if (rng_one_in(&rng, 4))
            sched_yield(); /* lets notifications in before the wait begins */
        from = history_stamp(&h);
        err = strait_event_wait(&event, key, deadline);
        if (defect == SAYS_TIMED_OUT && deadline != STRAIT_EVENT_FOREVER)
            err = -ETIMEDOUT;
        note(self, WAIT, err == -ETIMEDOUT ? TIMED_OUT : ENDED, from);
        stress_require(err == 0 || err == -ETIMEDOUT, "wait answered %d", err);
        stress_require(err == 0 || deadline != STRAIT_EVENT_FOREVER,
            "a wait for ever timed out");
    }
}

static bool
notify(unsigned self, bool all)
{
    uint64_t from = history_stamp(&h);
    bool is_somebody;

    if (all)
        is_somebody = is_sc ? strait_event_notify_all_sc(&event)
                            : strait_event_notify_all(&event);
    else
        is_somebody = is_sc ? strait_event_notify_one_sc(&event)
                            : strait_event_notify_one(&event);
    if (defect == SAYS_NOBODY)
        is_somebody = false;
    note(self, all ? NOTIFY_ALL : NOTIFY_ONE, is_somebody ? SOMEBODY : NOBODY,
        from);
    return is_somebody;
}

static void
put(uint64_t n)
{
    if (is_sc)
        /* SC: the publication that the _sc forms ask for. */
        strait_add_sc(&tokens, n);
    else
        /* rlx: any order will do for notify_one and notify_all. */
        strait_add_rlx(&tokens, n);
}

static void *
notifier(void *arg)
{
    unsigned self = *(unsigned *)arg;
    struct rng rng = rng_make(seed, self);

    for (;;) {
        unsigned n;
        unsigned i;

        pthread_barrier_wait(&barrier);
        /* rlx: the barrier orders it. */
        if (strait_load_rlx(&is_over) != 0)
            return NULL;
        n = 1 + (unsigned)rng_below(&rng, TOKENS_MAX);
        if (rng_one_in(&rng, 3)) {
            put(n);
            if (defect != NO_NOTIFY || !rng_one_in(&rng, 8))
                notify(self, true);
        } else {
            for (i = 0; i < n; i++) {
                put(1);
                stress_jitter(&rng);
                if (defect != NO_NOTIFY || !rng_one_in(&rng, 8))
                    notify(self, false);
            }
        }
        /* rlx: the barrier orders it. */
        strait_add_rlx(&n_put, n);
        pthread_barrier_wait(&barrier);
    }
}

/* ------------------------------------------------------------ judgement */

/* A waiter's prepare and the call that ended it. */
struct span {
    const struct history_event *prepare;
    const struct history_event *end; /* NULL: not recorded */
    uint64_t taken_from; /* no notification can have taken it out earlier */
};

/* The first moment at which a notification can have taken it out. */
static uint64_t
first_taker(const struct history_event *prepare)
{
    uint64_t first = UINT64_MAX;
    unsigned t;
    uint32_t i;

    for (t = n_waiters; t < h.n_threads; t++) {
        for (i = 0; i < h.logs[t].n_events; i++) {
            const struct history_event *notification = &h.logs[t].events[i];

            if (notification->answer == SOMEBODY &&
                notification->returned > prepare->invoked) {
                if (notification->invoked < first)
                    first = notification->invoked;
                break; /* a thread's calls are in their order */
            }
        }
    }
    return first;
}

static const char *
judge_span(const struct span *span)
{
    const struct history_event *end = span->end;
    uint64_t until = span->taken_from;
    unsigned t;
    uint32_t i;

    if (end == NULL)
        return NULL;
    tally_waits += end->operation == WAIT;
    tally_timeouts += end->answer == TIMED_OUT;
    /* A wait that was notified was registered until somebody took it out. */
    if ((end->operation == CANCEL || end->answer == TIMED_OUT) &&
        end->invoked < until)
        until = end->invoked;
    for (t = n_waiters; t < h.n_threads; t++) {
        for (i = 0; i < h.logs[t].n_events; i++) {
            const struct history_event *notification = &h.logs[t].events[i];

            if (notification->invoked > end->returned)
                break;
            if (notification->answer == NOBODY &&
                notification->invoked > span->prepare->returned &&
                notification->returned < until)
                return "a notification says false beside a waiter";
            if (notification->operation == NOTIFY_ALL &&
                end->answer == TIMED_OUT &&
                notification->invoked > span->prepare->returned &&
                notification->returned < end->invoked)
                return "a wait that had been notified timed out";
        }
    }
    return NULL;
}

/* Over all waiters; NULL if the contract allows it all. */
static const char *
judge(void)
{
    unsigned t;
    uint32_t i;

    for (t = 0; t < n_waiters; t++) {
        const struct history_log *log = &h.logs[t];

        for (i = 0; i < log->n_events; i++) {
            struct span span = { &log->events[i], NULL, 0 };
            const char *wrong;

            if (log->events[i].operation != PREPARE)
                continue;
            if (i + 1 < log->n_events)
                span.end = &log->events[i + 1];
            span.taken_from = first_taker(span.prepare);
            wrong = judge_span(&span);
            if (wrong != NULL) {
                fprintf(defect == NO_DEFECT ? stderr : stdout,
                    "lin_event: waiter %u, prepared at %llu: %s\n", t,
                    (unsigned long long)span.prepare->invoked, wrong);
                return wrong;
            }
        }
    }
    return NULL;
}

/* How many notifications said "somebody" when nobody can have been. */
static void
count_unasked(void)
{
    unsigned t;
    unsigned u;
    uint32_t i;
    uint32_t k;

    for (t = n_waiters; t < h.n_threads; t++) {
        for (i = 0; i < h.logs[t].n_events; i++) {
            const struct history_event *notification = &h.logs[t].events[i];
            bool may_be = notification->answer != SOMEBODY;

            for (u = 0; u < n_waiters && !may_be; u++) {
                const struct history_log *log = &h.logs[u];

                for (k = 0; k < log->n_events && !may_be; k++)
                    may_be = log->events[k].operation == PREPARE &&
                        log->events[k].invoked < notification->returned &&
                        (k + 1 == log->n_events ||
                            log->events[k + 1].returned >
                                notification->invoked);
            }
            tally_unasked += !may_be;
        }
    }
}

/* ------------------------------------------------------------------ runs */

/* Waits until all that was put is taken; false if that does not happen. */
static bool
all_taken(double patience_s)
{
    double since = stress_elapsed_s();

    for (;;) {
        /* rlx: two counters, and this thread only waits. */
        uint64_t put_so_far = strait_load_rlx(&n_put);

        /* rlx: as above. */
        if (strait_load_rlx(&n_taken) == put_so_far)
            return true;
        if (stress_elapsed_s() - since > patience_s)
            return false;
        sched_yield();
    }
}

/* Answers what was wrong, or NULL. */
static const char *
run(unsigned n_rounds, struct rng *rng)
{
    pthread_t threads[THREADS_MAX];
    unsigned numbers[THREADS_MAX];
    const char *wrong = NULL;
    unsigned round;
    unsigned i;

    seed = rng_next(rng);
    strait_event_init(&event);
    /* rlx: here and below; no threads yet. */
    strait_store_rlx(&tokens, 0);
    /* rlx: as above. */
    strait_store_rlx(&n_put, 0);
    /* rlx: as above. */
    strait_store_rlx(&n_taken, 0);
    /* rlx: as above. */
    strait_store_rlx(&is_over, 0);
    history_init(&h, n_waiters + n_notifiers, EVENTS_MAX, 1);
    pthread_barrier_init(&barrier, NULL, n_notifiers + 1);
    for (i = 0; i < n_waiters + n_notifiers; i++)
        numbers[i] = i;
    stress_start(threads, n_waiters, waiter, numbers, sizeof numbers[0]);
    stress_start(threads + n_waiters, n_notifiers, notifier,
        numbers + n_waiters, sizeof numbers[0]);
    for (round = 0; round < n_rounds && wrong == NULL; round++) {
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        if (!all_taken(defect == NO_DEFECT ? stress.patience : 0.2))
            wrong = "everybody is asleep beside a token";
        stress_progress();
        tally_rounds++;
    }
    /* SC: the publication of the last notification; it also lets those go on
     * whom a planted mistake left asleep. */
    strait_xchg_sc(&is_over, 1);
    strait_event_notify_all(&event);
    pthread_barrier_wait(&barrier);
    stress_join(threads, n_waiters + n_notifiers);
    pthread_barrier_destroy(&barrier);
    if (wrong == NULL)
        wrong = judge();
    if (defect == NO_DEFECT)
        count_unasked();
    history_fini(&h);
    return wrong;
}

#define CONTROL_RUNS 400

static void
control(void)
{
    for (defect = NO_DEFECT + 1; defect < DEFECTS; defect++) {
        const char *wrong = NULL;
        unsigned i;

        for (i = 0; i < CONTROL_RUNS && wrong == NULL; i++) {
            n_waiters = 1 + (unsigned)rng_below(&stress.rng, 3);
            n_notifiers = 1 + (unsigned)rng_below(&stress.rng, 2);
            is_sc = rng_one_in(&stress.rng, 2);
            has_deadlines = defect == SAYS_TIMED_OUT;
            stress_phase("planted: %s", defect_names[defect]);
            wrong = run(100, &stress.rng);
        }
        printf("planted: %-28s %s\n", defect_names[defect],
            wrong != NULL ? wrong : "NOT FOUND");
        fflush(stdout);
        if (wrong == NULL)
            exit(1);
    }
    defect = NO_DEFECT;
    tally_waits = 0;
    tally_timeouts = 0;
    tally_rounds = 0;
}

int
main(int argc, char **argv)
{
    stress_begin(argc, argv, "lin_event",
        "Histories of the eventcount, checked against its contract.");
    control();
    while (stress_goes_on()) {
        struct rng *rng = &stress.rng;
        unsigned n_threads = strait_cpu_usable() *
            (2 + (unsigned)rng_below(rng, 7));
        const char *wrong;

        if (n_threads > THREADS_MAX)
            n_threads = THREADS_MAX;
        n_notifiers = rng_one_in(rng, 2)
            ? 1
            : 1 + (unsigned)rng_below(rng, n_threads / 2);
        n_waiters = n_threads - n_notifiers;
        is_sc = rng_one_in(rng, 2);
        has_deadlines = rng_one_in(rng, 2);
        stress_phase("%u waiters, %u notifiers%s%s", n_waiters, n_notifiers,
            is_sc ? ", _sc" : "", has_deadlines ? ", deadlines" : "");
        wrong = run(stress_scaled(200), rng);
        if (wrong != NULL) {
            fprintf(stderr,
                "lin_event: %s\n  %s, round %llu, STRAIT_SEED=%llu\n", wrong,
                stress.phase, (unsigned long long)stress.n_rounds,
                (unsigned long long)stress.seed);
            return 1;
        }
    }
    fprintf(stderr,
        "lin_event: %llu rounds, %llu waits, %llu timed out, %llu "
        "notifications for nobody\n",
        (unsigned long long)tally_rounds, (unsigned long long)tally_waits,
        (unsigned long long)tally_timeouts, (unsigned long long)tally_unasked);
    return stress_end();
}
