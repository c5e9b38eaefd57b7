/* SPDX-License-Identifier: MIT */
/*
 * patterns.c - what no order of the calls can explain, in histories of any
 * length whose values are unique. Each pattern is sound: it names calls whose
 * stamps alone contradict the contract.
 *
 *   nowhere   a value that nobody pushed, that was refused, or whose push
 *             began after its pop had ended
 *   twice     a value that came out of two pops
 *   lost      a value that never came out of a queue that was drained
 *   overtaken a pushed before b, b popped before a; inside a batch the order
 *             of its values counts as "before"
 *   EMPTY     some value was pushed before the call and popped after it (an
 *             arming that succeeds says EMPTY, too, and exactly)
 *   FULL      at no moment of the call can there have been so many values
 *             inside that what was offered had no room
 *   too many  at some moment more values inside than the capacity, for sure
 *   PENDING   no push that can have been in the queue was open
 *   CLOSED    accepted after a close, refused before one, closed twice
 *   arming    refused though the queue was empty and open all the time; more
 *             wakes owed than armings
 *
 * What can have been inside at a moment t is bounded by stamps from above
 * (pushes invoked until t less pops returned until t) and from below (pushes
 * returned less pops invoked).
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

#define NEVER UINT64_MAX

/* Memory that grows and stays: the checkers are called very often. */
struct space {
    void *block;
    size_t size;
};

static void *
space_for(struct space *space, size_t n, size_t each)
{
    if (n * each >= space->size) {
        free(space->block);
        space->size = 2 * n * each + 64;
        space->block = malloc(space->size);
        if (space->block == NULL) {
            fprintf(stderr, "history: no memory\n");
            exit(2);
        }
    }
    return space->block;
}

/* Where a value came in and where it came out. */
struct passage {
    uint64_t pushed_from, pushed_to;
    uint64_t popped_from, popped_to; /* NEVER: it did not come out */
    uint32_t push, pop;              /* numbers of their events */
    uint16_t push_thread, pop_thread;
    uint16_t push_place, pop_place; /* in their batches */
    bool is_pushed, is_popped;
};

/* One that matters to a sweep over time. */
struct tick {
    uint64_t stamp;
    int32_t change;
    int32_t level; /* after it */
};

struct look {
    const struct history *h;
    const struct history_contract *contract;
    struct history_fault *fault;
    /* Passages of thread t: from base[t], n_of[t] of them. */
    struct passage *passages;
    uint32_t base[HISTORY_THREADS_MAX];
    uint32_t n_of[HISTORY_THREADS_MAX];
    uint32_t n;
    uint32_t n_events;
};

