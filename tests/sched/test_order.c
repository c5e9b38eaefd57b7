/* SPDX-License-Identifier: MIT */
/*
 * test_order.c - the window of a lane of order SUBMIT, by its internal
 * functions: tickets, the bound, turns, who has which window, how they end.
 * Linked with the point seam, by which one thread acts in the middle of another
 * one's step.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "sched/order.h"

#include "blocks.h"
#include "rng.h"
#include "unit.h"

#define SINKS (2 * STI_ORDER_WINDOWS)
#define WORKS 64

static struct blocks blocks = BLOCKS_INIT;
static sti_order_t order;
static bool is_closed;
/* Never used as sinks: the window knows their addresses only. */
static strait_sink_t sinks[SINKS];
static strait_work_t works[WORKS];
static char finished[1024];
static unsigned n_finished;

static void
begin(uint32_t limit)
{
    sti_order_init(&order, limit, blocks_allocator(&blocks));
    is_closed = false;
}

static void
close_order(void)
{
    sti_order_close(&order);
    is_closed = true;
}

static void
set_up(void)
{
    static const struct blocks fresh = BLOCKS_INIT;

    /* Tests may follow one another in one process. */
    blocks = fresh;
    begin(4);
    n_finished = 0;
    seam_point_hook = NULL;
}

static void
tear_down(void)
{
    seam_point_hook = NULL;
    if (!is_closed)
        close_order();
    check_blocks(&blocks);
}

TestSuite(order, .timeout = 60);

static sti_window_t *
open_window(strait_sink_t *sink)
{
    sti_window_t *window = NULL;

    check_err(sti_order_open(&order, sink, &window), 0);
    return window;
}

/* The next ticket, for works[i]. */
static int
take(sti_window_t *window, strait_sink_t *sink, int i)
{
    return sti_window_take(window, sink, &works[i].ticket_);
}

/* As the consumer delivers, with a name for each item. */
static void
deliver(sti_window_t *window, strait_work_t *work)
{
    strait_work_t *next;

    for (work = sti_window_arrive(window, work); work != NULL; work = next) {
        next = sti_window_pass(window);
        finished[n_finished++ % sizeof finished] = (char)('a' + (work - works));
        finished[n_finished % sizeof finished] = '\0';
    }
}

/* Takes and delivers at once. */
static void
use(sti_window_t *window, strait_sink_t *sink)
{
    check_err(take(window, sink, 0), 0);
    deliver(window, &works[0]);
}

static unsigned
n_windows_of(const strait_sink_t *sink)
{
    unsigned n = 0;
    unsigned i;

    for (i = 0; i < STI_ORDER_WINDOWS; i++) {
        sti_window_t *window = strait_load_rlx(&order.windows_[i]);

        if (window != NULL && strait_load_rlx(&window->sink_) == sink &&
            (strait_load_rlx(&window->next_) & STI_WINDOW_BUSY) == 0)
            n++;
    }
    return n;
}

/* Windows for the first 64 sinks, and one item in flight in each. */
static void
fill_table(sti_window_t **windows)
{
    unsigned i;

    for (i = 0; i < STI_ORDER_WINDOWS; i++) {
        windows[i] = open_window(&sinks[i]);
        check_err(take(windows[i], &sinks[i], 0), 0);
    }
}

/* Ends the item that fill_table has put into a window. */
static void
make_idle(sti_window_t *window)
{
    works[0].ticket_ = (uint32_t)(strait_load_rlx(&window->head_) >> 32);
    deliver(window, &works[0]);
}

/* ------------------------------------------------------------ one window */

FIXTURE_TEST(order, errors_are_those_of_the_contract)
{
    check_err(STI_WINDOW_TAKEN, 0);
    check_err(STI_WINDOW_FULL, -EAGAIN);
    check_err(STI_WINDOW_STALE, -ESTALE);
}

FIXTURE_TEST(order, a_sink_has_one_window)
{
    sti_window_t *window;

    check_ptr(sti_order_find(&order, &sinks[0]), NULL);
    window = open_window(&sinks[0]);
    check_ptr(sti_order_find(&order, &sinks[0]), window);
    check_ptr(open_window(&sinks[0]), window);
    check_ptr(sti_order_find(&order, &sinks[1]), NULL);
    cr_assert(open_window(&sinks[1]) != window);
    check_ptr(open_window(&sinks[0]), window);
    check_int(blocks.n_live, 2);
}

