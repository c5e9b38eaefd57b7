/* SPDX-License-Identifier: MIT */
/*
 * search.c - looks for an order of the calls that a sequential queue explains.
 *
 * Source. J. Wing and C. Gong, "Testing and verifying concurrent objects"
 * (1993), with the memory of G. Lowe, "Testing for linearizability" (2017).
 *
 * A call may come next if no other call that has not been placed yet returned
 * before it was invoked. Place one, ask the model of a queue whether it would
 * have answered so, go on; if nothing fits, take the last one back. Two ways
 * that have placed the same calls and reached the same queue go on alike, so
 * pairs of (placed calls, queue) that have failed are remembered.
 *
 * The model is the contract of history.h. Weak answers are judged by the
 * stamps: an item is "open" beside a call if its push overlaps that call.
 */
#include <stdlib.h>
#include <string.h>

#include "history.h"

#define NO_ITEM 0xff
#define ITEMS_MAX 250
#define MEMO_SIZE 16384u
#define NODES_MAX 4000000u

enum {
    NOT_ARMED,
    ARMED,
    TAKEN, /* by a push that answered WAKE */
    PASSED /* taken, and a pop that answered PENDING may have noticed it */
};

/* The sequential queue. Unused items are 0, so that states compare as bytes. */
struct state {
    uint8_t n;
    uint8_t armed;
    uint8_t is_closed;
    uint8_t unused;
    uint8_t items[HISTORY_INSIDE_MAX];
};

struct call {
    const struct history_event *event;
    uint64_t invoked;
    uint64_t returned;
    uint16_t first;     /* of its items */
    uint16_t n_leaving; /* values popped by calls that overlap */
    bool has_open_arming;
};

struct memo {
    uint32_t generation;
    uint64_t placed;
    struct state state;
};

static struct {
    const struct history_contract *contract;
    unsigned n_calls;
    struct call calls[HISTORY_SEARCH_MAX];
    /* The items of all calls, one after the other. */
    uint8_t items[HISTORY_SEARCH_MAX * HISTORY_INSIDE_MAX];
    /* Of each item: its push, its value. */
    uint8_t push_of[ITEMS_MAX];
    uint32_t value_of[ITEMS_MAX];
    unsigned n_items;
    uint32_t n_nodes;
    uint32_t n_memos;
    uint32_t generation;
    struct memo memos[MEMO_SIZE];
} s;

static bool
overlap(const struct call *a, const struct call *b)
{
    return a->invoked < b->returned && b->invoked < a->returned;
}

/* True if one of the oldest `reach` items is of a push open beside the call. */
static bool
has_open_item(
    const struct state *state, unsigned reach, const struct call *call)
{
    unsigned i;

    for (i = 0; i < state->n && i < reach; i++) {
        if (overlap(&s.calls[s.push_of[state->items[i]]], call))
            return true;
    }
    return false;
}

/* Where in the queue the next value to come out may stand; n if nowhere. */
static unsigned
place_of(const struct state *state, uint8_t item)
{
    uint32_t producer;
    unsigned i;

    if (item == NO_ITEM || state->n == 0)
        return state->n;
    if (!s.contract->is_per_producer)
        return state->items[0] == item ? 0 : state->n;
    producer = HISTORY_VALUE_THREAD(s.value_of[item]);
    for (i = 0; i < state->n; i++) {
        if (state->items[i] == item)
            return i;
        if (HISTORY_VALUE_THREAD(s.value_of[state->items[i]]) == producer)
            return state->n;
    }
    return i;
}

static bool
step_push(struct state *state, const struct call *call)
{
    const struct history_contract *c = s.contract;
    const struct history_event *event = call->event;
    unsigned room = c->capacity != 0 ? c->capacity - state->n
                                     : HISTORY_INSIDE_MAX - state->n;
    unsigned k = event->n_values;

    if (event->answer == HISTORY_CLOSED)
        return state->is_closed;
    if (state->is_closed)
        return false;
    if (event->answer == HISTORY_FULL)
        return c->capacity != 0 &&
            (c->is_push_partial ? room == 0 : room < event->n_wanted);
    if (k == 0 || k > room || (k < event->n_wanted && !c->is_push_partial) ||
        /* It looked for room before it went in, and pops have made more. */
        (k < event->n_wanted && room - k > call->n_leaving) ||
        (event->answer == HISTORY_WAKE) != (state->armed == ARMED))
        return false;
    memcpy(state->items + state->n, s.items + call->first, k);
    state->n = (uint8_t)(state->n + k);
    if (state->armed == ARMED)
        state->armed = TAKEN;
    return true;
}