static bool complain(struct look *look, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool
complain(struct look *look, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(look->fault->text, sizeof look->fault->text, format, args);
    va_end(args);
    return false;
}

static void
point_at(struct look *look, unsigned thread, uint32_t event)
{
    struct history_fault *fault = look->fault;
    unsigned i;

    for (i = 0; i < fault->n_events; i++) {
        if (fault->events[i].thread == thread &&
            fault->events[i].event == event)
            return;
    }
    if (fault->n_events < HISTORY_FAULT_EVENTS) {
        fault->events[fault->n_events].thread = thread;
        fault->events[fault->n_events++].event = event;
    }
}

static void
point_at_passage(struct look *look, const struct passage *passage)
{
    point_at(look, passage->push_thread, passage->push);
    if (passage->is_popped)
        point_at(look, passage->pop_thread, passage->pop);
}

/* The value of a passage, for messages. */
#define NAME_OF(passage)                                                       \
    HISTORY_VALUE_THREAD(value_of(look, passage)),                             \
        HISTORY_VALUE_NUMBER(value_of(look, passage))

static uint32_t
value_of(const struct look *look, const struct passage *passage)
{
    const struct history_log *log = &look->h->logs[passage->push_thread];

    return log->values[log->events[passage->push].first + passage->push_place];
}

static bool
is_accepted(const struct history_event *event)
{
    return event->operation == HISTORY_PUSH && event->n_values > 0;
}

/* ------------------------------------------- nowhere, twice, lost */

/* Room for the passages of every thread, as the largest number it pushed. */
static void
lay_out(struct look *look)
{
    static struct space space;
    unsigned t;
    uint32_t i;

    look->n = 0;
    look->n_events = 0;
    for (t = 0; t < look->h->n_threads; t++) {
        const struct history_log *log = &look->h->logs[t];
        uint32_t most = 0;

        for (i = 0; i < log->n_events; i++) {
            const struct history_event *event = &log->events[i];
            unsigned k;

            for (k = 0; is_accepted(event) && k < event->n_values; k++) {
                uint32_t number = HISTORY_VALUE_NUMBER(
                    log->values[event->first + k]);

                if (number >= most)
                    most = number + 1;
            }
        }
        look->base[t] = look->n;
        look->n_of[t] = most;
        look->n += most;
        look->n_events += log->n_events;
    }
    look->passages = space_for(&space, look->n, sizeof look->passages[0]);
    if (look->n > 0)
        memset(look->passages, 0, look->n * sizeof look->passages[0]);
}

static struct passage *
passage_of(const struct look *look, uint32_t value)
{
    uint32_t thread = HISTORY_VALUE_THREAD(value);
    uint32_t number = HISTORY_VALUE_NUMBER(value);

    if (thread >= look->h->n_threads || number >= look->n_of[thread])
        return NULL;
    return &look->passages[look->base[thread] + number];
}

static bool
note_push(struct look *look, unsigned t, uint32_t i)
{
    const struct history_log *log = &look->h->logs[t];
    const struct history_event *event = &log->events[i];
    unsigned k;

    for (k = 0; k < event->n_values; k++) {
        uint32_t value = log->values[event->first + k];
        struct passage *passage = passage_of(look, value);

        if (HISTORY_VALUE_THREAD(value) != t || passage->is_pushed) {
            point_at(look, t, i);
            return complain(look, "the test itself pushed %u.%u wrongly",
                HISTORY_VALUE_THREAD(value), HISTORY_VALUE_NUMBER(value));
        }
        passage->is_pushed = true;
        passage->push = i;
        passage->push_thread = (uint16_t)t;
        passage->push_place = (uint16_t)k;
        passage->pushed_from = event->invoked;
        passage->pushed_to = event->returned;
        passage->popped_from = NEVER;
        passage->popped_to = NEVER;
    }
    return true;
}

static bool
note_pop(struct look *look, unsigned t, uint32_t i)
{
    const struct history_log *log = &look->h->logs[t];
    const struct history_event *event = &log->events[i];
    unsigned k;

    for (k = 0; k < event->n_values; k++) {
        uint32_t value = log->values[event->first + k];
        struct passage *passage = passage_of(look, value);
        const char *what = NULL;

        if (passage == NULL || !passage->is_pushed)
            what = "that nobody pushed";
        else if (passage->is_popped)
            what = "twice";
        else if (passage->pushed_from > event->returned)
            what = "before it was pushed";
        if (what != NULL) {
            if (passage != NULL && passage->is_pushed)
                point_at_passage(look, passage);
            point_at(look, t, i);
            return complain(look, "value %u.%u came out %s",
                HISTORY_VALUE_THREAD(value), HISTORY_VALUE_NUMBER(value), what);
        }
        passage->is_popped = true;
        passage->pop = i;
        passage->pop_thread = (uint16_t)t;
        passage->pop_place = (uint16_t)k;
        passage->popped_from = event->invoked;
        passage->popped_to = event->returned;
    }
    return true;
}

static bool
check_passages(struct look *look)
{
    unsigned t;
    uint32_t i;
    int round;

    lay_out(look);
    for (round = 0; round < 2; round++) {
        for (t = 0; t < look->h->n_threads; t++) {
            for (i = 0; i < look->h->logs[t].n_events; i++) {
                const struct history_event *event = &look->h->logs[t].events[i];
                bool is_push = event->operation == HISTORY_PUSH;

                if (is_push ? round == 0 && !note_push(look, t, i)
                            : round == 1 && !note_pop(look, t, i))
                    return false;
            }
        }
    }
    /* Where a log was full, what came out may not be written down. */
    for (i = 0;
         look->contract->is_drained && !history_is_full(look->h) && i < look->n;
         i++) {
        const struct passage *passage = &look->passages[i];

        if (passage->is_pushed && !passage->is_popped) {
            point_at_passage(look, passage);
            return complain(
                look, "value %u.%u never came out", NAME_OF(passage));
        }
    }
    return true;
}

/* ------------------------------------------------------ overtaken */

static int
by_pushed_from(const void *left, const void *right)
{
    const struct passage *a = *(const struct passage *const *)left;
    const struct passage *b = *(const struct passage *const *)right;

    return (a->pushed_from > b->pushed_from) -
        (a->pushed_from < b->pushed_from);
}

static int
by_pushed_to(const void *left, const void *right)
{
    const struct passage *a = *(const struct passage *const *)left;
    const struct passage *b = *(const struct passage *const *)right;

    return (a->pushed_to > b->pushed_to) - (a->pushed_to < b->pushed_to);
}

static bool
overtaken(struct look *look, const struct passage *first,
    const struct passage *second)
{
    point_at_passage(look, first);
    point_at_passage(look, second);
    return complain(look,
        "value %u.%u was pushed before %u.%u, but came out %s", NAME_OF(first),
        NAME_OF(second), first->is_popped ? "after it" : "never, unlike that");
}

/* Orders between calls, among n pushed passages from `passages` on. */
static bool
check_order_among(struct look *look, struct passage *passages, uint32_t n)
{
    static struct space space_from;
    static struct space space_to;
    struct passage **from = space_for(&space_from, n, sizeof from[0]);
    struct passage **to = space_for(&space_to, n, sizeof to[0]);
    const struct passage *latest = NULL; /* to come out, of the older ones */
    uint32_t n_pushed = 0;
    uint32_t k = 0;
    uint32_t i;

    for (i = 0; i < n; i++) {
        if (passages[i].is_pushed)
            from[n_pushed++] = &passages[i];
    }
    memcpy(to, from, n_pushed * sizeof from[0]);
    qsort(from, n_pushed, sizeof from[0], by_pushed_from);
    qsort(to, n_pushed, sizeof to[0], by_pushed_to);
    for (i = 0; i < n_pushed; i++) {
        const struct passage *passage = from[i];

        for (; k < n_pushed && to[k]->pushed_to < passage->pushed_from; k++) {
            if (latest == NULL || to[k]->popped_from > latest->popped_from)
                latest = to[k];
        }
        if (latest != NULL && latest->popped_from > passage->popped_to)
            return overtaken(look, latest, passage);
    }
    return true;
}

/* Orders inside the batches of pushes and of pops. */
static bool
check_order_in_batches(struct look *look)
{
    bool per_producer = look->contract->is_per_producer;
    unsigned t;
    uint32_t i;

    for (t = 0; t < look->h->n_threads; t++) {
        const struct history_log *log = &look->h->logs[t];

        for (i = 0; i < log->n_events; i++) {
            const struct history_event *event = &log->events[i];
            bool is_push = event->operation == HISTORY_PUSH;
            unsigned a;
            unsigned b;

            for (b = 1; b < event->n_values; b++) {
                for (a = 0; a < b; a++) {
                    const uint32_t *values = &log->values[event->first];
                    struct passage *early = passage_of(look, values[a]);
                    struct passage *late = passage_of(look, values[b]);
                    bool is_swapped;

                    if (is_push)
                        is_swapped = early->popped_from > late->popped_to ||
                            (early->is_popped && late->is_popped &&
                                early->pop_thread == late->pop_thread &&
                                early->pop == late->pop &&
                                early->pop_place > late->pop_place);
                    else
                        is_swapped = early->pushed_from > late->pushed_to &&
                            (!per_producer ||
                                early->push_thread == late->push_thread);
                    if (!is_swapped)
                        continue;
                    return is_push ? overtaken(look, early, late)
                                   : overtaken(look, late, early);
                }
            }
        }
    }
    return true;
}

static bool
check_order(struct look *look)
{
    unsigned t;

    if (!check_order_in_batches(look))
        return false;
    if (!look->contract->is_per_producer)
        return check_order_among(look, look->passages, look->n);
    for (t = 0; t < look->h->n_threads; t++) {
        if (!check_order_among(
                look, look->passages + look->base[t], look->n_of[t]))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------- EMPTY */

/* Pushed passages by the end of their pushes; latest[i] is the one among the
 * first i + 1 that came out last. */
struct insiders {
    struct passage **sorted;
    struct passage **latest;
    uint32_t n;
};

static void
find_insiders(const struct look *look, struct insiders *insiders)
{
    static struct space space_sorted;
    static struct space space_latest;
    uint32_t i;

    insiders->sorted = space_for(&space_sorted, look->n, sizeof(void *));
    insiders->latest = space_for(&space_latest, look->n, sizeof(void *));
    insiders->n = 0;
    for (i = 0; i < look->n; i++) {
        if (look->passages[i].is_pushed)
            insiders->sorted[insiders->n++] = &look->passages[i];
    }
    qsort(insiders->sorted, insiders->n, sizeof(void *), by_pushed_to);
    for (i = 0; i < insiders->n; i++) {
        insiders->latest[i] = insiders->sorted[i];
        if (i > 0 &&
            insiders->latest[i - 1]->popped_from >=
                insiders->latest[i]->popped_from)
            insiders->latest[i] = insiders->latest[i - 1];
    }
}

/* A value pushed before `from` that was popped after `to`, or NULL. */
static const struct passage *
inside_all_along(const struct insiders *insiders, uint64_t from, uint64_t to)
{
    uint32_t low = 0;
    uint32_t high = insiders->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (insiders->sorted[middle]->pushed_to < from)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || insiders->latest[low - 1]->popped_from <= to)
        return NULL;
    return insiders->latest[low - 1];
}

/* Bounds of the pushes that are open beside a call and can have been inside,
 * not taken yet: how many, and when the first of them began. */
static unsigned
open_pushes(const struct look *look, const struct history_event *call,
    uint64_t *ret_began)
{
    unsigned n = 0;
    unsigned t;

    *ret_began = NEVER;
    for (t = 0; t < look->h->n_threads; t++) {
        const struct history_log *log = &look->h->logs[t];
        uint32_t low = 0;
        uint32_t high = log->n_events;

        /* The first event of this thread that ended after the call began. */
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;

            if (log->events[middle].returned <= call->invoked)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < log->n_events && log->events[low].invoked < call->returned;
             low++) {
            const struct history_event *event = &log->events[low];
            const struct passage *passage;

            if (!is_accepted(event))
                continue;
            /* Its last value: a batch may become visible bit by bit. */
            passage = passage_of(
                look, log->values[event->first + event->n_values - 1]);
            if (passage->popped_to <= call->invoked)
                continue;
            n++;
            if (event->invoked < *ret_began)
                *ret_began = event->invoked;
        }
    }
    return n;
}

/* Looks at one EMPTY. A value excuses it if it can have hidden the insider:
 * its push is open and did not begin after the insider's had ended. */
static const struct passage *
wrongly_empty(const struct look *look, const struct insiders *insiders,
    const struct history_event *event, bool is_weak)
{
    const struct passage *insider = inside_all_along(
        insiders, event->invoked, event->returned);
    uint64_t began;

    if (insider == NULL || !is_weak || open_pushes(look, event, &began) == 0)
        return insider;
    return inside_all_along(insiders,
        began < event->invoked ? began : event->invoked, event->returned);
}

static bool
check_empty(struct look *look)
{
    struct insiders insiders;
    unsigned t;
    uint32_t i;

    find_insiders(look, &insiders);
    for (t = 0; t < look->h->n_threads; t++) {
        const struct history_log *log = &look->h->logs[t];

        for (i = 0; i < log->n_events; i++) {
            const struct history_event *event = &log->events[i];
            bool is_pop = event->operation == HISTORY_POP;
            bool is_short = is_pop && event->n_values > 0 &&
                event->n_values < event->n_wanted &&
                !look->contract->is_pop_partial;
            const struct passage *insider = NULL;

            if (is_pop &&
                (event->answer == HISTORY_EMPTY ||
                    event->answer == HISTORY_CLOSED))
                insider = wrongly_empty(
                    look, &insiders, event, look->contract->is_empty_weak);
            else if (is_short ||
                (event->operation == HISTORY_ARM &&
                    event->answer == HISTORY_YES))
                insider = wrongly_empty(look, &insiders, event, false);
            if (insider == NULL)
                continue;
            point_at(look, t, i);
            point_at_passage(look, insider);
            return complain(look, "%s, but %u.%u was inside all along",
                !is_pop        ? "armed"
                    : is_short ? "popped less than asked for"
                    : event->answer == HISTORY_CLOSED ? "popped CLOSED"
                                                      : "answered EMPTY",
                NAME_OF(insider));
        }
    }
    return true;
}

/* -------------------------------------- FULL, too many, PENDING, arming */

static int
by_stamp(const void *left, const void *right)
{
    const struct tick *a = left;
    const struct tick *b = right;

    return (a->stamp > b->stamp) - (a->stamp < b->stamp);
}

static void
add_up(struct tick *ticks, uint32_t n)
{
    int32_t level = 0;
    uint32_t i;

    qsort(ticks, n, sizeof ticks[0], by_stamp);
    for (i = 0; i < n; i++) {
        level += ticks[i].change;
        ticks[i].level = level;
    }
}

/* The most, from above or from below, that can have been inside. */
static struct tick *
make_ticks(const struct look *look, bool from_above, uint32_t *ret_n)
{
    static struct space spaces[2];
    struct tick *ticks = space_for(
        &spaces[from_above], look->n_events + 1, sizeof ticks[0]);
    uint32_t n = 0;
    unsigned t;
    uint32_t i;

    for (t = 0; t < look->h->n_threads; t++) {
        for (i = 0; i < look->h->logs[t].n_events; i++) {
            const struct history_event *event = &look->h->logs[t].events[i];
            bool is_push = event->operation == HISTORY_PUSH;

            if (event->n_values == 0)
                continue;
            ticks[n].stamp = is_push == from_above ? event->invoked
                                                   : event->returned;
            ticks[n].change = is_push ? (int32_t)event->n_values
                                      : -(int32_t)event->n_values;
            n++;
        }
    }
    add_up(ticks, n);
    *ret_n = n;
    return ticks;
}

/* The highest level while the call was open. */
static int32_t
highest(const struct tick *ticks, uint32_t n, const struct history_event *call)
{
    uint32_t low = 0;
    uint32_t high = n;
    int32_t level;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ticks[middle].stamp <= call->invoked)
            low = middle + 1;
        else
            high = middle;
    }
    level = low > 0 ? ticks[low - 1].level : 0;
    for (; low < n && ticks[low].stamp < call->returned; low++) {
        if (ticks[low].level > level)
            level = ticks[low].level;
    }
    return level;
}