FIXTURE_TEST(order, tickets_come_one_after_another)
{
    sti_window_t *window = open_window(&sinks[0]);
    int i;

    for (i = 0; i < 4; i++) {
        cr_assert(sti_window_has_room(window, &sinks[0]));
        check_err(take(window, &sinks[0], i), 0);
        check_int(works[i].ticket_, i);
    }
    for (i = 0; i < 4; i++)
        deliver(window, &works[i]);
}

FIXTURE_TEST(order, the_bound_is_exact)
{
    uint32_t limit;

    close_order();
    for (limit = 2; limit <= 32; limit *= 2) {
        sti_window_t *window;
        int n;
        uint32_t i;

        begin(limit);
        window = open_window(&sinks[0]);
        for (i = 0; i < limit; i++)
            check_err(take(window, &sinks[0], (int)i), 0);
        works[limit].ticket_ = 4711;
        check_err(take(window, &sinks[0], (int)limit), -EAGAIN);
        check_int(works[limit].ticket_, 4711);
        cr_assert(!sti_window_has_room(window, &sinks[0]));
        /* All that fits arrives, the first one last: no place is used twice. */
        n_finished = 0;
        for (i = limit - 1; i > 0; i--) {
            deliver(window, &works[i]);
            check_int(n_finished, 0);
            check_int(sti_order_held(&order), limit - i);
            /* What is held is in flight as before. */
            check_err(take(window, &sinks[0], (int)limit), -EAGAIN);
        }
        check_ptr(sti_window_arrive(window, &works[0]), &works[0]);
        check_ptr(sti_window_pass(window), &works[1]);
        cr_assert(sti_window_has_room(window, &sinks[0]));
        check_err(take(window, &sinks[0], 0), 0);
        check_err(take(window, &sinks[0], (int)limit), -EAGAIN);
        for (n = 1; sti_window_pass(window) != NULL; n++) {}
        check_int(n, limit - 1);
        check_int(sti_order_held(&order), 0);
        deliver(window, &works[0]);
        close_order();
    }
}

/* Every order in which four can arrive. */
static void
try_orders(sti_window_t *window, int *arrivals, int n)
{
    int i;

    if (n == 4) {
        for (i = 0; i < 4; i++)
            check_err(take(window, &sinks[0], i), 0);
        n_finished = 0;
        for (i = 0; i < 4; i++)
            deliver(window, &works[arrivals[i]]);
        check_str(finished, "abcd");
        check_int(sti_order_held(&order), 0);
        return;
    }
    for (i = 0; i < 4; i++) {
        int k;

        for (k = 0; k < n && arrivals[k] != i; k++) {}
        if (k == n) {
            arrivals[n] = i;
            try_orders(window, arrivals, n + 1);
        }
    }
}

FIXTURE_TEST(order, every_order_of_arrival_ends_as_submitted)
{
    int arrivals[4];

    try_orders(open_window(&sinks[0]), arrivals, 0);
}

/* The 32 bits of ticket and turn run over; the generation beside the ticket and
 * the mark beside the turn keep their values. */
FIXTURE_TEST(order, tickets_wrap)
{
    sti_window_t *window = open_window(&sinks[0]);
    uint64_t before = (uint64_t)(UINT32_MAX - 1) << 32;
    int arrivals[4];

    strait_store_rlx(&window->next_, before | 6);
    strait_store_rlx(&window->head_, before);
    check_err(take(window, &sinks[0], 0), 0);
    check_int(works[0].ticket_, UINT32_MAX - 1);
    check_err(take(window, &sinks[0], 1), 0);
    check_err(take(window, &sinks[0], 2), 0);
    check_int(works[2].ticket_, 0);
    check_err(take(window, &sinks[0], 3), 0);
    check_err(take(window, &sinks[0], 4), -EAGAIN);
    deliver(window, &works[3]);
    deliver(window, &works[1]);
    deliver(window, &works[2]);
    deliver(window, &works[0]);
    check_str(finished, "abcd");
    check_int(strait_load_rlx(&window->next_), (uint64_t)2 << 32 | 6);
    check_int(strait_load_rlx(&window->head_), (uint64_t)2 << 32);
    strait_store_rlx(&window->next_, before | 6);
    strait_store_rlx(&window->head_, before);
    try_orders(window, arrivals, 0);
}

