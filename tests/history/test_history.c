/* SPDX-License-Identifier: MIT */
/*
 * test_history.c - the checkers of histories, on histories written by hand:
 * both sides of each line that a contract draws. And on random ones: what an
 * order explains by construction both must accept, and what the patterns call
 * wrong no search may explain.
 */
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "rng.h"
#include "unit.h"

/* One call: "thread 1 pushed its values 0 and 1 from stamp 3 to 6". */
struct line {
    unsigned thread;
    int operation;
    int answer;
    uint64_t from;
    uint64_t to;
    unsigned n;
    uint32_t values[3];
    unsigned n_wanted; /* 0: as many as n, but at least 1 */
};

#define V(thread, number) HISTORY_VALUE(thread, number)
#define PUSH1(t, from, to, a)                                                  \
    {                                                                          \
        t, HISTORY_PUSH, HISTORY_DONE, from, to, 1, { a }, 0                   \
    }
#define PUSH2(t, from, to, a, b)                                               \
    {                                                                          \
        t, HISTORY_PUSH, HISTORY_DONE, from, to, 2, { a, b }, 0                \
    }
#define POP1(t, from, to, a)                                                   \
    {                                                                          \
        t, HISTORY_POP, HISTORY_DONE, from, to, 1, { a }, 0                    \
    }
#define POP2(t, from, to, a, b)                                                \
    {                                                                          \
        t, HISTORY_POP, HISTORY_DONE, from, to, 2, { a, b }, 0                 \
    }
#define SAYS(t, operation, answer, from, to)                                   \
    {                                                                          \
        t, HISTORY_##operation, HISTORY_##answer, from, to, 0, { 0 }, 0        \
    }

static struct history h;

#define EVENTS_MAX 64 /* of one of the 4 threads */

/* One of the two stamps of a call. */
struct end {
    uint64_t *stamp;
    bool is_return;
};

/* Of equal ones first those that begin a call: the calls overlap. */
static int
by_stamp(const void *left, const void *right)
{
    const struct end *a = left;
    const struct end *b = right;

    if (*a->stamp != *b->stamp)
        return *a->stamp > *b->stamp ? 1 : -1;
    return a->is_return - b->is_return;
}

/* All stamps of the history, the oldest first. */
static unsigned
sort_ends(struct end *ends)
{
    unsigned n = 0;
    unsigned t;
    uint32_t i;

    for (t = 0; t < h.n_threads; t++) {
        for (i = 0; i < h.logs[t].n_events; i++) {
            ends[n++] = (struct end){ &h.logs[t].events[i].invoked, false };
            ends[n++] = (struct end){ &h.logs[t].events[i].returned, true };
        }
    }
    qsort(ends, n, sizeof ends[0], by_stamp);
    return n;
}

static void
write_down(const struct line *lines, unsigned n)
{
    struct end ends[4 * EVENTS_MAX * 2];
    unsigned n_ends;
    unsigned i;

    history_init(&h, 4, EVENTS_MAX, 256);
    for (i = 0; i < n; i++) {
        const struct line *line = &lines[i];
        struct history_log *log = &h.logs[line->thread];

        history_record(&h, line->thread, line->operation, line->answer,
            line->from, line->values, line->n,
            line->n_wanted != 0 ? line->n_wanted
                : line->n != 0  ? line->n
                                : 1);
        log->events[log->n_events - 1].returned = line->to;
    }
    n_ends = sort_ends(ends);
    for (i = 1; i < n_ends; i++)
        cr_assert(*ends[i - 1].stamp != *ends[i].stamp, "%llu is there twice",
            (unsigned long long)*ends[i].stamp);
}

/* Both checkers, or only the search (patterns may see less). */
enum { RIGHT, WRONG, SUBTLE };