static uint64_t
first_close(const struct look *look)
{
    uint64_t first = NEVER;
    unsigned t;
    uint32_t i;

    for (t = 0; t < look->h->n_threads; t++) {
        for (i = 0; i < look->h->logs[t].n_events; i++) {
            const struct history_event *event = &look->h->logs[t].events[i];

            if (event->operation == HISTORY_CLOSE && event->invoked < first)
                first = event->invoked;
        }
    }
    return first;
}

static bool
has_open_arming(const struct look *look, const struct history_event *call)
{
    unsigned t;
    uint32_t i;

    for (t = 0; t < look->h->n_threads; t++) {
        for (i = 0; i < look->h->logs[t].n_events; i++) {
            const struct history_event *event = &look->h->logs[t].events[i];

            if (event != call && event->invoked < call->returned &&
                event->returned > call->invoked &&
                (event->operation == HISTORY_ARM ||
                    event->operation == HISTORY_DISARM))
                return true;
        }
    }
    return false;
}

static bool
check_answer(struct look *look, const struct history_event *event,
    const struct tick *above, uint32_t n, uint64_t closed_from)
{
    const struct history_contract *c = look->contract;
    bool is_short = event->operation == HISTORY_PUSH && event->n_values > 0 &&
        event->n_values < event->n_wanted;
    int32_t level;
    uint64_t began;

    if (event->answer == HISTORY_FULL || is_short) {
        /* So many must have been inside, the accepted ones included. */
        int32_t least = (int32_t)c->capacity;

        if (c->capacity == 0)
            return complain(look, "answered FULL without having a capacity");
        if (is_short && !c->is_push_partial)
            return complain(look, "pushed a part of what was offered");
        if (!c->is_push_partial)
            least = (int32_t)c->capacity - (int32_t)event->n_wanted + 1;
        level = highest(above, n, event);
        if (level < least)
            return complain(look,
                "no room, but never more than %d were inside (capacity %u, "
                "%u offered)",
                (int)level, c->capacity, event->n_wanted);
    }
    if (event->answer == HISTORY_PENDING &&
        (c->pending_reach == 0 || open_pushes(look, event, &began) == 0))
        return complain(look, "answered PENDING beside no open push");
    if (event->operation == HISTORY_ARM && event->answer == HISTORY_NO &&
        closed_from > event->returned && highest(above, n, event) == 0 &&
        !(c->is_arm_weak && has_open_arming(look, event)))
        return complain(look, "refused to arm, but nothing was inside");
    return true;
}