/* `done` submits again while the window was full: there is room for it. */
FIXTURE_TEST(order, pass_makes_room_before_done)
{
    sti_window_t *window;
    strait_work_t *work;
    strait_work_t *next;
    int rounds = 0;

    close_order();
    begin(2);
    window = open_window(&sinks[0]);
    check_err(take(window, &sinks[0], 0), 0);
    check_err(take(window, &sinks[0], 1), 0);
    check_ptr(sti_window_arrive(window, &works[1]), NULL);
    for (work = sti_window_arrive(window, &works[0]); work != NULL;
         work = next) {
        next = sti_window_pass(window);
        if (++rounds <= 2)
            check_err(sti_window_take(window, &sinks[0], &work->ticket_), 0);
    }
    check_int(rounds, 2);
    check_int(works[0].ticket_, 2);
    check_int(works[1].ticket_, 3);
    deliver(window, &works[1]);
    deliver(window, &works[0]);
    check_str(finished, "ab");
}

FIXTURE_TEST(order, random_arrivals)
{
    uint64_t seed = test_seed("test_order", 1);
    uint32_t limit;

    for (limit = 2; limit <= WORKS; limit *= 2) {
        struct rng rng = rng_make(seed, limit);
        sti_window_t *window;
        uint32_t in_flight[WORKS];
        uint32_t n_in_flight = 0;
        uint32_t n_taken = 0;
        uint32_t expected = 0;
        int step;

        close_order();
        begin(limit);
        window = open_window(&sinks[0]);
        for (step = 0; step < 20000; step++) {
            strait_work_t *work;
            strait_work_t *next;
            uint32_t pick;

            if (rng_one_in(&rng, 2)) {
                uint32_t ticket = 0;
                int err = sti_window_take(window, &sinks[0], &ticket);

                if (n_taken - expected == limit) {
                    check_err(err, -EAGAIN);
                    continue;
                }
                check_err(err, 0);
                check_int(ticket, n_taken);
                works[ticket & (limit - 1)].ticket_ = ticket;
                in_flight[n_in_flight++] = ticket;
                n_taken++;
                continue;
            }
            if (n_in_flight == 0)
                continue;
            pick = (uint32_t)rng_below(&rng, n_in_flight);
            work = &works[in_flight[pick] & (limit - 1)];
            in_flight[pick] = in_flight[--n_in_flight];
            for (work = sti_window_arrive(window, work); work != NULL;
                 work = next) {
                next = sti_window_pass(window);
                check_int(work->ticket_, expected);
                expected++;
            }
            check_int(sti_order_held(&order), n_taken - expected - n_in_flight);
        }
        /* What is still to come. */
        while (n_in_flight != 0)
            deliver(window, &works[in_flight[--n_in_flight] & (limit - 1)]);
    }
}

/* -------------------------------------------------------- many sinks */

FIXTURE_TEST(order, as_many_sinks_as_there_are_windows)
{
    sti_window_t *windows[STI_ORDER_WINDOWS];
    sti_window_t *other = NULL;
    unsigned i;

    fill_table(windows);
    check_int(blocks.n_live, STI_ORDER_WINDOWS);
    for (i = 0; i < STI_ORDER_WINDOWS; i++)
        check_ptr(sti_order_find(&order, &sinks[i]), windows[i]);
    check_ptr(sti_order_find(&order, &sinks[i]), NULL);
    check_err(sti_order_open(&order, &sinks[i], &other), -ENOSPC);
    check_ptr(other, NULL);
    /* Those that have one are not concerned. */
    check_ptr(open_window(&sinks[5]), windows[5]);
    check_err(take(windows[5], &sinks[5], 1), 0);
    for (i = 0; i < STI_ORDER_WINDOWS; i++)
        make_idle(windows[i]);
    works[1].ticket_ = 1;
    deliver(windows[5], &works[1]);
}

