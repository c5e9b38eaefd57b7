/* SPDX-License-Identifier: MIT */
/*
 * lin_event.c - histories of strait_event_t. Waiters take tokens and sleep when
 * there are none; notifiers put tokens there and notify. Rounds go in
 * lock-step: the next one begins when all tokens of this one are taken, so that
 * no later notification comes to the rescue of a sleeper that was forgotten.
 * The stamps of the record are full barriers, which a program need not have; so
 * some runs are not recorded ("tight"): one notifier puts tokens there by a
 * plain store, just when the waiters may be falling asleep, and only the first
 * check is made.
 *
 * What is checked:
 *   asleep   tokens lie there and everybody sleeps: seen as a round that does
 *            not end
 *   false    a notification says that nobody was registered, although so many
 *            waiters had prepared before it, and neither cancelled nor timed
 *            out before it ended, that other notifications cannot have taken
 *            out all
 *   late     a wait timed out although a notify_all came between its prepare
 *            and its begin: it had ended before it began
 *   tokens   each is taken once
 * The contract lets waits end for no reason and notify_one choose whom it
 * wakes; both are allowed here. Before the real runs, mistakes are planted into
 * the use of the event and must be found.
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

/* Lines of their own: on x86 only stores to other lines can be late. */
static _Alignas(STRAIT_CACHE_LINE) strait_event_t event;
static _Alignas(STRAIT_CACHE_LINE) STRAIT_ATOMIC(uint64_t) tokens;
static _Alignas(STRAIT_CACHE_LINE) STRAIT_ATOMIC(uint64_t) n_taken;
static _Alignas(STRAIT_CACHE_LINE) STRAIT_ATOMIC(uint64_t) n_put;
static STRAIT_ATOMIC(uint32_t) is_over;
static STRAIT_ATOMIC(uint32_t) round_number;
static struct history h;
static pthread_barrier_t barrier;
static enum defect defect;
static unsigned n_waiters;
static unsigned n_notifiers;
static bool has_deadlines; /* of every other waiter */
static bool is_tight;      /* nothing is recorded */
static bool is_modest;     /* a waiter takes one token in a round */
static bool is_sc;         /* this run uses the _sc forms, and seq_cst tokens */
static unsigned n_tokens_max; /* of a notifier, in a round */
static uint64_t seed;
static uint64_t tally_waits;
static uint64_t tally_timeouts;
static uint64_t tally_rounds;
static uint64_t tally_tight;
static uint64_t tally_unasked; /* notify said true, nobody was registered */

static uint64_t
stamp(void)
{
    return is_tight ? 0 : history_stamp(&h);
}

static void
note(unsigned thread, int operation, int answer, uint64_t from)
{
    if (!is_tight && history_has_room(&h, thread, 1))
        history_record(&h, thread, operation, answer, from, NULL, 0, 0);
}

/* Takes a token, if there is one. */
static bool
take(void)
{
    /* SC: the second look of the _sc forms; for the others any order does. */
    uint64_t n = is_sc ? strait_load_sc(&tokens) : strait_load_rlx(&tokens);

    while (n > 0) {
        /* rlx: tokens carry nothing. */
        if (strait_cas_weak_rlx(&tokens, &n, n - 1))
            return true;
    }
    return false;
}

/* Until the next round, or the end. Not through the seam: nobody wants this to
 * be disturbed. */
static void
await_round(uint32_t now)
{
    unsigned n_looks = 0;

    while (STRAIT_RAW_LOAD(&round_number, relaxed) == now) {
        if (++n_looks > 4096)
            usleep(20);
        else if (n_looks % 256 == 0)
            sched_yield();
    }
}