static bool
check_bounds(struct look *look)
{
    uint32_t n_above;
    uint32_t n_below;
    struct tick *above = make_ticks(look, true, &n_above);
    struct tick *below = make_ticks(look, false, &n_below);
    uint64_t closed_from = first_close(look);
    unsigned t;
    uint32_t i;

    for (t = 0; t < look->h->n_threads; t++) {
        for (i = 0; i < look->h->logs[t].n_events; i++) {
            if (!check_answer(look, &look->h->logs[t].events[i], above, n_above,
                    closed_from)) {
                point_at(look, t, i);
                return false;
            }
        }
    }
    for (i = 0; look->contract->capacity != 0 && i < n_below; i++) {
        if (below[i].level > (int32_t)look->contract->capacity)
            return complain(look,
                "at %llu there were %d inside, the capacity is %u",
                (unsigned long long)below[i].stamp, (int)below[i].level,
                look->contract->capacity);
    }
    return true;
}

/* ------------------------------------------------------ CLOSED, wakes */

static bool
check_close(struct look *look)
{
    uint64_t closed_from = first_close(look);
    uint64_t closed_to = NEVER; /* the end of the earliest to end */
    const struct history_event *closer = NULL;
    unsigned t;
    uint32_t i;

    for (t = 0; t < look->h->n_threads; t++) {
        for (i = 0; i < look->h->logs[t].n_events; i++) {
            const struct history_event *event = &look->h->logs[t].events[i];

            if (event->operation == HISTORY_CLOSE &&
                event->returned < closed_to)
                closed_to = event->returned;
        }
    }
    for (t = 0; t < look->h->n_threads; t++) {
        for (i = 0; i < look->h->logs[t].n_events; i++) {
            const struct history_event *event = &look->h->logs[t].events[i];
            const char *what = NULL;

            if (is_accepted(event) && event->invoked > closed_to)
                what = "accepted a push after a close";
            else if (event->answer == HISTORY_CLOSED &&
                event->returned < closed_from)
                what = "answered CLOSED before anybody closed";
            else if (event->answer == HISTORY_EMPTY &&
                look->contract->pops_closed && event->invoked > closed_to)
                what = "popped EMPTY after a close, not CLOSED";
            else if (event->operation == HISTORY_ARM &&
                event->answer == HISTORY_YES && event->invoked > closed_to)
                what = "armed after a close";
            if (event->operation == HISTORY_CLOSE &&
                event->answer == HISTORY_YES) {
                if (closer != NULL)
                    what = "closed twice";
                closer = event;
            }
            if (what != NULL) {
                point_at(look, t, i);
                return complain(look, "%s", what);
            }
        }
    }
    return true;
}