FIXTURE_TEST(order, an_idle_window_is_given_to_another_sink)
{
    sti_window_t *windows[STI_ORDER_WINDOWS];
    strait_sink_t *other = &sinks[STI_ORDER_WINDOWS];
    sti_window_t *window;
    uint64_t generation;
    unsigned i;

    fill_table(windows);
    generation = strait_load_rlx(&windows[7]->next_) & STI_WINDOW_GENERATION;
    make_idle(windows[7]);
    window = open_window(other);
    check_ptr(window, windows[7]);
    check_int(blocks.n_calls, STI_ORDER_WINDOWS);
    cr_assert((strait_load_rlx(&window->next_) & STI_WINDOW_GENERATION) !=
        generation);
    check_ptr(sti_order_find(&order, other), window);
    check_ptr(sti_order_find(&order, &sinks[7]), NULL);
    /* Who still has it from before is told so. */
    cr_assert(sti_window_has_room(window, &sinks[7]));
    check_err(take(window, &sinks[7], 0), -ESTALE);
    /* The turns go on where they were. */
    for (i = 0; i < 4; i++)
        check_err(take(window, other, (int)i), 0);
    check_int(works[0].ticket_, 1);
    check_err(take(window, other, 4), -EAGAIN);
    cr_assert(!sti_window_has_room(window, other));
    /* Its fullness is nothing to the one before. */
    cr_assert(sti_window_has_room(window, &sinks[7]));
    check_err(sti_order_open(&order, &sinks[7], &window), -ENOSPC);
    for (i = 4; i-- > 0;)
        deliver(windows[7], &works[i]);
    check_str(finished, "aabcd");
    check_ptr(open_window(&sinks[7]), windows[7]);
    check_err(take(windows[7], other, 0), -ESTALE);
    for (i = 0; i < STI_ORDER_WINDOWS; i++) {
        if (i != 7)
            make_idle(windows[i]);
    }
}

FIXTURE_TEST(order, twice_as_many_sinks_take_turns)
{
    unsigned round;
    unsigned i;

    for (round = 0; round < 50; round++) {
        for (i = 0; i < SINKS; i++) {
            strait_sink_t *sink = &sinks[(i * 37 + round) % SINKS];

            use(open_window(sink), sink);
            check_int(n_windows_of(sink), 1);
        }
    }
    check_int(blocks.n_calls, STI_ORDER_WINDOWS);
}

/* ---------------------------------------------- in the middle of a step */

static const char *stop_at;
static void (*then)(void);

/* Acts the first time that somebody is there. */
static void
act_once(const char *name)
{
    if (stop_at != NULL && strcmp(name, stop_at) == 0) {
        stop_at = NULL;
        then();
    }
}

static void
act_at(const char *name, void (*fn)(void))
{
    stop_at = name;
    then = fn;
    seam_point_hook = act_once;
}

static sti_window_t *given_away;
static sti_window_t *theirs;

static void
give_away_and_back(void)
{
    check_ptr(open_window(&sinks[STI_ORDER_WINDOWS + 1]), given_away);
    check_ptr(open_window(&sinks[STI_ORDER_WINDOWS]), given_away);
}

static void
give_away(void)
{
    check_ptr(open_window(&sinks[STI_ORDER_WINDOWS]), given_away);
}

FIXTURE_TEST(order, a_slow_take_notices_that_its_window_was_given_away)
{
    sti_window_t *windows[STI_ORDER_WINDOWS];
    uint64_t generation;
    unsigned i;

    fill_table(windows);
    given_away = windows[3];
    make_idle(given_away);
    act_at("order.take", give_away);
    check_err(take(given_away, &sinks[3], 0), -ESTALE);
    cr_assert(stop_at == NULL);
    /* Back to the same sink with the same ticket: one more try. */
    generation = strait_load_rlx(&given_away->next_) & STI_WINDOW_GENERATION;
    act_at("order.take", give_away_and_back);
    check_err(take(given_away, &sinks[STI_ORDER_WINDOWS], 0), 0);
    check_int(works[0].ticket_, 1);
    check_int(strait_load_rlx(&given_away->next_),
        (uint64_t)2 << 32 | (generation + 4));
    deliver(given_away, &works[0]);
    for (i = 0; i < STI_ORDER_WINDOWS; i++) {
        if (i != 3)
            make_idle(windows[i]);
    }
}

static void
take_of_three(void)
{
    check_err(take(given_away, &sinks[3], 1), 0);
}

