/* SPDX-License-Identifier: MIT */
/*
 * freeze.h - what a case of the freeze test is made of.
 *
 * A case is one operation in one state of its object. For every instruction of
 * the operation the object is set up anew, the subject is frozen there, the
 * others act, and the subject is let go:
 *
 *     setup                    the state that the operation meets
 *     operate                  the subject's operation, nothing else
 *     window                   what the contract lets the others notice now,
 *                              read from the object itself
 *     others                   what the other parties do; each call must return
 *     finish                   empties the object: everything came out once
 *
 * `others` tells what it noticed of the frozen thread through freeze_saw. It
 * must have noticed exactly what `window` allows: more is a broken promise,
 * less is a contract that says too little of itself.
 */
#ifndef STRAIT_TESTS_FREEZE_H
#define STRAIT_TESTS_FREEZE_H

#include <stdbool.h>
#include <stddef.h>

/* What others notice of a frozen thread. */
enum {
    FREEZE_PENDING = 1, /* a consumer was told PENDING, or EMPTY while
                           is_empty says no */
    FREEZE_FULL = 2,    /* a producer met FULL before the places were used */
    FREEZE_OWED = 4     /* the frozen thread owes the wake of a sleeper */
};

struct freeze_case {
    const char *operation;
    const char *state;
    const char *contract; /* a few words: what the header promises */
    void (*setup)(void);
    void (*operate)(void);
    unsigned (*window)(void); /* NULL: nobody may notice anything, ever */
    void (*others)(void);
    void (*finish)(void);
    void (*rouse)(void);   /* wakes the subject if it sleeps; may be NULL */
    const char *complaint; /* of a negative control: what must be found */
};

/* The cases, by file; a NULL operation ends each list. */
extern const struct freeze_case freeze_mpsc_cases[];
extern const struct freeze_case freeze_shared_cases[];
extern const struct freeze_case freeze_ring_cases[];
extern const struct freeze_case freeze_spsc_cases[];
extern const struct freeze_case freeze_event_cases[];
extern const struct freeze_case freeze_reclaim_cases[];
extern const struct freeze_case freeze_controls[];

void freeze_saw(unsigned what);

/* The condition holds at this point, or the case fails. */
#define freeze_check(condition, text)                                          \
    ((condition) ? (void)0 : freeze_complain(text))
void freeze_complain(const char *text);

/* --- books: which numbered item came out, and in which order */

#define FREEZE_PRODUCERS 3
#define FREEZE_ITEMS 64

void freeze_books_clear(void);
void freeze_came_in(unsigned producer, unsigned number);
void freeze_came_out(unsigned producer, unsigned number);

/* What a frozen consumer got: when it took it, its answer does not say. */
void freeze_came_out_some_time(unsigned producer, unsigned number);

/* All that came in came out, once, and in the order of its producer. */
void freeze_books_close(void);

#endif /* STRAIT_TESTS_FREEZE_H */