/* At no moment more wakes have been owed than armings begun. */
static bool
check_wakes(struct look *look)
{
    static struct space space;
    struct tick *ticks = space_for(&space, look->n_events + 1, sizeof ticks[0]);
    uint32_t n = 0;
    unsigned t;
    uint32_t i;

    for (t = 0; t < look->h->n_threads; t++) {
        for (i = 0; i < look->h->logs[t].n_events; i++) {
            const struct history_event *event = &look->h->logs[t].events[i];
            bool is_arming = event->operation == HISTORY_ARM &&
                event->answer == HISTORY_YES;

            if (!is_arming && event->answer != HISTORY_WAKE)
                continue;
            ticks[n].stamp = is_arming ? event->invoked : event->returned;
            ticks[n++].change = is_arming ? 1 : -1;
        }
    }
    add_up(ticks, n);
    for (i = 0; i < n; i++) {
        if (ticks[i].level < 0)
            return complain(look,
                "at %llu more wakes were owed than armings begun",
                (unsigned long long)ticks[i].stamp);
    }
    return true;
}

int
history_patterns(const struct history *h,
    const struct history_contract *contract, struct history_fault *fault)
{
    struct look look = { .h = h, .contract = contract, .fault = fault };

    memset(fault, 0, sizeof *fault);
    if (!check_passages(&look))
        return HISTORY_WRONG;
    if (history_is_full(h)) {
        complain(&look, "the log of thread %u was full",
            (unsigned)atomic_load_explicit(&h->full, memory_order_relaxed) - 1);
        return HISTORY_UNDECIDED;
    }
    return check_order(&look) && check_empty(&look) && check_bounds(&look) &&
            check_close(&look) && check_wakes(&look)
        ? HISTORY_RIGHT
        : HISTORY_WRONG;
}