static bool
step_pop(struct state *state, const struct call *call)
{
    const struct history_contract *c = s.contract;
    const struct history_event *event = call->event;
    unsigned i;

    if (event->answer == HISTORY_CLOSED)
        return c->pops_closed && state->is_closed && state->n == 0;
    if (event->answer == HISTORY_EMPTY)
        return (state->n == 0 && !(c->pops_closed && state->is_closed)) ||
            (c->is_empty_weak && has_open_item(state, 1, call));
    if (event->answer == HISTORY_PENDING) {
        if (!has_open_item(state, c->pending_reach, call))
            return false;
        if (state->armed == TAKEN)
            state->armed = PASSED;
        return true;
    }
    for (i = 0; i < event->n_values; i++) {
        unsigned at = place_of(state, s.items[call->first + i]);

        if (at == state->n)
            return false;
        state->n--;
        memmove(state->items + at, state->items + at + 1, state->n - at);
        state->items[state->n] = 0;
    }
    if (event->n_values < event->n_wanted && !c->is_pop_partial &&
        state->n != 0)
        return false;
    if (state->armed != ARMED)
        state->armed = NOT_ARMED;
    return event->n_values > 0;
}

/* Does the call with its answer, if the contract allows it in this state. */
static bool
step(struct state *state, const struct call *call)
{
    bool yes = call->event->answer == HISTORY_YES;

    switch (call->event->operation) {
    case HISTORY_PUSH: return step_push(state, call);
    case HISTORY_POP: return step_pop(state, call);
    case HISTORY_ARM:
        if (!yes)
            return state->n > 0 || state->is_closed ||
                (s.contract->is_arm_weak && call->has_open_arming);
        if (state->n > 0 || state->is_closed)
            return false;
        state->armed = ARMED;
        return true;
    case HISTORY_DISARM:
        if (!yes)
            return state->armed == TAKEN || state->armed == PASSED;
        if (state->armed == TAKEN)
            return false;
        state->armed = NOT_ARMED;
        return true;
    case HISTORY_CLOSE:
        if (yes == (state->is_closed != 0))
            return false;
        state->is_closed = true;
        return true;
    }
    return false;
}

static uint32_t
hash_of(uint64_t placed, const struct state *state)
{
    uint64_t hash = placed * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t words[sizeof *state / 8];
    unsigned i;

    memcpy(words, state, sizeof words);
    for (i = 0; i < sizeof *state / 8; i++)
        hash = (hash ^ (hash >> 29) ^ words[i]) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(hash >> 32);
}

/* The place of that pair in the memory, or a free one. */
static struct memo *
memo_of(uint64_t placed, const struct state *state)
{
    uint32_t i = hash_of(placed, state) % MEMO_SIZE;

    for (;; i = (i + 1) % MEMO_SIZE) {
        struct memo *memo = &s.memos[i];

        if (memo->generation != s.generation ||
            (memo->placed == placed &&
                memcmp(&memo->state, state, sizeof *state) == 0))
            return memo;
    }
}

static int
search(uint64_t placed, const struct state *state)
{
    uint64_t all = s.n_calls == 64 ? ~UINT64_C(0)
                                   : (UINT64_C(1) << s.n_calls) - 1;
    uint64_t earliest = UINT64_MAX;
    struct memo *memo;
    unsigned i;

    if (placed == all)
        return HISTORY_RIGHT;
    if (++s.n_nodes > NODES_MAX)
        return HISTORY_UNDECIDED;
    if (memo_of(placed, state)->generation == s.generation)
        return HISTORY_WRONG;
    for (i = 0; i < s.n_calls; i++) {
        if (!(placed >> i & 1) && s.calls[i].returned < earliest)
            earliest = s.calls[i].returned;
    }
    for (i = 0; i < s.n_calls; i++) {
        struct state next = *state;
        int verdict;

        if ((placed >> i & 1) || s.calls[i].invoked > earliest ||
            !step(&next, &s.calls[i]))
            continue;
        verdict = search(placed | UINT64_C(1) << i, &next);
        if (verdict != HISTORY_WRONG)
            return verdict;
    }
    if (s.n_memos < MEMO_SIZE / 2) {
        memo = memo_of(placed, state);
        memo->generation = s.generation;
        memo->placed = placed;
        memo->state = *state;
        s.n_memos++;
    }
    return HISTORY_WRONG;
}