static void
judge_(const char *what, const struct line *lines, unsigned n,
    const struct history_contract *contract, int wanted)
{
    struct history_fault by_search;
    struct history_fault by_patterns;
    int search;
    int patterns;

    write_down(lines, n);
    search = history_search(&h, contract, &by_search);
    patterns = history_patterns(&h, contract, &by_patterns);
    history_fini(&h);
    cr_assert(search == (wanted == RIGHT ? HISTORY_RIGHT : HISTORY_WRONG),
        "%s: the search says %d (%s)", what, search, by_search.text);
    cr_assert(patterns == (wanted == WRONG ? HISTORY_WRONG : HISTORY_RIGHT),
        "%s: the patterns say %d (%s)", what, patterns, by_patterns.text);
}

#define judge(what, contract, wanted, ...)                                     \
    do {                                                                       \
        static const struct line lines_[] = { __VA_ARGS__ };                   \
        judge_(                                                                \
            what, lines_, sizeof lines_ / sizeof lines_[0], contract, wanted); \
    } while (0)

static const struct history_contract strict = { .is_pop_partial = true };
static const struct history_contract weak = {
    .is_empty_weak = true, .pending_reach = 1, .is_pop_partial = true
};
static const struct history_contract two = {
    .capacity = 2, .is_push_partial = true, .is_pop_partial = true
};

Test(history, order_of_single_values)
{
    judge("in order", &strict, RIGHT, PUSH1(0, 1, 2, V(0, 0)),
        PUSH1(0, 3, 4, V(0, 1)), POP1(1, 5, 6, V(0, 0)),
        POP1(1, 7, 8, V(0, 1)));
    judge("overtaken", &strict, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        PUSH1(0, 3, 4, V(0, 1)), POP1(1, 5, 6, V(0, 1)),
        POP1(1, 7, 8, V(0, 0)));
    judge("overtaken for good", &strict, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        PUSH1(0, 3, 4, V(0, 1)), POP1(1, 5, 6, V(0, 1)));
    judge("pushes overlap", &strict, RIGHT, PUSH1(0, 1, 3, V(0, 0)),
        PUSH1(2, 2, 4, V(2, 0)), POP1(1, 5, 6, V(2, 0)),
        POP1(1, 7, 8, V(0, 0)));
    judge("pops overlap", &strict, RIGHT, PUSH1(0, 1, 2, V(0, 0)),
        PUSH1(0, 3, 4, V(0, 1)), POP1(1, 5, 7, V(0, 1)),
        POP1(2, 6, 8, V(0, 0)));
}

Test(history, order_per_producer)
{
    struct history_contract mine = strict;

    mine.is_per_producer = true;
    judge("of two producers", &mine, RIGHT, PUSH1(0, 1, 2, V(0, 0)),
        PUSH1(2, 3, 4, V(2, 0)), POP1(1, 5, 6, V(2, 0)),
        POP1(1, 7, 8, V(0, 0)));
    judge("of two producers, total order", &strict, WRONG,
        PUSH1(0, 1, 2, V(0, 0)), PUSH1(2, 3, 4, V(2, 0)),
        POP1(1, 5, 6, V(2, 0)), POP1(1, 7, 8, V(0, 0)));
    judge("of one producer", &mine, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        PUSH1(0, 3, 4, V(0, 1)), POP1(1, 5, 6, V(0, 1)),
        POP1(1, 7, 8, V(0, 0)));
}

Test(history, order_in_batches)
{
    judge("kept", &strict, RIGHT, PUSH2(0, 1, 2, V(0, 0), V(0, 1)),
        POP2(1, 3, 4, V(0, 0), V(0, 1)));
    judge("swapped by the pops", &strict, WRONG,
        PUSH2(0, 1, 2, V(0, 0), V(0, 1)), POP1(1, 3, 4, V(0, 1)),
        POP1(1, 5, 6, V(0, 0)));
    judge("swapped in one pop", &strict, WRONG,
        PUSH2(0, 1, 2, V(0, 0), V(0, 1)), POP2(1, 3, 4, V(0, 1), V(0, 0)));
    judge("swapped pushes in one pop", &strict, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        PUSH1(2, 3, 4, V(2, 0)), POP2(1, 5, 6, V(2, 0), V(0, 0)));
    judge("somebody else's value in the middle", &strict, SUBTLE,
        PUSH2(0, 1, 4, V(0, 0), V(0, 1)), PUSH1(2, 2, 3, V(2, 0)),
        POP2(1, 5, 6, V(0, 0), V(2, 0)), POP1(1, 7, 8, V(0, 1)));
}