FIXTURE_TEST(order, a_window_that_is_used_after_all_is_not_given_away)
{
    sti_window_t *windows[STI_ORDER_WINDOWS];
    sti_window_t *window = NULL;
    unsigned i;

    fill_table(windows);
    given_away = windows[3];
    make_idle(given_away);
    act_at("order.claim", take_of_three);
    check_err(
        sti_order_open(&order, &sinks[STI_ORDER_WINDOWS], &window), -ENOSPC);
    cr_assert(stop_at == NULL);
    check_ptr(window, NULL);
    check_ptr(sti_order_find(&order, &sinks[3]), given_away);
    for (i = 0; i < STI_ORDER_WINDOWS; i++)
        make_idle(windows[i]);
}

static void
open_beside(void)
{
    theirs = open_window(&sinks[STI_ORDER_WINDOWS]);
    check_err(take(theirs, &sinks[STI_ORDER_WINDOWS], 1), 0);
}

static void
open_another_beside(void)
{
    theirs = open_window(&sinks[STI_ORDER_WINDOWS + 1]);
    check_err(take(theirs, &sinks[STI_ORDER_WINDOWS + 1], 1), 0);
}

static void
refuse_beside(void)
{
    check_err(take(given_away, &sinks[3], 1), -ESTALE);
    check_err(
        sti_order_open(&order, &sinks[STI_ORDER_WINDOWS], &theirs), -EAGAIN);
}

/* Two submitters of one sink race for its first window. */
FIXTURE_TEST(order, a_sink_that_is_opened_twice_gets_one_window)
{
    static const char *const steps[] = { "order.claim", "order.give",
        "order.given" };
    unsigned i;

    for (i = 0; i < 3; i++) {
        sti_window_t *windows[STI_ORDER_WINDOWS];
        strait_sink_t *sink = &sinks[STI_ORDER_WINDOWS];
        sti_window_t *mine;
        unsigned k;

        close_order();
        begin(4);
        fill_table(windows);
        /* Two are idle, so that each could have one. */
        make_idle(windows[10]);
        make_idle(windows[50]);
        theirs = NULL;
        act_at(steps[i], open_beside);
        mine = open_window(sink);
        cr_assert(stop_at == NULL);
        check_ptr(mine, theirs);
        check_int(n_windows_of(sink), 1);
        check_err(take(mine, sink, 2), 0);
        check_int(works[2].ticket_, works[1].ticket_ + 1);
        deliver(mine, &works[2]);
        deliver(mine, &works[1]);
        for (k = 0; k < STI_ORDER_WINDOWS; k++) {
            if (k != 10 && k != 50)
                make_idle(windows[k]);
        }
    }
}

/* Two sinks race for the last window but one: each gets one. */
FIXTURE_TEST(order, two_sinks_that_are_opened_at_once_share_nothing)
{
    static const char *const steps[] = { "order.claim", "order.give",
        "order.given" };
    unsigned i;

    for (i = 0; i < 3; i++) {
        sti_window_t *windows[STI_ORDER_WINDOWS];
        sti_window_t *mine;
        unsigned k;

        close_order();
        begin(4);
        fill_table(windows);
        make_idle(windows[10]);
        make_idle(windows[50]);
        theirs = NULL;
        act_at(steps[i], open_another_beside);
        mine = open_window(&sinks[STI_ORDER_WINDOWS]);
        cr_assert(stop_at == NULL);
        if (mine == theirs) {
            /* Ours was taken away again before we had a ticket. */
            check_err(take(mine, &sinks[STI_ORDER_WINDOWS], 2), -ESTALE);
            mine = open_window(&sinks[STI_ORDER_WINDOWS]);
        }
        cr_assert(mine != theirs);
        check_int(n_windows_of(&sinks[STI_ORDER_WINDOWS]), 1);
        check_int(n_windows_of(&sinks[STI_ORDER_WINDOWS + 1]), 1);
        check_err(take(mine, &sinks[STI_ORDER_WINDOWS], 2), 0);
        deliver(mine, &works[2]);
        deliver(theirs, &works[1]);
        for (k = 0; k < STI_ORDER_WINDOWS; k++) {
            if (k != 10 && k != 50)
                make_idle(windows[k]);
        }
    }
}

/* Neither the old sink nor another one gets a window that is just changing
 * hands; nor is that called a lack of windows. */
