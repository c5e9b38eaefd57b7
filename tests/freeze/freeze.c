/* SPDX-License-Identifier: MIT */
/*
 * freeze.c - stops a thread at every instruction of every queue operation, and
 * sees that the others get on, or that the contract says what they meet.
 *
 * Each case of freeze.h is run once for each instruction of its operation. The
 * negative controls are operations that break the promise that is claimed for
 * them; the test fails unless each of them is found out.
 */
#define _GNU_SOURCE
#include "freeze.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "output.h"
#include "plain.h"
#include "stepper.h"

/* What the others do takes microseconds; this much means that they wait. */
#define CPU_LIMIT_US 50000
#define CLOCK_LIMIT_US 5000000

static const struct freeze_case *const lists[] = { freeze_mpsc_cases,
    freeze_shared_cases, freeze_ring_cases, freeze_spsc_cases,
    freeze_event_cases, freeze_reclaim_cases, freeze_controls };

static struct {
    const char *only;
    bool show;
} options;

/* --------------------------------------------------------------- one point */

static struct {
    unsigned saw;
    const char *complaint;
} point;

void
freeze_saw(unsigned what)
{
    point.saw |= what;
}

void
freeze_complain(const char *text)
{
    if (point.complaint == NULL)
        point.complaint = text;
}

static struct {
    unsigned last_out[FREEZE_PRODUCERS];
    unsigned char out[FREEZE_PRODUCERS][FREEZE_ITEMS];
    unsigned char in[FREEZE_PRODUCERS][FREEZE_ITEMS];
} books;

void
freeze_books_clear(void)
{
    memset(&books, 0, sizeof books);
}

void
freeze_came_in(unsigned producer, unsigned number)
{
    books.in[producer][number] = 1;
}

void
freeze_came_out_some_time(unsigned producer, unsigned number)
{
    if (producer >= FREEZE_PRODUCERS || number >= FREEZE_ITEMS) {
        freeze_complain("something came out that never was");
        return;
    }
    freeze_check(!books.out[producer][number], "an item came out twice");
    books.out[producer][number] = 1;
}

void
freeze_came_out(unsigned producer, unsigned number)
{
    freeze_came_out_some_time(producer, number);
    if (producer >= FREEZE_PRODUCERS)
        return;
    freeze_check(number + 1 > books.last_out[producer],
        "items of one producer came out of order");
    books.last_out[producer] = number + 1;
}

void
freeze_books_close(void)
{
    freeze_check(memcmp(books.in, books.out, sizeof books.in) == 0,
        "an item was lost, or came out although it was refused");
}

/* --- running into a wait */

static sigjmp_buf out_of_the_wait;

static void
leave_the_wait(int signal)
{
    (void)signal;
    siglongjmp(out_of_the_wait, 1);
}

static void
set_limits(long cpu_us, long clock_us)
{
    struct itimerval cpu = { { 0, 0 }, { 0, cpu_us } };
    struct itimerval clock = { { 0, 0 },
        { clock_us / 1000000, clock_us % 1000000 } };

    setitimer(ITIMER_PROF, &cpu, NULL);
    setitimer(ITIMER_REAL, &clock, NULL);
}

/* False if the function does not return. */
static bool
returns(void (*function)(void))
{
    if (sigsetjmp(out_of_the_wait, 1) != 0)
        return false;
    set_limits(CPU_LIMIT_US, CLOCK_LIMIT_US);
    function();
    set_limits(0, 0);
    return true;
}

/* ---------------------------------------------------------------- one case */

struct outcome {
    unsigned n_points;
    unsigned n_seen[3]; /* PENDING, FULL, OWED */
    unsigned n_failed;
    unsigned first_failed;
    const char *complaint;
};

/* Lets the subject end its operation, and rouses it while it sleeps. */
static bool
let_go(const struct freeze_case *c)
{
    int patience = 100;

    for (;;) {
        switch (stepper_release()) {
        case STEPPER_ENDED: return true;
        case STEPPER_ASLEEP:
            if (c->rouse == NULL || patience-- == 0)
                return false;
            c->rouse();
            break;
        default: return false;
        }
    }
}

static void
hopeless(const struct freeze_case *c, unsigned n, const char *why)
{
    printf(
        "%s, %s: %s after %u instructions\n", c->operation, c->state, why, n);
    fflush(stdout);
    _exit(1);
}

/* Freezes after n instructions; false if the operation is shorter. */
static bool
try_point(const struct freeze_case *c, unsigned n, struct outcome *outcome)
{
    enum stepper_state state;
    unsigned allowed;
    unsigned bit;

    point.saw = 0;
    point.complaint = NULL;
    freeze_books_clear();
    c->setup();
    state = stepper_freeze(c->operate, n);
    while (state == STEPPER_ASLEEP && stepper_steps() + 1 < n) {
        if (c->rouse == NULL)
            hopeless(c, stepper_steps(), "it sleeps");
        c->rouse();
        state = stepper_go_on();
    }
    if (state == STEPPER_LOST)
        hopeless(c, stepper_steps(), "it cannot be stepped");
    if (state == STEPPER_ENDED) {
        if (!let_go(c))
            hopeless(c, n, "it does not come back");
        return false;
    }
    allowed = c->window != NULL ? c->window() : 0;
    if (!returns(c->others)) {
        freeze_complain("the others wait");
        if (!let_go(c))
            hopeless(c, n, "it does not end");
    } else {
        if (!let_go(c))
            hopeless(c, n, "it does not end");
        if (!returns(c->finish))
            freeze_complain("the finish waits");
        freeze_books_close();
        freeze_check((point.saw & ~allowed) == 0,
            "others noticed it outside of the documented window");
        freeze_check((allowed & ~point.saw) == 0,
            "nobody noticed it inside of the documented window");
    }
    if (n > 0) {
        for (bit = 0; bit < 3; bit++)
            outcome->n_seen[bit] += (point.saw >> bit) & 1;
        outcome->n_points++;
    }
    if (point.complaint != NULL && outcome->n_failed++ == 0) {
        outcome->first_failed = n;
        outcome->complaint = point.complaint;
    }
    if (options.show)
        printf("%s, %s: %3u instructions:%s%s%s %s\n", c->operation, c->state,
            n, point.saw & FREEZE_PENDING ? " PENDING" : "",
            point.saw & FREEZE_FULL ? " FULL" : "",
            point.saw & FREEZE_OWED ? " OWED" : "",
            point.complaint != NULL ? point.complaint : "");
    return true;
}