Test(history, values)
{
    judge("from nowhere", &strict, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        POP1(1, 3, 4, V(0, 1)));
    judge("of nobody", &strict, WRONG, POP1(1, 3, 4, V(60, 1)));
    judge("before it was pushed", &strict, WRONG, POP1(1, 1, 2, V(0, 0)),
        PUSH1(0, 3, 4, V(0, 0)));
    judge("while it is pushed", &strict, RIGHT, POP1(1, 1, 3, V(0, 0)),
        PUSH1(0, 2, 4, V(0, 0)));
    judge("twice", &strict, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        POP1(1, 3, 5, V(0, 0)), POP1(2, 4, 6, V(0, 0)));
    judge("left inside", &strict, RIGHT, PUSH1(0, 1, 2, V(0, 0)));
}

Test(history, lost)
{
    struct history_contract drained = strict;
    struct history_fault fault;
    static const struct line lines[] = { PUSH1(0, 1, 2, V(0, 0)) };

    drained.is_drained = true;
    write_down(lines, 1);
    check_int(history_patterns(&h, &drained, &fault), HISTORY_WRONG);
    check_int(history_patterns(&h, &strict, &fault), HISTORY_RIGHT);
    history_fini(&h);
}

Test(history, empty)
{
    judge("nothing inside", &strict, RIGHT, SAYS(1, POP, EMPTY, 1, 2));
    judge("a push overlaps", &strict, RIGHT, PUSH1(0, 1, 3, V(0, 0)),
        SAYS(1, POP, EMPTY, 2, 4));
    judge("inside all along", &strict, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        SAYS(1, POP, EMPTY, 3, 4), POP1(1, 5, 6, V(0, 0)));
    judge("inside all along, nobody hides it", &weak, WRONG,
        PUSH1(0, 1, 2, V(0, 0)), SAYS(1, POP, EMPTY, 3, 4),
        POP1(1, 5, 6, V(0, 0)));
    judge("a pop takes it away", &strict, RIGHT, PUSH1(0, 1, 2, V(0, 0)),
        POP1(2, 3, 5, V(0, 0)), SAYS(1, POP, EMPTY, 4, 6));
    judge("one or the other inside all along", &strict, SUBTLE,
        PUSH1(0, 1, 2, V(0, 0)), SAYS(1, POP, EMPTY, 3, 10),
        PUSH1(0, 5, 6, V(0, 1)), POP1(2, 7, 8, V(0, 0)),
        POP1(2, 11, 12, V(0, 1)));
    judge("hidden behind an open push", &weak, RIGHT, PUSH1(2, 1, 6, V(2, 0)),
        PUSH1(0, 2, 3, V(0, 0)), SAYS(1, POP, EMPTY, 4, 5),
        POP1(1, 7, 8, V(2, 0)), POP1(1, 9, 10, V(0, 0)));
    judge("hidden, where that is not allowed", &strict, WRONG,
        PUSH1(2, 1, 6, V(2, 0)), PUSH1(0, 2, 3, V(0, 0)),
        SAYS(1, POP, EMPTY, 4, 5), POP1(1, 7, 8, V(2, 0)),
        POP1(1, 9, 10, V(0, 0)));
    judge("the open push began too late to hide it", &weak, WRONG,
        PUSH1(0, 1, 2, V(0, 0)), PUSH1(2, 3, 6, V(2, 0)),
        SAYS(1, POP, EMPTY, 4, 5), POP1(1, 7, 8, V(0, 0)),
        POP1(1, 9, 10, V(2, 0)));
    judge("the open push came out before", &weak, WRONG,
        PUSH1(2, 1, 8, V(2, 0)), PUSH1(0, 2, 3, V(0, 0)),
        POP1(1, 4, 5, V(2, 0)), SAYS(1, POP, EMPTY, 6, 7),
        POP1(1, 9, 10, V(0, 0)));
}

