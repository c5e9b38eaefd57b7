/* SPDX-License-Identifier: MIT */
/*
 * control.c - negative controls of the checkers: queues that are wrong in one
 * way each must be reported, by the search and by the patterns, for the right
 * reason; a right one must pass both. A checker that finds nothing here finds
 * nothing anywhere.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "broken.h"
#include "plain.h"

/* Who must find the defect. */
enum { NOBODY = 0, SHORT = 1, LONG = 2, BOTH = 3 };

struct control {
    const char *name;
    int defect;
    int found_by;
    bool is_strict; /* EMPTY is never spurious */
    bool is_lone;   /* one consumer, which may disarm */
    /* What the patterns must say; NULL: whatever they like. */
    const char *text;
};

static const struct control controls[] = {
    { "nothing, any number of consumers", BROKEN_NOT, NOBODY, true, false,
        NULL },
    { "nothing, one consumer", BROKEN_NOT, NOBODY, true, true, NULL },
    { "nothing, EMPTY allowed in the gap", BROKEN_GAP, NOBODY, false, false,
        NULL },
    { "EMPTY in the gap", BROKEN_GAP, BOTH, true, false, "inside all along" },
    { "newest first", BROKEN_LIFO, BOTH, true, false, "was pushed before" },
    { "overtaking", BROKEN_OVERTAKES, BOTH, true, false, "was pushed before" },
    { "batches back to front", BROKEN_MIXES_BATCH, BOTH, true, false,
        "was pushed before" },
    { "a value twice", BROKEN_TWICE, BOTH, true, false, "came out twice" },
    { "a value for ever", BROKEN_ENDLESS, BOTH, true, false, "came out twice" },
    { "a value lost", BROKEN_LOSES, BOTH, true, false, "never came out" },
    { "a value from nowhere", BROKEN_INVENTS, BOTH, true, false,
        "that nobody pushed" },
    { "false EMPTY", BROKEN_FALSE_EMPTY, BOTH, false, false,
        "answered EMPTY, but" },
    { "false FULL", BROKEN_FALSE_FULL, BOTH, true, false, "no room, but" },
    { "more than the capacity", BROKEN_TOO_MANY, BOTH, true, false,
        "the capacity is" },
    { "PENDING beside nobody", BROKEN_FALSE_PENDING, BOTH, false, false,
        "beside no open push" },
    { "accepted after a close", BROKEN_LATE_CLOSED, BOTH, true, false,
        "after a close" },
    { "CLOSED before a close", BROKEN_EARLY_CLOSED, BOTH, true, false,
        "before anybody closed" },
    { "closed twice", BROKEN_CLOSED_TWICE, SHORT, true, false, "closed twice" },
    { "armed beside a value", BROKEN_ARMS_NON_EMPTY, BOTH, true, true,
        "armed, but" },
    { "refused to arm", BROKEN_REFUSES_TO_ARM, BOTH, true, true,
        "refused to arm" },
    { "no wake", BROKEN_NO_WAKE, SHORT, true, true, NULL },
    { "two wakes", BROKEN_WAKES_TWICE, BOTH, true, true, "more wakes" },
    { "disarmed too late", BROKEN_DISARMS_LATE, SHORT, true, true, NULL },
    { "a race of two pops", BROKEN_RACE, BOTH, true, false, "twice" },
};

static const uint32_t capacities[] = { 2, 4, 8 };

static struct lin_kind
kind_of(const struct control *control)
{
    struct lin_kind kind = {
        .name = control->name,
        .contract = { .is_empty_weak = !control->is_strict,
            .pending_reach = 1,
            .is_push_partial = true,
            .is_pop_partial = true },
        .n_consumers_max = control->is_lone ? 1 : 0,
        .push_max = 4,
        .pop_max = control->defect == BROKEN_RACE ? 1 : 4,
        .can_arm = true,
        .can_disarm = control->is_lone,
        .can_close = true,
        .capacities = capacities,
        .n_capacities = 3,
        .n_long_values = 4000,
        .defect = control->defect,
        BROKEN_FUNCTIONS,
    };

    if (control->defect == BROKEN_GAP)
        kind.can_arm = false; /* an arming may overtake the filling */
    return kind;
}

#define ROUNDS_MAX 3000 /* the most that was seen to be needed is 60 */

/* Runs until it is found, or for a few rounds if it should not be. */
static void
expect(const struct control *control, bool is_long)
{
    struct lin_kind kind = kind_of(control);
    bool should_find = control->found_by & (is_long ? LONG : SHORT);
    unsigned n_rounds = should_find ? ROUNDS_MAX
        : is_long                   ? lin_scaled(2)
                                    : lin_scaled(12);
    bool has_said = control->text == NULL;
    unsigned n_found = 0;
    unsigned round;

    for (round = 0; round < n_rounds && !(n_found > 0 && has_said); round++) {
        if (is_long ? lin_long(&kind, round, NULL)
                    : lin_short(&kind, round, 20, NULL))
            continue;
        n_found++;
        if (control->text != NULL &&
            strstr(lin_fault()->text, control->text) != NULL)
            has_said = true;
    }
    printf("%-36s %-5s %s", control->name, is_long ? "long" : "short",
        n_found > 0 ? "found" : "not found");
    if (n_found > 0)
        printf(" in round %u: %s", round - 1, lin_fault()->text);
    putchar('\n');
    fflush(stdout);
    require((n_found > 0) == should_find ||
        (is_long && control->found_by == SHORT));
    require(!should_find || has_said);
}

/* A report names the seed and shrinks a LIFO to the two pushes, the pop that
 * comes too early and little else. */
static void
expect_report(void)
{
    const struct control lifo = { "newest first", BROKEN_LIFO, BOTH, true,
        false, NULL };
    struct lin_kind kind = kind_of(&lifo);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *shrunk;
    unsigned n_calls = 0;
    unsigned round = 0;

    require(out != NULL);
    while (lin_short(&kind, round, 20, out))
        round++;
    fclose(out);
    fputs(text, stdout);
    shrunk = strstr(text, "shrunk to ");
    require(strstr(text, "STRAIT_SEED=") != NULL);
    require(shrunk != NULL && sscanf(shrunk, "shrunk to %u", &n_calls) == 1);
    require(n_calls >= 3 && n_calls <= 5);
    free(text);
}

int
main(int argc, char **argv)
{
    size_t i;

    lin_begin(argc, argv, "history.control",
        "Wrong queues, each of which the checkers of histories must find.");
    for (i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        expect(&controls[i], false);
        expect(&controls[i], true);
    }
    expect_report();
    printf("history.control: ok\n");
    return 0;
}