static void *
waiter(void *arg)
{
    unsigned self = *(unsigned *)arg;
    struct rng rng = rng_make(seed, self);

    for (;;) {
        uint64_t deadline = STRAIT_EVENT_FOREVER;
        /* rlx: it changes only after all tokens of the round are taken. */
        uint32_t now = strait_load_rlx(&round_number);
        uint64_t from;
        uint32_t key;
        int err;

        if (take()) {
            /* rlx: counted by the main thread, which waits for the number. */
            strait_add_rlx(&n_taken, 1);
            if (is_modest)
                await_round(now);
            else if (!is_tight)
                stress_jitter(&rng);
            continue;
        }
        if (defect == NO_SECOND_LOOK)
            sched_yield(); /* the mistake matters only here */
        from = stamp();
        key = strait_event_prepare(&event);
        note(self, PREPARE, ENDED, from);
        /* SC: the second look, at the other thing that is waited for. */
        if (strait_load_sc(&is_over) != 0) {
            strait_event_cancel(&event, key);
            return NULL;
        }
        if (defect != NO_SECOND_LOOK && take()) {
            from = stamp();
            strait_event_cancel(&event, key);
            note(self, CANCEL, ENDED, from);
            /* rlx: as above. */
            strait_add_rlx(&n_taken, 1);
            if (is_modest)
                await_round(now);
            continue;
        }
        if (has_deadlines && self % 2 == 0)
            deadline = strait_now_ns() + rng_below(&rng, 100000);
        if (!is_tight && rng_one_in(&rng, 4))
            sched_yield(); /* lets notifications in before the wait begins */
        from = stamp();
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
    uint64_t from = stamp();
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
        n = 1 + (unsigned)rng_below(&rng, n_tokens_max);
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

/*
 * How many notifications that began before `to` and ended after `from` have
 * taken somebody out: one each, or all.
 */
static unsigned
takers(uint64_t from, uint64_t to, bool *ret_all)
{
    unsigned n = 0;
    unsigned t;
    uint32_t i;

    *ret_all = false;
    for (t = n_waiters; t < h.n_threads; t++) {
        for (i = 0; i < h.logs[t].n_events; i++) {
            const struct history_event *call = &h.logs[t].events[i];

            if (call->invoked >= to)
                break; /* a thread's calls are in their order */
            if (call->answer != SOMEBODY || call->returned <= from)
                continue;
            n++;
            *ret_all |= call->operation == NOTIFY_ALL;
        }
    }
    return n;
}

/* A waiter's last prepare before `call`, if it stayed registered all through
 * the call unless a notification took it out; else NULL. */
static const struct history_event *
registered_beside(unsigned waiter, const struct history_event *call)
{
    const struct history_log *log = &h.logs[waiter];
    const struct history_event *end;
    uint32_t low = 0;
    uint32_t high = log->n_events;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (log->events[middle].returned < call->invoked)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || low == log->n_events ||
        log->events[low - 1].operation != PREPARE)
        return NULL;
    end = &log->events[low];
    /* Who cancels or times out takes itself out, from the call's begin on. */
    if (end->operation == CANCEL || end->answer == TIMED_OUT
            ? end->invoked < call->returned
            : end->returned < call->returned)
        return NULL;
    return &log->events[low - 1];
}

/* True if a waiter was registered beside the call whose wait no notification
 * can have ended: one may end several. */
static bool
is_falsely_nobody(const struct history_event *call)
{
    const struct history_event *prepared[THREADS_MAX];
    unsigned n = 0;
    unsigned i;

    for (i = 0; i < n_waiters; i++) {
        prepared[n] = registered_beside(i, call);
        n += prepared[n] != NULL;
    }
    for (i = 0; i < n; i++) {
        bool is_all;

        if (takers(prepared[i]->invoked, call->returned, &is_all) == 0 &&
            !is_all)
            return true;
    }
    return false;
}

/* True if a notify_all came between a wait's prepare and its begin. */
static bool
is_falsely_late(
    const struct history_event *prepare, const struct history_event *wait)
{
    unsigned t;
    uint32_t i;

    for (t = n_waiters; t < h.n_threads; t++) {
        for (i = 0; i < h.logs[t].n_events; i++) {
            const struct history_event *call = &h.logs[t].events[i];

            if (call->invoked > wait->invoked)
                break;
            if (call->operation == NOTIFY_ALL &&
                call->invoked > prepare->returned &&
                call->returned < wait->invoked)
                return true;
        }
    }
    return false;
}

/* NULL if the contract allows it all. */
static const char *
judge(void)
{
    unsigned t;
    uint32_t i;

    for (t = 0; t < h.n_threads; t++) {
        for (i = 0; i < h.logs[t].n_events; i++) {
            const struct history_event *call = &h.logs[t].events[i];

            tally_waits += call->operation == WAIT;
            if (call->answer == NOBODY && is_falsely_nobody(call))
                return "a notification says false beside a waiter";
            if (call->operation != WAIT || call->answer != TIMED_OUT)
                continue;
            tally_timeouts++;
            if (i > 0 && is_falsely_late(call - 1, call))
                return "a wait that had been notified timed out";
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

/* Waits until n tokens are taken; false if that does not happen. */
static bool
all_taken(uint64_t n)
{
    double patience_s = defect == NO_DEFECT ? stress.patience / 2 : 0.2;
    double since = stress_elapsed_s();
    unsigned n_looks = 0;

    /* Not through the seam, as in await_round. */
    while (STRAIT_RAW_LOAD(&n_taken, relaxed) != n) {
        if (++n_looks % 1024 != 0)
            continue;
        sched_yield();
        if (stress_elapsed_s() - since > patience_s)
            return false;
    }
    return true;
}

/* Rounds in which the notifiers do the work. */
static bool
rounds(unsigned n_rounds, struct rng *rng)
{
    unsigned round;
    bool is_ok = true;

    for (round = 0; round < n_rounds && is_ok; round++) {
        /* Now and then the waiters have time to give up. */
        if (has_deadlines && rng_one_in(rng, 4))
            usleep((useconds_t)rng_below(rng, 200));
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        /* rlx: the barrier orders it. */
        is_ok = all_taken(strait_load_rlx(&n_put));
        /* rlx: the waiters' counterpart is await_round. */
        strait_add_rlx(&round_number, 1);
        stress_progress();
        tally_rounds++;
    }
    return is_ok;
}

/* Rounds in which the caller is the only notifier, and nothing but the event
 * keeps its publication and its look at the waiters apart. */
static bool
tight_rounds(unsigned n_rounds, struct rng *rng)
{
    uint64_t n_so_far = 0;
    unsigned round;

    for (round = 0; round < n_rounds; round++) {
        uint64_t n = 1 + rng_below(rng, n_waiters);
        uint64_t pause = rng_below(rng, 400);
        uint64_t i;

        while (pause-- > 0)
            __asm__ __volatile__("" ::: "memory");
        if (is_sc)
            /* SC: the publication that the _sc forms ask for. */
            strait_store_sc(&tokens, n);
        else
            /* rlx: any order will do for notify_one and notify_all. */
            strait_store_rlx(&tokens, n);
        if (n > 1 && rng_one_in(rng, 2)) {
            notify(n_waiters, true);
        } else {
            for (i = 0; i < n; i++)
                notify(n_waiters, false);
        }
        n_so_far += n;
        if (!all_taken(n_so_far))
            return false;
        /* rlx: the waiters' counterpart is await_round. */
        strait_add_rlx(&round_number, 1);
        stress_progress();
        tally_tight++;
    }
    return true;
}

/* Answers what was wrong, or NULL. */
static const char *
run(unsigned n_rounds, struct rng *rng)
{
    pthread_t threads[THREADS_MAX];
    unsigned numbers[THREADS_MAX];
    const char *wrong = NULL;
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
    if (!(is_tight ? tight_rounds(10 * n_rounds, rng) : rounds(n_rounds, rng)))
        wrong = "everybody is asleep beside a token";
    /* SC: the publication of the last notification; it also lets those go on
     * whom a planted mistake left asleep. */
    strait_xchg_sc(&is_over, 1);
    /* rlx: lets go who waits for a round; they look at is_over next. */
    strait_add_rlx(&round_number, 1);
    strait_event_notify_all(&event);
    pthread_barrier_wait(&barrier);
    /* What is really wrong may have left somebody asleep for good. */
    if (wrong == NULL || defect != NO_DEFECT)
        stress_join(threads, n_waiters + n_notifiers);
    else
        return wrong;
    pthread_barrier_destroy(&barrier);
    if (wrong == NULL && !is_tight)
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
            n_tokens_max = 8;
            is_modest = false;
            is_sc = rng_one_in(&stress.rng, 2);
            has_deadlines = defect == SAYS_TIMED_OUT;
            is_tight = false;
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
    tally_unasked = 0;
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
        is_tight = rng_one_in(rng, 3);
        if (is_tight) {
            has_deadlines = false;
            n_notifiers = 0; /* but for this thread */
            n_waiters = 1 + (unsigned)rng_below(rng, 3);
        }
        /* As many tokens as waiters at most, or a few. */
        is_modest = n_waiters >= n_notifiers && rng_one_in(rng, 2);
        n_tokens_max = 8;
        if (is_modest && n_notifiers > 0 &&
            n_waiters / n_notifiers < n_tokens_max)
            n_tokens_max = n_waiters / n_notifiers;
        stress_phase("%u waiters, %u notifiers%s%s%s%s", n_waiters, n_notifiers,
            is_sc ? ", _sc" : "", has_deadlines ? ", deadlines" : "",
            is_tight ? ", tight" : "", is_modest ? ", modest" : "");
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
        "lin_event: %llu rounds and %llu tight ones, %llu waits, %llu timed out, %llu "
        "notifications for nobody\n",
        (unsigned long long)tally_rounds, (unsigned long long)tally_tight,
        (unsigned long long)tally_waits, (unsigned long long)tally_timeouts,
        (unsigned long long)tally_unasked);
    return stress_end();
}