Test(history, pending)
{
    judge("beside an open push", &weak, RIGHT, PUSH1(0, 1, 4, V(0, 0)),
        SAYS(1, POP, PENDING, 2, 3), POP1(1, 5, 6, V(0, 0)));
    judge("beside nobody", &weak, WRONG, SAYS(1, POP, PENDING, 1, 2));
    judge("after the push", &weak, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        SAYS(1, POP, PENDING, 3, 4), POP1(1, 5, 6, V(0, 0)));
    judge("where it is never right", &strict, WRONG, PUSH1(0, 1, 4, V(0, 0)),
        SAYS(1, POP, PENDING, 2, 3), POP1(1, 5, 6, V(0, 0)));
    judge("the open push is not in front", &weak, SUBTLE,
        PUSH1(0, 1, 2, V(0, 0)), PUSH1(2, 3, 6, V(2, 0)),
        SAYS(1, POP, PENDING, 4, 5), POP1(1, 7, 8, V(0, 0)),
        POP1(1, 9, 10, V(2, 0)));
}

Test(history, full)
{
    judge("it is", &two, RIGHT, PUSH2(0, 1, 2, V(0, 0), V(0, 1)),
        SAYS(2, PUSH, FULL, 3, 4));
    judge("it is not", &two, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        SAYS(2, PUSH, FULL, 3, 4));
    judge("it may be", &two, RIGHT, PUSH1(0, 1, 2, V(0, 0)),
        PUSH1(1, 3, 5, V(1, 0)), SAYS(2, PUSH, FULL, 4, 6));
    judge("a pop made room before", &two, WRONG,
        PUSH2(0, 1, 2, V(0, 0), V(0, 1)), POP1(1, 3, 4, V(0, 0)),
        SAYS(2, PUSH, FULL, 5, 6));
    judge("a pop makes room meanwhile", &two, RIGHT,
        PUSH2(0, 1, 2, V(0, 0), V(0, 1)), POP1(1, 3, 5, V(0, 0)),
        SAYS(2, PUSH, FULL, 4, 6));
    judge("without a capacity", &strict, WRONG, SAYS(2, PUSH, FULL, 3, 4));
    judge("too many", &two, WRONG, PUSH2(0, 1, 2, V(0, 0), V(0, 1)),
        PUSH1(2, 3, 4, V(2, 0)), POP1(1, 5, 6, V(0, 0)));
    judge("too many, but for a pop", &two, RIGHT,
        PUSH2(0, 1, 2, V(0, 0), V(0, 1)), PUSH1(2, 3, 5, V(2, 0)),
        POP1(1, 4, 6, V(0, 0)));
}

Test(history, part_of_a_batch)
{
    struct history_contract all = two;

    all.is_push_partial = false;
    judge("as many as fit", &two, RIGHT, PUSH1(0, 1, 2, V(0, 0)),
        { 2, HISTORY_PUSH, HISTORY_DONE, 3, 4, 1, { V(2, 0) }, 2 });
    judge("fewer than fit", &two, WRONG,
        { 2, HISTORY_PUSH, HISTORY_DONE, 3, 4, 1, { V(2, 0) }, 2 });
    judge("fewer than fit now, as many as did", &two, RIGHT,
        PUSH1(0, 1, 2, V(0, 0)), POP1(1, 3, 5, V(0, 0)),
        { 2, HISTORY_PUSH, HISTORY_DONE, 4, 6, 1, { V(2, 0) }, 2 });
    judge("a part, where it is all or nothing", &all, WRONG,
        PUSH1(0, 1, 2, V(0, 0)),
        { 2, HISTORY_PUSH, HISTORY_DONE, 3, 4, 1, { V(2, 0) }, 2 });
    judge("no room for all", &all, RIGHT, PUSH1(0, 1, 2, V(0, 0)),
        { 2, HISTORY_PUSH, HISTORY_FULL, 3, 4, 0, { 0 }, 2 });
    judge("room for all", &all, WRONG,
        { 2, HISTORY_PUSH, HISTORY_FULL, 3, 4, 0, { 0 }, 2 });
}