/* ------------------------------------------------------------- counting */

static int
by_invocation(const void *left, const void *right)
{
    const struct history_event *a = *(const struct history_event *const *)left;
    const struct history_event *b = *(const struct history_event *const *)right;

    return (a->invoked > b->invoked) - (a->invoked < b->invoked);
}

void
history_count(const struct history *h, struct history_counts *counts)
{
    static struct space space;
    struct history_fault fault;
    struct look look = { .h = h, .fault = &fault };
    struct history_contract lax = { 0 };
    struct insiders insiders;
    const struct history_event **calls;
    uint64_t reach = 0; /* the latest end so far */
    uint32_t n = 0;
    unsigned t;
    uint32_t i;

    memset(&fault, 0, sizeof fault);
    look.contract = &lax;
    if (!check_passages(&look))
        return;
    find_insiders(&look, &insiders);
    calls = space_for(&space, look.n_events, sizeof calls[0]);
    for (t = 0; t < h->n_threads; t++) {
        for (i = 0; i < h->logs[t].n_events; i++) {
            const struct history_event *event = &h->logs[t].events[i];

            calls[n++] = event;
            counts->answers[event->answer]++;
            if (event->answer == HISTORY_EMPTY &&
                wrongly_empty(&look, &insiders, event, false) != NULL)
                counts->spurious_empties++;
        }
    }
    counts->calls += n;
    qsort(calls, n, sizeof calls[0], by_invocation);
    for (i = 0; i < n; i++) {
        if (reach > calls[i]->invoked ||
            (i + 1 < n && calls[i + 1]->invoked < calls[i]->returned))
            counts->overlapping++;
        if (calls[i]->returned > reach)
            reach = calls[i]->returned;
    }
}