/* Prints the line of one case; answers whether it is as it should be. */
static bool
run_case(const struct freeze_case *c)
{
    struct outcome outcome = { .n_points = 0 };
    const char *verdict = "as documented";
    bool good = true;
    unsigned n;

    for (n = 0; try_point(c, n, &outcome); n++) {}
    if (outcome.n_points == 0) {
        verdict = "FAILED: no instruction";
        good = false;
    } else if (c->complaint != NULL) {
        good = outcome.complaint != NULL &&
            strcmp(outcome.complaint, c->complaint) == 0;
        verdict = good ? "found out" : "FAILED: not found out";
    } else if (outcome.n_failed != 0) {
        good = false;
        verdict = "FAILED";
    }
    printf("%-19s %-21s %5u %5u %5u %5u  %-38s %s\n", c->operation, c->state,
        outcome.n_points, outcome.n_seen[0], outcome.n_seen[1],
        outcome.n_seen[2], c->contract, verdict);
    if (outcome.complaint != NULL)
        printf("    at %u instructions, first after %u: %s\n", outcome.n_failed,
            outcome.first_failed, outcome.complaint);
    fflush(stdout);
    return good;
}

/* -------------------------------------------------------------------- main */

static const char synopsis[] =
    "usage: freeze [--only WORD] [--show] [--list] [--help]\n";

static void
usage(void)
{
    printf("%s\n"
           "Stops a thread at every instruction of every queue operation and "
           "sees that\nothers get on as the contract says.\n\n"
           "  --only WORD  only cases whose operation or state contains WORD\n"
           "  --show       a line for each instruction\n"
           "  --list       print the cases, operation and state, and end\n\n"
           "Where ptrace is refused it says so and exits 77, but 1 if the "
           "variable CI is set.\n",
        synopsis);
}

__attribute__((noreturn)) static void
refuse(const char *argument, const char *why)
{
    fprintf(stderr, "freeze: %s '%s'\n%s", why, argument, synopsis);
    exit(2);
}

static bool
is_wanted(const struct freeze_case *c)
{
    return options.only == NULL || strstr(c->operation, options.only) != NULL ||
        strstr(c->state, options.only) != NULL;
}

/* Answers how many cases are wanted, and prints them if asked to. */
static unsigned
count_wanted(bool list)
{
    unsigned n = 0;
    size_t i;

    for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct freeze_case *c;

        for (c = lists[i]; c->operation != NULL; c++) {
            if (!is_wanted(c))
                continue;
            n++;
            if (list)
                printf("%-19s %s\n", c->operation, c->state);
        }
    }
    return n;
}

static void
read_options(int argc, char **argv)
{
    bool list = false;
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            usage();
            exit(output_end("freeze", 0));
        }
        if (strcmp(argv[i], "--show") == 0) {
            options.show = true;
        } else if (strcmp(argv[i], "--list") == 0) {
            list = true;
        } else if (strcmp(argv[i], "--only") == 0) {
            if (i + 1 >= argc)
                refuse(argv[i], "no value after");
            options.only = argv[++i];
        } else {
            refuse(argv[i], "unknown option");
        }
    }
    if (count_wanted(list) == 0) {
        fprintf(
            stderr, "freeze: no case matches '%s'; see --list\n", options.only);
        exit(2);
    }
    if (list)
        exit(output_end("freeze", 0));
}

int
main(int argc, char **argv)
{
    const char *refused;
    unsigned n_failed = 0;
    unsigned n_cases = 0;
    size_t i;

    output_begin("freeze");
    read_options(argc, argv);
    stepper_split();
    signal(SIGPROF, leave_the_wait);
    signal(SIGALRM, leave_the_wait);
    refused = stepper_attach();
    if (refused != NULL) {
        const char *ci = getenv("CI");

        if (ci != NULL && ci[0] != '\0') {
            fprintf(stderr, "freeze: %s; not to be skipped in CI\n", refused);
            return 1;
        }
        skip(refused);
    }
    printf(
        "points: instructions after which the thread was frozen; of these, "
        "others saw\nPENDING, met FULL early, or had to wait for a wake that "
        "it owed:\n\n%-19s %-21s %5s %5s %5s %5s  %-38s %s\n",
        "operation", "state", "point", "pend", "full", "owed", "the contract",
        "verdict");
    for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct freeze_case *c;

        for (c = lists[i]; c->operation != NULL; c++) {
            if (!is_wanted(c))
                continue;
            n_cases++;
            n_failed += !run_case(c);
        }
    }
    printf("\n%u cases, %u failed\n", n_cases, n_failed);
    return output_end("freeze", n_failed != 0);
}
