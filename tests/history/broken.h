/* SPDX-License-Identifier: MIT */
/*
 * broken.h - a queue under a mutex that is right, or wrong in one chosen way:
 * what the checkers of histories must find. Where a mistake shows only in a
 * certain order of calls, the queue waits a moment for that order, so that it
 * is found soon on any machine.
 */
#ifndef STRAIT_TESTS_BROKEN_H
#define STRAIT_TESTS_BROKEN_H

#include "lin.h"

enum {
    BROKEN_NOT,
    BROKEN_LIFO,           /* the newest comes out */
    BROKEN_OVERTAKES,      /* now and then the second comes out first */
    BROKEN_MIXES_BATCH,    /* a batch goes in back to front */
    BROKEN_TWICE,          /* now and then a value stays inside */
    BROKEN_ENDLESS,        /* the last value stays inside for ever */
    BROKEN_LOSES,          /* now and then a value goes nowhere */
    BROKEN_INVENTS,        /* now and then a value that nobody pushed */
    BROKEN_FALSE_EMPTY,    /* EMPTY with several inside */
    BROKEN_FALSE_FULL,     /* FULL with a place left */
    BROKEN_TOO_MANY,       /* takes one more than the capacity */
    BROKEN_FALSE_PENDING,  /* PENDING instead of EMPTY */
    BROKEN_LATE_CLOSED,    /* takes one more after a close */
    BROKEN_EARLY_CLOSED,   /* CLOSED though nobody closed */
    BROKEN_CLOSED_TWICE,   /* each close says it was the first */
    BROKEN_ARMS_NON_EMPTY, /* arms with something inside */
    BROKEN_REFUSES_TO_ARM, /* does not arm when empty */
    BROKEN_NO_WAKE,        /* the push after an arming owes no wake */
    BROKEN_WAKES_TWICE,    /* two pushes owe a wake */
    BROKEN_DISARMS_LATE,   /* disarms though a wake is owed */
    BROKEN_RACE,           /* two pops may see the same value; only a race */
    BROKEN_GAP             /* a push claims first and fills later; a pop in
                            * between answers EMPTY: right if that is allowed */
};

/* The functions of a lin_kind; they look at its defect. */
void *broken_create(
    const struct lin_kind *kind, unsigned n_threads, uint32_t n_each);
void broken_destroy(void *queue);
void broken_reset(void *queue, uint32_t capacity);
int broken_push(
    void *queue, const uint32_t *values, unsigned n, unsigned *ret_n);
int broken_pop(void *queue, uint32_t *values, unsigned n, unsigned *ret_n);
bool broken_arm(void *queue);
bool broken_disarm(void *queue);
bool broken_close(void *queue);

#define BROKEN_FUNCTIONS                                                       \
    .create = broken_create, .destroy = broken_destroy, .reset = broken_reset, \
    .push = broken_push, .pop = broken_pop, .arm = broken_arm,                 \
    .disarm = broken_disarm, .close = broken_close

#endif /* STRAIT_TESTS_BROKEN_H */