FIXTURE_TEST(order, a_window_that_is_being_given_away_is_nobodys)
{
    sti_window_t *windows[STI_ORDER_WINDOWS];
    unsigned i;

    fill_table(windows);
    given_away = windows[3];
    make_idle(given_away);
    act_at("order.give", refuse_beside);
    check_ptr(open_window(&sinks[STI_ORDER_WINDOWS]), given_away);
    cr_assert(stop_at == NULL);
    for (i = 0; i < STI_ORDER_WINDOWS; i++) {
        if (i != 3)
            make_idle(windows[i]);
    }
}

/* ------------------------------------------------------------ no memory */

FIXTURE_TEST(order, no_memory_for_a_window)
{
    sti_window_t *first = open_window(&sinks[0]);
    sti_window_t *window = NULL;

    blocks.fail_at = 1;
    check_err(sti_order_open(&order, &sinks[1], &window), -ENOMEM);
    check_ptr(window, NULL);
    check_ptr(sti_order_find(&order, &sinks[1]), NULL);
    blocks.fail_at = 1;
    check_ptr(open_window(&sinks[0]), first);
    blocks.fail_at = 0;
    window = open_window(&sinks[1]);
    use(window, &sinks[1]);
    use(first, &sinks[0]);
}

/* Whoever was faster to the entry: what we have made for it goes back, or into
 * the next free one. */
static void
make_beside(void *(*alloc)(size_t, size_t, void *), strait_sink_t *sink)
{
    blocks.allocator.alloc = alloc;
    theirs = open_window(sink);
}

static void *
alloc_late(size_t size_bytes, size_t align_bytes, void *arg)
{
    void *block = blocks_alloc_(size_bytes, align_bytes, arg);

    make_beside(blocks_alloc_, &sinks[0]);
    return block;
}

static void *
alloc_late_for_another(size_t size_bytes, size_t align_bytes, void *arg)
{
    void *block = blocks_alloc_(size_bytes, align_bytes, arg);
    unsigned i;

    /* The one whose search begins in the same place. */
    for (i = 1; (STI_ORDER_PLACE(&sinks[i]) ^ STI_ORDER_PLACE(&sinks[0])) &
         (STI_ORDER_WINDOWS - 1);
         i++)
        cr_assert(i < SINKS - 1, "no two sinks begin in one place");
    make_beside(blocks_alloc_, &sinks[i]);
    return block;
}

FIXTURE_TEST(order, a_race_to_make_the_first_window_has_one_winner)
{
    sti_window_t *mine;

    blocks.allocator.alloc = alloc_late;
    mine = open_window(&sinks[0]);
    check_ptr(mine, theirs);
    check_int(n_windows_of(&sinks[0]), 1);
    check_int(blocks.n_calls, 2);
    check_int(blocks.n_live, 1);
}

FIXTURE_TEST(order, a_race_of_two_sinks_for_one_entry)
{
    sti_window_t *mine;

    blocks.allocator.alloc = alloc_late_for_another;
    mine = open_window(&sinks[0]);
    cr_assert(mine != theirs);
    check_ptr(sti_order_find(&order, &sinks[0]), mine);
    check_int(blocks.n_live, 2);
    check_int(blocks.n_calls, 2);
}

/* ---------------------------------------------------------------- ends */

FIXTURE_TEST(order, closing_frees_what_is_idle)
{
    unsigned i;

    for (i = 0; i < 10; i++)
        use(open_window(&sinks[i]), &sinks[i]);
    check_int(blocks.n_live, 10);
    close_order();
    check_int(blocks.n_live, 0);
}

FIXTURE_TEST(order, the_last_item_frees_its_window)
{
    sti_window_t *busy = open_window(&sinks[0]);
    sti_window_t *held = open_window(&sinks[1]);
    int i;

    for (i = 0; i < 3; i++)
        check_err(take(busy, &sinks[0], i), 0);
    check_err(take(held, &sinks[1], 10), 0);
    check_err(take(held, &sinks[1], 11), 0);
    deliver(busy, &works[0]);
    check_ptr(sti_window_arrive(held, &works[11]), NULL);
    close_order();
    check_int(blocks.n_live, 2);
    deliver(busy, &works[1]);
    check_int(blocks.n_live, 2);
    deliver(busy, &works[2]);
    check_int(blocks.n_live, 1);
    deliver(held, &works[10]);
    check_int(blocks.n_live, 0);
    check_str(finished, "abckl");
}