Test(history, short_pop)
{
    struct history_contract whole = strict;

    whole.is_pop_partial = false;
    judge("all there was", &whole, RIGHT, PUSH1(0, 1, 2, V(0, 0)),
        { 1, HISTORY_POP, HISTORY_DONE, 3, 4, 1, { V(0, 0) }, 2 });
    judge("less than there was", &whole, WRONG,
        PUSH2(0, 1, 2, V(0, 0), V(0, 1)),
        { 1, HISTORY_POP, HISTORY_DONE, 3, 4, 1, { V(0, 0) }, 2 });
    judge("less than there was, as allowed", &strict, RIGHT,
        PUSH2(0, 1, 2, V(0, 0), V(0, 1)),
        { 1, HISTORY_POP, HISTORY_DONE, 3, 4, 1, { V(0, 0) }, 2 });
}

Test(history, closed)
{
    struct history_contract told = strict;

    told.pops_closed = true;
    judge("after a close", &strict, RIGHT, SAYS(1, CLOSE, YES, 1, 2),
        SAYS(0, PUSH, CLOSED, 3, 4), SAYS(1, CLOSE, NO, 5, 6));
    judge("before a close", &strict, WRONG, SAYS(0, PUSH, CLOSED, 1, 2),
        SAYS(1, CLOSE, YES, 3, 4));
    judge("beside a close", &strict, RIGHT, SAYS(0, PUSH, CLOSED, 1, 4),
        PUSH1(2, 2, 6, V(2, 0)), SAYS(1, CLOSE, YES, 3, 5));
    judge("accepted", &strict, WRONG, SAYS(1, CLOSE, YES, 1, 2),
        PUSH1(0, 3, 4, V(0, 0)));
    judge("twice", &strict, WRONG, SAYS(1, CLOSE, YES, 1, 3),
        SAYS(2, CLOSE, YES, 2, 4));
    judge("armed", &strict, WRONG, SAYS(1, CLOSE, YES, 1, 2),
        SAYS(1, ARM, YES, 3, 4));
    judge("popped", &told, RIGHT, SAYS(0, CLOSE, YES, 1, 2),
        SAYS(1, POP, CLOSED, 3, 4));
    judge("popped EMPTY", &told, WRONG, SAYS(0, CLOSE, YES, 1, 2),
        SAYS(1, POP, EMPTY, 3, 4));
    judge("popped too early", &told, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        SAYS(0, CLOSE, YES, 3, 4), SAYS(1, POP, CLOSED, 5, 6),
        POP1(1, 7, 8, V(0, 0)));
}