static uint8_t
item_of(uint32_t value)
{
    unsigned i;

    for (i = 0; i < s.n_items; i++) {
        if (s.value_of[i] == value)
            return (uint8_t)i;
    }
    return NO_ITEM;
}

/* Fills in calls and items; false if there are too many. */
static bool
gather(const struct history *h)
{
    unsigned n_listed = 0;
    unsigned n_pushed = 0;
    unsigned t;
    unsigned i;
    unsigned k;

    s.n_calls = 0;
    s.n_items = 0;
    for (t = 0; t < h->n_threads; t++) {
        const struct history_log *log = &h->logs[t];

        for (i = 0; i < log->n_events; i++) {
            const struct history_event *event = &log->events[i];
            struct call *call = &s.calls[s.n_calls];

            if (s.n_calls == HISTORY_SEARCH_MAX)
                return false;
            call->event = event;
            call->invoked = event->invoked;
            call->returned = event->returned;
            call->has_open_arming = false;
            call->n_leaving = 0;
            for (k = 0; event->operation == HISTORY_PUSH && k < event->n_values;
                 k++) {
                if (++n_pushed > HISTORY_INSIDE_MAX)
                    return false;
                s.push_of[s.n_items] = (uint8_t)s.n_calls;
                s.value_of[s.n_items++] = log->values[event->first + k];
            }
            s.n_calls++;
        }
    }
    s.n_calls = 0;
    for (t = 0; t < h->n_threads; t++) {
        const struct history_log *log = &h->logs[t];

        for (i = 0; i < log->n_events; i++) {
            const struct history_event *event = &log->events[i];
            struct call *call = &s.calls[s.n_calls++];

            if (n_listed + event->n_values > sizeof s.items)
                return false;
            call->first = (uint16_t)n_listed;
            for (k = 0; k < event->n_values; k++)
                s.items[n_listed++] = item_of(log->values[event->first + k]);
        }
    }
    for (i = 0; i < s.n_calls; i++) {
        for (k = 0; k < s.n_calls; k++) {
            const struct history_event *other = s.calls[k].event;

            if (k == i || !overlap(&s.calls[i], &s.calls[k]))
                continue;
            if (other->operation == HISTORY_ARM ||
                other->operation == HISTORY_DISARM)
                s.calls[i].has_open_arming = true;
            if (other->operation == HISTORY_POP)
                s.calls[i].n_leaving =
                    (uint16_t)(s.calls[i].n_leaving + other->n_values);
        }
    }
    return true;
}

int
history_search(const struct history *h, const struct history_contract *contract,
    struct history_fault *fault)
{
    struct state empty;
    int verdict;

    memset(fault, 0, sizeof *fault);
    if (history_is_full(h) || !gather(h)) {
        snprintf(fault->text, sizeof fault->text, "%s",
            history_is_full(h)
                ? "a log was full"
                : "more calls or values than the search can take");
        return HISTORY_UNDECIDED;
    }
    memset(&empty, 0, sizeof empty);
    s.contract = contract;
    s.n_nodes = 0;
    s.n_memos = 0;
    s.generation++;
    verdict = search(0, &empty);
    if (verdict == HISTORY_WRONG)
        snprintf(fault->text, sizeof fault->text,
            "no order of these calls explains their answers");
    else if (verdict == HISTORY_UNDECIDED)
        snprintf(fault->text, sizeof fault->text,
            "the search was given up after %u steps", NODES_MAX);
    return verdict;
}