/* `done` frees the lane, while its own item has passed and others have not. */
FIXTURE_TEST(order, closed_from_inside_done)
{
    sti_window_t *window = open_window(&sinks[0]);
    strait_work_t *next;
    int i;

    for (i = 0; i < 3; i++)
        check_err(take(window, &sinks[0], i), 0);
    check_ptr(sti_window_arrive(window, &works[1]), NULL);
    check_ptr(sti_window_arrive(window, &works[0]), &works[0]);
    next = sti_window_pass(window);
    check_ptr(next, &works[1]);
    close_order();
    check_int(blocks.n_live, 1);
    check_ptr(sti_window_pass(window), NULL);
    check_int(blocks.n_live, 1);
    check_ptr(sti_window_arrive(window, &works[2]), &works[2]);
    check_ptr(sti_window_pass(window), NULL);
    check_int(blocks.n_live, 0);
}

FIXTURE_TEST(order, closed_from_inside_the_last_done)
{
    sti_window_t *window = open_window(&sinks[0]);

    check_err(take(window, &sinks[0], 0), 0);
    check_ptr(sti_window_arrive(window, &works[0]), &works[0]);
    check_ptr(sti_window_pass(window), NULL);
    close_order();
    check_int(blocks.n_live, 0);
}

/* The close comes when the last one is about to pass: the window must live on
 * until it has. */
static void
close_beside(void)
{
    close_order();
    check_int(blocks.n_live, 1);
}

FIXTURE_TEST(order, closed_just_before_the_last_pass)
{
    sti_window_t *window = open_window(&sinks[0]);

    check_err(take(window, &sinks[0], 0), 0);
    act_at("order.pass", close_beside);
    deliver(window, &works[0]);
    cr_assert(stop_at == NULL);
    check_int(blocks.n_live, 0);
}

/* The other way round: the last one passes when the close is about to mark. */
static sti_window_t *last_window;

static void
pass_beside(void)
{
    deliver(last_window, &works[0]);
    check_int(blocks.n_live, 1);
}

FIXTURE_TEST(order, closed_just_after_the_last_pass)
{
    last_window = open_window(&sinks[0]);
    check_err(take(last_window, &sinks[0], 0), 0);
    act_at("order.close", pass_beside);
    close_order();
    cr_assert(stop_at == NULL);
    check_int(blocks.n_live, 0);
}

FIXTURE_TEST(order, a_window_may_end_at_the_wrap)
{
    sti_window_t *window = open_window(&sinks[0]);

    strait_store_rlx(&window->next_, (uint64_t)UINT32_MAX << 32);
    strait_store_rlx(&window->head_, (uint64_t)UINT32_MAX << 32);
    check_err(take(window, &sinks[0], 0), 0);
    close_order();
    check_int(blocks.n_live, 1);
    deliver(window, &works[0]);
    check_int(blocks.n_live, 0);
}

/* ------------------------------------------------------------- threads */

/* Three submitters, two consumers, more sinks than windows. A submitter hands
 * its items over out of order, as workers would. */
#define SUBMITTERS 3
#define CONSUMERS 2
#define PER 20000
#define HAND 4

struct item {
    strait_work_t work;
    strait_mpsc_node_t node;
    uint32_t submitter;
    uint32_t number;
    strait_sink_t *sink;
};

static struct item items[SUBMITTERS][PER];
static strait_mpsc_t inboxes[CONSUMERS];
static uint32_t last_number[SINKS][SUBMITTERS];
static STRAIT_ATOMIC(uint32_t) n_out_of_order;
static STRAIT_ATOMIC(uint32_t) n_stale;
static STRAIT_ATOMIC(uint32_t) n_full;
static STRAIT_ATOMIC(uint32_t) n_errors;