Test(history, arming)
{
    struct history_contract unsure = strict;

    unsure.is_arm_weak = true;
    judge("one wake", &strict, RIGHT, SAYS(1, ARM, YES, 1, 2),
        { 0, HISTORY_PUSH, HISTORY_WAKE, 3, 4, 1, { V(0, 0) }, 0 },
        PUSH1(0, 5, 6, V(0, 1)));
    judge("no wake", &strict, SUBTLE, SAYS(1, ARM, YES, 1, 2),
        PUSH1(0, 3, 4, V(0, 0)));
    judge("two wakes", &strict, WRONG, SAYS(1, ARM, YES, 1, 2),
        { 0, HISTORY_PUSH, HISTORY_WAKE, 3, 4, 1, { V(0, 0) }, 0 },
        { 0, HISTORY_PUSH, HISTORY_WAKE, 5, 6, 1, { V(0, 1) }, 0 });
    judge("beside a value", &strict, WRONG, PUSH1(0, 1, 2, V(0, 0)),
        SAYS(1, ARM, YES, 3, 4), POP1(1, 5, 6, V(0, 0)));
    judge("hidden values count", &weak, WRONG, PUSH1(2, 1, 6, V(2, 0)),
        PUSH1(0, 2, 3, V(0, 0)), SAYS(1, ARM, YES, 4, 5),
        POP1(1, 7, 8, V(2, 0)), POP1(1, 9, 10, V(0, 0)));
    judge("refused", &strict, WRONG, SAYS(1, ARM, NO, 1, 2));
    judge("refused beside a push", &strict, RIGHT, SAYS(1, ARM, NO, 1, 3),
        PUSH1(0, 2, 4, V(0, 0)));
    judge("refused beside an arming", &unsure, RIGHT, SAYS(1, ARM, NO, 1, 3),
        SAYS(2, ARM, YES, 2, 4));
    judge("refused after an arming", &unsure, WRONG, SAYS(2, ARM, YES, 1, 2),
        SAYS(1, ARM, NO, 3, 4));
    judge("taken back", &strict, RIGHT, SAYS(1, ARM, YES, 1, 2),
        SAYS(1, DISARM, YES, 3, 4), PUSH1(0, 5, 6, V(0, 0)));
    judge("too late to take it back", &strict, RIGHT, SAYS(1, ARM, YES, 1, 2),
        { 0, HISTORY_PUSH, HISTORY_WAKE, 3, 4, 1, { V(0, 0) }, 0 },
        SAYS(1, DISARM, NO, 5, 6));
    judge("taken back twice", &strict, SUBTLE, SAYS(1, ARM, YES, 1, 2),
        { 0, HISTORY_PUSH, HISTORY_WAKE, 3, 4, 1, { V(0, 0) }, 0 },
        SAYS(1, DISARM, YES, 5, 6));
}

Test(history, too_long_is_not_right)
{
    struct history_fault fault;
    unsigned i;

    history_init(&h, 1, HISTORY_SEARCH_MAX + 1, 1);
    for (i = 0; i <= HISTORY_SEARCH_MAX; i++)
        history_record(
            &h, 0, HISTORY_POP, HISTORY_EMPTY, history_stamp(&h), NULL, 0, 1);
    check_int(history_search(&h, &strict, &fault), HISTORY_UNDECIDED);
    check_int(history_patterns(&h, &strict, &fault), HISTORY_RIGHT);
    history_fini(&h);
}

/* ------------------------------------------------------ random histories */

#define STEPS 14
#define CAPACITY 3

/* Gives every stamp a number of its own, as the clock does; the order stays. */
static void
settle(void)
{
    struct end ends[4 * EVENTS_MAX * 2];
    unsigned n = sort_ends(ends);
    unsigned i;

    for (i = 0; i < n; i++)
        *ends[i].stamp = 64 * (i + 1);
}

/*
 * A sequential run of a queue of CAPACITY, step i at time 64 * i; each call
 * then gets a thread that is free and an interval round its moment.
 */
static void
make_up(struct rng *rng)
{
    uint32_t inside[STEPS];
    uint64_t busy_until[4] = { 0 };
    uint32_t next[4] = { 0 };
    unsigned n_inside = 0;
    unsigned first = 0;
    unsigned i;

    history_init(&h, 4, STEPS, 4 * STEPS);
    for (i = 1; i <= STEPS; i++) {
        uint64_t moment = 1024 * i;
        uint64_t from = moment - 8 * rng_below(rng, 300) % moment - i;
        uint64_t to = moment + 8 * rng_below(rng, 300) + i;
        unsigned t = (unsigned)rng_below(rng, 4);
        struct history_log *log = &h.logs[t];

        if (from <= busy_until[t])
            from = busy_until[t] + 1;
        if (from > moment)
            continue;
        busy_until[t] = to;
        if (rng_one_in(rng, 2)) {
            uint32_t value = V(t, next[t]);
            bool is_full = n_inside == CAPACITY;

            history_record(&h, t, HISTORY_PUSH,
                is_full ? HISTORY_FULL : HISTORY_DONE, from, &value, !is_full,
                1);
            if (!is_full) {
                inside[first + n_inside++] = value;
                next[t]++;
            }
        } else {
            history_record(&h, t, HISTORY_POP,
                n_inside == 0 ? HISTORY_EMPTY : HISTORY_DONE, from,
                &inside[first], n_inside != 0, 1);
            if (n_inside != 0) {
                first++;
                n_inside--;
            }
        }
        log->events[log->n_events - 1].returned = to;
    }
    settle();
}