static void
drop(struct history_log *log, uint32_t at)
{
    log->n_events--;
    memmove(log->events + at, log->events + at + 1,
        (log->n_events - at) * sizeof log->events[0]);
}

static void
put_back(struct history_log *log, uint32_t at, struct history_event event)
{
    memmove(log->events + at + 1, log->events + at,
        (log->n_events - at) * sizeof log->events[0]);
    log->events[at] = event;
    log->n_events++;
}

/* A call that changed nothing, and that excuses nobody. */
static bool
is_idle(
    const struct history_event *event, const struct history_contract *contract)
{
    switch (event->answer) {
    case HISTORY_FULL:
    case HISTORY_CLOSED:
    case HISTORY_EMPTY:
    case HISTORY_PENDING: return true;
    case HISTORY_NO:
        return event->operation == HISTORY_CLOSE || !contract->is_arm_weak;
    }
    return false;
}

/* True if what comes in could be left out: no answer depends on there being
 * something inside, or on a push being open. */
static bool
depends_on_presence(
    const struct history *h, const struct history_contract *contract)
{
    unsigned t;
    uint32_t i;

    for (t = 0; t < h->n_threads; t++) {
        for (i = 0; i < h->logs[t].n_events; i++) {
            const struct history_event *event = &h->logs[t].events[i];

            if (event->answer == HISTORY_FULL ||
                event->answer == HISTORY_PENDING ||
                event->answer == HISTORY_NO || event->answer == HISTORY_WAKE ||
                (event->answer == HISTORY_EMPTY && contract->is_empty_weak) ||
                (event->n_values > 0 && event->n_values < event->n_wanted))
                return true;
        }
    }
    return false;
}

/* Tries to do without the single value that event `at` of thread `t` pushed. */
static bool
drop_value(struct history *h, const struct history_contract *contract,
    unsigned t, uint32_t at)
{
    struct history_log *log = &h->logs[t];
    struct history_event push = log->events[at];
    uint32_t value = log->values[push.first];
    struct history_event pop = { 0 };
    struct history_log *taken = NULL;
    struct history_fault fault;
    uint32_t pop_at = 0;
    unsigned n_pops = 0;
    unsigned u;
    uint32_t i;

    for (u = 0; u < h->n_threads; u++) {
        for (i = 0; i < h->logs[u].n_events; i++) {
            const struct history_event *event = &h->logs[u].events[i];
            unsigned k;

            for (k = 0; event->operation == HISTORY_POP && k < event->n_values;
                 k++) {
                if (h->logs[u].values[event->first + k] != value)
                    continue;
                if (event->n_values != 1 || ++n_pops > 1)
                    return false;
                taken = &h->logs[u];
                pop_at = i;
                pop = *event;
            }
        }
    }
    /* The later one first, so that the other keeps its place. */
    if (taken == log && pop_at < at)
        return false;
    if (taken != NULL)
        drop(taken, pop_at);
    drop(log, at);
    if (history_search(h, contract, &fault) == HISTORY_WRONG)
        return true;
    put_back(log, at, push);
    if (taken != NULL)
        put_back(taken, pop_at, pop);
    return false;
}

static bool
shrink_once(struct history *h, const struct history_contract *contract)
{
    struct history_fault fault;
    bool keeps_values = depends_on_presence(h, contract);
    unsigned t;
    uint32_t i;

    for (t = 0; t < h->n_threads; t++) {
        for (i = 0; i < h->logs[t].n_events; i++) {
            struct history_event event = h->logs[t].events[i];

            if (is_idle(&event, contract)) {
                drop(&h->logs[t], i);
                if (history_search(h, contract, &fault) == HISTORY_WRONG)
                    return true;
                put_back(&h->logs[t], i, event);
            } else if (!keeps_values && event.operation == HISTORY_PUSH &&
                event.n_values == 1 && event.n_wanted == 1 &&
                drop_value(h, contract, t, i)) {
                return true;
            }
        }
    }
    return false;
}

unsigned
history_shrink(struct history *h, const struct history_contract *contract)
{
    unsigned n = 0;
    unsigned t;

    while (shrink_once(h, contract)) {}
    for (t = 0; t < h->n_threads; t++)
        n += h->logs[t].n_events;
    return n;
}