static void *
submitter(void *arg)
{
    struct item *mine = arg;
    struct rng rng = rng_make(7, mine->submitter);
    struct item *hand[HAND];
    unsigned n_hand = 0;
    uint32_t i = 0;

    while (i < PER || n_hand != 0) {
        struct item *item = &mine[i];
        sti_window_t *window;
        unsigned pick;
        int err = -EAGAIN;

        if (i < PER && n_hand < HAND) {
            window = sti_order_find(&order, item->sink);
            err = window != NULL ? 0
                                 : sti_order_open(&order, item->sink, &window);
            while (err == 0) {
                err = sti_window_take(window, item->sink, &item->work.ticket_);
                if (err != -ESTALE)
                    break;
                strait_add_rlx(&n_stale, 1);
                err = sti_order_open(&order, item->sink, &window);
            }
            if (err == 0) {
                item->work.home_ = window;
                hand[n_hand++] = item;
                i++;
                continue;
            }
            if (err != -EAGAIN && err != -ENOSPC)
                strait_add_rlx(&n_errors, 1);
            strait_add_rlx(&n_full, 1);
        }
        if (n_hand == 0) {
            sched_yield();
            continue;
        }
        pick = (unsigned)rng_below(&rng, n_hand);
        item = hand[pick];
        hand[pick] = hand[--n_hand];
        if (strait_mpsc_push(
                &inboxes[(item->sink - sinks) % CONSUMERS], &item->node))
            strait_add_rlx(&n_errors, 1); /* nobody is armed */
    }
    return NULL;
}

static void *
consumer(void *arg)
{
    strait_mpsc_t *inbox = arg;
    unsigned mine = (unsigned)(inbox - inboxes);
    uint32_t left = 0;
    uint32_t i;
    uint32_t k;

    for (i = 0; i < SUBMITTERS; i++) {
        for (k = 0; k < PER; k++)
            left += (items[i][k].sink - sinks) % CONSUMERS == mine;
    }
    while (left != 0) {
        strait_mpsc_node_t *node;
        sti_window_t *window;
        strait_work_t *work;
        strait_work_t *next;

        if (strait_mpsc_pop(inbox, &node) != STRAIT_MPSC_ITEM) {
            sched_yield();
            continue;
        }
        work = &STRAIT_CONTAINER_OF(node, struct item, node)->work;
        window = work->home_;
        for (work = sti_window_arrive(window, work); work != NULL;
             work = next) {
            struct item *item = STRAIT_CONTAINER_OF(work, struct item, work);
            uint32_t *last = &last_number[item->sink - sinks][item->submitter];

            next = sti_window_pass(window);
            if (item->number <= *last)
                strait_add_rlx(&n_out_of_order, 1);
            *last = item->number;
            left--;
        }
    }
    return NULL;
}

static void
run_threads(unsigned n_sinks, uint32_t limit)
{
    pthread_t threads[SUBMITTERS + CONSUMERS];
    uint32_t i;
    uint32_t k;

    close_order();
    begin(limit);
    memset(last_number, 0, sizeof last_number);
    strait_store_rlx(&n_out_of_order, 0);
    strait_store_rlx(&n_stale, 0);
    strait_store_rlx(&n_errors, 0);
    for (i = 0; i < CONSUMERS; i++)
        check_err(strait_mpsc_init(&inboxes[i]), 0);
    for (i = 0; i < SUBMITTERS; i++) {
        struct rng rng = rng_make(11, i);

        for (k = 0; k < PER; k++) {
            items[i][k].submitter = i;
            items[i][k].number = k + 1;
            items[i][k].sink = &sinks[rng_below(&rng, n_sinks)];
        }
    }
    for (i = 0; i < CONSUMERS; i++)
        pthread_create(&threads[i], NULL, consumer, &inboxes[i]);
    for (i = 0; i < SUBMITTERS; i++)
        pthread_create(&threads[CONSUMERS + i], NULL, submitter, &items[i][0]);
    for (i = 0; i < SUBMITTERS + CONSUMERS; i++)
        pthread_join(threads[i], NULL);
    check_int(strait_load_rlx(&n_out_of_order), 0);
    check_int(strait_load_rlx(&n_errors), 0);
    check_int(sti_order_held(&order), 0);
}

FIXTURE_TEST(order, threads_with_one_sink)
{
    run_threads(1, 16);
}

FIXTURE_TEST(order, threads_with_few_sinks)
{
    run_threads(5, 4);
}

FIXTURE_TEST(order, threads_with_more_sinks_than_windows)
{
    run_threads(SINKS, 2);
    /* Windows did change their sinks. */
    cr_assert(strait_load_rlx(&order.given_) != 0);
}