/* Changes one thing. */
static void
spoil(struct rng *rng)
{
    struct history_log *log = &h.logs[rng_below(rng, 4)];
    struct history_event *event;

    if (log->n_events == 0)
        return;
    event = &log->events[rng_below(rng, log->n_events)];
    switch (rng_below(rng, 4)) {
    case 0: /* a shorter time */
        event->returned = event->invoked +
            (event->returned - event->invoked) / 3;
        break;
    case 1:
        event->invoked = event->returned -
            (event->returned - event->invoked) / 3;
        break;
    case 2: /* another value */
        if (event->operation == HISTORY_POP && event->n_values == 1)
            log->values[event->first] = V(rng_below(rng, 4), rng_below(rng, 3));
        break;
    default: /* another answer */
        if (event->n_values == 1)
            return;
        event->answer = HISTORY_PENDING;
        if (event->operation == HISTORY_PUSH)
            event->answer = HISTORY_CLOSED;
    }
}

/* As many as a moment takes; more if STRAIT_STRESS_SECONDS says more. */
static unsigned
n_random(void)
{
    const char *text = getenv("STRAIT_STRESS_SECONDS");
    double seconds = text != NULL ? strtod(text, NULL) : 0;

    if (!(seconds > 1))
        seconds = 1;
    if (seconds > 60)
        seconds = 60;
    return (unsigned)(15000 * seconds) / SANITIZER_SLOWDOWN;
}

Test(history, random, .timeout = 120)
{
    struct rng rng = rng_make(test_seed("history.checkers", SEED_FROM_TIME), 0);
    struct history_contract contract = {
        .capacity = CAPACITY, .is_push_partial = true, .is_pop_partial = true
    };
    struct history_fault by_patterns;
    struct history_fault by_search;
    unsigned n_wrong = 0;
    unsigned n_seen = 0;
    unsigned n = n_random();
    unsigned i;

    for (i = 0; i < n; i++) {
        int patterns;
        int search;

        make_up(&rng);
        search = history_search(&h, &contract, &by_search);
        patterns = history_patterns(&h, &contract, &by_patterns);
        if (search != HISTORY_RIGHT || patterns != HISTORY_RIGHT)
            history_print(stderr, &h, NULL);
        cr_assert(search == HISTORY_RIGHT, "%s", by_search.text);
        cr_assert(patterns == HISTORY_RIGHT, "%s", by_patterns.text);
        spoil(&rng);
        settle();
        search = history_search(&h, &contract, &by_search);
        patterns = history_patterns(&h, &contract, &by_patterns);
        if (search == HISTORY_RIGHT && patterns != HISTORY_RIGHT)
            history_print(stderr, &h, NULL);
        cr_assert(search == HISTORY_WRONG || patterns == HISTORY_RIGHT,
            "the search explains what the patterns call wrong: %s",
            by_patterns.text);
        n_wrong += search == HISTORY_WRONG;
        n_seen += patterns == HISTORY_WRONG;
        history_fini(&h);
    }
    fprintf(stderr, "history.checkers: %u of %u wrong, patterns saw %u\n",
        n_wrong, i, n_seen);
    cr_assert(n_wrong > i / 10);
    cr_assert(n_seen > n_wrong / 2);
}
